import numpy as np
import pytest
from scipy.optimize import minimize

from mmm.experiments.regression import placebo_errors
from mmm.experiments.synthetic import (
    method_errors,
    regression_counterfactual,
    simplex_weights,
    synthetic_control,
    synthetic_did,
)


@pytest.mark.parametrize("ridge", [0.0, 3.0])
def test_weights_are_the_best_on_the_simplex(ridge: float) -> None:
    rng = np.random.default_rng(1)
    donors, target = rng.normal(size=(30, 6)), rng.normal(size=30)
    weights = simplex_weights(target, donors, ridge)
    assert weights.min() >= 0.0
    assert weights.sum() == pytest.approx(1.0)
    best = minimize(
        lambda w: ((target - donors @ w) ** 2).sum() + ridge * (w**2).sum(),
        np.full(6, 1 / 6),
        bounds=[(0, 1)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert weights == pytest.approx(best.x, abs=1e-5)


def test_regions_that_make_up_the_treated_ones_are_found() -> None:
    rng = np.random.default_rng(2)
    donors = rng.normal(10.0, 1.0, size=(40, 5))
    truth = np.array([0.6, 0.0, 0.4, 0.0, 0.0])
    assert simplex_weights(donors @ truth, donors) == pytest.approx(truth, abs=1e-9)


def world(seed: int, lift: float = 0.0) -> tuple[np.ndarray, np.ndarray, int]:
    """Regions of different sizes that share a season; the treated ones gain `lift` in all, over ten periods."""
    rng = np.random.default_rng(seed)
    season = 1.0 + 0.2 * np.sin(np.arange(70) / 9.0)
    size = rng.uniform(50, 500, 12)
    outcome = size * (season[:, None] + rng.normal(0, 0.02, (70, 12)))
    outcome[60:, :4] += lift / 40.0
    return outcome[:, :4], outcome[:, 4:], 60


@pytest.mark.parametrize("method", [regression_counterfactual, synthetic_control, synthetic_did])
def test_each_method_finds_a_lift_it_was_given(method: object) -> None:
    found = []
    for seed in range(12):
        treated, control, pre = world(seed, lift=900.0)
        found.append((treated.sum(axis=1) - method(treated, control, pre))[pre:].sum())  # type: ignore[operator]
    assert np.mean(found) == pytest.approx(900.0, abs=4 * np.std(found) / np.sqrt(12))
    assert np.std(found) < 150.0


def test_a_level_of_their_own_does_not_fool_the_difference_in_differences() -> None:
    rng = np.random.default_rng(4)
    common = 100.0 + rng.normal(0, 5, 50).cumsum() * 0.2
    control = np.column_stack([common * k for k in (1.0, 2.0, 3.0)])
    treated = (5.0 * common)[:, None]
    expected = synthetic_did(treated, control, 40)
    assert expected[40:] == pytest.approx(treated[40:, 0], rel=1e-6)


def test_an_empty_region_has_no_weight_and_breaks_nothing() -> None:
    treated, control, pre = world(5)
    with_empty = np.column_stack([control, np.zeros(len(control))])
    assert synthetic_control(treated, with_empty, pre) == pytest.approx(
        synthetic_control(treated, control, pre)
    )


def test_errors_of_a_method_are_those_of_its_windows() -> None:
    treated, control, _ = world(6)
    errors = method_errors(regression_counterfactual, treated, control, window=10, history=52, least=55)
    known = placebo_errors(treated.sum(axis=1), control.sum(axis=1), window=10, history=52, least=55)
    assert errors == pytest.approx(known)
