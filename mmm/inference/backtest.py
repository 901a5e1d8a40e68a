"""Forecasts from earlier days, compared with what happened: each from a fit that saw nothing later.

Everything is made again from the rows up to the origin: scales, design, priors, draws. Of the periods after it the real
spend, controls, owned media, events and holidays are taken as known, so the error is that of the model and not of a
guess about the future. What was unexplained last is carried on as the AR(1) says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.align import align_tables
from mmm.data.calendar import period_end, year_earlier
from mmm.data.origin import Later, later, tables_until
from mmm.data.panel import Panel
from mmm.data.settings import CalendarSettings, DataSettings, Grain
from mmm.data.tables import Tables
from mmm.errors import DataError, InputError, MmmError, NotConverged
from mmm.inference.posterior import LOWER, UPPER
from mmm.inference.predict import Ahead, ahead, mixture_interval, some_draws
from mmm.model.layout import MIN_LIVE, WEEKS, lay_out
from mmm.model.settings import GateSettings, ModelSettings, SamplingSettings

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

ORIGINS = 4
QUARTER: dict[Grain, int] = {"day": 91, "week": 13, "month": 3}
"""Default horizon in periods."""
SHORT = SamplingSettings(draws=500, tune=500, chains=2)
"""At most so many draws: a forecast needs fewer than a return."""
LOOSE = GateSettings(rhat=1.05, ess=100, divergences=0.01)
"""At least so loose: the same reason."""
TOTAL = "total"
"""Horizon of the rows about the sum over all of it."""
RIVALS = ("last_year", "last_4")
COLUMNS = (
    *("origin", "date", "horizon", "actual", "expected", "expected_lo", "expected_hi"),
    *(f"naive_{rival}" for rival in RIVALS),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One origin: what was known, and what came.

    Attributes
    ----------
    history
        The panel up to the origin.
    known
        What is taken as known of the periods after it.
    actual
        Total outcome of the history's geos, shape (period,); nan where a period is left out.
    rivals
        Two forecasts without a model, shape (period, 2): the same period of the year before, and the mean of the last
        four periods. nan where there is none.
    """

    history: Panel
    known: Later
    actual: Floats
    rivals: Floats


@dataclass(frozen=True, slots=True)
class Forecast:
    """What came of one origin: rows of `backtest.csv`, none where the fit was refused."""

    origin: str
    rows: pd.DataFrame
    refused: str = ""

    def save(self, folder: Path) -> None:
        """Write the rows, or why there are none."""
        self.rows.to_csv(folder / "forecast.csv", index=False)
        told = {"origin": self.origin, "refused": self.refused}
        (folder / "origin.json").write_text(json.dumps(told), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Forecast:
        """Read what `save` wrote."""
        told = json.loads((folder / "origin.json").read_text(encoding="utf-8"))
        rows = pd.read_csv(folder / "forecast.csv", dtype={"horizon": str}, float_precision="round_trip")
        return cls(told["origin"], rows, told["refused"])


@dataclass(frozen=True, slots=True)
class Backtest:
    """All origins together.

    Attributes
    ----------
    rows, summary
        The tables `backtest.csv` and `backtest_summary.csv`.
    about
        `backtest.json`: origins asked for and scored, those refused with the reason, horizon, draws and gates.
    """

    rows: pd.DataFrame
    summary: pd.DataFrame
    about: dict[str, Any]

    def save(self, folder: Path) -> None:
        """Write both tables and the JSON."""
        for name, table in (("backtest", self.rows), ("backtest_summary", self.summary)):
            table.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig")
        text = json.dumps(self.about, indent=1, ensure_ascii=False)
        (folder / "backtest.json").write_text(text + "\n", encoding="utf-8")


def choose_origins(panel: Panel, max_lag: int, count: int, horizon: int) -> Rows:
    """Index of the last period of each history, the earliest first.

    The last origin leaves exactly the horizon, or more where periods are left out. Origins lie a horizon apart, or
    closer where there is no room: the first keeps half of the modelled periods.

    Raises
    ------
    InputError
        When the periods do not hold even one.
    """
    start = max(panel.first, round(max_lag / WEEKS[panel.grain]))
    last = len(panel.dates) - 1
    earliest = start + max(MIN_LIVE, (last - start) // 2)
    latest = last - horizon
    if latest < earliest:
        most = last - earliest
        remedy = f"Ask for --horizon {most} or less" if most > 0 else "Load more history"
        raise InputError(
            f"--horizon {horizon}: {last + 1 - start} {panel.grain}s can be modelled, and a history needs half of them "
            f"and at least {MIN_LIVE}. {remedy}"
        )
    step = max(1, min(horizon, (latest - earliest) // max(1, count - 1)))
    chosen = np.arange(latest, earliest - 1, -step)[:count]
    known = np.flatnonzero(panel.modelled)  # a history ends with an outcome
    return np.unique(known[np.searchsorted(known, chosen, side="right") - 1])


def make_case(
    tables: Tables, panel: Panel, at: int, horizon: int, data: DataSettings, calendar: CalendarSettings
) -> Case:
    """Cut the tables after period `at` of the whole panel, and keep what came.

    Raises
    ------
    DataError
        When the tables up to there make no panel.
    """
    until = period_end(panel.dates[at], panel.grain)
    history = align_tables(
        tables_until(tables, until),
        name=panel.name,
        currency=panel.currency,
        data=data,
        calendar=calendar,
    ).panel
    if history.dates[-1] != panel.dates[at]:
        raise DataError([f"the tables up to {until} end with {history.data_until}; look at the rows between"])
    dates = panel.dates[at + 1 : at + 1 + horizon]
    geos = [panel.geos.index(geo) for geo in history.geos]
    total = np.where(panel.modelled, panel.outcome[:, geos].sum(axis=1), np.nan)
    known = later(tables, history, data, calendar, dates)
    return Case(history, known, total[at + 1 : at + 1 + horizon], _rivals(panel, total, at, dates))


def _rivals(panel: Panel, total: Floats, at: int, dates: NDArray[np.datetime64]) -> Floats:
    """The same period a year before (two, for a horizon of more), and the mean of the last four known periods."""
    past = total[: at + 1]
    known = past[~np.isnan(past)]
    year = np.full(len(dates), np.nan)
    for h, day in enumerate(dates):
        back = day
        while back > panel.dates[at]:
            back = year_earlier(back, panel.grain)
        if back >= panel.dates[0]:
            year[h] = past[int(np.searchsorted(panel.dates, back, side="right")) - 1]
    return np.stack([year, np.full(len(dates), known[-4:].mean() if known.size else np.nan)], axis=1)


def lighter(settings: ModelSettings) -> ModelSettings:
    """The same model, with no more draws and no tighter gates than a forecast needs."""
    sampling, gates = settings.sampling, settings.gates
    return settings.model_copy(
        update={
            "sampling": SamplingSettings(
                draws=min(sampling.draws, SHORT.draws),
                tune=min(sampling.tune, SHORT.tune),
                chains=min(sampling.chains, SHORT.chains),
                seed=sampling.seed,
            ),
            "gates": GateSettings(
                rhat=max(gates.rhat, LOOSE.rhat),
                ess=min(gates.ess, LOOSE.ess),
                divergences=max(gates.divergences, LOOSE.divergences),
            ),
        }
    )


def forecast(
    at: int,
    *,
    tables: Tables,
    panel: Panel,
    horizon: int,
    data: DataSettings,
    calendar: CalendarSettings,
    settings: ModelSettings,
    break_even: float | Mapping[str, float] | None,
) -> Forecast:
    """Fit what was known at one origin and forecast what came; a refused fit is said, never raised.

    Parameters
    ----------
    at
        Index of the last period of the history, in the whole panel.
    settings
        From `lighter`.
    break_even
        1 / gross margin; centre of the default ROI prior. None without a margin.
    """
    from mmm.inference.fit import fit  # the sampler is loaded by what samples

    origin = str(period_end(panel.dates[at], panel.grain))
    try:
        case = make_case(tables, panel, at, horizon, data, calendar)
        layout = lay_out(case.history, settings, break_even=break_even)
        posterior = fit(layout, case.history.geos, settings.sampling, settings.gates).posterior
    except MmmError as error:
        return Forecast(origin, pd.DataFrame(columns=list(COLUMNS)), str(error))
    keep = some_draws(posterior, posterior.draws)
    told = ahead(posterior, layout, case.history, case.known, keep, seed=settings.sampling.seed)
    return Forecast(origin, _rows(origin, case, told))


def _rows(origin: str, case: Case, told: Ahead) -> pd.DataFrame:
    """One row a period that can be scored, then one for their sum."""
    scored = ~np.isnan(case.actual)
    periods = len(scored)
    sums = np.concatenate([np.eye(periods), scored[:, None].astype(float)], axis=1)
    expected, lo, hi = mixture_interval(*told.of(sums))
    dates = case.known.features.dates
    happened = np.column_stack([case.actual, case.rivals])
    total = happened[scored].sum(axis=0) if scored.any() else np.full(3, np.nan)
    actual, *rivals = np.concatenate([happened, total[None]]).T
    horizons = [*map(str, range(1, periods + 1)), TOTAL]
    values = (origin, np.append(dates, dates[:1]).astype(str), horizons, actual, expected, lo, hi, *rivals)
    rows = pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
    return rows[~np.isnan(actual)].reset_index(drop=True)


def join(forecasts: Sequence[Forecast], horizon: int, settings: ModelSettings) -> Backtest:
    """All origins in two tables.

    Raises
    ------
    NotConverged
        When no origin could be fitted.
    """
    refused = [{"origin": one.origin, "reason": one.refused} for one in forecasts if one.refused]
    if len(refused) == len(forecasts):
        raise NotConverged(
            f"no origin could be fitted; the first: {refused[0]['origin']}, {refused[0]['reason']}"
        )
    rows = pd.concat([one.rows for one in forecasts if not one.refused], ignore_index=True)
    about = {
        "origins": len(forecasts),
        "scored": len(forecasts) - len(refused),
        "refused": refused,
        "horizon": horizon,
        "sampling": settings.sampling.model_dump(),
        "gates": settings.gates.model_dump(),
    }
    return Backtest(rows, summary(rows), about)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Error and coverage by horizon, the sum over the horizon last: the table `backtest_summary.csv`.

    `mape` is the mean of |expected - actual| / |actual|, `wmape` the sum of errors over the sum of actuals, `bias`
    the same with signs, `interval_score` that of the 90 % range (Gneiting & Raftery 2007) over the mean actual.
    `relative_*` is the error over the rival's, on the rows the rival has; below 1 the model is better.
    """
    names = dict.fromkeys(rows["horizon"])
    order = sorted((name for name in names if name != TOTAL), key=int) + [n for n in names if n == TOTAL]
    return pd.DataFrame([{"horizon": name, **_scores(rows[rows["horizon"] == name])} for name in order])


def _scores(rows: pd.DataFrame) -> dict[str, float]:
    actual, expected, lo, hi = (
        rows[name].to_numpy(float) for name in ("actual", "expected", "expected_lo", "expected_hi")
    )
    error, size = np.abs(expected - actual), np.abs(actual)
    outside = np.maximum(lo - actual, 0.0) + np.maximum(actual - hi, 0.0)
    score = (hi - lo) + 2.0 / (LOWER + 1.0 - UPPER) * outside
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "forecasts": len(rows),
            "mape": float(np.mean(error / size)) if (actual > 0).all() else np.nan,
            "wmape": float(error.sum() / size.sum()),
            "bias": float((expected - actual).sum() / size.sum()),
            "coverage_90": float(np.mean(outside == 0.0)),
            "interval_score": float(score.mean() / size.mean()),
        }
        for rival in RIVALS:
            naive = rows[f"naive_{rival}"].to_numpy(float)
            known = ~np.isnan(naive)
            theirs = np.abs(naive - actual)[known].sum()
            found[f"wmape_{rival}"] = float(theirs / size[known].sum()) if known.any() else np.nan
            found[f"relative_{rival}"] = float(error[known].sum() / theirs) if known.any() else np.nan
    return found
