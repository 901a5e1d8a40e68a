"""Two runs beside each other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mmm.console.registry import comparison_text
from mmm.errors import InputError
from mmm.runs.manifest import Manifest
from mmm.runs.registry import Entry
from mmm.stages.comparison import compare_runs

MANIFEST = Manifest(
    "r", "acme", "", "run", {"numpy": "1"}, "name: acme\nplan: {budget: 10}\n", "h", {"a.csv": "1"}, 1
)


def entry(folder: Path, roi: dict[str, float], manifest: Manifest, budget: float) -> Entry:
    folder.mkdir()
    rows = [("cell", name, "", value, value - 1, value + 1) for name, value in roi.items()]
    columns = ["level", "channel", "audience", "roi", "roi_lo", "roi_hi"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "roi.csv", index=False)
    window = {"start": "2027-01-01", "end": "2027-03-31"}
    (folder / "plan.json").write_text(json.dumps({"window": window, "budget": budget, "outcome": None}))
    return Entry("acme", folder, True, manifest)


def test_returns_of_both_runs_stand_beside_each_other_whatever_channels_they_have(tmp_path: Path) -> None:
    changed = replace(
        MANIFEST,
        config_text="name: acme  # ours\nplan: {budget: 12}\n",
        config_hash="i",
        inputs={"a.csv": "2", "b.csv": "1"},
        seed=2,
        versions={"numpy": "2"},
    )
    before = entry(tmp_path / "a", {"tv": 2.0, "NA": 1.0}, MANIFEST, 10)
    after = entry(tmp_path / "b", {"tv": 2.5, "radio": 3.0}, changed, 12)
    found = compare_runs(before, after)
    got = found.returns.set_index("channel")
    assert got.loc["tv", ["before", "after", "change"]].to_list() == [2.0, 2.5, 0.5]
    assert got.loc["NA", "before"] == 1.0
    assert pd.isna(got.loc["radio", "before"])
    assert got.loc["radio", "after"] == 3.0
    assert set(found.told) == {
        "input changed: a.csv",
        "new input: b.csv",
        "seed 1, then 2",
        "numpy 1, then 2",
    }
    assert found.config == (
        "- name: acme",
        "+ name: acme  # ours",
        "- plan: {budget: 10}",
        "+ plan: {budget: 12}",
    )
    assert found.figures.set_index("figure").loc["budget"].to_list() == [10, 12]
    text = comparison_text(found, "one", "two")
    assert "+0.50" in text
    assert "numpy 1, then 2" in text


def test_runs_without_anything_in_common_are_refused(tmp_path: Path) -> None:
    sides = [Entry("acme", tmp_path, True, MANIFEST)] * 2
    with pytest.raises(InputError, match="neither returns nor a plan"):
        compare_runs(*sides)
