"""The tables of what is proposed after tests: decisions, actions, steps, and where the money comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmm.data.experiments import Experiment
from mmm.data.panel import Floats, Panel
from mmm.dims import NATIONAL, cell_columns
from mmm.experiments.actions import Action, Tested
from mmm.experiments.follow_up import FollowUp
from mmm.experiments.rollout import STEP_WEEKS, Judged, Verdict, holdout, ramp
from mmm.inference.posterior import interval
from mmm.planning.budgets import Desk

STEP_COLUMNS = ["id", "step", "start", "multiple", "spend_per_week"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed after one test, with all that it stands on."""

    found: Experiment
    tested: Tested
    actions: tuple[Action, ...]
    possible: tuple[int, ...]
    judged: tuple[Judged, ...]
    verdict: Verdict
    next_unit: Floats
    follow_up: FollowUp

    @property
    def best(self) -> Action:
        """The action with the highest score."""
        return self.actions[self.possible[self.verdict.best]]

    @property
    def chosen(self) -> Action:
        """The action that is proposed."""
        return self.actions[self.possible[self.verdict.chosen]]

    @property
    def hold(self) -> Action:
        """Today's money."""
        return next(action for action in self.actions if action.kind == "hold")


def _spread(name: str, draws: Floats) -> dict[str, float]:
    mean, lo, hi = (float(x) for x in interval(draws))
    return {name: mean, f"{name}_lo": lo, f"{name}_hi": hi}


def margin_of(desk: Desk, tested: Tested) -> float:
    """Gross margin of what the tested cells bring: they are of one channel."""
    return desk.economics.margin_of(desk.window.cells[tested.cells[0]].channel) or 0.0


def decision_row(one: Proposal, panel: Panel, desk: Desk, planned: Floats) -> dict[str, Any]:
    verdict, best = one.verdict, one.judged[one.verdict.best]
    cells = [replace(desk.window.cells[i], geo="") for i in one.tested.cells]
    names = {key: {getattr(cell, key) for cell in cells} for key in cell_columns(cells)}
    held, share = _held_out(panel)
    moves = verdict.word in ("scale", "stop", "cut")
    margin = margin_of(desk, one.tested)
    return {
        "id": one.found.id,
        **{key: found.pop() if len(found) == 1 else "" for key, found in names.items()},
        "decision": verdict.word,
        "action": one.chosen.name,
        "multiple": one.chosen.multiple,
        "hold_spend": one.hold.spend,
        "spend": one.chosen.spend,
        "planned_spend": float(planned[list(one.tested.cells)].sum()),
        "most_multiple": one.tested.most,
        **_spread("next_roi", one.next_unit),
        "p_next_pays": float(np.mean(margin * one.next_unit > 1.0)),
        "best_action": one.best.name,
        **_spread("gain", best.gain),
        "probability_better": best.better,
        "expected_regret": verdict.regret,
        "regret_allowed": verdict.regret_allowed,
        "money_at_risk": best.at_risk,
        "follow_up_value": one.follow_up.value,
        "follow_up_cost": one.follow_up.cost,
        "follow_up_net": one.follow_up.net,
        "holdout": ";".join(held) if moves else "",
        "holdout_share": share if moves and held else np.nan,
    }


def _held_out(panel: Panel) -> tuple[tuple[str, ...], float]:
    """Regions that stay as they are, and their share of the outcome; none in a national model."""
    if panel.geos == (NATIONAL,):
        return (), 0.0
    sizes = np.maximum(np.nanmean(panel.outcome, axis=0), 0.0)
    shares = sizes / sizes.sum()
    chosen = holdout(shares)
    return tuple(panel.geos[g] for g in chosen), float(shares[list(chosen)].sum())


def action_rows(one: Proposal) -> list[dict[str, Any]]:
    rows = []
    for i, action in enumerate(one.actions):
        row: dict[str, Any] = {
            "id": one.found.id,
            "action": action.name,
            "multiple": action.multiple,
            "spend": action.spend,
            "best": action is one.best,
            "why_not": action.why_not,
        }
        if i in one.possible:
            told = one.judged[one.possible.index(i)]
            row |= _spread("profit", told.profit) | {
                "worst": told.worst,
                "switching_cost": told.switching,
                "score": told.score,
                **_spread("gain", told.gain),
                "probability_better": told.better,
                "expected_regret": told.regret,
                "money_at_risk": told.at_risk,
            }
        rows.append(row)
    return rows


def step_rows(one: Proposal, desk: Desk) -> list[dict[str, Any]]:
    """The way to the action that is taken; none where nothing moves."""
    multiples = ramp(one.hold.multiple, one.chosen.multiple)
    weeks = weeks_of(desk)
    each = max(1, min(STEP_WEEKS, int(weeks // max(len(multiples), 1))))
    return [
        {
            "id": one.found.id,
            "step": k + 1,
            "start": str(_begins(desk) + np.timedelta64(7 * each * k, "D")),
            "multiple": float(multiple),
            "spend_per_week": float(multiple) * one.tested.money / weeks,
        }
        for k, multiple in enumerate(multiples)
    ]


def move_rows(one: Proposal, desk: Desk) -> list[dict[str, Any]]:
    """Where the money of the best action comes from, or goes, cell by cell."""
    keys = cell_columns(desk.window.cells)
    assert one.hold.mix is not None
    assert one.best.mix is not None
    return [
        {
            "id": one.found.id,
            **{key: getattr(cell, key) for key in keys},
            "hold_spend": float(before),
            "spend": float(after),
        }
        for cell, before, after in zip(desk.window.cells, one.hold.mix.spend, one.best.mix.spend, strict=True)
    ]


def weeks_of(desk: Desk) -> float:
    """Weeks of the window that are still to come."""
    return (float((desk.window.end - _begins(desk)).astype(int)) + 1.0) / 7.0


def _begins(desk: Desk) -> np.datetime64:
    """First day that a decision can change."""
    return max(desk.window.start, desk.window.data_until + 1)
