"""Forecasts from earlier days: each origin a stage of its own."""

from __future__ import annotations

from functools import partial

from mmm.config import Config
from mmm.finance.economics import unit_economics
from mmm.inference.backtest import Forecast, choose_origins, forecast, join, lighter
from mmm.runs.engines import Workers
from mmm.runs.executor import side_by_side
from mmm.runs.store import RunFolder
from mmm.stages.fit import Progress
from mmm.stages.keys import backtest_key
from mmm.stages.prepare import Prepared


def backtest_origins(
    store: RunFolder, prepared: Prepared, config: Config, asked: tuple[Workers, int, int], say: Progress
) -> None:
    """Refit at every origin that is not finished, each a stage of its own, then join them."""
    workers, count, horizon = asked
    key = backtest_key(config, prepared)
    settings = lighter(config.model)
    break_even = unit_economics(config.finance).break_even_roi
    places = choose_origins(prepared.panel, config.model.max_lag, count, horizon)
    names = [f"origin-{prepared.panel.dates[at]}-{horizon}" for at in places]
    task = partial(
        forecast,
        tables=prepared.tables,
        panel=prepared.panel,
        horizon=horizon,
        data=config.data,
        calendar=config.calendar,
        settings=settings,
        break_even=break_even,
    )
    todo = [i for i, name in enumerate(names) if store.finished(name, key) is None]
    say(f"refitting at {len(todo)} earlier days")
    for done, found in enumerate(side_by_side(task, [int(places[i]) for i in todo], workers), start=1):
        store.stage(names[todo[done - 1]], key, found.save)
        say(f"refitted at {done} of {len(todo)} earlier days")
    parts = [store.finished(name, key) for name in names]
    whole = join([Forecast.load(part) for part in parts if part is not None], horizon, settings)
    store.stage(f"backtest-{count}x{horizon}", key, whole.save)
