"""Seconds and memory of our optimizer alone, on made-up draws of S-shaped curves; each case in a fresh process.

One small problem warms the compiled code. Where there is a goal, the problem is solved three times and the median
counts. The certificate of every plan is part of the time.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass, replace
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.environments import HERE, OUT
from benchmarks.speed import machine
from benchmarks.tables import markdown
from mmm.dims import Cell
from mmm.model.forward import MediaDraws
from mmm.model.shapes import HILL
from mmm.planning.allocation import Aim, Allocation
from mmm.planning.bounds import CellBounds
from mmm.planning.problem import Group, Problem
from mmm.planning.risk import plan_for_bad_cases
from mmm.planning.solver import solve
from mmm.response.bank import make_bank
from mmm.response.curves import WindowCurves
from mmm.response.table import Curves

MEASURED = OUT / "solver.json"
LAGS = 14
BUDGET_A_CELL = 100.0
RUNS = 3
WORST = 0.1


@dataclass(frozen=True, slots=True)
class Case:
    """One problem.

    Attributes
    ----------
    name
        What is asked: `steady` (one period, no carry-over), `window` (weeks, carry-in and tail), `worst tenth`
        (CVaR), or `groups` (channels of five cells with a floor and a cap each, and a cap on half of the channels).
    goal
        Seconds it may take; None: part of a row that shows growth.
    """

    name: str
    cells: int
    draws: int
    weeks: int
    goal: float | None = None


CASES = (
    Case("steady", 50, 1000, 1, 1.0),
    Case("window", 50, 1000, 13, 3.0),
    Case("window", 200, 1000, 13, 10.0),
    Case("worst tenth", 50, 400, 13, 3.0),
    Case("groups", 50, 1000, 13),
    Case("groups", 200, 1000, 13),
    Case("window", 5, 1000, 13),
    Case("window", 20, 1000, 13),
    Case("window", 100, 1000, 13),
    Case("window", 400, 1000, 13),
    Case("window", 50, 250, 13),
    Case("window", 50, 4000, 13),
    Case("window", 50, 1000, 26),
    Case("window", 50, 1000, 52),
)


def measure() -> None:
    """Solve every case in a process of its own and write `out/solver.json`."""
    lines = []
    for number, case in enumerate(CASES):
        command = [sys.executable, "-m", "benchmarks.solver", str(number)]
        done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=True)
        lines.append(json.loads(done.stdout))
        print(" | ".join(_row(case, lines[-1])), flush=True)
    OUT.mkdir(exist_ok=True)
    MEASURED.write_text(json.dumps({"machine": machine(), "lines": lines}, indent=1), encoding="utf-8")


def table() -> str:
    """The measured cases, those with a goal first, as Markdown."""
    told = json.loads(MEASURED.read_text(encoding="utf-8"))
    head = ["problem", "cells", "draws", "weeks", "s", "CPU s, all cores", "goal, s", "gap", "peak MiB"]
    on = told["machine"]
    rows = [_row(case, line) for case, line in zip(CASES, told["lines"], strict=True)]
    under = f"{on['cores']} cores, {on['processor']}, {on['system']}; load at the end {on['load']:.1f}."
    return f"{markdown(head, rows)}\n\n{under}"


def _row(case: Case, line: dict[str, Any]) -> list[str]:
    goal = "-" if case.goal is None else f"{case.goal:g}"
    seconds = f"**{line['seconds']:.2f}**" if case.goal else f"{line['seconds']:.2f}"
    sizes = [str(size) for size in (case.cells, case.draws, case.weeks)]
    busy = f"{line['cpu_seconds']:.2f}"
    return [case.name, *sizes, seconds, busy, goal, f"{line['gap']:.1e}", str(line["peak_mib"])]


def made_up(case: Case, seed: int = 1) -> WindowCurves:
    """Curves of a window, from nearly concave to S-shaped; a cell's fair share takes it near its middle."""
    rng = np.random.default_rng(seed)
    lags = 1 if case.name == "steady" else LAGS
    draws, cells, weeks = case.draws, case.cells, case.weeks
    rate = rng.uniform(0.2, 0.8, cells) + 0.05 * rng.normal(size=(draws, cells))
    weights = rate.clip(0.05, 0.95)[..., None] ** np.arange(lags)
    pattern = rng.uniform(0.2, 1.0, (weeks, 1, cells))
    media = MediaDraws(
        cells=tuple(Cell(f"channel {i // 5}", f"audience {i % 5}") for i in range(cells)),
        geos=("",),
        weights=weights / weights.sum(axis=-1, keepdims=True),
        half=np.exp(rng.normal(0.2, 0.4, cells) + 0.3 * rng.normal(size=(draws, cells))),
        slope=np.exp(rng.normal(0.4, 0.3, cells) + 0.15 * rng.normal(size=(draws, cells))).clip(0.6, 4.0),
        ceiling=np.exp(rng.normal(0, 0.5, cells) + 0.4 * rng.normal(size=(draws, 1, cells))) * 300 / weeks,
        scale=np.ones((1, cells)),
        saturation=np.full(cells, HILL),
    )
    return WindowCurves(
        media=media,
        carry_in=rng.uniform(0, 1, (lags - 1, 1, cells)),
        unit_exposure=pattern / pattern.mean(axis=(0, 1)) / BUDGET_A_CELL,
        after=np.full((lags - 1, 1, cells), 0.8),
        value=np.ones((weeks + lags - 1, 1)),
    )


def problem_of(case: Case) -> Problem:
    """Profit, a fair share for each cell, half to twice of it allowed."""
    cells = case.cells
    budget, fair = BUDGET_A_CELL * cells, BUDGET_A_CELL
    groups: tuple[Group, ...] = ()
    if case.name == "groups":
        channels = [tuple(range(first, first + 5)) for first in range(0, cells, 5)]
        groups = tuple(Group(f"channel {k}", cells, 4 * fair, 6.5 * fair) for k, cells in enumerate(channels))
        groups = (*groups, Group("half", tuple(range(cells // 2)), 0.0, 0.95 * budget / 2))
    half, twice, start = (np.full(cells, factor * fair) for factor in (0.5, 2.0, 1.0))
    return Problem(0.6, 1.0, half, twice, budget, spend_all=True, start=start, groups=groups)


def _place(curves: Curves, problem: Problem) -> Allocation:
    none = ("",) * problem.lower.size
    solution = solve(curves, problem)
    return Allocation(
        solution.spend, CellBounds(problem.lower, problem.upper, none, none, ()), solution, problem
    )


def solved(case: Case) -> Allocation:
    """The plan of a case, with its proof."""
    curves, problem = made_up(case), problem_of(case)
    if case.name != "worst tenth":
        return _place(curves, problem)
    bank = make_bank(curves, problem.start, problem.upper)
    aim = Aim("profit", problem.worth, problem.cost, curves)
    return plan_for_bad_cases(
        bank, aim, lambda sketch: _place(sketch, problem), WORST, np.zeros(case.draws)
    ).allocation


def main() -> None:
    """Solve one case by its number and print its line."""
    case = CASES[int(sys.argv[1])]
    solved(replace(case, cells=10, draws=50, weeks=min(case.weeks, 4)))
    seconds, busy = [], []
    for _ in range(RUNS if case.goal else 1):
        start, worked = perf_counter(), process_time()
        found = solved(case)
        seconds.append(perf_counter() - start)
        busy.append(process_time() - worked)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    line = {"seconds": statistics.median(seconds), "cpu_seconds": statistics.median(busy), "peak_mib": peak}
    print(json.dumps(line | {"gap": found.solution.gap, "method": found.solution.method}))


if __name__ == "__main__":
    main()
