"""The plan: its money, its figures and its sentences."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmm.errors import ConfigError, Infeasible, InputError, InternalFault
from mmm.finance.economics import Economics
from mmm.planning.allocation import check_limits, window_money
from mmm.planning.money import in_cents
from mmm.planning.plan import Plan, optimize
from mmm.planning.settings import PlanSettings
from mmm.planning.tables import plan_table
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import response

GRADES = ("data", "prior", "experiment", "data")
MARGIN = 0.6


def cents(values):
    return sum(in_cents(value) for value in values)


@pytest.fixture
def company(make_panel, make_media, weekly_spend):
    """Data until 15 November 2026, and a function that plans."""
    panel = make_panel(weekly_spend[:97])
    media = make_media(panel, draws=60)

    def plan(
        *, panel=panel, media=media, margin=MARGIN, grades=GRADES, baseline=None, seed=1, prior=None, **keys
    ):
        chosen = PlanSettings.model_validate({"window": "2027Q1", **keys})
        window = plan_window(panel, chosen)
        curves = window_curves(window, panel, media)
        found = optimize(
            curves, window, Economics(margin), grades, chosen, baseline, seed=seed, prior_roi=prior
        )
        return SimpleNamespace(plan=found, window=window, curves=curves, summary=found.summary)

    return plan


def cells_of(found):
    return found.plan.moves[found.plan.moves.level == "cell"].reset_index(drop=True)


def by_hand(found, column, draws):
    """Response of each cell at the money of a column, shape (cell, draw), on some of the draws."""
    return np.stack([response(found.curves, i, [x])[0, draws] for i, x in enumerate(cells_of(found)[column])])


FIRST, SECOND = slice(0, 30), slice(30, 60)


def test_the_limits_in_force_hold_the_plan_and_asked_ones_plan_the_same_again(company):
    found = company(budget=400_000, bounds=[{"channel": "tv", "min": "0.9x", "max": "1.2x"}])
    cells = cells_of(found)
    assert (cells.least <= cells.planned_spend + 0.01).all()
    assert (cells.planned_spend <= cells.most + 0.01).all()
    tv = cells[cells.channel == "tv"]
    np.testing.assert_allclose(tv.asked_least, 0.9 * tv.current_spend, rtol=1e-4)
    np.testing.assert_allclose(tv.asked_most, 1.2 * tv.current_spend, rtol=1e-4)
    assert (tv.asked_least == tv.least).all()
    assert cells.loc[cells.channel != "tv", ["asked_least", "asked_most"]].isna().all(axis=None)
    asked = [
        {
            "channel": row.channel,
            "audience": row.audience,
            "message": "",
            "min": row.asked_least,
            "max": row.asked_most,
        }
        for row in tv.itertuples()
    ]
    again = company(budget=400_000, bounds=asked)
    pd.testing.assert_frame_equal(again.plan.plan, found.plan.plan)
    pd.testing.assert_frame_equal(again.plan.moves, found.plan.moves)


# --- money ---------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 10**9), st.floats(0.1, 0.9))
def test_periods_sum_to_the_budget_to_the_cent_and_the_reserve_is_a_floor(window, budget, share):
    chosen = PlanSettings.model_validate({"budget": budget / 100, "reserve_for_tests": share})
    money = window_money(window, chosen)
    table = plan_table(window, money, money.current)
    for column in ("planned_spend", "current_spend"):
        assert cents(table[column]) == budget
    tests = table[table.purpose == "test"]
    assert cents(tests.planned_spend) >= share * budget * (1 - 1e-12)
    assert cents(table.reference_spend) == in_cents(window.reference.total)


@pytest.fixture
def window(make_panel, weekly_spend):
    """The first quarter of 2027, which cuts a week at each end."""
    return plan_window(make_panel(weekly_spend[:97]), PlanSettings.model_validate({"window": "2027Q1"}))


def test_the_plan_places_the_budget_to_the_cent_with_the_reserve_as_rows_of_their_own(company):
    found = company(budget=20_000.01)
    table = found.plan.plan
    assert cents(table.planned_spend) == cents(table.current_spend) == 2_000_001
    tests = table[table.purpose == "test"]
    assert cents(tests.planned_spend) == 200_001  # a tenth of 20,000.01 is 2,000.001: rounded up
    assert len(tests) == 14
    assert set(tests.channel) == {""}
    assert found.summary.core + found.summary.reserve == pytest.approx(20_000.01, abs=1e-9)


def test_tables_agree_about_the_money_of_each_cell(company):
    found = company()
    core = found.plan.plan[found.plan.plan.purpose == "core"]
    sums = core.groupby(["channel", "audience"], sort=False)[["planned_spend", "current_spend"]].sum()
    np.testing.assert_allclose(cells_of(found)[["planned_spend", "current_spend"]], sums, atol=1e-6)


def test_current_is_the_reference_scaled_to_the_same_core_money(company):
    found = company(budget=30_000)
    reference = found.window.reference.by_cell
    expected = 27_000 * reference / reference.sum()
    np.testing.assert_allclose(cells_of(found).current_spend, expected, atol=0.01)
    np.testing.assert_allclose(cells_of(found).reference_spend, reference, atol=0.01)
    assert found.summary.reference_spend == pytest.approx(found.window.reference.total, abs=0.01)


def test_without_a_budget_the_references_money_is_planned(company):
    found = company()
    assert found.summary.budget == pytest.approx(found.window.reference.total, abs=0.01)


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(ValueError, match="greater than 0"):
        PlanSettings.model_validate({"budget": 0})


def test_a_budget_all_for_tests_leaves_nothing_to_cells(company):
    found = company(reserve_for_tests=1.0, change=None)
    assert found.summary.core == 0
    assert cells_of(found).planned_spend.tolist() == [0, 0, 0, 0]
    assert found.summary.profit.mean == pytest.approx(-found.summary.budget)


def test_planned_money_keeps_to_its_bounds_and_its_guard(company):
    found = company(bounds=[{"channel": "tv", "min": 8000}, {"channel": "social", "max": "1.1x"}])
    table = cells_of(found)
    assert table.planned_spend[0] >= 8000 - 0.01
    assert table.planned_spend[2] <= 1.1 * table.current_spend[2] + 0.01
    assert abs(table.planned_spend[1] - table.current_spend[1]) <= 0.4 * table.current_spend[1] + 0.01


def test_committed_money_is_planned_as_it_is(company):
    found = company(fixed=[{"channel": "tv", "spend": 4321.0}])
    row = cells_of(found).iloc[0]
    assert row.planned_spend == pytest.approx(4321)
    assert row.binding == "fixed"
    assert row.why.startswith("Fixed: 4,321")


def test_clashing_bounds_and_unknown_names_are_refused(company):
    with pytest.raises(Infeasible, match="tv 50,000"):
        company(bounds=[{"channel": "tv", "min": 50_000}])
    with pytest.raises(ConfigError, match="'tv'"):
        company(bounds=[{"channel": "TV set", "min": 1}, {"channel": "tvv", "max": 2}])


def test_limits_that_leave_no_plan_are_known_before_a_fit(make_panel, weekly_spend):
    keys = PlanSettings.model_validate({"budget": 10_000, "fixed": [{"channel": "tv", "spend": 9_001}]})
    with pytest.raises(Infeasible, match=r"by 1\.00 in"):
        check_limits(plan_window(make_panel(weekly_spend), keys), keys)
    keys = PlanSettings.model_validate({"budget": 10_000, "fixed": [{"channel": "tv", "spend": 9_000}]})
    check_limits(plan_window(make_panel(weekly_spend), keys), keys)


# --- figures -------------------------------------------------------------------------------------------


def test_one_half_of_the_draws_plans_and_the_other_prints(company):
    odd, even = company(seed=1), company(seed=2)
    for found, printing in ((odd, FIRST), (even, SECOND)):
        revenue = by_hand(found, "planned_spend", printing).sum(axis=0)
        assert found.summary.revenue.mean == pytest.approx(revenue.mean())
        assert found.summary.revenue.lo == pytest.approx(np.quantile(revenue, 0.05))
        assert found.summary.revenue.hi == pytest.approx(np.quantile(revenue, 0.95))


def test_profit_is_margin_times_revenue_less_all_money_the_reserve_included(company):
    summary = company().summary
    for prefix in ("", "current_"):
        revenue, profit, roi, romi = (
            getattr(summary, f"{prefix}{name}").mean for name in ("revenue", "profit", "roi", "romi")
        )
        assert profit == pytest.approx(MARGIN * revenue - summary.budget)
        assert roi == pytest.approx(revenue / summary.budget)
        assert romi == pytest.approx(profit / summary.budget)


def test_gain_odds_regret_and_worst_tenth_come_from_the_same_draws_at_equal_money(company):
    found = company()
    planned = by_hand(found, "planned_spend", FIRST).sum(axis=0)
    current = by_hand(found, "current_spend", FIRST).sum(axis=0)
    gain = MARGIN * (planned - current)
    summary = found.summary
    assert summary.gain.mean == pytest.approx(gain.mean())
    assert summary.gain.mean == pytest.approx(summary.profit.mean - summary.current_profit.mean)
    assert summary.probability_better == np.mean(gain > 0)
    assert summary.expected_regret == pytest.approx(np.mean(np.maximum(gain, 0) - gain))
    assert summary.worst_tenth == pytest.approx(np.sort(gain)[:3].mean())


def test_channels_and_the_total_are_sums_per_draw(company):
    found = company()
    moves = found.plan.moves
    draws = by_hand(found, "planned_spend", FIRST)
    total = moves[moves.level == "total"].iloc[0]
    assert total.response == pytest.approx(cells_of(found).response.sum())
    assert total.response_lo == pytest.approx(np.quantile(draws.sum(axis=0), 0.05))
    social = moves[(moves.level == "channel") & (moves.channel == "social")].iloc[0]
    assert social.response_hi == pytest.approx(np.quantile(draws[2:].sum(axis=0), 0.95))
    assert social.roi == pytest.approx(draws[2:].sum(axis=0).mean() / social.planned_spend)
    reserve = moves[moves.level == "reserve"].iloc[0]
    assert total.planned_spend == pytest.approx(found.summary.budget)
    assert total.planned_spend == pytest.approx(cells_of(found).planned_spend.sum() + reserve.planned_spend)
    assert total.roi == pytest.approx(found.summary.roi.mean)


def test_the_return_of_the_next_unit_is_that_of_one_percent_more(company):
    found = company()
    for i, row in cells_of(found).iterrows():
        if row.current_spend > 0:
            before, after = response(found.curves, i, [row.current_spend, 1.01 * row.current_spend])[:, FIRST]
            expected = (after - before).mean() / (0.01 * row.current_spend)
            assert row.mroi_current == pytest.approx(expected)


def test_the_plan_beats_current_on_the_draws_that_planned_it(company):
    found = company()
    planned = by_hand(found, "planned_spend", SECOND).sum(axis=0).mean()
    current = by_hand(found, "current_spend", SECOND).sum(axis=0).mean()
    assert planned >= current - 1e-9 * current


def test_the_reserve_costs_what_its_money_would_bring_in_the_best_plan(company):
    found = company(change=None, grades=("data",) * 4)
    price = found.summary.reserve_price
    reserve, core = found.summary.reserve, cells_of(found).planned_spend.to_numpy()
    # the whole budget at the same shares is a plan too, so the best one is worth at least as much
    whole = core * (1 + reserve / core.sum())
    with_reserve = by_hand(found, "planned_spend", FIRST).sum(axis=0).mean()
    without = sum(response(found.curves, i, [x])[0, FIRST].mean() for i, x in enumerate(whole))
    floor = MARGIN * (without - with_reserve) / reserve
    marginal = MARGIN * cells_of(found).mroi_planned.max()
    assert 0.9 * floor <= price <= 1.1 * marginal


def test_the_forecast_is_baseline_and_all_media_inside_the_window(
    company, make_panel, make_media, weekly_spend
):
    baseline = np.arange(60 * 14.0).reshape(60, 14)
    found = company(baseline=baseline)
    window, curves, media = found.window, found.curves, found.curves.media
    time_line = np.concatenate(
        [
            curves.carry_in,
            curves.unit_exposure * cells_of(found).planned_spend.to_numpy() + window.beside,
        ]
    )
    total = np.zeros(30)
    for draw in range(30):
        for t in range(14):
            effect = 0.0
            for cell in range(4):
                stock = sum(
                    media.weights[draw, cell, lag]
                    * time_line[media.lags - 1 + t - lag, 0, cell]
                    / media.scale[0, cell]
                    for lag in range(media.lags)
                )
                up = stock ** media.slope[draw, cell]
                half = media.half[draw, cell] ** media.slope[draw, cell]
                effect += media.ceiling[draw, 0, cell] * up / (up + half)
            total[draw] += window.share[t] * (baseline[draw, t] + effect)
    assert found.summary.forecast.mean == pytest.approx(total.mean())
    assert found.summary.forecast.hi == pytest.approx(np.quantile(total, 0.95))


def test_a_baseline_of_another_shape_is_refused(company):
    with pytest.raises(InternalFault, match="baseline"):
        company(baseline=np.zeros((60, 13)))


# --- what is known and what is not ---------------------------------------------------------------------


def test_without_a_margin_revenue_is_sought_and_profit_stays_empty(company):
    found = company(margin=None)
    summary = found.summary
    assert summary.objective == "revenue"
    assert summary.profit.mean is summary.romi.mean is summary.current_profit.lo is None
    assert "finance.gross_margin" in summary.assumptions[0]
    planned, current = by_hand(found, "planned_spend", FIRST), by_hand(found, "current_spend", FIRST)
    assert summary.gain.mean == pytest.approx((planned - current).sum(axis=0).mean())


def test_a_count_without_a_value_has_costs_per_outcome_and_no_money(
    company, make_panel, make_media, weekly_spend
):
    panel = make_panel(weekly_spend[:97], unit_value=None)
    found = company(panel=panel, media=make_media(panel, draws=60))
    summary = found.summary
    assert summary.objective == "outcome"
    assert summary.revenue.mean is summary.profit.mean is summary.roi.mean is None
    assert summary.cost_per_outcome == pytest.approx(summary.budget / summary.outcome.mean)
    row = cells_of(found).iloc[0]
    assert row.cost_per_outcome == pytest.approx(row.planned_spend / row.response)
    assert row.marginal_cost_per_outcome_planned > 0
    assert cells_of(found).roi.isna().all()


def test_outcomes_may_be_sought_though_they_have_a_value(company, make_panel, make_media, weekly_spend):
    panel = make_panel(weekly_spend[:97], unit_value=7.0)
    found = company(panel=panel, media=make_media(panel, draws=60), objective="outcome")
    planned, current = by_hand(found, "planned_spend", FIRST), by_hand(found, "current_spend", FIRST)
    assert found.summary.objective == "outcome"
    assert found.summary.gain.mean == pytest.approx((planned - current).sum(axis=0).mean() / 7)
    assert found.summary.revenue.mean == pytest.approx(planned.sum(axis=0).mean())


def test_spending_less_is_possible_where_it_is_allowed(company):
    found = company(spend="at_most", margin=0.05)  # nothing pays at this margin
    assert found.summary.unspent > 0
    assert cents(found.plan.plan.planned_spend) == in_cents(found.summary.budget - found.summary.unspent)


def test_a_budget_far_from_the_reference_is_questioned(company):
    found = company(budget=100_000, change=None)
    assert any("per month" in line for line in found.summary.assumptions)
    assert found.summary.gave_way


# --- sentences and curves ------------------------------------------------------------------------------


def test_every_cell_has_one_sentence_whose_numbers_stand_in_its_row(company):
    bounds = [{"channel": "social", "audience": "new", "max": "1.05x"}, {"channel": "tv", "min": "0.4x"}]
    table = cells_of(company(bounds=bounds, change=0.25))
    for row in table.itertuples():
        assert row.why.endswith(".")
        assert not {"posterior", "adstock"} & set(row.why.lower().split())
    search, new = table.iloc[1], table.iloc[2]
    assert search.binding == "guard"
    assert "past alone" in search.why
    assert new.binding == "upper"
    assert f"{new.planned_spend:,.0f}" in new.why
    assert f"{new.mroi_planned:,.2f}" in new.why
    assert new.binding_price > 0


def test_a_free_cell_says_at_which_return_its_move_would_turn(company):
    table = cells_of(company())
    free = table[(table.binding == "") & (abs(table.change) > 0.01 * table.current_spend)]
    assert len(free) >= 1
    for row in free.itertuples():
        assert ("At or below" if row.change > 0 else "At or above") in row.flip


def test_a_move_that_turns_round_at_what_was_assumed_before_the_data_is_named(company):
    plain = company()
    table = cells_of(plain)
    tv = table.iloc[0]
    assert tv.change < 0
    assert "tv" not in plain.summary.reverses
    turned = company(prior=[100.0, np.nan, np.nan, np.nan])
    assert "tv" in turned.summary.reverses
    assert "before the data" in cells_of(turned).flip[0]


def test_a_dark_cell_whose_return_is_an_assumption_stays_dark_and_says_why(company):
    row = cells_of(company(grades=("data", "data", "data", "prior"))).iloc[3]
    assert row.planned_spend == row.current_spend == 0
    assert row.why.startswith("Stays dark: its return is an assumption")
    assert row.flip == ""


def test_a_cell_that_brings_nothing_is_emptied_where_it_is_free(
    company, make_panel, make_media, weekly_spend
):
    panel = make_panel(weekly_spend[:97])
    media = make_media(panel, draws=60)
    media.ceiling[:, :, 0] = 0
    found = company(panel=panel, media=media, change=None, grades=("data",) * 4, budget=8_000)
    row = cells_of(found).iloc[0]
    assert row.planned_spend == 0
    assert row.why.startswith("Goes down to nothing; the next unit would bring 0.00")


def test_regions_keep_their_share_of_each_cell(company, make_panel, make_media, weekly_spend):
    spend = weekly_spend[:97, None, :] * np.array([1.0, 0.25])[None, :, None]
    panel = make_panel(spend, geos=("north", "south"))
    found = company(panel=panel, media=make_media(panel, draws=60), reserve_for_tests=0.2)
    core = found.plan.plan[found.plan.plan.purpose == "core"]
    sums = core.groupby("geo")[["planned_spend", "current_spend"]].sum()
    np.testing.assert_allclose(sums.loc["south"] / sums.sum(), 0.2, rtol=1e-4)
    assert cents(found.plan.plan.planned_spend) == in_cents(found.summary.budget)


def test_curves_begin_at_nothing_and_are_observed_up_to_the_most_ever_spent(company):
    found = company()
    for i, (_, curve) in enumerate(found.plan.curves.groupby(["channel", "audience"], sort=False)):
        spend = found.window.largest[i]
        assert curve.spend.iloc[0] == curve.response.iloc[0] == 0
        assert 25 <= len(curve) <= 40
        assert (curve.observed == (curve.spend <= spend + 0.005)).all()
        assert curve.spend.iloc[-1] >= 1.5 * spend - 1e-6
        assert curve.response.is_monotonic_increasing
    assert (found.window.largest >= found.window.reference.by_cell * (1 - 1e-12)).all()


def test_money_past_the_most_ever_spent_is_flagged(company):
    found = company(budget=40_000, change=None)
    table = cells_of(found)
    assert (table.extrapolated == (table.planned_spend > found.window.largest + 0.005)).all()
    assert table.extrapolated.any()


# --- files ---------------------------------------------------------------------------------------------


def test_a_plan_comes_back_from_its_files_as_it_was(company, tmp_path):
    plan = company(baseline=np.ones((60, 14))).plan
    plan.save(tmp_path / "run")
    again = Plan.load(tmp_path / "run")
    assert again.summary == plan.summary
    for name in ("plan", "moves", "curves"):
        pd.testing.assert_frame_equal(
            getattr(again, name), getattr(plan, name), check_dtype=False, check_exact=False
        )
        assert (tmp_path / "run" / f"{name}.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    raw = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert raw["window"] == {"start": "2027-01-01", "end": "2027-03-31"}
    assert {"profit_lo", "current_romi_hi", "forecast", "gap_money", "reserve_price"} <= set(raw)


def test_a_plan_whose_files_are_gone_or_broken_is_refused_with_the_file_and_what_to_do(company, tmp_path):
    with pytest.raises(InputError, match="run `mmm plan` again"):
        Plan.load(tmp_path)
    company().plan.save(tmp_path)
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(InputError, match=r"plan\.json"):
        Plan.load(tmp_path)


def test_planning_twice_gives_the_same_plan(company):
    one, two = company().plan, company().plan
    pd.testing.assert_frame_equal(one.plan, two.plan)
    pd.testing.assert_frame_equal(one.moves, two.moves)
