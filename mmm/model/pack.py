"""Arrays of a model into the one flat vector that the kernel reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.model.calibration import Lift, packed_lifts, tested_media
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
    adstock, saturation
        Codes of each medium's carry-over and saturation (`mmm.model.shapes`), shape (medium,).
    measure, unit
        What the first parameter of each medium is (`mmm.model.shapes`), and the ROI at which a signed one is 1 (1
        of the others), shape (medium,).
    money
        Money per model unit of outcome, shape (period, geo).
    demand
        What media are multiplied by: an outside index over its mean, shape (period, geo); 1 without one.
    inverse_variance
        Relative precision of each geo's noise, shape (geo,).
    Z
        Design of the linear part, shape (period, geo, column): common columns, dense ones, contrasts of geos.
    n_dense
        Number of columns that differ by geo (controls), just before the contrasts.
    own
        What each contrast of geos has for itself (level, line, first harmonic), shape (period, q); q = 0
        in a national model. The last (geo - 1) q columns of Z are `rotation`'s contrasts of it.
    precision
        Prior precision of each coefficient at scale one; 0 is a flat prior. Shape (column,).
    group
        Index of the sampled scale that multiplies the prior sd of the column, or -1. Shape (column,).
    n_groups, weeks_per_period
    lifts
        Experiments in the likelihood.
    student_t
        Whether each period has a weight of its own, the log of which is a parameter (`mmm.model.weights`).
    """

    y: Floats
    live: NDArray[np.bool_]
    x: Floats
    mean_lagged: Floats
    spend: Floats
    adstock: NDArray[np.int64]
    saturation: NDArray[np.int64]
    measure: NDArray[np.int64]
    unit: Floats
    money: Floats
    demand: Floats
    inverse_variance: Floats
    Z: Floats
    n_dense: int
    own: Floats
    precision: Floats
    group: NDArray[np.int64]
    n_groups: int
    weeks_per_period: float
    lifts: tuple[Lift, ...] = ()
    student_t: bool = False

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """(geo, period, medium, lag, column)."""
        T, G = self.y.shape
        return G, T, self.spend.shape[0], self.mean_lagged.shape[1] - 1, self.Z.shape[2]

    @property
    def worth(self) -> Floats:
        """Money of what media bring at a demand of one, by period; shape (period, geo)."""
        return self.money * self.demand

    @property
    def n_phi(self) -> int:
        """Length of the parameter vector."""
        G, _, M, _, _ = self.shape
        return 5 * M + M * G + 3 + self.n_groups + self.n_weights + len(self.tested)

    @property
    def n_weights(self) -> int:
        """Periods with a weight of their own: all, or none where the noise is normal."""
        return self.y.shape[0] if self.student_t else 0

    @property
    def tested(self) -> tuple[int, ...]:
        """Media that some experiment tests; each has a structural gap at the end of the parameter vector."""
        return tested_media(self.lifts)


def with_column(data: KernelData, column: Floats, sd: float) -> KernelData:
    """The same model with one more column of the linear part, which differs by geo.

    Parameters
    ----------
    column
        Shape (period, geo).
    sd
        Of its coefficient before the data.
    """
    G, _, _, _, columns = data.shape
    at = columns - (G - 1) * (data.own.shape[1] if G > 1 else 0)  # before the contrasts of geos
    return replace(
        data,
        Z=np.insert(data.Z, at, column, axis=2),
        n_dense=data.n_dense + 1,
        precision=np.insert(data.precision, at, sd**-2),
        group=np.insert(data.group, at, -1),
    )


def ar_structure(live: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """The AR(1) precision's parts: live periods, their live neighbours less one, links to the next.

    A run of live periods is one segment; segments are independent. The precision's diagonal is
    (1 + neighbours_less_one * rho^2) / (1 - rho^2): 1 / (1 - rho^2) at an end, and 1 for a period on its own.
    """
    on = live.astype(np.float64)
    link = np.zeros_like(on)
    link[:-1] = on[:-1] * on[1:]
    neighbours = link.copy()
    neighbours[1:] += link[:-1]
    return on, on * (neighbours - 1.0), link


def _ar_grams(F: Floats, live: Floats, interior: Floats, link: Floats) -> Floats:
    """F' (live, links, interior) F for F of shape (period, column): shape (3, column, column)."""
    cross = (F[:-1] * link[:-1, None]).T @ F[1:]
    return np.stack([(F * live[:, None]).T @ F, cross + cross.T, (F * interior[:, None]).T @ F])


def rotation(inverse_variance: Floats) -> Floats:
    """Orthogonal rows over geos after scaling by the root of the precision; shape (geo, geo).

    Row 0 is proportional to the precision: it alone sees what all geos have in common. The rest are contrasts.
    """
    root = np.sqrt(inverse_variance)
    G = root.size
    basis = np.eye(G)
    basis[:, 0] = root
    orthogonal = np.linalg.qr(basis)[0]
    orthogonal *= np.sign(orthogonal[:, 0] @ root)
    return orthogonal.T * root


def contrast_columns(own: Floats, inverse_variance: Floats) -> Floats:
    """Design columns of the contrasts, shape (period, geo, (geo - 1) q), contrast by contrast."""
    T, q = own.shape
    G = inverse_variance.size
    loading = (
        rotation(inverse_variance)[1:] / inverse_variance
    )  # (contrast, geo): inverse of the scaled rotation
    return np.einsum("kg,tq->tgkq", loading, own).reshape(T, G, (G - 1) * q)


def pack(data: KernelData) -> Floats:
    """The flat vector `mmm.model.kernel.marginal` reads; order as unpacked there."""
    G, T, M, L, columns = data.shape
    live, interior, link = ar_structure(data.live)
    segments = float(np.sum(np.diff(np.concatenate([[0.0], live])) > 0))
    iv = data.inverse_variance
    turn = rotation(iv)
    q = data.own.shape[1] if G > 1 else 0
    contrasts = G - 1 if q else 0
    p = columns - contrasts * q
    head = np.einsum("kg,tgp->ktp", turn, data.Z[:, :, :p])
    dense = head[1 : contrasts + 1, :, p - data.n_dense :]
    own = data.own[:, :q]
    gram_dense = np.zeros((3, data.n_dense, data.n_dense))
    cross = np.zeros((3, contrasts, q, data.n_dense))
    for k in range(contrasts):
        joined = _ar_grams(np.concatenate([own, dense[k]], axis=1), live, interior, link)
        gram_dense += joined[:, q:, q:]
        cross[:, k] = joined[:, :q, q:]
    experiments = packed_lifts(data.lifts, data.n_phi - len(data.tested))
    header = np.array(
        [
            *(G, T, M, L, p, data.n_dense, q, data.n_groups),
            *(live.sum(), segments, data.weeks_per_period, np.log(iv).sum(), iv.sum()),
            *(len(data.lifts), experiments.size, data.n_weights),
        ]
    )
    assert header.size == HEADER
    y = np.where(data.live[:, None], data.y, 0.0)
    parts = [
        header,
        y.T,
        data.x.transpose(2, 1, 0),
        data.mean_lagged,
        data.spend * data.unit,
        data.adstock,
        data.saturation,
        data.measure,
        data.worth.T,
        data.demand.T,
        experiments,
        live,
        interior,
        link,
        turn,
        head[0],
        dense,
        own,
        _ar_grams(head[0], live, interior, link),
        gram_dense,
        _ar_grams(own, live, interior, link),
        cross,
        data.precision[:p],
        data.group[:p],
        data.precision[p : p + q],
        data.group[p : p + q],
    ]
    return np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in parts])
