"""The tables of the run that is out, handed over to a database."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from mmm.errors import InputError
from mmm.runs.manifest import Manifest, verify
from mmm.warehouse.handover import hand_over


@dataclass(frozen=True, slots=True)
class Lines:
    """A table as words."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def export_run(folder: Path, company: str, url: str, *, replace: bool = False) -> tuple[int, int]:
    """Write every table of a published run, and one line about the run itself, to a database.

    Returns
    -------
    tuple of int
        How many tables, and how many rows.

    Raises
    ------
    InputError
        There is no run, its files are not what it wrote, or the database cannot be written.
    """
    manifest = verify(folder)
    tables = {
        name.removesuffix(".csv"): _read(folder / name)
        for name in manifest.artefacts
        if name.endswith(".csv")
    }
    if not tables:
        raise InputError(f"{folder}: this run has no tables; first: mmm run CONFIG")
    filled = {name: lines for name, lines in tables.items() if lines.columns}
    rows = hand_over(url, manifest.run_id, company, {"runs": _about(manifest), **filled}, replace=replace)
    return len(filled) + 1, rows


def _about(manifest: Manifest) -> Lines:
    """The run itself: when, from which config, with which seed and version."""
    return Lines(
        ("created", "command", "config_hash", "seed", "version"),
        (
            (
                manifest.created,
                manifest.command,
                manifest.config_hash,
                str(manifest.seed),
                manifest.versions.get("mmm-planner", ""),
            ),
        ),
    )


def _read(path: Path) -> Lines:
    """A table of the run as it was written; one without columns is empty."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    if not rows:
        return Lines((), ())
    return Lines(tuple(rows[0]), tuple(tuple(row) for row in rows[1:] if row))
