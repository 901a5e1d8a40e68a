"""The main job with other families for every channel and Student-t noise: every stage and every page works."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

Read = Callable[[Path], pd.DataFrame]

NATIONAL = ("  geo: region\n", "")
WHOLE = (", population: population", "")
FAMILIES = (
    "  max_lag: 6\n",
    "  max_lag: 6\n"
    "  adstock: {default: delayed, search: weibull_survival, facebook: weibull}\n"
    "  saturation: {default: logistic, search: power, facebook: michaelis_menten}\n"
    "  likelihood: student_t\n",
)


@pytest.fixture(scope="module")
def folder(small: Any, execute: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A national run of the small company."""
    place = tmp_path_factory.mktemp("families") / "acme"
    said = execute("run", small.variant("families", NATIONAL, WHOLE, FAMILIES), "--out", place)
    assert said.code == 0, said.err
    return place


def test_returns_and_plan_are_numbers(folder: Path, read: Read) -> None:
    cells = read(folder / "roi.csv").query("level == 'cell'")
    assert set(cells["channel"]) == {"tv", "search", "facebook"}
    numbers = cells[["roi_lo", "roi", "roi_hi", "mroi", "contribution"]].astype(float)
    assert (numbers > 0).all(axis=None)
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    assert 0 <= plan["gap"] < 0.01
    assert read(folder / "plan.csv")["planned_spend"].astype(float).sum() == pytest.approx(300_000, abs=0.01)


def test_what_student_t_noise_lets_go_is_said(folder: Path, read: Read) -> None:
    reviews = read(folder / "reviews.csv").set_index("check")
    assert reviews.loc["periods let go", "severity"] == "pass"
    assert "weight" in reviews.loc["periods let go", "value"]


def test_the_effect_of_a_delayed_channel_peaks_later_and_all_of_it_is_shared_out(
    folder: Path, read: Read
) -> None:
    weights = read(folder / "adstock.csv").pivot_table(index="channel", columns="lag", values="weight")
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-9)
    # surviving effect only falls; a prior peak two weeks late shows in the mean
    assert (np.diff(weights.loc["search"]) <= 0).all()
    assert weights.loc["tv"].idxmax() >= 1


def test_a_power_curve_has_no_half_saturation_in_table_or_page(folder: Path, read: Read) -> None:
    beliefs = read(folder / "priors.csv")
    named = beliefs.groupby("channel")["parameter"].agg(set).to_dict()
    assert named["search"] == {"roi", "half_life", "slope"}
    assert named["tv"] == named["facebook"] == {"roi", "half_life", "half_saturation"}
    page = (folder / "report.html").read_text("utf-8")
    text = re.sub(r"<(script|style|svg).*?</\1>", "", page, flags=re.DOTALL)
    words = html.unescape(re.sub(r"<[^>]+>", " ", text)).split()
    assert not {"nan", "inf", "None"} & set(words)
    assert words.count("Half-saturation") == 2
