"""The coming window, its curves, and the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.config import Config
from mmm.data.calendar import next_periods
from mmm.data.future import future_features
from mmm.data.panel import Floats, FutureFeatures, Panel
from mmm.dims import CELL_KEYS
from mmm.experiments.sheet import placed_in
from mmm.finance.economics import unit_economics
from mmm.inference.pairing import correlated
from mmm.inference.posterior import Posterior
from mmm.model.layout import demand_of
from mmm.model.shapes import MARGINAL
from mmm.planning.forecast import with_what_happened
from mmm.planning.learned import Side, learned_table
from mmm.planning.placed import curves_around
from mmm.planning.plan import Plan, optimize
from mmm.planning.sentences import demand_is, reserve_below_a_tenth
from mmm.planning.targets import as_planned
from mmm.planning.window import PlanWindow, plan_window, window_curves
from mmm.response.curves import WindowCurves, together
from mmm.response.forecast import forecast_baseline, shocks_shape
from mmm.stages.fit import WITHOUT_TESTS, Progress
from mmm.stages.prepare import Prepared
from mmm.stages.segments import load_posteriors, noise_of
from mmm.stages.tables import write_csv

Dates = NDArray[np.datetime64]

LEARNED = "learned.csv"


@dataclass(frozen=True, slots=True)
class Outset:
    """What a window is planned from: its curves, the outcome without paid media, the evidence of each place."""

    window: PlanWindow
    curves: WindowCurves
    baseline: Floats
    grades: list[str]

    def with_tests(self, weeks: pd.DataFrame) -> Outset:
        """The same with the tests of `test_weeks.csv` in the window."""
        if weeks.empty:
            return self
        window = placed_in(weeks, self.window)
        return replace(self, window=window, curves=curves_around(self.curves, window))


def outset(config: Config, prepared: Prepared, fitted: Path) -> Outset:
    """The coming window as the finished fit sees it."""
    posteriors = load_posteriors(fitted, prepared.parts)
    begin = ahead(config, prepared, posteriors)
    window = begin.window
    baseline = baseline_ahead(
        config, prepared, fitted, posteriors, assumed_features(config, prepared, window)
    )[:, window.past - len(window.dates) :]
    if window.begun is not None:
        baseline = with_what_happened(begin.curves, baseline, window.begun.outcome)
    roi = pd.read_csv(fitted / "roi.csv", encoding="utf-8-sig", keep_default_na=False)
    rows = (roi["level"] == "cell") & (roi.get("segment", "") == "")
    grades = roi.loc[rows, "evidence"].tolist()
    return replace(begin, baseline=baseline, grades=[grades[cell] for cell in window.cell_of])


def assumed_features(config: Config, prepared: Prepared, window: PlanWindow) -> FutureFeatures:
    """Controls, owned media, events and holidays from the end of the data to the window's."""
    dates = _until_and_window(prepared.panel, window.dates)
    return future_features(prepared.tables, prepared.panel, config.data, config.calendar, dates)


def baseline_ahead(
    config: Config, prepared: Prepared, fitted: Path, posteriors: Sequence[Posterior], future: FutureFeatures
) -> Floats:
    """Outcome without paid media in coming periods, all draws, shape (draw, period); the same noise for any features.

    Parameters
    ----------
    future
        What is known or assumed of these periods.
    """
    parts = prepared.parts
    seed = config.model.sampling.seed
    shape = shocks_shape(posteriors[0], parts[0].layout, future)
    shocks = correlated(noise_of(fitted), shape, np.random.default_rng([seed, 41]))
    summed = np.zeros((posteriors[0].draws, len(future.dates)))
    for posterior, part, own in zip(posteriors, parts, shocks, strict=True):
        summed += forecast_baseline(posterior, part.layout, part.panel, future, seed=seed, shocks=own)
    return summed


def ahead(config: Config, prepared: Prepared, posteriors: Sequence[Posterior]) -> Outset:
    """The window and its curves alone, without baseline and grades."""
    panel, parts = prepared.panel, prepared.parts
    window = plan_window(panel, config.plan, folder=config.folder)
    window, demand = demand_ahead(config, prepared, window)
    each = []
    for posterior, part in zip(posteriors, parts, strict=True):
        # as worth as the segment's own outcome
        valued = plan_window(part.panel, config.plan, folder=config.folder)
        found = window_curves(valued, part.panel, posterior.media(part.layout, panel.geos), demand)
        each.append(replace(found, segment=part.name))
    return Outset(window, together(each), np.zeros((posteriors[0].draws, 0)), [])


def demand_ahead(config: Config, prepared: Prepared, window: PlanWindow) -> tuple[PlanWindow, Floats | None]:
    """The window with what is assumed of demand, and demand in it and while what is bought there carries over."""
    panel = prepared.panel
    if "demand" not in panel.control_roles:
        return window, None
    name = panel.control_names[panel.control_roles.index("demand")]
    tail = next_periods(window.dates[-1], prepared.layout.lags, panel.grain)
    dates = np.concatenate([_until_and_window(panel, window.dates), tail])
    future = future_features(prepared.tables, panel, config.data, config.calendar, dates)
    said = demand_is(name, is_assumed=name in future.assumed)
    controls = np.concatenate([panel.controls, future.controls])  # a window may have begun
    demand = demand_of(panel, controls)[-len(window.dates) - len(tail) :]
    return replace(window, assumptions=(*window.assumptions, said)), demand


def write_plan(folder: Path, config: Config, prepared: Prepared, fitted: Path, say: Progress) -> None:
    say("optimizing the plan")
    begin = outset(config, prepared, fitted)
    plan = optimize(
        begin.curves,
        begin.window,
        unit_economics(config.finance),
        begin.grades,
        config.plan,
        begin.baseline,
        seed=config.model.sampling.seed,
        prior_roi=prior_roi(prepared, begin.window),
    )
    with_reason(plan, config).save(folder)
    told = (fitted / WITHOUT_TESTS).is_file() and config.plan.flighting is None
    if told and any(not found.study for found in prepared.layout.experiments):
        say("what past tests changed")
        write_csv(_learned(config, prepared, fitted, begin, plan), folder / LEARNED)


def with_reason(plan: Plan, config: Config) -> Plan:
    """The plan with the reason for a reserve below a tenth, where the config gives one."""
    override = config.tests.reserve_override
    if override is None:
        return plan
    told = reserve_below_a_tenth(override.value, override.reason)
    return replace(plan, summary=replace(plan.summary, assumptions=(told, *plan.summary.assumptions)))


def designed_weeks(planned: Path) -> pd.DataFrame:
    """Money of the tests that stand in a plan, by week; no rows where none were designed."""
    path = planned / "test_weeks.csv"
    if not path.is_file():
        return pd.DataFrame()
    texts = dict.fromkeys(("id", "date", "geo", *CELL_KEYS), str)
    return pd.read_csv(path, encoding="utf-8-sig", dtype=texts, keep_default_na=False)


def prior_roi(prepared: Prepared, window: PlanWindow) -> list[float]:
    """ROI of each place assumed before the data; nan where what is assumed is not ROI."""
    priors = prepared.layout.roi_priors
    return np.where(priors.measure == MARGINAL, np.nan, priors.median)[window.cell_of].tolist()


def _learned(config: Config, prepared: Prepared, fitted: Path, begin: Outset, plan: Plan) -> pd.DataFrame:
    """The table `learned.csv`: returns, evidence and money without past tests and with them."""
    panel, layout = prepared.panel, prepared.layout
    rest = Posterior.load(fitted / WITHOUT_TESTS)
    evidence = pd.read_csv(fitted / "evidence.csv", encoding="utf-8-sig", keep_default_na=False)
    economics = unit_economics(config.finance)
    settings = as_planned(config.plan, plan.summary.budget)
    media = rest.media(layout, panel.geos)
    curves = window_curves(begin.window, panel, media, begin.curves.demand)
    grades = evidence["evidence_without"].tolist()
    placed = tuple(grades[cell] for cell in begin.window.cell_of)
    seed = config.model.sampling.seed
    tests = [
        ";".join(found.id for found in layout.experiments if i in found.cells and not found.study)
        for i in range(layout.n_paid)
    ]
    after = Posterior.load(fitted / "posterior.nc")
    return learned_table(
        Side(curves, rest.flat("roi")[:, : layout.n_paid], placed),
        Side(begin.curves, after.flat("roi")[:, : layout.n_paid], tuple(begin.grades)),
        begin.window,
        economics,
        settings,
        plan.spend,
        tests,
        seed=seed,
    )


def _until_and_window(panel: Panel, window: Dates) -> Dates:
    """Periods from the panel's end to the window's, so that owned media carry over."""
    span = int((window[-1] - panel.dates[-1]).astype(int))
    after = next_periods(panel.dates[-1], span, panel.grain)
    return after[after <= window[-1]]
