"""ROI against known truth: the default model on every file of a data folder that `truth.csv` covers.

The truth counts the whole window; our ROI counts the modelled weeks, as the first `max_lag` are conditioned
on where the spend before them is unknown. On these files the difference is small beside the intervals.
"""

from __future__ import annotations

import csv
import json
import math
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import OUT
from benchmarks.scores import Estimate
from benchmarks.worlds import NOT_MONEY, WORLDS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: estimates, or the reason why there are none."""

    file: str
    seconds: float
    estimates: tuple[Estimate, ...] = ()
    reason: str = ""


def read_truth(folder: Path) -> dict[str, dict[str, float]]:
    """True ROI by file and channel."""
    truth: dict[str, dict[str, float]] = {}
    with (folder / "truth.csv").open(encoding="utf-8-sig", newline="") as handle:
        for row in csv.DictReader(handle):
            truth.setdefault(row["file"], {})[row["channel"]] = float(row["roi"])
    return truth


def write_config(file: str, folder: Path, into: Path, sampling: Mapping[str, int]) -> Path:
    """Write the config of one file; data paths are absolute."""
    from ruamel.yaml import YAML

    settings: dict[str, Any] = {"name": Path(file).stem}
    if file not in NOT_MONEY:
        settings["currency"] = "USD"
    settings["data"] = {"source": str((folder / file).resolve()), **WORLDS[file]}
    if sampling:
        settings["model"] = {"sampling": dict(sampling)}
    path = into / f"{settings['name']}.yaml"
    with path.open("w", encoding="utf-8") as handle:
        YAML(typ="safe", pure=True).dump(settings, handle)
    return path


def estimates_of(file: str, roi_csv: Path, truth: Mapping[str, float]) -> tuple[Estimate, ...]:
    """Channels of `roi.csv` beside the truth.

    Where the outcome is a count without value `roi` is empty, and contribution / spend stands for it.
    """
    with roi_csv.open(encoding="utf-8-sig", newline="") as handle:
        rows = {row["channel"]: row for row in csv.DictReader(handle) if row["level"] == "channel"}
    missing = sorted(set(truth) - set(rows))
    if missing:
        raise ValueError(f"{file}: roi.csv has no row of level channel for {', '.join(missing)}")
    found = []
    for channel, true in truth.items():
        row = rows[channel]
        if row["roi"]:
            middle = float(row.get("roi_median") or row["roi"])
            lo, hi = float(row["roi_lo"]), float(row["roi_hi"])
        else:
            names = ("contribution", "contribution_lo", "contribution_hi")
            middle, lo, hi = (float(row[name]) / float(row["spend"]) for name in names)
        found.append(Estimate(file, channel, true, middle, lo, hi))
    return tuple(found)


def measure(folder: Path, only: str = "", sampling: Mapping[str, int] | None = None) -> Path:
    """Fit every file with known truth and write `out/accuracy.json`.

    Parameters
    ----------
    folder
        Holds `truth.csv` and the files it names.
    only
        Part of a file's name; empty for all.
    sampling
        Overrides of `model.sampling`, for a try.
    """
    OUT.mkdir(exist_ok=True)
    outcomes = []
    for file, truth in read_truth(folder).items():
        if only not in file:
            continue
        outcome = _fit(file, folder, truth, sampling or {})
        said = outcome.reason or f"{len(outcome.estimates)} channels"
        print(f"{file:52}{outcome.seconds:7.1f} s   {said}", flush=True)
        outcomes.append(outcome)
    path = OUT / "accuracy.json"
    path.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1, allow_nan=False))
    return path


def _fit(file: str, folder: Path, truth: Mapping[str, float], sampling: Mapping[str, int]) -> Outcome:
    import mmm
    from mmm.errors import MmmError

    if file not in WORLDS:
        return Outcome(file, 0.0, reason="no config is written for this file")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        try:
            config = mmm.load_config(write_config(file, folder, Path(name), sampling))
            mmm.fit(config, out=Path(name) / "run")
            estimates = estimates_of(file, Path(name) / "run" / "roi.csv", truth)
        except MmmError as error:
            reason = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            return Outcome(file, time.perf_counter() - start, reason=reason)
    return Outcome(file, time.perf_counter() - start, estimates)


def outcomes_of(path: Path) -> list[Outcome]:
    """Read `accuracy.json` back."""
    return [
        Outcome(row["file"], row["seconds"], tuple(Estimate(**e) for e in row["estimates"]), row["reason"])
        for row in json.loads(path.read_text())
    ]


def published(folder: Path, files: Iterable[str]) -> dict[str, dict[str, float]]:
    """Mean absolute error of ROI, as a share, that others published for a file: library -> error."""
    found = {}
    for file in files:
        path = folder / f"{file.removesuffix('.csv')}_published_mmm_results.json"
        if path.exists():
            results = json.loads(path.read_text())["published_results_of_other_libraries"]
            errors = {r["library"]: float(r["mean_abs_pct_error_of_roi"]) for r in results.values()}
            found[file] = {library: e for library, e in errors.items() if math.isfinite(e)}
    return found
