"""Tests as a calendar file (RFC 5545) that any calendar can read: when each begins, cools down, and is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_OCTETS = 75


@dataclass(frozen=True, slots=True)
class Entry:
    """A day or a stretch of days.

    Attributes
    ----------
    name
        Unique; the same name replaces the entry when the file is read again.
    start, end
        First and last day.
    title, text
        As people see them.
    """

    name: str
    start: np.datetime64
    end: np.datetime64
    title: str
    text: str


def diary(entries: Sequence[Entry], made: np.datetime64) -> str:
    """The calendar file.

    Parameters
    ----------
    made
        Day that the entries are stamped with: the same design gives the same file.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//mmm-planner//tests//EN", "CALSCALE:GREGORIAN"]
    for entry in entries:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_text(entry.name)}@mmm-planner",
            f"DTSTAMP:{_day(made)}T000000Z",
            f"DTSTART;VALUE=DATE:{_day(entry.start)}",
            f"DTEND;VALUE=DATE:{_day(entry.end + np.timedelta64(1, 'D'))}",
            f"SUMMARY:{_text(entry.title)}",
            f"DESCRIPTION:{_text(entry.text)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) + "\r\n" for line in lines)


def _day(day: np.datetime64) -> str:
    return str(day.astype("datetime64[D]")).replace("-", "")


def _text(value: str) -> str:
    """A value with its commas, semicolons, backslashes and line breaks escaped."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """A line in parts of at most 75 octets, never inside a character."""
    parts: list[str] = []
    part = ""
    for mark in line:
        limit = MOST_OCTETS - (1 if parts else 0)
        if len((part + mark).encode()) > limit:
            parts.append(part)
            part = mark
        else:
            part += mark
    return "\r\n ".join([*parts, part])
