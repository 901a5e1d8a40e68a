"""The likeliest repairs of a fit that did not converge, as lines for the config."""

from __future__ import annotations

from mmm.inference.diagnostics import Convergence
from mmm.model.settings import ModelSettings

MOST = 20_000
"""Draws or tuning draws per chain that the config takes."""


def repairs(convergence: Convergence, settings: ModelSettings) -> str:
    """Three repairs, the likeliest first."""
    draws, tune = (
        min(times * now, MOST) for times, now in ((3, settings.sampling.draws), (2, settings.sampling.tune))
    )
    more = f"model: {{sampling: {{draws: {draws}, tune: {tune}}}}}"
    tighter = (
        f"model: {{priors: {{roi: {{sigma: {round(min(0.7, 0.7 * settings.priors.roi.sigma), 2):g}}}}}}}"
    )
    if set(settings.adstock.values()) == {"geometric"}:  # as simple as it gets
        simpler = f"model: {{max_lag: {max(1, settings.max_lag // 2)}}}"
        why_simpler = "a shorter carry-over"
    else:
        simpler, why_simpler = "model: {adstock: geometric}", "one carry-over parameter less per cell"
    order = (
        [
            ("narrower assumptions on returns, where the data say little", tighter),
            (why_simpler, simpler),
            ("more and slower draws", more),
        ]
        if convergence.divergences / convergence.draws > settings.gates.divergences
        else [
            ("more draws", more),
            ("narrower assumptions on returns, where the data say little", tighter),
            (why_simpler, simpler),
        ]
    )
    lines = [f"{i}. {why}\n     {line}" for i, (why, line) in enumerate(order, start=1)]
    return (
        "The sampler did not reach the gates. Likeliest repairs, as config lines:\n\n"
        + "\n".join(lines)
        + "\n"
    )
