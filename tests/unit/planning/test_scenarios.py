"""Scenarios and the frontier: each figure by hand, on the draws that print."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mmm.config import load_config, parse_config
from mmm.errors import ConfigError
from mmm.finance.economics import Economics
from mmm.planning.budgets import best_mix, current_mix, mean_value, set_up, value_all
from mmm.planning.frontier import break_even_mix, frontier_mixes
from mmm.planning.plan import optimize
from mmm.planning.scenarios import BREAK_EVEN, DEFAULTS, compare
from mmm.planning.settings import PlanSettings, ScenarioSettings
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import response

GRADES = ("data", "prior", "experiment", "data")
MARGIN = 2.0
FIRST = slice(0, 30)


@pytest.fixture(scope="module")
def company(make_panel, make_media):
    """A plan of a small company, and its scenarios."""
    weekly_spend = np.random.default_rng(7).uniform(50, 150, (97, 4)) * np.array([8, 4, 2, 1])
    panel = make_panel(weekly_spend)
    media = make_media(panel, draws=60)

    def made(*, margin=MARGIN, scenarios=(), **keys):
        chosen = PlanSettings.model_validate({"window": "2027Q1", **keys})
        window = plan_window(panel, chosen)
        curves = window_curves(window, panel, media)
        plan = optimize(curves, window, Economics(margin), GRADES, chosen)
        cells = plan.moves[plan.moves.level == "cell"]
        desk = set_up(curves, window, Economics(margin), GRADES, chosen, seed=1)
        wanted = tuple(ScenarioSettings.model_validate(entry) for entry in scenarios)
        return SimpleNamespace(
            plan=plan, desk=desk, curves=curves, found=compare(desk, wanted, cells.planned_spend.to_numpy())
        )

    return made


@pytest.fixture(scope="module")
def default(company):
    return company()


def by_hand(company, name):
    """Profit of a scenario from its printed split, shape (draw,), on the draws that print."""
    rows = company.found.plans[company.found.plans.scenario == name]
    spend = rows[rows.level == "cell"].planned_spend.to_numpy()
    brought = sum(response(company.curves, i, [x])[0, FIRST] for i, x in enumerate(spend))
    return MARGIN * brought - float(rows[rows.level == "total"].planned_spend.iloc[0])


def test_without_a_config_there_are_seven_scenarios(default):
    names = [*(entry.name for entry in DEFAULTS), BREAK_EVEN]
    assert default.found.scenarios.scenario.tolist() == names
    assert len(names) == 7


def test_the_optimum_is_the_plan_and_keep_is_todays_mix(default):
    table = default.found.scenarios.set_index("scenario")
    summary = default.plan.summary
    for name, prefix in (("optimum", ""), ("keep", "current_")):
        for figure in ("profit", "revenue", "roi", "romi"):
            told = getattr(summary, f"{prefix}{figure}")
            row = table.loc[name]
            assert (row[figure], row[f"{figure}_lo"], row[f"{figure}_hi"]) == pytest.approx(
                (told.mean, told.lo, told.hi)
            )
    assert table.loc["optimum", "probability_better"] == summary.probability_better
    assert np.isnan(table.loc["keep", "probability_better"])


def test_odds_and_regret_come_from_the_same_draws(default):
    table = default.found.scenarios.set_index("scenario")
    value = pd.DataFrame({name: by_hand(default, name) for name in table.index})
    best = value.max(axis=1)
    for name in table.index:
        assert table.loc[name, "profit"] == pytest.approx(value[name].mean())
        assert table.loc[name, "expected_regret"] == pytest.approx((best - value[name]).mean())
        if name != "keep":
            assert table.loc[name, "probability_better"] == np.mean(value[name] > value["keep"])
    for row in default.found.pairs.itertuples():
        gain = value[row.scenario] - value[row.against]
        assert row.probability_better == np.mean(gain > 0)
        assert row.difference_lo == pytest.approx(np.quantile(gain, 0.05))
        assert row.expected_regret == pytest.approx(np.maximum(-gain, 0).mean())
    assert len(default.found.pairs) == 7 * 6


def test_every_split_adds_up_to_its_budget_to_the_cent(default):
    table = default.found.plans
    for name, rows in table.groupby("scenario"):
        parts = rows[rows.level != "total"].planned_spend.sum()
        budget = default.found.scenarios.set_index("scenario").loc[name, "budget"]
        assert parts == pytest.approx(budget, abs=1e-6)
        assert rows[rows.level == "reserve"].planned_spend.iloc[0] >= 0.1 * budget - 1e-6


def test_a_budget_may_be_money_or_times_the_plans_or_times_what_was_spent(company):
    entries = [
        {"name": "money", "budget": "12k"},
        {"name": "plan", "budget": "0.9x"},
        {"name": "spent", "budget": "0.9x reference", "allocation": "current"},
    ]
    found = company(budget=20_000, scenarios=entries)
    spent = found.plan.summary.reference_spend
    assert found.found.scenarios.budget.tolist() == pytest.approx([12_000, 18_000, round(0.9 * spent, 2)])
    split = found.found.plans.query("scenario == 'spent' and level == 'cell'")
    np.testing.assert_allclose(
        split.planned_spend / split.planned_spend.sum(),
        split.current_spend / split.current_spend.sum(),
        atol=1e-6,
    )


def test_a_scenario_without_a_plan_says_why_and_leaves_the_others(company):
    found = company(
        budget=20_000,
        bounds=[{"channel": "tv", "min": 8_000}],
        scenarios=[{"name": "tiny", "budget": 5_000}, {"name": "same"}],
    )
    table = found.found.scenarios.set_index("scenario")
    assert "tv 8,000" in table.loc["tiny", "note"]
    assert np.isnan(table.loc["tiny", "profit"])
    assert table.loc["same", "profit"] == pytest.approx(found.plan.summary.profit.mean)
    assert set(found.found.plans.scenario) == {"same"}


def test_two_scenarios_of_one_name_are_refused():
    raw = {"name": "acme", "data": {}, "scenarios": [{"name": "a"}, {"name": "a", "budget": "0.9x"}]}
    with pytest.raises(ConfigError, match="'a' more than once"):
        parse_config(raw, Path("acme.yaml"))


@pytest.mark.parametrize("budget", ["0.9 reference", "0x", "-5", "lots"])
def test_a_budget_that_is_none_is_refused(budget):
    with pytest.raises(ValueError, match=r"budget|above 0|amount"):
        ScenarioSettings.model_validate({"name": "a", "budget": budget})


def test_without_a_margin_there_is_no_budget_at_which_the_next_unit_stops_paying(company):
    found = company(margin=None).found
    assert found.scenarios.scenario.tolist() == [entry.name for entry in DEFAULTS]
    assert found.scenarios.profit.isna().all()
    assert "break_even" not in set(found.frontier.point)
    better = found.scenarios.set_index("scenario").probability_better
    assert better["+20 %"] > 0.9  # by revenue, more money always looks better


# --- the frontier --------------------------------------------------------------------------------------


def test_the_frontier_ascends_and_holds_the_plan(default):
    table = default.found.frontier
    assert table.budget.is_monotonic_increasing
    row = table[table.point == "plan"].iloc[0]
    assert row.profit == pytest.approx(default.plan.summary.profit.mean)
    assert row.budget == default.plan.summary.budget


def test_the_next_unit_is_the_slope_of_the_gross_margin(default):
    table = default.found.frontier
    gross = MARGIN * table.revenue
    for i in range(1, len(table) - 1):
        slopes = np.diff(gross[i - 1 : i + 2]) / np.diff(table.budget[i - 1 : i + 2])
        assert slopes.min() - 1e-9 <= table.next_unit[i] <= slopes.max() + 1e-9


def test_the_break_even_budget_is_the_best_of_all_budgets_on_the_draws_that_plan(default):
    desk = default.desk
    pays = break_even_mix(desk, list(frontier_mixes(desk).values()))
    around = [mean_value(desk, best_mix(desk, b * desk.money.budget)) for b in np.linspace(0.25, 2.9, 40)]
    assert mean_value(desk, pays) >= max(around) - 1e-4 * abs(max(around))


def test_where_nothing_pays_there_is_no_break_even_budget(company):
    desk = company(margin=0.01).desk
    assert break_even_mix(desk, list(frontier_mixes(desk).values())) is None


def test_more_budget_never_brings_less_where_nothing_binds(company):
    desk = company(change=None).desk
    gross = [
        mean_value(desk, mix) + mix.total
        for mix in sorted(frontier_mixes(desk).values(), key=lambda m: m.budget)
    ]
    assert (np.diff(gross) > 0).all()


def test_the_best_mix_of_a_budget_is_never_worse_than_todays_on_the_draws_that_plan(default):
    desk = default.desk
    for times in (0.5, 1.0, 1.5):
        budget = times * desk.money.budget
        best, now = best_mix(desk, budget), current_mix(desk, budget)
        assert mean_value(desk, best) >= mean_value(desk, now) - 1e-9 * budget


def test_outcomes_that_are_sought_though_they_have_a_value_are_valued_in_units(
    company, make_panel, make_media
):
    panel = make_panel(np.random.default_rng(7).uniform(50, 150, (97, 4)), unit_value=7.0)
    media = make_media(panel, draws=60)
    chosen = PlanSettings.model_validate({"window": "2027Q1", "objective": "outcome"})
    window = plan_window(panel, chosen)
    desk = set_up(window_curves(window, panel, media), window, Economics(MARGIN), GRADES, chosen, seed=1)
    valued = value_all(desk, {"now": current_mix(desk, desk.money.budget)})["now"]
    np.testing.assert_allclose(valued.value, valued.outlook.revenue / 7)


# --- where little is left to decide --------------------------------------------------------------------


def test_where_all_money_is_committed_the_frontier_is_the_plan_alone(company):
    fixed = [{"channel": name, "spend": 3_000} for name in ("tv", "search", "social")]
    made = company(budget=10_000, fixed=fixed)
    found = made.found
    assert found.frontier.point.tolist() == ["plan"]
    table = found.scenarios.set_index("scenario")
    assert table.loc["-20 %", "note"] != ""
    assert table.loc["optimum", "profit"] == pytest.approx(made.plan.summary.profit.mean)


def test_a_budget_all_for_tests_can_be_compared_too(company):
    found = company(reserve_for_tests=1.0, change=None).found
    assert (found.scenarios.revenue == 0).all()
    assert found.scenarios.profit.tolist() == pytest.approx((-found.scenarios.spend).tolist())


def test_money_that_does_not_pay_is_left_in_every_scenario_where_it_may_be(company):
    found = company(spend="at_most", margin=0.05, scenarios=[{"name": "more", "budget": "1.2x"}]).found
    row = found.scenarios.iloc[0]
    assert row.spend < row.budget


def test_groups_hold_at_every_budget(company):
    found = company(
        groups=[{"name": "social", "channels": ["social"], "max_share": 0.1}],
        scenarios=[{"name": "less", "budget": "0.8x"}, {"name": "more", "budget": "1.3x"}],
    ).found
    for name, rows in found.plans[found.plans.level == "cell"].groupby("scenario"):
        social = rows[rows.channel == "social"].planned_spend.sum()
        assert social <= 0.1 * rows.planned_spend.sum() + 0.02, name


def test_every_config_of_the_how_to_is_one(tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 3
    start = "name: a\ndata:\n  {source: a.csv, date: d, outcome: {value: v}, media: {tv: tv}}\n"
    for block in blocks:
        (tmp_path / "a.yaml").write_text(start + block, "utf-8")
        load_config(tmp_path / "a.yaml")
