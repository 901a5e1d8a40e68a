"""The forward map: from exposure to outcome, per draw. NumPy and numba only; nothing here knows PyMC.

effect[d, t, g, c] = ceiling[d, g, c] * S( sum_l weights[d, c, l] * exposure[t - l, g, c] / scale[g, c] )
S(s) = s^slope / (s^slope + half^slope),  S(0) = 0
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.dims import Cell

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MediaDraws:
    """Posterior draws of the media curves of paid cells, causal (structural error taken out).

    Attributes
    ----------
    cells, geos
        Names of the axes.
    weights
        Adstock weights, shape (draw, cell, lag), each row sums to 1; lag 0 is the same period.
    half, slope
        Hill half-saturation (in scaled adstocked exposure) and exponent, shape (draw, cell).
    ceiling
        Outcome units per period at full saturation, shape (draw, geo, cell).
    scale
        Exposure that counts as one, shape (geo, cell).
    """

    cells: tuple[Cell, ...]
    geos: tuple[str, ...]
    weights: Floats
    half: Floats
    slope: Floats
    ceiling: Floats
    scale: Floats

    @property
    def draws(self) -> int:
        """Number of posterior draws."""
        return int(self.half.shape[0])

    @property
    def lags(self) -> int:
        """Number of lags, the same period included: carry-over reaches `lags - 1` periods."""
        return int(self.weights.shape[2])

    def thin(self, count: int) -> MediaDraws:
        """At most `count` draws, evenly spaced."""
        if count >= self.draws:
            return self
        keep = np.linspace(0, self.draws - 1, count).round().astype(int)
        return MediaDraws(
            self.cells,
            self.geos,
            self.weights[keep],
            self.half[keep],
            self.slope[keep],
            self.ceiling[keep],
            self.scale,
        )
