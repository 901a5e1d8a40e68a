"""The approved plan of a window that has begun: did its forecast hold, and is its money on pace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmm.config import Config
from mmm.data.origin import later
from mmm.data.panel import Floats, FutureFeatures, Panel
from mmm.dims import CELL_KEYS
from mmm.errors import InputError
from mmm.inference.posterior import Posterior
from mmm.model.layout import demand_of
from mmm.planning.allocation import take_draws
from mmm.planning.flighting import in_its_weeks
from mmm.planning.forecast import media_by_channel, with_what_happened
from mmm.planning.held import RARE, Forecasts, chance_of_outside, held_table, weeks_table
from mmm.planning.outlook import halves
from mmm.planning.pacing import pacing_table, spent_by_channel
from mmm.planning.tables import planned_pattern
from mmm.planning.window import PlanWindow
from mmm.response.curves import Spent, WindowCurves
from mmm.response.decomposition import caused_by_spend
from mmm.runs.approvals import Approval
from mmm.runs.manifest import package_version
from mmm.runs.store import stage_key
from mmm.stages.approved import read_plan
from mmm.stages.fit import Progress
from mmm.stages.known import Known, is_known, read_known
from mmm.stages.plan import Outset, assumed_features, baseline_ahead, designed_weeks, outset
from mmm.stages.prepare import Prepared, prepare
from mmm.stages.segments import load_posteriors
from mmm.stages.tables import write_csv, write_json


@dataclass(frozen=True, slots=True)
class _Then:
    """The model of the approved plan, as it was: its settings, what it started from, the window as it saw it."""

    known: Known
    prepared: Prepared
    begin: Outset
    spend: Floats
    printing: np.ndarray


def begun(approvals: tuple[Approval, ...], until: np.datetime64) -> Approval | None:
    """The plan of record of the latest window of which the data know something, with the model that made it."""
    found = [
        one
        for one in approvals
        if np.datetime64(one.start) <= until
        and is_known(one.folder)
        and (one.folder / "posterior.nc").is_file()
    ]
    return max(found, key=lambda one: (one.start, one.end, one.number), default=None)


def held_key(fitted: str, approval: Approval) -> str:
    return stage_key("held", [fitted, approval.manifest, str(approval.number)], {}, package_version())


def write_held(
    folder: Path, config: Config, prepared: Prepared, fitted: Path, approval: Approval, say: Progress
) -> None:
    """Write `held.csv`, `held_weeks.csv`, `pacing.csv` and `held.json`.

    Raises
    ------
    InputError
        The model of the plan cannot be made ready again, or a region of it is gone.
    """
    say("comparing what happened with the approved plan")
    panel = prepared.panel
    then = _then(config, prepared, approval)
    window = then.begin.window
    covered = int((window.dates <= panel.dates[-1]).sum())
    dates = window.dates[:covered]
    places = np.searchsorted(panel.dates, dates)
    outcome = _outcome(panel, then.prepared.panel.geos)[places]
    share = window.share[:covered] * (panel.modelled[places] & ~np.isnan(outcome))
    outcome = np.nan_to_num(outcome)
    forecasts = _forecasts(config, prepared, then, places, share, approval.folder)
    approved = read_plan(approval.folder / "plan.csv")
    spent = spent_by_channel(panel, window.dates, window.share)
    pacing = pacing_table(approved, spent, window.dates)
    posterior = Posterior.load(fitted / "posterior.nc")
    happened = _happened(posterior, prepared, places, share)
    table = held_table(forecasts, happened, _money(pacing), outcome)
    weeks = weeks_table(forecasts, list(dates.astype(str)), outcome)
    rebuilt = float((sum(forecasts.approved.values()) @ share).mean())
    frozen = _frozen(approval, dates, share)
    write_csv(table, folder / "held.csv")
    write_csv(weeks, folder / "held_weeks.csv")
    write_csv(pacing, folder / "pacing.csv")
    told = approval.to_json()
    write_json(
        {
            "approved": {
                key: told[key] for key in ("number", "window", "by", "on", "scenario", "run_id", "currency")
            },
            "data_until": str(panel.data_until),
            "periods": len(window.dates),
            "known": covered,
            "grain": window.grain,
            "weeks_inside": int(weeks["inside"].sum()),
            "frozen_forecast": frozen,
            "rebuilt_forecast": rebuilt,
            "alarms": [
                *_alarms_of_periods(forecasts, weeks, window.grain),
                *_alarms(table, approval.folder, fitted),
            ],
        },
        folder / "held.json",
    )


def _then(config: Config, prepared: Prepared, approval: Approval) -> _Then:
    """The model of the approved plan made ready again."""
    known = read_known(approval.folder, prepared.tables, config.folder)
    old = prepare(known.config, refuse=False, given=known.tables, tests=known.tests)
    if gone := [geo for geo in old.panel.geos if geo not in prepared.panel.geos]:
        raise InputError(
            f"{approval.folder}: the approved plan has the region {gone[0]!r}, and the data no longer have it. "
            "Bring it back, or refresh after the next plan is approved"
        )
    begin = outset(known.config, old, approval.folder).with_tests(designed_weeks(approval.folder))
    plan = read_plan(approval.folder / "plan.csv")
    core = plan[plan["purpose"].isin(["core", "spent"])]
    spend = core["planned_spend"].to_numpy().reshape(begin.window.pattern.shape).sum(axis=(0, 1))
    if known.config.plan.flighting is not None:
        window = replace(begin.window, pattern=planned_pattern(plan, begin.window))
        begin = replace(begin, window=window, curves=in_its_weeks(begin.curves, window))
    printing = halves(begin.curves.draws, known.config.model.sampling.seed)[1]
    return _Then(known, old, begin, spend, printing)


def _forecasts(
    config: Config, prepared: Prepared, then: _Then, places: np.ndarray, share: Floats, folder: Path
) -> Forecasts:
    """The forecast as approved, with the money as it was spent, and with calendar and controls as they were too."""
    settings, old, begin = then.known.config, then.prepared, then.begin
    window, covered = begin.window, len(places)
    shown = take_draws(begin.curves, then.printing)
    really = _as_spent(shown, window, old.panel, prepared.panel, places)
    nothing = np.zeros(len(old.panel.cells))
    assumed = assumed_features(settings, old, window)
    actual = _as_they_were(config, prepared, old.panel, assumed)
    posteriors = load_posteriors(folder, old.parts)
    baseline = baseline_ahead(settings, old, folder, posteriors, actual)
    baseline = baseline[:, window.past - len(window.dates) :]
    known = really
    if really.demand is not None:
        demand = demand_of(old.panel, np.concatenate([old.panel.controls, actual.controls]))
        demand = demand[len(old.panel.dates) - window.past :] if window.past else demand[-len(window.dates) :]
        now = really.demand.copy()
        now[: len(window.dates)] = demand[: len(window.dates)]
        known = replace(really, demand=now)
    if window.begun is not None:
        baseline = with_what_happened(begin.curves, baseline, window.begun.outcome)
    sides = [
        {"": begin.baseline[then.printing]} | media_by_channel(shown, then.spend),
        {"": begin.baseline[then.printing]} | media_by_channel(really, nothing),
        {"": baseline[then.printing]} | media_by_channel(known, nothing),
    ]
    cut = [{name: draws[:, :covered] for name, draws in side.items()} for side in sides]
    return Forecasts(cut[0], cut[1], cut[2], share)


def _as_spent(
    curves: WindowCurves, window: PlanWindow, old: Panel, now: Panel, places: np.ndarray
) -> WindowCurves:
    """The curves of the window with all exposure as it was bought: money of 0 then brings what it brought."""
    exposure = _exposure(now, old)
    bought = np.zeros((len(window.dates), len(old.geos), len(old.cells)))
    bought[: len(places)] = exposure[places]
    tail = curves.media.lags - 1
    carried = np.zeros((tail, *bought.shape[1:]))
    before = exposure[max(0, places[0] - tail) : places[0]]
    if len(before):
        carried[tail - len(before) :] = before
    return replace(
        curves,
        carry_in=carried,
        unit_exposure=np.zeros_like(bought),
        beside=None,
        prices=(),
        places=(),
        place_cell=None,
        late=None,
        spent=Spent(np.zeros(len(old.cells)), bought),
    )


def _exposure(now: Panel, old: Panel) -> Floats:
    """Exposure of the newer data on the regions and cells that the model knew; zero where a cell is gone."""
    geos = [now.geos.index(geo) for geo in old.geos]
    found = np.zeros((len(now.dates), len(old.geos), len(old.cells)))
    for i, cell in enumerate(old.cells):
        if cell in now.cells:
            found[:, :, i] = now.exposure[:, geos, now.cells.index(cell)]
    return found


def _as_they_were(config: Config, prepared: Prepared, old: Panel, assumed: FutureFeatures) -> FutureFeatures:
    """Calendar, controls and owned media as they were where that is known, else as they were assumed."""
    known = assumed.dates[assumed.dates <= prepared.panel.dates[-1]]
    if not len(known):
        return assumed
    found = later(prepared.tables, old, config.data, config.calendar, known).features
    after = len(known)
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(found, name), getattr(assumed, name)[after:]])
        for name in ("controls", "organic", "events", "holidays")
    }
    return replace(assumed, **joined)


def _outcome(panel: Panel, geos: tuple[str, ...]) -> Floats:
    """The outcome of the regions that the model knew, in money where it has a value, shape (period,)."""
    chosen = [panel.geos.index(geo) for geo in geos]
    value = panel.outcome if panel.unit_value is None else panel.outcome * panel.unit_value
    return np.asarray(value[:, chosen].sum(axis=1))


def _happened(
    posterior: Posterior, prepared: Prepared, places: np.ndarray, share: Floats
) -> dict[str, Floats]:
    """What each channel brought in these periods, by the newer fit, shape (draw,)."""
    caused = caused_by_spend(posterior, prepared.layout)[:, places - prepared.layout.window]
    sums = np.einsum("dtc,t->dc", caused, share)
    found: dict[str, Floats] = {}
    for i, cell in enumerate(prepared.panel.cells):
        found[cell.channel] = found.get(cell.channel, 0.0) + sums[:, i]
    return found


def _money(pacing: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Approved and spent to date, by channel; the whole under the empty name."""
    past = pacing[pacing["spent"].notna()]
    sums = past.groupby("channel", sort=False)[["approved_spend", "spent"]].sum()
    return {str(name): (float(row["approved_spend"]), float(row["spent"])) for name, row in sums.iterrows()}


def _frozen(approval: Approval, dates: np.ndarray, share: Floats) -> float:
    """The forecast of these periods as it was frozen."""
    table = read_plan(approval.folder / "forecast.csv")
    total = table[table["level"] == "total"].set_index("date")["expected"]
    return float(total.reindex(dates.astype(str)).to_numpy() @ share)


def _alarms_of_periods(forecasts: Forecasts, weeks: pd.DataFrame, grain: str) -> list[dict[str, str]]:
    """More periods outside of their ranges than a model that is right would have."""
    outside = int((~weeks["inside"]).sum())
    chance = chance_of_outside(forecasts, outside)
    if chance >= RARE:
        return []
    what = (
        f"{outside} of {len(weeks)} {grain}s lie outside of their 90 % range though spend, calendar and controls are "
        f"as they were; if the model were right that would happen in {'fewer than ' if chance == 0 else ''}"
        f"{max(100 * chance, 0.1):.1f} of 100 cases"
    )
    return [{"alarm": "periods outside", "what": what}]


def _alarms(table: pd.DataFrame, then: Path, now: Path) -> list[dict[str, str]]:
    """A total outside of its range, and returns that left theirs, a sentence each."""
    found = []
    total = table[table["level"] == "total"].iloc[0]
    if not total["held"]:
        found.append(
            {
                "alarm": "total outside",
                "what": "the whole outcome lies outside of the range for what was spent",
            }
        )
    sides = [
        pd.read_csv(folder / "roi.csv", encoding="utf-8-sig", keep_default_na=False) for folder in (then, now)
    ]
    keys = [key for key in CELL_KEYS if key in sides[0] and key in sides[1]]
    cells = [side[side["level"] == "cell"].set_index(keys) for side in sides]
    for key in cells[0].index:
        if key not in cells[1].index:
            continue
        before, after = cells[0].loc[key], float(pd.to_numeric(cells[1].loc[key, "roi"]))
        low, high = (float(pd.to_numeric(before[f"roi_{end}"])) for end in ("lo", "hi"))
        if np.isfinite(after) and not low <= after <= high:
            name = " / ".join(part for part in (key if isinstance(key, tuple) else (key,)) if part)
            found.append(
                {
                    "alarm": "return moved",
                    "what": f"{name}: the return is {after:.2f} by now and was {low:.2f} to {high:.2f} when the plan "
                    "was approved",
                }
            )
    return found
