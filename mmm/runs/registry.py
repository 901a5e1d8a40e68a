"""All runs of a folder like `reports/`: a view over the manifests, those of the history included.

Nothing is kept beside the manifests but one append-only table of champions, `data/<name>-champions.csv`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mmm.errors import InputError
from mmm.runs.manifest import NAME, Manifest, read_manifest

CHAMPION_COLUMNS = ("name", "run_id", "by", "on", "why")


@dataclass(frozen=True, slots=True)
class Entry:
    """One run that was published.

    Attributes
    ----------
    name
        Name of its folder under `reports/`.
    folder
        Where its tables are: the run folder, or `history/<run-id>/` in it.
    is_latest
        Whether it is what the run folder holds now.
    manifest
        What it says of itself.
    """

    name: str
    folder: Path
    is_latest: bool
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Registry:
    """Every run under a folder, the newest first, and what could not be read."""

    root: Path
    entries: tuple[Entry, ...]
    faults: tuple[str, ...]

    def find(self, wanted: str) -> Entry:
        """A run by its id, by enough of its beginning, or the latest of a name.

        Raises
        ------
        InputError
            None is meant, or more than one.
        """
        latest = [entry for entry in self.entries if entry.name == wanted and entry.is_latest]
        found = latest or [e for e in self.entries if wanted and e.manifest.run_id.startswith(wanted)]
        if len(found) == 1:
            return found[0]
        if not self.entries:
            raise InputError(f"{self.root}: there is no finished run here. Start one with `mmm run CONFIG`")
        if found:
            ids = ", ".join(entry.manifest.run_id for entry in found[:4])
            raise InputError(f'"{wanted}" could be {len(found)} runs: {ids}. Write more of the id')
        known = ", ".join(dict.fromkeys(entry.name for entry in self.entries))
        raise InputError(
            f'{self.root}: there is no run "{wanted}"; the names are {known}, the ids: mmm runs list'
        )


def read_registry(root: Path) -> Registry:
    """Every run under a folder. A manifest that cannot be read is said and never stops the rest."""
    entries, faults = [], []
    for place in sorted(root.glob(f"*/{NAME}")) + sorted(root.glob(f"*/history/*/{NAME}")):
        is_latest = place.parent.parent == root
        owner = place.parent if is_latest else place.parent.parent.parent
        try:
            manifest = read_manifest(place.parent)
        except InputError as error:
            faults.append(str(error))
            continue
        entries.append(Entry(owner.name, place.parent, is_latest, manifest))
    latest = {entry.manifest.run_id for entry in entries if entry.is_latest}
    # a run that is published once more keeps its id
    kept = [entry for entry in entries if entry.is_latest or entry.manifest.run_id not in latest]
    kept.sort(key=lambda entry: entry.manifest.run_id, reverse=True)
    return Registry(root, tuple(kept), tuple(faults))


def read_champion(path: Path) -> dict[str, str] | None:
    """The last line of a table of champions; None where there is none.

    Raises
    ------
    InputError
        A table that cannot be read.
    """
    if not path.is_file():
        return None
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), strict=True))
        return {column: rows[-1][column] for column in CHAMPION_COLUMNS} if rows else None
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InputError(
            f"{path}: this table of champions cannot be read ({error}); restore it from a copy"
        ) from None


def name_champion(path: Path, entry: Entry, *, by: str, why: str) -> None:
    """Append a line that names a run the champion of its name; the same one again changes nothing."""
    before = read_champion(path)
    if before is not None and before["run_id"] == entry.manifest.run_id:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    on = datetime.now(UTC).isoformat(timespec="seconds")
    line = (entry.name, entry.manifest.run_id, by, on, why)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([line] if before else [CHAMPION_COLUMNS, line])
    with path.open("a", encoding="utf-8" if before else "utf-8-sig", newline="") as file:
        file.write(text.getvalue())
