"""What the plan of each side truly brings: money by channel from `out/recovery.jsonl`, on the true curves of its world.

The task is that of `peers/world.py`: the 13 weeks after the table, the money of its last 13 weeks, each channel within
half of what it had. The best split is found on the true curves, which are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.recovery import KNOWN_KINDS, current_lines
from mmm.simulate.coming_weeks import ComingWeeks, coming_weeks, window_revenue
from mmm.simulate.worlds import simulate_world

Floats = NDArray[np.float64]

WEEKS = 13
CHANGE = 0.5
STEPS = 4000
"""Of the budget: the grid on which the best split is sought before it is polished."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One plan in one world, in shares of what media bring there when the mix stays as it is.

    Attributes
    ----------
    side
        Who planned.
    plan
        `default`: the side's own; `free`: ours without the guard of cells whose return is an assumption;
        `by-roi`: today's money in proportion to the ROI the side found (of a refused fit, the prior's).
    gain, possible
        What this plan and the best split bring beyond today's mix.
    failed
        Why a side has no plan; the mix then stays as it is.
    """

    kind: str
    world: str
    side: str
    plan: str
    gain: float
    possible: float
    seconds: float
    failed: str

    @property
    def regret(self) -> float:
        """What the best split brings beyond this plan."""
        return self.possible - self.gain


@dataclass(frozen=True, slots=True)
class Scale:
    """The true curves of one world's task, and what is best on them."""

    coming: ComingWeeks
    channels: tuple[str, ...]
    kept: float
    possible: float

    def gain(self, money: Floats) -> float:
        """What money by channel brings beyond today's mix, as a share; taken to the task's budget."""
        money = money * self.coming.money.sum() / money.sum()
        return (float(window_revenue(self.coming, money).sum()) - self.kept) / self.kept


def decisions() -> list[Decision]:
    """Every plan that was made on the worlds as they are now; a fit that failed or was refused made none."""
    lines = [line for line in current_lines() if line["variant"] == "default"]
    scales = {world: scale_of(world) for world in dict.fromkeys(line["world"] for line in lines)}
    return [decision for line in lines for decision in _score(line, scales[line["world"]])]


def scale_of(name: str) -> Scale:
    """The task of one world, and its best split."""
    kind, _, number = name.rpartition("-")
    world = simulate_world(KNOWN_KINDS[kind], int(number))
    coming = coming_weeks(world, WEEKS)
    kept = float(window_revenue(coming, coming.money).sum())
    best = best_split(coming)
    return Scale(coming, world.channels, kept, float(window_revenue(coming, best).sum()) / kept - 1)


def best_split(coming: ComingWeeks) -> Floats:
    """Money by cell that brings most on the true curves: exact on a grid for any shape, then polished.

    Returns
    -------
    Floats
        Shape (cell,).
    """
    money = coming.money
    budget, least, most = float(money.sum()), (1 - CHANGE) * money, (1 + CHANGE) * money
    step = budget / STEPS
    counts = np.floor((most - least) / step + 1e-9).astype(int)
    grid = least + step * np.arange(counts.max() + 1)[:, None]
    values = window_revenue(coming, np.minimum(grid, most))
    free = round((budget - float(least.sum())) / step)
    total, choices = np.full(free + 1, -np.inf), []
    total[0] = 0.0
    for c, count in enumerate(counts):
        steps = np.arange(min(count, free) + 1)
        before = np.arange(free + 1)[:, None] - steps
        reached = np.where(before >= 0, total[before] + values[steps, c], -np.inf)
        choices.append(reached.argmax(axis=1))
        total = reached.max(axis=1)
    left = int(np.flatnonzero(np.isfinite(total))[-1])  # cells cut to whole steps may not take the last ones
    start = least.copy()
    for c in reversed(range(len(counts))):
        start[c] += step * choices[c][left]
        left -= choices[c][left]
    return _polished(coming, start, least, most)


def _polished(coming: ComingWeeks, start: Floats, least: Floats, most: Floats) -> Floats:
    """The same split off the grid, spending the budget to the end; never worse than the mix as it is."""
    budget, moving = float(coming.money.sum()), coming.money > 0

    def revenue(shares: Floats) -> float:
        money = coming.money.copy()
        money[moving] = shares * budget
        return float(window_revenue(coming, money).sum())

    unit = revenue(coming.money[moving] / budget)
    found = minimize(
        lambda shares: -revenue(shares) / abs(unit),
        start[moving] / budget,
        bounds=list(zip(least[moving] / budget, most[moving] / budget, strict=True)),
        constraints={"type": "eq", "fun": lambda shares: shares.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-10, "maxiter": 200},
    )
    tried = [
        coming.money[moving] / budget,
        _exactly(start[moving] / budget, least[moving] / budget, most[moving] / budget),
    ]
    if found.success:
        tried.append(_exactly(found.x, least[moving] / budget, most[moving] / budget))
    best = coming.money.copy()
    best[moving] = max(tried, key=revenue) * budget
    return best


def _exactly(shares: Floats, least: Floats, most: Floats) -> Floats:
    """Shares inside their bounds that sum to one: what is missing or too much is spread over the room there is."""
    inside = np.clip(shares, least, most)
    missing = 1 - inside.sum()
    room = most - inside if missing > 0 else inside - least
    return inside + missing * room / room.sum() if room.sum() > 0 else inside


def by_roi(money: Floats, roi: Floats) -> Floats:
    """Today's money in proportion to an ROI, as far as each channel may move; the budget stays.

    Parameters
    ----------
    money, roi
        Of each channel, shape (cell,); an ROI below zero counts as zero.
    """
    weight = money * np.maximum(roi, 0.0)
    least, most, budget = (1 - CHANGE) * money, (1 + CHANGE) * money, float(money.sum())
    if weight.sum() <= 0:
        return money
    low, high = 0.0, 2.0 * float((most[weight > 0] / weight[weight > 0]).max())
    for _ in range(200):
        middle = (low + high) / 2
        spent = np.clip(middle * weight, least, most)
        low, high = (middle, high) if spent.sum() < budget else (low, middle)
    return _exactly(spent / budget, least / budget, most / budget) * budget


def _score(line: Mapping[str, Any], scale: Scale) -> list[Decision]:
    """The plans of one line; where there is none the mix stays, and the reason is told."""
    failed = line.get("failed") or line["refused"] or line["no_plan"]
    plans = {name: _in_order(money, scale) for name, money in line.get("plans", {}).items()}
    plans.setdefault("default", scale.coming.money)
    if cells := line.get("cells"):
        roi = {channel: cell["roi"][0] for channel, cell in cells.items()}
        plans["by-roi"] = by_roi(scale.coming.money, _in_order(roi, scale))
    return [
        Decision(
            kind=line["world"].rpartition("-")[0],
            world=line["world"],
            side=line["side"],
            plan=name,
            gain=scale.gain(money),
            possible=scale.possible,
            seconds=line.get("seconds", {}).get("plan", float("nan")),
            failed=failed if name == "default" else "",
        )
        for name, money in plans.items()
    ]


def _in_order(by_channel: Mapping[str, float], scale: Scale) -> Floats:
    return np.array([by_channel[channel] for channel in scale.channels])
