"""Eight quarters of plan, test, read, refit and plan again, against companies that never test or choose otherwise.

What is real and what is cheap here. Decisions are the software's: tests are valued by `mmm.experiments.value` against
plans that results could lead to, the set is chosen by `mmm.experiments.portfolio`, at least a tenth of the budget is
money whose level a test sets (what tests do not fill of it is spent and brings nothing), results enter as a Student t
with a tenth of the lift as noise between quarters. The posterior is not a fit of weekly data, which would take days
for these worlds. It is exact for a small model of each cell: return at the usual money, half-saturation, and the gap
between what moves with spend and what spend causes, as 20,000 draws of the prior, weighted by every signal so far.
The history, and each quarter's own rows, are one noisy reading of the return with its gap; a test reads the lift
without it. Cells are independent, curves are concave, and the plan is the exact best split of the mean curves within
half of the quarter before, either way.

All companies live in the same world, see the same noise and refit every quarter. A line of `out/loop.jsonl` is a
world; a measurement that is stopped goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from benchmarks.environments import OUT
from benchmarks.tables import markdown
from mmm.experiments.portfolio import Choice
from mmm.experiments.portfolio import choose as best_set
from mmm.experiments.value import Signal, sample_information, useful_windows

Floats = NDArray[np.float64]
LINES = OUT / "loop.jsonl"

QUARTERS, WEEKS = 8, 13.0
CELLS = 6
MARGIN, BUDGET, OUTCOME = 0.5, 1_000_000.0, 12_000_000.0
FLOOR, CEILING, SLOTS = 0.10, 0.20, 3
CHANGE = 0.5
PRIOR_SD, HALF, HALF_SD = 1.1, 1.2, 0.6
"""The model's own prior of returns, around break-even; half-saturation at about the usual money."""
KNOWN_ROI = (1.0 + HALF) / HALF / MARGIN
"""Of every cell where all curves are known and the same: the next unit of the usual money just pays, so that every test
costs something."""
GAPS = (0.1, 0.1, 0.2, 0.2, 0.2, 0.5)
"""sd of the log gap by cell: regions, national, and one that captures demand."""
HISTORY_SD, QUARTER_SD = 0.5, 1.7
"""Of the log return with its gap, as three years of history and one more quarter say it."""
NOISE = 0.01
"""Error of a geo test with half of the country treated, as a share of the outcome, times two."""
TEST_DF, TEST_WEEKS, COOLDOWN = 10.0, 8, 2
TRANSPORT = 0.1
"""What a lift may differ by between quarters, as a share of it; the worlds have none."""
PARTICLES, DRAWS = 20_000, 200
TRIES = 50
"""Sets that a policy without values draws until one fills the floor."""
STEPS = 100
"""Of money by cell that the split is made of."""
DOSES = (0.0, 0.75, 1.25, 2.0)
POLICIES = ("loop", "lot", "uncertain", "biggest", "never")


@dataclass(frozen=True, slots=True)
class Curves:
    """Cells' log return at the usual money, log half-saturation over it, log gap; shape (draw, cell) or (cell,)."""

    log_roi: Floats
    log_half: Floats
    gap: Floats

    def brings(self, money: Floats, usual: Floats) -> Floats:
        """Response, of the shape that money broadcasts to."""
        half, s = np.exp(self.log_half), money / usual
        return np.exp(self.log_roi) * usual * (1.0 + half) * s / (s + half)

    def slope(self, money: Floats, usual: Floats) -> Floats:
        """Derivative of the response by money."""
        half, s = np.exp(self.log_half), money / usual
        return np.exp(self.log_roi) * (1.0 + half) * half / (s + half) ** 2


@dataclass(frozen=True, slots=True)
class Test:
    """A share of the country in which a cell gets a multiple of its money."""

    cell: int
    treated: float
    dose: float

    def reserve(self, mix: Floats) -> float:
        """Money placed where the test sets its level, and withheld there."""
        return self.treated * float(mix[self.cell]) * max(self.dose, 1.0)

    def extra(self, mix: Floats) -> float:
        """Money above (or below) the plan's."""
        return self.treated * float(mix[self.cell]) * (self.dose - 1.0)

    def lift(self, curves: Curves, mix: Floats, usual: Floats) -> Floats:
        """What it brings, shape (draw,) or ()."""
        more = curves.brings(self._dosed(mix), usual) - curves.brings(mix, usual)
        return self.treated * more[..., self.cell]

    def _dosed(self, mix: Floats) -> Floats:
        dosed = mix.copy()
        dosed[self.cell] *= self.dose
        return dosed

    @property
    def error(self) -> float:
        """Standard error of the lift that is read."""
        return 2.0 * NOISE * OUTCOME * float(np.sqrt(self.treated * (1.0 - self.treated)))


def prior(rng: np.random.Generator, shape: tuple[int, ...], *, known: bool) -> Curves:
    """Curves drawn from the prior, which is the one every company has; all alike where they are known."""
    wide = 0.0 if known else 1.0
    middle = KNOWN_ROI if known else 1.0 / MARGIN
    return Curves(
        np.log(middle) + wide * PRIOR_SD * rng.normal(size=shape),
        np.log(HALF) + wide * HALF_SD * rng.normal(size=shape),
        wide * np.array(GAPS) * rng.normal(size=shape),
    )


@dataclass(slots=True)
class Belief:
    """What one company believes: draws of the prior, and the log weight of each by cell."""

    particles: Curves
    logs: Floats

    def see_panel(self, said: Floats, sd: float, mix: Floats, usual: Floats) -> None:
        """A reading of each cell's log return with its gap."""
        told = np.log(self.particles.brings(mix, usual) / mix) + self.particles.gap
        self.logs -= 0.5 * ((said - told) / sd) ** 2

    def see_test(self, test: Test, said: float, mix: Floats, usual: Floats) -> None:
        """The result of a test, without the gap."""
        told = test.lift(self.particles, mix, usual)
        scale = np.hypot(test.error, TRANSPORT * said)
        self.logs[:, test.cell] += student_t.logpdf((said - told) / scale, TEST_DF)

    def draws(self, rng: np.random.Generator) -> Curves:
        """A few draws of the posterior, cell by cell in an order of their own: cells are independent."""
        columns = []
        for cell in range(CELLS):
            logs = self.logs[:, cell]
            weights = np.exp(logs - logs.max())
            columns.append(rng.choice(PARTICLES, DRAWS, p=weights / weights.sum()))
        at = (np.stack(columns, axis=1), np.arange(CELLS))
        return Curves(
            *(part[at] for part in (self.particles.log_roi, self.particles.log_half, self.particles.gap))
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """Small steps of money from half of what each cell had to half more, and what the next unit brings at each.

    Attributes
    ----------
    low, width
        Where they begin and how large they are, shape (cell,).
    slopes
        Shape (draw, step x cell).
    """

    low: Floats
    width: Floats
    slopes: Floats

    def split(self, weights: Floats, money: float) -> Floats:
        """The split of the money with the largest mean response, draws weighted by weights of sum 1."""
        order = np.argsort(
            -(weights @ self.slopes), kind="stable"
        )  # slopes fall: a cell is filled from below
        width = np.tile(self.width, STEPS)[order]
        left = money - float(self.low.sum())
        filled = np.clip(left - (np.cumsum(width) - width), 0.0, width)
        return self.low + np.bincount(order % CELLS, weights=filled, minlength=CELLS)


def steps_of(curves: Curves, before: Floats, usual: Floats) -> Steps:
    """Steps on the curves of some draws."""
    low, width = (1.0 - CHANGE) * before, 2.0 * CHANGE * before / STEPS
    points = low + width * (np.arange(STEPS) + 0.5)[:, None]
    slopes = curves.slope(points[:, None, :], usual)
    return Steps(low, width, slopes.transpose(1, 0, 2).reshape(DRAWS, -1))


def candidates(mix: Floats) -> list[Test]:
    """Every cell and dose, with as much of the country as fills the floor alone, 15 to 50 %."""
    return [
        Test(cell, float(np.clip(FLOOR * BUDGET / (mix[cell] * max(dose, 1.0)), 0.15, 0.5)), dose)
        for cell in range(CELLS)
        for dose in DOSES
    ]


def choose(policy: str, curves: Curves, mix: Floats, usual: Floats, rng: np.random.Generator) -> list[Test]:
    """Tests of a quarter: by value, by lot, of the cells whose return is least known, or of those with most money."""
    if policy == "never":
        return []
    known = candidates(mix)
    if policy == "loop":
        return [known[k] for k in by_value(known, curves, mix, usual)]
    by_cell = {"lot": np.zeros(CELLS), "uncertain": curves.log_roi.std(axis=0), "biggest": mix}[policy]
    rank = np.searchsorted(np.sort(by_cell), by_cell)[[test.cell for test in known]]
    sets = (in_order(known, rank + rng.random(len(known)), mix) for _ in range(TRIES))
    return max(sets, key=lambda some: min(FLOOR * BUDGET, sum(test.reserve(mix) for test in some)))


def in_order(known: Sequence[Test], scores: Floats, mix: Floats) -> list[Test]:
    """The tests with the highest scores, one a cell, until the floor is filled or there is no slot left."""
    chosen: list[Test] = []
    used = 0.0
    for i in np.argsort(-scores):
        test = known[i]
        if used >= FLOOR * BUDGET or len(chosen) == SLOTS:
            break
        if test.cell in {other.cell for other in chosen} or used + test.reserve(mix) > CEILING * BUDGET:
            continue
        chosen.append(test)
        used += test.reserve(mix)
    return chosen


def by_value(known: Sequence[Test], curves: Curves, mix: Floats, usual: Floats) -> tuple[int, ...]:
    """The set that the software chooses: of the largest worth, less what it costs and what is short of the floor."""
    money = float(mix.sum())
    steps, even = steps_of(curves, mix, usual), np.full(DRAWS, 1.0 / DRAWS)
    lifts = [test.lift(curves, mix, usual) for test in known]
    plans = [mix, steps.split(even, money)]
    for lift in lifts:  # what a low, a middle and a high result could lead to
        third = np.argsort(np.argsort(lift)) * 3 // DRAWS
        plans += [steps.split((third == part) / (third == part).sum(), money) for part in range(3)]
    benefit = MARGIN * np.stack([curves.brings(plan, usual).sum(axis=1) for plan in plans], axis=1)
    signals = [
        Signal(lift, float(np.hypot(test.error, TRANSPORT * np.abs(lift).mean())), TEST_DF)
        for test, lift in zip(known, lifts, strict=True)
    ]
    windows = useful_windows(TEST_WEEKS + COOLDOWN, WEEKS)
    cells = np.array([test.cell for test in known])
    choice = Choice(
        used=np.array([test.reserve(mix) for test in known]),
        cost=np.array(
            [test.extra(mix) - MARGIN * lift.mean() for test, lift in zip(known, lifts, strict=True)]
        ),
        clash=(cells[:, None] == cells) & ~np.eye(len(known), dtype=bool),
        floor=FLOOR * BUDGET,
        ceiling=CEILING * BUDGET,
        slots=SLOTS,
        price=1.0,
        untested=np.zeros(len(known), dtype=bool),
    )
    found = best_set(
        choice, lambda tests: windows * sample_information([signals[k] for k in tests], benefit).value
    )
    return found.tests


@dataclass(frozen=True, slots=True)
class Quarter:
    """Profit of a quarter, and the part of it that is the tests' own: what they bring less their extra money."""

    profit: float
    tests: float


def live(policy: str, seed: int, *, known: bool) -> list[Quarter]:
    """Every quarter of one company in one world."""
    rng = np.random.default_rng([seed, 1])
    truth = prior(rng, (CELLS,), known=known)
    usual = BUDGET * rng.dirichlet(np.full(CELLS, 4.0))
    readings = rng.normal(size=(QUARTERS + 1, CELLS))
    errors = rng.standard_t(TEST_DF, size=(QUARTERS, CELLS))
    own = np.random.default_rng([seed, 2, POLICIES.index(policy)])
    belief = Belief(
        prior(np.random.default_rng([seed, 3]), (PARTICLES, CELLS), known=known), np.zeros((PARTICLES, CELLS))
    )

    def said(mix: Floats, sd: float, at: int) -> Floats:
        return np.log(truth.brings(mix, usual) / mix) + truth.gap + sd * readings[at]

    belief.see_panel(said(usual, HISTORY_SD, 0), HISTORY_SD, usual, usual)
    mix, quarters = usual, []
    even = np.full(DRAWS, 1.0 / DRAWS)
    for quarter in range(QUARTERS):
        curves = belief.draws(own)
        tests = choose(policy, curves, mix, usual, own)
        short = 0.0
        if policy != "never":
            short = max(0.0, FLOOR * BUDGET - sum(test.reserve(mix) for test in tests))
        more = sum(max(0.0, test.extra(mix)) for test in tests)
        mix = steps_of(curves, mix, usual).split(even, BUDGET - more - short)
        lifts = [float(test.lift(truth, mix, usual)) for test in tests]
        tests_own = MARGIN * sum(lifts) - sum(test.extra(mix) for test in tests) - short
        core = MARGIN * float(truth.brings(mix, usual).sum()) - float(mix.sum())
        quarters.append(Quarter(core + tests_own, tests_own))
        belief.see_panel(said(mix, QUARTER_SD, quarter + 1), QUARTER_SD, mix, usual)
        for test, lift in zip(tests, lifts, strict=True):
            belief.see_test(test, lift + test.error * float(errors[quarter, test.cell]), mix, usual)
    return quarters


@dataclass(frozen=True, slots=True)
class Line:
    """One world: by policy, profit of each quarter and the tests' own part of it."""

    seed: int
    known: bool
    profits: dict[str, list[float]]
    tests: dict[str, list[float]]


def lines() -> list[Line]:
    """What is measured already."""
    if not LINES.exists():
        return []
    return [Line(**json.loads(line)) for line in LINES.read_text(encoding="utf-8").splitlines()]


def measure(worlds: int) -> None:
    """Live through so many worlds, and a fifth as many (at least four) in which every curve is known and the same."""
    done = {(line.seed, line.known) for line in lines()}
    wanted = [(seed, True) for seed in range(max(4, worlds // 5))]
    wanted += [(seed, False) for seed in range(worlds)]
    LINES.parent.mkdir(parents=True, exist_ok=True)
    for seed, known in wanted:
        if (seed, known) in done:
            continue
        lives = {policy: live(policy, seed, known=known) for policy in POLICIES}
        line = Line(
            seed,
            known,
            {policy: [quarter.profit for quarter in quarters] for policy, quarters in lives.items()},
            {policy: [quarter.tests for quarter in quarters] for policy, quarters in lives.items()},
        )
        with LINES.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(line)) + "\n")


def summary(found: list[Line], other: str, *, known: bool) -> dict[str, Any]:
    """Cumulative profit of the loop less that of another policy, paired by world, over the other's profit."""
    some = [line for line in found if line.known == known]
    ours, theirs = (np.array([line.profits[name] for line in some]) for name in ("loop", other))
    own, their_own = (np.array([line.tests[name] for line in some]) for name in ("loop", other))
    base = theirs.sum(axis=1).mean()
    gain = (ours - theirs).cumsum(axis=1)
    total = gain[:, -1]
    half = 1.96 * total.std(ddof=1) / np.sqrt(len(total)) if len(total) > 1 else np.nan
    behind = np.flatnonzero(np.append(0.0, gain.mean(axis=0)) <= 0)[
        -1
    ]  # the last quarter without a gain in all
    return {
        "worlds": len(some),
        "share": float(total.mean() / base),
        "lo": float((total.mean() - half) / base),
        "hi": float((total.mean() + half) / base),
        "tests": float((own - their_own).sum(axis=1).mean() / base),
        "ahead": float(np.mean(total > 0)),
        "break_even": int(behind) + 1 if behind < QUARTERS else None,
    }


def table(found: list[Line]) -> str:
    """The loop beside each other policy."""
    names = {
        "never": "never tests",
        "lot": "tests by lot, same floor",
        "uncertain": "tests what is least known, same floor",
        "biggest": "tests where most money is, same floor",
    }
    rows = []
    for known, told in ((False, "as the prior has them"), (True, "all known and the same")):
        for other, name in names.items():
            s = summary(found, other, known=known)
            rows.append(
                [
                    told,
                    name,
                    str(s["worlds"]),
                    f"{100 * s['share']:+.2f} % ({100 * s['lo']:+.2f} to {100 * s['hi']:+.2f})",
                    f"{100 * s['tests']:+.2f} %",
                    f"{100 * s['ahead']:.0f} %",
                    "none" if s["break_even"] is None else f"quarter {s['break_even']}",
                ]
            )
    head = [
        "curves",
        "the loop against",
        "worlds",
        "profit of 8 quarters, 95 %",
        "of it the tests' own",
        "worlds ahead",
        "mean ahead from",
    ]
    return markdown(head, rows)
