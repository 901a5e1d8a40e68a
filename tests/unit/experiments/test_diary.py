"""The calendar file."""

import numpy as np

from mmm.experiments.diary import Entry, diary

ENTRY = Entry(
    name="2027-01-tv-go-dark",
    start=np.datetime64("2027-01-04"),
    end=np.datetime64("2027-02-28"),
    title="Test: what would be lost; without tv, at all?",
    text="Alder Bay, Birch Valley\nand כפר סבא " * 6,
)


def test_a_day_after_the_last_ends_the_entry_and_special_marks_are_escaped() -> None:
    lines = diary([ENTRY], np.datetime64("2026-11-15")).split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART;VALUE=DATE:20270104" in lines
    assert "DTEND;VALUE=DATE:20270301" in lines
    assert "DTSTAMP:20261115T000000Z" in lines
    assert "SUMMARY:Test: what would be lost\\; without tv\\, at all?" in lines


def test_no_line_is_longer_than_75_octets_and_unfolded_nothing_is_lost() -> None:
    text = diary([ENTRY], np.datetime64("2026-11-15"))
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert "\n" not in text.replace("\r\n", "")
    expected = "DESCRIPTION:" + ENTRY.text.replace(",", "\\,").replace("\n", "\\n")
    assert expected in text.replace("\r\n ", "")
