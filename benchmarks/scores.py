"""How good an estimate of a known ROI is: error, coverage and interval score, all on the log scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, nan

ALPHA = 0.1
LEAST = 1e-3
"""An ROI below this is taken as this before its log is taken."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One channel of one file: what is true and what was found."""

    file: str
    channel: str
    truth: float
    middle: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Score:
    """Estimates put together. `error` and `bias` are in log ROI; a factor is their exponential."""

    channels: int
    bias: float
    error: float
    percent_error: float
    coverage: float
    width: float
    interval_score: float

    @property
    def factor(self) -> float:
        """The mean absolute error as a factor: 1.2 means a fifth too high or too low."""
        return exp(self.error)


def log_error(found: Estimate) -> float:
    """log(estimate / truth)."""
    return _log(found.middle) - _log(found.truth)


def covered(found: Estimate) -> bool:
    """Whether the truth lies inside the 90 % interval, its ends included."""
    return found.lo <= found.truth <= found.hi


def interval_score(found: Estimate, alpha: float = ALPHA) -> float:
    """Width of the interval of log ROI plus 2 / alpha times what the truth lies outside; lower is better.

    Gneiting & Raftery (2007), Strictly Proper Scoring Rules, eq. 43.
    """
    lo, hi, x = _log(found.lo), _log(found.hi), _log(found.truth)
    return hi - lo + 2 / alpha * (max(lo - x, 0.0) + max(x - hi, 0.0))


def score(found: Sequence[Estimate]) -> Score:
    """Means over channels; nan where there are none."""
    if not found:
        return Score(0, nan, nan, nan, nan, nan, nan)
    n = len(found)
    errors = [log_error(f) for f in found]
    return Score(
        channels=n,
        bias=sum(errors) / n,
        error=sum(map(abs, errors)) / n,
        percent_error=sum(abs(f.middle / f.truth - 1) for f in found) / n,
        coverage=sum(map(covered, found)) / n,
        width=sum(_log(f.hi) - _log(f.lo) for f in found) / n,
        interval_score=sum(map(interval_score, found)) / n,
    )


def _log(value: float) -> float:
    return log(max(value, LEAST))
