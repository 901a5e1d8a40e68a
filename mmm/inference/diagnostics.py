"""Gates: what a posterior must reach before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass

import arviz as az
import numpy as np
from numpy.typing import NDArray

from mmm.model.settings import GateSettings

Floats = NDArray[np.float64]

NUISANCE_RHAT = 1.05


@dataclass(frozen=True, slots=True)
class Convergence:
    """How well the chains agree.

    Attributes
    ----------
    rhat_max, ess_bulk_min, ess_tail_min
        Over the reported quantities: ROI, marginal ROI (contribution is ROI times spend) and the noise.
    worst
        The reported quantity with the smallest ESS.
    nuisance_rhat_max
        Over everything else.
    divergences, draws
        Counts over all chains.
    """

    rhat_max: float
    ess_bulk_min: float
    ess_tail_min: float
    worst: str
    nuisance_rhat_max: float
    divergences: int
    draws: int

    def faults(self, gates: GateSettings) -> list[str]:
        """What misses the gates, in words; empty when all hold."""
        out = []
        if not self.rhat_max <= gates.rhat:
            out.append(f"R-hat {self.rhat_max:.3f} (gate {gates.rhat:g})")
        if not self.ess_bulk_min >= gates.ess:
            out.append(f"effective sample size {self.ess_bulk_min:.0f} of {self.worst} (gate {gates.ess:g})")
        if not self.nuisance_rhat_max <= NUISANCE_RHAT:
            out.append(
                f"R-hat {self.nuisance_rhat_max:.3f} among the other parameters (gate {NUISANCE_RHAT:g})"
            )
        share = self.divergences / self.draws
        if share > gates.divergences:
            out.append(f"{self.divergences} of {self.draws} draws diverged (gate {gates.divergences:.2%})")
        return out


def converge(reported: dict[str, Floats], nuisance: Floats, divergences: int) -> Convergence:
    """Compare chains.

    Parameters
    ----------
    reported
        Quantities of shape (chain, draw) or (chain, draw, n), by name.
    nuisance
        Everything else, shape (chain, draw, n).
    divergences
        Number of divergent draws.
    """
    bulk, tail, rhat, names = [], [], [], []
    for name, values in reported.items():
        wide = values if values.ndim == 3 else values[:, :, None]
        for i in range(wide.shape[2]):
            series = wide[:, :, i]
            names.append(name if values.ndim == 2 else f"{name}[{i}]")
            bulk.append(_number(az.ess(series, method="bulk")))
            tail.append(_number(az.ess(series, method="tail", prob=(0.05, 0.95))))
            rhat.append(_number(az.rhat(series)))
    moving = [i for i in range(nuisance.shape[2]) if np.ptp(nuisance[:, :, i]) != 0]  # nan is not at rest
    other = [_number(az.rhat(nuisance[:, :, i])) for i in moving]
    # NumPy's max and min keep nan, which no gate lets through; Python's lose it
    return Convergence(
        rhat_max=float(np.max(rhat)),
        ess_bulk_min=float(np.min(bulk)),
        ess_tail_min=float(np.min(tail)),
        worst=names[int(np.argmin(bulk))],
        nuisance_rhat_max=float(np.max(other, initial=1.0)),
        divergences=divergences,
        draws=nuisance.shape[0] * nuisance.shape[1],
    )


def _number(value: object) -> float:
    return float(np.asarray(value))
