"""Draws of fits that were made one by one, paired so that sums are neither too narrow nor too wide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.inference.pairing import as_correlation, correlated, noise_correlation, pair, pairing


def two_normals(draws, cells, seed=1):
    """Independent draws for two segments, cells correlated within each."""
    rng = np.random.default_rng(seed)
    mix = np.eye(cells) + 0.4 * rng.normal(size=(cells, cells))
    return [rng.normal(size=(draws, cells)) @ mix.T for _ in range(2)]


def test_every_draw_of_a_segment_is_kept_once():
    scores = two_normals(2500, 3)
    orders = pairing(scores, np.array([[1.0, 0.6], [0.6, 1.0]]), np.random.default_rng(0))
    assert orders[0].tolist() == list(range(2500))
    assert sorted(orders[1].tolist()) == list(range(2500))


@pytest.mark.parametrize("alike", [0.3, 0.8])
@pytest.mark.parametrize("cells", [1, 5])
def test_paired_draws_correlate_as_the_noise_does(alike, cells):
    first, second = two_normals(2000, cells)
    noise = np.array([[1.0, alike], [alike, 1.0]])
    order = pairing([first, second], noise, np.random.default_rng(0))[1]
    found = [np.corrcoef(first[:, i], second[order, i])[0, 1] for i in range(cells)]
    # matching finds no draw exactly where one is wanted: in five dimensions a part of the correlation is lost
    assert np.abs(np.array(found) - alike).max() < (0.08 if cells == 1 else 0.15)
    total = np.corrcoef(first.sum(axis=1), second[order].sum(axis=1))[0, 1]
    assert total == pytest.approx(alike, abs=0.12)


def test_three_segments_correlate_two_by_two():
    rng = np.random.default_rng(3)
    scores = [rng.normal(size=(2000, 2)) for _ in range(3)]
    noise = np.array([[1.0, 0.6, 0.2], [0.6, 1.0, 0.4], [0.2, 0.4, 1.0]])
    orders = pairing(scores, noise, np.random.default_rng(0))
    first = np.stack([values[order, 0] for values, order in zip(scores, orders, strict=True)])
    np.testing.assert_allclose(np.corrcoef(first), noise, atol=0.12)


def test_segments_without_common_noise_stay_as_they_are():
    orders = pairing(two_normals(500, 2), np.eye(2), np.random.default_rng(0))
    assert all(order.tolist() == list(range(500)) for order in orders)


def test_the_likeness_of_noise_is_that_of_known_errors_and_never_below_zero():
    rng = np.random.default_rng(5)
    common = rng.normal(size=400)
    errors = np.stack([common + rng.normal(size=400), common + rng.normal(size=400), -common])
    errors[:, 17] = np.nan
    found = noise_correlation(errors)
    assert found[0, 1] == pytest.approx(0.5, abs=0.1)
    assert found[0, 2] == found[1, 2] == pytest.approx(0.0, abs=1e-9)


def test_noise_is_drawn_as_alike_as_it_is():
    noise = np.array([[1.0, 0.7], [0.7, 1.0]])
    drawn = correlated(noise, (300, 40), np.random.default_rng(2))
    assert drawn.shape == (2, 300, 40)
    np.testing.assert_allclose(np.corrcoef(drawn.reshape(2, -1)), noise, atol=0.02)
    assert correlated(np.ones((1, 1)), (20_000,), np.random.default_rng(2)).std() == pytest.approx(
        1, abs=0.02
    )


def test_a_matrix_that_no_noise_can_have_is_mended():
    never = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.9], [0.0, 0.9, 1.0]])
    found = as_correlation(never)
    assert np.linalg.eigvalsh(found).min() > 0
    np.testing.assert_allclose(np.diag(found), 1.0)


def test_one_fit_paired_with_itself_is_wholly_alike(fitted_company):
    posterior, layout = fitted_company.fitted.posterior, fitted_company.layout
    (first, second), noise = pair([posterior, posterior], [layout, layout], seed=1)
    np.testing.assert_allclose(noise, 1.0, atol=1e-6)
    assert first.draws == second.draws == posterior.draws
    np.testing.assert_allclose(first.flat("roi"), posterior.flat("roi"))
    alike = np.corrcoef(np.log(first.flat("roi")[:, 0]), np.log(second.flat("roi")[:, 0]))[0, 1]
    assert alike > 0.99


def test_two_halves_of_one_outcome_are_together_as_sure_as_the_whole(fitted_company, fit_panel):
    panel, layout, whole = fitted_company
    noise = np.random.default_rng(5).normal(0, 8, panel.outcome.shape)
    halves = [fit_panel(replace(panel, outcome=panel.outcome / 2 + sign * noise)) for sign in (1, -1)]
    posteriors, layouts = [half.fitted.posterior for half in halves], [half.layout for half in halves]
    paired, alike = pair(posteriors, layouts, seed=1)
    assert alike[0, 1] > 0.6

    def total(parts):
        return sum(part.flat("roi")[:, :3] @ layout.data.spend[:3] for part in parts)

    by_chance = [total(posteriors).std(), total(paired).std()]
    np.testing.assert_allclose(total(paired).mean(), total([whole.posterior]).mean(), rtol=0.1)
    assert by_chance[1] == pytest.approx(total([whole.posterior]).std(), rel=0.2)
    assert by_chance[0] < 0.85 * by_chance[1]  # in no order, a sum is surer than it should be
