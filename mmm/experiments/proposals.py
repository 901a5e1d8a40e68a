"""The tests that a reserve buys: every candidate designed and valued, the best set of them chosen, its answers
written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.dims import Cell
from mmm.experiments.answers import Answer, answers_of
from mmm.experiments.decisions import Decisions
from mmm.experiments.newcomers import own_answers, place, with_own_worth
from mmm.experiments.portfolio import Choice, Chosen, choose
from mmm.experiments.recipes import Offer
from mmm.experiments.trials import Recipe, Scene, Trial, regions_of_team, starts_of
from mmm.experiments.value import Told, perfect_information, sample_information, useful_windows
from mmm.model.priors import LEAST_DF
from mmm.response.experiments import INFORMED, NARROWED, left_by, noise_variance

Floats = NDArray[np.float64]

SHORTLIST = 24
"""Tests whose sets are valued together."""

PER_CELL = 3
"""Of them with the same cells."""

STARTS = 2

LEAST_SEEN, LEAST_TOLD = 0.20, 0.02
"""A test that is seen in fewer than 20 of 100 and tells less than 2 % of what certainty is worth is none."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What a unit of the curves and a unit of money are worth.

    Attributes
    ----------
    outcome
        Of a unit of the curves: the margin, or 1.
    money
        Of a unit of money: what it costs, and what the best other use of it would bring beside that.
    """

    outcome: float
    money: float


@dataclass(frozen=True, slots=True)
class Frame:
    """What a set of tests must keep.

    Attributes
    ----------
    floor, ceiling
        Least and most reserve, in money.
    slots
        Tests at most.
    untested
        Whether no test has measured a cell yet, shape (cell,).
    held
        Tests that were approved: in every set, and never changed.
    """

    floor: float
    ceiling: float
    slots: int
    untested: tuple[bool, ...]
    held: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposed:
    """One test of the set.

    Attributes
    ----------
    trial
        Its design.
    information
        What its result is worth alone, over its useful life.
    opportunity
        What running it costs beside that, its fixed cost too; below 0 where it earns money.
    adds
        What it adds to the set: what the set tells with it and without it, less its cost.
    answers
        What each result will mean.
    freed
        Part of `information` that is there whatever comes out: a measured cell is no longer held back by the plan.
    """

    trial: Trial
    information: float
    opportunity: float
    adds: float
    answers: tuple[Answer, ...]
    freed: float = 0.0

    @property
    def net(self) -> float:
        """Worth of its result less its costs."""
        return self.information - self.opportunity

    @property
    def by_floor(self) -> bool:
        """Whether it is there to fill the floor alone."""
        return self.adds < 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the reserve buys.

    Attributes
    ----------
    tests
        Those that were approved, then the new ones, the one that adds the most first.
    held
        How many were approved.
    together
        What all their results are worth together, over their useful life.
    certainty
        What knowing the truth would be worth for one window (EVPI).
    looked_at
        Candidates that were designed and valued.
    exact
        Whether every set of the shortlist was looked at.
    notes
        What could not be tested as one would wish, and why.
    """

    tests: tuple[Proposed, ...]
    held: int
    together: float
    certainty: float
    looked_at: int
    exact: bool
    notes: tuple[str, ...]


def propose(scene: Scene, offer: Offer, decisions: Decisions, worth: Worth, frame: Frame) -> Proposal:
    """The best set of tests, their answers still to be written.

    Parameters
    ----------
    offer
        What is looked at.
    decisions
        What results could make plans do while they are useful, on the draws of the scene.
    """
    every = [trial for recipe in offer.recipes if (trial := _anywhere(scene, recipe, worth)) is not None]
    values = [_information(scene, (trial,), decisions) for trial in every]
    certainty = perfect_information(decisions.benefit, decisions.without)
    telling = [
        trial.own > 0
        or trial.assurance >= LEAST_SEEN
        or value >= LEAST_TOLD * certainty * _life(scene, trial) > 0
        for trial, value in zip(every, values, strict=True)
    ]
    first = [trial for trial, tells in zip(every, telling, strict=True) if tells]
    rough = [value for value, tells in zip(values, telling, strict=True) if tells]
    net = [value - opportunity(trial, worth) for value, trial in zip(rough, first, strict=True)]
    tested = {cell for trial in frame.held for cell in trial.recipe.cells}
    busy = {trial.recipe.newcomer for trial in frame.held} - {None}
    first, rough, net = _others(first, rough, net, busy)
    short = _shortlist(first, net, tested)
    places = [
        trial
        for k in short
        for trial in _places(scene, first[k].recipe, worth)
        if not any(clash(trial, other) for other in frame.held)
    ]
    variants = {first[k].recipe: first[k] for k in short}
    alone = {first[k].recipe: rough[k] for k in short}
    chosen = _chosen(scene, places, (variants, alone), decisions, worth, frame)
    trials = (*frame.held, *(places[k] for k in chosen.tests))
    adds = (*(np.nan for _ in frame.held), *chosen.adds)
    tests = tuple(
        _valued(scene, trial, decisions, worth, gain) for trial, gain in zip(trials, adds, strict=True)
    )
    together = max([_information(scene, trials, decisions), *(test.information for test in tests)])
    notes = (*offer.notes, *_not_telling(scene, every, telling, tested))
    return Proposal(tests, len(frame.held), together, certainty, len(every), chosen.exact, notes)


def _valued(scene: Scene, trial: Trial, decisions: Decisions, worth: Worth, adds: float) -> Proposed:
    information = _information(scene, (trial,), decisions)
    freed = (
        decisions.freed(measures(trial, decisions, scene.prior_sd)) * _life(scene, trial)
        if trial.own == 0
        else 0.0
    )
    return Proposed(
        trial, information, opportunity(trial, worth), adds, (), freed=min(max(freed, 0.0), information)
    )


def with_answers(
    scene: Scene, proposal: Proposal, decisions: Decisions, plan: Floats, worth: Worth
) -> Proposal:
    """The same with what each result will mean for the next plan.

    Parameters
    ----------
    decisions
        What results could make the next plan do, inside its own limits, on the draws of the scene.
    plan
        Money of each cell in the plan, shape (cell,).
    """
    tests = tuple(
        replace(test, answers=_answers(scene, test.trial, decisions, plan, worth)) for test in proposal.tests
    )
    return replace(proposal, tests=tests)


def _not_telling(
    scene: Scene, every: Sequence[Trial], telling: Sequence[bool], tested: set[int]
) -> list[str]:
    """Cells of which no test that was looked at would show anything, and how near the best one comes."""
    cells = {trial.recipe.cells for trial in every}
    told = {trial.recipe.cells for trial, tells in zip(every, telling, strict=True) if tells}
    notes = []
    for group in sorted(cells - told - {()}):
        best = max(
            (trial for trial in every if trial.recipe.cells == group), key=lambda trial: trial.assurance
        )
        names = " and ".join(scene.window.cells[i].name for i in group)
        if not tested & set(group):
            notes.append(
                f"{names}: no test would tell anything; the best is seen in {100 * best.assurance:.0f} of 100. More "
                "regions, a longer history or a larger budget there would help"
            )
    return notes


def opportunity(trial: Trial, worth: Worth) -> float:
    """What a test costs beside what it tells: its extra money less what that brings, and what is paid once."""
    brought = worth.outcome * float(trial.total.mean())
    return worth.money * trial.extra - brought + trial.recipe.fixed_cost


def clash(a: Trial, b: Trial) -> bool:
    """Whether two tests cannot be told apart.

    One cell, or newcomer, is in one test. At the same time a region is in one test, treated or not; two tests of the
    whole country compare the same weeks.
    """
    if set(a.recipe.cells) & set(b.recipe.cells) or a.recipe.newcomer == b.recipe.newcomer is not None:
        return True
    if a.last <= b.first or b.last <= a.first:
        return False
    if a.recipe.way == "user_split" or b.recipe.way == "user_split":
        return False
    if a.is_national or b.is_national:
        return a.is_national and b.is_national
    return bool(set(a.geos) & {*b.geos, *b.controls} or set(b.geos) & set(a.controls))


def _anywhere(scene: Scene, recipe: Recipe, worth: Worth) -> Trial | None:
    """A test at the first place that it fits."""
    for first in starts_of(scene, recipe.periods, recipe.cooldown, 1):
        return _placed(scene, recipe, first, 0, worth)
    return None


def _placed(scene: Scene, recipe: Recipe, first: int, team: int, worth: Worth) -> Trial | None:
    trial = place(scene, recipe, first, regions_of_team(scene, recipe, team))
    if trial is None:
        return None
    return with_own_worth(scene, trial, worth.outcome, worth.money, _life(scene, trial))


def _places(scene: Scene, recipe: Recipe, worth: Worth) -> list[Trial]:
    """A test at every place: each team of regions, each start."""
    teams = len(scene.teams.treated) if recipe.way == "geo" and scene.teams and not recipe.wide else 1
    found = (
        _placed(scene, recipe, first, team, worth)
        for first in starts_of(scene, recipe.periods, recipe.cooldown, STARTS)
        for team in range(teams)
    )
    return [trial for trial in found if trial is not None]


def _life(scene: Scene, trial: Trial) -> float:
    """Windows over which a result is useful."""
    window = float(scene.window.share.sum()) * scene.weeks
    return useful_windows(trial.last * scene.weeks, window)


def _information(scene: Scene, trials: Sequence[Trial], decisions: Decisions) -> float:
    """What the results of some tests are worth together, over their useful life."""
    if not trials:
        return 0.0
    own = sum(trial.own for trial in trials)
    planned = [trial for trial in trials if trial.own == 0]  # of cells, together
    if not planned:
        return own
    told = _told(scene, planned, decisions)[0]
    return own + told.value * float(np.mean([_life(scene, trial) for trial in planned]))


def _told(scene: Scene, trials: Sequence[Trial], decisions: Decisions) -> tuple[Told, NDArray[np.int64]]:
    """What results tell to do, and the decisions that may be taken then: tests free the cells that they measure."""
    measured = {cell for trial in trials for cell in measures(trial, decisions, scene.prior_sd)}
    may = decisions.allowed(measured)
    base = int(np.flatnonzero(may == decisions.without)[0])
    told = sample_information(
        [trial.signal for trial in trials], decisions.benefit[:, may], base=base, seed=scene.seed
    )
    return told, may


def measures(trial: Trial, decisions: Decisions, prior_sd: Floats) -> tuple[int, ...]:
    """Cells of a test whose return would no longer be an assumption after it, by the rules of the grade.

    Either the test of a cell would be enough without the history, or it narrows what the history left. A result
    y = lift + noise narrows what a cell brings as far as it moves with the lift; as for results that are in, without it
    the sd must be at least `NARROWED` times as large.

    Parameters
    ----------
    prior_sd
        sd of the logarithm of each cell's return before the data, shape (cell,); none where it is not known.
    """
    lift = trial.signal.lift - trial.signal.lift.mean()
    variance = float((lift**2).mean())
    if variance <= 0 or not np.isfinite(trial.signal.sd):
        return ()
    df = max(trial.signal.df, LEAST_DF)
    noise = noise_variance(trial.signal.sd, df)
    found = []
    if len(trial.recipe.cells) == 1 and prior_sd.size:
        (cell,) = trial.recipe.cells
        told = np.log(np.maximum(decisions.brought[cell], np.finfo(float).tiny))
        if left_by(told, trial.signal.lift, float(prior_sd[cell]), noise) <= INFORMED:
            return (cell,)
    for cell in trial.recipe.cells:
        brought = decisions.brought[cell] - decisions.brought[cell].mean()
        own = float((brought**2).mean())
        shared = float((brought * lift).mean()) ** 2 / (variance * own) if own > 0 else 0.0
        left = 1.0 - shared * variance / (variance + noise)
        if left <= 1.0 / NARROWED**2:
            found.append(cell)
    return tuple(found)


def _others(
    trials: Sequence[Trial], values: Sequence[float], net: Sequence[float], busy: Collection[Cell | None]
) -> tuple[list[Trial], list[float], list[float]]:
    """Tests of anything but newcomers that an approved test has already."""
    kept = [k for k, trial in enumerate(trials) if trial.recipe.newcomer not in busy]
    return [trials[k] for k in kept], [values[k] for k in kept], [net[k] for k in kept]


def _shortlist(trials: Sequence[Trial], net: Sequence[float], tested: set[int]) -> list[int]:
    """The best tests of each set of cells, none of cells that an approved test has."""
    found: list[int] = []
    count: dict[tuple[object, ...], int] = {}
    for k in np.argsort(-np.asarray(net), kind="stable").tolist():
        cells, subject = trials[k].recipe.cells, trials[k].recipe.subject
        if tested & set(cells) or count.get(subject, 0) >= PER_CELL or len(found) >= SHORTLIST:
            continue
        count[subject] = count.get(subject, 0) + 1
        found.append(k)
    return found


def _chosen(
    scene: Scene,
    places: Sequence[Trial],
    recipes: tuple[dict[Recipe, Trial], dict[Recipe, float]],
    decisions: Decisions,
    worth: Worth,
    frame: Frame,
) -> Chosen:
    """The best set among all places. What a set tells depends on its recipes, so it is valued once for all places.

    A set never tells less than one of its tests: where the regression of many says so, that is its own luck.
    """
    variants, alone = recipes
    known: dict[tuple[int, ...], float] = {}
    names = list(variants)
    number = [names.index(trial.recipe) for trial in places]
    held = sum(trial.used for trial in frame.held)
    beside = _information(scene, frame.held, decisions)

    def value(tests: tuple[int, ...]) -> float:
        key = tuple(sorted(number[k] for k in tests))
        if key not in known:
            group = (*frame.held, *(variants[names[k]] for k in key))
            known[key] = max(
                _information(scene, group, decisions) - beside, *(alone[names[k]] for k in key), 0.0
            )
        return known[key]

    count = len(places)
    choice = Choice(
        used=np.array([trial.used for trial in places]),
        cost=np.array([opportunity(trial, worth) for trial in places]),
        clash=np.array(
            [[i != k and clash(places[i], places[k]) for k in range(count)] for i in range(count)], dtype=bool
        ).reshape(count, count),
        floor=max(0.0, frame.floor - held),
        ceiling=max(0.0, frame.ceiling - held),
        slots=max(0, frame.slots - len(frame.held)),
        price=worth.money,
        untested=np.array(
            [all(frame.untested[c] for c in trial.recipe.cells) for trial in places], dtype=bool
        ),
    )
    return choose(choice, value)


def _answers(
    scene: Scene, trial: Trial, decisions: Decisions, plan: Floats, worth: Worth
) -> tuple[Answer, ...]:
    """What each result of a test will mean for the money of its cells."""
    if trial.recipe.versions or trial.recipe.newcomer is not None:
        return own_answers(scene, trial, worth.outcome, worth.money)
    told, may = _told(scene, (trial,), decisions)
    cells, results = list(trial.recipe.cells), told.results[:, :, 0].ravel()
    if trial.moved == 0 or not np.isfinite(results).all():
        return ()
    money = decisions.spend[may][:, cells].sum(axis=1)[told.choice]
    return answers_of(results, money.ravel(), float(plan[cells].sum()), trial.moved)


def rescaled(scene: Scene, trials: Sequence[Trial], usual: Floats) -> list[Trial]:
    """The same tests at another usual level of money.

    Parameters
    ----------
    usual
        Money of each cell in the window without tests, shape (cell,).
    """
    moved = replace(scene, usual=usual)
    found = [
        place(moved, trial.recipe, trial.first, (trial.geos, trial.controls), (trial.se, trial.signal.df))
        for trial in trials
    ]
    return [
        trial if new is None else replace(new, own=trial.own)
        for trial, new in zip(trials, found, strict=True)
    ]
