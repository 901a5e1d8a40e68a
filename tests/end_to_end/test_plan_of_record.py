"""A plan is approved once, kept for good, named on the report and compared with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmm.runs.files import sha256

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]
Command = Callable[..., Any]
REFERENCE = ("budget: 300_000", "budget: 300_000, reference: plan_of_record")


def test_an_approved_plan_is_frozen_named_and_compared_with(
    finished: Any, execute: Command, no_sampling: list[str], read: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, config = finished.copy(tmp_path / "acme"), finished.small.config
    reference = finished.small.variant("against_record", REFERENCE)
    said = execute("plan", reference, "--out", folder)
    assert said.code == 1
    assert "no plan of acme is approved yet" in said.err
    assert "mmm approve CONFIG --by NAME" in said.err

    manifest = sha256(folder / "manifest.json")
    said = execute("approve", config, "--by", "Dana Levi", "--out", folder)
    assert said.code == 0, said.err
    place = Path(said.out.splitlines()[-1])
    told = json.loads(place.read_text())
    plan = json.loads((folder / "plan.json").read_text())
    assert (told["by"], told["number"], told["manifest"]) == ("Dana Levi", 1, manifest)
    assert [told[name] for name in ("budget", "forecast_lo")] == [
        plan["budget"],
        pytest.approx(plan["forecast_lo"]),
    ]
    frozen, months, original = (
        read(path) for path in (place.parent / "plan.csv", place.parent / "months.csv", folder / "plan.csv")
    )
    kept = [column for column in original if column not in ("reference_spend", "current_spend")]
    pd.testing.assert_frame_equal(frozen, original[kept])
    assert months["planned_spend"].sum() == pytest.approx(300_000, abs=0.001)

    said = execute(
        "approve", config, "--by", "Dana Levi", "--scenario", "+10 %", "--why", "stock", "--out", folder
    )
    assert said.code == 0, said.err
    second = json.loads(Path(said.out.splitlines()[-1]).read_text())
    assert (second["number"], second["scenario"], second["why"], second["budget"]) == (
        2,
        "+10 %",
        "stock",
        330_000,
    )
    weeks = read(Path(said.out.splitlines()[-1]).parent / "plan.csv")
    assert weeks["planned_spend"].sum() == pytest.approx(330_000, abs=0.001)
    assert read(place.parent / "plan.csv").equals(frozen)  # the first is still there

    said = execute("plan", reference, "--out", folder)  # the same data: fit and checks are reused
    assert (said.code, no_sampling) == (0, []), said.err
    approved = weeks[weeks["channel"] != ""]["planned_spend"].sum()
    assert read(folder / "plan.csv")["reference_spend"].sum() == pytest.approx(approved, abs=0.01)
    assert "plan of record (number 2" in (folder / "plan.json").read_text()
    beside = read(folder / "plan_of_record.csv").set_index("level")
    assert beside.loc["total", ["approved_spend", "planned_spend", "change"]].to_list() == [
        330_000,
        300_000,
        -30_000,
    ]


def test_approving_what_cannot_be_approved_says_what_to_do(
    finished: Any, execute: Command, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, config = finished.copy(tmp_path / "acme"), finished.small.config
    for arguments, words in (
        (["--by", " "], "nobody is named"),
        (["--by", "D", "--scenario", "+10%"], 'did you mean "+10 %"?'),
        (["--by", "D", "--out", tmp_path / "none"], "no finished run here"),
    ):
        said = execute("approve", config, "--out", folder, *arguments)
        assert said.code == 1
        assert words in said.err
    (folder / "plan.csv").write_text("date\n")
    said = execute("approve", config, "--by", "D", "--out", folder)
    assert said.code == 1
    assert "changed: plan.csv" in said.err
    assert not (tmp_path / "data").exists()
