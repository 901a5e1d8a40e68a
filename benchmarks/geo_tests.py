"""Readouts of geo tests beside other libraries, on panels where the lift is known.

Our four methods, meridian-geox and pysyncon get the same panel, the same treated regions and the same window. The
regions are drawn at random within strata of size, so no side reads a design of its own. What is wanted is the lift of
the window in all, with a 90 % range. The lift of a panel is added to its treated regions, period by period in
proportion to what they sell; estimates and ranges of all sides move with what is added one for one (trimmed match
nearly), so what a range misses here it also misses where there is no lift, and calls nothing something.

Two sources of panels: made-up ones of six kinds, and the 90 days before the test in the GeoLift walkthrough, in which
regions and windows are drawn anew each time.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student_t

from benchmarks.environments import HERE, OUT, environment_of, python_of
from benchmarks.tables import markdown
from mmm.experiments.arms import Arms
from mmm.experiments.design import Design
from mmm.experiments.readout import read_out

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LINES = OUT / "geo_tests.jsonl"
PEER_SCRIPTS = {
    "pysyncon": HERE / "peers" / "read_pysyncon.py",
    "meridian-geox": HERE / "peers" / "read_geox.py",
}
HISTORY, WINDOW = 168, 14
"""Days before the test and in it."""
LIFT = 0.05
"""Of what the treated regions would have sold."""
PANELS = 30
OTHERS = ("synthetic control", "synthetic difference in differences", "trimmed match")


@dataclass(frozen=True, slots=True)
class Kind:
    """Made-up panels: how many regions, the memory of their noise, degrees of freedom of its tails (0: normal), and the
    sd of a daily step that a region takes away from the others for good."""

    name: str
    regions: int = 24
    memory: float = 0.5
    tails: float = 0.0
    drift: float = 0.0


KINDS = (
    Kind("white noise", memory=0.0),
    Kind("memory 0.5"),
    Kind("memory 0.8", memory=0.8),
    Kind("heavy tails", tails=3.0),
    Kind("few regions", regions=8),
    Kind("regions drift apart", drift=0.003),
)
REAL = "GeoLift's cities"
NOISE = 0.04
"""sd of a region's own noise, as a share of what it sells."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test.

    Attributes
    ----------
    outcome
        Shape (period, region); the test is in its last `WINDOW` periods.
    treated
        Shape (region,).
    lift
        What it brought in all.
    """

    outcome: Floats
    treated: Flags
    lift: float

    @property
    def without(self) -> float:
        """What the treated regions would have sold in the window."""
        return float(self.outcome[-WINDOW:, self.treated].sum()) - self.lift


def made_up(kind: Kind, seed: int) -> Case:
    """Regions that share a course, each as strongly as it does, with noise of their own."""
    rng = np.random.default_rng([seed, len(kind.name)])
    days = HISTORY + WINDOW
    size = 1000.0 * np.exp(0.6 * rng.normal(size=kind.regions))
    course = 0.1 * np.sin(2 * np.pi * (np.arange(days) / 365 + rng.uniform()))
    course += (
        np.tile(0.1 * rng.normal(size=7), days // 7 + 1)[:days]
        + 0.03 * with_memory(rng, (days, 1), 0.9).ravel()
    )
    loading = rng.normal(1.0, 0.2, kind.regions)
    noise = NOISE * with_memory(rng, (days, kind.regions), kind.memory, kind.tails)
    drift = np.cumsum(kind.drift * rng.normal(size=(days, kind.regions)), axis=0)
    outcome = size * np.exp(loading * course[:, None] + noise + drift)
    return lifted(outcome, drawn(outcome, rng))


def with_memory(
    rng: np.random.Generator, shape: tuple[int, int], memory: float, tails: float = 0.0
) -> Floats:
    """Noise of variance one with a correlation from one period to the next."""
    out = rng.standard_t(tails, shape) / np.sqrt(tails / (tails - 2)) if tails else rng.normal(size=shape)
    for i in range(1, shape[0]):
        out[i] = memory * out[i - 1] + np.sqrt(1 - memory**2) * out[i]
    return out


def of_geolift(seed: int) -> Case:
    """The days before the test in GeoLift's walkthrough, the window one of their last three; cities drawn anew."""
    rng = np.random.default_rng(seed)
    daily = pd.read_csv(HERE.parent / "data/samples/geolift_test.csv", index_col="date")
    before = daily.loc[:"2021-03-31"].to_numpy(float)
    outcome = before[: len(before) - WINDOW * int(rng.integers(3))]
    return lifted(outcome, drawn(outcome, rng))


def drawn(outcome: Floats, rng: np.random.Generator) -> Flags:
    """Every fourth region treated: one of each four that follow each other by size."""
    order = np.argsort(-outcome.mean(axis=0))
    treated = np.zeros(outcome.shape[1], dtype=bool)
    for first in range(0, len(order), 4):
        treated[rng.choice(order[first : first + 4])] = True
    return treated


def lifted(outcome: Floats, treated: Flags) -> Case:
    """The test with its lift in it."""
    more = np.zeros_like(outcome)
    more[-WINDOW:, treated] = LIFT * outcome[-WINDOW:, treated]
    return Case(outcome + more, treated, float(more.sum()))


def cases(name: str) -> Iterator[Case]:
    """All tests of a kind."""
    kinds = {kind.name: kind for kind in KINDS}
    for seed in range(PANELS):
        yield of_geolift(seed) if name == REAL else made_up(kinds[name], seed)


# --- reading them ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """What one method said of one test; without a range `lo` and `hi` are nan, without an answer `effect` too."""

    kind: str
    seed: int
    side: str
    effect: float
    lo: float
    hi: float
    lift: float
    without: float
    seconds: float


def measure() -> None:
    """Read every test with every side; what is in `out/geo_tests.jsonl` already stays."""
    OUT.mkdir(exist_ok=True)
    done = {(line.kind, line.side) for line in lines()}
    for name in (*(kind.name for kind in KINDS), REAL):
        some = list(cases(name))
        if (name, "readout") not in done:
            keep([line for seed, case in enumerate(some) for line in ours(name, seed, case)])
        for side in PEER_SCRIPTS:
            if (name, side) not in done:
                keep(theirs(side, name, some))
        print(name, flush=True)


def ours(kind: str, seed: int, case: Case) -> list[Line]:
    """The readout's own lines: its result, and the methods beside it."""
    design, arms = placed(case)
    began = time.process_time()
    found = read_out(design, arms, [])
    seconds = time.process_time() - began
    told = [("readout", found.effect, found.lo, found.hi)]
    for other in found.beside:
        df = len(design.pairs) - 1 if other.method == "trimmed match" else found.df
        half = float(student_t.ppf(0.95, df)) * other.se
        told.append((other.method, other.effect, other.effect - half, other.effect + half))
    return [Line(kind, seed, *one, case.lift, case.without, seconds) for one in told]


def placed(case: Case) -> tuple[Design, Arms]:
    """The test as the readout sees it: pairs of neighbours in size, more money in each treated region by its size."""
    days, regions = case.outcome.shape
    order = np.argsort(~case.treated, kind="stable")
    names = tuple(f"region {g}" for g in order)
    count = int(case.treated.sum())
    outcome = case.outcome[:, order]
    spend = np.zeros_like(outcome)
    spend[-WINDOW:, :count] = outcome[:-WINDOW, :count].mean(axis=0)
    dates = np.datetime64("2024-01-01") + np.arange(days)
    pairs = tuple((names[a], names[b]) for a, b in neighbours(outcome.mean(axis=0), count))
    start, end = dates[-WINDOW], dates[-1]
    design = Design(
        "test", "", "channel", "", "", names[:count], (), pairs, start, end, 0, float(spend.sum())
    )
    arms = Arms(
        dates=dates,
        pre=days - WINDOW,
        stop=days,
        cells=(0,),
        treated=tuple(range(count)),
        control=tuple(range(count, regions)),
        names=names,
        outcome=outcome,
        spend=spend,
        unit_value=None,
        year=365,
        removed=np.zeros_like(outcome),
    )
    return design, arms


def neighbours(sizes: Floats, count: int) -> list[tuple[int, int]]:
    """Each of the first regions with one of the others, the nearest in size that is left; the largest choose first."""
    left = list(range(count, len(sizes)))
    pairs = []
    for one in np.argsort(-sizes[:count]).tolist():
        other = min(left, key=lambda g: abs(np.log(sizes[g] / sizes[one])))
        left.remove(other)
        pairs.append((one, other))
    return pairs


def theirs(side: str, kind: str, some: list[Case]) -> list[Line]:
    """A peer in its own environment; all tests of a kind in one process, so that it compiles once."""
    source, target = OUT / f"geo_tests-{side}-in.json", OUT / f"geo_tests-{side}-out.json"
    told = [
        {"outcome": case.outcome.tolist(), "treated": case.treated.tolist(), "window": WINDOW}
        for case in some
    ]
    source.write_text(json.dumps(told), encoding="utf-8")
    subprocess.run(
        [python_of(side), PEER_SCRIPTS[side], source, target], check=True, env=environment_of(side)
    )
    answers = json.loads(target.read_text(encoding="utf-8"))
    return [
        Line(
            kind, seed, side, *(answer[name] for name in ("effect", "lo", "hi")), case.lift, case.without,
            answer["seconds"],
        )
        for seed, (case, answer) in enumerate(zip(some, answers, strict=True))
    ]  # fmt: skip


def keep(found: list[Line]) -> None:
    """Add lines to `out/geo_tests.jsonl`."""
    with LINES.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(line)) + "\n" for line in found)


def lines() -> list[Line]:
    """What is measured already."""
    if not LINES.exists():
        return []
    return [Line(**json.loads(line)) for line in LINES.read_text(encoding="utf-8").splitlines()]


# --- the table ---------------------------------------------------------------------------------------------------

NAMES = {
    "readout": "mmm-planner: the readout",
    "synthetic control": "mmm-planner: synthetic control",
    "synthetic difference in differences": "mmm-planner: synthetic DiD",
    "trimmed match": "mmm-planner: trimmed match",
    "meridian-geox": "meridian-geox: TBR",
    "pysyncon": "pysyncon: synthetic control",
}


def summary(found: list[Line]) -> dict[str, Any]:
    """How far estimates are off, and what ranges hold, in shares of what would have been sold."""
    share = np.array([[line.effect, line.lo, line.hi, line.lift] for line in found], dtype=float)
    share /= np.array([line.without for line in found])[:, None]
    effect, lo, hi, lift = share.T
    ranged = np.isfinite(lo) & np.isfinite(hi)
    return {
        "tests": len(found),
        "answers": int(np.isfinite(effect).sum()),
        "ranges": int(ranged.sum()),
        "bias": float(np.nanmean(effect - lift)) if np.isfinite(effect).any() else np.nan,
        "error": float(np.sqrt(np.nanmean((effect - lift) ** 2))) if np.isfinite(effect).any() else np.nan,
        "holds": float(((lo <= lift) & (lift <= hi))[ranged].mean()) if ranged.any() else np.nan,
        "width": float(np.median((hi - lo)[ranged])) if ranged.any() else np.nan,
        "seen": float((lo > 0)[ranged].mean()) if ranged.any() else np.nan,
        "seconds": float(np.median([line.seconds for line in found])),
    }


def table(found: list[Line]) -> str:
    """Every kind and side."""
    rows = []
    for name in (*(kind.name for kind in KINDS), REAL):
        for side, told in NAMES.items():
            some = [line for line in found if line.kind == name and line.side == side]
            if not some:
                continue
            s = summary(some)
            own = side in OTHERS
            rows.append(
                [
                    name,
                    told,
                    f"{s['answers']} of {s['tests']}",
                    *(percent(s[part], 1) for part in ("bias", "error")),
                    f"{percent(s['holds'])}" + ("" if s["ranges"] == s["answers"] else f" of {s['ranges']}"),
                    percent(s["width"], 1),
                    percent(s["seen"]),
                    "" if own else f"{s['seconds']:.2f}",
                ]
            )
    head = [
        "panels", "side", "answers", "mean error", "root mean square error", "90 % range holds the lift",
        "median width of it", "lift of 5 % seen", "CPU s",
    ]  # fmt: skip
    return markdown(head, rows)


def percent(value: float, digits: int = 0) -> str:
    """A share as text; nothing where there is none."""
    return "-" if not np.isfinite(value) else f"{100 * value:.{digits}f} %"
