"""The decision: its numbers agree with each other and with the tables, or nothing is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmm.errors import InternalFault
from mmm.reporting.amounts import Figures
from mmm.reporting.catalogue import catalogue_for
from mmm.reporting.decision import decide, disagreements
from mmm.reporting.headline import headline, key_figures
from mmm.reporting.results import Estimate, Results
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for


def _spoken(results: Results) -> str:
    said = " ".join(headline(decide(results), results, voice_for(results, ReportSettings())))
    return said.replace("\u00a0", " ").replace("\u2212", "-")


def test_a_run_from_one_set_of_draws_has_no_disagreement(results: Results) -> None:
    assert disagreements(results) == ()


def test_the_sentence_says_what_plan_json_says(results: Results) -> None:
    summary, said = results.summary, _spoken(results)
    gain = summary.gain
    assert gain.mean is not None
    assert gain.lo is not None
    assert gain.hi is not None
    assert f"Approve {summary.budget / 1e3:,.0f} k" in said
    assert f"{summary.core / 1e3:,.0f} k planned, {summary.reserve / 1e3:,.0f} k for tests" in said
    assert f"{gain.mean / 1e3:+,.0f} k profit after media" in said
    assert f"(90 %: {gain.lo / 1e3:+,.0f} k to {gain.hi / 1e3:+,.0f} k)" in said
    assert Figures(catalogue_for("en")).odds(summary.probability_better).replace("\u00a0", " ") in said


def test_the_money_moved_is_what_the_receivers_get_and_the_donors_give(results: Results) -> None:
    moves = results.moves[results.moves["level"] == "cell"]
    change = moves["planned_spend"] - moves["current_spend"]
    decision = decide(results)
    assert decision.moved == pytest.approx(change[change > 0].sum())
    assert decision.moved == pytest.approx(-change[change < 0].sum())
    largest = moves.loc[change.idxmax()]
    assert decision.receivers[0].name == f"{largest['channel']} / {largest['audience']}"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"probability_better": 0.80}, "above zero in its whole range"),
        ({"gain": Estimate(-9e3, -20e3, -1e3)}, "below zero in its whole range"),
        ({"gain": Estimate(60e3, 90e3, 10e3)}, "reversed"),
        ({"gain": Estimate(99e3, 10e3, 190e3)}, "is not plan less current"),
        ({"core": 1.0}, "are not the budget"),
        ({"reserve": 140e3, "core": 1160e3}, "test money differs"),
    ],
)
def test_contradicting_tables_are_refused_by_name(results: Results, wrong: dict, says: str) -> None:
    broken = replace(results, summary=replace(results.summary, **wrong))
    with pytest.raises(InternalFault, match=says):
        decide(broken)


def test_planned_money_that_differs_between_tables_is_refused(results: Results) -> None:
    plan = results.plan.copy()
    plan.loc[0, "planned_spend"] += 500
    with pytest.raises(InternalFault, match=r"plan\.csv and moves\.csv"):
        decide(replace(results, plan=plan))


def test_a_range_across_zero_is_said_so(results: Results) -> None:
    gain = results.summary.gain
    assert gain.mean is not None
    summary = replace(results.summary, gain=Estimate(gain.mean, -5e3, 99e3), probability_better=0.91)
    assert "The range includes zero" in _spoken(replace(results, summary=summary))
    coin = replace(summary, probability_better=0.55)
    assert "coin toss" in _spoken(replace(results, summary=coin))


def test_a_plan_like_todays_mix_says_keep(results: Results) -> None:
    moves, plan = results.moves.copy(), results.plan.copy()
    moves["planned_spend"], plan["planned_spend"] = moves["current_spend"], plan["current_spend"]
    said = _spoken(replace(results, moves=moves, plan=plan))
    assert "Keep today's mix" in said
    assert "move " not in said.split("Keep")[0]


def test_money_left_unspent_is_said_and_never_called_todays_mix(results: Results) -> None:
    moves, plan = results.moves.copy(), results.plan.copy()
    cells, core = moves["level"] == "cell", plan["purpose"] == "core"
    moves.loc[cells, "planned_spend"] = moves.loc[cells, "current_spend"] * 0.75
    plan.loc[core, "planned_spend"] = plan.loc[core, "current_spend"] * 0.75
    unspent = 0.25 * float(moves.loc[cells, "current_spend"].sum())
    less = replace(results, moves=moves, plan=plan, summary=replace(results.summary, unspent=unspent))
    said = _spoken(less)
    assert "Keep" not in said
    assert (
        f"Approve {(less.summary.budget - unspent) / 1e3:,.0f} k of the {less.summary.budget / 1e3:,.0f} k"
        in said
    )
    assert f"take {unspent / 1e3:,.0f} k out of TV" in said
    assert "equal money" not in said


def test_a_plan_that_is_todays_mix_says_so_and_has_no_odds_of_beating_it(make) -> None:  # type: ignore[no-untyped-def]
    still: Results = make(moves=False)
    assert "Keep today's mix" in _spoken(still)
    told = [key.what for key in key_figures(decide(still), still, voice_for(still, ReportSettings()))]
    assert told == ["more profit after media than today's mix", "total revenue expected in the window"]
