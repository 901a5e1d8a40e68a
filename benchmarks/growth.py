"""How a fit of ours grows with regions, cells and weeks: seconds, effective draws, memory, gates.

One fit of the default model in a fresh process for each size, on a simulated company of that size; caches of
compiled code are warm. The limit of each is half an hour.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt

from benchmarks.environments import HERE, OUT, SCRIPTS, environment_of, python_of
from benchmarks.speed import machine, smallest_ess, to_ess
from benchmarks.tables import markdown
from mmm.simulate.world_kinds import WorldKind
from mmm.simulate.worlds import simulate_world
from mmm.simulate.write import write_world

LINES = OUT / "growth.json"
PICTURE = HERE / "growth.svg"
MOST_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Size:
    """Regions (1 is a national model), cells and weeks of a company."""

    geos: int
    cells: int
    weeks: int

    @property
    def numbers(self) -> int:
        """Exposures that the density reads: regions x weeks x cells."""
        return self.geos * self.weeks * self.cells

    def write(self) -> Path:
        """Write a company of this size; returns the path of its config."""
        name = f"size-{self.geos}-{self.cells}-{self.weeks}"
        kind = WorldKind(
            name,
            "a size",
            by_geo=self.geos > 1,
            regions=(self.geos, self.geos),
            cells=(self.cells, self.cells),
            weeks=(self.weeks,),
        )
        return write_world(simulate_world(kind, 1), OUT / "worlds" / name)


SIZES = (
    Size(1, 5, 104), Size(1, 5, 156), Size(1, 10, 156), Size(1, 20, 156), Size(1, 20, 260),
    Size(10, 5, 156), Size(10, 10, 156), Size(10, 20, 156), Size(30, 10, 156), Size(30, 20, 156),
    Size(100, 5, 156), Size(100, 10, 156), Size(100, 20, 156),
)  # fmt: skip


def measure(sizes: Sequence[Size] = SIZES) -> Path:
    """Fit each size once and write `out/growth.json`, size by size; the first fit is made twice, to warm caches."""
    lines: list[dict[str, Any]] = []
    _fit(sizes[0])
    for size in sizes:
        line = {"geos": size.geos, "cells": size.cells, "weeks": size.weeks, **_fit(size)}
        lines.append(line)
        print(_row(line), flush=True)
        LINES.write_text(json.dumps({"machine": machine(), "fits": lines}, indent=1))
    return LINES


def _fit(size: Size) -> dict[str, Any]:
    command = [str(python_of("ours")), str(SCRIPTS["ours"]), "--data", str(size.write())]
    try:
        done = subprocess.run(
            command,
            env=environment_of("ours"),
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return {"stopped": MOST_SECONDS}
    return dict(json.loads(next(row for row in reversed(done.stdout.splitlines()) if row.startswith("{"))))


def table(path: Path = LINES) -> str:
    """Seconds and memory by size, as Markdown, with the machine under it."""
    told = json.loads(path.read_text())
    head = [
        "regions",
        "cells",
        "weeks",
        "s to ESS 400",
        "s at default draws",
        "ESS",
        "tries",
        "gates",
        "peak MiB",
    ]
    on = told["machine"]
    under = f"One fit each; {on['cores']} cores, {on['processor']}, {on['system']}; load at the end {on['load']:.1f}."
    return f"{markdown(head, [_row(line) for line in told['fits']])}\n\n{under}"


def picture(path: Path = LINES) -> Path:
    """Seconds to ESS 400 over the size, both on log scales, by number of regions."""
    fits = [line for line in json.loads(path.read_text())["fits"] if "stopped" not in line]
    rows = [
        {
            "numbers": Size(line["geos"], line["cells"], line["weeks"]).numbers,
            "seconds": to_ess(line),
            "regions": f"{line['geos']} region{'s' if line['geos'] > 1 else ''}",
        }
        for line in fits
    ]
    chart = (
        alt.Chart(alt.Data(values=rows), width=520, height=280)
        .mark_line(point=True)
        .encode(
            x=alt.X("numbers:Q", title="regions x weeks x cells", scale=alt.Scale(type="log")),
            y=alt.Y("seconds:Q", title="seconds to ESS 400", scale=alt.Scale(type="log")),
            color=alt.Color("regions:N", title=None, sort=None),
        )
    )
    chart.save(str(PICTURE))
    return PICTURE


def _row(line: dict[str, Any]) -> list[str]:
    size = [str(line[name]) for name in ("geos", "cells", "weeks")]
    if "stopped" in line:
        return [*size, f"not finished in {line['stopped']}", *["-"] * 5]
    seconds = sum(line["seconds"].get(name, 0.0) for name in ("build", "sample", "draw"))
    return [
        *size, f"{to_ess(line):.0f}", f"{seconds:.0f}", f"{smallest_ess(line):.0f}", str(line["attempts"]),
        "missed" if line["refused"] else "held", f"{line['peak_mib']}",
    ]  # fmt: skip
