"""The tables of the recovery benchmark: by kind and side, pooled with a bootstrap by world, and the ablation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from benchmarks.decisions import Decision
from benchmarks.recovery import KNOWN_KINDS, SIDES, VARIANTS, Fit
from benchmarks.scores import covered, interval_score, log_error
from benchmarks.tables import NAMES, markdown

RESAMPLES = 4000
LIKELY = 0.10
"""A cell that brings nothing is told right where its chance to be above 1 stays below this."""

FEWEST = 10
"""Worlds that a side needs to stand in the tables: of fewer nothing can be said."""
NOTHING_YET = "Not measured yet: there is no world that both sides of this comparison have."


@dataclass(frozen=True, slots=True)
class Pooled:
    """Means over cells of some fits: of log ROI interval score, coverage and absolute error; the same of log mROI."""

    worlds: int
    cells: int
    score: float
    coverage: float
    error: float
    marginal_score: float
    marginal_coverage: float
    nothing: str
    refused: int
    seconds: float


def worlds_enough[Line: (Fit, Decision)](found: Sequence[Line]) -> list[Line]:
    """Lines of the sides that have worlds enough."""
    worlds: dict[str, set[str]] = {}
    for line in found:
        worlds.setdefault(line.side, set()).add(line.world)
    return [line for line in found if len(worlds[line.side]) >= FEWEST]


def pool(found: Sequence[Fit]) -> Pooled:
    """Put fits of one side together; the cells of a refused fit have the prior's score and count as missed."""
    missed = {fit.world for fit in found if fit.refused}
    roi = [cell for fit in found for cell in fit.roi]
    mroi = [cell for fit in found for cell in fit.mroi]
    nothing = [chance for fit in found for chance in fit.nothing]
    return Pooled(
        worlds=len(found),
        cells=len(roi),
        score=_mean([interval_score(cell) for cell in roi]),
        coverage=_mean([covered(cell) and cell.file not in missed for cell in roi]),
        error=_mean([abs(log_error(cell)) for cell in roi]),
        marginal_score=_mean([interval_score(cell) for cell in mroi]),
        marginal_coverage=_mean([covered(cell) and cell.file not in missed for cell in mroi]),
        nothing=f"{sum(chance < LIKELY for chance in nothing)} of {len(nothing)}" if nothing else "-",
        refused=len(missed),
        seconds=float(np.median([fit.seconds for fit in found])) if found else nan,
    )


def kinds_table(found: Sequence[Fit]) -> str:
    """A row by kind and side, then all kinds inside the assumptions, outside, and together."""
    groups: list[tuple[str, Callable[[Fit], bool]]] = [
        (name, lambda fit, name=name: fit.kind == name) for name in KNOWN_KINDS
    ]
    groups += [
        ("**inside**", lambda fit: KNOWN_KINDS[fit.kind].inside),
        ("**outside**", lambda fit: not KNOWN_KINDS[fit.kind].inside),
        ("**all**", lambda fit: True),
    ]
    rows = []
    for name, belongs in groups:
        for side in SIDES:
            mine = [f for f in found if f.side == side and f.variant == "default" and belongs(f)]
            if mine:
                rows.append([name, NAMES[side], *_cells(pool(mine))])
    return markdown(["kind", "side", *_HEAD], rows)


_HEAD = [
    "worlds", "cells", "interval score", "90 % coverage", "abs log error", "score of mROI", "coverage of mROI",
    "nothing told", "refused", "s",
]  # fmt: skip


def _cells(p: Pooled) -> list[str]:
    return [
        str(p.worlds), str(p.cells), f"{p.score:.2f}", f"{p.coverage:.0%}", f"{p.error:.2f}", f"{p.marginal_score:.2f}",
        f"{p.marginal_coverage:.0%}", p.nothing, str(p.refused), f"{p.seconds:.1f}",
    ]  # fmt: skip


def ratios(found: Sequence[Fit], seed: int = 1) -> str:
    """Ours over the better peer, on worlds that every side of the comparison has; 90 % bootstrap by world."""
    rows = []
    for name, values in _MEASURES.items():
        by_side = {side: _by_world(found, side, "default", values) for side in SIDES}
        peers = [side for side in SIDES[1:] if by_side[side]]
        worlds = sorted(set.intersection(*(set(by_side[side]) for side in ("ours", *peers))))
        if not peers or not worlds:
            continue
        sums = {side: np.array([by_side[side][w] for w in worlds]) for side in ("ours", *peers)}

        def ratio(chosen: np.ndarray, sums: dict[str, np.ndarray] = sums, peers: list[str] = peers) -> float:
            mean = {side: (t := both[chosen].sum(axis=0))[0] / t[1] for side, both in sums.items()}
            return mean["ours"] / min(mean[side] for side in peers)

        lo, hi = bootstrap(ratio, len(worlds), seed)
        everything = np.arange(len(worlds))
        rows.append([name, str(len(worlds)), f"**{ratio(everything):.2f}**", f"{lo:.2f} - {hi:.2f}"])
    head = ["ours over the better peer", "worlds", "ratio", "90 % by bootstrap"]
    return markdown(head, rows) if rows else NOTHING_YET


def ablation_table(found: Sequence[Fit], seed: int = 1) -> str:
    """Each default off in turn, on the worlds that both it and the default have."""
    values = _MEASURES["interval score of log ROI"]
    base = _by_world(found, "ours", "default", values)
    rows = []
    for variant in VARIANTS:
        other = _by_world(found, "ours", variant, values)
        worlds = sorted(set(base) & set(other))
        if not worlds:
            continue
        ours, off = (np.array([side[w] for w in worlds]) for side in (base, other))

        def more(chosen: np.ndarray, ours: np.ndarray = ours, off: np.ndarray = off) -> float:
            a, b = off[chosen].sum(axis=0), ours[chosen].sum(axis=0)
            return a[0] / a[1] - b[0] / b[1]

        lo, hi = bootstrap(more, len(worlds), seed)
        here = [f for f in found if f.side == "ours" and f.world in worlds]
        on, without = (pool([f for f in here if f.variant == name]) for name in ("default", variant))
        rows.append(
            [
                variant, str(len(worlds)), f"{on.score:.2f}", f"{without.score:.2f}",
                f"{more(np.arange(len(worlds))):+.2f} ({lo:+.2f} to {hi:+.2f})", f"{on.coverage:.0%}",
                f"{without.coverage:.0%}", f"{on.error:.2f}", f"{without.error:.2f}",
            ]
        )  # fmt: skip
    head = [
        "off", "worlds", "score with", "score without", "difference (90 % by bootstrap)", "coverage with", "without",
        "abs log error with", "without",
    ]  # fmt: skip
    return markdown(head, rows) if rows else NOTHING_YET


def measured_line(found: Sequence[Fit]) -> str:
    """When, on what, and how many worlds it rests on."""
    days = sorted({fit.measured for fit in found})
    worlds = len({fit.world for fit in found if fit.side == "ours" and fit.variant == "default"})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    on = "; ".join(dict.fromkeys(fit.machine for fit in found))
    return f"Measured {span} on {on}. Our default rests on {worlds} worlds."


_MEASURES: dict[str, Callable[[Fit], list[float]]] = {
    "interval score of log ROI": lambda fit: [interval_score(cell) for cell in fit.roi],
    "absolute error of log ROI": lambda fit: [abs(log_error(cell)) for cell in fit.roi],
    "interval score of log mROI": lambda fit: [interval_score(cell) for cell in fit.mroi],
}


def _by_world(
    found: Sequence[Fit], side: str, variant: str, values: Callable[[Fit], list[float]]
) -> dict[str, tuple[float, int]]:
    """Sum and count over the cells of each world that has any."""
    mine = {fit.world: values(fit) for fit in found if fit.side == side and fit.variant == variant}
    return {world: (sum(v), len(v)) for world, v in mine.items() if v}


def bootstrap(statistic: Callable[[np.ndarray], float], worlds: int, seed: int) -> tuple[float, float]:
    """5 % and 95 % quantile of a statistic of worlds drawn anew; it takes their positions."""
    rng = np.random.default_rng(seed)
    drawn = [statistic(rng.integers(worlds, size=worlds)) for _ in range(RESAMPLES)]
    lo, hi = np.quantile(drawn, [0.05, 0.95])
    return float(lo), float(hi)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else nan
