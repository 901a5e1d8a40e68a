"""Proposed tests as tables: `tests.csv`, a row a test, and `test_weeks.csv`, its money by week and region."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.names import fold
from mmm.dims import CELL_KEYS, NATIONAL, Cell, cell_columns, cell_row
from mmm.experiments.answers import in_words
from mmm.experiments.proposals import Proposal, Proposed
from mmm.experiments.trials import Scene, Trial
from mmm.experiments.user_split import textbook_size
from mmm.planning.money import in_cents
from mmm.planning.placed import around_tests
from mmm.planning.window import PlanWindow

Floats = NDArray[np.float64]

DAYS = {"day": 1, "week": 7, "month": 30.4375}


def kind_of(trial: Trial) -> str:
    """The family of a test, as a table says it."""
    change, way = trial.recipe.change, trial.recipe.way
    size = "go-dark" if change <= -1 else "holdback" if change < 0 else "heavy-up"
    if trial.recipe.versions:
        size = "two versions"
    elif trial.recipe.newcomer is not None:
        size = "first money"
    return {
        "geo": f"geo split, {size}",
        "user_split": f"user split, {size}",
        "switchback": f"switchback, {size}",
        "phasing": "randomized phasing",
        "pulse": f"pulse, {size}, quasi-experimental",
    }[way]


def name_of(trial: Trial, cells: Sequence[Cell]) -> str:
    """Tested cells in words."""
    if trial.recipe.newcomer is not None:
        return trial.recipe.newcomer.name
    return " and ".join(cells[i].name for i in trial.recipe.cells)


def question_of(trial: Trial, cells: Sequence[Cell]) -> str:
    """What a test asks, as a sentence."""
    name, change = name_of(trial, cells), trial.recipe.change
    if trial.recipe.versions:
        return f"Which brings more for {name}: {' or '.join(trial.recipe.versions)}?"
    if trial.recipe.newcomer is not None:
        return f"What would {name} bring, which has no history?"
    if trial.recipe.way == "phasing":
        return f"What do weeks with more {name} bring, against weeks with less?"
    if change <= -1:
        return f"What would be lost without {name}?"
    if change < 0:
        return f"What does the last {-100 * change:.0f} % of {name} bring?"
    if trial.usual.sum() <= 0:
        return f"What does {name} bring where it is dark today?"
    return f"What would {100 * change:.0f} % more for {name} bring?"


def ids_of(trials: Sequence[Trial], scene: Scene, taken: Collection[str]) -> list[str]:
    """Names that stay the same when the window is designed again: month, cells, kind; never one that is taken."""
    used = {fold(name) for name in taken}
    found = []
    for trial in trials:
        words = [
            str(scene.window.start)[:7],
            name_of(trial, scene.window.cells),
            kind_of(trial).split(",")[0],
        ]
        size = kind_of(trial).split(", ")[1:2]
        stem = re.sub(r"[^\w]+", "-", " ".join([*words, *size]).casefold()).strip("-")
        name, number = stem, 1
        while fold(name) in used:
            number += 1
            name = f"{stem}-{number}"
        used.add(fold(name))
        found.append(name)
    return found


def common_cell(trial: Trial, cells: Sequence[Cell]) -> Cell:
    """The cell of a test; of several, what they have in common."""
    if trial.recipe.newcomer is not None:
        return trial.recipe.newcomer
    tested = [cells[i] for i in trial.recipe.cells]
    parts = []
    for key in ("channel", "audience", "message"):
        names = {getattr(cell, key) for cell in tested}
        parts.append(names.pop() if len(names) == 1 else "")
    return Cell(*parts)


def tests_table(proposal: Proposal, ids: Sequence[str], states: Sequence[str], scene: Scene) -> pd.DataFrame:
    """The table `tests.csv`, in the order in which tests add to the set.

    Money in currency units; `mde`, `expected` and what they belong to in the outcome's unit of money (or in units where
    it has none), over the weeks that count.
    """
    cells = scene.window.cells
    keys = _keys(scene, [found.trial for found in proposal.tests])
    rows = []
    for rank, (found, name, state) in enumerate(zip(proposal.tests, ids, states, strict=True), start=1):
        trial = found.trial
        rows.append(
            {
                "id": name,
                "state": state,
                "rank": rank,
                "test": question_of(trial, cells),
                **cell_row(common_cell(trial, cells), keys),
                "kind": kind_of(trial),
                "change": trial.recipe.change,
                **_where_and_when(trial, scene),
                "spend": trial.placed,
                "incremental_spend": trial.extra,
                "withheld": trial.withheld,
                "reserve_used": trial.used,
                **_figures(found),
                "answers": in_words(found.answers),
            }
        )
    columns = list(rows[0]) if rows else table_columns(keys)
    return pd.DataFrame(rows, columns=columns)


def _keys(scene: Scene, trials: Sequence[Trial]) -> tuple[str, ...]:
    """Columns that say what a test is of, newcomers too."""
    new = [trial.recipe.newcomer for trial in trials if trial.recipe.newcomer is not None]
    return cell_columns((*scene.window.cells, *new))


def _where_and_when(trial: Trial, scene: Scene) -> dict[str, object]:
    window, length = scene.window, DAYS[scene.panel.grain]
    start = window.dates[trial.first]
    national = window.geos == (NATIONAL,) or not trial.controls
    return {
        "units": "" if national else ";".join(window.geos[g] for g in trial.geos),
        "controls": "" if national else ";".join(window.geos[g] for g in trial.controls),
        "start": str(start),
        "weeks": max(1, round(trial.recipe.periods * length / 7)),
        "cooldown": round(trial.recipe.cooldown * length / 7),
        "seed": scene.seed,
    }


def _figures(found: Proposed) -> dict[str, object]:
    trial = found.trial
    lo, hi = np.quantile(trial.signal.lift, [0.05, 0.95])
    moved = trial.moved if trial.moved else np.nan
    return {
        "expected": float(trial.signal.lift.mean()),
        "expected_lo": float(lo),
        "expected_hi": float(hi),
        "expected_return": float(trial.signal.lift.mean()) / moved,
        "se": trial.se,
        "df": trial.signal.df,
        "mde": trial.mde,
        "mde_return": trial.mde / abs(moved),
        "power": trial.power,
        "assurance": trial.assurance,
        "people": trial.people,
        "people_textbook": _textbook(trial),
        "value_of_information": found.information,
        "freed_value": found.freed,
        "opportunity_cost": found.opportunity,
        "net_value": found.net,
        "adds": found.adds,
        "floor_driven": found.by_floor,
    }


def _textbook(trial: Trial) -> float:
    """People in each arm that a test on people would need to show the likely difference in 80 of 100, at any price."""
    if not np.isfinite(trial.people) or not np.isfinite(trial.recipe.response_sd):
        return np.nan
    likely = float(np.sqrt((trial.signal.lift**2).mean())) / trial.people
    return textbook_size(trial.recipe.response_sd, likely) if likely > 0 else np.nan


def table_columns(keys: Sequence[str]) -> list[str]:
    """The head of a table without tests."""
    head = f"id state rank test {' '.join(keys)} kind change units controls start weeks cooldown seed"
    money = "spend incremental_spend withheld reserve_used"
    told = "expected expected_lo expected_hi expected_return se df mde mde_return"
    told += " power assurance people people_textbook"
    worth = "value_of_information freed_value opportunity_cost net_value adds floor_driven answers"
    return f"{head} {money} {told} {worth}".split()


def weeks_table(trials: Sequence[Trial], ids: Sequence[str], scene: Scene) -> pd.DataFrame:
    """The table `test_weeks.csv`: money of each test by period, region and cell, usual and with the test.

    `share` is the part of the usual level there that the design sets: 1 in regions, of a user split those in the test.
    """
    window, keys = scene.window, _keys(scene, trials)
    rows = [
        {
            "id": name,
            "date": str(window.dates[t]),
            "geo": window.geos[g],
            **cell_row(window.cells[c], keys),
            "share": trial.share,
            "usual_spend": float(trial.usual[t, g, c]),
            "test_spend": float(trial.spend[t, g, c]),
        }
        for trial, name in zip(trials, ids, strict=True)
        for t in range(trial.first, trial.stop)
        for g in trial.geos
        for c in trial.recipe.cells
    ]
    rows += [
        {
            "id": name,
            "date": str(window.dates[t]),
            "geo": window.geos[g],
            **cell_row(trial.recipe.newcomer, keys),
            "share": 1.0,
            "usual_spend": 0.0,
            "test_spend": float(trial.outside[t, g]),
        }
        for trial, name in zip(trials, ids, strict=True)
        if trial.outside is not None and trial.recipe.newcomer is not None
        for t in range(trial.first, trial.stop)
        for g in trial.geos
    ]
    columns = ["id", "date", "geo", *keys, "share", "usual_spend", "test_spend"]
    return pd.DataFrame(rows, columns=columns)


def placed_in(table: pd.DataFrame, window: PlanWindow) -> PlanWindow:
    """The window with the tests of `test_weeks.csv` in it; the window itself where the table has none."""
    if table.empty:
        return window
    keys = [key for key in CELL_KEYS if key in table]
    day = {str(date): t for t, date in enumerate(window.dates)}
    geo = {name: g for g, name in enumerate(window.geos)}
    cell = {tuple(cell_row(found, keys).values()): c for c, found in enumerate(window.cells)}
    spend, taken = np.zeros_like(window.pattern), np.zeros_like(window.pattern)
    new: dict[Cell, Floats] = {}
    withheld = 0
    for row in table.to_dict("records"):
        place, named = (day[str(row["date"])], geo[row["geo"]]), tuple(row[key] for key in keys)
        if named not in cell:
            found = Cell(**dict(zip(keys, named, strict=True)))
            new.setdefault(found, np.zeros(spend.shape[:2]))[place] += float(row["test_spend"])
            continue
        at = (*place, cell[named])
        spend[at] += float(row["test_spend"])
        taken[at] = float(row["share"])
        withheld += max(0, in_cents(float(row["usual_spend"])) - in_cents(float(row["test_spend"])))
    return around_tests(window, spend, taken, withheld / 100, tuple(new.items()))


def answers_table(proposal: Proposal, ids: Sequence[str]) -> pd.DataFrame:
    """The table `test_answers.csv`: what each result will mean; `low` and `high` are returns of the money changed."""
    rows = [
        {"id": name, "action": a.action, "times": a.times, "low": a.low, "high": a.high, "chance": a.chance}
        for found, name in zip(proposal.tests, ids, strict=True)
        for a in found.answers
    ]
    table = pd.DataFrame(rows, columns=["id", "action", "times", "low", "high", "chance"])
    return table.replace([np.inf, -np.inf], np.nan)
