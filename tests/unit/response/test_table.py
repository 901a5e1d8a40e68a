"""The table of mean responses and what it says between its points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.model.shapes import HILL, LOGISTIC, POWER
from mmm.response.curves import response
from mmm.response.table import refine, tabulate


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    family=st.one_of(
        st.tuples(st.just(HILL), st.one_of(st.none(), st.floats(0.7, 4))),
        st.tuples(st.sampled_from([LOGISTIC, POWER]), st.none()),
    ),
    carry=st.booleans(),
    points=st.lists(st.floats(0.01, 800), min_size=2, max_size=6, unique=True),
)
def test_the_mean_response_is_never_above_the_chord_plus_its_bound(
    random_curves, seed, family, carry, points
):
    saturation, power = family
    curves = random_curves(seed, draws=4, geos=1, slope=power, carry=carry, saturation=saturation)
    table = tabulate(curves, 0, np.array([0.0, *sorted(points)]))
    for j, bound in enumerate(table.excess):
        at = np.linspace(0, 1, 60)
        dense = response(curves, 0, table.points[j] + at * np.diff(table.points)[j]).mean(axis=1)
        chord = table.value[j] + at * (table.value[j + 1] - table.value[j])
        assert (dense - chord).max() <= bound + 1e-10 * table.value[-1]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    power=st.one_of(st.none(), st.floats(0.7, 4)),
    carry=st.booleans(),
    points=st.lists(st.floats(0.01, 800), min_size=2, max_size=6, unique=True),
)
def test_the_bound_holds_where_some_or_all_draws_hurt(random_curves, seed, power, carry, points):
    curves = with_signs(random_curves(seed, draws=4, geos=1, slope=power, carry=carry), seed)
    table = tabulate(curves, 0, np.array([0.0, *sorted(points)]))
    size = np.abs(response(curves, 0, table.points)).max()
    assert not np.isnan(table.slope).any()
    for j, bound in enumerate(table.excess):
        at = np.linspace(0, 1, 60)
        dense = response(curves, 0, table.points[j] + at * np.diff(table.points)[j]).mean(axis=1)
        chord = table.value[j] + at * (table.value[j + 1] - table.value[j])
        assert (dense - chord).max() <= bound + 1e-10 * size


def with_signs(curves, seed):
    """The same curves, with draws that hurt: one by chance, some, or all."""
    signs = np.where(np.random.default_rng(seed).uniform(size=curves.media.draws) < (seed % 3) / 2, 1.0, -1.0)
    return replace(curves, media=replace(curves.media, ceiling=curves.media.ceiling * signs[:, None, None]))


def test_a_refined_table_is_the_table_made_at_once(random_curves):
    curves = random_curves(1)
    coarse = tabulate(curves, 1, np.array([0.0, 100.0, 200.0, 300.0]))
    extra = np.array([20.0, 40.0, 100.0, 250.0])
    fine = refine(curves, 1, coarse, extra)
    at_once = tabulate(curves, 1, np.union1d(coarse.points, extra))
    for name in ("points", "value", "slope", "excess"):
        np.testing.assert_allclose(getattr(fine, name), getattr(at_once, name), rtol=1e-12)


def test_a_table_without_new_points_is_left_as_it_is(random_curves):
    curves = random_curves(1)
    table = tabulate(curves, 1, np.array([0.0, 100.0]))
    assert refine(curves, 1, table, np.array([100.0])) is table
