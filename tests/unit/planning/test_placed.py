"""A plan around tests."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.errors import InternalFault
from mmm.finance.economics import Economics
from mmm.planning.allocation import window_money
from mmm.planning.money import in_cents, spread
from mmm.planning.placed import around_tests, curves_around, response_of_tests, without_tests
from mmm.planning.plan import optimize
from mmm.planning.settings import PlanSettings
from mmm.planning.tables import plan_table
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import response

GRADES = ("data", "prior", "experiment", "data")
GEOS = ("north", "south", "west")


def cents(values) -> int:
    return sum(in_cents(value) for value in values)


@pytest.fixture
def begin(make_panel, make_media):
    """A window of 2027Q1 in three regions, with its curves."""
    rng = np.random.default_rng(3)
    panel = make_panel(rng.uniform(50, 150, (97, 3, 4)) * np.array([8, 4, 2, 1]), geos=GEOS)
    chosen = PlanSettings.model_validate({"window": "2027Q1", "budget": 40_000})
    window = plan_window(panel, chosen)
    return chosen, window, window_curves(window, panel, make_media(panel, draws=60))


def with_a_test(window, money: float = 900.0):
    """Weeks 3 to 8 of the first cell in the south: more money than usual there."""
    taken = np.zeros_like(window.pattern)
    taken[2:8, 1, 0] = 1.0
    return around_tests(window, spread(money, taken * window.pattern), taken, 250.0)


def test_the_plans_money_stands_where_no_test_sets_the_level_in_the_same_proportions(begin) -> None:
    _, window, _ = begin
    found = with_a_test(window)
    assert (found.pattern[2:8, 1, 0] == 0).all()
    np.testing.assert_allclose(found.pattern.sum(axis=(0, 1)), 1.0)
    np.testing.assert_allclose(found.pattern[:, :, 1:], window.pattern[:, :, 1:])
    ratio = found.pattern[:2, :, 0] / window.pattern[:2, :, 0]
    np.testing.assert_allclose(ratio, ratio[0, 0])


def test_test_money_then_plan_money_bring_what_both_bring_together(begin) -> None:
    """The exposure of both as one schedule, through the curves themselves."""
    _, window, curves = begin
    tested = with_a_test(window)
    around = curves_around(curves, tested)
    spend = np.array([9000.0, 5000.0, 3000.0, 2000.0])
    apart = response_of_tests(around, tested)[0] + response(around, 0, [spend[0]])[0]
    bought = (tested.pattern[:, :, 0] * spend[0] + tested.tests.spend[:, :, 0]) * tested.exposure_per_money[
        :, 0
    ]
    unit = curves.unit_exposure.copy()
    unit[:, :, 0] = bought
    together = response(replace(curves, unit_exposure=unit), 0, [1.0])[0]
    np.testing.assert_allclose(apart, together, rtol=1e-10)


def test_without_its_tests_a_window_is_what_it_was(begin) -> None:
    _, window, curves = begin
    tested = with_a_test(window)
    plain, whole = without_tests(curves_around(curves, tested), tested)
    np.testing.assert_allclose(plain.unit_exposure, curves.unit_exposure)
    np.testing.assert_allclose(plain.beside, curves.beside)
    assert whole.tests is None
    assert (response_of_tests(curves, window) == 0).all()


def test_tests_that_take_a_whole_cell_are_our_own_fault(begin) -> None:
    _, window, _ = begin
    taken = np.zeros_like(window.pattern)
    taken[:, :, 0] = 1.0
    with pytest.raises(InternalFault, match="tv"):
        around_tests(window, taken, taken, 0.0)


def test_the_plan_and_its_tests_are_the_budget_to_the_cent_and_agree_in_every_table(begin) -> None:
    chosen, window, curves = begin
    tested = with_a_test(window, 3900.0)
    around = curves_around(curves, tested)
    found = optimize(around, tested, Economics(0.6), GRADES, chosen)
    table, summary = found.plan, found.summary
    assert cents(table.planned_spend) == cents(table.current_spend) == 4_000_000
    money = table[table.purpose == "test"]
    assert (
        cents(money.planned_spend) == in_cents(summary.reserve) == 415_000
    )  # 3,900 and 250 withheld: above 4,000
    placed = money[money.channel != ""]
    assert set(zip(placed.channel, placed.geo, strict=True)) == {("tv", "south")}
    assert cents(placed.planned_spend) == in_cents(summary.reserve_placed) == 390_000
    assert summary.reserve_withheld == 250.0
    core = table[(table.purpose == "core") & (table.channel == "tv") & (table.geo == "south")]
    assert (core.planned_spend.to_numpy()[2:8] == 0).all()
    total = found.moves[found.moves.level == "total"].iloc[0]
    assert total.response == pytest.approx(summary.revenue.mean)
    brought = response_of_tests(around, tested).sum(axis=0)
    half = brought[30:], brought[:30]
    assert found.moves[found.moves.level == "reserve"].response.iloc[0] in [
        pytest.approx(x.mean()) for x in half
    ]
    assert summary.core + summary.reserve == pytest.approx(summary.budget)


def test_the_floor_holds_in_a_thousand_windows_with_tests(begin) -> None:
    _, window, _ = begin
    rng = np.random.default_rng(8)
    for _ in range(1000):
        budget, share = in_cents(rng.uniform(500, 80_000)) / 100, rng.uniform(0.1, 0.4)
        chosen = PlanSettings.model_validate({"budget": budget, "reserve_for_tests": share})
        taken = (rng.random(window.pattern.shape) < 0.2) * 1.0
        taken[-1] = 0.0
        spend = spread(rng.uniform(0, 0.3) * budget, taken * window.pattern)
        tested = around_tests(window, spend, taken, in_cents(rng.uniform(0, 0.1) * budget) / 100)
        money = window_money(tested, chosen)
        assert in_cents(money.reserve) >= share * in_cents(budget) * (1 - 1e-12)
        assert in_cents(money.reserve) >= in_cents(tested.tests.used)
        assert in_cents(money.core) + in_cents(money.reserve) == in_cents(budget)
    table = plan_table(tested, money, money.current)
    assert cents(table.planned_spend) == in_cents(budget)
    assert cents(table[table.purpose == "test"].planned_spend) == in_cents(money.reserve)
