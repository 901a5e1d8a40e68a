"""Which decisions a test allows, and what that is worth."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from mmm.experiments.decisions import Decisions
from mmm.experiments.proposals import measures
from mmm.experiments.value import Signal, perfect_information, sample_information

NOTHING = np.zeros(0)
"""Of priors nothing is known."""


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
    assert measures(of((0,), lift, 0.98 * edge), decisions, NOTHING) == (0,)
    assert measures(of((0,), lift, 1.02 * edge), decisions, NOTHING) == ()
    assert measures(of((0,), lift, np.inf), decisions, NOTHING) == ()


def test_of_cells_tested_together_only_those_that_move_with_the_result_are_measured(decisions) -> None:  # type: ignore[no-untyped-def]
    both = decisions.brought[0] + 0.1 * decisions.brought[1]
    assert measures(of((0, 1), both, 0.3), decisions, NOTHING) == (0,)


def test_a_cell_whose_range_is_narrow_already_is_measured_by_a_test_that_would_do_without_the_history(
    decisions,
) -> None:  # type: ignore[no-untyped-def]
    held = replace(decisions, brought=np.exp(0.1 * decisions.brought))  # the log of the return has sd 0.1
    lift = 3.0 * held.brought[0]
    enough = 3.0 / np.sqrt(3.0)  # a lift of 3 halves a prior sd of 1 where 1 + (3 / sd)^2 = 4
    assert measures(of((0,), lift, 0.98 * enough), held, np.ones(2)) == (0,)
    assert measures(of((0,), lift, 1.03 * enough), held, np.ones(2)) == ()
    assert measures(of((0,), lift, 0.98 * enough), held, NOTHING) == ()
