"""The likeliest repairs of a fit that did not converge, as lines for the config."""

from __future__ import annotations

from mmm.inference.diagnostics import Convergence
from mmm.model.settings import ModelSettings


def repairs(convergence: Convergence, settings: ModelSettings) -> str:
    """Three repairs, the likeliest first."""
    draws = settings.sampling.draws
    more = f"model: {{sampling: {{draws: {3 * draws}, tune: {2 * settings.sampling.tune}}}}}"
    tighter = "model: {priors: {roi: {sigma: 0.7}}}"
    simpler = "model: {adstock: geometric}"
    order = (
        [
            ("narrower assumptions on returns, where the data say little", tighter),
            ("one carry-over parameter less per cell", simpler),
            ("more and slower draws", more),
        ]
        if convergence.divergences / convergence.draws > settings.gates.divergences
        else [
            ("more draws", more),
            ("narrower assumptions on returns, where the data say little", tighter),
            ("one carry-over parameter less per cell", simpler),
        ]
    )
    lines = [f"{i}. {why}\n     {line}" for i, (why, line) in enumerate(order, start=1)]
    return (
        "The sampler did not reach the gates. Likeliest repairs, as config lines:\n\n"
        + "\n".join(lines)
        + "\n"
    )
