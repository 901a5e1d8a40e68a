"""Simulation-based calibration: in companies drawn from the model itself the truth ranks anywhere among the draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from mmm.data.experiments import Experiment
from mmm.dims import NATIONAL, Cell
from mmm.inference.sbc import calibrate
from mmm.model.layout import lay_out
from mmm.model.settings import ModelSettings, SamplingSettings

CELLS = (Cell("tv"), Cell("search"))
SAMPLING = SamplingSettings(draws=300, tune=300, chains=2)
KEPT = 99
FALSE_ALARM = 0.001
"""Chance that this test fails on a model that is right, over all quantities together."""
BINS = 10


def calibration_ranks(layout, geos, fits):
    """Ranks in [0, 1] by quantity, shape (fit, medium) or (fit,); every kept draw counts as independent."""
    found = list(calibrate(layout, geos, range(fits), SAMPLING, kept=KEPT))
    assert [one.fault for one in found] == [
        ""
    ] * fits  # none left out, or the ranks of the others were not uniform
    return {name: np.array([one.ranks[name] for one in found]) for name in found[0].ranks}


def past_test(panel):
    """Half of the first cell's spend was added in the first region for six weeks."""
    first, stop = 24, 30
    spent = panel.exposure[first:stop, :1, :1]
    return Experiment(
        id="half",
        start=panel.dates[first],
        end=panel.dates[stop],
        cooldown=2,
        spend_change=0.5 * float(spent.sum()),
        df=8.0,
        cells=(0,),
        geos=(0,),
        first=first,
        stop=stop,
        last=stop + 2,
        bau=0.5 * spent,
        lift=float(spent.sum()),
        lift_se=0.3 * float(spent.sum()),
        within=True,
    )


def alarms(found, rng):
    """Quantities whose ranks are not uniform, by shift and shape (Kolmogorov) and by counts in bins."""
    series = {}
    for name, values in found.items():
        for column, value in enumerate(values.reshape(len(values), -1).T):
            # a rank of 0 .. KEPT is one of KEPT + 1 steps: anywhere on its step
            series[f"{name}[{column}]"] = (value * KEPT + rng.random(len(value))) / (KEPT + 1)
    chance = {}
    for name, value in series.items():
        counts = np.histogram(value, np.linspace(0, 1, BINS + 1))[0]
        chance[name] = min(kstest(value, "uniform").pvalue, chisquare(counts).pvalue)
    return {name: p for name, p in chance.items() if p < FALSE_ALARM / (2 * len(series))}


@pytest.mark.slow
@pytest.mark.timeout(5400)
@pytest.mark.parametrize(
    ("geos", "periods", "fits"),
    [((NATIONAL,), 72, 100), (("north", "south", "west"), 60, 60)],
    ids=["national", "geos with a past test"],
)
def test_true_values_rank_anywhere_among_the_draws(geos, periods, fits, make_panel):
    panel = make_panel(1, periods=periods, geos=geos, cells=CELLS, organic=False)
    tests = (past_test(panel),) if len(geos) > 1 else ()
    layout = lay_out(panel, ModelSettings(max_lag=6), experiments=tests)
    found = calibration_ranks(layout, geos, fits)
    if len(geos) == 1:
        del found["week_shock"]  # a national model has none
    assert alarms(found, np.random.default_rng(1)) == {}


def test_ranks_that_are_uniform_raise_no_alarm_and_those_of_a_model_too_sure_of_itself_do():
    rng = np.random.default_rng(2)
    truth, draws = rng.normal(size=(100, 2)), rng.normal(size=(100, KEPT, 2))
    right = (draws < truth[:, None]).mean(axis=1)
    too_narrow = (0.5 * draws < truth[:, None]).mean(axis=1)
    shifted = (draws + 0.6 < truth[:, None]).mean(axis=1)
    assert alarms({"right": right}, rng) == {}
    assert set(alarms({"right": right, "narrow": too_narrow, "high": shifted}, rng)) == {
        "narrow[0]", "narrow[1]", "high[0]", "high[1]",
    }  # fmt: skip
