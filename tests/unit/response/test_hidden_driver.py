"""A hidden driver of the strength told halves the coefficient: shown by making one and fitting again."""

import numpy as np
import pytest
from scipy.optimize import brentq, fsolve

from mmm.response.hidden_driver import (
    Regression,
    hidden_driver_table,
    robustness,
    times_as_strong,
    whitened,
)


def left_over(target, columns):
    return target - columns @ np.linalg.lstsq(columns, target, rcond=None)[0]


def explained(target, by, given):
    """Partial R^2 of `target` with `by`, given columns."""
    a, b = left_over(target, given), left_over(by, given)
    return (a @ b) ** 2 / ((a @ a) * (b @ b))


class Ols:
    """y on a spend series d, a control x_j and others, by ordinary least squares."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        n = 60
        self.rest = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
        self.control = rng.normal(size=n) + self.rest[:, 1]
        self.d = 0.6 * self.control + self.rest @ [0.0, 0.4, 0.0] + rng.normal(size=n)
        self.y = 0.4 * self.d + 0.7 * self.control + rng.normal(size=n)
        self.given = np.column_stack([self.control, self.rest])
        self.columns = np.column_stack([self.d, self.given])
        self.effects = np.linalg.lstsq(self.columns, self.y, rcond=None)[0]
        residual = self.y - self.columns @ self.effects
        self.regression = Regression(self.columns.T @ self.columns, self.effects, residual @ residual)
        self.axes = [v / np.linalg.norm(v) for v in (left_over(self.d, self.given), residual)]
        free = left_over(rng.normal(size=n), np.column_stack([self.columns, self.y]))
        self.free = free / np.linalg.norm(free)

    def driver(self, along_d: float, along_y: float) -> np.ndarray:
        """A series of length one that nothing observed but d and y move with."""
        rest = np.sqrt(1.0 - along_d**2 - along_y**2)
        return along_d * self.axes[0] + along_y * self.axes[1] + rest * self.free

    def effect_with(self, driver: np.ndarray) -> float:
        return np.linalg.lstsq(np.column_stack([self.columns, driver]), self.y, rcond=None)[0][0]


@pytest.mark.parametrize("seed", range(4))
def test_a_driver_as_strong_as_the_robustness_value_halves_the_coefficient(seed):
    ols = Ols(seed)
    strength = robustness(ols.regression, 0)
    with_d = np.sqrt(strength)
    driver = ols.driver(with_d, np.sqrt(strength * (1 - strength)))
    assert explained(ols.d, driver, ols.given) == pytest.approx(strength)
    assert explained(ols.y, driver, ols.columns) == pytest.approx(strength)
    assert ols.effect_with(driver) == pytest.approx(ols.effects[0] / 2)


@pytest.mark.parametrize("seed", range(4))
def test_a_driver_so_many_times_as_strong_as_a_control_halves_the_coefficient_and_no_weaker_one(seed):
    ols = Ols(seed)
    k = times_as_strong(ols.regression, 0, 1)
    given_d = np.column_stack([ols.d, ols.rest])

    def effect(times, sign):
        """Coefficient beside a driver that is so many times as strong as the control in d and in y."""

        def misses(at):
            made = ols.driver(*np.tanh(at) * 0.7)
            return [
                explained(ols.d, made, ols.rest) / explained(ols.d, ols.control, ols.rest) - times,
                explained(ols.y, made, given_d) / explained(ols.y, ols.control, given_d) - times,
            ]

        at, _, found, _ = fsolve(misses, [0.3, sign * 0.3], full_output=True)
        return ols.effect_with(ols.driver(*np.tanh(at) * 0.7)) if found == 1 else np.nan

    told = [effect(k, sign) for sign in (-1, 1)]
    assert np.nanmin(told) == pytest.approx(ols.effects[0] / 2, rel=1e-5)
    weaker = [effect(0.8 * k, sign) for sign in (-1, 1)]
    assert np.nanmin(weaker) > ols.effects[0] / 2


def test_robustness_solves_what_defines_it():
    f2 = 0.25 * 0.5**2 * 8.0 / 3.0
    expected = brentq(lambda r: r**2 / (1 - r) - f2, 0, 1 - 1e-12)
    assert robustness(Regression(np.array([[8.0]]), np.array([0.5]), 3.0), 0) == pytest.approx(expected)


def test_a_control_that_has_nothing_to_do_with_the_cell_is_no_benchmark():
    regression = Regression(np.diag([2.0, 3.0]), np.array([1.0, 1.0]), 1.0)
    assert times_as_strong(regression, 0, 1) == np.inf


@pytest.mark.parametrize("geos", [1, 3])
def test_whitened_noise_is_independent_with_sd_one(geos):
    rng = np.random.default_rng(geos)
    periods, sigma, rho, shock = 9, 0.7, 0.4, 1.3 if geos > 1 else 0.0
    live = np.ones(periods, dtype=bool)
    live[[3, 4, 7]] = False
    iv = rng.uniform(0.5, 2, geos) if geos > 1 else np.ones(1)
    segment = np.cumsum(~live)
    apart = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    over_time = np.where(np.equal.outer(segment, segment), rho**apart, 0.0)
    noise = sigma**2 * np.kron(over_time, np.diag(1 / iv) + shock**2)
    unit = np.eye(periods * geos).reshape(periods, geos, -1)
    white = whitened(unit, live, iv, sigma=sigma, rho=rho, shock=shock)
    assert white @ noise @ white.T == pytest.approx(np.eye(live.sum() * geos), abs=1e-12)


@pytest.mark.parametrize("company", ["fitted_company", "fitted_regions"])
def test_every_cell_is_told_how_strong_a_driver_would_halve_it(company, request):
    _, layout, fitted = request.getfixturevalue(company)
    table = hidden_driver_table(fitted.posterior, layout, layout.media[: layout.n_paid])
    assert list(table.columns) == ["channel", "audience", "robustness", "benchmark", "times_benchmark"]
    assert len(table) == layout.n_paid
    assert table["robustness"].between(0, 1, inclusive="neither").all()
    assert set(table["benchmark"]) == {"price"}
    assert (table["times_benchmark"] > 0).all()
