"""From past tests to arrays of the model."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.experiments import Experiment
from mmm.model.calibration import transport_noise
from mmm.model.layout import first_modelled, lay_out
from mmm.model.settings import ModelSettings

SETTINGS = ModelSettings(max_lag=8)
GEOS = ("north", "south", "west")


def past_test(panel, geos, lift=600.0, se=200.0, df=2.0, name="t"):
    """tv, weeks 20 to 23 and two of cool-down; half of the exposure was the test's."""
    bau = 0.5 * panel.exposure[20:24][:, list(geos)][:, :, [0]]
    day, within = panel.dates[20], 1 <= len(geos) < len(panel.geos)
    return Experiment(name, day, day + 27, 2, 50.0, df, (0,), geos, 20, 24, 26, bau, lift, se, within)


def test_transport_noise_is_a_tenth_at_once_and_grows_to_the_root_of_both_squares():
    day = np.datetime64("2025-01-06")
    assert transport_noise(100.0, day, day) == pytest.approx(10.0)
    assert transport_noise(100.0, day, day + 364) == pytest.approx(np.sqrt(10**2 + 15**2 / 2))
    assert transport_noise(100.0, day, day + 364_000) == pytest.approx(np.sqrt(10**2 + 15**2))
    assert transport_noise(100.0, day + 30, day) == pytest.approx(10.0)


def test_the_scale_of_a_result_is_its_error_and_the_noise_of_the_larger_of_measured_and_expected(make_panel):
    panel = make_panel()
    experiments = [past_test(panel, (0,), lift=lift, name=str(lift)) for lift in (1e6, 0.0)]
    large, none = lay_out(panel, SETTINGS, experiments=experiments).data.lifts
    noise = transport_noise(1e6, experiments[0].end, panel.data_until)
    assert large.sd == pytest.approx(np.hypot(200.0, noise))
    assert none.sd > 200.0  # what was expected beforehand keeps a null result from being certain
    assert none.sd < large.sd
    assert large.df == 3.0


def test_a_widened_test_has_twice_the_transport_noise_and_its_own_error_as_it_was(make_panel):
    panel = make_panel()
    found = past_test(panel, (0,))
    plain, wide = (
        lay_out(panel, SETTINGS, experiments=[e]).data.lifts[0] for e in (found, replace(found, widened=True))
    )
    assert wide.sd**2 - 200.0**2 == pytest.approx(4.0 * (plain.sd**2 - 200.0**2))
    assert wide.measured == plain.measured


def test_the_exposure_without_a_test_differs_in_its_periods_only(make_panel):
    panel = make_panel(2, geos=GEOS)
    layout = lay_out(panel, SETTINGS, experiments=[past_test(panel, (0, 2))])
    (lift,) = layout.data.lifts
    assert (lift.start, lift.periods) == (20 - layout.window, 6)
    assert [part.geo for part in lift.parts] == [0, 2]
    for part in lift.parts:
        was = layout.data.x[lift.start : lift.start + 6 + layout.lags, part.geo, 0]
        ratio = np.ones(6 + layout.lags)
        ratio[layout.lags : layout.lags + 4] = 0.5
        np.testing.assert_allclose(part.bau, ratio * was, rtol=1e-12)
        assert part.heads == pytest.approx(layout.size[part.geo] * layout.outcome_scale)


def test_rows_that_a_test_compared_have_a_level_of_their_own(make_panel):
    panel = make_panel(2, geos=GEOS)
    plain = lay_out(panel, SETTINGS)
    layout = lay_out(panel, SETTINGS, experiments=[past_test(panel, (0, 2))])
    (at,) = [i for i, c in enumerate(layout.baseline.columns) if c.component == "experiment:t"]
    expected = np.zeros(layout.data.y.shape)
    expected[20 - layout.window : 26 - layout.window, [0, 2]] = 1.0
    np.testing.assert_array_equal(layout.data.Z[:, :, at], expected)
    np.testing.assert_array_equal(layout.data.Z[:, :, :at], plain.data.Z[:, :, :at])
    assert layout.baseline.n_dense == plain.baseline.n_dense + 1


def test_a_test_of_all_regions_compared_none_and_takes_no_rows(make_panel):
    panel = make_panel(2, geos=GEOS)
    layout = lay_out(panel, SETTINGS, experiments=[past_test(panel, (0, 1, 2))])
    np.testing.assert_array_equal(layout.data.Z, lay_out(panel, SETTINGS).data.Z)
    assert len(layout.data.lifts) == 1


def test_the_first_modelled_period_follows_the_history(make_panel):
    panel = make_panel()
    assert first_modelled(panel, SETTINGS) == 8 == lay_out(panel, SETTINGS).window
    assert first_modelled(panel, ModelSettings(history="none")) == 0
