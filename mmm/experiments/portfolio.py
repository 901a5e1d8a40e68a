"""Which tests to run together: the best set under a floor, a ceiling, slots and clashes.

What two tests tell overlaps, so sets are valued together. Money that the floor asks for and no test uses is dead: it
costs its price and brings nothing. A set is sought that is worth the most after that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EXACT = 12
"""Candidates up to which every set is looked at."""

CENT = 0.005


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be chosen from, and what a set must keep.

    Attributes
    ----------
    used
        Reserve that each test uses, shape (test,).
    cost
        What each test costs beside what it tells: opportunity and fixed cost, shape (test,); may be below 0.
    clash
        Whether two tests exclude each other, shape (test, test).
    floor, ceiling
        Least and most reserve of all together. The floor cannot always be filled; what is short is dead money.
    slots
        Tests at most.
    price
        What a unit of dead money costs.
    untested
        Whether each test is of a cell that no test has measured, shape (test,): one such test is in every set that can
        have one.
    """

    used: Floats
    cost: Floats
    clash: NDArray[np.bool_]
    floor: float
    ceiling: float
    slots: int
    price: float
    untested: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The best set.

    Attributes
    ----------
    tests
        Indices, the one that adds the most first.
    worth
        Value of what the set tells less its costs, dead money not counted.
    adds
        What each test adds to that beside the others of the set, in the order of `tests`.
    dead
        Reserve of the floor that no test uses.
    exact
        Whether every set was looked at.
    """

    tests: tuple[int, ...]
    worth: float
    adds: tuple[float, ...]
    dead: float
    exact: bool


def choose(choice: Choice, value: Callable[[tuple[int, ...]], float]) -> Chosen:
    """The best set of tests.

    Up to `EXACT` candidates every set is looked at. Beyond, the test that adds the most per unit of reserve comes
    first, then the next, as long as one adds; then tests are swapped, added and dropped while that helps.

    Parameters
    ----------
    value
        What a set tells is worth, for ascending indices; called once for each set.
    """
    known: dict[tuple[int, ...], float] = {(): 0.0}

    def worth(tests: Sequence[int]) -> float:
        key = tuple(sorted(tests))
        if key not in known:
            known[key] = value(key)
        return known[key] - float(choice.cost[list(key)].sum())

    count = len(choice.used)
    if count <= EXACT:
        sets = (
            found
            for size in range(min(choice.slots, count) + 1)
            for found in combinations(range(count), size)
            if allowed(choice, found)
        )
        best = max(sets, key=lambda found: _score(choice, found, worth(found)))
    else:
        best = _improved(choice, _greedy(choice, worth), worth)
    adds = {k: worth(best) - worth([other for other in best if other != k]) for k in best}
    ordered = tuple(sorted(best, key=lambda k: -adds[k]))
    dead = max(0.0, choice.floor - float(choice.used[list(best)].sum()))
    return Chosen(ordered, worth(best), tuple(adds[k] for k in ordered), dead, count <= EXACT)


def allowed(choice: Choice, tests: Sequence[int]) -> bool:
    """Whether a set keeps ceiling, slots and clashes."""
    at = list(tests)
    return (
        len(at) <= choice.slots
        and float(choice.used[at].sum()) <= choice.ceiling + CENT
        and not choice.clash[np.ix_(at, at)].any()
    )


def _score(choice: Choice, tests: Sequence[int], worth: float) -> tuple[bool, float]:
    """What sets are compared by: a slot for something never tested first, then the money."""
    at = list(tests)
    short = max(0.0, choice.floor - float(choice.used[at].sum()))
    has_new = bool(choice.untested[at].any()) or not choice.untested.any()
    return has_new, worth - choice.price * short


def _greedy(choice: Choice, worth: Callable[[Sequence[int]], float]) -> tuple[int, ...]:
    """Add the test that adds the most per unit of reserve, while one adds."""
    found: tuple[int, ...] = ()
    while True:
        here = _score(choice, found, worth(found))[1]
        steps = []
        for k in range(len(choice.used)):
            longer = (*found, k)
            if k in found or not allowed(choice, longer):
                continue
            gain = _score(choice, longer, worth(longer))[1] - here
            steps.append((gain / max(float(choice.used[k]), CENT), gain, longer))
        best = max((step for step in steps if step[1] > 0), default=None)
        if best is None:
            return found
        found = best[2]


def _improved(
    choice: Choice, found: tuple[int, ...], worth: Callable[[Sequence[int]], float]
) -> tuple[int, ...]:
    """Swap, add and drop single tests while the set gets better."""
    while True:
        outside = [k for k in range(len(choice.used)) if k not in found]
        neighbours = [tuple(o for o in found if o != k) for k in found]
        neighbours += [(*found, new) for new in outside]
        neighbours += [(*(o for o in found if o != k), new) for k in found for new in outside]
        reachable = [found, *(tests for tests in neighbours if allowed(choice, tests))]
        best = max(reachable, key=lambda tests: _score(choice, tests, worth(tests)))
        if best == found:
            return found
        found = best
