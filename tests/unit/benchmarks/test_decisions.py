"""The scoring of plans in worlds whose truth is known."""

from dataclasses import replace
from itertools import product
from threading import Lock

import numpy as np
import pytest

from benchmarks import recovery
from benchmarks.decision_tables import NOTHING_YET, decisions_table, regret_ratio
from benchmarks.decisions import CHANGE, Decision, best_split, by_roi, decisions, scale_of
from mmm.simulate.coming_weeks import coming_weeks, window_revenue
from mmm.simulate.worlds import simulate_world


def _decision(world: str, side: str, gain: float, plan: str = "default", failed: str = "") -> Decision:
    return Decision(world.rpartition("-")[0], world, side, plan, gain, 0.10, 3.0, failed)


def _cells(table: str, row: int) -> list[str]:
    return [cell.strip() for cell in table.splitlines()[row].split("|")][1:-1]


@pytest.mark.parametrize("name", ["clean-1", "s-curves-3", "hurtful-channel-1"])
def test_the_best_split_is_at_least_that_of_brute_force_and_below_its_bound(name):
    kind, _, number = name.rpartition("-")
    coming = coming_weeks(simulate_world(recovery.KNOWN_KINDS[kind], int(number)), 13)
    keep = [0, 1, 2]  # three cells; the others have nothing to move
    media = replace(
        coming.media,
        weights=coming.media.weights[keep],
        curves=coming.media.curves[:3],
        half=coming.media.half[keep],
        slope=coming.media.slope[keep],
        strength=coming.media.strength[:, keep],
    )
    coming = replace(
        coming, media=media, money=np.array([4.0, 3.0, 1.0]) * 1e5, pattern=coming.pattern[:, :, keep],
        history=coming.history[:, :, keep], after=coming.after[:, :, keep],
    )  # fmt: skip
    budget, least = coming.money.sum(), (1 - CHANGE) * coming.money
    step = budget / 160
    counts = np.round(coming.money / step).astype(int)
    values = [
        window_revenue(coming, least + step * np.arange(count + 1)[:, None])[:, c]
        for c, count in enumerate(counts)
    ]
    split = [
        (i, j, 80 - i - j)
        for i, j in product(range(counts[0] + 1), range(counts[1] + 1))
        if 0 <= 80 - i - j <= counts[2]
    ]
    brute = max(sum(values[c][k] for c, k in enumerate(steps)) for steps in split)
    most_between = sum(np.maximum(np.diff(value), 0).max() for value in values)
    found = best_split(coming)
    best = window_revenue(coming, found).sum()
    assert found.sum() == pytest.approx(budget, rel=1e-9)
    assert (found >= least - 1e-6).all()
    assert (found <= (1 + CHANGE) * coming.money + 1e-6).all()
    assert brute - 1e-9 * abs(brute) <= best <= brute + most_between


def test_money_in_proportion_to_roi_keeps_the_budget_and_stops_at_the_bounds():
    money = np.array([100.0, 100.0])
    np.testing.assert_allclose(by_roi(money, np.array([2.0, 2.0])), money)
    np.testing.assert_allclose(by_roi(money, np.array([2.0, 1.0])), [400 / 3, 200 / 3])
    np.testing.assert_allclose(by_roi(money, np.array([9.0, 1.0])), [150.0, 50.0])
    np.testing.assert_allclose(by_roi(np.array([100.0, 300.0]), np.array([1.0, -1.0])), [150.0, 250.0])


def test_a_plan_is_scored_on_the_true_curves_and_who_has_none_keeps_the_mix(tmp_path, monkeypatch):
    monkeypatch.setattr(recovery, "OUT", tmp_path)
    monkeypatch.setattr(recovery, "LINES", tmp_path / "recovery.jsonl")
    recovery._write("clean-1")
    scale = scale_of("clean-1")
    best = dict(zip(scale.channels, best_split(scale.coming), strict=True))
    roi = {channel: {"roi": [1.0, 0.5, 2.0]} for channel in scale.channels}
    line = {
        "world": "clean-1",
        "variant": "default",
        "seconds": {"fit": 1.0, "plan": 2.0},
        "refused": "",
        "cells": roi,
    }
    recovery._keep({**line, "side": "ours", "plans": {"default": best}, "no_plan": ""}, Lock())
    recovery._keep({**line, "side": "meridian", "plans": {}, "no_plan": "ValueError: no"}, Lock())
    recovery._keep(
        {"world": "clean-1", "variant": "default", "side": "pymc-marketing", "failed": "killed"}, Lock()
    )
    found = {(one.side, one.plan): one for one in decisions()}
    assert found["ours", "default"].gain == pytest.approx(scale.possible)
    assert scale.possible > 0
    assert found["meridian", "default"].gain == pytest.approx(0, abs=1e-12)
    assert found["meridian", "default"].failed == "ValueError: no"
    assert found["pymc-marketing", "default"].failed == "killed"
    assert found["ours", "by-roi"].gain == pytest.approx(0, abs=1e-12)  # all returns alike: nothing moves
    assert ("pymc-marketing", "by-roi") not in found


def test_regret_is_compared_with_the_better_peer_on_worlds_that_all_have():
    found = [_decision(f"clean-{k}", side, gain) for k in (1, 2) for side, gain in
             (("ours", 0.08), ("meridian", 0.06), ("pymc-marketing", -0.02))]  # fmt: skip
    found.append(_decision("clean-3", "ours", -5.0))
    assert _cells(regret_ratio(found), 2) == [
        "inside the assumptions", "2", "2.00", "12.00", "4.00", "**0.50**", "0.50 - 0.50",
    ]  # fmt: skip
    assert regret_ratio(found[:1]) == NOTHING_YET


def test_the_table_tells_gain_regret_failures_and_who_lost_against_todays_mix():
    found = [
        _decision("clean-1", "ours", 0.06),
        _decision("clean-2", "ours", -0.02),
        _decision("clean-1", "meridian", 0.0, failed="ValueError"),
        _decision("clean-2", "meridian", 0.01),
        _decision("clean-1", "ours", 0.05, plan="free"),
        _decision("clean-2", "ours", 0.05, plan="free"),
    ]
    table = decisions_table(found)
    assert _cells(table, 2) == [
        "mmm-planner", "2", "0", "**8.00** (4.00 to 12.00)", "**2.00** (-2.00 to 6.00)", "20%", "50%", "12.0", "3.0",
    ]  # fmt: skip
    assert _cells(table, 3)[:3] == ["Meridian", "2", "1"]
    assert _cells(table, 4)[0] == "mmm-planner, no guard"
    assert _cells(table, 5) == [
        "today's mix", "2", "-", "**10.00** (10.00 to 10.00)", "0", "0%", "100%", "10.0", "-",
    ]  # fmt: skip
