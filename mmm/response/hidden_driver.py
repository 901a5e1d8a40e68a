"""How strong a driver nobody measured would have to be to halve a return: the table `hidden_driver.csv`.

The fitted model is read as one regression: media terms at their posterior mean and the linear part, rows whitened by
the noise, priors as further rows. Then the algebra of omitted variables is exact (Cinelli & Hazlett 2020, "Making
sense of sensitivity", sections 4.2 to 4.4): what matters is how much of the outcome, and of the cell's own movement,
the hidden driver explains beyond everything in the model. The shape of the curves is held where it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq

from mmm.dims import Cell, cell_columns, cell_row
from mmm.inference.posterior import Posterior
from mmm.model.layout import Layout
from mmm.model.pack import rotation
from mmm.model.shapes import SIGNED
from mmm.response.decomposition import media_terms

Floats = NDArray[np.float64]

HALF = 0.5
"""Share of the return that the hidden driver takes away."""
SHOWN_DRAWS = 200
SAME_AS_NONE = 1e-12


@dataclass(frozen=True, slots=True)
class Regression:
    """A least-squares problem that stands for a fitted model.

    Attributes
    ----------
    gram
        Cross products of the columns, penalties included, shape (column, column).
    effects
        Coefficient of each column, shape (column,).
    unexplained
        Sum of squares that the columns leave.
    """

    gram: Floats
    effects: Floats
    unexplained: float


def robustness(regression: Regression, column: int) -> float:
    """Partial R^2, with the outcome and with the column alike, at which a hidden driver halves the coefficient.

    RV = ( sqrt(f^4 + 4 f^2) - f^2 ) / 2 with f half the partial f of the column (their equation 16).
    """
    own = 1.0 / np.linalg.pinv(regression.gram, hermitian=True)[column, column]
    f2 = HALF**2 * regression.effects[column] ** 2 * own / regression.unexplained
    return float(0.5 * (np.sqrt(f2**2 + 4.0 * f2) - f2))


def times_as_strong(regression: Regression, column: int, benchmark: int) -> float:
    """How many times as strong as an observed column a hidden driver must be to halve another's coefficient.

    As strong means: as much of the outcome and of the column explained beyond the rest (their equations 11 to 13).
    Infinite where the benchmark has nothing to do with the column or the outcome.
    """
    inverse = np.linalg.pinv(regression.gram, hermitian=True)
    own = 1.0 / inverse[column, column]
    with_column = inverse[column, benchmark] ** 2 / (inverse[column, column] * inverse[benchmark, benchmark])
    part = regression.effects[benchmark] ** 2 / inverse[benchmark, benchmark]
    with_outcome = part / (part + regression.unexplained)
    if min(with_column, with_outcome) < SAME_AS_NONE:
        return float("inf")
    wanted = HALF**2 * regression.effects[column] ** 2 * own / regression.unexplained

    def short_of(k: float) -> float:
        moved = k * with_column / (1.0 - with_column)
        overlap = k * with_column**2 / ((1.0 - k * with_column) * (1.0 - with_column))
        told = (np.sqrt(k) + np.sqrt(overlap)) ** 2 / (1.0 - overlap) * with_outcome / (1.0 - with_outcome)
        return float(min(told, 1.0) * moved / (1.0 - moved) - wanted)

    most = (1.0 - with_column) / with_column  # there it would explain all of the column's own movement
    return float(brentq(short_of, 0.0, most * (1.0 - 1e-9), xtol=1e-9))


def hidden_driver_table(posterior: Posterior, layout: Layout, cells: tuple[Cell, ...]) -> pd.DataFrame:
    """How strong a hidden driver would halve each cell's return, beside the observed control that threatens it most.

    Returns
    -------
    DataFrame
        Cell keys; `robustness`: share (partial R^2) of what is left of the outcome and of the cell's own movement
        that the driver has to explain; `benchmark`: the control that comes nearest to it; `times_benchmark`: how
        many times as strong as that control. The last two are empty without a control.
    """
    fitted = _as_regression(posterior, layout)
    media = len(layout.media)
    controls = {
        media + i: column.component.partition(":")[2]
        for i, column in enumerate(layout.baseline.columns)
        if column.component.startswith("control:")
    }
    belief = _belief(posterior, layout)
    keys = cell_columns(cells)
    rows = []
    for i, cell in enumerate(cells):
        gram = fitted.gram.copy()
        gram[i, i] -= belief[i]  # what is believed of the cell itself is not movement of its own
        alone = Regression(gram, fitted.effects, fitted.unexplained)
        times = {name: times_as_strong(alone, i, at) for at, name in controls.items()}
        nearest = min(times, key=lambda name: times[name]) if times else ""
        known = bool(times) and np.isfinite(times[nearest])
        rows.append(
            {
                **cell_row(cell, keys),
                "robustness": robustness(alone, i),
                "benchmark": nearest if known else "",
                "times_benchmark": times[nearest] if known else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _belief(posterior: Posterior, layout: Layout) -> Floats:
    """Precision of the prior of each medium's term, relative to its size; shape (medium,)."""
    data = layout.data
    size = np.where(data.measure == SIGNED, posterior.flat("roi_panel").mean(axis=0) / data.unit, 1.0)
    return size**2 / (layout.log_roi_sd**2 + layout.structural_sd**2)


def _as_regression(posterior: Posterior, layout: Layout) -> Regression:
    """Media terms (coefficient one), then the linear part, whitened at the posterior's middle."""
    data = layout.data
    draws = np.linspace(0, posterior.draws - 1, min(SHOWN_DRAWS, posterior.draws)).round().astype(int)
    terms = np.stack([part.mean(axis=0) for part in media_terms(posterior, layout, draws)], axis=2)
    sigma, rho = np.exp(np.log(posterior.flat("sigma")).mean()), posterior.flat("rho").mean()
    shock = np.exp(np.log(posterior.flat("week_shock")).mean()) if data.y.shape[1] > 1 else 0.0
    scale = np.exp(np.log(posterior.flat("amplitude")).mean(axis=0))
    widen = np.where(data.group >= 0, scale[data.group] if scale.size else 1.0, 1.0)
    penalty = data.precision / widen**2
    left = np.where(data.live[:, None], data.y, 0.0) - terms.sum(axis=2)
    root = np.exp(-np.log(posterior.spread(layout)).mean(axis=0))
    rows = np.concatenate([terms, data.Z, left[:, :, None]], axis=2) * root[:, None, None]
    white = whitened(rows, data.live, data.inverse_variance, sigma=sigma, rho=rho, shock=shock)
    columns, left = white[:, :-1], white[:, -1]
    media = terms.shape[2]
    gram = columns.T @ columns + np.diag(np.concatenate([_belief(posterior, layout), penalty]))
    b = np.linalg.pinv(gram[media:, media:], hermitian=True) @ (columns[:, media:].T @ left)
    residual = left - columns[:, media:] @ b
    return Regression(gram, np.concatenate([np.ones(media), b]), float(residual @ residual))


def whitened(
    rows: Floats,
    live: NDArray[np.bool_],
    inverse_variance: Floats,
    *,
    sigma: float,
    rho: float,
    shock: float,
) -> Floats:
    """Rows in units of independent noise of sd one.

    Parameters
    ----------
    rows
        Shape (period, geo, column).
    live
        Periods in the likelihood; a run of them is one AR(1) series, shape (period,).
    inverse_variance
        Relative precision of each geo's noise, shape (geo,).
    sigma, rho, shock
        Noise, its memory, and the week shock relative to the noise.

    Returns
    -------
    array
        Shape (live period x geo, column).
    """
    turned = np.einsum("kg,tgc->tkc", rotation(inverse_variance), rows)
    turned[:, 0] /= np.sqrt(1.0 + shock**2 * inverse_variance.sum())  # this row alone sees the week shock
    out = turned.copy()
    follows = live[1:] & live[:-1]
    steps = (turned[1:] - rho * turned[:-1]) / np.sqrt(1.0 - rho**2)
    out[1:][follows] = steps[follows]
    return out[live].reshape(-1, rows.shape[2]) / sigma
