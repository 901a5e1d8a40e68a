import numpy as np
import pytest

from mmm.data.tables import input_files, load_tables
from mmm.errors import ConfigError, DataError

WEEKLY = """week,revenue,tv,search
2025-01-06,1180,118,10
2025-01-13,2360,0,20
2025-01-20,1180,59,30
"""
CONFIG = (
    "data:",
    "  source: weekly.csv",
    "  date: week",
    "  outcome: {value: revenue}",
    "  media: {tv: tv, search: search}",
)


def load(config):
    return load_tables(config.data, config.calendar, config.channels, config.folder)


def test_the_short_form_reads_one_cell_a_column(write_company):
    tables = load(write_company({"weekly.csv": WEEKLY}, *CONFIG))

    assert tables.outcome["outcome"].tolist() == [1180, 2360, 1180]
    assert tables.media.groupby("channel")["spend"].sum().to_dict() == {"tv": 177, "search": 60}


def test_money_is_net_of_vat_and_in_the_currencys_unit(write_company):
    config = write_company(
        {"weekly.csv": WEEKLY},
        "data:",
        "  source: weekly.csv",
        "  date: week",
        "  vat_included: 0.18",
        "  outcome: {value: revenue, unit: 0.01}",
        "  media:",
        "  - {vat_included: 0, cells: [{channel: tv, spend: tv}]}",
    )

    tables = load(config)

    assert tables.outcome["outcome"].tolist() == pytest.approx([10, 20, 10])
    assert tables.media["spend"].tolist() == [118, 0, 59]


def test_spellings_listed_as_was_become_one_channel(write_company):
    media = "week,channel,spend\n2025-01-06,FB,1\n2025-01-06,Meta ,2\n2025-01-13,facebook,4\n"
    config = write_company(
        {"weekly.csv": WEEKLY, "media.csv": media},
        "data:",
        "  date: week",
        "  outcome: {source: weekly.csv, value: revenue}",
        "  media: [{source: media.csv, channel: channel, spend: spend}]",
        "channels: {facebook: {was: [FB, Meta]}}",
    )

    assert load(config).media["channel"].unique().tolist() == ["facebook"]


def test_spellings_that_fold_together_are_listed_and_not_merged(write_company):
    media = "week,channel,spend\n2025-01-06,Tik Tok,1\n2025-01-06,tik_tok,2\n"
    config = write_company(
        {"weekly.csv": WEEKLY, "media.csv": media},
        "data:",
        "  date: week",
        "  outcome: {source: weekly.csv, value: revenue}",
        "  media: [{source: media.csv, channel: channel, spend: spend}]",
    )

    tables = load(config)

    assert tables.media["channel"].nunique() == 2
    assert [(c.check, c.severity, c.value) for c in tables.checks if c.check == "names"] == [
        ("names", "review", "Tik Tok / tik_tok")
    ]


def test_all_faults_of_all_tables_come_at_once(write_company):
    config = write_company(
        {
            "weekly.csv": "week,revenue\n2025-01-06,10\n2025-01-13,much\n2025-01-20,30\n",
            "media.csv": "week,channel,cost\n2025-01-06,tv,1\n",
        },
        "data:",
        "  date: week",
        "  outcome: {source: weekly.csv, value: revenue}",
        "  media: [{source: media.csv, channel: channel, spend: costs}]",
        "  controls: {source: prices.csv, columns: [price]}",
        "calendar: {holidays: [XQ]}",
    )

    with pytest.raises(DataError) as caught:
        load(config)

    said = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 4
    assert 'row 3 "much"' in said
    assert 'Did you mean "cost"?' in said
    assert "prices.csv" in said
    assert "'XQ' is no country code" in said


def test_a_file_is_read_once_and_its_faults_are_said_once(write_company):
    config = write_company({"weekly.csv": WEEKLY.replace("2025-01-13", "soon")}, *CONFIG)

    with pytest.raises(DataError) as caught:
        load(config)

    assert len(caught.value.faults) == 1


@pytest.mark.parametrize("copy", ["2025-01-13,2360,0,20\n", "2025-01-13,99,0,20\n"])
def test_two_rows_of_one_week_are_a_fault_that_quotes_them(write_company, copy):
    config = write_company({"weekly.csv": WEEKLY + copy}, *CONFIG)

    with pytest.raises(DataError, match="duplicate rows for the same period: 2025-01-13 in rows 3, 5"):
        load(config)


def test_a_file_repeated_whole_is_a_fault_and_parts_of_a_day_are_added_up(write_company):
    head, *rows = WEEKLY.splitlines(keepends=True)
    twice = head + "".join(rows) + "".join(rows)
    shops = head + "".join(rows) + "".join(row.replace("1180", "500").replace("2360", "7") for row in rows)

    with pytest.raises(DataError, match="duplicate rows"):
        load(write_company({"weekly.csv": twice}, *CONFIG))
    tables = load(write_company({"weekly.csv": shops}, *CONFIG))
    assert [c.severity for c in tables.checks if c.check == "duplicate rows"] == ["review"]


def test_empty_spend_is_a_fault_because_zero_is_a_value(write_company):
    config = write_company({"weekly.csv": WEEKLY.replace("2360,0", "2360,")}, *CONFIG)

    with pytest.raises(DataError, match=r"spend of tv is empty in row 3\. Write 0"):
        load(config)


def test_text_in_spend_is_one_fault_and_not_an_empty_cell_as_well(write_company):
    config = write_company({"weekly.csv": WEEKLY.replace("2360,0", "2360,much")}, *CONFIG)

    with pytest.raises(DataError) as caught:
        load(config)

    assert len(caught.value.faults) == 1
    assert 'row 3 "much"' in caught.value.faults[0]


def test_money_without_a_channel_is_a_fault(write_company):
    config = write_company(
        {"weekly.csv": WEEKLY, "media.csv": "week,channel,spend\n2025-01-06,,5\n2025-01-06,tv,5\n"},
        "data:",
        "  date: week",
        "  outcome: {source: weekly.csv, value: revenue}",
        "  media: [{source: media.csv, channel: channel, spend: spend}]",
    )

    with pytest.raises(DataError, match="money without a channel in row 2"):
        load(config)


def test_a_channel_no_table_has_is_answered_with_the_nearest(write_company):
    config = write_company({"weekly.csv": WEEKLY}, *CONFIG, "channels: {serch: {label: Search}}")

    with pytest.raises(DataError, match="did you mean 'search'"):
        load(config)


def test_a_geo_that_the_outcome_lacks_is_a_fault_and_one_that_media_lack_is_national(write_company):
    geo = "week,region,revenue\n2025-01-06,North,1\n2025-01-13,North,2\n2025-01-20,North,3\n"
    lines = (
        "data:",
        "  date: week",
        "  geo: region",
        "  outcome: {source: sales.csv, value: revenue}",
        "  media: [{source: weekly.csv, cells: [{channel: tv, spend: tv}]}]",
    )

    tables = load(write_company({"weekly.csv": WEEKLY, "sales.csv": geo}, *lines))
    assert tables.outcome["geo"].tolist() == ["North"] * 3
    assert tables.media["geo"].tolist() == [""] * 3

    with pytest.raises(DataError, match='no column "region"'):
        load(write_company({"weekly.csv": WEEKLY, "sales.csv": geo.replace("region", "place")}, *lines))


def test_a_text_column_of_events_lists_its_weeks_and_not_its_blanks(write_company):
    text = WEEKLY.splitlines()
    rows = [line + "," + name for line, name in zip(text, ["event", "na", "sale", ""], strict=True)]
    config = write_company({"weekly.csv": "\n".join(rows)}, *CONFIG, "  events: {name: event}")

    events = load(config).events

    assert events["name"].tolist() == ["sale"]
    assert events["lasts"].tolist() == ["week"]


def test_a_list_of_events_lasts_from_day_to_day(write_company):
    events = "from,to,what\n2025-01-07,2025-01-09,sale\n2025-01-15,,storm\n2025-01-22,2025-01-22,fair\n"
    config = write_company(
        {"weekly.csv": WEEKLY, "events.csv": events},
        *CONFIG,
        "  events: {source: events.csv, date: from, end: to, name: what}",
    )

    table = load(config).events

    assert table["lasts"].tolist() == ["day"] * 3
    assert table["end"].isna().tolist() == [False, True, False]


def test_input_files_are_listed_once_each(write_company, tmp_path):
    config = write_company({}, *CONFIG, "  controls: {source: prices.csv, columns: [price]}")

    assert input_files(config.data, config.calendar, config.folder) == (
        tmp_path / "weekly.csv",
        tmp_path / "prices.csv",
    )


OWN = "  holidays: {source: days.csv, date: day, name: what}"


def test_an_own_calendar_gives_days_by_name_and_is_an_input(write_company, tmp_path):
    days = "day,what\n2025-01-14,Mimouna\n2026-01-15,Mimouna\n2025-01-22,Fair\n"
    config = write_company({"weekly.csv": WEEKLY, "days.csv": days}, *CONFIG, "calendar:", OWN)

    held = load(config).holidays

    assert {name: found.astype(str).tolist() for name, found in held.items()} == {
        "Fair": ["2025-01-22"],
        "Mimouna": ["2025-01-14", "2026-01-15"],
    }
    assert input_files(config.data, config.calendar, config.folder)[-1] == tmp_path / "days.csv"


def test_an_own_calendar_without_a_name_or_a_column_is_a_fault(write_company):
    days = "day,what\n2025-01-14,\n2025-01-22,Fair\n"
    config = write_company({"weekly.csv": WEEKLY, "days.csv": days}, *CONFIG, "calendar:", OWN)
    with pytest.raises(DataError, match='column "what" is empty in row 2'):
        load(config)
    days = "day,name\n2025-01-14,Fair\n"
    config = write_company({"weekly.csv": WEEKLY, "days.csv": days}, *CONFIG, "calendar:", OWN)
    with pytest.raises(DataError, match="what"):
        load(config)


def test_a_person_in_a_name_of_any_table_is_refused_and_not_quoted(write_company):
    tables = {
        "sales.csv": "week,revenue\n2025-01-06,5\n2025-01-13,6\n",
        "media.csv": "week,channel,spend\n2025-01-06,tv,5\n2025-01-13,dana@example.com,6\n",
    }
    config = write_company(
        tables,
        "data:",
        "  date: week",
        "  outcome: {source: sales.csv, value: revenue}",
        "  media: {source: media.csv, channel: channel, spend: spend}",
    )
    with pytest.raises(DataError) as refused:
        load_tables(config.data, config.calendar, config.channels, config.folder)
    assert 'column "channel" holds personal data (e-mail) in row 3' in str(refused.value)
    assert "dana" not in str(refused.value)


MAIL = "week,revenue,tv,mail,mail_cost\n2025-01-06,9,1,5,118\n2025-01-13,9,1,5,59\n"
OWNED = (
    *CONFIG[:3],
    "  outcome: {value: revenue}",
    "  media: {tv: tv}",
    "  organic: {columns: [mail], costs: {mail: mail_cost}, vat_included: 0.18}",
)


def test_what_owned_media_cost_is_read_row_by_row_as_finance_books_it(write_company):
    costs = load(write_company({"weekly.csv": MAIL}, *OWNED)).owned_costs
    assert costs["name"].tolist() == ["mail", "mail"]
    np.testing.assert_allclose(costs["value"], [100, 50])


def test_a_cost_that_is_empty_or_below_zero_and_one_of_no_owned_medium_are_faults(write_company):
    for cost in ("", "-5"):
        with pytest.raises(DataError, match="cost of mail"):
            load(write_company({"weekly.csv": MAIL.replace("59", cost)}, *OWNED))
    with pytest.raises(ConfigError, match="none of the `columns`"):
        write_company({"weekly.csv": MAIL}, *OWNED[:-1], OWNED[-1].replace("{mail:", "{post:"))


def test_a_lead_won_before_it_came_in_and_money_below_zero_in_the_ledger_are_faults(write_company):
    leads = "came,channel,won\n2025-01-06,tv,2025-01-10\n2025-01-13,tv,2025-01-12\n2025-01-13,tv,\n"
    ads = "week,channel,ad,spend\n2025-01-06,tv,spot,-5\n"
    config = write_company(
        {"weekly.csv": WEEKLY, "leads.csv": leads, "ads.csv": ads},
        *CONFIG,
        "  leads: {source: leads.csv, date: came, channel: channel, won_on: won, date_format: iso}",
        "  creatives: {source: ads.csv, channel: channel, creative: ad, spend: spend}",
    )
    with pytest.raises(DataError) as refused:
        load(config)
    assert any("before it came in, in row 3" in fault for fault in refused.value.faults)
    assert any("spend is below zero in row 2" in fault for fault in refused.value.faults)
