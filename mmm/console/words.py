"""Rows in columns, and amounts, shares and odds as a person reads them."""

from __future__ import annotations

import math
import os
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_NAMED = {"reserve": "for tests", "total": "total"}


_LEAST_LABEL = 12
"""Columns that a name keeps where a table is folded."""


def aligned(rows: Sequence[Sequence[str]], *, right: Iterable[int] = (), width: int | None = None) -> str:
    """Lay rows out in columns, two spaces apart; the first row is the header, the first column names the row.

    A table wider than the terminal is folded: its columns stand below each other in parts, each with the names, and a
    long name runs on in the next line.

    Parameters
    ----------
    rows
        Text of each cell; all rows of one length.
    right
        Columns that end on one line: numbers.
    width
        Columns there are; None: those of the terminal, and any number where the text goes into a file.
    """
    flush_right = set(right)
    room = terminal_width() if width is None else width
    widths = [max(width_of(row[k]) for row in rows) for k in range(len(rows[0]))]
    if room is None or sum(widths) + 2 * (len(widths) - 1) <= room:
        return _laid_out(rows, flush_right)
    label = min(widths[0], max(_LEAST_LABEL, room // 3))
    parts: list[list[int]] = [[]]
    for k in range(1, len(widths)):
        if parts[-1] and label + sum(2 + widths[j] for j in (*parts[-1], k)) > room:
            parts.append([])
        parts[-1].append(k)
    folded = []
    for part in parts:
        told = [[row[0], *(row[k] for k in part)] for row in rows]
        lines = [line for row in told for line in _run_on(row, label)]
        folded.append(_laid_out(lines, {i for i, k in enumerate(part, 1) if k in flush_right}))
    return "\n\n".join(folded)


def terminal_width() -> int | None:
    """Columns of the terminal that standard output goes to; None where it goes elsewhere."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None
    except (OSError, ValueError):
        return None


def _run_on(row: Sequence[str], label: int) -> list[list[str]]:
    """A row whose name takes as many lines as it needs."""
    if width_of(row[0]) <= label:
        return [list(row)]
    first, *more = textwrap.wrap(row[0], label, subsequent_indent="  ")
    return [[first, *row[1:]], *([text, *("" for _ in row[1:])] for text in more)]


def _laid_out(rows: Sequence[Sequence[str]], flush_right: set[int]) -> str:
    widths = [max(width_of(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            " " * (widths[k] - width_of(text)) + text
            if k in flush_right
            else text + " " * (widths[k] - width_of(text))
            for k, text in enumerate(row)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def money(value: object) -> str:
    """An amount with thousands: `1,300,000`; `-` where there is none."""
    number = number_of(value)
    if number is None:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 100 or number == round(number) else f"{number:,.2f}"


def ratio(value: object) -> str:
    """A return with two decimals; `-` where there is none."""
    number = number_of(value)
    return "-" if number is None else f"{number:.2f}"


def percent(value: object, digits: int = 0) -> str:
    """A share as a percentage with its sign where it is a change; `-` where there is none."""
    number = number_of(value)
    return "-" if number is None else f"{100 * number:.{digits}f} %"


def in_100(value: object) -> str:
    """A probability as chances in a hundred, never 0 or 100 where it is neither."""
    number = number_of(value)
    if number is None:
        return "-"
    if 0 < number < 0.01:
        return "under 1 in 100"
    if 0.99 < number < 1:
        return "over 99 in 100"
    return f"{100 * number:.0f} in 100"


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Cells in the order of the table, each over all its geos, then money for tests, then the total."""
    told = [row for row in records_of(table) if row.get("level") != "cell" or not text_of(row.get("geo"))]
    return [row for level in ("cell", "reserve", "total") for row in told if row.get("level") == level]


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def label_of(row: Mapping[str, Any]) -> str:
    if row.get("level") in _NAMED:
        return _NAMED[row["level"]]
    return " / ".join(
        part for part in (text_of(row.get(key)) for key in ("channel", "audience", "message")) if part
    )


def ranged_of(summary: Mapping[str, Any], name: str) -> str:
    low, high = summary.get(f"{name}_lo"), summary.get(f"{name}_hi")
    return f"{money(summary.get(name))} (90 %: {money(low)} to {money(high)})"


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def number_of(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]  # anything that is no number is caught
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def width_of(text: str) -> int:
    """Columns a text takes on a terminal."""
    return sum(
        0
        if unicodedata.combining(mark) or unicodedata.category(mark) == "Cf"
        else 1 + (unicodedata.east_asian_width(mark) in "WF")
        for mark in text
    )
