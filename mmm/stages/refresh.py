"""New data: what changed since the last fit, and what each change did to the returns, one refit for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmm.config import Config
from mmm.data.known import as_then, differences
from mmm.data.origin import tables_until
from mmm.data.tables import Tables
from mmm.dims import CELL_KEYS
from mmm.errors import InputError
from mmm.runs.manifest import NAME, Manifest, package_version, read_manifest
from mmm.runs.store import RunFolder, stage_key
from mmm.stages.fit import Progress, write_fit
from mmm.stages.keys import fit_key, fit_settings
from mmm.stages.known import Known, Tests, changed_tests, is_known, read_known
from mmm.stages.prepare import Prepared, prepare
from mmm.stages.tables import write_csv, write_json

STEPS = ("config", "revised", "rows", "tests")
"""In this order: what the config says otherwise, revised rows, new rows, new past tests."""
ROI = ("roi", "roi_lo", "roi_hi")


@dataclass(frozen=True, slots=True)
class Last:
    """The fit that a refresh compares with: its run, its folder, what it knew."""

    run_id: str
    folder: Path
    known: Known


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that changed, with the tables and tests of a model that has it and all before it."""

    name: str
    tables: Tables
    tests: Tests | None


def last_fit(store: RunFolder, config: Config, prepared: Prepared) -> Last:
    """The newest fit of this folder that is not of these data and settings.

    Raises
    ------
    InputError
        There is none, or it is too old to say what it knew.
    """
    now = fit_key(config, prepared)
    for manifest in _manifests(store.folder):
        key = next((stage.key for stage in manifest.stages if stage.name == "fit"), None)
        if key is None or key == now:
            continue
        place = store.finished("fit", key)
        if place is None:
            continue
        if not is_known(place):
            raise InputError(
                f"run {manifest.run_id} was made by an earlier mmm and did not keep what it knew, so nothing can be "
                "compared with it. Make a run of these data with `mmm run`; the next refresh compares with that"
            )
        return Last(manifest.run_id, place, read_known(place, prepared.tables, config.folder))
    raise InputError(
        f"{store.folder}: there is no earlier fit to compare with: either nothing was fitted here yet "
        "(mmm run CONFIG), or neither data nor config have changed since"
    )


def changes(config: Config, prepared: Prepared, last: Last) -> tuple[pd.DataFrame, tuple[Step, ...]]:
    """The table `data_changes.csv`, and a step for each thing that changed, in order."""
    known, now = last.known, prepared.tables
    table = differences(known.tables, now, known.until)
    kinds = set(table["change"])
    events = (
        not known.tables.events.reset_index(drop=True)
        .astype(str)
        .equals(now.events.reset_index(drop=True).astype(str))
    )
    changed = {
        "config": fit_settings(known.config) != fit_settings(config),
        "revised": bool(kinds & {"revised", "added", "gone"}) or events,
        "rows": "new" in kinds,
        "tests": bool(changed_tests(prepared.layout.experiments, known.tests)),
    }
    models: dict[str, tuple[Tables, Tests | None]] = {
        "config": (as_then(known.tables, now, known.until), known.tests),
        "revised": (tables_until(now, known.until), known.tests),
        "rows": (now, known.tests),
        "tests": (now, None),
    }
    steps = tuple(Step(name, *models[name]) for name in STEPS if changed[name])
    return table, steps or (Step("rows", now, None),)  # files written anew that say the same


def refit(
    store: RunFolder, config: Config, prepared: Prepared, last: Last, steps: Sequence[Step], say: Progress
) -> list[Path]:
    """A fit for each step, the last of them the fit of everything; those that are finished are reused."""
    key = fit_key(config, prepared)
    folders = []
    for number, step in enumerate(steps, start=1):
        if number == len(steps):
            folders.append(store.stage("fit", key, lambda to: write_fit(to, config, prepared, store, say)))
            break
        say(f"refit {number} of {len(steps)}: {step.name}")
        between = prepare(config, given=step.tables, tests=step.tests)
        here = stage_key(step.name, [key, last.folder.name], {}, package_version())

        def make(to: Path, between: Prepared = between) -> None:
            write_fit(to, config, between, store, say)

        folders.append(store.stage(f"refit_{step.name}", here, make))
    return folders


def write_refresh(
    folder: Path,
    last: Last,
    table: pd.DataFrame,
    steps: Sequence[Step],
    fits: Sequence[Path],
    until: np.datetime64,
) -> None:
    """Write `refresh.csv`, `data_changes.csv` and `refresh.json`."""
    write_csv(table, folder / "data_changes.csv")
    moved = moved_table([_returns(place) for place in (last.folder, *fits)], [step.name for step in steps])
    write_csv(moved, folder / "refresh.csv")
    write_json(
        {
            "run_id": last.run_id,
            "data_until_before": str(last.known.until),
            "data_until": str(until),
            "steps": [step.name for step in steps],
        },
        folder / "refresh.json",
    )


def moved_table(returns: Sequence[pd.DataFrame], steps: Sequence[str]) -> pd.DataFrame:
    """The table `refresh.csv`: the return of each cell and in total, before and after each step.

    Rows of one cell add up: `change` of its steps is the last `after` less the first `before`.

    Parameters
    ----------
    returns
        Rows of `roi.csv` of the last fit and of one fit for each step.
    """
    keys = [key for key in ("level", *CELL_KEYS) if any(key in table for table in returns)]
    tables = [table.reindex(columns=[*keys, *ROI]) for table in returns]
    for table in tables:
        table[keys] = table[keys].fillna("")
    order = pd.concat([table[keys] for table in reversed(tables)]).drop_duplicates(ignore_index=True)
    parts = []
    for step, before, after in zip(steps, tables[:-1], tables[1:], strict=True):
        sides = [
            side.rename(columns={name: f"{'before' if k == 0 else 'after'}{name[3:]}" for name in ROI})
            for k, side in enumerate((before, after))
        ]
        both = order.merge(sides[0], on=keys, how="left").merge(sides[1], on=keys, how="left")
        both.insert(len(keys), "step", step)
        both["change"] = both["after"] - both["before"]
        parts.append(both.dropna(subset=["before", "after"], how="all"))
    whole = pd.concat(parts, ignore_index=True)
    return whole.sort_values("level", key=lambda level: level.eq("total"), kind="stable", ignore_index=True)


def refresh_key(fitted: str) -> str:
    return stage_key("refresh", [fitted], {}, package_version())


def _returns(folder: Path) -> pd.DataFrame:
    """Returns of cells and in total."""
    path = folder / "roi.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    table = table[table["level"].isin(["cell", "total"])].reset_index(drop=True)
    for name in ROI:
        table[name] = pd.to_numeric(table[name].where(table[name] != ""))
    return table


def _manifests(folder: Path) -> list[Manifest]:
    """Manifest of the run that is out, then of earlier ones, the newest first; what cannot be read is left out."""
    places = [folder, *sorted((folder / "history").glob("*"), reverse=True)]
    found = []
    for place in places:
        if (place / NAME).is_file():
            try:
                found.append(read_manifest(place))
            except InputError:
                continue
    return found
