"""A small company as a panel, made of arrays: quick to fit, with everything a panel can have."""

from __future__ import annotations

import numpy as np

from mmm.data.panel import FutureFeatures, Panel
from mmm.dims import NATIONAL, Cell

CELLS = (Cell("tv"), Cell("search", "brand"), Cell("search", "generic"))
MONDAY = np.datetime64("2024-01-01")


def make_panel(
    seed: int = 1,
    *,
    periods: int = 78,
    geos: tuple[str, ...] = (NATIONAL,),
    cells: tuple[Cell, ...] = CELLS,
    organic: bool = True,
    unit_value: float | None = 1.0,
    excluded: tuple[int, ...] = (),
    noise: float = 40.0,
) -> Panel:
    """Weeks with media that work, a season, a price, an event, a holiday and correlated noise."""
    rng = np.random.default_rng(seed)
    G, n = len(geos), len(cells)
    heads = np.linspace(1.0, 2.0, G)
    spend = rng.gamma(2.0, 20.0, (periods, G, n)) * (rng.random((periods, 1, n)) < 0.7) * heads[:, None]
    mail = rng.gamma(2.0, 5.0, (periods, G, 1))
    price = 10 + np.cumsum(rng.normal(0, 0.3, (periods, G, 1)), axis=0)
    week = np.arange(periods)
    event = ((week > 30) & (week < 34)).astype(float)[:, None]
    holiday = (week % 26 == 20).astype(float)[:, None]
    carried = spend.copy()
    carried[1:] += 0.5 * spend[:-1]
    media = 300 * (heads[:, None] * carried / (carried + 60 * heads[:, None])).sum(axis=2)
    shock = np.zeros((periods, G + 1))
    for t in range(1, periods):
        shock[t] = 0.5 * shock[t - 1] + noise * rng.normal(size=G + 1)
    per_head = (
        900 + 60 * np.sin(2 * np.pi * week / 52) + 100 * event[:, 0] + 80 * holiday[:, 0] + shock[:, 0]
    )[:, None] + shock[:, 1:]
    outcome = heads * (per_head - 15 * (price[:, :, 0] - 10)) + media + 2 * mail[:, :, 0]
    modelled = np.ones(periods, dtype=bool)
    modelled[list(excluded)] = False
    return Panel(
        name="small",
        currency="USD",
        grain="week",
        dates=MONDAY + 7 * week,
        geos=geos,
        population=None if G == 1 else 1e5 * heads,
        outcome=outcome,
        modelled=modelled,
        unit_value=None if unit_value is None else np.full((periods, G), unit_value),
        cells=cells,
        spend=spend,
        exposure=spend,
        has_exposure=np.zeros(n, dtype=bool),
        organic_names=("mail",) if organic else (),
        organic=mail if organic else mail[:, :, :0],
        control_names=("price",),
        control_roles=("confounder",),
        controls=price,
        event_names=("fair",),
        events=event,
        holiday_names=("Feast",),
        holidays=holiday,
        national_cells=np.zeros(n, dtype=bool),
        data_until=MONDAY + 7 * periods - 1,
    )


def make_future(panel: Panel, periods: int) -> FutureFeatures:
    """The coming weeks: price as it was last, mail as it was, no event, one holiday."""
    n = len(panel.organic_names)
    return FutureFeatures(
        dates=panel.dates[-1] + 7 * np.arange(1, periods + 1),
        controls=np.repeat(panel.controls[-1:], periods, axis=0),
        organic=np.repeat(panel.organic[-1:], periods, axis=0) if n else panel.organic[:periods],
        events=np.zeros((periods, 1)),
        holidays=(np.arange(periods) == 2).astype(float)[:, None],
        assumed=(),
    )


WEEKLY = """\
name: acme
currency: USD
data:
  source: weekly.csv
  date: week
  outcome: {value: revenue}
  media: {tv: tv_spend, search: search_spend}
finance: {gross_margin: 0.5}
model: {max_lag: 4}
plan: {horizon: 8, budget: 200_000}
"""
"""The config of a national company in one table, as a first user writes it."""
