"""Segments together: sums per draw, and what the whole is graded by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.inference.posterior import interval
from mmm.model.layout import lay_out
from mmm.model.settings import ModelSettings
from mmm.response.decomposition import as_fit, expect, noise_shape, split_outcome
from mmm.response.returns import returns, roi_table
from mmm.response.segments import joint_weights, sum_expected, sum_returns, sum_splits


@pytest.fixture(scope="module")
def twice(fitted_company):
    """The company and a segment that is three times as large: the same draws, so that sums are known."""
    panel, layout, fitted = fitted_company
    larger = replace(panel, outcome=3 * panel.outcome)
    shaped = lay_out(larger, ModelSettings(max_lag=8), break_even=2.0, share=0.75)
    return (panel, layout, fitted.posterior), (larger, shaped, fitted.posterior)


def found(part, seed=1):
    panel, layout, posterior = part
    return returns(posterior, layout, panel, seed=seed)


def test_the_total_of_every_draw_is_the_sum_of_its_segments(twice):
    parts = [found(part) for part in twice]
    total = sum_returns(parts)
    np.testing.assert_allclose(total.contribution, parts[0].contribution + parts[1].contribution)
    np.testing.assert_allclose(total.increase, parts[0].increase + parts[1].increase)
    table, (one, other) = roi_table(total, 0.5), [roi_table(part, 0.5) for part in parts]
    np.testing.assert_allclose(table["contribution"], one["contribution"] + other["contribution"])
    np.testing.assert_allclose(table["roi"], one["roi"] + other["roi"])
    np.testing.assert_allclose(table["spend"], one["spend"])  # spent once
    draws = (parts[0].contribution + parts[1].contribution).sum(axis=(1, 2))
    whole = table[table["level"] == "total"].iloc[0]
    np.testing.assert_allclose([whole["contribution_lo"], whole["contribution_hi"]], interval(draws)[1:])


def test_what_is_believed_of_the_whole_is_shared_out_and_adds_up_again(twice):
    (_, layout, _), (_, larger, _) = twice
    np.testing.assert_allclose(larger.roi_priors.median, 0.75 * layout.roi_priors.median)
    quarter = lay_out(twice[0][0], ModelSettings(max_lag=8), break_even=2.0, share=0.25)
    both = [(twice[0][0], quarter, twice[0][2]), twice[1]]
    total = sum_returns([found(part) for part in both])
    whole = found(twice[0])
    np.testing.assert_allclose(np.median(total.prior_roi, axis=0), np.median(whole.prior_roi, axis=0))


def test_a_cell_is_graded_by_the_segments_in_which_it_brings_most(twice):
    known, unknown = (
        replace(found(part), sd_ratio=np.full(3, ratio), vif=np.ones(3))
        for part, ratio in zip(twice, (0.2, 0.9), strict=True)
    )
    share = known.contribution.mean(axis=0).sum(axis=0)
    share = share / (share + unknown.contribution.mean(axis=0).sum(axis=0))
    total = sum_returns([known, unknown])
    np.testing.assert_allclose(total.sd_ratio, 0.2 * share + 0.9 * (1 - share))
    large = replace(known, contribution=50 * known.contribution)
    assert sum_returns([large, unknown]).evidence == ("data",) * 3
    assert sum_returns([large, replace(unknown, vif=np.full(3, 20.0))]).evidence == ("prior",) * 3


def test_components_and_expectations_add_up_and_tie_to_the_outcome(twice):
    splits = [split_outcome(posterior, layout, panel) for panel, layout, posterior in twice]
    rng = np.random.default_rng(0)
    expected = [expect(posterior, layout, panel, rng) for panel, layout, posterior in twice]
    panel, layout, _ = twice[0]
    whole = replace(panel, outcome=4 * panel.outcome)
    fit = as_fit(sum_splits(splits), sum_expected(expected), layout, whole)
    summed = fit.contributions.groupby("date")["value"].sum().to_numpy()
    np.testing.assert_allclose(summed, whole.outcome[layout.window :, 0], rtol=1e-9)
    parts = [as_fit(*one, layout, panel).contributions for one in zip(splits, expected, strict=True)]
    np.testing.assert_allclose(
        fit.contributions["value"], sum(part["value"] for part in parts), rtol=1e-7, atol=1e-7
    )
    np.testing.assert_allclose(fit.fit["expected"], sum(told.mean[:, 0] for told in expected))


def test_noise_that_is_given_is_the_noise_that_is_added(fitted_company):
    panel, layout, fitted = fitted_company
    shape = noise_shape(fitted.posterior, layout)
    rng = np.random.default_rng(0)
    quiet, one = (
        expect(fitted.posterior, layout, panel, rng, np.full(shape, size)).observed for size in (0.0, 1.0)
    )
    draws = np.linspace(0, fitted.posterior.draws - 1, shape[0]).round().astype(int)
    sd = fitted.posterior.flat("sigma")[draws] * layout.outcome_scale * layout.size[0]
    np.testing.assert_allclose(one - quiet, np.broadcast_to(sd[:, None, None], one.shape), rtol=1e-9)


def test_carry_over_of_the_whole_is_that_of_its_segments_weighed_by_their_returns(twice):
    (_, layout, posterior), (_, larger, other) = twice
    weights = joint_weights([posterior, other], [layout, larger])
    np.testing.assert_allclose(weights, posterior.weights(layout)[:, :3])
    np.testing.assert_allclose(weights.sum(axis=2), 1.0)
