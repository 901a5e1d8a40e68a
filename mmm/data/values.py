"""Cells as people type them, turned into numbers and dates: one parser for all sources.

Nothing unreadable becomes a silent nan: it is a fault that names the rows, the values and the remedy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.names import clean_name, nearest
from mmm.data.readings import Ambiguous, NoReading, choose_reading, classify, read_as

if TYPE_CHECKING:
    from mmm.data.files import RawTable

SHOWN = 3
"""Rows quoted in a fault."""

EMPTY_WORDS = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "–", "—", "."})


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column of numbers.

    Attributes
    ----------
    values
        float64, shape (row,), nan where the cell is empty or at fault.
    faults
        One sentence per fault; with any, `values` must not be used.
    notes
        What a reader should know of how the column was read.
    """

    values: NDArray[np.float64]
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DateColumn:
    """A column of days.

    Attributes
    ----------
    values
        datetime64[D], shape (row,), NaT where the cell is empty or at fault. A month or an ISO week is its
        first day.
    reading
        "date" (real dates of a workbook), "iso", "d/m/y", "m/d/y", "y/m/d", "month name", "excel serial",
        "iso week", "month"; "" when nothing could be read.
    faults
        One sentence per fault; with any, `values` must not be used.
    notes
        What a reader should know of how the column was read.
    """

    values: NDArray[np.datetime64]
    reading: str
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def is_empty(cell: object) -> bool:
    """Whether a cell says nothing: None, nan, NaT, or a word people write for it (na, null, -)."""
    if cell is None or cell is pd.NaT:
        return True
    if isinstance(cell, float):
        return math.isnan(cell)
    return isinstance(cell, str) and cell.strip().casefold() in EMPTY_WORDS


def _quote(rows: Sequence[Hashable], cells: Sequence[object]) -> str:
    """First few faulty cells with their rows, and how many more there are."""
    shown = ", ".join(f'row {row} "{cell}"' for row, cell in list(zip(rows, cells, strict=True))[:SHOWN])
    more = len(rows) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


# --- numbers -------------------------------------------------------------------------------------------

_CURRENCY = {
    "₪": "ILS",
    "ils": "ILS",
    "nis": "ILS",
    'ש"ח': "ILS",
    "ש״ח": "ILS",
    "שח": "ILS",
    "$": "USD",
    "us$": "USD",
    "usd": "USD",
    "€": "EUR",
    "eur": "EUR",
    "£": "GBP",
    "gbp": "GBP",
    "¥": "JPY",
    "chf": "CHF",
}
_SIGN = "|".join(re.escape(sign) for sign in sorted(_CURRENCY, key=len, reverse=True))
_MONEY_SIGN = re.compile(rf"^(?:{_SIGN})\s*|\s*(?:{_SIGN})$", re.IGNORECASE)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\u061c\ufeff]")
_SPACES = "\u00a0\u202f\u2007\u2009"
_GROUPS = re.compile(r"^\d{1,3}([ '’,.]\d{3})+$|^\d{1,2}(,\d{2})+,\d{3}$")
_PLAIN = re.compile(r"^(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$", re.IGNORECASE)
_SIMPLE = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")
_THREE = re.compile(r"^[1-9]\d{0,2}([.,])\d{3}$")


@dataclass(frozen=True, slots=True)
class _Written:
    """A number taken apart, before the column decides which mark is the decimal one."""

    digits: str
    factor: float
    currency: str | None


def _take_apart(text: str) -> _Written:
    """Split off sign, brackets, currency and percent; what is left is digits and marks."""
    body = _INVISIBLE.sub("", text).translate({ord(c): " " for c in _SPACES}).replace("\u2212", "-").strip()
    factor, currency = 1.0, None
    if body.startswith("(") and body.endswith(")"):
        body, factor = body[1:-1].strip(), -1.0
    for _ in range(3):  # -$5, $-5, 5-$, 35 %- in any order
        if match := _MONEY_SIGN.search(body):
            currency = _CURRENCY[match.group().strip().casefold()]
            body = (body[: match.start()] + body[match.end() :]).strip()
        if body.endswith("%"):
            body, factor = body[:-1].rstrip(), factor / 100
        if factor > 0 and body.startswith("-"):
            body, factor = body[1:].strip(), -factor
        elif factor > 0 and body.endswith("-"):
            body, factor = body[:-1].strip(), -factor
        elif body.startswith("+"):
            body = body[1:].strip()
    return _Written(body, factor, currency)


def _decimal_mark(digits: str) -> str:
    """The mark that is surely the decimal one; "3." or "3," where it may mean thousands; "" where none is."""
    commas, points = digits.count(","), digits.count(".")
    if commas and points:
        return "," if digits.rindex(",") > digits.rindex(".") else "."
    if commas + points == 0:
        return ""
    mark = "," if commas else "."
    if commas + points > 1:
        return "." if mark == "," else ","
    return f"3{mark}" if _THREE.match(digits) else mark


def _to_float(digits: str, decimal: str) -> float | None:
    """The number under a decimal mark, or None where it cannot be one."""
    thousands = "," if decimal == "." else "."
    whole, mark, rest = digits.partition(decimal)
    if _GROUPS.match(whole) and (not mark or rest.isdigit() or not rest):
        whole = re.sub(rf"[ '’{thousands}]", "", whole)
        digits = whole + mark + rest
    if thousands in digits or not _PLAIN.match(digits):
        return None
    return float(digits.replace(",", "."))


def _column_mark(written: Iterable[_Written]) -> tuple[str, str]:
    """Decimal mark of a column, and a note where the column leaves room for doubt."""
    digits = [w.digits for w in written]
    marks = [_decimal_mark(d) for d in digits]
    commas, points = marks.count(","), marks.count(".")
    if commas or points:
        return ("," if commas > points else "."), ""
    if "3." not in marks:
        return ".", ""
    example = digits[marks.index("3.")]
    if "3," in marks:
        return "?", f"{digits[marks.index('3,')]} and {example} cannot both have the same mark for thousands"
    # only 1.234 and whole numbers: a thousands mark where whole numbers stop at 999, else a decimal one
    wholes = [float(d) for d, mark in zip(digits, marks, strict=True) if mark == "" and d.isdigit()]
    if any(wholes) and max(wholes) < 1000:
        return ",", f"the point in {example} was read as thousands; if it is a decimal point, write 1.2340"
    return ".", f"{example} was read with a decimal point; if it means thousands, write it without the point"


def _all_simple(texts: Mapping[str, list[int]]) -> bool:
    """Whether all cells are plain numbers, with a point that is surely decimal or none at all."""
    with_point = [text for text in texts if "." in text]
    return all(map(_SIMPLE.fullmatch, texts)) and (
        not with_point or any(_decimal_mark(text.lstrip("-")) == "." for text in with_point)
    )


def parse_numbers(values: pd.Series, *, where: str, column: str) -> NumberColumn:
    """Read a column of numbers as people write them.

    Currency signs, thousands marks, a decimal comma where the column is consistent with it, a trailing
    minus, brackets as negative, per cent (35 % is 0.35) and non-breaking spaces are understood. Empty cells
    and words such as na, null or - are nan. Text, two
    currencies or two decimal marks in one column are faults.

    Parameters
    ----------
    values
        Cells of a `RawTable`, indexed by the row of the file.
    where
        Name of the file (and sheet) for messages.
    column
        Name of the column for messages.
    """
    cells = values.to_numpy(dtype=object)
    rows = values.index.to_numpy()
    out = np.full(len(cells), np.nan)
    texts: dict[str, list[int]] = {}
    bad: list[int] = []
    for i, cell in enumerate(cells):
        if isinstance(cell, str):
            texts.setdefault(cell, []).append(i)
        elif is_empty(cell):
            continue
        elif isinstance(cell, int | float | Decimal | np.number | np.bool_):
            out[i] = float(cell)
            if not math.isfinite(out[i]):
                bad.append(i)
        else:
            bad.append(i)
    if _all_simple(texts):  # what programs write; thirty times as fast as what people write
        for text, places in texts.items():
            out[places] = float(text)
        texts = {}
    written = {text: _take_apart(text) for text in texts if not is_empty(text)}
    mark, note = _column_mark(written.values())
    if mark == "?":
        return NumberColumn(out, (f'{where}: column "{column}": {note}. Use one decimal mark in a column.',))
    unmarked: list[int] = []
    for text, parts in written.items():
        number = _to_float(parts.digits, mark)
        if number is not None and math.isfinite(number):
            out[texts[text]] = number * parts.factor
        elif _to_float(parts.digits, "," if mark == "." else ".") is not None:
            unmarked += texts[text]
        else:
            bad += texts[text]
    faults = _number_faults(rows, cells, sorted(bad), sorted(unmarked), mark, f'{where}: column "{column}"')
    used = {w.currency: text for text, w in written.items() if w.currency}
    if len(used) > 1:
        examples = ", ".join(f'row {rows[texts[t][0]]} "{t}"' for t in used.values())
        faults.append(
            f'{where}: column "{column}" holds more than one currency ({examples}). '
            "Convert it to one currency before it is read."
        )
    return NumberColumn(out, tuple(faults), (f'column "{column}": {note}',) if note else ())


def _number_faults(
    rows: NDArray, cells: NDArray, bad: list[int], unmarked: list[int], mark: str, place: str
) -> list[str]:
    faults = []
    if bad:
        faults.append(
            f"{place}: {_count(len(bad), 'value')} cannot be read as a number: "
            f"{_quote(rows[bad].tolist(), cells[bad].tolist())}. "
            "Write plain numbers such as 1234.5, or leave the cell empty."
        )
    if unmarked:
        faults.append(
            f'{place}: most values have "{mark}" before the decimals, {len(unmarked)} not: '
            f"{_quote(rows[unmarked].tolist(), cells[unmarked].tolist())}. Use one decimal mark in a column."
        )
    return faults


# --- dates ---------------------------------------------------------------------------------------------


def parse_dates(
    values: pd.Series,
    *,
    where: str,
    column: str,
    dayfirst_hint: bool | None = None,
    allow_empty: bool = False,
    reading: str | None = None,
) -> DateColumn:
    """Read a column of dates; where the day and the month could be swapped, the regular reading wins.

    05/01, 12/01 are a week apart as day/month and seven months apart as month/day: the whole column decides,
    never a single cell. Two readings that are equally good are a fault that asks, unless a hint settles it.

    Parameters
    ----------
    values
        Cells of a `RawTable`, indexed by the row of the file.
    where, column
        Name of the file (and sheet) and of the column for messages.
    dayfirst_hint
        What another column of the same people showed: True for day/month, False for month/day. It only
        breaks ties.
    allow_empty
        Whether an empty cell is fine (the end of an event) or a fault.
    reading
        How written dates are to be read, whatever looks regular; real dates of a workbook need no reading.
    """
    cells = values.to_numpy(dtype=object)
    rows = values.index.to_numpy()
    place = f'{where}: column "{column}"'
    days = np.full(len(cells), np.datetime64("NaT"), dtype="datetime64[D]")
    groups: dict[object, list[int]] = {}
    empty: list[int] = []
    for i, cell in enumerate(cells):
        if is_empty(cell):
            empty.append(i)
        else:
            groups.setdefault(_date_key(cell), []).append(i)
    faults = []
    if empty and not allow_empty:
        shown = ", ".join(str(row) for row in rows[empty][:SHOWN].tolist())
        more = f" and {len(empty) - SHOWN} more" if len(empty) > SHOWN else ""
        faults.append(f"{place}: no date in row {shown}{more}. Fill it in, or take the rows out.")
    found = {key: classify(key) for key in groups}
    unread = [i for key, shape in found.items() if shape is None for i in groups[key]]
    shapes = {key: shape for key, shape in found.items() if shape is not None}
    if unread:
        bad = sorted(unread)
        faults.append(
            f"{place}: {_count(len(bad), 'value')} cannot be read as a date: "
            f"{_quote(rows[bad].tolist(), cells[bad].tolist())}. Write dates as 2025-01-31."
        )
    if not shapes:
        return DateColumn(days, "", tuple(faults))
    chosen = choose_reading(shapes, dayfirst_hint) if reading is None else read_as(shapes, reading)
    if isinstance(chosen, Ambiguous):
        return DateColumn(days, "", (*faults, f"{place}: {chosen.question}"))
    if isinstance(chosen, NoReading):
        bad = sorted(i for key in chosen.keys for i in groups[key])
        quoted = _quote(rows[bad].tolist(), cells[bad].tolist())
        return DateColumn(days, "", (*faults, f"{place}: {chosen.problem}: {quoted}. {chosen.remedy}"))
    for key, day in chosen.days.items():
        days[groups[key]] = day
    return DateColumn(days, chosen.reading, tuple(faults), tuple(f"{place}: {n}" for n in chosen.notes))


def _date_key(cell: object) -> object:
    """What tells two date cells apart: real dates by their day, the rest as they are."""
    if isinstance(cell, datetime):  # also pd.Timestamp
        return date(cell.year, cell.month, cell.day)
    if isinstance(cell, np.datetime64):
        return cell.astype("datetime64[D]").item()
    return cell.item() if isinstance(cell, np.generic) else cell


# --- columns -------------------------------------------------------------------------------------------


def require_columns(raw: RawTable, columns: Mapping[str, str]) -> list[str]:
    """Faults for the columns a config names and the table does not have.

    Parameters
    ----------
    columns
        Key of the config (`data.outcome.value`) -> the column it names. Names are compared after the same
        cleaning as the header: spaces, bidi marks and composed letters do not matter.
    """
    existing = [str(name) for name in raw.frame.columns]
    empty = {note.value for note in raw.notes if note.check == "empty column"}
    faults = []
    for key, wanted in columns.items():
        name = clean_name(wanted)
        if name in existing:
            continue
        if name in empty:
            faults.append(f'{raw.where}: column "{name}" (`{key}`) is there and wholly empty.')
            continue
        near = nearest(name, existing)
        hint = f' Did you mean "{near}"?' if near else ""
        listed = ", ".join(f'"{other}"' for other in existing)
        faults.append(f'{raw.where}: no column "{name}" (`{key}`).{hint} Columns there: {listed}.')
    return faults
