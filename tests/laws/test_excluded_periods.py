"""What `calendar.exclude` means: the outcome of those periods is not explained, their media work on."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.model.density import Density
from mmm.model.layout import lay_out
from mmm.model.pack import pack
from mmm.model.parents import hang
from mmm.model.settings import ModelSettings

WAR = (40, 41, 42)
"""Periods left out, in the panel."""
MAX_LAG = 6


@pytest.fixture(params=["normal", "student_t"])
def density(request):
    """Log density at a fixed point, of a panel; scales and priors as of the first panel it is called with."""
    settings = ModelSettings(max_lag=MAX_LAG, likelihood=request.param)
    first = None

    def of(panel):
        nonlocal first
        layout = lay_out(panel, settings)
        first = first or layout
        scaled = layout.data.y * layout.outcome_scale * layout.size / first.outcome_scale / first.size
        x = layout.data.x * layout.exposure_scale / first.exposure_scale
        data = replace(first.data, y=scaled, x=x, live=layout.data.live)
        parents = hang(first)
        q = 0.3 * np.random.default_rng(1).normal(size=len(parents.parents))
        return Density(parents.packed(), pack(data))(q)[0]

    return of


def changed(panel, name, factor):
    values = getattr(panel, name).copy()
    values[list(WAR)] *= factor
    return replace(panel, **{name: values})


@pytest.mark.parametrize("geos", [("",), ("north", "south")], ids=["national", "regions"])
def test_the_outcome_of_an_excluded_period_says_nothing(density, make_panel, geos):
    panel = make_panel(geos=geos, periods=70, excluded=WAR)
    before = density(panel)
    assert density(changed(panel, "outcome", 0.1)) == pytest.approx(before, rel=1e-12)
    everywhere = make_panel(geos=geos, periods=70)
    assert density(changed(everywhere, "outcome", 0.1)) != pytest.approx(density(everywhere), rel=1e-6)


def test_media_of_an_excluded_period_work_on_in_the_periods_after_it(density, make_panel):
    panel = make_panel(periods=70, excluded=WAR)
    assert density(changed(panel, "exposure", 3.0)) != pytest.approx(density(panel), rel=1e-6)


def test_an_excluded_period_without_an_outcome_is_as_good_as_one_with(density, make_panel):
    panel = make_panel(periods=70, excluded=WAR)
    empty = panel.outcome.copy()
    empty[list(WAR)] = np.nan
    assert density(replace(panel, outcome=empty)) == pytest.approx(density(panel), rel=1e-12)
