"""The priors as a table: free coordinates of the sampler, and how each parameter of the kernel hangs on them.

    parent i     v_i = sd_i Phi^-1( below_i + within_i Phi(q_i) ),  q_i unit normal; or the logarithm of the value
                 below which a gamma variable of shape and rate 2 has the chance Phi(q_i)
    parameter j  phi_j = link( centre_j + sqrt(variance_j + v_scale^2) v_own + weight_j v_common + error_j v_gap )

Every free coordinate is unit normal under the priors, also where its parent is cut off or half-normal. A logarithm of
the distance from a cut would do as well on paper, but where the data favour the cut the sampler walks along its
exponential tail for hundreds of draws; here the tail is that of a normal.

`mmm.model.density` reads the table packed into one vector; `mmm.model.graph` states the same priors in PyMC.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaincinv, ndtr, ndtri

from mmm.model.baseline import SCALE_PRIORS
from mmm.model.layout import Layout
from mmm.model.priors import (
    ATANH_RHO,
    GEO_SD,
    LOG_KAPPA,
    LOG_SIGMA,
    LOG_SQRT_LAMBDA,
    SIBLING_SD,
    SIBLING_SHARE,
    STUDENT_DF,
)

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

IDENTITY, TANH = 0, 1

PARENT, PARAMETER = (
    ("below", "within", "above", "sd", "gamma"),
    ("centre", "variance", "own", "scale", "weight", "common", "error", "gap", "link"),
)
"""Columns of the two halves of the packed table."""


@dataclass(frozen=True, slots=True)
class Parents:
    """Priors of one layout.

    Attributes
    ----------
    places
        Free coordinates of each variable of the PyMC model, in its names and its order within a variable.
    parents
        Of each free coordinate, shape (free coordinate, 5): the share of a unit normal cut off below, what is left of
        it, the share cut off above (1 less the other two, kept apart for its digits), the sd of the whole normal, and
        1 where the value is the logarithm of a gamma variable instead.
    parameters
        Centre, variance, own parent, scale parent, weight, common parent, error, parent of the structural gap and link
        of each parameter of the kernel, shape (phi, 9); a parent of -1 is none. The gap of a medium is integrated into
        the variance unless some experiment tests the medium: then the panel sees it and the experiment does not.
    """

    places: dict[str, Rows]
    parents: Floats
    parameters: Floats

    def packed(self) -> Floats:
        """Both halves as one vector, lengths first."""
        return np.concatenate(
            [
                [len(self.parents), len(self.parameters)],
                self.parents.ravel(),
                self.parameters.ravel(),
            ]
        )

    def values(self, free: Floats) -> Floats:
        """Values of the parents at free coordinates, shape (..., free coordinate)."""
        below, within, above, sd, gamma = self.parents.T
        shape = STUDENT_DF / 2
        weight = np.where(
            free < 0.0, gammaincinv(shape, ndtr(free)), gammainccinv(shape, ndtr(np.negative(free)))
        )
        normal = np.where(
            free < 0.0, ndtri(below + within * ndtr(free)), -ndtri(above + within * ndtr(-free))
        )
        return np.where(gamma == 1.0, np.log(weight / shape), sd * normal)


def hang(layout: Layout) -> Parents:
    """The table of one layout."""
    G, _, M, _, _ = layout.data.shape
    siblings, curves = layout.siblings, layout.curve_priors
    families = int(siblings.max()) + 1
    shared = siblings >= 0
    tau2 = layout.structural_sd**2
    tested = np.array(layout.data.tested, dtype=np.intp)
    places: dict[str, Rows] = {}
    parents: list[Floats] = []

    def parent(
        name: str,
        n: int,
        *,
        low: float | Floats = -np.inf,
        high: float | Floats = np.inf,
        sd: float = 1.0,
        gamma: float = 0.0,
    ) -> Rows:
        start = sum(len(part) for part in parents)
        columns = (ndtr(low), ndtr(high) - ndtr(low), ndtr(np.negative(high)), sd, gamma)
        parents.append(np.column_stack([np.broadcast_to(column, n) for column in columns]))
        places[name] = np.arange(start, start + n)
        return places[name]

    def common_of(name: str) -> Rows:
        family = parent(name, families)
        return np.where(shared, family[siblings] if families else -1, -1)

    def pooled(name: str, prior: Floats) -> Floats:
        own = parent(f"{name}_z", M)
        spread = np.where(shared, 1.0 - SIBLING_SHARE, 1.0) * prior[1] ** 2
        weight = np.where(shared, np.sqrt(SIBLING_SHARE) * prior[1], 0.0)
        return _rows(prior[0], spread, own, weight=weight, common=common_of(f"{name}_channel_z"))

    roi_own = parent("roi_z", M)
    roi_common = common_of("roi_channel_z")
    sibling_sd = parent("sibling_sd", families, low=0.0, sd=SIBLING_SD)
    gap = np.full(M, -1)
    gap[tested] = parent("gap_z", tested.size)
    roi = _rows(
        layout.log_roi_mean,
        np.where(gap < 0, tau2, 0.0) + np.where(shared, 0.0, layout.log_roi_sd**2),
        roi_own,
        scale=np.where(shared, sibling_sd[siblings] if families else -1, -1),
        weight=np.where(shared, layout.log_roi_sd, 0.0),
        common=roi_common,
        error=np.where(gap < 0, 0.0, layout.structural_sd),
        gap=gap,
    )
    theta, timing = pooled("theta", curves.theta), pooled("a", curves.timing)
    ceiling = (np.asarray(layout.log_kappa_max) - LOG_KAPPA[0]) / LOG_KAPPA[1]
    kappa = _rows(curves.kappa[0], curves.kappa[1] ** 2, parent("kappa_z", M, high=ceiling))
    low, high = curves.slope_bounds
    slope = _rows(curves.slope[0], curves.slope[1] ** 2, parent("slope_z", M, low=low, high=high))
    if G > 1:
        geo_sd = parent("geo_sd", M, low=0.0, sd=GEO_SD)
        dev = _rows(0.0, 0.0, parent("dev_z", M * G), scale=np.repeat(geo_sd, G))
        shock = _rows(LOG_SQRT_LAMBDA[0], LOG_SQRT_LAMBDA[1] ** 2, parent("lambda_z", 1))
    else:
        nothing = np.full(1, -1)
        dev, shock = _rows(0.0, 0.0, np.full(M, -1)), _rows(0.0, 0.0, nothing)
    sigma = _rows(LOG_SIGMA[0], LOG_SIGMA[1] ** 2, parent("sigma_z", 1))
    rho = _rows(ATANH_RHO[0], ATANH_RHO[1] ** 2, parent("rho_z", 1), link=TANH)
    middle, spread = np.array([SCALE_PRIORS[name] for name in layout.baseline.scales]).reshape(-1, 2).T
    scales = _rows(middle, spread**2, parent("scale_z", middle.size))
    weights = _rows(0.0, 1.0, parent("weight", layout.data.n_weights, gamma=1.0))
    gaps = _rows(0.0, tau2[tested], gap[tested])
    order = [roi, theta, timing, kappa, slope, dev, sigma, rho, shock, scales, weights, gaps]
    return Parents(places, np.concatenate(parents), np.concatenate(order))


def _rows(
    centre: float | Floats,
    variance: float | Floats,
    own: Rows,
    *,
    scale: int | Rows = -1,
    weight: float | Floats = 0.0,
    common: int | Rows = -1,
    error: float | Floats = 0.0,
    gap: int | Rows = -1,
    link: int = IDENTITY,
) -> Floats:
    """Rows of some parameters, one for each of `own`."""
    columns = (centre, variance, own, scale, weight, common, error, gap, link)
    return np.column_stack(
        [np.broadcast_to(np.asarray(column, dtype=np.float64), own.shape) for column in columns]
    )
