"""What stands beside a plan: scenarios, and the frontier of budgets."""

from __future__ import annotations

from pathlib import Path

from mmm.config import Config
from mmm.finance.economics import unit_economics
from mmm.planning.best_splits import best_splits
from mmm.planning.budgets import set_up
from mmm.planning.goals import goals_table
from mmm.planning.plan import Plan
from mmm.planning.scenarios import compare
from mmm.planning.targets import as_planned
from mmm.stages.fit import Progress
from mmm.stages.plan import designed_weeks, outset
from mmm.stages.prepare import Prepared
from mmm.stages.tables import write_csv


def write_scenarios(
    folder: Path, config: Config, prepared: Prepared, fitted: Path, planned: Path, say: Progress
) -> None:
    say("comparing scenarios")
    begin = outset(config, prepared, fitted).with_tests(designed_weeks(planned))
    plan = Plan.load(planned)
    spend = plan.spend
    desk = set_up(
        begin.curves,
        begin.window,
        unit_economics(config.finance),
        begin.grades,
        as_planned(config.plan, plan.summary.budget),
        begin.baseline,
        seed=config.model.sampling.seed,
    )
    found = compare(desk, config.scenarios, spend)
    write_csv(found.scenarios, folder / "scenarios.csv")
    write_csv(found.plans, folder / "scenario_plans.csv")
    write_csv(found.pairs, folder / "scenario_pairs.csv")
    write_csv(found.frontier, folder / "frontier.csv")
    say("how sure the best split is")
    write_csv(best_splits(desk, spend, found.today.mix.spend), folder / "best_splits.csv")
    if config.goals.targets:
        write_csv(goals_table(desk, config.goals, found.points, begin.baseline), folder / "goals.csv")
