"""How a portfolio grows: seconds, work and memory from two markets to fifty, and what a second process brings.

Each line is one `mmm run` of a portfolio config in an empty folder: markets read, fitted and planned jointly. Caches of
compiled code are warm. With two processes each has one thread; with one it has both cores. Seconds on the wall are
those of the machine as it was; seconds of work (of all processors, over all processes) hardly depend on who else is
at work there.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.environments import OUT
from benchmarks.speed import machine
from benchmarks.tables import markdown
from mmm.simulate.markets import market_world

LINES = OUT / "portfolio.json"
SIZES = ((1, 2), (1, 8), (2, 8), (2, 24), (2, 50))
"""Processes and markets of each line."""

_MARKET = """name: market-{number}
currency: EUR
data:
  source: market-{number}.csv
  date: date
  outcome: {{value: revenue}}
  media: {{tv: tv_spend, search: search_spend, social: social_spend}}
  controls: [price, competitor]
model:
  max_lag: 8
  sampling: {{draws: 250, tune: 250, chains: 2}}
  gates: {{rhat: 1.05, ess: 100, divergences: 0.01}}
finance: {{gross_margin: 0.66}}
"""


def measure(sizes: Sequence[tuple[int, int]] = SIZES) -> Path:
    """Run each size once and write `out/portfolio.json`, line by line; the first run is made twice, to warm caches."""
    lines: list[dict[str, Any]] = []
    _run(*sizes[0])
    for jobs, markets in sizes:
        lines.append({"jobs": jobs, "markets": markets, **_run(jobs, markets)})
        print(lines[-1], flush=True)
        LINES.write_text(json.dumps({"machine": machine(), "runs": lines}, indent=1))
    return LINES


def _run(jobs: int, markets: int) -> dict[str, Any]:
    """Seconds, work, memory of the largest process of the run, and the proof, of one portfolio from nothing."""
    place = OUT / "portfolio"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for number in range(1, markets + 1):
        market_world(number).table.to_csv(place / f"market-{number}.csv", index=False)
        (place / f"market-{number}.yaml").write_text(_MARKET.format(number=number))
    named = ", ".join(f"{{config: market-{number}.yaml}}" for number in range(1, markets + 1))
    text = f"name: group\ncurrency: EUR\nmarkets: [{named}]\nplan: {{window: 2025Q1}}\n"
    (place / "portfolio.yaml").write_text(text)
    command = [sys.executable, "-m", "benchmarks.portfolio", str(place / "portfolio.yaml"), str(jobs)]
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - begun
    told = json.loads((place / "reports" / "group" / "portfolio.json").read_text(encoding="utf-8"))
    manifest = json.loads((place / "reports" / "group" / "manifest.json").read_text(encoding="utf-8"))
    megabytes, work = done.stdout.split()[-2:]
    return {
        "seconds": round(seconds, 1),
        "work_seconds": float(work),
        "load": os.getloadavg()[0],
        "joint_seconds": manifest["stages"][0]["seconds"],
        "megabytes": int(megabytes),
        "gap": told["gap"],
    }


def table() -> str:
    """The lines, with work for a market and what of it two processes do in vain."""
    found = json.loads(LINES.read_text(encoding="utf-8"))
    alone = {line["markets"]: line["work_seconds"] for line in found["runs"] if line["jobs"] == 1}
    rows = []
    for line in found["runs"]:
        one = alone.get(line["markets"])
        efficiency = f"{one / line['work_seconds']:.2f}" if one and line["jobs"] > 1 else ""
        rows.append(
            (
                str(line["markets"]),
                str(line["jobs"]),
                f"{line['seconds']:.0f}",
                f"{line['load']:.0f}",
                f"{line['work_seconds'] / line['markets']:.1f}",
                efficiency,
                f"{line['joint_seconds']:.1f}",
                str(line["megabytes"]),
                f"{100 * line['gap']:.2f} %",
            )
        )
    head = (
        "markets", "processes", "s", "load", "s of work a market", "efficiency", "joint plan, s", "largest process, MB",
        "gap",
    )  # fmt: skip
    on = found["machine"]
    return f"{markdown(head, rows)}\n\nOne run each; {on['cores']} cores, {on['processor']}, {on['system']}."


def _child(config: str, jobs: str) -> None:
    """One run in a process of its own; prints the memory of the largest process in megabytes, and seconds of work."""
    from mmm.cli.shell import execute

    os.chdir(Path(config).parent)
    if code := execute(["run", config, "--jobs", jobs, "-q"]):
        sys.exit(code)
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)  # or the workers are not counted
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(
        max(one.ru_maxrss for one in used) // 1024, round(sum(one.ru_utime + one.ru_stime for one in used), 1)
    )


if __name__ == "__main__":
    _child(*sys.argv[1:])
