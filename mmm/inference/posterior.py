"""The one door to the posterior: variable names, shapes and interval widths are known here only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import ndtr

from mmm.errors import InputError
from mmm.model.calibration import lift_draws
from mmm.model.forward import MediaDraws, media_weights, window_sums
from mmm.model.layout import Layout
from mmm.model.priors import STUDENT_DF
from mmm.model.shapes import GEOMETRIC, MARGINAL, SIGNED, STEP

Floats = NDArray[np.float64]

LOWER, UPPER = 0.05, 0.95


def interval(draws: Floats, axis: int = 0) -> tuple[Floats, Floats, Floats]:
    """Mean, 5 % and 95 % quantile along the draws."""
    lo, hi = np.quantile(draws, [LOWER, UPPER], axis=axis)
    return draws.mean(axis=axis), lo, hi


def spread_of_new(layout: Layout, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """sd of the noise of periods that the fit has not seen, relative to sigma: 1, or drawn with Student-t noise."""
    if not layout.data.student_t:
        return np.ones(shape)
    return 1.0 / np.sqrt(rng.gamma(STUDENT_DF / 2, 2 / STUDENT_DF, shape))


@dataclass(frozen=True, slots=True)
class Posterior:
    """Draws of one fitted model.

    The tree's groups are `posterior`, `sample_stats`, `observed_data` and `constant_data`; dimensions are chain,
    draw, medium (paid cells, then owned media), geo, column, scale; period where the noise is Student t.
    """

    tree: xr.DataTree

    def save(self, path: Path) -> None:
        """Write NetCDF."""
        self.tree.to_netcdf(path, engine="h5netcdf")

    @classmethod
    def load(cls, path: Path) -> Posterior:
        """Read NetCDF.

        Raises
        ------
        InputError
            When the file is missing or damaged.
        """
        try:
            with xr.open_datatree(path, engine="h5netcdf") as tree:
                return cls(tree.load())
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path}: the fitted model cannot be read ({type(error).__name__}); run `mmm fit` again"
            ) from None

    def chains(self, name: str) -> Floats:
        """Draws with their chains, shape (chain, draw, ...)."""
        return self.tree["posterior"][name].to_numpy()

    def flat(self, name: str) -> Floats:
        """Draws of all chains, shape (draw, ...)."""
        values = self.chains(name)
        return values.reshape(-1, *values.shape[2:])

    def taken(self, draws: NDArray[np.intp]) -> Posterior:
        """The posterior of these draws alone, in one chain, by their places among the draws of all chains."""
        kept = self.tree["posterior"].to_dataset().stack(all=("chain", "draw")).isel(all=draws)
        kept = kept.drop_vars(("all", "chain", "draw")).rename(all="draw").expand_dims("chain")
        return Posterior(xr.DataTree.from_dict({"posterior": kept.transpose("chain", "draw", ...)}))

    def curves_only(self, most: int) -> Posterior:
        """At most so many draws, evenly chosen, of what the media curves need: little to keep."""
        some = np.linspace(0, self.draws - 1, min(most, self.draws)).round().astype(np.intp)
        return Posterior(
            xr.DataTree.from_dict(
                {"posterior": self.taken(some).tree["posterior"].to_dataset()[list(OF_CURVES)]}
            )
        )

    @property
    def draws(self) -> int:
        """Number of draws over all chains."""
        return int(self.tree["posterior"].sizes["chain"] * self.tree["posterior"].sizes["draw"])

    @property
    def divergences(self) -> int:
        """Number of divergent transitions."""
        return int(self.tree["sample_stats"]["diverging"].sum())

    def weights(self, layout: Layout) -> Floats:
        """Adstock weights, shape (draw, medium, lag + 1)."""
        data = layout.data
        return media_weights(
            data.adstock, self.flat("theta"), self.flat("timing"), layout.lags, data.weeks_per_period
        )

    def effect(self) -> Floats:
        """Factor of each geo, shape (draw, medium, geo)."""
        return np.exp(self.flat("dev"))

    def beta(self, layout: Layout, *, causal: bool) -> Floats:
        """Ceiling in model units that the ROI implies, shape (draw, medium)."""
        roi = self.flat("roi" if causal else "roi_panel")
        return roi * layout.data.spend / self.flat("money_at_one").sum(axis=1)

    def spread(self, layout: Layout) -> Floats:
        """sd of each modelled period's noise relative to sigma, shape (draw, period): 1 where the noise is normal."""
        if not layout.data.student_t:
            return np.ones((self.draws, layout.data.y.shape[0]))
        return 1.0 / np.sqrt(self.flat("weight"))

    def lifts(self, layout: Layout) -> Floats:
        """What the model says each past test brought, outcome units, shape (draw, experiment)."""
        data = layout.data
        return lift_draws(
            data.lifts,
            data.x,
            data.demand,
            data.saturation,
            self.weights(layout),
            self.flat("half"),
            self.flat("slope"),
            self.beta(layout, causal=True)[:, :, None] * self.effect(),
        )

    def panel_parameters(self, layout: Layout) -> Floats:
        """What the panel's density was evaluated at, in the kernel's order without the gaps of tests; (draw, n)."""
        data = layout.data
        theta, timing, half = (self.flat(name) for name in ("theta", "timing", "half"))
        roi, panel, increase = (self.flat(name) for name in ("roi", "roi_panel", "mroi"))
        marginal = data.measure == MARGINAL
        next_to_all = np.divide(increase, roi, out=np.ones_like(roi), where=marginal & (roi != 0.0))
        signed = data.measure == SIGNED
        told = np.where(signed, panel / data.unit, np.log(np.where(signed, 1.0, panel * next_to_all)))
        usual = np.einsum("dml,ml->dm", self.weights(layout), data.mean_lagged)
        parts = [
            told,
            np.log(theta) - np.log1p(-theta),
            np.log(np.where(timing > 0.0, timing, 1.0)),
            np.log(half / usual),
            np.log(self.flat("slope")),
            self.flat("dev").reshape(self.draws, -1),
            np.log(self.flat("sigma"))[:, None],
            self.flat("rho")[:, None],
            np.log(self.flat("week_shock"))[:, None],
            np.log(self.flat("amplitude")),
            *([np.log(self.flat("weight"))] if data.student_t else []),
        ]
        return np.concatenate(parts, axis=1)  # the timing of geometric carry-over is nowhere read

    def media(self, layout: Layout, geos: tuple[str, ...]) -> MediaDraws:
        """Causal media curves of the paid cells, in outcome units and raw exposure."""
        n = layout.n_paid
        heads = layout.size * layout.outcome_scale
        ceiling = self.beta(layout, causal=True)[:, None, :n] * np.swapaxes(self.effect()[:, :n], 1, 2)
        return MediaDraws(
            cells=layout.media[:n],
            geos=geos,
            weights=self.weights(layout)[:, :n],
            half=self.flat("half")[:, :n],
            slope=self.flat("slope")[:, :n],
            ceiling=ceiling * heads[None, :, None],
            scale=layout.exposure_scale[:, :n],
            saturation=layout.data.saturation[:n],
        )


def split_phi(phi: Floats, layout: Layout) -> dict[str, Floats]:
    """The kernel's flat parameters by name; phi has shape (..., n)."""
    G, _, M, _, _ = layout.data.shape
    names = ("log_roi", "logit_theta", "log_a", "log_kappa", "log_n")
    parts = {name: phi[..., i * M : (i + 1) * M] for i, name in enumerate(names)}
    parts["dev"] = phi[..., 5 * M : 5 * M + M * G].reshape(*phi.shape[:-1], M, G)
    at = 5 * M + M * G
    for i, name in enumerate(("log_sigma", "rho", "log_sqrt_lambda")):
        parts[name] = phi[..., at + i]
    last = at + 3 + layout.data.n_groups
    after = last + layout.data.n_weights
    parts["log_scale"], parts["log_weight"] = phi[..., at + 3 : last], phi[..., last:after]
    parts["gap"] = phi[..., after:]
    return parts


def derive(phi: Floats, sibling_sd: Floats, layout: Layout, rng: np.random.Generator) -> dict[str, Floats]:
    """Reported quantities from the kernel's parameters.

    Parameters
    ----------
    phi
        Shape (draw, n).
    sibling_sd
        sd of log ROI between cells of one channel, shape (draw, channel with several cells).

    Returns
    -------
    dict
        Arrays with leading axis draw; see `DIMS`. What theta, timing, half and slope are in each family of
        carry-over and saturation: `mmm.model.shapes`.
    """
    parts = split_phi(phi, layout)
    theta = 1.0 / (1.0 + np.exp(-parts["logit_theta"]))
    data = layout.data
    timing = np.where(data.adstock == GEOMETRIC, 0.0, np.exp(parts["log_a"]))
    weights = media_weights(data.adstock, theta, timing, layout.lags, data.weeks_per_period)
    half = np.exp(parts["log_kappa"]) * np.einsum("dml,ml->dm", weights, data.mean_lagged)
    slope = np.exp(parts["log_n"])
    x = np.ascontiguousarray(data.x.transpose(2, 1, 0))
    money = np.ascontiguousarray(data.worth.T)
    effect = np.exp(parts["dev"])
    money_at_one, increase = window_sums(x, weights, data.saturation, half, slope, effect, money, STEP)
    next_to_all = increase / (STEP * money_at_one.sum(axis=1))  # marginal ROI over ROI, of the curve alone
    gap = _structural_gap(parts["log_roi"], parts["gap"], sibling_sd, layout, rng)
    roi, roi_panel = (
        roi_of(told, next_to_all, layout) for told in (parts["log_roi"] - gap, parts["log_roi"])
    )
    weights_of_periods = {"weight": np.exp(parts["log_weight"])} if data.student_t else {}
    return {
        "roi": roi,
        "mroi": roi * next_to_all,
        "roi_panel": roi_panel,
        "theta": theta,
        "timing": timing,
        "half": half,
        "slope": slope,
        "dev": parts["dev"],
        "money_at_one": money_at_one,
        "sigma": np.exp(parts["log_sigma"]),
        "rho": parts["rho"],
        "week_shock": np.exp(parts["log_sqrt_lambda"]),
        "amplitude": np.exp(parts["log_scale"]),
        **weights_of_periods,
    }


def roi_of(told: Floats, next_to_all: Floats, layout: Layout) -> Floats:
    """ROI of what the first parameter of each medium says, shape (draw, medium).

    Parameters
    ----------
    told
        log ROI, log marginal ROI or ROI over its unit, as the medium has it, shape (draw, medium).
    next_to_all
        Marginal ROI over ROI, shape (draw, medium).
    """
    measure, unit = layout.data.measure[: told.shape[1]], layout.data.unit[: told.shape[1]]
    plain = np.exp(np.where(measure == SIGNED, 0.0, told))
    return np.where(measure == SIGNED, told * unit, np.where(measure == MARGINAL, plain / next_to_all, plain))


def on_prior_scale(roi: Floats, layout: Layout, media: Sequence[int]) -> Floats:
    """log ROI, or ROI over its unit where it may be negative: what a prior's sd is of; shape of `roi`.

    Parameters
    ----------
    roi, media
        Shape (draw, some media), and which.
    """
    at = list(media)
    signed, unit = layout.data.measure[at] == SIGNED, layout.data.unit[at]
    return np.where(signed, roi / unit, np.log(np.where(signed, 1.0, roi)))


def chance_to_reach(layout: Layout, wanted: Floats | float) -> Floats:
    """Probability before the data that what each cell's prior is on is above an amount (or its own), shape (cell,)."""
    n, data = layout.n_paid, layout.data
    goal = np.where(data.measure[:n] == SIGNED, wanted / data.unit[:n], np.log(wanted))
    return ndtr((layout.log_roi_mean[:n] - goal) / layout.log_roi_sd[:n])


DIMS: dict[str, tuple[str, ...]] = {
    "roi": ("medium",),
    "mroi": ("medium",),
    "roi_panel": ("medium",),
    "theta": ("medium",),
    "timing": ("medium",),
    "half": ("medium",),
    "slope": ("medium",),
    "dev": ("medium", "geo"),
    "money_at_one": ("geo", "medium"),
    "sigma": (),
    "rho": (),
    "week_shock": (),
    "amplitude": ("scale",),
    "weight": ("period",),
    "b": ("column",),
}


OF_CURVES = ("roi", "mroi", "theta", "timing", "half", "slope", "dev", "money_at_one")
"""What `Posterior.media` and returns read."""


def _structural_gap(
    log_roi: Floats, tested_gap: Floats, sibling_sd: Floats, layout: Layout, rng: np.random.Generator
) -> Floats:
    """Draws of eps by medium, exact; shape (draw, medium). Of tested media they are sampled, `tested_gap`.

    log ROI stands for whatever the medium's first parameter is: eps is added to it.

    Of the others, given log ROI as the panel sees it: prior of log ROI among K siblings is V0 = s^2 11' + sd^2 I around
    m, and L is log ROI + eps with eps ~ N(0, tau^2), or log ROI itself where eps is known. Hence the unknown
    eps | L ~ N( tau^2 V^-1 (L - m), tau^2 I - tau^4 V^-1 ), V = s^2 11' + D, D = sd^2 (+ tau^2 where unknown).
    """
    draws, M = log_roi.shape
    gap = np.zeros((draws, M))
    tested = np.isin(np.arange(M), layout.data.tested)
    gap[:, tested] = tested_gap
    families = [np.flatnonzero(layout.siblings == k) for k in range(layout.siblings.max() + 1)]
    families += [np.array([m]) for m in np.flatnonzero(layout.siblings < 0)]
    away = log_roi - gap - layout.log_roi_mean
    for k, members in enumerate(families):
        unknown = ~tested[members]
        tau2 = layout.structural_sd[members[0]] ** 2  # siblings share a channel, hence its role
        if tau2 == 0.0 or not unknown.any():
            continue
        s2 = layout.log_roi_sd[members[0]] ** 2  # and a prior
        own = sibling_sd[:, k] ** 2 if len(members) > 1 else np.zeros(draws)
        spread = own[:, None] + np.where(unknown, tau2, 0.0)
        weighed = away[:, members] / spread
        pull = (s2 / (1.0 + s2 * (1.0 / spread).sum(axis=1)))[:, None]
        v = spread[:, unknown]
        mean = tau2 * (weighed[:, unknown] - pull / v * weighed.sum(axis=1, keepdims=True))
        alone = np.sqrt(np.maximum(tau2 - tau2**2 / v, 0.0))
        common = tau2 / v * np.sqrt(pull)
        gap[:, members[unknown]] = (
            mean + alone * rng.standard_normal(v.shape) + common * rng.standard_normal((draws, 1))
        )
    return gap
