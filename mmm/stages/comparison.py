"""Two runs beside each other: what was told them, and what they say."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mmm.dims import CELL_KEYS
from mmm.errors import InputError
from mmm.runs.registry import Entry

FIGURES = ("budget", "reserve", "profit", "revenue", "outcome", "roi", "forecast", "gain")
"""Of `plan.json`, as far as a run has them."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between a run and an earlier one.

    Attributes
    ----------
    told
        Sentences about inputs, seed and versions.
    config
        Lines of the config that went and came, as `- line` and `+ line`.
    returns, plan
        By cell and in total: `before`, `after`, `change`, and for returns their ranges.
    figures
        Of the plan: name, before, after.
    """

    told: tuple[str, ...]
    config: tuple[str, ...]
    returns: pd.DataFrame
    plan: pd.DataFrame
    figures: pd.DataFrame


def compare_runs(before: Entry, after: Entry) -> Comparison:
    """Compare two published runs by their manifests and tables.

    Raises
    ------
    InputError
        Neither has returns to compare.
    """
    returns = _beside(before.folder, after.folder, "roi", "roi", ("roi_lo", "roi_hi"))
    plan = _beside(before.folder, after.folder, "moves", "planned_spend", ())
    if returns.empty and plan.empty:
        raise InputError(
            f"{before.manifest.run_id} and {after.manifest.run_id} have neither returns nor a plan in common; compare "
            "runs of `mmm fit` or `mmm run`"
        )
    return Comparison(_told(before, after), _config(before, after), returns, plan, _figures(before, after))


def _told(before: Entry, after: Entry) -> tuple[str, ...]:
    """What went into the two runs otherwise."""
    old, new = before.manifest, after.manifest
    lines = []
    for path in sorted({*old.inputs, *new.inputs}):
        if path not in new.inputs:
            lines.append(f"input no longer read: {path}")
        elif path not in old.inputs:
            lines.append(f"new input: {path}")
        elif old.inputs[path] != new.inputs[path]:
            lines.append(f"input changed: {path}")
    if old.seed != new.seed:
        lines.append(f"seed {old.seed}, then {new.seed}")
    lines += [
        f"{package} {old.versions.get(package, 'absent')}, then {version}"
        for package, version in new.versions.items()
        if old.versions.get(package, "absent") != version
    ]
    if old.config_hash == new.config_hash:
        lines.append("the same config")
    return tuple(lines)


def _config(before: Entry, after: Entry) -> tuple[str, ...]:
    """Lines that differ, comments and blank lines left out."""
    old, new = (
        [line.rstrip() for line in entry.manifest.config_text.splitlines() if line.split("#")[0].strip()]
        for entry in (before, after)
    )
    return tuple(line for line in difflib.ndiff(old, new) if line[:1] in "-+")


def _beside(old: Path, new: Path, table: str, value: str, more: tuple[str, ...]) -> pd.DataFrame:
    """One figure of two tables by level and cell; empty where one of them is not there."""
    if not all((folder / f"{table}.csv").is_file() for folder in (old, new)):
        return pd.DataFrame()
    sides = []
    for folder in (old, new):
        found = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
        if "segment" in found:
            found = found[found["segment"] == ""]
        found = found[found["level"].isin(["cell", "reserve", "total"])]
        keys = [key for key in ("level", *CELL_KEYS, "geo") if key in found]
        numbers = {name: pd.to_numeric(found[name]) for name in (value, *more) if name in found}
        sides.append(found[keys].assign(**numbers))
    keys = [key for key in ("level", *CELL_KEYS, "geo") if key in sides[0] or key in sides[1]]
    whole = [side.reindex(columns=[*keys, value, *more]).fillna(dict.fromkeys(keys, "")) for side in sides]
    both = whole[0].merge(whole[1], on=keys, how="outer", suffixes=("_before", "_after"), sort=False)
    renamed = both.rename(columns={f"{value}_before": "before", f"{value}_after": "after"})
    renamed["change"] = renamed["after"] - renamed["before"]
    order = {"cell": 0, "reserve": 1, "total": 2}
    return renamed.sort_values("level", key=lambda level: level.map(order), kind="stable", ignore_index=True)


def _figures(before: Entry, after: Entry) -> pd.DataFrame:
    """Figures of the two plans; no rows where one has none."""
    paths = [entry.folder / "plan.json" for entry in (before, after)]
    if not all(path.is_file() for path in paths):
        return pd.DataFrame(columns=["figure", "before", "after"])
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    rows: list[dict[str, Any]] = [{"figure": "window", "before": _window(old), "after": _window(new)}]
    rows += [
        {"figure": name, "before": old.get(name), "after": new.get(name)}
        for name in FIGURES
        if old.get(name) is not None and new.get(name) is not None
    ]
    return pd.DataFrame(rows)


def _window(plan: dict[str, Any]) -> str:
    return f"{plan['window']['start']} to {plan['window']['end']}"
