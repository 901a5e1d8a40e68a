"""The readings a written date may have, and the choice between them by how regular the column comes out.

A cell has one shape (three numbers, ISO, a serial, a month name). Most shapes have one reading; three numbers
such as 05/01/2025 have two, and only the whole column can tell which.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ENGLISH = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_HEBREW = (
    *("ינואר", "פברואר", "מרץ", "אפריל", "מאי", "יוני"),
    *("יולי", "אוגוסט", "ספטמבר", "אוקטובר", "נובמבר", "דצמבר"),
)
_MONTHS: Final = {
    **{name: i for i, name in enumerate(_ENGLISH, 1)},
    **{name[:3]: i for i, name in enumerate(_ENGLISH, 1)},
    "sept": 9,
    **{name: i for i, name in enumerate(_HEBREW, 1)},
    **{name[:3]: i for i, name in enumerate(_HEBREW, 1)},
    "מרס": 3,
}
_MONTH = "|".join(sorted((re.escape(name) for name in _MONTHS), key=len, reverse=True))
_NAME = rf"(?P<name>{_MONTH})[.'׳’]?"
_WEEKDAY = re.compile(
    r"^(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[.,]?\s+|יום\s+\S+\s+)",
    re.IGNORECASE,
)
_TIME = (
    r"(?:[T\s,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?\s*(?:Z|UTC|[+-]\d{2}:?(?:\d{2})?)?)?"
)
_RANGE = re.compile(r"\s+(?:-|–|—|to|until|עד)\s+", re.IGNORECASE)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\u061c\ufeff]")

_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}", re.IGNORECASE)
_THREE = re.compile(rf"(\d{{1,2}})[-/. ](\d{{1,2}})[-/. ](\d{{4}}|\d{{2}}){_TIME}", re.IGNORECASE)
_DAY_NAME = re.compile(
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-/., ]*(?:of\s+)?ב?-?{_NAME}"
    rf"[-/.,'’ ]*(?P<year>\d{{4}}|\d{{2}}){_TIME}",
    re.IGNORECASE,
)
_NAME_DAY = re.compile(
    rf"{_NAME}[-/. ]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|\s+|-|/)(?P<year>\d{{4}}|\d{{2}}){_TIME}",
    re.IGNORECASE,
)
_NAME_YEAR = re.compile(rf"{_NAME}(?:[-/., ]*(?P<long>\d{{4}})|\s?[-'’](?P<short>\d{{2}}))", re.IGNORECASE)
_WEEK = re.compile(r"(\d{4})[-/ ]?(?:W|wk|week)[- ]?(\d{1,2})(?:-?([1-7]))?", re.IGNORECASE)
_YEAR_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})")
_DIGITS = re.compile(r"\d{5,8}(?:\.\d*)?")

EXCEL_ZERO = date(1899, 12, 30)
EARLIEST, LATEST = date(1970, 1, 1), date(2100, 12, 31)
PERIODS = (1, 7, 14, 28)
REGULAR, CLEARLY = 0.6, 0.25
"""A reading is regular from this share of equal gaps on, and wins by at least this much."""

Readings = Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a cell is written, and the day under each reading that is possible for it."""

    kind: str
    readings: Readings


@dataclass(frozen=True, slots=True)
class Chosen:
    """The reading of a column and the day of each distinct cell."""

    reading: str
    days: Mapping[object, date]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Two readings are equally good: a question for the user."""

    question: str


@dataclass(frozen=True, slots=True)
class NoReading:
    """No reading fits the whole column; `keys` are the cells in the way."""

    problem: str
    keys: tuple[object, ...]
    remedy: str


def classify(cell: object) -> Shape | None:
    """The shape of one cell, or None where it is no date between 1970 and 2100."""
    if isinstance(cell, date):
        found = Shape("date", {"date": cell})
    elif isinstance(cell, bool):
        return None
    elif isinstance(cell, int | float):
        found = _from_number(float(cell))
    elif isinstance(cell, str):
        found = _from_text(" ".join(_INVISIBLE.sub("", cell).split()))
    else:
        return None
    readings = {name: day for name, day in found.readings.items() if EARLIEST <= day <= LATEST}
    return Shape(found.kind, readings) if readings else None


def looks_like_date(cell: object) -> bool:
    """Whether a cell is surely a date: a real one, or text with a date's marks (a bare number is not)."""
    if isinstance(cell, date):
        return True
    return isinstance(cell, str) and not cell.replace(".", "", 1).isdigit() and classify(cell) is not None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year(text: str) -> int:
    """Two digits are 1969-2068, as in POSIX."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < 69 else 1900)


def _named(kind: str, readings: Mapping[str, date | None]) -> Shape:
    return Shape(kind, {name: day for name, day in readings.items() if day is not None})


def _from_number(number: float) -> Shape:
    """Excel serials (1954 to 2119), 20250131, 202501 and 202505 as a week."""
    whole = int(number) if np.isfinite(number) else 0
    if 20_000 <= whole < 80_000:
        return _named("number", {"excel serial": EXCEL_ZERO + timedelta(days=whole)})
    if whole != number:
        return Shape("number", {})
    if 19_000_000 <= whole < 22_000_000:
        return _named("number", {"iso": _day(whole // 10_000, whole // 100 % 100, whole % 100)})
    if 190_000 <= whole < 220_000:
        year, part = divmod(whole, 100)
        return _named("year and number", {"month": _day(year, part, 1), "iso week": _week(year, part, 1)})
    return Shape("number", {})


def _week(year: int, week: int, weekday: int) -> date | None:
    try:
        return date.fromisocalendar(year, week, weekday)
    except ValueError:
        return None


def _from_text(text: str) -> Shape:
    text = _RANGE.split(_WEEKDAY.sub("", text), maxsplit=1)[0]
    if match := _ISO.fullmatch(text):
        return _named("iso", {"iso": _day(*map(int, match.groups()[:3]))})
    if match := _THREE.fullmatch(text):
        a, b, c = match.groups()[:3]
        readings = {
            "d/m/y": _day(_year(c), int(b), int(a)),
            "m/d/y": _day(_year(c), int(a), int(b)),
        }
        if len(c) == 2 and len(a) == 2:
            readings["y/m/d"] = _day(_year(a), int(b), int(c))
        return _named("three numbers", readings)
    if match := _DIGITS.fullmatch(text):
        return _from_number(float(text))
    for pattern in (_DAY_NAME, _NAME_DAY):
        if match := pattern.fullmatch(text):
            month = _MONTHS[match["name"].casefold()]
            return _named("month name", {"month name": _day(_year(match["year"]), month, int(match["day"]))})
    if match := _NAME_YEAR.fullmatch(text):
        year = _year(match["long"] or match["short"])
        return _named("month", {"month": _day(year, _MONTHS[match["name"].casefold()], 1)})
    if match := _WEEK.fullmatch(text):
        return _named("iso week", {"iso week": _week(int(match[1]), int(match[2]), int(match[3] or 1))})
    if match := _YEAR_MONTH.fullmatch(text):
        return _named("month", {"month": _day(int(match[1]), int(match[2]), 1)})
    if match := _MONTH_YEAR.fullmatch(text):
        return _named("month", {"month": _day(int(match[2]), int(match[1]), 1)})
    return Shape("", {})


def regularity(days: Sequence[date]) -> float:
    """Share of the gaps between distinct days that are the commonest plausible period.

    Plausible are a day, one, two or four weeks, and calendar months (the same day of the month, or its end).
    """
    unique = sorted(set(days))
    if len(unique) < 2:
        return 0.0
    gaps: NDArray = np.diff(np.array(unique, dtype="datetime64[D]").astype(int))
    common, count = Counter(gaps.tolist()).most_common(1)[0]
    by_days = count / len(gaps) if common in PERIODS else 0.0
    months = [
        (b.year - a.year) * 12 + b.month - a.month == 1 and (a.day == b.day or _is_month_end(a, b))
        for a, b in pairwise(unique)
    ]
    return max(by_days, sum(months) / len(months))


def _is_month_end(*days: date) -> bool:
    return all((day + timedelta(days=1)).day == 1 for day in days)


def choose_reading(
    shapes: Mapping[object, Shape], dayfirst_hint: bool | None
) -> Chosen | Ambiguous | NoReading:
    """One reading for a whole column: the only possible one, else the clearly more regular one."""
    if (turned := _turned_around(shapes)) is not None:
        return turned
    days: dict[object, date] = {}
    used: Counter[str] = Counter()
    for kind in dict.fromkeys(shape.kind for shape in shapes.values()):
        part = {key: shape.readings for key, shape in shapes.items() if shape.kind == kind}
        chosen = _settle(part, dayfirst_hint)
        if isinstance(chosen, Ambiguous | NoReading):
            return chosen
        days.update({key: readings[chosen] for key, readings in part.items()})
        used[chosen] += len(part)
    mixed = "dates are written in more than one way (" + ", ".join(used) + "); each was read on its own"
    return Chosen(used.most_common(1)[0][0], days, (mixed,) if len(used) > 1 else ())


def read_as(shapes: Mapping[object, Shape], reading: str) -> Chosen | NoReading:
    """A whole column under one given reading; real dates stay what they are."""
    days = {key: shape.readings.get("date", shape.readings.get(reading)) for key, shape in shapes.items()}
    bad = tuple(key for key, day in days.items() if day is None)
    if bad:
        return NoReading(
            f"`date_format` is {reading}, and {len(bad)} of {len(days)} dates are written otherwise",
            bad,
            "Mend the dates, or take `date_format` out.",
        )
    return Chosen(reading, {key: day for key, day in days.items() if day is not None}, ())


def _settle(part: Mapping[object, Readings], hint: bool | None) -> str | Ambiguous | NoReading:
    """The reading of the cells of one shape."""
    names = list(dict.fromkeys(name for readings in part.values() for name in readings))
    holds = {name: sum(name in readings for readings in part.values()) for name in names}
    whole = [name for name in names if holds[name] == len(part)]
    if not whole:
        best = max(names, key=lambda name: holds[name])
        bad = tuple(key for key, readings in part.items() if best not in readings)
        return NoReading(
            f"read as {best}, {len(bad)} of {len(part)} dates do not exist",
            bad,
            "One column needs one order of day and month. Write dates as 2025-01-31.",
        )
    if len(whole) == 1:
        return whole[0]
    columns = {name: [readings[name] for readings in part.values()] for name in whole}
    if "month" in columns:  # 202501 to 202512 is twelve months rather than twelve weeks
        return "month"
    if columns[whole[0]] == columns[whole[1]]:
        return whole[0]
    ranked = sorted(whole, key=lambda name: regularity(columns[name]), reverse=True)
    scores = [regularity(columns[name]) for name in ranked]
    if scores[0] >= REGULAR and scores[0] - scores[1] >= CLEARLY:
        return ranked[0]
    rivals = [name for name in ranked if scores[0] - regularity(columns[name]) < CLEARLY]
    if hint is not None and (wanted := "d/m/y" if hint else "m/d/y") in rivals:
        return wanted
    rivals = [name for name in rivals if name != "y/m/d"] if len(rivals) > 2 else rivals
    return Ambiguous(_question(part, rivals))


def _question(part: Mapping[object, Readings], names: Sequence[str]) -> str:
    """Two example values, their two readings, and the remedy."""
    first, second = names[0], names[1]
    keys = sorted(part, key=lambda key: part[key][first])
    examples = [key for key in keys if part[key][first] != part[key][second]][:2]
    quoted = " and ".join(f'"{key}"' for key in examples)
    both = [
        f"{name} ({', '.join(part[key][name].isoformat() for key in examples)})" for name in (first, second)
    ]
    return (
        f"dates such as {quoted} can be read as {both[0]} or as {both[1]}, and both are equally regular. "
        "Say which on the table (`date_format: DD/MM/YYYY` or `MM/DD/YYYY`), or write them as 2025-01-31."
    )


def _turned_around(shapes: Mapping[object, Shape]) -> NoReading | None:
    """Spot a workbook that took 05/01 for the first of May and left 13/01 as text.

    The sign: real dates with days up to 12 only, beside text that only works with the day first.
    """
    real = [shape.readings["date"] for shape in shapes.values() if shape.kind == "date"]
    text = {key: shape.readings for key, shape in shapes.items() if shape.kind == "three numbers"}
    if len(real) < 2 or not text or any(day.day > 12 for day in real):
        return None
    if any("m/d/y" in readings for readings in text.values()):
        return None
    return NoReading(
        "some dates are text with the day first, and a program has turned the others around",
        tuple(text),
        "Export the file again with dates as 2025-01-31.",
    )
