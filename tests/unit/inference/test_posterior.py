"""What is derived from the sampler's draws, and the file it is kept in."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.errors import InputError
from mmm.inference.posterior import Posterior, _structural_gap, derive, interval, split_phi
from mmm.model.calibration import Lift, Part
from mmm.model.forward import saturate
from mmm.model.layout import lay_out
from mmm.model.settings import ModelSettings
from mmm.model.shapes import POWER

NONE = np.zeros(0)


@pytest.fixture(scope="module")
def posterior(fitted_company):
    return fitted_company.fitted.posterior


@pytest.fixture(scope="module")
def layout(make_panel):
    return lay_out(make_panel(periods=60), ModelSettings(max_lag=4))


def test_an_interval_is_the_mean_and_the_middle_nine_tenths():
    mean, lo, hi = interval(np.arange(101.0))
    assert (mean, lo, hi) == (50.0, 5.0, 95.0)


def test_contribution_is_roi_times_spend_through_the_media_curves(fitted_company):
    # `media` gives the curves in the outcome's own units and raw exposure: run them over the panel by hand
    panel, layout, fitted = fitted_company
    media = fitted.posterior.media(layout, panel.geos)
    start, T = layout.window, len(panel.dates) - layout.window

    def outcome(factor):
        exposure = panel.exposure.copy()
        exposure[start:] *= factor
        s = np.zeros((media.draws, T, *exposure.shape[1:]))
        for lag in range(media.lags):
            part = exposure[start - lag : start - lag + T] / media.scale
            s += media.weights[:, None, None, :, lag] * part
        curve = np.stack(
            [
                saturate(kind, s[..., i], media.half[:, i, None, None], media.slope[:, i, None, None])
                for i, kind in enumerate(media.saturation)
            ],
            axis=-1,
        )
        return (media.ceiling[:, None] * curve).sum(axis=(1, 2))

    spend = panel.spend[start:].sum(axis=(0, 1))
    actual = outcome(1.0)
    roi, mroi = (fitted.posterior.flat(name)[:, : len(panel.cells)] for name in ("roi", "mroi"))
    np.testing.assert_allclose(actual - outcome(0.0), roi * spend, rtol=1e-9)
    np.testing.assert_allclose(outcome(1.01) - actual, mroi * 0.01 * spend, rtol=1e-6)


def test_the_same_in_regions(fitted_regions):
    test_contribution_is_roi_times_spend_through_the_media_curves(fitted_regions)


def test_the_same_with_other_families(fitted_families):
    test_contribution_is_roi_times_spend_through_the_media_curves(fitted_families)


def test_what_a_family_does_not_have_is_one_at_the_usual_exposure(fitted_families):
    _, layout, fitted = fitted_families
    usual = np.einsum("dml,ml->dm", fitted.posterior.weights(layout), layout.data.mean_lagged)
    kappa, slope = fitted.posterior.flat("half") / usual, fitted.posterior.flat("slope")
    power = layout.data.saturation == POWER
    np.testing.assert_allclose(kappa[:, power], 1.0, rtol=1e-12)
    np.testing.assert_array_equal(slope[:, ~power], 1.0)
    assert (kappa[:, ~power].std(axis=0) > 0.01).all()
    assert (slope[:, power].std(axis=0) > 0.01).all()
    assert (slope[:, power] <= 1.0).all()


def test_the_parameters_are_split_in_the_order_of_the_kernel(layout):
    G, _, M, _, _ = layout.data.shape
    phi = np.arange(float(layout.data.n_phi))
    parts = split_phi(phi, layout)
    joined = np.concatenate([np.ravel(part) for part in parts.values()])
    np.testing.assert_array_equal(joined, phi)
    assert parts["dev"].shape == (M, G)
    assert parts["log_scale"].shape == (len(layout.baseline.scales),)
    assert parts["rho"] == 5 * M + M * G + 1


def test_without_structural_error_the_panel_sees_the_causal_roi(layout):
    phi = 0.1 * np.random.default_rng(0).normal(size=(6, layout.data.n_phi))
    sd = np.full((6, 1), 0.2)
    none = derive(phi, sd, replace(layout, structural_sd=np.zeros(4)), np.random.default_rng(1))
    np.testing.assert_array_equal(none["roi"], none["roi_panel"])
    np.testing.assert_array_equal(none["roi_panel"], np.exp(phi[:, : layout.data.shape[2]]))
    some = derive(phi, sd, layout, np.random.default_rng(1))
    np.testing.assert_array_equal(some["roi_panel"], none["roi_panel"])
    assert (some["roi"] != none["roi"]).all()
    np.testing.assert_allclose(some["mroi"] / none["mroi"], some["roi"] / none["roi"], rtol=1e-12)


def test_a_prior_on_marginal_return_or_on_a_signed_one_makes_that_the_first_parameter(make_panel):
    asked = {"tv": {"mroi": {"median": 0.8}}, "mail": {"sign": "any"}, "search": {"sign": "any"}}
    settings = ModelSettings.model_validate({"max_lag": 4, "priors": {"channels": asked}})
    layout = lay_out(make_panel(periods=60), settings)
    phi = 0.1 * np.random.default_rng(0).normal(size=(6, layout.data.n_phi))
    none = replace(layout, structural_sd=np.zeros(4))
    found = derive(phi, np.full((6, 1), 0.2), none, np.random.default_rng(1))
    np.testing.assert_allclose(found["mroi"][:, 0], np.exp(phi[:, 0]), rtol=1e-12)
    np.testing.assert_array_equal(found["roi"][:, 1:], phi[:, 1:4] * layout.data.unit[1:])
    assert (found["roi"][:, 1:] < 0).any()
    plain = derive(
        phi,
        np.full((6, 1), 0.2),
        lay_out(make_panel(periods=60), ModelSettings(max_lag=4)),
        np.random.default_rng(1),
    )
    ratio = plain["mroi"] / plain["roi"]  # of the curves, whatever the return
    np.testing.assert_allclose(found["mroi"] / found["roi"], ratio, rtol=1e-12)


class UnitNoise:
    """In place of a generator: draw 0 has no noise, each later draw one unit in one place."""

    def __init__(self, families):
        self.places = [size for members in families for size in (members, 1)]
        self.first = 1

    def standard_normal(self, shape):
        out = np.zeros(shape)
        out[np.arange(self.first, self.first + shape[1]), np.arange(shape[1])] = 1.0
        self.first += shape[1]
        return out


def test_the_structural_gap_is_the_gaussian_conditional(layout):
    layout = replace(layout, structural_sd=np.array([0.5, 0.3, 0.3, 0.2]))
    # tv alone, the two searches related, mail alone: [-1, 0, 0, -1]
    assert layout.siblings.tolist() == [-1, 0, 0, -1]
    tau, sibling_sd = layout.structural_sd, 0.37
    related = layout.siblings[:, None] == layout.siblings[None, :]
    related &= layout.siblings[:, None] >= 0
    sd = layout.log_roi_sd
    prior = np.where(related, np.outer(sd, sd), 0.0)
    prior += np.diag(np.where(layout.siblings >= 0, sibling_sd**2, sd**2))
    noise = np.diag(tau**2)
    panel = prior + noise  # Cov of log ROI + eps; Cov with eps is that of eps
    log_roi = layout.log_roi_mean + np.array([0.8, -1.1, 0.6, 2.0])
    gain = noise @ np.linalg.inv(panel)
    mean = gain @ (log_roi - layout.log_roi_mean)
    covariance = noise - gain @ noise

    draws = 1 + (2 + 1) + (1 + 1) + (1 + 1)
    gap = _structural_gap(
        np.tile(log_roi, (draws, 1)),
        np.zeros((draws, 0)),
        np.full((draws, 1), sibling_sd),
        layout,
        UnitNoise([2, 1, 1]),
    )

    factor = (gap[1:] - gap[0]).T
    np.testing.assert_allclose(gap[0], mean, rtol=1e-10)
    np.testing.assert_allclose(factor @ factor.T, covariance, rtol=1e-9, atol=1e-14)


def test_where_a_test_makes_the_gap_known_that_of_its_sibling_follows_from_both(layout):
    tested = replace(
        layout, data=replace(layout.data, lifts=(Lift(0, 1, 0.0, 1.0, 9.0, (Part(2, 0, 1.0, NONE),)),))
    )
    assert tested.data.tested == (2,)
    tau, sibling_sd, known = layout.structural_sd[1], 0.37, 0.15
    s = layout.log_roi_sd[1]
    log_roi = layout.log_roi_mean + np.array([0.8, -1.1, 0.6, 2.0])
    # jointly normal: eps_1, log ROI of 1 as the panel sees it, causal log ROI of 2
    covariance = np.array(
        [
            [tau**2, tau**2, 0.0],
            [tau**2, s**2 + sibling_sd**2 + tau**2, s**2],
            [0.0, s**2, s**2 + sibling_sd**2],
        ]
    )
    gain = covariance[0, 1:] @ np.linalg.inv(covariance[1:, 1:])
    mean = gain @ np.array([-1.1, 0.6 - known])
    variance = tau**2 - gain @ covariance[1:, 0]

    draws = 1 + (1 + 1) + (1 + 1) + (1 + 1)
    gap = _structural_gap(
        np.tile(log_roi, (draws, 1)),
        np.full((draws, 1), known),
        np.full((draws, 1), sibling_sd),
        tested,
        UnitNoise([1, 1, 1]),
    )

    np.testing.assert_array_equal(gap[:, 2], known)
    assert gap[0, 1] == pytest.approx(mean, rel=1e-10)
    assert ((gap[1:, 1] - gap[0, 1]) ** 2).sum() == pytest.approx(variance, rel=1e-9)


def test_a_saved_posterior_comes_back_equal(posterior, tmp_path):
    posterior.save(tmp_path / "posterior.nc")
    back = Posterior.load(tmp_path / "posterior.nc")
    assert set(back.tree.children) == {"posterior", "sample_stats", "observed_data", "constant_data"}
    for group, kept in posterior.tree.children.items():
        assert set(back.tree[group].data_vars) == set(kept.data_vars)
        for name, values in kept.data_vars.items():
            np.testing.assert_array_equal(back.tree[group][name].to_numpy(), values.to_numpy())
        for name, values in kept.coords.items():
            assert back.tree[group].coords[name].to_numpy().tolist() == values.to_numpy().tolist()
    assert (back.draws, back.divergences) == (posterior.draws, posterior.divergences)


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "first half", "last byte", "start"])
def test_a_file_that_is_no_posterior_is_refused_with_its_path_and_a_remedy(damage, posterior, tmp_path):
    path = tmp_path / "posterior.nc"
    posterior.save(path)
    whole = path.read_bytes()
    left = {
        "empty": b"",
        "text": b"roi,1.2\n" * 40,
        "first half": whole[: len(whole) // 2],
        "last byte": whole[:-1],
        "start": bytes(64) + whole[64:],
    }
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(left[damage])
    with pytest.raises(InputError, match=r"posterior\.nc.*run `mmm fit` again") as caught:
        Posterior.load(path)
    assert caught.value.exit_code == 1
