"""What the other markets say of a channel's return, as a prior for one market: empirical Bayes, leaving it out.

The prior that a market was fitted with is taken out of its posterior first: what is left is what its data said of log
ROI, a normal y with variance v. Over the markets y ~ N(mu, tau^2 + v). Given tau, mu is known in closed form; tau is
summed over a grid with a half-normal prior, so that two or three markets that agree by chance do not make the others
certain. The prediction for a market that is not among them has the mean and variance of that mixture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm.data.panel import Floats

TAU_SD = 0.5
"""Sd of the half-normal prior of how far log returns of one channel lie apart between markets."""

TAUS = np.linspace(0.0, 2.0, 401)

LEAST_LEARNED = 1e-3
"""Share of the prior's precision that data must have added for a result to say anything."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a market's fit says of one cell: mean and sd of log ROI, and of its prior."""

    market: str
    channel: str
    mean: float
    sd: float
    prior_mean: float
    prior_sd: float

    @property
    def learned(self) -> tuple[float, float] | None:
        """What the data alone said, mean and variance; None where they said nothing."""
        more = self.sd**-2 - self.prior_sd**-2
        if more < LEAST_LEARNED * self.prior_sd**-2:
            return None
        return (self.mean * self.sd**-2 - self.prior_mean * self.prior_sd**-2) / more, 1.0 / more


@dataclass(frozen=True, slots=True)
class Belief:
    """The prior of log ROI that others give: mean, sd, and how many results it stands on."""

    mean: float
    sd: float
    others: int

    @property
    def median(self) -> float:
        """Of ROI."""
        return float(np.exp(self.mean))


def predicted(learned: Sequence[tuple[float, float]], prior_mean: float, prior_sd: float) -> Belief:
    """The mean and sd of log ROI in one more market, where some said y with variance v.

    Parameters
    ----------
    learned
        y and v of the other markets.
    prior_mean, prior_sd
        Of the mean over markets, before any result: what the market itself would be believed to return.
    """
    y, v = np.array(learned, dtype=np.float64).reshape(-1, 2).T
    precision = 1.0 / (TAUS[:, None] ** 2 + v)
    spread = 1.0 / (prior_sd**-2 + precision.sum(axis=1))
    centre = spread * (prior_mean * prior_sd**-2 + precision @ y)
    # the likelihood of tau, the mean summed out
    fits = 0.5 * (np.log(precision).sum(axis=1) + np.log(spread) + centre**2 / spread - precision @ y**2)
    weights = _normed(fits - 0.5 * (TAUS / TAU_SD) ** 2)
    mean = float(weights @ centre)
    variance = float(weights @ (spread + TAUS**2 + centre**2)) - mean**2
    return Belief(mean, float(np.sqrt(variance)), len(y))


def _normed(log_weights: Floats) -> Floats:
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def beliefs_of(market: str, results: Sequence[Result]) -> dict[str, Belief]:
    """What the other markets say of each channel of a market; not of channels of which they say nothing.

    A belief is never wider than the market's own prior: others who know nothing take nothing away.
    """
    found = {}
    for own in (result for result in results if result.market == market):
        others = [r.learned for r in results if r.channel == own.channel and r.market != market]
        told = [pair for pair in others if pair is not None]
        if own.channel in found or not told:
            continue
        belief = predicted(told, own.prior_mean, own.prior_sd)
        if belief.sd < own.prior_sd:
            found[own.channel] = belief
    return found


def pooled_table(
    results: Sequence[Result],
    beliefs: Mapping[str, Mapping[str, Belief]],
    alone: Mapping[tuple[str, str], float],
    pooled: Mapping[tuple[str, str], float],
) -> pd.DataFrame:
    """The table `pooled.csv`: what was believed of each channel of each market alone and told by the others.

    Parameters
    ----------
    alone, pooled
        Mean ROI of each market and channel in both fits.

    Returns
    -------
    DataFrame
        market, channel, prior_median, prior_sigma, pooled_median, pooled_sigma, others, roi_alone, roi_pooled.
    """
    rows = []
    for market, channel in dict.fromkeys((r.market, r.channel) for r in results):
        own = next(r for r in results if (r.market, r.channel) == (market, channel))
        belief = beliefs.get(market, {}).get(channel) or Belief(own.prior_mean, own.prior_sd, 0)
        rows.append(
            {
                "market": market,
                "channel": channel,
                "prior_median": float(np.exp(own.prior_mean)),
                "prior_sigma": own.prior_sd,
                "pooled_median": float(np.exp(belief.mean)),
                "pooled_sigma": belief.sd,
                "others": belief.others,
                "roi_alone": alone[market, channel],
                "roi_pooled": pooled[market, channel],
            }
        )
    return pd.DataFrame(rows)
