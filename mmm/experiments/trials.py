"""Tests that could be run in a window, each designed: what changes where and when, what it costs, what it could show.

The plan's own level of every cell is what a test departs from. How units are told apart is the test's *way*: regions
(geo), people (user_split), weeks that alternate at random (switchback), weekly levels drawn at random (phasing), or
simply before and during (pulse, which is no experiment and says so).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.dims import Cell
from mmm.experiments.assignment import Teams, honest_error
from mmm.experiments.effects import bought_by, change_by_period, weeks_of_carry_over
from mmm.experiments.power import assurance, minimal_effect, power
from mmm.experiments.regression import LEAST_DF
from mmm.experiments.settings import Way
from mmm.experiments.user_split import roll_size
from mmm.experiments.value import Signal
from mmm.model.priors import TRANSPORT
from mmm.planning.window import PlanWindow
from mmm.response.curves import WindowCurves

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEFT = 0.10
"""Share of an effect that may still be to come when the cool-down ends."""

LONGEST_COOLDOWN = 4.0
"""Weeks."""

BLOCK_WEEKS = 2.0
"""A switchback changes over no sooner."""

MOST_TAKEN = 0.9
"""Most of a cell's window that a test may take from the plan."""

DARK = 0.02
"""Below this share of the most it ever had in a like window a cell has no level to depart from."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What every test of one window is designed from.

    Attributes
    ----------
    window, curves
        The coming window; its curves on the draws that value tests, in the unit of the objective.
    panel
        The history.
    usual
        Money of each cell in the window without tests, less what is spent there already, shape (cell,).
    teams
        Regions of tests by region; None where there are too few, or their history is too short.
    history
        Outcome of every region in periods that can be compared, less what the readout takes out of it too
        (`mmm.experiments.adjustment`), in the unit of the curves, shape (period, geo).
    left
        Outcome of the country less what the model expects, same unit, shape (period,).
    closed
        Periods from the start of the window in which nothing is tested or counted, shape (period + lags - 1,).
    year, weeks
        Periods of a year; weeks of a period.
    seed
        Of all that is drawn.
    beliefs
        Median and log sd of the return of channels without history, by channel.
    prior_sd
        sd of the logarithm of each cell's return before the data, shape (cell,); none where it is not known.
    """

    window: PlanWindow
    curves: WindowCurves
    panel: Panel
    usual: Floats
    teams: Teams | None
    history: Floats
    left: Floats
    closed: Flags
    year: int
    weeks: float
    seed: int
    beliefs: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    prior_sd: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True)
class Recipe:
    """A test before it has a place: what is changed, by how much, for how long.

    Attributes
    ----------
    cells
        Tested cells, as indices.
    change
        Share of the usual level that is added, negative where it is taken away.
    periods, cooldown
        Of changed spend, and after them until the effect has faded.
    people, response_sd, fixed_cost
        As in the config; nan where not given.
    versions, version_sd
        Two creatives against each other, at the same money; none and nan where it is about money.
    newcomer
        What is tested where no cell is: a channel, audience or message without history. `amount` is its money then.
    amount
        Money to be added in all, whatever the usual level is: of a test that was approved. Else nan.
    wide
        Whether the regions of all teams are treated: one test where there could be several, and a smaller error.
    """

    cells: tuple[int, ...]
    way: Way
    change: float
    periods: int
    cooldown: int
    people: float = np.nan
    response_sd: float = np.nan
    fixed_cost: float = 0.0
    amount: float = np.nan
    wide: bool = False
    versions: tuple[str, ...] = ()
    version_sd: float = np.nan
    newcomer: Cell | None = None

    @property
    def subject(self) -> tuple[object, ...]:
        """What it is about: tests of one subject are instead of each other."""
        return self.cells, self.newcomer


@dataclass(frozen=True, slots=True)
class Trial:
    """A test in its place.

    Attributes
    ----------
    recipe
        What it does.
    first, stop, last
        First period, the one after the last with changed spend, and the one after the last that counts; from the
        start of the window.
    geos, controls
        Treated regions and those they are compared with, as indices.
    spend, usual
        Money with the test and without it, where the design sets the level: shape (period, geo, cell).
    levels
        Share of the usual level that is added in each period, shape (stop - first,).
    se
        Error of its readout, in the unit of the objective's curves.
    signal
        What it would measure, with what other weeks may differ by.
    moved
        Money that the measured effect belongs to: for a return of the money changed.
    total
        All that the change brings, in the unit of the objective's curves, shape (draw,).
    share
        Share of the usual level, where it runs, that the design sets.
    people
        How many are in each arm, of a test on people; else nan.
    outside
        Money of a newcomer, shape (period, geo); None for tests of cells.
    own
        What its result is worth over its useful life, where no plan of cells rests on it: versions and newcomers.
    """

    recipe: Recipe
    first: int
    stop: int
    last: int
    geos: tuple[int, ...]
    controls: tuple[int, ...]
    spend: Floats
    usual: Floats
    levels: Floats
    se: float
    signal: Signal
    moved: float
    total: Floats
    share: float = 1.0
    people: float = np.nan
    outside: Floats | None = None
    own: float = 0.0

    @property
    def placed(self) -> float:
        """Money that it spends."""
        return float(self.spend.sum()) + (0.0 if self.outside is None else float(self.outside.sum()))

    @property
    def extra(self) -> float:
        """Money more than usual, negative where it is less."""
        return self.placed - float(self.usual.sum())

    @property
    def withheld(self) -> float:
        """Money of the usual level that is not spent."""
        return float(np.maximum(self.usual - self.spend, 0.0).sum())

    @property
    def used(self) -> float:
        """Reserve used: money spent where the design sets the level, and money withheld there."""
        return self.placed + self.withheld

    @property
    def mde(self) -> float:
        """Smallest effect that is seen in 80 of 100 tests."""
        return minimal_effect(self.se, self.signal.df)

    @property
    def power(self) -> float:
        """Chance that the effect is seen if it is what is expected."""
        return float(power(float(self.signal.lift.mean()), self.se, self.signal.df))

    @property
    def assurance(self) -> float:
        """The same, averaged over what the effect may be."""
        return assurance(self.signal.lift, self.se, self.signal.df)

    @property
    def is_national(self) -> bool:
        """Whether no region stays as it is."""
        return not self.controls and self.recipe.way != "user_split"


def starts_of(scene: Scene, periods: int, cooldown: int, most: int) -> list[int]:
    """First periods at which a test fits, one after the other without overlap.

    It runs in whole periods of the window, and nothing that counts is closed.
    """
    whole = np.flatnonzero(scene.window.share > 1 - 1e-9)
    whole = whole[whole >= scene.window.past]
    if whole.size == 0:
        return []
    found: list[int] = []
    begin = int(whole[0])
    while begin + periods <= int(whole[-1]) + 1 and len(found) < most:
        counted = scene.closed[begin : begin + periods + cooldown]
        if counted.any():
            begin += int(np.flatnonzero(counted)[-1]) + 1
        else:
            found.append(begin)
            begin += periods + cooldown
    return found


def cooldown_of(scene: Scene, cells: tuple[int, ...]) -> int:
    """Periods until the effect of the slowest of some cells has faded, at most `LONGEST_COOLDOWN` weeks."""
    weeks = max(weeks_of_carry_over(scene.curves, cell, LEFT, scene.weeks) for cell in cells)
    return int(np.ceil(min(weeks, LONGEST_COOLDOWN) / scene.weeks - 1e-9))


def regions_of_team(scene: Scene, recipe: Recipe, team: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Treated regions and those they are compared with; all and none for a test of the whole country."""
    if recipe.way != "geo" or scene.teams is None:
        return tuple(range(len(scene.window.geos))), ()
    if recipe.wide:
        return tuple(sorted(g for regions in scene.teams.treated for g in regions)), scene.teams.control
    return scene.teams.treated[team], scene.teams.control


def place_trial(
    scene: Scene,
    recipe: Recipe,
    first: int,
    regions: tuple[tuple[int, ...], tuple[int, ...]],
    error: tuple[float, float] | None = None,
) -> Trial | None:
    """Design a test at a place: money, expected effect and the error of its readout.

    Parameters
    ----------
    regions
        Treated regions, and those they are compared with.
    error
        Of the readout with its degrees of freedom, where the history does not say.

    Returns
    -------
    None where it would change nothing, takes nearly all of a cell's window, or its error cannot be known.
    """
    window, (geos, controls) = scene.window, regions
    stop = first + recipe.periods
    last = stop + recipe.cooldown
    levels = levels_of(recipe, scene)
    usual, spend, paths = _money_and_effect(scene, recipe, geos, first, levels)
    taken = window.pattern[first:stop, list(geos)][:, :, list(recipe.cells)].sum(axis=(0, 1))
    if np.abs(spend - usual).sum() < 0.01 or (taken > MOST_TAKEN).any():
        return None
    share, people = 1.0, np.nan
    if recipe.way == "user_split":
        if not np.isfinite(recipe.people):
            return None
        people = people_of(recipe, paths.sum(axis=1))
        share = people / recipe.people
    path = share * paths
    contrast = _contrast(recipe.way, path[:, : last - first])
    lift = path[:, : last - first] @ contrast
    known = error_of(scene, recipe, (geos, controls), contrast, people) or error
    if known is None:
        return None
    se, df = known
    changed = ((spend - usual).sum(axis=(1, 2)))[first:stop]
    moved = share * float(changed @ contrast[: stop - first])
    omega = TRANSPORT * abs(float(lift.mean()))
    signal = Signal(lift, float(np.hypot(se, omega)), df)
    return Trial(
        recipe,
        first,
        stop,
        last,
        geos,
        controls,
        share * spend,
        share * usual,
        levels,
        se,
        signal,
        moved,
        path.sum(axis=1),
        share,
        people,
    )


def people_of(recipe: Recipe, brought: Floats) -> float:
    """People in each arm of a test on people, at most half of them (Test & Roll, see `mmm.experiments.user_split`).

    Parameters
    ----------
    brought
        What the change would bring if all people got it, shape (draw,). Two arms whose means are known with an sd of
        v each differ by v times the root of 2.
    """
    known = float(brought.std()) / (recipe.people * np.sqrt(2.0))
    if known <= 0:
        return recipe.people / 2.0
    return float(np.clip(roll_size(recipe.people, recipe.response_sd, known), 1.0, recipe.people / 2.0))


def levels_of(recipe: Recipe, scene: Scene) -> Floats:
    """Share of the usual level that is added in each period of the test, shape (period,).

    Blocks that alternate are drawn in pairs, one changed and one as usual (switchback), or one up and one down
    (phasing): each pair by the toss of a coin, so that no season can be the reason.
    """
    if recipe.way not in ("switchback", "phasing"):
        return np.full(recipe.periods, recipe.change)
    block = max(1, round((BLOCK_WEEKS if recipe.way == "switchback" else 1.0) / scene.weeks))
    other = 0.0 if recipe.way == "switchback" else -abs(recipe.change)
    rng = np.random.default_rng([scene.seed, *recipe.cells])
    pairs = -(-recipe.periods // (2 * block))
    tossed = [rng.permutation([recipe.change, other]) for _ in range(pairs)]
    return np.repeat(np.concatenate(tossed), block)[: recipe.periods]


def _money_and_effect(
    scene: Scene, recipe: Recipe, geos: tuple[int, ...], first: int, levels: Floats
) -> tuple[Floats, Floats, Floats]:
    """Usual money and the test's, shape (period, geo, cell), and what the change brings, (draw, period from first)."""
    window, curves = scene.window, scene.curves
    usual, spend = np.zeros_like(window.pattern), np.zeros_like(window.pattern)
    end = len(window.dates) + curves.media.lags - 1
    paths = np.zeros((curves.media.draws, end - first))
    here = np.zeros(window.pattern.shape[:2])
    here[np.ix_(range(first, first + len(levels)), geos)] = levels[:, None]
    inside = np.zeros_like(here)
    inside[np.ix_(range(first, first + len(levels)), geos)] = 1.0
    money_of = {cell: _base(scene, cell) for cell in recipe.cells}
    if np.isfinite(recipe.amount):
        would = sum(
            float((here * window.pattern[:, :, cell]).sum()) * money_of[cell] for cell in recipe.cells
        )
        here = here * max(recipe.amount / would, -1.0 / float(np.abs(levels).max())) if would else here
    for cell in recipe.cells:
        money, base = float(scene.usual[cell]), money_of[cell]
        shape = window.pattern[:, :, cell]
        usual[:, :, cell] = inside * shape * money
        spend[:, :, cell] = np.maximum(usual[:, :, cell] + here * shape * base, 0.0)
        change = here * bought_by(curves, cell, base)
        paths += change_by_period(curves, cell, bought_by(curves, cell, money), change, geos, (first, end))
    return usual, spend, paths


def _base(scene: Scene, cell: int) -> float:
    """Money that a change is a share of: the usual, or what a dark cell once had."""
    usual, largest = float(scene.usual[cell]), float(scene.window.largest[cell])
    return usual if usual >= DARK * largest else largest


def _contrast(way: Way, path: Floats) -> Floats:
    """How the periods of a test are weighed against each other, shape (counted period,).

    Regions and people are compared in sums. Weeks are compared with each other along what the change is expected to
    bring in them, less its mean: the level of these weeks is not known without the test.
    """
    if way not in ("switchback", "phasing"):
        return np.ones(path.shape[1])
    mean = path.mean(axis=0)
    away = mean - mean.mean()
    largest = float(np.abs(away).max())
    return away / largest * np.sign(mean.sum() or 1.0) if largest > 0 else np.zeros_like(away)


def error_of(
    scene: Scene,
    recipe: Recipe,
    regions: tuple[tuple[int, ...], tuple[int, ...]],
    contrast: Floats,
    people: float = np.nan,
) -> tuple[float, float] | None:
    """Error of the readout and its degrees of freedom; None where the history does not say.

    Parameters
    ----------
    regions
        Treated, and those they are compared with.
    contrast
        Weight of each period that counts.
    people
        In each arm.
    """
    window = len(contrast)
    if recipe.way == "geo":
        treated, control = (scene.history[:, list(part)].sum(axis=1) for part in regions)
        return honest_error(treated, control, window=window, history=max(scene.year, 4 * window))
    if recipe.way == "user_split":
        return float(np.sqrt(2.0 * people) * recipe.response_sd), 100.0
    weights = contrast
    if recipe.way == "pulse":  # against the weeks before, or a slow drift would pass for an effect
        weights = np.concatenate([-np.ones(window), contrast])
    if len(scene.left) < 2 * len(weights) or not weights.any():
        return None
    errors = np.lib.stride_tricks.sliding_window_view(scene.left, len(weights)) @ weights
    df = max(LEAST_DF, len(errors) / len(weights))
    return float(np.sqrt((errors**2).mean())), df
