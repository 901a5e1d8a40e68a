"""The plan: spend per cell and period, what it brings, how sure that is, and how far it is from the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.dims import CELL_KEYS, Cell
from mmm.errors import InputError, InternalFault
from mmm.finance.economics import Economics
from mmm.planning import sentences
from mmm.planning.allocation import (
    Aim,
    Allocation,
    Money,
    aim_of,
    allocate,
    at_margins,
    reserve_price,
    take_draws,
    window_money,
)
from mmm.planning.asked import asked_of_places
from mmm.planning.careful import outcome_beside, plan_carefully, risk_of
from mmm.planning.flighting import allocate_weeks, in_its_weeks
from mmm.planning.forecast import FORECAST, forecast_table, window_outcome
from mmm.planning.moves import moves_table, value_mixes
from mmm.planning.outlook import Outlook, halves, outlook_of, spread_of, worst_tenth
from mmm.planning.placed import response_of_tests
from mmm.planning.reasons import Context, MixValue
from mmm.planning.settings import PlanSettings
from mmm.planning.summary import PlanSummary, Range, read_summary, write_summary
from mmm.planning.tables import curves_table, plan_table
from mmm.planning.targets import budget_for_target, has_target
from mmm.planning.window import PlanWindow
from mmm.response.curves import WindowCurves

Evidence = Mapping[Cell, str] | Sequence[str]

TABLES = ("plan", "moves", "curves", "forecast")
TEXTS = frozenset({*CELL_KEYS, "geo", "level", "purpose", "evidence", "binding", "why", "flip"})


@dataclass(frozen=True, slots=True)
class Plan:
    """A finished plan: the tables of the contract and its figures.

    Attributes
    ----------
    plan
        `plan.csv`: money by period, purpose (core, test, spent) and cell.
    moves
        `moves.csv`: where the money moves, and why.
    curves
        `curves.csv`: what any money in the window brings, by cell.
    summary
        `plan.json`.
    forecast
        `forecast.csv`: what is expected of the window by period and channel; no rows without a baseline.
    """

    plan: pd.DataFrame
    moves: pd.DataFrame
    curves: pd.DataFrame
    summary: PlanSummary
    forecast: pd.DataFrame

    @property
    def gap(self) -> float:
        """Certified relative distance to the best possible plan."""
        return self.summary.gap

    @property
    def places(self) -> pd.DataFrame:
        """Rows of `moves.csv` that are what money was placed on, in the order of the window."""
        return self.moves.loc[_of_places(self.moves)]

    @property
    def spend(self) -> Floats:
        """Money of what it was placed on, in the order of the window, shape (place,)."""
        return self.places["planned_spend"].to_numpy(np.float64)

    def save(self, folder: Path) -> None:
        """Write plan.csv, moves.csv, curves.csv, forecast.csv (UTF-8 with BOM) and plan.json into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            table: pd.DataFrame = getattr(self, name)
            table.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig", date_format="%Y-%m-%d")
        write_summary(self.summary, folder / "plan.json")

    @classmethod
    def load(cls, folder: Path) -> Plan:
        """Read a plan that `save` wrote.

        Raises
        ------
        InputError
            When a file is missing or cannot be read.
        """
        plan, moves, curves, forecast = (_read(folder / f"{name}.csv") for name in TABLES)
        return cls(plan, moves, curves, read_summary(folder / "plan.json"), forecast)


def _of_places(moves: pd.DataFrame) -> pd.Index:
    """Rows of `moves.csv` that are what money was placed on."""
    cells = moves[moves["level"] == "cell"]
    if "geo" in cells:
        named = cells.groupby([key for key in CELL_KEYS if key in cells], sort=False)["geo"]
        cells = cells[(cells["geo"] != "") | (named.transform("size") == 1)]
    return cells.index


def _with_limits(
    moves: pd.DataFrame, window: PlanWindow, settings: PlanSettings, found: Allocation, current: Floats
) -> pd.DataFrame:
    """`moves.csv` with least and most money of each place, in force, and as the config asks of it."""
    asked = asked_of_places(window.cells, settings, current)
    limits = {
        "least": found.bounds.lower,
        "most": found.bounds.upper,
        "asked_least": asked[0],
        "asked_most": asked[1],
    }
    rows = _of_places(moves)
    for name, amounts in limits.items():
        moves.loc[rows, name] = np.array(amounts, dtype=np.float64)
    return moves


def _read(path: Path) -> pd.DataFrame:
    """One table of a plan; words stay words, a channel called NA too."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        for name in table.columns.difference(list(TEXTS)):
            if name == "date":
                table[name] = pd.to_datetime(table[name])
            elif name in {"observed", "extrapolated"}:
                table[name] = table[name] == "True"
            else:
                table[name] = pd.to_numeric(table[name].where(table[name] != ""))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: this table cannot be read ({error}); run `mmm plan` again") from None
    return table


def optimize(
    curves: WindowCurves,
    window: PlanWindow,
    economics: Economics,
    evidence: Evidence,
    settings: PlanSettings,
    baseline: Floats | None = None,
    *,
    seed: int = 1,
    prior_roi: Sequence[float] | None = None,
) -> Plan:
    """Place the window's money: the best spend per cell on one half of the draws, its worth on the other.

    The reference mix scaled to the same core money, with the same reserve beside it, is `current`: every
    comparison is at equal money.

    Parameters
    ----------
    curves
        What spend in the window brings, `mmm.planning.window.window_curves`.
    window
        The window, `mmm.planning.window.plan_window`.
    economics
        The margin; without one the plan seeks revenue and profit stays empty.
    evidence
        Grade of each cell: experiment, data or prior.
    settings
        The `plan` part of the config.
    baseline
        Outcome without paid media in the window's periods, in money (or units), shape (draw, period); None
        leaves the forecast empty.
    seed
        Which half of the draws plans: the first where even, the second where odd. Draws stand chain by
        chain, so the halves come from different chains.
    prior_roi
        ROI of each cell assumed before the data, to say which moves would reverse there.

    Raises
    ------
    ConfigError
        Bounds that are reversed.
    Infeasible
        When the user's bounds leave no plan, or no budget reaches the target.
    """
    begun = perf_counter()
    grades = _grades(evidence, window.cells)
    planning, printing = halves(curves.draws, seed)
    told: tuple[str, ...] = ()
    if has_target(settings):
        settings, sentence = budget_for_target(curves, window, settings, grades, baseline, planning)
        told = (sentence,)
    money = window_money(window, settings)
    aim = aim_of(curves, window, economics, settings)
    risk = settings.risk
    weeks = None
    if settings.flighting is not None and money.core > window.spent.sum():
        weeks = allocate_weeks(aim, window, settings, money.core, grades, planning)
        found = weeks.allocation
    elif risk.measure == "mean":
        found = allocate(aim, window, settings, money.core, grades, take_draws(aim.curves, planning))
    else:
        _, careful = plan_carefully(aim, curves, window, settings, grades, planning, baseline)
        found = careful.allocation
    before = take_draws(curves, printing)
    as_planned, planned_aim, shown = window, aim, before
    if weeks is not None:
        as_planned = replace(window, pattern=weeks.pattern)
        planned_aim = replace(aim, curves=in_its_weeks(aim.curves, as_planned))
        shown = in_its_weeks(before, as_planned)
    mixes = (money.current, found.spend)
    now, then, by_tests = _brought(before, shown, mixes, window)
    sought, tests_sought = (now, then), by_tests
    if aim.curves is not curves:
        asked, beyond = (take_draws(one.curves, printing) for one in (aim, planned_aim))
        *both, tests_sought = _brought(asked, beyond, mixes, window)
        sought = (both[0], both[1])
    earned, tests_earned = (now, then), by_tests
    if (earning := at_margins(before, economics)) is not before:
        beyond = earning if weeks is None else in_its_weeks(earning, as_planned)
        *both, tests_earned = _brought(earning, beyond, mixes, window)
        earned = (both[0], both[1])
    context = _context(window, settings, aim, found, grades, money, prior_roi)
    compared = sought
    if aim.curves is not curves:
        context = _in_its_own_unit(context, aim, economics, window)
        compared = (sought[0].times(aim.worth), sought[1].times(aim.worth))
    moves, reverses = moves_table(window.cells, now, then, context, compared, by_tests.sum(axis=0))
    worth_now, worth = (
        aim.value(
            (mix.response + tests_sought).sum(axis=0),
            float(mix.spend.sum()),
            money.reserve,
            found.problem.switch_costs(mix.spend),
        )
        for mix in sought
    )
    current, planned = (
        outlook_of(
            mix.response + by_tests,
            counts.response + tests_earned,
            float(mix.spend.sum()) + money.reserve,
            economics,
            has_money=window.has_money,
            once=found.problem.switch_costs(mix.spend),
            npv=value if aim.objective == "npv" else None,
        )
        for mix, counts, value in zip((now, then), earned, (worth_now, worth), strict=True)
    )
    gain = worth - worth_now
    by_reserve = aim.worth * tests_sought.sum(axis=0)  # `beside` has it too
    price = reserve_price(planned_aim, as_planned, settings, money, grades, found.spend, planning, printing)
    forecast = _forecast(shown, window, found.spend, baseline, curves.draws, printing)
    beside = outcome_beside(risk, aim, curves, window, baseline, printing)
    left, right = (float(x) if np.isfinite(x) else None for x in found.solution.shadow_price)
    summary = PlanSummary(
        start=str(window.start),
        end=str(window.end),
        data_until=str(window.data_until),
        objective=aim.objective,
        budget=money.budget,
        core=money.core,
        reserve=money.reserve,
        reserve_placed=0.0 if window.tests is None else window.tests.placed,
        reserve_withheld=0.0 if window.tests is None else window.tests.withheld,
        unspent=max(0.0, round(money.core - float(found.spend.sum()), 2)),
        spent=round(float(window.spent.sum()), 2),
        free=round(money.core - float(window.spent.sum()), 2),
        reference_spend=round(float(money.reference.sum()), 2),
        **_figures(planned, ""),
        **_figures(current, "current_"),
        cost_per_outcome=planned.cost_per_outcome,
        current_cost_per_outcome=current.cost_per_outcome,
        gain=spread_of(gain),
        forecast=forecast,
        probability_better=float(np.mean(gain > 0)),
        expected_regret=float(np.maximum(-gain, 0).mean()),
        worst_tenth=worst_tenth(gain),
        risk=risk.measure,
        risk_value=risk_of(worth - by_reserve, beside, risk),
        current_risk_value=risk_of(worth_now - by_reserve, beside, risk),
        gap=found.solution.gap,
        gap_money=found.solution.gap_money,
        method=found.solution.method,
        seconds=perf_counter() - begun,
        shadow_price=right,
        shadow_price_left=left,
        reserve_price=price,
        gave_way=found.bounds.gave_way,
        assumptions=(*told, *_assumptions(window, settings, economics, money)),
        reverses=reverses,
        groups=tuple(group.to_json() for group in found.solution.groups),
    )
    largest = np.maximum(money.current, found.spend)
    tests = None if weeks is None else weeks.tests
    table = plan_table(window, money, found.spend, as_planned.pattern, tests)
    moves = _with_limits(moves, window, settings, found, money.current)
    expected = pd.DataFrame(columns=list(FORECAST))
    if baseline is not None:
        expected = forecast_table(shown, window, found.spend, baseline[printing], table)
    return Plan(table, moves, curves_table(shown, as_planned, largest), summary, expected)


def _brought(
    before: WindowCurves, shown: WindowCurves, mixes: tuple[Floats, Floats], window: PlanWindow
) -> tuple[MixValue, MixValue, Floats]:
    """What today's mix brings on its curves, the planned one on its own, and tests."""
    (now,), (then,) = value_mixes(before, mixes[0]), value_mixes(shown, mixes[1])
    return now, then, response_of_tests(shown, window)


def _figures(outlook: Outlook, prefix: str) -> dict[str, Range]:
    """The outlook's figures under the names of the summary."""
    names = [field.name for field in fields(outlook) if field.name != "spend"]
    return {f"{prefix}{name}": spread_of(getattr(outlook, name)) for name in names}


def _grades(evidence: Evidence, cells: Sequence[Cell]) -> tuple[str, ...]:
    """Grade of each cell in the order of the axis."""
    if isinstance(evidence, Mapping):
        missing = [cell.name for cell in cells if cell not in evidence]
        if missing:
            raise InternalFault(f"no evidence grade for {', '.join(missing)}")
        return tuple(evidence[cell] for cell in cells)
    if len(evidence) != len(cells):
        raise InternalFault(f"{len(evidence)} evidence grades for {len(cells)} cells")
    return tuple(evidence)


def _context(
    window: PlanWindow,
    settings: PlanSettings,
    aim: Aim,
    found: Allocation,
    grades: Sequence[str],
    money: Money,
    prior_roi: Sequence[float] | None,
) -> Context:
    """What the sentences of the moves stand on."""
    left, right = found.solution.shadow_price
    price = right if np.isfinite(right) else left
    unknown = np.full(len(window.cells), np.nan)
    return Context(
        reference=money.reference,
        largest=window.largest,
        evidence=grades,
        bounds=found.bounds,
        binding=found.solution.binding,
        worth=aim.worth,
        unit="of revenue" if window.has_money else "outcomes",
        threshold=(price + aim.cost) / aim.worth,
        prior_roi=unknown if prior_roi is None else np.asarray(prior_roi, dtype=np.float64),
        change=settings.change,
        has_money=window.has_money,
        reserve=money.reserve,
        is_careful=settings.risk.measure != "mean",
        spent=None if window.begun is None else window.spent,
        groups=tuple(zip(found.problem.groups, found.solution.groups, strict=False)),
    )


def _in_its_own_unit(context: Context, aim: Aim, economics: Economics, window: PlanWindow) -> Context:
    """The context where the plan compares something else than the revenue or the outcomes that tables show."""
    unit = {"profit": "of gross margin", "npv": "of present value"}.get(aim.objective, "outcomes")
    prior = context.prior_roi * np.nan
    if aim.objective in {"profit", "npv"}:
        prior = context.prior_roi * aim.worth * economics.relative(window.cells)
    return replace(context, worth=1.0, unit=unit, threshold=context.threshold * aim.worth, prior_roi=prior)


def _forecast(
    shown: WindowCurves,
    window: PlanWindow,
    spend: Floats,
    baseline: Floats | None,
    draws: int,
    printing: np.ndarray,
) -> Range:
    """Total outcome inside the window; empty without a baseline."""
    if baseline is None:
        return Range()
    if baseline.shape != (draws, len(window.dates)):
        raise InternalFault(
            f"the baseline has shape {baseline.shape}; {(draws, len(window.dates))} was expected"
        )
    return spread_of(window_outcome(shown, spend, baseline[printing], window.share))


def _assumptions(
    window: PlanWindow, settings: PlanSettings, economics: Economics, money: Money
) -> tuple[str, ...]:
    """What the plan takes for granted, one sentence each."""
    lines = [*window.assumptions, sentences.returns_counted()]
    if settings.objective == "npv" and economics.discount_rate is not None:
        lines.insert(0, sentences.discounted(economics.discount_rate))
    if settings.risk.measure != "mean":
        risk = settings.risk
        lines.insert(0, sentences.seeks_by_risk(risk.measure, risk.level, risk.target, risk.of))
    if not window.has_money and settings.objective != "outcome":
        lines.insert(0, sentences.objective_without_money())
    elif economics.margin is None and settings.objective == "profit":
        lines.insert(0, sentences.objective_without_margin())
    wanted = settings.objective in {"profit", "npv"}
    seeks_profit = window.has_money and wanted and economics.margin is not None
    if not seeks_profit and any(entry.cost_if_on for entry in settings.bounds):
        lines.insert(0, sentences.cost_not_counted())
    spent = float(money.reference.sum())
    if not 0.5 <= money.budget / spent <= 2:
        lines.insert(0, sentences.budget_far_from_reference(money.budget, spent))
    return tuple(lines)
