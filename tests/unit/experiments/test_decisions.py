"""Which decisions a test allows, and what that is worth."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from mmm.experiments.decisions import Decisions
from mmm.experiments.proposals import measures
from mmm.experiments.value import Signal, perfect_information, sample_information


@pytest.fixture
def decisions() -> Decisions:
    """Today's plan, more of the first cell, more of the second; the first is held back, the second is not."""
    theta = norm.ppf((np.arange(4000) + 0.5) / 4000)
    theta = np.random.default_rng(1).permutation(theta)
    return Decisions(
        spend=np.array([[10.0, 10.0], [15.0, 5.0], [5.0, 15.0]]),
        benefit=np.column_stack([np.zeros_like(theta), 0.5 + theta, np.full_like(theta, -0.1)]),
        beyond=np.array([[False, False], [True, False], [False, False]]),
        brought=np.stack([theta, np.random.default_rng(2).normal(size=theta.size)]),
    )


def of(cells: tuple[int, ...], lift: np.ndarray, sd: float) -> SimpleNamespace:
    return SimpleNamespace(recipe=SimpleNamespace(cells=cells), signal=Signal(lift, sd, 1e7))


def test_what_a_cell_needs_its_test_for_is_not_done_without_it(decisions) -> None:  # type: ignore[no-untyped-def]
    assert decisions.allowed(()).tolist() == [0, 2]
    assert decisions.allowed((0,)).tolist() == [0, 1, 2]
    assert decisions.without == 0
    assert decisions.freed((0,)) == pytest.approx(0.5)
    assert decisions.freed((1,)) == 0.0


def test_a_test_of_a_held_cell_is_worth_its_freedom_and_its_information(decisions) -> None:  # type: ignore[no-untyped-def]
    benefit, se = decisions.benefit, 0.5
    told = 1.0 / np.hypot(1.0, se)
    expected = told * norm.pdf(0.5 / told) + 0.5 * norm.cdf(
        0.5 / told
    )  # of E max(0, 0.5 + theta) given the result
    signal = Signal(benefit[:, 1], se, 1e7)
    found = sample_information([signal], benefit, base=0).value
    assert found == pytest.approx(expected, rel=0.02)
    assert found > 0.5
    assert found <= perfect_information(benefit, 0)


def test_a_cell_is_measured_where_its_sd_would_be_a_fifth_larger_without_the_result(decisions) -> None:  # type: ignore[no-untyped-def]
    lift = decisions.brought[0]
    edge = 1.0 / np.sqrt(1.2**2 - 1.0)  # sd without over sd with is the root of 1 + 1 / sd^2
    assert measures(of((0,), lift, 0.98 * edge), decisions) == (0,)
    assert measures(of((0,), lift, 1.02 * edge), decisions) == ()
    assert measures(of((0,), lift, np.inf), decisions) == ()


def test_of_cells_tested_together_only_those_that_move_with_the_result_are_measured(decisions) -> None:  # type: ignore[no-untyped-def]
    both = decisions.brought[0] + 0.1 * decisions.brought[1]
    assert measures(of((0, 1), both, 0.3), decisions) == (0,)
