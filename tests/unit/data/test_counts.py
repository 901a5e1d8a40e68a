"""What three systems count is read whole or refused with every fault, and lies on the panel's periods and cells."""

from datetime import date

import numpy as np
import pytest

from mmm.data.align import align_tables
from mmm.data.booked import Booking, steps
from mmm.data.tables import load_tables
from mmm.data.three_counts import align_counts
from mmm.dims import Cell
from mmm.errors import DataError

WEEKS = ("2025-01-06", "2025-01-13", "2025-01-20")
SALES = "week,revenue,orders\n" + "".join(f"{week},{1000 + k},{20 + k}\n" for k, week in enumerate(WEEKS))
MEDIA = "week,channel,audience,spend\n" + "".join(
    f"{week},{name},100\n" for week in WEEKS for name in ("tv,", "social,young", "social,old")
)
HEAD = "week,channel,audience,claimed,money,seen,closed\n"
ROWS = "".join(
    f"{week},tv,,,,0,0\n{week},social,young,10,118,7,4\n{week},social,old,6,59,2,1\n" for week in WEEKS
)
TABLE = (
    "  - {source: counts.csv, channel: channel, audience: audience, claimed: claimed, claimed_revenue: money,"
    " attributed: seen, matched: closed}"
)
COMPANY = (
    "data:",
    "  date: week",
    "  outcome: {source: sales.csv, value: revenue, orders: orders}",
    "  media: [{source: media.csv, channel: channel, audience: audience, spend: spend}]",
    "  attribution:",
)


@pytest.fixture
def aligned(write_company):
    def align(rows=HEAD + ROWS, *tables, channels=(), booking=None, **more):
        files = {"sales.csv": SALES, "media.csv": MEDIA, "counts.csv": rows} | more
        config = write_company(files, *COMPANY, *(tables or (TABLE,)), *channels)
        found = load_tables(config.data, config.calendar, config.channels, config.folder, booking)
        named = {"name": config.name, "currency": config.currency}
        panel = align_tables(found, **named, data=config.data, calendar=config.calendar).panel
        return align_counts(found, panel)

    return align


def faults_of(call, *args, **more):
    with pytest.raises(DataError) as refused:
        call(*args, **more)
    return refused.value.faults


def test_counts_lie_on_the_periods_and_cells_of_the_panel(aligned):
    counts, notes = aligned()

    assert counts.leaves == (Cell("tv"), Cell("social", "young"), Cell("social", "old"))
    assert counts.counted["attributed"].tolist() == [[0, 7, 2]] * 3
    assert counts.counted["matched"].sum() == 15
    assert counts.orders.tolist() == [20, 21, 22]
    assert counts.covered.all()
    assert notes == []


def test_a_system_that_does_not_count_a_cell_says_nothing_about_it_and_not_zero(aligned):
    counts, _ = aligned()

    assert np.isnan(counts.counted["claimed"][:, 0]).all()
    assert counts.counted["claimed"][:, 1].tolist() == [10, 10, 10]


def test_claimed_money_is_net_and_the_vat_taken_out_stands_beside_it(aligned):
    counts, _ = aligned(HEAD + ROWS, TABLE.replace("{source", "{vat_included: 0.18, source"))

    net, vat = counts.counted["claimed_revenue"][0, 1:], counts.counted["claimed_vat"][0, 1:]
    np.testing.assert_allclose(net, [100, 50])
    np.testing.assert_allclose(net + vat, [118, 59])


def test_claimed_money_in_another_currency_is_booked_at_its_days_rate_and_what_the_latest_adds_is_known(
    aligned,
):
    weeks = [str(week) for week in WEEKS]
    rates = {"EUR": steps({date.fromisoformat(weeks[0]): 1.0, date.fromisoformat(weeks[2]): 1.25})}
    table = TABLE.replace("{source", "{currency: EUR, vat_included: 0.18, source")
    counts, _ = aligned(HEAD + ROWS, table, booking=Booking("USD", rates))

    net, more = counts.counted["claimed_revenue"][:, 1], counts.counted["claimed_exchange"][:, 1]
    np.testing.assert_allclose(net, [100, 100, 125])
    np.testing.assert_allclose(more, [0.25 * 118, 0.25 * 118, 0])


def test_orders_inside_a_window_are_a_part_of_those_claimed(aligned):
    table = TABLE.replace("claimed: ", "claimed_within: closed, claimed: ")
    with pytest.raises(DataError, match="claimed_within"):
        aligned(HEAD + "".join(f"{week},social,young,1,10,1,2\n" for week in WEEKS), table)


def test_days_are_added_up_to_weeks(aligned):
    daily = HEAD + "".join(
        f"{np.datetime64(week) + day},social,young,1,10,1,1\n" for week in WEEKS for day in range(7)
    )
    counts, _ = aligned(daily)

    assert counts.counted["claimed"][:, 1].tolist() == [7, 7, 7]


def test_a_channel_counted_without_its_audiences_is_one_leaf(aligned):
    counts, _ = aligned("week,channel,closed\n" + "".join(f"{week},social,5\n" for week in WEEKS),
                        "  - {source: counts.csv, channel: channel, matched: closed}")  # fmt: skip

    assert counts.leaves == (Cell("tv"), Cell("social"))
    assert counts.members.tolist() == [[True, False, False], [False, True, True]]


def test_a_channel_counted_both_ways_is_refused(aligned):
    both = "week,channel,audience,closed\n" + "".join(
        f"{week},social,,5\n{week},social,old,5\n" for week in WEEKS
    )
    table = "  - {source: counts.csv, channel: channel, audience: audience, matched: closed}"

    assert 'counted as "social' in faults_of(aligned, both, table)[0]


def test_tables_of_several_systems_stand_beside_each_other(aligned):
    crm = "day,channel,won\n" + "".join(f"{week},tv,3\n" for week in WEEKS)
    counts, _ = aligned(
        HEAD + ROWS,
        TABLE,
        "  - {source: crm.csv, date: day, channel: channel, matched: won}",
        **{"crm.csv": crm},
    )

    assert counts.counted["matched"].tolist() == [[3, 4, 1]] * 3


def test_channels_take_the_name_that_the_config_gives_other_spellings(aligned):
    counts, notes = aligned(
        (HEAD + ROWS).replace("social", "Meta"), channels=("channels: {social: {was: [Meta]}}",)
    )

    assert counts.counted["matched"].sum() == 15
    assert notes == []


def test_a_channel_without_spend_is_listed_and_left_out(aligned):
    counts, notes = aligned(HEAD + ROWS + "".join(f"{week},direct,,,,9,9\n" for week in WEEKS))

    assert counts.counted["matched"].sum() == 15
    assert [(note.where, note.rows) for note in notes] == [("direct", "3 rows")]


def test_a_week_that_finance_has_and_the_counts_have_not_is_a_fault(aligned):
    rows = "".join(line for line in ROWS.splitlines(keepends=True) if WEEKS[1] not in line)

    assert "no counts for the week of 2025-01-13" in faults_of(aligned, HEAD + rows)[0]


def test_counts_that_begin_late_are_used_for_what_they_cover(aligned):
    rows = "".join(line for line in ROWS.splitlines(keepends=True) if WEEKS[0] not in line)
    counts, notes = aligned(HEAD + rows)

    assert counts.covered.tolist() == [False, True, True]
    assert [note.check for note in notes] == ["counts are shorter"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("", "empty"),
        (HEAD, "no row"),
        (HEAD.replace("closed", "won") + ROWS, '"closed"'),
        (HEAD + ROWS.replace("10,118", "$10,$118", 1).replace("6,59", "6,€59", 1), "more than one currency"),
        (HEAD + ROWS + f"{WEEKS[0]},social,old,6,59,2,1\n", "counted twice: 2025-01-06 social / old in rows 4, 11"),
        (HEAD + ROWS.replace("7,4", "7,", 1), "matched (\"closed\") is empty in row 3"),
        (HEAD + ROWS.replace("7,4", "7,-4", 1), "below zero in row 3"),
        (HEAD + ROWS.replace("tv,", ",", 1), "without a channel in row 2"),
        (HEAD + ROWS.replace("7,4", "7,many", 1), "cannot be read as a number"),
    ],
)  # fmt: skip
def test_a_table_at_fault_is_refused_with_its_file_and_what_to_do(aligned, rows, told):
    faults = faults_of(aligned, rows)

    assert any(told in fault and "counts.csv" in fault for fault in faults), faults


def test_all_faults_of_all_tables_come_at_once(aligned):
    faults = faults_of(
        aligned, HEAD + ROWS.replace("7,4", "7,", 1), TABLE, "  - {source: gone.csv, channel: c, matched: m}"
    )

    assert len(faults) == 2


def test_a_table_that_counts_nothing_is_a_fault_of_the_config(write_company):
    from mmm.errors import ConfigError

    with pytest.raises(ConfigError, match="names no column to count"):
        write_company({}, *COMPANY, "  - {source: counts.csv, channel: channel}")
