"""Weeks as decisions: what the plan holds to, what it says, and what it refuses."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mmm.errors import ConfigError, Infeasible
from mmm.finance.economics import Economics
from mmm.planning import flighting
from mmm.planning.budgets import Mix, current_mix, set_up, value_all
from mmm.planning.flighting import check_weeks, in_its_weeks
from mmm.planning.money import in_cents
from mmm.planning.plan import optimize
from mmm.planning.settings import PlanSettings
from mmm.planning.tables import planned_pattern
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import response

GRADES = ("data", "data", "data", "data")
Q1 = {"window": "2027Q1", "budget": 20_000}


@pytest.fixture
def quick(monkeypatch):
    """Fewer steps: limits hold after any number of them."""
    for name, steps in (("TRIED", 4), ("BEST", 12), ("LAST", 4), ("PULSES", ((2, 4),))):
        monkeypatch.setattr(flighting, name, steps)


@pytest.fixture
def company(make_panel, make_media, weekly_spend):
    """Data until 15 November 2026, and a function that plans."""
    panel = make_panel(weekly_spend[:97])
    media = make_media(panel, draws=40)

    def plan(*, flighting=None, **keys):
        given = {**Q1, **keys} if flighting is None else {**Q1, **keys, "flighting": flighting}
        chosen = PlanSettings.model_validate(given)
        window = plan_window(panel, chosen)
        curves = window_curves(window, panel, media)
        found = optimize(curves, window, Economics(0.6), GRADES, chosen)
        return SimpleNamespace(plan=found, window=window, curves=curves, summary=found.summary)

    plan.panel = panel
    return plan


def weeks_of(found, *, purpose="core"):
    """Planned money by channel and week."""
    table = found.plan.plan
    table = table[table.purpose == purpose]
    cells = table.channel + " " + table.audience
    return table.assign(cell=cells.str.strip()).pivot_table(
        index="cell", columns="date", values="planned_spend", aggfunc="sum", sort=False
    )


def test_weeks_add_up_to_the_budget_and_beat_the_references_weeks(company):
    found, usual = company(flighting={}), company()
    assert in_cents(found.plan.plan.planned_spend.sum()) == 20_000_00
    assert found.summary.gain.mean > usual.summary.gain.mean
    assert found.plan.gap < 0.05
    assert "projected gradient" in found.summary.method
    assert any("Every week's money is planned" in line for line in found.summary.assumptions)
    again = company(flighting={})
    pd.testing.assert_frame_equal(found.plan.plan, again.plan.plan)


def test_figures_of_the_plan_are_those_of_its_own_weeks(company, quick):
    found = company(flighting={"weekly_cap": 1800})
    table = weeks_of(found)
    pattern = (table.to_numpy() / table.sum(axis=1).to_numpy()[:, None]).T[:, None, :]
    there = in_its_weeks(found.curves, replace(found.window, pattern=pattern))
    moves = found.plan.moves[found.plan.moves.level == "cell"]
    printing = (
        slice(20, 40)
        if moves.response.iloc[0]
        == pytest.approx(response(there, 0, [moves.planned_spend.iloc[0]])[0, 20:].mean(), rel=1e-4)
        else slice(0, 20)
    )
    for i, row in enumerate(moves.itertuples()):
        assert row.response == pytest.approx(
            response(there, i, [row.planned_spend])[0, printing].mean(), rel=1e-4
        )
        now = response(found.curves, i, [row.current_spend])[0, printing].mean()
        assert row.response_current == pytest.approx(now)


def test_scenarios_value_the_plan_in_its_weeks_and_today_in_todays(company, quick):
    keys = {**Q1, "flighting": {"ramp": 0.5}}
    found = company(flighting=keys["flighting"])
    window = replace(found.window, pattern=planned_pattern(found.plan.plan, found.window))
    desk = set_up(
        in_its_weeks(found.curves, window),
        window,
        Economics(0.6),
        GRADES,
        PlanSettings.model_validate(keys),
        seed=1,
        todays_weeks=found.curves.unit_exposure,
    )
    moves = found.plan.moves[found.plan.moves.level == "cell"]
    plan = Mix(20_000.0, found.summary.reserve, moves.planned_spend.to_numpy())
    valued = value_all(desk, {"plan": plan, "today": current_mix(desk, 20_000)})
    gain = (valued["plan"].value - valued["today"].value).mean()
    assert gain == pytest.approx(found.summary.gain.mean, rel=1e-4)


def test_a_weekly_cap_holds_in_every_week_and_cut_weeks_count_by_their_days(company, quick):
    found = company(flighting={"weekly_cap": 1500})
    by_week = weeks_of(found).sum()
    share = found.window.share
    assert (by_week.to_numpy() <= 1500 * share + 1e-6).all()
    by_channel = company(flighting={"weekly_cap": {"tv": 900, "social": 300}})
    table = weeks_of(by_channel)
    assert (table.loc["tv"].to_numpy() <= 900 * share + 1e-6).all()
    assert (table.loc[["social new", "social known"]].sum().to_numpy() <= 300 * share + 1e-6).all()


def test_a_ramp_holds_between_weeks_by_money_a_day(company, quick):
    found = company(flighting={"ramp": 0.2})
    daily = weeks_of(found).to_numpy() / found.window.share
    ahead, before = daily[:, 1:], daily[:, :-1]
    assert (ahead <= 1.2 * before + 0.05).all()
    assert (ahead >= 0.8 * before - 0.05).all()


def test_nothing_is_spent_in_a_blackout(company, quick):
    dark = [
        {"channel": "tv", "start": "2027-02-01", "end": "2027-02-14"},
        {"start": "2027-03-08", "end": "2027-03-14"},
    ]
    table = weeks_of(company(flighting={"blackout": dark, "ramp": 0.4}))
    assert not table.loc["tv", ["2027-02-01", "2027-02-08"]].any()
    assert not table["2027-03-08"].any()
    assert table.loc["tv"].sum() > 0


def test_months_get_their_budgets_the_reserve_included(company, quick):
    monthly = {"2027-01": 8_000, "2027-02": 4_000, "2027-03": 8_000}
    found = company(flighting={"monthly": monthly})
    table = found.plan.plan
    for month, budget in monthly.items():
        total = 0.0
        for row in table.itertuples():
            days = pd.date_range(row.date, periods=7)
            inside = (days >= "2027-01-01") & (days <= "2027-03-31")
            total += row.planned_spend * (inside & (days.strftime("%Y-%m") == month)).sum() / inside.sum()
        assert total == pytest.approx(budget, abs=1.0)


def test_groups_bounds_and_committed_money_hold_too(company, quick):
    found = company(
        flighting={"weekly_cap": 1700},
        groups=[{"name": "social", "channels": ["social"], "max_share": 0.2}],
        bounds=[{"channel": "search", "max": 9_000}],
        fixed=[{"channel": "tv", "spend": 6_000, "start": "2027-02-01", "end": "2027-02-28"}],
        change=None,
    )
    table = weeks_of(found)
    assert table.loc["tv"].sum() == pytest.approx(6_000)
    assert table.loc[
        "tv", ["2027-02-01", "2027-02-08", "2027-02-15", "2027-02-22"]
    ].to_numpy() == pytest.approx(1500)
    assert table.loc["search"].sum() <= 9_000.01
    assert table.loc[["social new", "social known"]].sum().sum() <= 0.2 * 18_000 + 0.02
    assert found.summary.unspent == 0 or found.summary.gave_way


def test_money_may_be_left_where_it_does_not_pay(company):
    found = company(flighting={}, spend="at_most", bounds=[], change=None, budget=60_000)
    assert found.summary.unspent > 0
    assert abs(found.summary.shadow_price) < 0.05


def test_a_window_that_has_begun_plans_its_weeks_to_come(company, quick):
    keys = {"window": {"start": "2026-10-02", "end": "2026-12-31"}, "budget": 24_000}
    found = company(flighting={"weekly_cap": 2_600}, **keys)
    table = weeks_of(found)
    assert table.columns.min() == pd.Timestamp("2026-11-16")
    assert (table.sum().to_numpy() <= 2_600 * found.window.share[7:] + 1e-6).all()
    assert in_cents(found.plan.plan.planned_spend.sum()) == 24_000_00


def test_weeks_without_room_are_refused_with_the_smallest_mend(company):
    chosen = PlanSettings.model_validate({**Q1, "flighting": {"weekly_cap": 1_000}})
    window = plan_window(company.panel, chosen)
    with pytest.raises(Infeasible, match="The smallest change that mends it") as error:
        check_weeks(window, chosen)
    assert "raise the weekly cap by 400" in str(error.value)  # 18,000 in 90 days is 1,400 a week


def test_a_default_gives_way_to_a_blackout_and_is_named(company, quick):
    dark = [{"channel": "tv", "start": "2027-01-01", "end": "2027-03-31"}]
    found = company(flighting={"blackout": dark})
    assert weeks_of(found).loc["tv"].sum() == 0
    assert any("a default gave way" in line for line in found.summary.gave_way)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"flighting": {"weekly_cap": {"tvv": 5}}}, "Did you mean 'tv'"),
        ({"flighting": {"blackout": [{"start": "2026-01-01", "end": "2026-01-07"}]}}, "outside the window"),
        ({"flighting": {"monthly": {"2027-05": 5}}}, "outside the window"),
        ({"flighting": {"monthly": {"2027-01": 1, "2027-02": 1, "2027-03": 1}}}, "make them the same"),
        ({"flighting": {}, "risk": {"measure": "cvar"}}, "cannot be combined with `plan.risk"),
        ({"flighting": {}, "prices": {"tv": {"elasticity": 0.1}}}, "cannot be combined with `plan.prices`"),
        ({"flighting": {}, "budget": None, "target_roi": 2}, "cannot be combined with `plan.target_roi`"),
        ({"flighting": {}, "bounds": [{"channel": "tv", "lot": 10}]}, "with lot"),
    ],
)
def test_what_cannot_be_planned_by_weeks_is_refused_in_words(company, keys, words):
    with pytest.raises(ConfigError) as error:
        company(**keys)
    assert words in str(error.value)


def test_months_are_no_weeks(make_panel):
    panel = make_panel(np.ones((24, 4)) * 100, grain="month", first=np.datetime64("2025-01-01"))
    with pytest.raises(ConfigError, match="by month"):
        plan_window(panel, PlanSettings.model_validate({"window": "2027Q1", "flighting": {}}))


def test_limits_by_geo_are_refused_in_words(make_panel, weekly_spend):
    by_geo = weekly_spend[:97, None, :] * np.array([0.6, 0.4])[None, :, None]
    panel = make_panel(by_geo, geos=("north", "south"))
    keys = {**Q1, "flighting": {}, "groups": [{"name": "north", "geos": ["north"], "max_share": 0.5}]}
    with pytest.raises(ConfigError, match="limits that name a geo"):
        plan_window(panel, PlanSettings.model_validate(keys))
