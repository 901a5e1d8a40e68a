"""Tests designed for the reserve of a plan, and the plan around them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmm.config import Config
from mmm.data.panel import Floats
from mmm.dims import CELL_KEYS, cell_columns
from mmm.experiments.decisions import Decisions, candidate_decisions
from mmm.experiments.design import Design
from mmm.experiments.diary import diary
from mmm.experiments.ledger import read_ledger
from mmm.experiments.proposals import Frame, Proposal, Worth, propose, with_answers
from mmm.experiments.recipes import recipes_of
from mmm.experiments.schedule import Settled, settle
from mmm.experiments.sheet import answers_table, ids_of, table_columns, tests_table, weeks_table
from mmm.experiments.trials import Scene
from mmm.finance.economics import unit_economics
from mmm.planning.allocation import Aim, Money, aim_of, allocate, take_draws, window_money
from mmm.planning.careful import some_of
from mmm.planning.money import split_reserve
from mmm.planning.plan import Plan, optimize
from mmm.planning.settings import PlanSettings
from mmm.planning.targets import as_planned, has_target
from mmm.response.bank import make_bank
from mmm.stages.fit import Progress
from mmm.stages.plan import LEARNED, Outset, outset, prior_roi, with_reason
from mmm.stages.prepare import Prepared
from mmm.stages.scene import held_in, held_trial, scene_of
from mmm.stages.tables import write_csv, write_json
from mmm.stages.trials import calendar_of, ledger_path

VALUE_DRAWS = 1000
"""Draws that value tests."""

NEAR, FAR = 19, 5
"""Points of money at which they are evaluated."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What tests are valued on."""

    begin: Outset
    settings: PlanSettings
    aim: Aim
    money: Money
    plan: Floats


def write_designs(
    folder: Path, config: Config, prepared: Prepared, fitted: Path, planned: Path, say: Progress
) -> None:
    """Design tests for the reserve of a finished plan, and plan the core around them."""
    say("designing tests")
    if (planned / LEARNED).is_file():  # past tests are told of the plan before new ones are placed in it
        shutil.copyfile(planned / LEARNED, folder / LEARNED)
    begin, first = outset(config, prepared, fitted), Plan.load(planned)
    if len(begin.window.cells) > len(prepared.panel.cells):
        _leave_a_line(folder, first, begin)
        return
    desk = _desk(config, begin, first)
    ledger = read_ledger(ledger_path(config))
    held = held_in(ledger, begin.window)
    curves = take_draws(desk.aim.curves, some_of(np.arange(begin.curves.media.draws), VALUE_DRAWS))
    ahead = desk.plan - begin.window.spent
    usual = ahead * (1.0 + desk.money.reserve / max(float(ahead.sum()), 1e-9))
    scene = scene_of(config, prepared.panel, fitted, begin.window, curves, usual, ledger)
    found, proposal = _propose(config, desk, scene, held, first)
    settled = settle(scene, [test.trial for test in proposal.tests], desk.money.reserve)
    proposal = replace(
        proposal,
        tests=tuple(
            replace(test, trial=trial) for test, trial in zip(proposal.tests, settled.trials, strict=True)
        ),
    )
    new = settled.trials[proposal.held :]
    ids = [design.id for design in held] + ids_of(new, scene, ledger.ids)
    states = ["approved"] * len(held) + ["proposed"] * len(new)
    weeks = weeks_table(settled.trials, ids, scene)
    write_csv(tests_table(proposal, ids, states, scene), folder / "tests.csv")
    write_csv(weeks, folder / "test_weeks.csv")
    write_csv(answers_table(proposal, ids), folder / "test_answers.csv")
    say("planning around the tests")
    plan = _around(config, prepared, desk, weeks, first)
    plan.save(folder)
    write_json(_figures(proposal, settled, desk, found, plan), folder / "tests.json")
    (folder / "tests.ics").write_text(
        calendar_of(folder / "tests.csv", begin.window.data_until), encoding="utf-8", newline=""
    )


def _leave_a_line(folder: Path, first: Plan, begin: Outset) -> None:
    """No tests: where money is placed by region a test and a limit of that region would contend for the same money."""
    keys = cell_columns(begin.window.cells)
    weeks = pd.DataFrame(columns=["id", "date", "geo", *CELL_KEYS[:2], "share", "usual_spend", "test_spend"])
    write_csv(
        pd.DataFrame(columns=table_columns([key for key in keys if key != "geo"])), folder / "tests.csv"
    )
    write_csv(weeks, folder / "test_weeks.csv")
    write_csv(
        pd.DataFrame(columns=["id", "action", "times", "low", "high", "chance"]), folder / "test_answers.csv"
    )
    summary = first.summary
    told = {
        "budget": summary.budget,
        "floor": summary.reserve,
        "reserve": summary.reserve,
        "placed": 0.0,
        "withheld": 0.0,
        "without_test": summary.reserve,
        "extra": 0.0,
        "information_together": 0.0,
        "information_summed": 0.0,
        "reserve_price": summary.reserve_price,
        "notes": [
            "This plan places money by region (a limit names one), and tests are not designed beside such limits; "
            "design them from a config without limits of regions"
        ],
    }
    write_json(told, folder / "tests.json")
    (folder / "tests.ics").write_text(diary([], begin.window.data_until), encoding="utf-8", newline="")
    first.save(folder)


def _desk(config: Config, begin: Outset, first: Plan) -> _Desk:
    """The plan that tests depart from, and the draws that value them."""
    settings = as_planned(config.plan, first.summary.budget)
    aim = aim_of(begin.curves, begin.window, unit_economics(config.finance), settings)
    moves = first.moves
    plan = moves.loc[moves["level"] == "cell", "planned_spend"].to_numpy()
    return _Desk(begin, settings, aim, window_money(begin.window, settings), plan)


def _propose(
    config: Config, desk: _Desk, scene: Scene, held: list[Design], first: Plan
) -> tuple[Decisions, Proposal]:
    """Decisions that results could lead to, and the set of tests worth most."""
    window, money, settings = desk.begin.window, desk.money, desk.settings
    usual = np.maximum(window.largest, money.current)
    most = np.maximum(np.maximum(usual, money.core), 1.0)
    bank = make_bank(scene.curves, usual, most, NEAR, FAR)
    grades = desk.begin.grades
    later = settings
    if (
        settings.change is not None
    ):  # over two years a cell moves further than in one window: as far as in two
        later = settings.model_copy(update={"change": (1.0 + settings.change) ** 2 - 1.0})
    decisions = candidate_decisions(bank, desk.aim, window, later, money.core, grades, seed=scene.seed)
    limits = allocate(desk.aim, window, settings, money.core, grades, bank.sketch()).bounds
    full = [by == "bound" and desk.plan[i] >= limits.upper[i] - 1.0 for i, by in enumerate(limits.upper_by)]
    shadow = first.summary.shadow_price
    worth = Worth(desk.aim.worth, max(desk.aim.cost + (shadow or 0.0), 0.01 * desk.aim.worth))
    ceiling = max(config.tests.ceiling * money.budget, money.reserve)
    frame = Frame(
        money.reserve,
        ceiling,
        config.tests.slots,
        tuple(grade != "experiment" for grade in grades),
        tuple(held_trial(design, scene, config) for design in held),
    )
    offer = recipes_of(scene, config.tests, full)
    proposal = propose(scene, offer, decisions, worth, frame)
    tested = sorted({cell for test in proposal.tests for cell in test.trial.recipe.cells})
    following = candidate_decisions(
        bank, desk.aim, window, settings, money.core, grades, seed=scene.seed, cells=tested
    )
    return decisions, with_answers(scene, proposal, following, desk.plan, worth)


def _around(config: Config, prepared: Prepared, desk: _Desk, weeks: pd.DataFrame, first: Plan) -> Plan:
    """The plan with the tests in it."""
    begin = desk.begin.with_tests(weeks)
    plan = optimize(
        begin.curves,
        begin.window,
        unit_economics(config.finance),
        begin.grades,
        desk.settings,
        begin.baseline,
        seed=config.model.sampling.seed,
        prior_roi=prior_roi(prepared, begin.window),
    )
    told = [
        line
        for line in first.summary.assumptions[: 1 if has_target(config.plan) else 0]
        if line not in plan.summary.assumptions
    ]
    summary = replace(plan.summary, assumptions=(*told, *plan.summary.assumptions))
    return with_reason(replace(plan, summary=summary), config)


def _figures(
    proposal: Proposal, settled: Settled, desk: _Desk, decisions: Decisions, plan: Plan
) -> dict[str, object]:
    """What is said of the set as a whole: `tests.json`."""
    floor = split_reserve(desk.money.budget, desk.settings.reserve_for_tests)[1]
    return {
        "objective": desk.aim.objective,
        "budget": desk.money.budget,
        "floor": floor,
        "reserve": plan.summary.reserve,
        "placed": plan.summary.reserve_placed,
        "withheld": plan.summary.reserve_withheld,
        "without_test": max(
            0.0,
            round(plan.summary.reserve - plan.summary.reserve_placed - plan.summary.reserve_withheld, 2),
        ),
        "extra": sum(trial.extra for trial in settled.trials),
        "information_together": proposal.together,
        "information_summed": sum(test.information for test in proposal.tests),
        "perfect_information": proposal.certainty,
        "reserve_price": plan.summary.reserve_price,
        "decisions": len(decisions.spend),
        "candidates": proposal.looked_at,
        "every_set": proposal.exact,
        "notes": list(proposal.notes),
    }
