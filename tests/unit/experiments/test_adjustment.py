"""What else moves regions, taken out before they are compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.experiments.adjustment import explained, influences_of
from mmm.experiments.arms import place
from mmm.experiments.readout import read_out

PRICE = -300.0
"""Outcome of a region of mean size for one unit of its price."""


@pytest.fixture
def priced(tested):  # type: ignore[no-untyped-def]
    """The tested company with prices that differ by region and week, and what they do."""

    def make(seed: int = 1, *, same: bool = False, **choices: float):  # type: ignore[no-untyped-def]
        panel = tested(seed, **choices)
        rng = np.random.default_rng(100 + seed)
        weeks, regions = panel.outcome.shape
        price = rng.normal(0, 0.3, (weeks, 1 if same else regions)) * np.ones((weeks, regions))
        size = panel.outcome[:100].mean(axis=0) / panel.outcome[:100].mean()
        return replace(
            panel,
            outcome=panel.outcome + PRICE * size * price,
            control_names=("price",),
            control_roles=("confounder",),
            controls=price[:, :, None],
            organic_names=(),
            organic=np.zeros((weeks, regions, 0)),
        )

    return make


def every(panel) -> np.ndarray:  # type: ignore[no-untyped-def]
    return np.ones(len(panel.dates), dtype=bool)


def test_what_a_price_does_is_found_and_is_none_of_the_regions_mean(priced) -> None:  # type: ignore[no-untyped-def]
    panel = priced(noise=0.01)
    found = influences_of(panel, every(panel))
    parts = explained(found, panel.outcome, every(panel), range(12))
    assert found.names == ("price", panel.cells[0].name)
    size = panel.outcome.mean(axis=0) / panel.outcome.mean()
    away = panel.controls[:, :, 0] - panel.controls[:, :, 0].mean(axis=0)
    assert parts[:, :, 0] == pytest.approx(PRICE * size * away, rel=0.02, abs=2.0)
    assert np.abs(parts.mean(axis=0)).max() < 1e-9


def test_what_is_the_same_everywhere_is_left_to_the_other_regions(priced) -> None:  # type: ignore[no-untyped-def]
    panel = priced(same=True)
    parts = explained(influences_of(panel, every(panel)), panel.outcome, every(panel), range(12))
    assert not parts[:, :, 0].any()


def test_a_history_that_is_too_short_takes_nothing_out(priced) -> None:  # type: ignore[no-untyped-def]
    panel = priced()
    rows = np.arange(len(panel.dates)) < 4  # 33 free rows for two influences
    assert not explained(influences_of(panel, every(panel)), panel.outcome, rows, range(12)).any()


def test_media_that_answer_to_others_are_left_in(make_panel) -> None:  # type: ignore[no-untyped-def]
    panel = make_panel(2, geos=("north", "south", "west"))
    first = panel.cells[0].channel
    names = influences_of(replace(panel, demand_capture=frozenset({first})), every(panel)).names
    assert set(influences_of(panel, every(panel)).names) - set(names) == {
        cell.name for cell in panel.cells if cell.channel == first
    }


@pytest.mark.parametrize("change", [2400.0, -1200.0])
def test_flights_of_the_tested_medium_are_taken_out_and_what_the_test_changed_is_not(
    tested, design, change
) -> None:  # type: ignore[no-untyped-def]
    panel = tested(noise=2.0, money=0.0)
    rng = np.random.default_rng(8)
    spend = 50.0 * np.repeat(
        rng.uniform(0.2, 1.8, (30, 12, 1)), 4, axis=0
    )  # months differ from region to region
    spend[92:] = 50.0
    spend[104:110, :4] += change / 24
    outcome = panel.outcome + 2.0 * spend[:, :, 0]
    run = replace(panel, outcome=outcome, spend=spend, exposure=spend.copy())
    found = read_out(
        replace(design, spend_change=change), *place(replace(design, spend_change=change), run, {})
    )
    plain = next(other for other in found.beside if other.method == "regression, nothing taken out")
    assert "tv" in found.adjusted_for
    assert found.se < 0.75 * plain.se
    assert found.lo < 2.0 * change < found.hi


def test_prices_no_longer_hide_a_lift(priced, design) -> None:  # type: ignore[no-untyped-def]
    arms, told = place(design, priced(lift=30.0), {})
    found = read_out(design, arms, told)
    plain = next(other for other in found.beside if other.method == "regression, nothing taken out")
    assert found.adjusted_for == ("price",)
    assert found.lo < 960.0 < found.hi
    assert found.se < 0.3 * plain.se
    assert found.course.actual[-8:].sum() == pytest.approx((arms.outcome + arms.removed)[-8:, :4].sum())
    assert (found.course.actual - found.course.expected)[-8:].sum() == pytest.approx(found.effect)


def test_the_test_itself_does_not_move_what_is_taken_out(priced, design) -> None:  # type: ignore[no-untyped-def]
    arms = [place(design, priced(lift=lift), {})[0] for lift in (0.0, 400.0)]
    assert arms[0].removed == pytest.approx(arms[1].removed, rel=1e-12)


def test_with_prices_taken_out_nothing_is_called_something_as_seldom_as_promised(priced, design) -> None:  # type: ignore[no-untyped-def]
    wrong = 0
    for seed in range(60):
        found = read_out(design, place(design, priced(seed), {})[0], [])
        wrong += not found.lo < 0.0 < found.hi
    assert wrong / 60 < 0.10 + 3 * np.sqrt(0.09 / 60)
