"""Companies of a calibration: each as if it were alone, whoever shares them, and one at fault beside the others."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.dims import NATIONAL, Cell
from mmm.inference import sbc
from mmm.inference.fit import fit
from mmm.inference.sbc import calibrate, draw_company, ranks
from mmm.model.layout import lay_out
from mmm.model.settings import GateSettings, ModelSettings, SamplingSettings

GEOS = (NATIONAL,)
SAMPLING = SamplingSettings(draws=100, tune=100, chains=2)
KEPT = 19


@pytest.fixture(scope="module")
def layout(make_panel):
    panel = make_panel(1, periods=60, geos=GEOS, cells=(Cell("tv"), Cell("search")), organic=False)
    return lay_out(panel, ModelSettings(max_lag=4))


def test_a_company_ranks_as_in_the_first_run_of_a_fit(layout, monkeypatch):
    monkeypatch.setattr("mmm.inference.diagnostics.NUISANCE_RHAT", 1e9)
    (found,) = calibrate(layout, GEOS, [3], SAMPLING, kept=KEPT)
    drawn = draw_company(layout, np.random.default_rng([3, 42]))
    seeded = SAMPLING.model_copy(update={"seed": 3})
    posterior = fit(drawn.layout, GEOS, seeded, GateSettings(rhat=1e9, ess=1e-9, divergences=1)).posterior
    assert (found.seed, found.fault) == (3, "")
    expected = ranks(drawn, posterior, KEPT)
    assert found.ranks.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found.ranks[name], values)


def test_a_company_that_cannot_be_fitted_says_why_and_the_others_go_on(layout, monkeypatch):
    def picky(drawn_layout, geos, sampling):
        if sampling.seed == 1:
            raise RuntimeError("all chains failed")
        return posterior, None

    posterior, _ = sbc.draw_once(layout, GEOS, SAMPLING)
    monkeypatch.setattr(sbc, "draw_once", picky)
    found = list(calibrate(layout, GEOS, [0, 1, 2], SAMPLING, kept=KEPT))
    assert [one.seed for one in found] == [0, 1, 2]
    assert [one.fault for one in found] == ["", "all chains failed", ""]
    assert [bool(one.ranks) for one in found] == [True, False, True]
