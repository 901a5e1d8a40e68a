"""What each result will mean, agreed beforehand: thresholds of the return, the action beyond each, and its chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 40
STOP, LOWER, RAISE = 0.10, 0.90, 1.10
"""Shares of the plan's money of the cell: below is stop, cut; above is scale."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One range of results and what follows.

    Attributes
    ----------
    action
        stop, cut, keep or scale; of two versions first or second.
    times
        Money of the tested cells then, as a share of the plan's.
    low, high
        Range of the result, as a return of the money changed; infinite at the ends.
    chance
        How likely a result in this range is.
    """

    action: str
    times: float
    low: float
    high: float
    chance: float


def answers_of(results: Floats, money: Floats, plan: float, moved: float) -> tuple[Answer, ...]:
    """Ranges of the result with one action each, from the least return to the largest.

    The rule's decisions are averaged in forty equal shares of the results and made to rise with the return (pooled
    adjacent violators), so that an answer is a range and not a list.

    Parameters
    ----------
    results
        Simulated effects, shape (result,).
    money
        Money of the tested cells that the rule decides on, shape (result,).
    plan
        Their money in the plan.
    moved
        Money that the effect belongs to, negative where it is taken away.
    """
    returns = results / moved
    order = np.argsort(returns, kind="stable")
    parts = np.array_split(order, min(BINS, len(order)))
    level = rising(np.array([money[part].mean() for part in parts])) / max(plan, 1e-9)
    named = [_action(times) for times in level]
    found: list[Answer] = []
    begin = 0
    for k in range(1, len(parts) + 1):
        if k < len(parts) and named[k] == named[begin]:
            continue
        low = -np.inf if begin == 0 else _between(returns, parts[begin - 1], parts[begin])
        high = np.inf if k == len(parts) else _between(returns, parts[k - 1], parts[k])
        held = np.concatenate(parts[begin:k])
        times = float(np.average(level[begin:k], weights=[len(part) for part in parts[begin:k]]))
        found.append(Answer(named[begin], times, float(low), float(high), len(held) / len(order)))
        begin = k
    return tuple(found)


def rising(values: Floats) -> Floats:
    """The nearest sequence that never falls, in least squares (pooled adjacent violators)."""
    blocks: list[list[float]] = []
    for value in values:
        blocks.append([float(value), 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            before, many = blocks.pop()
            blocks.append([(mean * count + before * many) / (count + many), count + many])
    return np.concatenate([np.full(int(count), mean) for mean, count in blocks])


def in_words(answers: tuple[Answer, ...]) -> str:
    """The answers as one line: `below 1.40: cut to 0.6 x (22 %); ...`."""
    return "; ".join(f"{range_in_words(a)}: {action_in_words(a)} ({100 * a.chance:.0f} %)" for a in answers)


def range_in_words(answer: Answer) -> str:
    """The range of one answer."""
    if np.isinf(answer.low) and np.isinf(answer.high):
        return "whatever comes out"
    if np.isinf(answer.low):
        return f"below {answer.high:.2f}"
    if np.isinf(answer.high):
        return f"above {answer.low:.2f}"
    return f"{answer.low:.2f} to {answer.high:.2f}"


def action_in_words(answer: Answer) -> str:
    """What follows from one answer."""
    if answer.action in ("cut", "scale"):
        return f"{answer.action} to {answer.times:.1f} x"
    if answer.action in ("first", "second"):
        return f"the {answer.action} version for all"
    return answer.action


def _action(times: float) -> str:
    if times < STOP:
        return "stop"
    if times < LOWER:
        return "cut"
    return "scale" if times > RAISE else "keep"


def _between(returns: Floats, before: NDArray[np.int64], after: NDArray[np.int64]) -> float:
    """The threshold between two neighbouring parts."""
    return float((returns[before].max() + returns[after].min()) / 2)
