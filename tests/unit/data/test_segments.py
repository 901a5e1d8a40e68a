"""Segments of the outcome: each on the axis of the whole, and every hole of one is said by name."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.data.align import align_tables
from mmm.data.tables import load_tables
from mmm.errors import ConfigError, DataError

HEAD = ("data:", "  date: week")
MEDIA = "  media: {source: media.csv, cells: [{channel: tv, spend: tv}]}"
LONG = (*HEAD, "  outcome: {source: sales.csv, value: revenue, segment: who}", MEDIA)
WIDE = (*HEAD, "  outcome: {source: sales.csv, value: {new: new_revenue, known: known_revenue}}", MEDIA)


def weeks(count):
    return [str(np.datetime64("2025-01-06") + 7 * n) for n in range(count)]


def csv(head, rows):
    return head + "\n" + "\n".join(",".join(str(part) for part in row) for row in rows) + "\n"


def long_rows(count=6):
    return [
        (week, who, 10 * n + k)
        for n, week in enumerate(weeks(count))
        for k, who in ((1, "new"), (5, "known"))
    ]


def media(count=6):
    return csv("week,tv", [(week, 3 + n) for n, week in enumerate(weeks(count))])


def aligned(config):
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    return align_tables(tables, name="acme", currency="USD", data=config.data, calendar=config.calendar)


def faults(write_company, rows, lines=LONG, head="week,who,revenue"):
    config = write_company({"sales.csv": csv(head, rows), "media.csv": media()}, *lines)
    with pytest.raises(DataError) as caught:
        aligned(config)
    return caught.value.faults


def test_the_whole_is_the_sum_of_its_segments_and_all_share_the_media(write_company):
    config = write_company({"sales.csv": csv("week,who,revenue", long_rows()), "media.csv": media()}, *LONG)
    found = aligned(config)
    assert list(found.segments) == ["new", "known"]
    assert found.segments["new"].outcome[:, 0].tolist() == [1, 11, 21, 31, 41, 51]
    assert found.segments["known"].outcome[:, 0].tolist() == [5, 15, 25, 35, 45, 55]
    assert found.panel.outcome[:, 0].tolist() == [6, 26, 46, 66, 86, 106]
    for part in found.segments.values():
        assert part.spend is found.panel.spend
        assert (part.unit_value == 1).all()


def test_a_column_for_each_segment_says_the_same_as_a_column_with_their_names(write_company):
    wide = [(week, 10 * n + 1, 10 * n + 5) for n, week in enumerate(weeks(6))]
    config = write_company(
        {"sales.csv": csv("week,new_revenue,known_revenue", wide), "media.csv": media()}, *WIDE
    )
    here = aligned(config)
    config = write_company({"sales.csv": csv("week,who,revenue", long_rows()), "media.csv": media()}, *LONG)
    there = aligned(config)
    assert list(here.segments) == list(there.segments)
    for name, part in here.segments.items():
        np.testing.assert_array_equal(part.outcome, there.segments[name].outcome)
    np.testing.assert_array_equal(here.panel.outcome, there.panel.outcome)


def test_orders_beside_a_column_for_each_segment_count_once(write_company):
    rows = [(week, 1, 2, 7) for week in weeks(6)]
    wide = (*HEAD, WIDE[2].replace("}}", "}, orders: orders}"), MEDIA)
    config = write_company(
        {"sales.csv": csv("week,new_revenue,known_revenue,orders", rows), "media.csv": media()}, *wide
    )
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    assert tables.outcome["orders"].sum() == 6 * 7


def test_segments_of_a_count_are_worth_what_their_own_rows_say(write_company):
    rows = [(week, who, 2, worth) for week in weeks(6) for who, worth in (("new", 10), ("known", 30))]
    lines = (
        *HEAD,
        LONG[2].replace("segment: who", "segment: who, kind: count, value_per_unit: worth"),
        MEDIA,
    )
    config = write_company({"sales.csv": csv("week,who,revenue,worth", rows), "media.csv": media()}, *lines)
    found = aligned(config)
    assert (found.segments["new"].unit_value == 10).all()
    assert (found.segments["known"].unit_value == 30).all()
    assert (found.panel.unit_value == 20).all()


def test_a_week_that_one_segment_does_not_have_is_a_gap_of_that_segment(write_company):
    rows = [row for row in long_rows() if row[:2] != (weeks(6)[3], "known")]
    (fault,) = faults(write_company, rows)
    assert 'segment "known"' in fault
    assert weeks(6)[3] in fault
    assert "Zero is a value" in fault


def test_an_empty_cell_is_said_once_and_of_its_segment(write_company):
    rows = [
        (week, who, "" if (n, who) == (2, "new") else value)
        for n, (week, who, value) in enumerate(long_rows())
    ]
    rows[4] = (rows[4][0], "new", "")
    found = faults(write_company, rows)
    assert len(found) == 1
    assert 'segment "new"' in found[0]
    assert "is empty" in found[0]


def test_a_segment_that_begins_later_has_to_say_that_it_was_nothing_before(write_company):
    rows = [row for row in long_rows() if row[1] == "known" or row[0] >= weeks(6)[2]]
    (fault,) = faults(write_company, rows)
    assert f'segment "new": it begins {weeks(6)[2]} and others {weeks(6)[0]}' in fault
    assert "Write 0" in fault


def test_a_segment_of_zeros_is_refused(write_company):
    found = faults(write_company, [(week, who, value * (who == "new")) for week, who, value in long_rows()])
    assert len(found) == 1, found
    assert 'segment "known": the outcome is always 0' in found[0]


def test_a_segment_without_a_number_is_refused(write_company):
    rows = [(week, who, "" if who == "known" else value) for week, who, value in long_rows()]
    (fault,) = faults(write_company, rows)
    assert 'segment "known": the outcome has no numbers' in fault


def test_rows_without_a_segment_are_named(write_company):
    rows = long_rows()
    rows[5] = (rows[5][0], "", rows[5][2])
    (fault,) = faults(write_company, rows)
    assert 'the segment (column "who") is empty in row 7' in fault


def test_one_segment_is_none(write_company):
    (fault,) = faults(write_company, [row for row in long_rows() if row[1] == "new"])
    assert "one segment only, 'new'" in fault


def test_a_column_of_customers_is_no_column_of_segments(write_company):
    rows = [(week, f"customer {k}", 5 + k) for week in weeks(6) for k in range(13)]
    (fault,) = faults(write_company, rows)
    assert "has 13 segments" in fault
    assert "at most 12" in fault


def test_two_rows_of_one_week_and_segment_are_named(write_company):
    rows = [*long_rows(), (weeks(6)[1], "new", 4)]
    (fault,) = faults(write_company, rows)
    assert f"{weeks(6)[1]} new in rows 4, 14" in fault


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("value: {new: a, known: b}, segment: who", "keep one of the two"),
        ("value: {new: a}", "names one segment"),
        ("value: {new: a, New: b}", "have one name"),
    ],
)
def test_segments_are_told_in_one_way(write_company, outcome, said):
    with pytest.raises(ConfigError, match=said):
        write_company({}, *HEAD, f"  outcome: {{source: sales.csv, {outcome}}}", MEDIA)
