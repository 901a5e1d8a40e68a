"""The kernel against dense linear algebra: density, gradient, draws of the linear part, and what changes nothing."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.stats import multivariate_normal

from mmm.model.kernel import draw_linear, marginal
from mmm.model.pack import contrast_columns, pack
from mmm.model.shapes import (
    DELAYED,
    DENSITY,
    GAMMA,
    GEOMETRIC,
    HILL,
    LOGISTIC,
    MARGINAL,
    POWER,
    RETURN,
    SIGNED,
    SURVIVAL,
)

CASES: dict[str, dict] = {
    "national": {"seed": 1},
    "national, no flat column, no scale": {"seed": 2, "flat": 0, "groups": 0},
    "national with two holes": {"seed": 3, "masked": (0, 9, 10, 11, 17)},
    "single periods between holes": {"seed": 4, "masked": (3, 5, 7, 23)},
    "more lags than periods, days": {
        "seed": 5, "periods": 9, "lags": 12, "columns": 2, "n_dense": 1, "weeks_per_period": 1 / 7
    },
    "three geos": {"seed": 6, "geos": 3, "columns": 4},
    "four geos with a hole, three scales": {"seed": 7, "geos": 4, "own": 3, "groups": 3, "masked": (6, 7)},
    "two geos, one medium": {"seed": 8, "geos": 2, "media": 1, "flat": 2},
    "three geos, nothing but contrasts": {"seed": 9, "geos": 3, "n_dense": 0, "own": 1},
    "every family": {
        "seed": 11, "media": 6, "adstock": (GAMMA, GEOMETRIC, DELAYED, SURVIVAL, DENSITY, DELAYED),
        "saturation": (LOGISTIC, POWER, HILL, POWER, LOGISTIC, LOGISTIC),
    },
    "every family, two geos, days": {
        "seed": 12, "geos": 2, "media": 4, "lags": 6, "adstock": (DENSITY, SURVIVAL, DELAYED, GAMMA),
        "saturation": (POWER, LOGISTIC, POWER, LOGISTIC), "weeks_per_period": 1 / 7,
    },
    "national, weights, a hole": {"seed": 13, "student_t": True, "masked": (0, 9, 10)},
    "four geos, weights, a hole": {"seed": 14, "student_t": True, "geos": 4, "own": 3, "masked": (6, 7)},
    "two geos, weights, nothing but contrasts": {
        "seed": 15, "student_t": True, "geos": 2, "n_dense": 0, "own": 1
    },
    "marginal and signed returns": {
        "seed": 13, "geos": 2, "media": 4, "lags": 6, "saturation": (HILL, LOGISTIC, HILL, POWER),
        "measure": (MARGINAL, MARGINAL, SIGNED, SIGNED),
    },
    "a marginal return, more lags than periods": {
        "seed": 14, "periods": 9, "lags": 12, "columns": 2, "n_dense": 1, "media": 2, "measure": (MARGINAL, RETURN),
    },
}  # fmt: skip
EMPTY = np.zeros(0)


@pytest.fixture(params=CASES, ids=list(CASES))
def data(request, random_data):
    return random_data(**CASES[request.param])


def a_point(data, seed, spread=0.5):
    """Parameters around 0, rho well inside (-1, 1)."""
    rng = np.random.default_rng(seed)
    phi = spread * rng.normal(size=data.n_phi)
    phi[at_rho(data)] = rng.uniform(-0.5, 0.9)
    return phi


def at_rho(data):
    G, _, M, _, _ = data.shape
    return 5 * M + M * G + 1


def density(phi, data):
    return marginal(phi, pack(data), EMPTY)[0]


def dense_density(phi, data, dense):
    """Log density by matrices. A flat column counts with a prior sd of one, its normalizing constant at 0."""
    r, Z, U, prior = dense(phi, data)
    P = np.linalg.inv(U)
    A = Z.T @ P @ Z + np.diag(prior)
    b = np.linalg.solve(A, Z.T @ P @ r)
    log_det_S = -np.log(prior[prior > 0]).sum()
    quadratic = r @ P @ r - b @ A @ b
    return -0.5 * (
        len(r) * np.log(2 * np.pi) + np.linalg.slogdet(U)[1] + log_det_S + np.linalg.slogdet(A)[1] + quadratic
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_density_with_proper_priors_is_the_multivariate_normal_of_noise_plus_linear_part(
    data, seed, dense
):
    proper = replace(data, precision=np.where(data.precision > 0, data.precision, 0.7))
    phi = a_point(proper, seed)
    r, Z, U, prior = dense(phi, proper)

    expected = multivariate_normal(np.zeros(len(r)), U + Z @ np.diag(1 / prior) @ Z.T).logpdf(r)

    assert density(phi, proper) == pytest.approx(expected, rel=1e-10, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_density_with_flat_columns_is_that_of_what_they_cannot_explain(data, seed, dense):
    phi = a_point(data, seed)
    r, Z, U, prior = dense(phi, data)
    flat, proper = Z[:, prior == 0], Z[:, prior > 0]
    K = null_space(flat.T) if flat.shape[1] else np.eye(len(r))
    covariance = K.T @ (U + proper @ np.diag(1 / prior[prior > 0]) @ proper.T) @ K

    contrasts = multivariate_normal(np.zeros(K.shape[1]), covariance).logpdf(K.T @ r)
    lost = np.linalg.slogdet(flat.T @ flat)[1] + flat.shape[1] * np.log(2 * np.pi)

    assert density(phi, data) == pytest.approx(contrasts - 0.5 * lost, rel=1e-10, abs=1e-9)


def test_a_flat_column_is_the_limit_of_a_wide_prior_without_the_logarithm_of_its_width(random_data):
    data = random_data(**CASES["national"])
    phi = a_point(data, 0)
    sd = 1e5
    wide = replace(
        data, precision=np.where(data.precision > 0, data.precision, sd**-2), group=data.group.copy()
    )
    assert data.group[0] == -1
    assert density(phi, data) == pytest.approx(density(phi, wide) + np.log(sd), abs=1e-6)


@pytest.mark.parametrize("rho", [-0.95, 0.0, 0.98])
@pytest.mark.parametrize("shock", [-6.0, 2.5])
def test_strong_autocorrelation_and_large_week_shocks_keep_the_density_exact(rho, shock, random_data, dense):
    data = random_data(**CASES["four geos with a hole, three scales"])
    phi = a_point(data, 5)
    phi[at_rho(data) - 1 : at_rho(data) + 2] = -1.0, rho, shock
    assert density(phi, data) == pytest.approx(dense_density(phi, data, dense), rel=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_the_gradient_equals_differences_of_the_dense_density(data, seed, dense):
    phi = a_point(data, seed, spread=0.4)
    _, gradient, _ = marginal(phi, pack(data), EMPTY)

    def slope(direction, step):
        up, down = (dense_density(phi + s * step * direction, data, dense) for s in (1, -1))
        return (up - down) / (2 * step)

    # Richardson: the error of two central differences of steps h and 2h cancels to the fourth order
    differences = np.array([(4 * slope(unit, 1e-4) - slope(unit, 2e-4)) / 3 for unit in np.eye(data.n_phi)])
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-6)
    assert np.abs(gradient).max() > 1.0


@pytest.mark.parametrize("case", ["national", "every family"])
def test_parameters_that_play_no_part_have_no_slope(case, random_data):
    data = random_data(**CASES[case])
    _, gradient, _ = marginal(a_point(data, 0), pack(data), EMPTY)
    _, _, M, _, _ = data.shape
    idle = {2 * M + m for m in range(M) if data.adstock[m] == GEOMETRIC}  # it has no timing
    idle |= {
        3 * M + m for m in range(M) if data.saturation[m] == POWER
    }  # nor a power curve a half-saturation
    idle |= {5 * M + m for m in range(M)}  # one geo: its factor cancels, because ROI is the parameter
    idle |= {at_rho(data) + 1}  # no week shock without other geos
    assert np.abs(gradient[sorted(idle)]).max() < 1e-9
    assert (np.abs(np.delete(gradient, sorted(idle))) > 1e-6).all()


def test_the_linear_part_is_drawn_from_its_exact_conditional(data, dense):
    phi = a_point(data, 3)
    r, Z, U, prior = dense(phi, data)
    P = np.linalg.inv(U)
    A = Z.T @ P @ Z + np.diag(prior)
    p = len(prior)
    noise = np.concatenate([np.zeros((1, p)), np.eye(p)])

    drawn = draw_linear(np.tile(phi, (p + 1, 1)), pack(data), noise)

    mean, factor = drawn[0], (drawn[1:] - drawn[0]).T
    np.testing.assert_allclose(mean, np.linalg.solve(A, Z.T @ P @ r), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(factor @ factor.T, np.linalg.inv(A), rtol=1e-8, atol=1e-10)


def test_a_draw_is_linear_in_its_noise(random_data):
    data = random_data(**CASES["three geos"])
    phi, packed = a_point(data, 1), pack(data)
    rng = np.random.default_rng(0)
    p = data.shape[4]
    one, two, none = rng.normal(size=p), rng.normal(size=p), np.zeros(p)
    at = {name: marginal(phi, packed, z)[2] for name, z in (("1", one), ("2", two), ("3", one + two))}
    mean = marginal(phi, packed, none)[2]
    np.testing.assert_allclose(at["3"] - mean, (at["1"] - mean) + (at["2"] - mean), rtol=1e-9, atol=1e-12)


def test_a_level_by_geo_changes_nothing_where_each_geo_has_a_flat_intercept(random_data):
    data = random_data(**CASES["three geos"])
    own = data.own.copy()
    own[:, 0] = 1.0
    Z = data.Z.copy()
    Z[:, :, 0] = 1.0
    Z[:, :, -2 * own.shape[1] :] = contrast_columns(own, data.inverse_variance)
    data = replace(data, Z=Z, own=own)
    phi = a_point(data, 2)
    shifted = replace(data, y=data.y + np.array([4.0, -7.0, 30.0]))
    assert density(phi, shifted) == pytest.approx(density(phi, data), rel=1e-10)
    assert density(phi, replace(data, y=data.y * 1.01)) != pytest.approx(density(phi, data), rel=1e-6)


def test_the_order_of_geos_changes_nothing(random_data):
    data = random_data(**CASES["four geos with a hole, three scales"])
    G, _, M, _, _ = data.shape
    order = [2, 0, 3, 1]
    iv = data.inverse_variance[order]
    shared = data.Z.shape[2] - (G - 1) * data.own.shape[1]
    moved = replace(
        data,
        y=data.y[:, order],
        x=data.x[:, order],
        money=data.money[:, order],
        demand=data.demand[:, order],
        inverse_variance=iv,
        Z=np.concatenate([data.Z[:, order, :shared], contrast_columns(data.own, iv)], axis=2),
    )
    phi = a_point(data, 4)
    other = phi.copy()
    other[5 * M : 5 * M + M * G] = phi[5 * M : 5 * M + M * G].reshape(M, G)[:, order].ravel()
    assert density(other, moved) == pytest.approx(density(phi, data), rel=1e-11)


def test_the_order_of_media_changes_nothing(random_data):
    data = random_data(seed=9, geos=2, media=3, flat=2, saturation=(HILL, LOGISTIC, POWER))
    G, _, M, _, _ = data.shape
    order = [2, 0, 1]
    moved = replace(
        data,
        x=data.x[:, :, order],
        mean_lagged=data.mean_lagged[order],
        spend=data.spend[order],
        adstock=data.adstock[order],
        saturation=data.saturation[order],
    )
    phi = a_point(data, 4)
    other = phi.copy()
    other[: 5 * M] = phi[: 5 * M].reshape(5, M)[:, order].ravel()
    other[5 * M : 5 * M + M * G] = phi[5 * M : 5 * M + M * G].reshape(M, G)[order].ravel()
    assert density(other, moved) == pytest.approx(density(phi, data), rel=1e-11)


def test_a_masked_period_speaks_only_through_its_media(random_data):
    data = random_data(**CASES["national with two holes"])
    phi = a_point(data, 6)
    y, Z = data.y.copy(), data.Z.copy()
    y[~data.live] = 1e6
    Z[~data.live] = -50.0
    assert density(phi, replace(data, y=y, Z=Z)) == density(phi, data)
    x = data.x.copy()
    x[data.shape[3] + 10] += 5.0
    assert density(phi, replace(data, x=x)) != pytest.approx(density(phi, data), rel=1e-6)


def test_a_factor_common_to_all_geos_changes_nothing_because_roi_is_the_parameter(random_data):
    data = random_data(**CASES["three geos"])
    G, _, M, _, _ = data.shape
    phi = a_point(data, 7)
    other = phi.copy()
    other[5 * M : 5 * M + G] += 1.7
    assert density(other, data) == pytest.approx(density(phi, data), rel=1e-11)


def test_the_currency_changes_nothing(random_data):
    data = random_data(**CASES["three geos"])
    phi = a_point(data, 8)
    in_cents = replace(data, money=100 * data.money, spend=100 * data.spend)
    assert density(phi, in_cents) == pytest.approx(density(phi, data), rel=1e-11)


def test_a_medium_without_exposure_in_the_window_has_no_density(random_data):
    data = random_data(**CASES["national"])
    x = data.x.copy()
    x[data.shape[3] :, :, 0] = 0.0
    assert density(a_point(data, 0), replace(data, x=x)) == -np.inf


@pytest.mark.parametrize("index", range(11))
def test_a_parameter_that_is_no_number_never_gives_a_finite_density(index, random_data):
    data = random_data(seed=10, geos=2, media=1, flat=2, groups=1, adstock=(GAMMA,))
    phi = a_point(data, 0)
    assert phi.shape == (11,)
    phi[index] = np.nan
    assert not np.isfinite(density(phi, data))
