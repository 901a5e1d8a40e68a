"""Seconds from data in memory to an effective sample size of 400, ours and the peers', in one session.

Every side is warmed once (discarded, and short where that fills the same caches), then the sides take turns,
each run in a fresh process; the median of the runs counts, least and most are shown. Imports stand apart.
What counts is build + compile + sampling (+ drawing b back, ours only); computing ROI and mROI from the draws
is shown and does not count.

Two ways to the same question, as no side stops by itself at 400:

`seconds_to_ess`
    Warm-up as it was and as many kept draws as an ESS of 400 takes, fewer or more than were drawn.
`seconds_at_defaults`
    The settings as they are, longer only where they fall short of 400.

Warm-up and kept draws are taken to cost the same per draw, as not every side tells them apart: a side whose
warm-up is the dearer part is flattered above an ESS of 400 and wronged below.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.environments import HERE, OUT, SCRIPTS, environment_of, python_of

ROOT = HERE.parent
TARGET = 400.0
FIXED = ("build", "compile", "draw")
WARMING = dict.fromkeys(("ours", "pymc-marketing"), ("--draws", "20", "--tune", "20"))
"""The discarded run where compiled code does not depend on the number of draws; Meridian's does, so it runs whole."""


@dataclass(frozen=True, slots=True)
class Work:
    """One sample to fit: the peers read the CSV, ours the config on the same file."""

    name: str
    csv: Path
    config: Path
    most_seconds: int


WORKS = {
    "national": Work(
        "national", ROOT / "data/samples/meridian_national.csv", ROOT / "configs/meridian-national.yaml", 600
    ),
    "geo": Work("geo", ROOT / "data/samples/meridian_geo.csv", ROOT / "configs/meridian-geo.yaml", 600),
}


@dataclass(frozen=True, slots=True)
class Median:
    """One side on one work: medians over the runs, with least and most of the headline."""

    side: str
    work: str
    runs: int
    seconds_to_ess: float
    least: float
    most: float
    seconds_at_defaults: float
    imports: float
    build: float
    compile: float
    sample: float
    ess: float
    ess_per_second: float
    divergences: float
    peak_mib: float


def to_ess(run: Mapping[str, Any], target: float = TARGET) -> float:
    """Seconds to the target ESS: fixed parts and warm-up as they were, kept draws in proportion.

    Parameters
    ----------
    run
        A line of `benchmarks/peers/measure.py`.
    """
    warm, kept = _sampling(run)
    return _fixed(run) + warm + kept * target / smallest_ess(run)


def at_defaults(run: Mapping[str, Any], target: float = TARGET) -> float:
    """Seconds as run, with more kept draws only where the ESS fell short of the target."""
    warm, kept = _sampling(run)
    return _fixed(run) + warm + kept * max(1.0, target / smallest_ess(run))


def smallest_ess(run: Mapping[str, Any]) -> float:
    """Smallest bulk ESS over ROI, mROI and noise."""
    return float(min(run["ess"].values()))


def _fixed(run: Mapping[str, Any]) -> float:
    return float(sum(run["seconds"].get(name, 0.0) for name in FIXED))


def _sampling(run: Mapping[str, Any]) -> tuple[float, float]:
    """Seconds of warm-up and of kept draws; of a fit that its gates made longer, all counts as warm-up."""
    if run.get("attempts", 1) > 1:
        return run["seconds"]["sample"], 0.0
    share = run["draws"] / (run["draws"] + run["tune"])
    return run["seconds"]["sample"] * (1 - share), run["seconds"]["sample"] * share


def median_of(side: str, work: str, runs: Sequence[Mapping[str, Any]]) -> Median:
    """Put the runs of one side on one work together."""
    wanted = [to_ess(run) for run in runs]

    def middle(name: str) -> float:
        return statistics.median(run["seconds"].get(name, 0.0) for run in runs)

    return Median(
        side=side,
        work=work,
        runs=len(runs),
        seconds_to_ess=statistics.median(wanted),
        least=min(wanted),
        most=max(wanted),
        seconds_at_defaults=statistics.median(at_defaults(run) for run in runs),
        imports=middle("import"),
        build=middle("build") + middle("draw"),
        compile=middle("compile"),
        sample=middle("sample"),
        ess=statistics.median(smallest_ess(run) for run in runs),
        ess_per_second=statistics.median(
            smallest_ess(run) / (_fixed(run) + sum(_sampling(run))) for run in runs
        ),
        divergences=statistics.median(run["divergences"] for run in runs),
        peak_mib=statistics.median(run["peak_mib"] for run in runs),
    )


def measure(sides: Sequence[str], works: Sequence[str], runs: int, extra: Sequence[str] = ()) -> Path:
    """Run the sides in turns and write `out/speed.json`; what it holds of other works and sides stays.

    A side that does not finish in `Work.most_seconds` is not tried again, and stands in the table as stopped.

    Parameters
    ----------
    extra
        Arguments handed to every script, such as `--draws 100` for a try.
    """
    pythons = {side: python_of(side) for side in sides}
    OUT.mkdir(exist_ok=True)
    path = OUT / "speed.json"
    told = json.loads(path.read_text()) if path.exists() else {"runs": [], "stopped": []}
    lines, stopped = (
        [line for line in told[name] if (line["work"], line["side"]) not in product(works, sides)]
        for name in ("runs", "stopped")
    )
    for work in works:
        for number in range(runs + 1):
            for side in sides:
                if any((line["work"], line["side"]) == (work, side) for line in stopped):
                    continue
                try:
                    line = _run(side, pythons[side], WORKS[work], number, extra)
                except subprocess.TimeoutExpired:
                    print(f"{side} on {work}: stopped after {WORKS[work].most_seconds} s", flush=True)
                    stopped.append({"side": side, "work": work, "seconds": WORKS[work].most_seconds})
                    continue
                if line is None:
                    continue
                print(_said(line, number), flush=True)
                if number:  # the first warms the caches
                    lines.append(line)
                found = {"machine": machine(), "target_ess": TARGET, "runs": lines, "stopped": stopped}
                path.write_text(json.dumps(found, indent=1))
    return path


def _run(side: str, python: Path, work: Work, number: int, extra: Sequence[str]) -> dict[str, Any] | None:
    data = work.config if side == "ours" else work.csv
    command = [str(python), str(SCRIPTS[side]), "--data", str(data), "--seed", str(max(number, 1))]
    if number == 0:
        command += WARMING.get(side, ())
    command += extra
    done = subprocess.run(
        command,
        env=environment_of(side),
        capture_output=True,
        text=True,
        timeout=work.most_seconds,
        check=False,  # a side that fails is told and left out, the others go on
    )
    if done.returncode:
        tail = "\n".join(done.stderr.splitlines()[-8:])
        print(f"{side} on {work.name}: failed\n{tail}", flush=True)
        return None
    line = json.loads(next(row for row in reversed(done.stdout.splitlines()) if row.startswith("{")))
    return {"side": side, "work": work.name, "run": number, **line}


def _said(line: Mapping[str, Any], number: int) -> str:
    which = f"run {number}" if number else "warming"
    return (
        f"{line['work']:9}{line['side']:16}{which:9}{to_ess(line):7.1f} s to ESS {TARGET:.0f}"
        f"   (ESS {smallest_ess(line):.0f}, {line['seconds']}) {line['refused']}"
    )


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            row.split(":", 1)[1].strip()
            for row in info.read_text().splitlines()
            if row.startswith("model name")
        ]
        name = names[0] if names else name
    return {
        "cores": os.cpu_count(),
        "processor": name,
        "system": platform.system(),
        "load": os.getloadavg()[0],
    }


def medians(path: Path) -> list[Median]:
    """Read `speed.json` back as one row per work and side."""
    runs = json.loads(path.read_text())["runs"]
    pairs = dict.fromkeys((run["work"], run["side"]) for run in runs)
    return [
        median_of(side, work, [run for run in runs if (run["work"], run["side"]) == (work, side)])
        for work, side in pairs
    ]


def stopped(path: Path) -> list[tuple[str, str, int]]:
    """Work, side and seconds of what did not finish."""
    return [(line["work"], line["side"], line["seconds"]) for line in json.loads(path.read_text())["stopped"]]
