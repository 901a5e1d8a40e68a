"""Who a page is for: which sections each reader sees, and what must not leave the company.

An agency's results are stripped before anything is written from them, so no sentence, chart or sheet can show what
was taken out, whatever it is made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from mmm.reporting.results import About, Estimate, Outlook, PlanSummary, Results
from mmm.reporting.settings import Audience

BUSINESS = ("bridge", "goals", "pnl", "scenarios", "scorecard", "owned", "claims", "customers", "held")
MEDIA = ("moves", "evidence", "segments", "others", "designs", "limits")
SECTIONS: Mapping[Audience, frozenset[str]] = {
    "cfo": frozenset({*BUSINESS, *MEDIA, "notes", "appendix"}),
    "marketing": frozenset({*BUSINESS, *MEDIA, "notes"} - {"pnl"}),
    "analyst": frozenset({*MEDIA, "scenarios", "held", "notes", "appendix"}),
    "agency": frozenset({*MEDIA, "bridge"}),
}
"""Sections of the page after the decision, which everybody sees."""

NO_ESTIMATE = Estimate()


@dataclass(frozen=True, slots=True)
class Edition:
    """The files of one audience: the page, and the pages to sign and the workbook where they are its own."""

    audience: Audience
    page: str
    sheets: str | None
    workbook: str | None


def editions(audiences: Sequence[Audience]) -> tuple[Edition, ...]:
    """Files for several audiences: the first has the plain names, each other one its own.

    The company's own readers share the pages to sign and the workbook; an agency has its own.
    """
    found: list[Edition] = []
    for audience in audiences:
        suffix = f"-{audience}" if found else ""
        shared = audience != "agency" and any(one.audience != "agency" for one in found)
        sheets, workbook = (None, None) if shared else (f"report{suffix}.pdf", f"plan{suffix}.xlsx")
        found.append(Edition(audience, f"report{suffix}.html", sheets, workbook))
    return tuple(found)


def results_for(results: Results, audience: Audience) -> Results:
    """The results as an audience may see them: an agency without margins, profit and customer value."""
    return _withheld(results) if audience == "agency" else results


GONE = (
    *("priors", "reviews", "stress", "stress_summary", "test_answers", "best_splits", "goals"),
    *("scenarios", "scenario_plans", "scenario_pairs", "frontier", "learned"),
    *("bridge", "claims", "customers", "pnl", "scorecard", "drivers", "owned", "creatives", "leads"),
    *("rollout", "rollout_actions", "rollout_steps"),
    *("held", "held_weeks", "pacing", "refresh"),
)
"""Tables that an agency's results do not have at all."""


def _withheld(results: Results) -> Results:
    told = _without(
        results.tests, "value_of_information", "opportunity_cost", "net_value", "answers", "freed", "adds"
    )
    gone: dict[str, Any] = {name: pd.DataFrame() for name in GONE}
    return replace(
        results,
        about=_about(results.about),
        summary=_summary(results),
        roi=_without(results.roi, "p_pays", "romi"),
        segments=_without(results.segments, "p_pays", "romi"),
        other_roi=_without(results.other_roi, "p_pays", "romi"),
        moves=_without(results.moves, "binding_price", "why", "flip"),  # reasons compare profit
        tests=told,
        designed=_designed(results.designed),
        checks=results.checks.iloc[:0],
        **gone,
    )


def _about(about: About) -> About:
    return replace(about, gross_margin=None, gross_margins={}, config_text="", withheld=True)


def _designed(told: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("reserve", "floor", "placed", "withheld", "without_test", "extra")
    return {name: told[name] for name in kept if name in told}


def _without(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """A table without some columns, and what is made of them (`_lo`, `_hi`, `_prior`)."""
    gone = [column for column in frame.columns if str(column).startswith(names)]
    return frame.drop(columns=gone)


def _summary(results: Results) -> PlanSummary:
    """The plan in spend and revenue alone."""
    summary = results.summary
    plan, current = (_outlook(side) for side in (summary.plan, summary.current))
    gain, odds = _gain(results)
    return replace(
        summary,
        plan=plan,
        current=current,
        objective="outcome" if summary.objective == "outcome" else "revenue",
        gain=gain,
        probability_better=odds,
        expected_regret=None,
        worst_tenth=None,
        gap_money=None,
        shadow_price=None,
        reserve_price=None,
        forecast=NO_ESTIMATE,
        assumptions=(),
    )


def _outlook(side: Outlook) -> Outlook:
    return replace(side, profit=NO_ESTIMATE, romi=NO_ESTIMATE, npv=NO_ESTIMATE)


def _gain(results: Results) -> tuple[Estimate, float | None]:
    """The gain in revenue or units, and its odds.

    With one margin, equal money and no cost but media, revenue and profit differ by a factor, so range and odds of the
    one are those of the other. Otherwise only the mean is known.
    """
    summary, about = results.summary, results.about
    if not summary.plan.profit.known and not summary.plan.npv.known:
        return summary.gain, summary.probability_better
    after, before = summary.plan.revenue.mean, summary.current.revenue.mean
    if after is None or before is None:
        return NO_ESTIMATE, None
    mean, margin, sought = after - before, about.gross_margin, summary.gain
    near = 1e-6 * max(abs(summary.budget), 1.0) + 0.01
    same = (
        summary.objective == "profit"
        and bool(margin)
        and not about.gross_margins
        and sought.mean is not None
        and abs(mean * (margin or 0.0) - sought.mean) <= near
    )
    if not same or margin is None:
        return Estimate(mean), None
    return sought.times(1.0 / margin), summary.probability_better
