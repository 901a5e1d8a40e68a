"""Runs as a person reads them: a list, one of them, two beside each other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mmm.console.words import aligned, label_of, money, number_of, ratio, records_of, text_of

if TYPE_CHECKING:
    from mmm.runs.registry import Entry, Registry
    from mmm.stages.comparison import Comparison


def runs_text(registry: Registry, champions: Mapping[str, str]) -> str:
    """Every run, the newest first; `*` is what its folder holds now, `champion` what was named so.

    Parameters
    ----------
    champions
        Id of the champion of each name.
    """
    rows = [["", "run", "name", "command", "data until", "window", "budget", "profit", "config"]]
    for entry in registry.entries:
        plan, about = (_json(entry, name) for name in ("plan.json", "about.json"))
        window = plan.get("window") or {}
        chosen = champions.get(entry.name) == entry.manifest.run_id
        rows.append(
            [
                "*" if entry.is_latest else "",
                entry.manifest.run_id + (" (champion)" if chosen else ""),
                entry.name,
                entry.manifest.command,
                text_of(about.get("data_until")),
                f"{window['start']} to {window['end']}" if window else "-",
                money(plan.get("budget")),
                money(plan.get("profit")),
                entry.manifest.config_hash[:8],
            ]
        )
    lines = [aligned(rows, right=(6, 7))] if registry.entries else [f"{registry.root}: no finished run yet"]
    return "\n".join([*lines, *(f"Not read: {fault}" for fault in registry.faults)])


def run_text(entry: Entry) -> str:
    """One run: what it was made from and what it holds."""
    manifest = entry.manifest
    lines = [
        f"Run {manifest.run_id}: mmm {manifest.command}, published {manifest.created}",
        f"Folder {entry.folder}"
        + ("" if entry.is_latest else " (an earlier run: tables without the posterior)"),
        f"Config {manifest.config_hash}, seed {manifest.seed}, of {manifest.owner}",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
        "Inputs:",
        *(f"  {digest[:12]}  {path}" for path, digest in manifest.inputs.items()),
        "Stages:",
        *(f"  {stage.name}-{stage.key}, {stage.seconds:.1f} s, {stage.end}" for stage in manifest.stages),
        "Files: " + ", ".join(_folded(manifest.artefacts)),
    ]
    plan = _json(entry, "plan.json")
    if plan:
        window = plan["window"]
        lines.append(f"Plan {window['start']} to {window['end']}: budget {money(plan.get('budget'))}")
    return "\n".join(lines)


def _folded(names: Iterable[str]) -> list[str]:
    """Names of files, a folder as one with how many it holds."""
    held = Counter(name.split("/")[0] for name in names if "/" in name)
    return [*(name for name in names if "/" not in name), *(f"{name}/ ({n})" for name, n in held.items())]


def comparison_text(found: Comparison, before: str, after: str) -> str:
    """Two runs beside each other, in words and tables."""
    lines = [f"From {before} to {after}", ""]
    lines += [f"  {line}" for line in found.told]
    lines += [f"  config {line}" for line in found.config]
    if not found.returns.empty:
        rows = [["ROI", "before", "after", "change", "90 % range after"]]
        for row in records_of(found.returns):
            if row["level"] == "reserve" or text_of(row.get("geo")):
                continue
            span = f"{ratio(row['roi_lo_after'])} to {ratio(row['roi_hi_after'])}"
            figures = (ratio(row["before"]), ratio(row["after"]), _signed(row["change"], ratio))
            rows.append([label_of(row), *figures, "-" if number_of(row["after"]) is None else span])
        lines += ["", aligned(rows, right=range(1, 5))]
    if not found.plan.empty:
        rows = [["Plan", "before", "after", "change"]]
        for row in records_of(found.plan):
            if not text_of(row.get("geo")):
                figures = (money(row["before"]), money(row["after"]), _signed(row["change"], money))
                rows.append([label_of(row), *figures])
        lines += ["", aligned(rows, right=range(1, 4))]
    if not found.figures.empty:
        rows = [["", "before", "after"]]
        for row in records_of(found.figures):
            write = ratio if row["figure"] == "roi" else money
            shown = [text_of(row[side]) or write(row[side]) for side in ("before", "after")]
            rows.append([row["figure"], *shown])
        lines += ["", aligned(rows, right=(1, 2))]
    return "\n".join(lines)


def _signed(value: object, write: Any) -> str:
    number = number_of(value)
    return "-" if number is None else ("+" if number > 0 else "") + write(number)


def _json(entry: Entry, name: str) -> dict[str, Any]:
    """Figures of a run; nothing where it has none, or they cannot be read: a list of runs is never at fault."""
    try:
        found = json.loads((entry.folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
