"""What stands beside a plan: scenarios, and the frontier of budgets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mmm.config import Config
from mmm.finance.economics import unit_economics
from mmm.planning.best_splits import best_splits
from mmm.planning.budgets import set_up
from mmm.planning.flighting import in_its_weeks
from mmm.planning.goals import goals_table
from mmm.planning.plan import Plan
from mmm.planning.scenario_weeks import weeks_and_forecasts
from mmm.planning.scenarios import compare
from mmm.planning.tables import planned_pattern
from mmm.planning.targets import as_planned
from mmm.runs.engines import Workers
from mmm.stages.fit import Progress
from mmm.stages.plan import designed_weeks, outset
from mmm.stages.prepare import Prepared
from mmm.stages.tables import write_csv


def write_scenarios(
    folder: Path,
    config: Config,
    prepared: Prepared,
    made: tuple[Path, Path],
    workers: Workers,
    say: Progress,
) -> None:
    fitted, planned = made
    say("comparing scenarios")
    begin = outset(config, prepared, fitted).with_tests(designed_weeks(planned))
    plan = Plan.load(planned)
    spend = plan.spend
    window, curves, todays_weeks = begin.window, begin.curves, None
    if config.plan.flighting is not None:
        window = replace(window, pattern=planned_pattern(plan.plan, window))
        curves, todays_weeks = in_its_weeks(curves, window), begin.curves.unit_exposure
    desk = set_up(
        curves,
        window,
        unit_economics(config.finance),
        begin.grades,
        as_planned(config.plan, plan.summary.budget),
        begin.baseline,
        seed=config.model.sampling.seed,
        todays_weeks=todays_weeks,
    )
    found = compare(desk, config.scenarios, spend, workers)
    write_csv(found.scenarios, folder / "scenarios.csv")
    write_csv(found.plans, folder / "scenario_plans.csv")
    write_csv(found.pairs, folder / "scenario_pairs.csv")
    write_csv(found.frontier, folder / "frontier.csv")
    weeks, forecasts = weeks_and_forecasts(desk, found.shown, begin.window, begin.baseline)
    write_csv(weeks, folder / "scenario_weeks.csv")
    write_csv(forecasts, folder / "scenario_forecast.csv")
    say("how sure the best split is")
    write_csv(best_splits(desk, spend, found.today.mix.spend, workers), folder / "best_splits.csv")
    if config.goals.targets:
        write_csv(goals_table(desk, config.goals, found.points, begin.baseline), folder / "goals.csv")
