"""Prices that change with money: what it buys, its slope, and a bound that is none too low."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.planning.problem import Problem
from mmm.planning.solver import solve
from mmm.response.curves import evaluate, response
from mmm.response.prices import Price

POWER = Price(today=80.0, elasticity=0.25)
TIERS = Price(above=(50.0, 120.0), times=(1.25, 2.0))
DISCOUNT = Price(above=(50.0, 120.0), times=(0.8, 0.5))


def test_tiers_buy_piece_by_piece():
    money = np.array([0.0, 40.0, 50.0, 100.0, 120.0, 160.0])
    np.testing.assert_allclose(TIERS.buys(money), [0, 40, 50, 90, 106, 126])
    np.testing.assert_allclose(TIERS.slope(money), [1, 1, 0.8, 0.8, 0.5, 0.5])


def test_under_a_power_law_the_mean_price_rises_by_the_elasticity_and_is_todays_at_todays_money():
    money = np.array([20.0, 80.0, 160.0])
    price = money / POWER.buys(money)
    np.testing.assert_allclose(price, (money / 80.0) ** 0.25)
    step = 1e-5
    by_hand = (POWER.buys(money + step) - POWER.buys(money - step)) / (2 * step)
    np.testing.assert_allclose(POWER.slope(money), by_hand, rtol=1e-6)


def test_without_elasticity_money_buys_itself():
    money = np.array([0.0, 3.0, 90.0])
    np.testing.assert_allclose(Price(today=7.0).buys(money), money)
    np.testing.assert_allclose(Price(today=7.0).excess(money), 0.0)


@pytest.mark.parametrize("price", [POWER, TIERS, DISCOUNT])
def test_no_amount_between_two_points_buys_more_than_the_chord_and_its_excess(price):
    points = np.array([0.0, 7.0, 60.0, 130.0, 131.0, 400.0])
    chords = np.interp(np.linspace(0, 400, 8001), points, price.buys(points))
    over = price.buys(np.linspace(0, 400, 8001)) - chords
    at = np.clip(np.searchsorted(points, np.linspace(0, 400, 8001), side="right") - 1, 0, 4)
    assert (over <= price.excess(points)[at] + 1e-9).all()
    for j in range(5):
        assert price.excess(points)[j] == pytest.approx(max(over[at == j].max(), 0.0), abs=0.02)


@pytest.mark.parametrize("price", [POWER, TIERS, DISCOUNT])
@pytest.mark.parametrize("seed", range(3))
def test_a_response_is_that_of_what_the_money_buys_and_never_above_chord_and_excess(
    random_curves, seed, price
):
    plain = random_curves(seed)
    curves = replace(plain, prices=(price, None, None))
    points = np.array([0.0, 10.0, 45.0, 70.0, 200.0])
    value, slope, excess = evaluate(curves, 0, points)
    np.testing.assert_allclose(value, response(plain, 0, price.buys(points)), rtol=1e-12)
    np.testing.assert_array_equal(evaluate(curves, 1, points)[0], evaluate(plain, 1, points)[0])
    assert not np.isnan(slope).any()
    step = 1e-4
    by_hand = (response(curves, 0, points[1:] + step) - response(curves, 0, points[1:])) / step
    np.testing.assert_allclose(slope[1:], by_hand, rtol=1e-4, atol=1e-7)
    fine = np.linspace(0, 200, 2001)
    at = np.clip(np.searchsorted(points, fine, side="right") - 1, 0, 3)
    share = ((fine - points[at]) / np.diff(points)[at])[:, None]
    chord = value[at] + share * (value[at + 1] - value[at])
    assert (response(curves, 0, fine) <= chord + excess[at] + 1e-9).all()


@pytest.mark.parametrize("price", [POWER, TIERS, DISCOUNT])
def test_the_certificate_holds_under_prices_that_change(random_curves, price):
    curves = replace(random_curves(4, cells=2), prices=(price, None))
    problem = Problem(0.6, 1.0, np.zeros(2), np.full(2, 300.0), 300.0, True, np.full(2, 150.0))
    solution = solve(curves, problem)
    money = np.linspace(0, 300, 3001)
    one, two = (0.6 * response(curves, i, money).mean(axis=1) - money for i in (0, 1))
    best = float((one + two[::-1]).max())
    assert solution.objective >= best - 1e-4 * 300
    assert max(best, solution.objective) <= solution.upper_bound
    assert solution.gap <= 1e-3


def test_a_dearer_cell_never_brings_more(random_curves):
    plain = random_curves(5)
    money = np.linspace(0, 300, 31)
    dearer = response(replace(plain, prices=(TIERS, None, None)), 0, money)
    assert (dearer <= response(plain, 0, money) + 1e-12).all()
