"""A window that has begun: what is spent is past, the rest is planned, and both together keep every limit."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mmm.errors import Infeasible
from mmm.finance.economics import Economics
from mmm.planning.allocation import check_limits, window_money
from mmm.planning.budgets import best_mix, current_mix, set_up
from mmm.planning.forecast import media_outcome, window_outcome, with_what_happened
from mmm.planning.money import in_cents
from mmm.planning.plan import optimize
from mmm.planning.problem import Problem
from mmm.planning.settings import PlanSettings
from mmm.planning.solver import solve
from mmm.planning.window import plan_window, window_curves
from mmm.response.bank import make_bank
from mmm.response.curves import evaluate, response

GRADES = ("data", "data", "data", "data")
QUARTER = {"start": "2026-10-02", "end": "2026-12-31"}  # 97 weeks of data end on Sunday 15 November 2026
PAST, WEEKS = 7, 14


@pytest.fixture
def company(make_panel, make_media, weekly_spend):
    """Data into the middle of a quarter that begins on a Friday, and a function that plans."""
    panel = make_panel(weekly_spend[:97])
    media = make_media(panel, draws=60)

    def plan(*, panel=panel, media=media, baseline=None, **keys):
        chosen = PlanSettings.model_validate({"window": QUARTER, "budget": 24_000, **keys})
        window = plan_window(panel, chosen)
        curves = window_curves(window, panel, media)
        found = optimize(curves, window, Economics(0.6), GRADES, chosen, baseline)
        return SimpleNamespace(plan=found, window=window, curves=curves, summary=found.summary, chosen=chosen)

    plan.panel, plan.media = panel, media
    return plan


def window_of(company, **keys):
    return plan_window(company.panel, PlanSettings.model_validate({"window": QUARTER, **keys}))


def time_line(company, window, money):
    """Exposure of all weeks from the first of the data to the last that is reached, money of the cells placed."""
    panel, tail = company.panel, company.media.lags - 1
    first = len(panel.dates) - PAST
    line = np.zeros((first + WEEKS + tail, 1, 4))
    line[:first] = panel.exposure[:first]
    line[first : first + WEEKS] = window.beside
    line[first + WEEKS :] = window.after
    part = np.minimum(money / np.where(window.spent > 0, window.spent, 1.0), 1.0)
    line[first : first + PAST] += panel.exposure[first:] * window.share[:PAST, None, None] * part
    rest = window.reference.spend[PAST:] / np.where(window.pace > 0, window.pace, 1.0)
    rest[:, 0, 3] = window.share[PAST:] / window.share[PAST:].sum()
    line[first + PAST : first + WEEKS] += rest * np.maximum(money - window.spent, 0.0)
    return line


def effect(media, line, draw):
    """Outcome by week of a whole time line, in plain loops."""
    total = np.zeros(len(line))
    for t in range(len(line)):
        for c in range(line.shape[2]):
            stock = sum(
                media.weights[draw, c, lag] * line[t - lag, 0, c] / media.scale[0, c]
                for lag in range(min(media.lags, t + 1))
            )
            up, half = stock ** media.slope[draw, c], media.half[draw, c] ** media.slope[draw, c]
            total[t] += media.ceiling[draw, 0, c] * up / (up + half) if stock > 0 else 0.0
    return total


def test_what_is_spent_are_the_weeks_the_data_cover_each_by_its_days_in_the_window(company):
    window = window_of(company)
    assert window.past == PAST
    assert window.dates[PAST - 1] == company.panel.dates[-1]
    by_hand = (company.panel.spend[-PAST:, 0] * window.share[:PAST, None]).sum(axis=0)
    np.testing.assert_allclose(window.spent, by_hand, atol=0.006)
    assert not window.pattern[:PAST].any()
    np.testing.assert_allclose(window.pattern.sum(axis=(0, 1)), 1)
    np.testing.assert_allclose(window.beside[0], company.panel.exposure[-PAST] * 4 / 7)
    assert len(window.until.dates) == 0


@pytest.mark.parametrize("share", [0.0, 0.6, 1.0, 1.7])
def test_a_response_equals_the_convolution_over_the_whole_time_line(company, share):
    window = window_of(company)
    curves = window_curves(window, company.panel, company.media)
    money = window.spent * share + np.array([0.0, 0.0, 0.0, 40.0 if share > 1 else 0.0])
    nothing = time_line(company, window, np.zeros(4))
    placed = time_line(company, window, money)
    for draw in range(3):
        by_hand = (effect(company.media, placed, draw) - effect(company.media, nothing, draw)).sum()
        ours = sum(response(curves, cell, [money[cell]])[0, draw] for cell in range(4))
        assert ours == pytest.approx(by_hand, rel=1e-9, abs=1e-9)


def test_slopes_and_bounds_beyond_what_is_spent_are_those_of_the_curve(company):
    window = window_of(company, prices={"tv": {"elasticity": 0.2}})
    curves = window_curves(window, company.panel, company.media)
    for cell in range(2):
        at = window.spent[cell] * np.linspace(0.5, 3.0, 7)
        value, slope, excess = evaluate(curves, cell, at)
        ahead = evaluate(curves, cell, at * (1 + 1e-6))[0]
        np.testing.assert_allclose((ahead - value) / (1e-6 * at[:, None]), slope, rtol=2e-3)
        middle = evaluate(curves, cell, (at[:-1] + at[1:]) / 2)[0]
        assert np.all(middle - (value[:-1] + value[1:]) / 2 <= excess + 1e-9)


def test_a_bank_of_curves_begins_at_what_is_spent_and_agrees_with_them(company):
    window = window_of(company)
    curves = window_curves(window, company.panel, company.media)
    bank = make_bank(curves, 2 * window.spent + 100, 10 * window.spent + 1000)
    money = window.spent * 1.37 + 20
    exact = np.stack([response(curves, cell, [money[cell]])[0] for cell in range(4)])
    np.testing.assert_allclose(bank.response(money), exact, rtol=1e-4)


def test_the_plan_is_that_of_the_remaining_weeks_with_limits_less_what_is_spent(company):
    window = window_of(company, budget=24_000)
    curves = window_curves(window, company.panel, company.media)
    money = window_money(window, PlanSettings.model_validate({"window": QUARTER, "budget": 24_000}))
    lower, upper = np.maximum(0.5 * money.current, window.spent), 1.5 * money.current + 10
    whole = solve(curves, Problem(0.6, 1.0, lower, upper, money.core, True, money.current))

    rest = {"start": "2026-11-16", "end": "2026-12-31"}
    after = plan_window(company.panel, PlanSettings.model_validate({"window": rest}))
    assert after.past == 0
    after = replace(after, after=window.after, beside=window.beside[PAST:])
    ahead = window_curves(after, company.panel, company.media)
    np.testing.assert_allclose(ahead.unit_exposure, curves.unit_exposure[PAST:])
    free = money.core - window.spent.sum()
    limits = lower - window.spent, upper - window.spent
    alone = solve(ahead, Problem(0.6, 1.0, *limits, free, True, money.current - window.spent))
    np.testing.assert_allclose(whole.spend - window.spent, alone.spend, atol=2e-3 * free)
    sunk = sum(0.6 * response(curves, i, [x])[0].mean() - x for i, x in enumerate(window.spent))
    assert whole.objective == pytest.approx(sunk + alone.objective, rel=1e-6)


def test_tables_add_up_to_the_budget_with_what_was_spent_as_rows_of_its_own(company):
    found = company()
    table, summary, window = found.plan.plan, found.summary, found.window
    past = table[table.purpose == "spent"]
    assert sorted(past.date.unique()) == sorted(window.dates[:PAST].astype("datetime64[s]"))
    assert (past.planned_spend == past.current_spend).all()
    assert in_cents(past.planned_spend.sum()) == in_cents(window.spent.sum()) == in_cents(summary.spent)
    assert in_cents(table.planned_spend.sum()) == in_cents(table.current_spend.sum()) == 24_000_00
    assert in_cents(table.reference_spend.sum()) == in_cents(summary.reference_spend)
    assert (table.planned_spend >= 0).all()
    tests = table[table.purpose == "test"]
    assert tests.date.min() == np.datetime64("2026-11-16")
    assert in_cents(tests.planned_spend.sum()) == in_cents(summary.reserve) == 2_400_00
    assert summary.free == pytest.approx(summary.core - summary.spent)
    cells = found.plan.moves[found.plan.moves.level == "cell"]
    assert (cells.planned_spend >= cells.spent - 1e-9).all()
    assert cells.spent.sum() == pytest.approx(summary.spent)
    assert "2026-11-15" in summary.assumptions[0]
    assert found.plan.gap < 2e-3


def test_todays_mix_is_what_is_spent_and_then_the_references_pace(company):
    found = company()
    window, summary = found.window, found.summary
    cells = found.plan.moves[found.plan.moves.level == "cell"]
    by_hand = window.spent + (summary.core - summary.spent) * window.pace / window.pace.sum()
    np.testing.assert_allclose(cells.current_spend, by_hand, atol=0.011)


def test_limits_count_over_the_whole_window(company):
    spent = window_of(company).spent
    most = round(float(spent[1]) + 700, 2)
    found = company(
        bounds=[{"channel": "search", "max": most}],
        groups=[{"name": "social", "channels": ["social"], "max": round(float(spent[2:].sum()) + 300, 2)}],
    )
    cells = found.plan.moves[found.plan.moves.level == "cell"].planned_spend.to_numpy()
    assert spent[1] <= cells[1] <= most + 1e-9
    assert cells[2:].sum() <= spent[2:].sum() + 300 + 0.01
    assert in_cents(found.plan.plan.planned_spend.sum()) == 24_000_00


def test_a_limit_that_is_passed_already_gives_the_cell_no_more_and_says_so(company):
    spent = window_of(company).spent
    found = company(
        bounds=[{"channel": "tv", "max": float(spent[0]) - 1000}],
        groups=[{"name": "social", "channels": ["social"], "max": 10}],
    )
    cells = found.plan.moves[found.plan.moves.level == "cell"]
    assert cells.planned_spend.iloc[0] == pytest.approx(spent[0])
    assert cells.planned_spend.iloc[2:].sum() == pytest.approx(spent[2:].sum(), abs=0.01)
    said = " ".join(found.summary.gave_way)
    assert "tv has spent" in said
    assert "social has spent" in said


def test_committed_money_counts_what_is_spent_and_falls_on_the_weeks_to_come(company):
    spent = window_of(company).spent
    fixed = [
        {"channel": "tv", "spend": float(spent[0]) + 500},
        {"channel": "search", "spend": 9e3, "start": "2026-10-05", "end": "2026-10-11"},
    ]
    window = window_of(company, fixed=fixed)
    assert window.fixed[0] == pytest.approx(spent[0] + 500)
    assert window.fixed[1] == pytest.approx(spent[1])  # that commitment is past: it is as it was spent
    assert np.isnan(window.fixed[2:]).all()
    assert not window.pattern[:PAST].any()


def test_a_budget_that_is_overspent_is_refused_with_what_would_be_needed(company):
    chosen = PlanSettings.model_validate({"window": QUARTER, "budget": 8_000})
    window = plan_window(company.panel, chosen)
    needed = window.spent.sum() / 0.9
    with pytest.raises(Infeasible, match="is spent in the window already") as error:
        check_limits(window, chosen)
    assert f"{needed:,.0f}" in str(error.value)


def test_the_forecast_is_what_happened_and_what_is_to_come(company):
    window = window_of(company)
    curves = window_curves(window, company.panel, company.media)
    assert window.begun.outcome == pytest.approx(np.full(PAST, 1000.0))
    to_come = np.random.default_rng(3).normal(900, 50, (60, WEEKS - PAST))
    baseline = with_what_happened(curves, to_come, window.begun.outcome)
    money = window.spent + 200
    by_draw = window_outcome(curves, money, baseline, window.share)
    media = media_outcome(curves, money)[:, PAST:]
    expected = 1000 * window.share[:PAST].sum() + (to_come + media) @ window.share[PAST:]
    np.testing.assert_allclose(by_draw, expected)


def test_scenarios_keep_what_is_spent(company):
    chosen = PlanSettings.model_validate({"window": QUARTER, "budget": 24_000})
    window = plan_window(company.panel, chosen)
    curves = window_curves(window, company.panel, company.media)
    desk = set_up(curves, window, Economics(0.6), GRADES, chosen, seed=1)
    for budget in (20_000, 24_000):
        mixes = best_mix(desk, budget), current_mix(desk, budget)
        assert all((mix.spend >= window.spent - 1e-9).all() for mix in mixes)
        assert all(in_cents(mix.total) == budget * 100 for mix in mixes)
    with pytest.raises(Infeasible, match="already"):
        best_mix(desk, 9_000)
