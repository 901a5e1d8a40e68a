"""What is proposed after each test that was read and is not settled: tables, and a page to sign for each."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from mmm.config import Config
from mmm.data.experiments import Experiment
from mmm.data.names import fold
from mmm.data.panel import Floats
from mmm.errors import InputError
from mmm.experiments.actions import Tested, dose_of, plan_actions
from mmm.experiments.follow_up import FollowUp, useful_windows, value_of_result
from mmm.experiments.ledger import Event, read_ledger, record
from mmm.experiments.rollout import Judged, decide, judge
from mmm.finance.economics import unit_economics
from mmm.inference.posterior import Posterior
from mmm.model.priors import TRANSPORT
from mmm.planning.allocation import take_draws
from mmm.planning.budgets import Desk, Mix, Valued, set_up, value_all
from mmm.planning.plan import Plan
from mmm.planning.targets import as_planned
from mmm.response.curves import mroi, response
from mmm.runs.manifest import package_version
from mmm.runs.store import stage_key
from mmm.stages.check import labels_of
from mmm.stages.fit import Progress
from mmm.stages.plan import outset
from mmm.stages.prepare import Prepared
from mmm.stages.rollout_tables import (
    STEP_COLUMNS,
    Proposal,
    action_rows,
    decision_row,
    margin_of,
    move_rows,
    step_rows,
    weeks_of,
)
from mmm.stages.tables import write_csv, write_json
from mmm.stages.trials import find_test, has_result, ledger_path

ROLLOUT, PROPOSALS = "rollout", "proposals"
"""Stages: the tables, and the pages in the language of the report."""


def open_tests(config: Config, prepared: Prepared) -> tuple[Experiment, ...]:
    """Tests with a result that a fit uses and about which nothing has been decided."""
    ledger = read_ledger(ledger_path(config))
    return tuple(
        found
        for found in prepared.layout.experiments
        if not found.study and not found.settled and ledger.state(found.id) not in ("resolved", "void")
    )


def rollout_key(config: Config, prepared: Prepared, planned_key: str) -> str:
    """Name of the stage: the plan it stands on, and the tests that are open."""
    ids = json.dumps([found.id for found in open_tests(config, prepared)])
    return stage_key(ids, [planned_key], {}, package_version())


def refuse_rollout(config: Config, prepared: Prepared, name: str | None, folder: Path) -> None:
    """Refuse what cannot be proposed, before anything is computed.

    Raises
    ------
    InputError
        No margin or money value, no test that is open, or a test that is unknown, void, not read, left out or settled.
    """
    if prepared.panel.unit_value is None:
        raise InputError(
            "the outcome has no money value, so profit is empty and nothing can be proposed; give data.outcome."
            "value_per_unit"
        )
    if config.finance.gross_margin is None:
        raise InputError(
            "finance.gross_margin is missing, so profit is empty and nothing can be proposed; write the share of "
            "revenue that is left after the cost of what was sold, such as 0.4"
        )
    if config.plan.flighting is not None:
        raise InputError(
            "`plan.flighting`: rollouts are not weighed beside weeks as decisions yet; take it out to propose some"
        )
    waiting = open_tests(config, prepared)
    if name is None:
        if not waiting:
            raise InputError(
                "no test waits for a decision: none has a result that a fit uses, or all are settled. See: mmm tests "
                "ledger CONFIG"
            )
        return
    ledger = read_ledger(ledger_path(config))
    design = find_test(config, name, ledger, folder)
    if not has_result(config, design.id):
        raise InputError(f'"{design.id}" is not read yet; first: mmm tests read CONFIG "{design.id}"')
    if fold(design.id) in {fold(found.id) for found in waiting}:
        return
    known = {fold(found.id): found for found in prepared.layout.experiments}
    if ledger.state(design.id) == "resolved":
        last = ledger.of(design.id)[-1]
        raise InputError(f'"{design.id}" is settled ({last.choice}: {last.why}); it is not proposed again')
    if fold(design.id) in known:
        told = known[fold(design.id)]
        raise InputError(f'"{design.id}" is settled ({told.settled}); it is not proposed again')
    raise InputError(
        f'no fit uses the result of "{design.id}": its table is not named as `experiments: {{source: ...}}`, or it ran '
        "before the modelled periods. mmm check CONFIG says which"
    )


def propose(config: Config, prepared: Prepared, fitted: Path, planned: Path) -> tuple[Desk, list[Proposal]]:
    """What is proposed after every open test."""
    begin = outset(config, prepared, fitted)
    desk = set_up(
        begin.curves,
        begin.window,
        unit_economics(config.finance),
        begin.grades,
        as_planned(config.plan, Plan.load(planned).summary.budget),
        begin.baseline,
        seed=config.model.sampling.seed,
    )
    lifts = Posterior.load(fitted / "posterior.nc").lifts(prepared.layout)[desk.printing]
    order = {found.id: k for k, found in enumerate(prepared.layout.experiments)}
    return desk, [
        _proposal(config, prepared, desk, found, lifts[:, order[found.id]])
        for found in open_tests(config, prepared)
    ]


def _proposal(config: Config, prepared: Prepared, desk: Desk, found: Experiment, lifts: Floats) -> Proposal:
    committed = desk.window.fixed
    today = np.where(np.isnan(committed), desk.money.current, committed)
    tested = dose_of(found, prepared.panel, desk.window, today)
    actions = plan_actions(desk, tested)
    possible = tuple(i for i, action in enumerate(actions) if action.mix is not None)
    if not any(actions[i].kind == "hold" for i in possible):
        raise InputError(
            f'nothing can be proposed after "{found.id}": with today\'s money of its cells {actions[0].why_not}'
        )
    mixes: dict[str, Mix] = {actions[i].name: mix for i in possible if (mix := actions[i].mix) is not None}
    valued: dict[str, Valued] = value_all(desk, mixes)
    some = [actions[i] for i in possible]
    hold = next(k for k, action in enumerate(some) if action.kind == "hold")
    profits = [valued[action.name].outlook.profit for action in some]
    judged = judge(profits, [action.spend - some[hold].spend for action in some], hold)
    next_unit = _next_unit(desk, tested)
    follow_up = _follow_up(config, prepared, desk, found, tested, judged, lifts)
    margin = margin_of(desk, tested)
    pays = float(np.mean(margin * next_unit > 1.0))
    verdict = decide([action.kind for action in some], judged, pays, tested.money, follow_up.net)
    return Proposal(found, tested, actions, possible, tuple(judged), verdict, next_unit, follow_up)


def _next_unit(desk: Desk, tested: Tested) -> Floats:
    """Return of the next unit of money in the tested cells together, shape (draw,).

    Of a cell that gets nothing today: the mean return of the first step.
    """
    shown = take_draws(desk.curves, desk.printing)
    share = tested.unit / tested.money
    parts = []
    for cell, money, sunk, part in zip(tested.cells, tested.unit, tested.sunk, share, strict=True):
        if tested.today > 0:
            parts.append(part * mroi(shown, cell, [sunk + money])[0])
        else:
            none, first = response(shown, cell, [sunk, sunk + 0.5 * money])
            parts.append(part * (first - none) / (0.5 * max(money, 1e-9)))
    return np.sum(parts, axis=0)


def _follow_up(
    config: Config,
    prepared: Prepared,
    desk: Desk,
    found: Experiment,
    tested: Tested,
    judged: Sequence[Judged],
    lifts: Floats,
) -> FollowUp:
    """The same test once more: same regions, money and error, read in weeks like these."""
    panel = prepared.panel
    worth = np.asarray(panel.unit_value)[found.first : found.last][:, list(found.geos)]
    profit = margin_of(desk, tested) * float(np.nanmean(worth)) * lifts - found.spend_change
    sd = float(np.hypot(found.lift_se, TRANSPORT * abs(lifts.mean())))
    rng = np.random.default_rng([config.model.sampling.seed, 29])
    gains = np.stack([one.gain for one in judged])
    weeks = int(np.ceil(float((found.end - found.start).astype(int) + 1) / 7.0))
    windows = useful_windows(weeks, found.cooldown, weeks_of(desk))
    return FollowUp(windows * value_of_result(gains, lifts, sd, found.df, rng), -float(profit.mean()))


def write_rollout(
    folder: Path, config: Config, prepared: Prepared, fitted: Path, planned: Path, key: str, say: Progress
) -> None:
    """Write rollout.csv and its tables."""
    say("what each test asks for")
    desk, proposals = propose(config, prepared, fitted, planned)
    spend = Plan.load(planned).spend
    tables = {
        "rollout": [decision_row(one, prepared.panel, desk, spend) for one in proposals],
        "rollout_actions": [row for one in proposals for row in action_rows(one)],
        "rollout_steps": [row for one in proposals for row in step_rows(one, desk)],
        "rollout_moves": [row for one in proposals for row in move_rows(one, desk)],
    }
    for name, rows in tables.items():
        columns = STEP_COLUMNS if name == "rollout_steps" else None  # where nothing moves there are no steps
        write_csv(pd.DataFrame(rows, columns=columns), folder / f"{name}.csv")
    write_json(
        {
            "name": config.name,
            "currency": config.currency,
            "start": str(desk.window.start),
            "end": str(desk.window.end),
            "data_until": str(prepared.panel.data_until),
            "config_hash": config.digest,
            "key": key,
            "version": package_version(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        },
        folder / "rollout.json",
    )


def write_proposals(folder: Path, config: Config, tables: Path) -> None:
    """Write the page of each test of `rollout.csv` in the folder of its tables."""
    from mmm.reporting.proposal import write_proposal_page  # draws
    from mmm.reporting.results import read_table

    for name in read_table(tables / "rollout.csv")["id"]:
        write_proposal_page(
            folder / page_of(name),
            tables,
            name,
            config.report.language,
            labels_of(config, config.report.language),
        )


def page_of(name: str) -> str:
    """File name of the page of a test."""
    return f"rollout-{re.sub(r'\W+', '-', fold(name)).strip('-') or 'test'}.html"


def pages_of(table: pd.DataFrame, folder: Path, name: str) -> list[Path]:
    """Pages of the tests of `rollout.csv`, or of one."""
    return [folder / page_of(found) for found in table["id"] if not name or fold(found) == fold(name)]


def decide_rollout(
    config: Config, name: str, word: str, table: pd.DataFrame, *, folder: Path, by: str, why: str
) -> str:
    """Write into the ledger what was decided after a test; it is then not proposed again.

    Parameters
    ----------
    table
        `rollout.csv`: what was proposed.

    Returns
    -------
    str
        A sentence about it.
    """
    ledger = read_ledger(ledger_path(config))
    design = ledger.design(name) or find_test(config, name, ledger, folder)
    if ledger.state(design.id) in (None, "approved"):
        first = design if ledger.state(design.id) is None else None
        ledger = record(ledger, Event(design.id, "read", date.today(), design=first))
    row = next(row for row in table.to_dict("records") if fold(row["id"]) == fold(name))
    choice = row["best_action"] if row["best_action"].startswith(word) else word
    record(ledger, Event(design.id, "resolved", date.today(), by=by, why=why, choice=choice))
    return f"{ledger.path} says so: {choice}, {why}. It is not proposed again"
