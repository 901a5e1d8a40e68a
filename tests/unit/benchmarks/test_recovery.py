"""The arithmetic of the recovery benchmark, each number by hand."""

from math import e, log

import pytest

from benchmarks import recovery
from benchmarks.recovery import Fit, fits
from benchmarks.recovery_tables import ablation_table, kinds_table, pool, ratios
from benchmarks.scores import Estimate


def _fit(
    world: str,
    side: str = "ours",
    *,
    width: float = 1.0,
    truth: float = 1.0,
    refused: str = "",
    variant: str = "default",
    nothing: tuple[float, ...] = (),
) -> Fit:
    cell = Estimate(world, "tv", truth, 1.2, e ** (-width / 2), e ** (width / 2))
    return Fit(
        kind=world.rpartition("-")[0], world=world, side=side, variant=variant, roi=(cell,), mroi=(cell,),
        nothing=nothing, seconds=2.0, refused=refused, measured="2026-01-01", machine="2 cores",
    )  # fmt: skip


def test_a_refused_fit_counts_as_missed_though_the_prior_holds_the_truth() -> None:
    told = pool([_fit("clean-1"), _fit("clean-2", refused="NotConverged")])
    assert told.coverage == 0.5
    assert told.marginal_coverage == 0.5
    assert told.score == pytest.approx(1.0)
    assert told.refused == 1


def test_a_cell_that_brings_nothing_is_judged_by_its_chance_to_be_above_one() -> None:
    assert pool([_fit("dead-channel-1", nothing=(0.05, 0.2))]).nothing == "1 of 2"
    assert pool([_fit("clean-1")]).nothing == "-"


def test_the_ratio_is_to_the_better_peer_on_worlds_that_all_have() -> None:
    found = [_fit(f"clean-{k}", side, width=width) for k in (1, 2) for side, width in
             (("ours", 1.0), ("meridian", 2.0), ("pymc-marketing", 4.0))]  # fmt: skip
    found.append(_fit("clean-3", width=50.0))
    row = ratios(found).splitlines()[2]
    assert [cell.strip() for cell in row.split("|")][1:5] == [
        "interval score of log ROI", "2", "**0.50**", "0.50 - 0.50",
    ]  # fmt: skip


def test_the_ablation_compares_on_worlds_that_both_have() -> None:
    found = [_fit("clean-1"), _fit("clean-2", width=9.0), _fit("clean-1", width=1.5, variant="geometric")]
    rows = ablation_table(found).splitlines()
    assert len(rows) == 3
    assert [cell.strip() for cell in rows[2].split("|")][1:6] == [
        "geometric", "1", "1.00", "1.50", "+0.50 (+0.50 to +0.50)",
    ]  # fmt: skip


def test_kinds_are_pooled_by_whether_the_assumptions_hold() -> None:
    rows = kinds_table([_fit("clean-1"), _fit("mediator-1", width=3.0)]).splitlines()[2:]
    names = [row.split("|")[1].strip() for row in rows]
    assert names == ["clean", "mediator", "**inside**", "**outside**", "**all**"]
    assert [row.split("|")[5].strip() for row in rows] == ["1.00", "3.00", "1.00", "3.00", "2.00"]


def test_each_side_is_held_to_the_truth_of_the_rows_it_explains(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(recovery, "OUT", tmp_path)
    folder = tmp_path / "worlds" / "clean-1"
    folder.mkdir(parents=True)
    rows = ["channel,roi,mroi,roi_whole,mroi_whole", "tv,2.0,1.0,3.0,1.5", "radio,0.0,0.0,0.0,0.0"]
    (folder / "truth.csv").write_text("\n".join(rows))
    cells = {
        "tv": {"roi": [2, 1, 4], "mroi": [1, 0.5, 2], "p_above_1": 0.9},
        "radio": {"roi": [0.1, 0.01, 0.5], "mroi": [0.1, 0.01, 0.5], "p_above_1": 0.02},
    }
    line = {
        "world": "clean-1", "seconds": {"fit": 1.0}, "refused": "", "cells": cells, "measured": "2026-01-01",
        "machine": {"cores": 2, "processor": "p"},
    }  # fmt: skip
    sides = [("ours", "default"), ("ours", "no-history"), ("meridian", "default")]
    found = fits({**line, "side": side, "variant": variant} for side, variant in sides)
    assert [fit.roi[0].truth for fit in found] == [2.0, 3.0, 3.0]
    assert [fit.mroi[0].truth for fit in found] == [1.0, 1.5, 1.5]
    assert found[0].nothing == (0.02,)
    assert log(found[0].roi[0].middle) == pytest.approx(log(2))
    assert fits([{**line, "side": "meridian", "variant": "default", "failed": "no memory"}]) == []


def test_what_has_a_line_is_not_fitted_again(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(recovery, "OUT", tmp_path)
    monkeypatch.setattr(recovery, "LINES", tmp_path / "recovery.jsonl")
    (tmp_path / "recovery.jsonl").write_text('{"side": "ours", "variant": "default", "world": "clean-1"}\n')
    asked = []
    monkeypatch.setattr(
        recovery, "_fit", lambda side, variant, names, lock: asked.append((side, variant, names))
    )
    recovery.measure(["clean", "delayed"], 2, ["ours", "meridian"], ["default"])
    assert asked == [
        ("ours", "default", ["delayed-1", "clean-2", "delayed-2"]),
        ("meridian", "default", ["clean-1", "delayed-1", "clean-2", "delayed-2"]),
    ]
    assert (tmp_path / "worlds" / "delayed-2" / "config.yaml").exists()
