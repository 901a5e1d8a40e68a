"""The arithmetic of the recovery benchmark, each number by hand."""

import json
from math import e
from threading import Lock
from typing import Any

import pytest

from benchmarks import recovery
from benchmarks.recovery import KNOWN_KINDS, Fit, fits
from benchmarks.recovery_tables import NOTHING_YET, ablation_table, kinds_table, pool, ratios
from benchmarks.scores import Estimate
from mmm.simulate.worlds import simulate_world


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """Writes a line as a measurement does, into a folder of the test."""
    monkeypatch.setattr(recovery, "OUT", tmp_path)
    monkeypatch.setattr(recovery, "LINES", tmp_path / "recovery.jsonl")

    def write(line: dict[str, Any]) -> None:
        recovery._write(line["world"])
        recovery._keep(line, Lock())

    return write


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


def test_without_the_other_side_there_is_no_table_to_misread() -> None:
    assert ratios([_fit("clean-1")]) == ablation_table([_fit("clean-1")]) == NOTHING_YET


def test_kinds_are_pooled_by_whether_the_assumptions_hold() -> None:
    rows = kinds_table([_fit("clean-1"), _fit("mediator-1", width=3.0)]).splitlines()[2:]
    names = [row.split("|")[1].strip() for row in rows]
    assert names == ["clean", "mediator", "**inside**", "**outside**", "**all**"]
    assert [row.split("|")[5].strip() for row in rows] == ["1.00", "3.00", "1.00", "3.00", "2.00"]


def test_each_side_is_held_to_the_truth_of_the_rows_it_explains(measured) -> None:
    cells = {
        "tv": {"roi": [2, 1, 4], "mroi": [1, 0.5, 2], "p_above_1": 0.9},
        "search": {"roi": [0.1, 0.01, 0.5], "mroi": [0.1, 0.01, 0.5], "p_above_1": 0.02},
    }
    world = simulate_world(KNOWN_KINDS["dead-channel"], 1)
    dead, alive = world.truth.iloc[0], world.truth.iloc[1]
    line = {"world": world.name, "seconds": {"fit": 1.0}, "refused": "", "cells": cells}
    for side, variant in (("ours", "default"), ("ours", "no-history"), ("meridian", "default")):
        measured({**line, "side": side, "variant": variant})
    measured({"world": world.name, "side": "pymc-marketing", "variant": "default", "failed": "no memory"})
    found = fits()
    assert dead["channel"] == "tv"
    assert [fit.nothing for fit in found] == [(0.9,)] * 3
    assert [fit.roi[0].truth for fit in found] == [alive["roi"], alive["roi_whole"], alive["roi_whole"]]
    assert [fit.mroi[0].truth for fit in found] == [alive["mroi"], alive["mroi_whole"], alive["mroi_whole"]]


def test_what_has_a_line_is_not_fitted_again_unless_its_world_has_changed(measured, monkeypatch) -> None:
    for name in ("clean-1", "delayed-1"):
        measured({"side": "ours", "variant": "default", "world": name, "failed": "no memory"})
    changed = recovery.LINES.read_text().splitlines()
    digest = json.loads(changed[1])["digest"]
    recovery.LINES.write_text("\n".join([changed[0], changed[1].replace(digest, "0" * 16)]) + "\n")
    asked = []
    monkeypatch.setattr(recovery, "_fit", lambda side, variant, names, lock: asked.append((side, names)))
    recovery.measure(["clean", "delayed"], 2, ["ours", "meridian"], ["default"])
    assert asked == [
        ("ours", ["delayed-1", "clean-2", "delayed-2"]),
        ("meridian", ["clean-1", "delayed-1", "clean-2", "delayed-2"]),
    ]
    assert (recovery.OUT / "worlds" / "delayed-2" / "config.yaml").exists()
    assert fits() == []
