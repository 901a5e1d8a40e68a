"""Limits that a buyer wrote into `plan.xlsx`, read back as `plan.bounds`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mmm.book.reading import is_workbook, place_of
from mmm.data.workbook import opened
from mmm.errors import InputError
from mmm.planning.settings import CellBound
from mmm.reporting.limits_sheet import MARK, PLACE_KEYS

_AGAIN = "Make a new one with mmm report CONFIG, and write your limits into that"


def edited_bounds(path: Path, config_hash: str, bounds: Sequence[CellBound]) -> tuple[CellBound, ...]:
    """The bounds of a config with least and most money of each line as the workbook says.

    Every line of the sheet gets the amounts that stand there, and the default where none stands. What else the config
    says of a cell (packages, off or on, all geos of it together) stays.

    Parameters
    ----------
    path
        A `plan.xlsx`.
    config_hash
        Hash of the config but for its bounds: a workbook of another one is refused.
    bounds
        Those of the config.

    Raises
    ------
    InputError
        A workbook of something else, or amounts at fault, each with its sheet and cell.
    """
    found = _limits(path)
    if found.config_hash != config_hash:
        raise InputError(
            f"{path}: this workbook is of another config, or of this one before it was changed. {_AGAIN}"
        )
    faults: list[str] = []
    entries = [entry for row in found.lines if (entry := _entry(found, row, faults)) is not None]
    if len(found.lines) != found.lines_written:
        faults.append(
            f'sheet "{found.sheet}": {found.lines_written} lines were written, {len(found.lines)} are there. {_AGAIN}'
        )
    faults += _strange(found)
    if faults:
        raise InputError(f"{path}: " + "\n  - ".join([faults[0], *faults[1:]]))
    by_geo = "geo" in found.columns
    return (*_kept(bounds, by_geo=by_geo), *entries)


@dataclass(frozen=True, slots=True)
class _Limits:
    """The sheet of limits as it stands; rows and columns count from 0."""

    sheet: str
    rows: list[list[Any]]
    config_hash: str
    lines_written: int
    columns: dict[str, int]

    @property
    def lines(self) -> list[int]:
        """Rows that carry a line of the plan."""
        return [i for i, row in enumerate(self.rows) if i and str(row[0]).startswith("[")]


def _limits(path: Path) -> _Limits:
    """The sheet that the report wrote, by the mark in its first cell."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file. Give the plan.xlsx of the run")
    if not is_workbook(path):
        raise InputError(f"{path}: this is no workbook. Give the plan.xlsx of the run")
    import python_calamine as calamine

    try:
        with opened(path) as book:
            for name in book.sheet_names:
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                if rows and str(rows[0][0]).startswith(f'["{MARK}"'):
                    _, config_hash, lines = json.loads(rows[0][0])
                    columns = {str(cell): i for i, cell in enumerate(rows[0]) if i and cell != ""}
                    return _Limits(name, rows, config_hash, lines, columns)
    except (calamine.CalamineError, ValueError) as error:
        raise InputError(f"{path}: the workbook cannot be read ({error}). Save it again as XLSX") from None
    raise InputError(f"{path}: there is no sheet of limits in it; give the plan.xlsx of the run. {_AGAIN}")


def _entry(found: _Limits, i: int, faults: list[str]) -> CellBound | None:
    """The limits of one line; None where it has none, or a fault."""
    row = found.rows[i]
    named = dict(zip(PLACE_KEYS, json.loads(row[0]), strict=True))
    for key in PLACE_KEYS:
        if key in found.columns and str(row[found.columns[key]]) != named[key]:
            cell = place_of(found.sheet, i, found.columns[key])
            faults.append(
                f'{cell}: "{row[found.columns[key]]}" is no line of this plan; it was "{named[key]}"'
            )
            return None
    amounts: dict[str, Any] = {}
    for key in ("min", "max"):
        value = row[found.columns[key]]
        if value in ("", None):
            continue
        try:
            amounts[key] = getattr(CellBound.model_validate({"channel": named["channel"], key: value}), key)
        except ValidationError as error:
            said = error.errors()[0]["msg"].removeprefix("Value error, ")
            faults.append(f"{place_of(found.sheet, i, found.columns[key])}: {said}")
    if len(amounts) == 2:
        least, most = amounts["min"], amounts["max"]
        if least.times_reference == most.times_reference and least.value > most.value:
            cell = place_of(found.sheet, i, found.columns["min"])
            faults.append(
                f"{cell}: the least, {least}, is above the most, {most}; lower it, or raise the other"
            )
    geo = named.pop("geo") or None
    if not amounts and geo is None:
        return None
    return CellBound(**named, geo=geo, **amounts)


def _strange(found: _Limits) -> list[str]:
    """Amounts in rows that are no line of the plan."""
    heads = {0, 1, 2}
    return [
        f"{place_of(found.sheet, i, found.columns[key])}: this row is no line of the plan; take the amount out"
        for i, row in enumerate(found.rows)
        if i not in heads and i not in found.lines
        for key in ("min", "max")
        if row[found.columns[key]] not in ("", None)
    ]


def _kept(bounds: Sequence[CellBound], *, by_geo: bool) -> list[CellBound]:
    """What the sheet cannot say: all geos of a cell together, and everything beside least and most."""
    kept = []
    for entry in bounds:
        if by_geo and entry.geo is None:
            kept.append(entry)
        elif {"min_if_on", "lot", "cost_if_on"} & entry.model_dump(exclude_none=True).keys():
            kept.append(entry.model_copy(update={"min": None, "max": None}))
    return kept
