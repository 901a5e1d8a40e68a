"""Tests whose answer is known: from another tool's documentation, and from the truth of the bundled company."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm.config import load_config
from mmm.data.align import align_tables
from mmm.data.settings import ExperimentsTable
from mmm.data.tables import load_tables
from mmm.experiments.arms import Arms, place
from mmm.experiments.design import Design
from mmm.experiments.readout import read_out
from mmm.experiments.table import designs_in

ROOT = Path(__file__).parents[3]


def test_the_walkthrough_of_geolift_is_read_alike() -> None:
    """GeoLift says 4,667 units more (5.4 %), with a 90 % range of -2,451 to 11,350 (augmented synthetic control)."""
    daily = pd.read_csv(ROOT / "data/samples/geolift_test.csv", index_col="date")
    treated = ["chicago", "portland"]
    control = [city for city in daily.columns if city not in treated]
    dates = daily.index.to_numpy(dtype="datetime64[D]")
    pre = int((dates < np.datetime64("2021-04-01")).sum())
    design = Design(
        "geolift", "", "facebook", "", "", tuple(treated), (), (), dates[pre], dates[-1], 0, np.nan
    )
    arms = Arms(
        dates=dates,
        pre=pre,
        stop=len(dates),
        cells=(0,),
        treated=(0, 1),
        control=tuple(range(2, 40)),
        names=(*treated, *control),
        outcome=daily[treated + control].to_numpy(float),
        spend=np.zeros(daily.shape),
        unit_value=None,
        year=365,
        removed=np.zeros(daily.shape),
    )
    found = read_out(design, arms, [])
    for effect, se in ((found.effect, found.se), *((other.effect, other.se) for other in found.beside)):
        assert abs(effect - 4667.0) < 1.645 * se
    assert found.percent == pytest.approx(0.054, abs=0.02)
    assert found.lo == pytest.approx(-2451.0, abs=3000.0)
    assert found.hi == pytest.approx(11350.0, abs=3000.0)
    assert found.back is None  # the file has no money


def test_past_tests_of_the_bundled_company_agree_with_their_truth() -> None:
    config = load_config(ROOT / "configs/demo.yaml")
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    panel = align_tables(
        tables, name=config.name, currency=config.currency, data=config.data, calendar=config.calendar
    ).panel
    designs = designs_in(
        ExperimentsTable(source=Path("../data/demo/experiments.csv")), config.data, config.folder
    )
    truth = json.loads((ROOT / "data/demo/truth.json").read_text("utf-8"))
    lifts = {test["id"]: test["true_lift"] for test in truth["experiments"]}
    assert len(designs) == len(lifts) == 2
    for design in designs:
        arms, told = place(design, panel, config.channels, designs)
        found = read_out(design, arms, told)
        assert abs(found.effect - lifts[design.id]) < 1.645 * found.se
        assert found.spend.used == design.spend_change  # the panel does not contradict the file
        for other in found.beside:
            assert abs(other.effect - lifts[design.id]) < 2.5 * other.se
