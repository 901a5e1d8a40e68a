"""The table of decisions: what the plan of each side brings on true curves, with a bootstrap by world."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.decisions import Decision
from benchmarks.recovery import KNOWN_KINDS, SIDES
from benchmarks.recovery_tables import bootstrap
from benchmarks.tables import NAMES, markdown

TOLERANCE = 0.005
"""A plan is not worse than today's mix where it loses less than this share of what media bring."""
NOTHING_YET = "Not measured yet."

_Found = dict[str, Decision]
"""Decisions of one side and plan, by world."""


def decisions_table(found: Sequence[Decision], seed: int = 1) -> str:
    """A row by side and plan, on the worlds that every side has; then today's mix, which gains nothing."""
    sides = [side for side in SIDES if any(one.side == side for one in found)]
    worlds = _common(found, sides)
    if not worlds:
        return NOTHING_YET
    rows = []
    for plan, said in (("default", ""), ("free", ", no guard"), ("by-roi", ": by its ROI")):
        for side in sides:
            mine = _of(found, side, plan)
            if not mine:
                continue
            made = [mine.get(world, _of(found, side, "default")[world]) for world in worlds]
            rows.append([f"{NAMES[side]}{said}", *_cells(made, plan == "default", seed)])
    possible = np.array([_of(found, sides[0], "default")[world].possible for world in worlds])
    rows.append(
        [
            "today's mix",
            str(len(worlds)),
            "-",
            _interval(possible, seed),
            "0",
            "0%",
            "100%",
            _share(possible, np.max),
            "-",
        ]
    )
    head = [
        "who plans", "worlds", "no plan", "regret, % (90 %)", "gain, % (90 %)", "of the possible gain",
        "not worse than today's mix", "largest regret, %", "s",
    ]  # fmt: skip
    return markdown(head, rows)


def regret_ratio(found: Sequence[Decision], seed: int = 1) -> str:
    """Our mean regret over the better peer's, on worlds that every side has, inside the assumptions and in all."""
    sides = [side for side in SIDES if any(one.side == side for one in found)]
    groups: list[tuple[str, Callable[[str], bool]]] = [
        ("inside the assumptions", lambda kind: KNOWN_KINDS[kind].inside),
        ("outside", lambda kind: not KNOWN_KINDS[kind].inside),
        ("all worlds", lambda kind: True),
    ]
    rows = []
    for name, belongs in groups:
        worlds = [world for world in _common(found, sides) if belongs(world.rpartition("-")[0])]
        if len(sides) < 2 or "ours" not in sides or not worlds:
            continue
        regret = {
            side: np.array([_of(found, side, "default")[world].regret for world in worlds]) for side in sides
        }

        def ratio(chosen: np.ndarray, regret: dict[str, np.ndarray] = regret) -> float:
            mean = {side: values[chosen].mean() for side, values in regret.items()}
            return float(mean["ours"] / min(value for side, value in mean.items() if side != "ours"))

        lo, hi = bootstrap(ratio, len(worlds), seed)
        means = [f"{100 * regret[side].mean():.2f}" if side in regret else "-" for side in SIDES]
        rows.append(
            [
                name,
                str(len(worlds)),
                *means,
                f"**{ratio(np.arange(len(worlds))):.2f}**",
                f"{lo:.2f} - {hi:.2f}",
            ]
        )
    head = [
        "mean regret, %",
        "worlds",
        *(NAMES[side] for side in SIDES),
        "ours over the better peer",
        "90 % by bootstrap",
    ]
    return markdown(head, rows) if rows else NOTHING_YET


def _of(found: Sequence[Decision], side: str, plan: str) -> _Found:
    return {one.world: one for one in found if one.side == side and one.plan == plan}


def _common(found: Sequence[Decision], sides: Sequence[str]) -> list[str]:
    """Worlds that every side has a line of."""
    each = [set(_of(found, side, "default")) for side in sides]
    return sorted(set.intersection(*each)) if each else []


def _cells(made: Sequence[Decision], own: bool, seed: int) -> list[str]:
    gain, possible = (np.array([getattr(one, name) for one in made]) for name in ("gain", "possible"))
    seconds = [one.seconds for one in made if np.isfinite(one.seconds)]
    return [
        str(len(made)),
        str(sum(bool(one.failed) for one in made)) if own else "-",
        _interval(possible - gain, seed),
        _interval(gain, seed),
        f"{gain.sum() / possible.sum():.0%}" if possible.sum() > 0 else "-",
        f"{(gain > -TOLERANCE).mean():.0%}",
        _share(possible - gain, np.max),
        f"{np.median(seconds):.1f}" if own and seconds else "-",
    ]


def _interval(values: np.ndarray, seed: int) -> str:
    """Mean in per cent, with its 90 % bootstrap by world."""
    lo, hi = bootstrap(lambda chosen: float(values[chosen].mean()), len(values), seed)
    return f"**{100 * values.mean():.2f}** ({100 * lo:.2f} to {100 * hi:.2f})"


def _share(values: np.ndarray, of: Callable[[np.ndarray], float]) -> str:
    return f"{100 * of(values):.1f}"
