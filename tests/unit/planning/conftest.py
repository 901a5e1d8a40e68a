"""A small company made of arrays, so that every plan in these tests can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mmm.data.panel import Panel
from mmm.dims import Cell
from mmm.model.forward import MediaDraws

CELLS = (Cell("tv"), Cell("search"), Cell("social", "new"), Cell("social", "known"))
MONDAY = np.datetime64("2025-01-06")


def _panel(
    spend: np.ndarray,
    *,
    cells: tuple[Cell, ...] = CELLS,
    geos: tuple[str, ...] = ("",),
    exposure: np.ndarray | None = None,
    first: np.datetime64 = MONDAY,
    grain: str = "week",
    unit_value: float | None = 1.0,
) -> Panel:
    """A panel from money of shape (period, cell) or (period, geo, cell)."""
    spend = spend[:, None, :] if spend.ndim == 2 else spend
    periods = len(spend)
    if grain == "month":
        dates = (first.astype("datetime64[M]") + np.arange(periods)).astype("datetime64[D]")
        until = (first.astype("datetime64[M]") + periods).astype("datetime64[D]") - 1
    else:
        days = 7 if grain == "week" else 1
        dates = first + days * np.arange(periods)
        until = dates[-1] + days - 1
    shape = (periods, len(geos))
    return Panel(
        name="small",
        currency="USD",
        grain=grain,
        dates=dates,
        geos=geos,
        population=None,
        outcome=np.full(shape, 1000.0),
        modelled=np.ones(periods, dtype=bool),
        unit_value=None if unit_value is None else np.full(shape, unit_value),
        cells=cells,
        spend=spend,
        exposure=spend if exposure is None else exposure,
        has_exposure=np.full(len(cells), exposure is not None),
        organic_names=(),
        organic=np.zeros((*shape, 0)),
        control_names=(),
        control_roles=(),
        controls=np.zeros((*shape, 0)),
        event_names=(),
        events=np.zeros((periods, 0)),
        holiday_names=(),
        holidays=np.zeros((periods, 0)),
        national_cells=np.zeros(len(cells), dtype=bool),
        data_until=until,
    )


def _media(panel: Panel, *, draws: int = 40, lags: int = 4, seed: int = 1, spread: float = 0.3) -> MediaDraws:
    """Draws of curves whose scale fits the panel's spend; cells differ in strength."""
    rng = np.random.default_rng(seed)
    cells, geos = len(panel.cells), len(panel.geos)
    weights = rng.dirichlet(np.linspace(4, 1, lags), size=(draws, cells))
    scale = np.maximum(panel.exposure.mean(axis=0), 1.0)
    strength = np.linspace(1.0, 3.0, cells) * scale
    return MediaDraws(
        cells=panel.cells,
        geos=panel.geos,
        weights=weights,
        half=np.exp(rng.normal(0.2, 0.1, (draws, cells))),
        slope=np.exp(rng.normal(0.2, 0.1, (draws, cells))),
        ceiling=strength * np.exp(rng.normal(0, spread, (draws, geos, cells))),
        scale=scale,
        saturation=np.zeros(cells, dtype=int),
    )


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    """Builds a panel from money."""
    return _panel


@pytest.fixture(scope="session")
def make_media() -> Callable[..., MediaDraws]:
    """Builds draws of media curves for a panel."""
    return _media


@pytest.fixture
def weekly_spend() -> np.ndarray:
    """Two years of four cells, shape (104, 4): no two weeks alike, the last one dark for half a year."""
    rng = np.random.default_rng(7)
    spend = np.round(rng.uniform(50, 150, (104, 4)) * np.array([8, 4, 2, 1]), 2)
    spend[78:, 3] = 0.0
    return spend


@pytest.fixture
def panel(weekly_spend: np.ndarray) -> Panel:
    """Two years of weeks from Monday 6 January 2025 to Sunday 3 January 2027, without geos."""
    return _panel(weekly_spend)
