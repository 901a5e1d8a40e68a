"""Arrays of a model into the one flat vector that the kernel reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.model.kernel import HEADER

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KernelData:
    """What the marginal density needs, in model units (per head, scaled).

    Attributes
    ----------
    y
        Scaled outcome over the window, shape (period, geo); any number where `live` is False.
    live
        Periods in the likelihood, shape (period,).
    x
        Scaled exposure per head, shape (lag + period, geo, medium): `lag` leading periods of history.
    mean_lagged
        Mean of x[t - lag] over the medium's active periods, shape (medium, lag + 1).
    spend
        Money of the medium in the window, shape (medium,); for owned media the money its share is of.
    gamma
        Whether the medium's adstock has the gamma exponent, shape (medium,).
    money
        Money per model unit of outcome, shape (period, geo).
    inverse_variance
        Relative precision of each geo's noise, shape (geo,).
    Z
        Design of the linear part, shape (period, geo, column).
    precision
        Prior precision of each coefficient at scale one; 0 is a flat prior. Shape (column,).
    group
        Index of the sampled scale that multiplies the prior sd of the column, or -1. Shape (column,).
    n_groups, weeks_per_period
    """

    y: Floats
    live: NDArray[np.bool_]
    x: Floats
    mean_lagged: Floats
    spend: Floats
    gamma: NDArray[np.bool_]
    money: Floats
    inverse_variance: Floats
    Z: Floats
    precision: Floats
    group: NDArray[np.int64]
    n_groups: int
    weeks_per_period: float

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """(geo, period, medium, lag, column)."""
        T, G = self.y.shape
        return G, T, self.spend.shape[0], self.mean_lagged.shape[1] - 1, self.Z.shape[2]

    @property
    def n_phi(self) -> int:
        """Length of the parameter vector."""
        G, _, M, _, _ = self.shape
        return 5 * M + M * G + 3 + self.n_groups


def ar_structure(live: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """The AR(1) precision's parts: live periods, those with live neighbours on both sides, links to the next.

    A run of live periods is one segment; segments are independent.
    """
    on = live.astype(np.float64)
    link = np.zeros_like(on)
    link[:-1] = on[:-1] * on[1:]
    interior = np.zeros_like(on)
    interior[1:-1] = on[1:-1] * on[:-2] * on[2:]
    return on, interior, link


def _ar_grams(F: Floats, live: Floats, interior: Floats, link: Floats) -> Floats:
    """F' (live, links, interior) F for F of shape (period, column): shape (3, column, column)."""
    cross = (F[:-1] * link[:-1, None]).T @ F[1:]
    return np.stack([(F * live[:, None]).T @ F, cross + cross.T, (F * interior[:, None]).T @ F])


def pack(data: KernelData) -> Floats:
    """The flat vector `mmm.model.kernel.marginal` reads; order as unpacked there."""
    G, T, M, L, p = data.shape
    live, interior, link = ar_structure(data.live)
    segments = float(np.sum(np.diff(np.concatenate([[0.0], live])) > 0))
    iv = data.inverse_variance
    A3 = np.zeros((3, p, p))
    for g in range(G):
        A3 += iv[g] * _ar_grams(data.Z[:, g], live, interior, link)
    B3 = _ar_grams(np.einsum("g,tgp->tp", iv, data.Z), live, interior, link)
    header = np.array([G, T, M, L, p, data.n_groups, live.sum(), segments, data.weeks_per_period * 1e6])
    assert header.size == HEADER
    y = np.where(data.live[:, None], data.y, 0.0)
    parts = [
        header,
        y.T,
        data.x.transpose(2, 1, 0),
        data.mean_lagged,
        data.spend,
        data.gamma,
        data.money.T,
        iv,
        live,
        interior,
        link,
        data.Z.transpose(1, 0, 2),
        A3,
        B3,
        data.precision,
        data.group,
    ]
    return np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in parts])
