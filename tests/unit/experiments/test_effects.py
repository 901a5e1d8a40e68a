"""What a change of exposure brings."""

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.experiments.effects import bought_by, change_by_period, weeks_of_carry_over
from mmm.model.forward import MediaDraws
from mmm.response.curves import WindowCurves, response

PERIODS, GEOS, LAGS, DRAWS = 6, 3, 4, 25


@pytest.fixture
def curves() -> WindowCurves:
    """Two cells in three regions, with money before, beside and after the window."""
    rng = np.random.default_rng(4)
    media = MediaDraws(
        cells=(Cell("tv"), Cell("search")),
        geos=("a", "b", "c"),
        weights=rng.dirichlet(np.ones(LAGS), (DRAWS, 2)),
        half=rng.uniform(0.5, 2.0, (DRAWS, 2)),
        slope=rng.uniform(0.7, 1.6, (DRAWS, 2)),
        ceiling=rng.uniform(50, 150, (DRAWS, GEOS, 2)),
        scale=rng.uniform(5, 15, (GEOS, 2)),
        saturation=np.zeros(2, dtype=int),
    )
    unit = rng.dirichlet(np.ones(PERIODS * GEOS), 2).T.reshape(PERIODS, GEOS, 2)
    return WindowCurves(
        media=media,
        carry_in=rng.uniform(0, 10, (LAGS - 1, GEOS, 2)),
        unit_exposure=unit,
        after=rng.uniform(0, 10, (LAGS - 1, GEOS, 2)),
        value=rng.uniform(1, 2, (PERIODS + LAGS - 1, GEOS)),
        beside=rng.uniform(0, 2, (PERIODS, GEOS, 2)),
    )


def test_all_money_at_once_brings_what_the_response_curve_says(curves: WindowCurves) -> None:
    money = 240.0
    everything = bought_by(curves, 1, money)
    whole = (0, PERIODS + LAGS - 1)
    found = change_by_period(curves, 1, np.zeros_like(everything), everything, (0, 1, 2), whole)
    np.testing.assert_allclose(found.sum(axis=1), response(curves, 1, [money])[0], rtol=1e-10)


def test_more_money_everywhere_brings_the_difference_of_two_amounts(curves: WindowCurves) -> None:
    usual = bought_by(curves, 0, 200.0)
    found = change_by_period(curves, 0, usual, 0.5 * usual, (0, 1, 2), (0, PERIODS + LAGS - 1))
    expected = np.subtract(*response(curves, 0, [300.0, 200.0]))
    np.testing.assert_allclose(found.sum(axis=1), expected, rtol=1e-10)


def test_regions_and_periods_that_do_not_count_are_left_out_and_the_parts_add_up(
    curves: WindowCurves,
) -> None:
    usual = bought_by(curves, 0, 200.0)
    change = np.zeros_like(usual)
    change[2:4] = -usual[2:4]
    whole = change_by_period(curves, 0, usual, change, (0, 1, 2), (0, PERIODS + LAGS - 1))
    by_geo = sum(
        change_by_period(curves, 0, usual, change, (g,), (0, PERIODS + LAGS - 1)) for g in range(GEOS)
    )
    np.testing.assert_allclose(whole, by_geo, rtol=1e-10)
    np.testing.assert_allclose(whole[:, 1:5], change_by_period(curves, 0, usual, change, (0, 1, 2), (1, 5)))
    assert (whole[:, :2] == 0).all()  # nothing before the change
    assert (whole[:, 2:4] < 0).all()


def test_carry_over_dies_where_less_than_a_tenth_is_left(curves: WindowCurves) -> None:
    geometric = 0.5 ** np.arange(1, LAGS + 1) * 16 / 15
    media = curves.media
    weights = np.broadcast_to(geometric, (DRAWS, 2, LAGS)).copy()
    fading = WindowCurves(
        **{name: getattr(curves, name) for name in curves.__slots__}
        | {"media": MediaDraws(**{n: getattr(media, n) for n in media.__slots__} | {"weights": weights})}
    )
    # left after lag 0, 1, 2, 3: 7/15, 3/15, 1/15, 0
    assert weeks_of_carry_over(fading, 0, 0.10, 1.0) == 2.0
    assert weeks_of_carry_over(fading, 0, 0.25, 1.0) == 1.0
    assert weeks_of_carry_over(fading, 0, 0.10, 1 / 7) == pytest.approx(2 / 7)
