"""Markets of a portfolio before and after their fits: data read, windows known, posteriors as curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmm.config import Config
from mmm.errors import ConfigError, GateRefused, InputError, MmmError
from mmm.finance.economics import unit_economics
from mmm.inference.posterior import Posterior
from mmm.model.shapes import RETURN
from mmm.planning.window import plan_window
from mmm.portfolio.config import Portfolio, under
from mmm.portfolio.joint import Market
from mmm.portfolio.many import Say, Status, Task, believing, share_out, worst
from mmm.portfolio.pool import Result
from mmm.runs.engines import Workers
from mmm.runs.store import RunFolder
from mmm.stages.at_hand import at_hand
from mmm.stages.keys import fit_key
from mmm.stages.plan import ahead
from mmm.stages.prepare import Prepared, prepare
from mmm.stages.segments import load_posteriors

REPORTS = Path("reports")


@dataclass(frozen=True, slots=True)
class Ready:
    """A market whose data are read and whose window is known, before its fit."""

    task: Task
    config: Config
    prepared: Prepared

    @property
    def key(self) -> str:
        """Of its fit."""
        return fit_key(self.config, self.prepared)


def ready_markets(portfolio: Portfolio, configs: Sequence[Config], seed: int | None) -> list[Ready]:
    """Every market's data read, and its window checked, before the first long fit."""
    found, faults = [], []
    for entry, config in zip(portfolio.markets, configs, strict=True):
        task = Task(
            config=entry.config,
            path=(portfolio.folder / entry.config).resolve(),
            folder=(REPORTS / config.name).resolve(),
            name=config.name,
            seed=seed,
            command="fit",
        )
        try:
            found.append(read_market(task, config))
            plan_window(found[-1].prepared.panel, under(config, portfolio.plan).plan, folder=config.folder)
        except MmmError as error:
            faults.append(f"{config.name}: {error}")
    if faults:
        raise InputError("\n".join(faults))
    return found


def read_market(task: Task, config: Config) -> Ready:
    brought = at_hand(believing(config, task.beliefs)).config
    if task.seed is not None:
        sampling = brought.model.sampling.model_copy(update={"seed": task.seed})
        brought = brought.model_copy(
            update={"model": brought.model.model_copy(update={"sampling": sampling})}
        )
    return Ready(task, brought, prepare(brought))


def fit_missing(
    markets: Sequence[Ready], workers: Workers, progress: Say | None, finished: Callable[[Status], None]
) -> None:
    """Fit the markets that are not fitted yet."""
    known: dict[str, Status] = {}

    def note(status: Status) -> None:
        known[status.config] = status
        finished(status)

    missing = [market.task for market in markets if fitted_of(market) is None]
    share_out(missing, workers, known, note, progress)
    if code := worst(known.values()):
        names = ", ".join(status.name for status in known.values() if status.exit_code)
        told = f"no joint plan without {names}; the fits of the others are kept"
        raise GateRefused(told) if code == GateRefused.exit_code else InputError(told)


def fitted_of(market: Ready) -> Path | None:
    """The finished fit of a market, or None."""
    if not market.task.folder.exists():
        return None
    with RunFolder.open(market.task.folder, owner=f"{market.config.name} in {market.config.folder}") as store:
        return store.finished("fit", market.key)


def as_markets(portfolio: Portfolio, ready: Sequence[Ready]) -> list[Market]:
    """Every market as its own fit sees the window of the portfolio."""
    found = []
    for entry, market in zip(portfolio.markets, ready, strict=True):
        fitted = fitted_of(market)
        assert fitted is not None, "fitted before"
        config = under(market.config, portfolio.plan)
        posteriors = load_posteriors(fitted, market.prepared.parts)
        begin = ahead(config, market.prepared, posteriors)
        roi = pd.read_csv(fitted / "roi.csv", encoding="utf-8-sig", keep_default_na=False)
        rows = (roi["level"] == "cell") & (roi.get("segment", "") == "")
        grades = roi.loc[rows, "evidence"].tolist()
        found.append(
            Market(
                name=config.name,
                currency=config.currency or "",
                rate=entry.rate or 1.0,
                entry=entry,
                window=begin.window,
                curves=begin.curves,
                economics=unit_economics(config.finance),
                settings=config.plan,
                grades=tuple(grades[cell] for cell in begin.window.cell_of),
            )
        )
    return found


def results_of(market: Ready) -> tuple[list[Result], dict[str, float]]:
    """What a market's fit says of the return of each cell, and its mean return by channel.

    Cells whose prior is not one on ROI are left out: they cannot be compared.

    Raises
    ------
    ConfigError
        When returns of the market are not in money, or of several segments.
    """
    prepared, name = market.prepared, market.config.name
    if len(prepared.parts) > 1 or prepared.panel.unit_value is None:
        raise ConfigError([f"`pool`: returns of {name} are not of one outcome in money; take `pool` out"])
    fitted = fitted_of(market)
    assert fitted is not None, "fitted before"
    priors, layout = prepared.layout.roi_priors, prepared.layout
    draws = np.log(Posterior.load(fitted / "posterior.nc").flat("roi")[:, : layout.n_paid].clip(1e-9))
    told = market.config.model.priors.channels
    found = []
    for i, cell in enumerate(prepared.panel.cells):
        own = told.get(cell.channel)
        if priors.measure[i] != RETURN or (own is not None and own.contribution is not None):
            continue
        said = float(draws[:, i].mean()), float(draws[:, i].std())
        before = float(np.log(priors.median[i])), float(priors.sigma[i])
        found.append(Result(name, cell.channel, *said, *before))
    roi = pd.read_csv(fitted / "roi.csv", encoding="utf-8-sig", keep_default_na=False)
    rows = roi[roi["level"] == "channel"]
    return found, dict(zip(rows["channel"], rows["roi"].astype(float), strict=True))
