"""The table of experiments as the place where designs may stand and results are appended."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mmm.data.names import fold
from mmm.data.reader import Reader
from mmm.data.readouts import KEPT, VOID, WIDENED
from mmm.data.settings import DataSettings, ExperimentsTable
from mmm.data.source_settings import file_of
from mmm.data.values import require_columns
from mmm.errors import DataError
from mmm.experiments.design import Design, names_in, pairs_in
from mmm.experiments.readout import Readout

COLUMNS = (
    *("id", "channel", "audience", "message", "geos", "start", "end", "cooldown"),
    *("spend_change", "lift", "lift_se", "df", "method", "status", "reason"),
)
_NEEDED = ("id", "channel", "geos", "start", "end", "spend_change", "lift", "lift_se", "status")
_SETTLES = {"read": 1, KEPT: 2, WIDENED: 2, VOID: 3}
"""A row settles rows of the same test whose status stands before its own."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d")


def designs_in(table: ExperimentsTable, data: DataSettings, folder: Path) -> tuple[Design, ...]:
    """Every test of the table, read or not; void ones left out. Columns `controls` and `pairs` may be there.

    Raises
    ------
    DataError
        The file or a cell cannot be read.
    """
    reader = Reader(data, folder)
    raw = reader.read(file_of(table.source), table.sheet)
    if raw is None:
        raise DataError(reader.faults)
    faults = require_columns(raw, {f"experiments: {n}": n for n in ("id", "channel", "start", "end")})
    if faults:
        raise DataError(faults)
    there = {str(name) for name in raw.frame.columns}
    n = len(raw.frame)

    def text(name: str) -> list[str]:
        return [str(v) for v in reader.text(raw, name).tolist()] if name in there else [""] * n

    cells = {
        name: text(name)
        for name in ("id", "channel", "audience", "message", "geos", "controls", "pairs", "method", "status")
    }
    start, end = reader.dates(raw, "start"), reader.dates(raw, "end")
    numbers = {
        name: reader.numbers(raw, name) if name in there else np.full(n, np.nan)
        for name in ("cooldown", "spend_change")
    }
    void = {fold(cells["id"][i]) for i in range(n) if fold(cells["status"][i]) == VOID}
    found: dict[str, Design] = {}
    for i in range(n):
        where = f"{raw.where}, row {raw.frame.index[i]}"
        name = cells["id"][i]
        if not name or fold(name) in void or fold(name) in found:
            continue
        try:
            pairs = pairs_in(cells["pairs"][i])
        except ValueError as error:
            reader.faults.append(f"{where}: {error}")
            continue
        cooldown = numbers["cooldown"][i]
        found[fold(name)] = Design(
            id=name,
            where=where,
            channel=cells["channel"][i],
            audience=cells["audience"][i],
            message=cells["message"][i],
            kind=cells["method"][i],
            geos=names_in(cells["geos"][i]),
            controls=names_in(cells["controls"][i]),
            pairs=pairs,
            start=start[i],
            end=end[i],
            cooldown=0 if np.isnan(cooldown) else int(cooldown),
            spend_change=float(numbers["spend_change"][i]),
        )
    if reader.faults:
        raise DataError(reader.faults)
    return tuple(found.values())


def result_row(readout: Readout) -> dict[str, str]:
    """A result as a row of the table."""
    design = readout.design
    figures = {"spend_change": readout.spend.used, "lift": readout.effect, "lift_se": readout.se}
    return {
        **{name: value for name, value in design.cells().items() if name in COLUMNS},
        "id": design.id,
        **{name: f"{value:.6g}" if abs(value) < 1e5 else f"{value:.0f}" for name, value in figures.items()},
        "df": f"{readout.df:.3g}",
        "method": "time-based regression",
        "status": "read",
    }


def append_row(path: Path, row: Mapping[str, str]) -> bool | None:
    """Append a row to a CSV of experiments, made where it is missing.

    Parameters
    ----------
    row
        By column; columns that the file does not have are left out.

    Returns
    -------
    True where the row was written; False where the file has one of this test that says as much or more; None where the
    file is not a plain CSV with the columns of the table, so that a row would be read wrongly.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            _lines([COLUMNS, [row.get(name, "") for name in COLUMNS]], "\n"), encoding="utf-8-sig"
        )
        return True
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error):
        return None
    head = next(csv.reader(io.StringIO(text, newline="")), [])
    if path.suffix.lower() != ".csv" or not set(_NEEDED) <= set(head):
        return None
    if any(row.get(name) and name not in head for name in ("audience", "message", "cooldown")):
        return None
    if any(not _ISO.fullmatch((old[day] or "").strip()) for old in rows for day in ("start", "end")):
        return None
    same = [fold(old["status"] or "read") for old in rows if fold(old["id"]) == fold(row["id"])]
    new = row["status"]
    if any(_SETTLES.get(status, 0) > _SETTLES[new] for status in same) or same[-1:] == [new]:
        return False
    newline = "\r\n" if "\r\n" in text else "\n"
    joint = "" if text.endswith("\n") else newline
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(joint + _lines([[row.get(name, "") for name in head]], newline))
    return True


def _lines(rows: Sequence[Sequence[str]], newline: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=newline).writerows(rows)
    return text.getvalue()
