"""The priors as a table: free coordinates of the sampler, and how each parameter of the kernel hangs on them.

    parent i     value v_i of a free coordinate q_i: unit normal, cut off above, cut off on both sides, or half-normal
    parameter j  phi_j = link( centre_j + sqrt(variance_j + v_scale^2) v_own + weight_j v_common + error_j v_gap )

`mmm.model.density` reads the table packed into one vector; `mmm.model.graph` states the same priors in PyMC.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

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
)

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

NORMAL, BELOW, BETWEEN, HALF_NORMAL = 0, 1, 2, 3
"""Kinds of a parent: unit normal; the same cut off above `high`; within (`low`, `high`); half-normal of sd `high`."""

IDENTITY, TANH = 0, 1

PARENT, PARAMETER = (
    ("kind", "low", "high"),
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
        Kind, low and high of each free coordinate, shape (free coordinate, 3).
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

    def centre(self) -> Floats:
        """Free coordinates at which normals are 0 and half-normals their sd."""
        kind, low, high = self.parents.T
        start = np.zeros(len(self.parents))
        start[kind == BELOW] = np.log(np.maximum(high[kind == BELOW], 0.1))
        inside = kind == BETWEEN
        start[inside] = np.log(-low[inside] / high[inside])
        start[kind == HALF_NORMAL] = np.log(high[kind == HALF_NORMAL])
        return start

    def draw(self, rng: np.random.Generator) -> Floats:
        """Free coordinates drawn from the priors, shape (free coordinate,)."""
        kind, low, high = self.parents.T
        free = rng.standard_normal(len(kind))
        chance = rng.uniform(size=len(kind))
        below = kind == BELOW
        free[below] = np.log(high[below] - ndtri(chance[below] * ndtr(high[below])))
        inside = kind == BETWEEN
        low, upto = low[inside], high[inside]
        value = ndtri(ndtr(low) + chance[inside] * (ndtr(upto) - ndtr(low)))
        free[inside] = np.log((value - low) / (upto - value))
        half = kind == HALF_NORMAL
        free[half] = np.log(high[half] * np.abs(free[half]))
        return free


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
        name: str, n: int, kind: int = NORMAL, low: float | Floats = 0.0, high: float | Floats = 0.0
    ) -> Rows:
        start = sum(len(part) for part in parents)
        parents.append(np.column_stack([np.broadcast_to(column, n) for column in (kind, low, high)]))
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
    sibling_sd = parent("sibling_sd", families, HALF_NORMAL, high=SIBLING_SD)
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
    kappa = _rows(curves.kappa[0], curves.kappa[1] ** 2, parent("kappa_z", M, BELOW, high=ceiling))
    slope = _rows(curves.slope[0], curves.slope[1] ** 2, parent("slope_z", M, BETWEEN, *curves.slope_bounds))
    if G > 1:
        geo_sd = parent("geo_sd", M, HALF_NORMAL, high=GEO_SD)
        dev = _rows(0.0, 0.0, parent("dev_z", M * G), scale=np.repeat(geo_sd, G))
        shock = _rows(LOG_SQRT_LAMBDA[0], LOG_SQRT_LAMBDA[1] ** 2, parent("lambda_z", 1))
    else:
        nothing = np.full(1, -1)
        dev, shock = _rows(0.0, 0.0, np.full(M, -1)), _rows(0.0, 0.0, nothing)
    sigma = _rows(LOG_SIGMA[0], LOG_SIGMA[1] ** 2, parent("sigma_z", 1))
    rho = _rows(ATANH_RHO[0], ATANH_RHO[1] ** 2, parent("rho_z", 1), link=TANH)
    middle, spread = np.array([SCALE_PRIORS[name] for name in layout.baseline.scales]).reshape(-1, 2).T
    scales = _rows(middle, spread**2, parent("scale_z", middle.size))
    gaps = _rows(0.0, tau2[tested], gap[tested])
    order = [roi, theta, timing, kappa, slope, dev, sigma, rho, shock, scales, gaps]
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
