"""Tests that no plan of known cells rests on: a channel without history, and two creatives against each other.

A newcomer is known by its priors alone: return, carry-over and curve are drawn from them. No core money goes to it
before it was tested, and a fat prior has a mean that nobody should count on, so what its test brings meanwhile is taken
at the middle of the prior, and its result is worth what it is worth to one who would otherwise do what is best in the
mean. Two versions of an ad get the same money: the result moves people and no budget (Test & Roll).
"""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from mmm.experiments.answers import Answer, answers_of
from mmm.experiments.trials import Recipe, Scene, Trial, error_of, place_trial
from mmm.experiments.user_split import roll_gain, roll_size
from mmm.experiments.value import Signal, sample_information
from mmm.model.forward import adstock_weights
from mmm.model.priors import KAPPA_CEILING, LOG_A, LOG_KAPPA, LOG_SLOPE, LOGIT_THETA, SLOPE_BOUNDS, TRANSPORT
from mmm.model.shapes import GAMMA

Floats = NDArray[np.float64]
Regions = tuple[tuple[int, ...], tuple[int, ...]]

LEVELS = (0.0, 0.25, 0.5, 1.0, 1.25)
"""What a newcomer may get afterwards, of the money that would give everybody what the treated got."""

FIRST, SECOND = "first", "second"


def place(
    scene: Scene, recipe: Recipe, first: int, regions: Regions, error: tuple[float, float] | None = None
) -> Trial | None:
    """Design a test of any kind at a place; see `mmm.experiments.trials.place_trial`."""
    if recipe.newcomer is not None:
        return _place_newcomer(scene, recipe, first, regions, error)
    if recipe.versions:
        return _place_versions(scene, recipe, first, regions)
    return place_trial(scene, recipe, first, regions, error)


def _place_newcomer(
    scene: Scene, recipe: Recipe, first: int, regions: Regions, error: tuple[float, float] | None
) -> Trial | None:
    """Money for a channel without history, spread evenly over people and periods."""
    geos, last = list(regions[0]), first + recipe.periods + recipe.cooldown
    stop, draws = first + recipe.periods, scene.curves.media.draws
    size = np.maximum(scene.history.mean(axis=0), 0.0)
    share, people = 1.0, np.nan
    if recipe.way == "user_split":
        share, people = 0.5, recipe.people / 2.0
    outside = np.zeros(scene.window.pattern.shape[:2])
    outside[first:stop, geos] = recipe.amount * size[geos] / (size[geos].sum() * recipe.periods)
    path = (_returns(scene, recipe) * recipe.amount)[:, None] * _landed(scene, recipe, draws)
    counted = path[:, : last - first]
    lift = counted.sum(axis=1)
    known = error_of(scene, recipe, regions, np.ones(counted.shape[1]), people) or error
    if known is None:
        return None
    se, df = known
    signal = Signal(lift, float(np.hypot(se, TRANSPORT * abs(float(np.median(lift))))), df)
    nothing = np.zeros_like(scene.window.pattern)
    return Trial(
        recipe=recipe,
        first=first,
        stop=stop,
        last=last,
        geos=regions[0],
        controls=regions[1],
        spend=nothing,
        usual=nothing,
        levels=np.ones(recipe.periods),
        se=se,
        signal=signal,
        moved=recipe.amount,
        total=np.full(draws, float(np.median(path.sum(axis=1)))),
        share=share,
        people=people,
        outside=outside,
    )


def _place_versions(scene: Scene, recipe: Recipe, first: int, regions: Regions) -> Trial | None:
    """Two versions on as many people each as brings the most from all of them."""
    people = min(
        roll_size(recipe.people, recipe.response_sd, recipe.version_sd),
        recipe.people / 2.0,
    )
    stop, last = first + recipe.periods, first + recipe.periods + recipe.cooldown
    share, draws = 2.0 * people / recipe.people, scene.curves.media.draws
    usual = np.zeros_like(scene.window.pattern)
    at = np.ix_(range(first, stop), range(usual.shape[1]), recipe.cells)
    usual[at] = share * (scene.window.pattern * scene.usual)[at]
    if usual.sum() < 0.01:
        return None
    apart = np.sqrt(2.0) * recipe.version_sd * _luck(scene, recipe).standard_normal(draws)
    se = float(np.sqrt(2.0 * people) * recipe.response_sd)
    return Trial(
        recipe=recipe,
        first=first,
        stop=stop,
        last=last,
        geos=regions[0],
        controls=regions[1],
        spend=usual,
        usual=usual,
        levels=np.zeros(recipe.periods),
        se=se,
        signal=Signal(people * apart, se, 100.0),
        moved=0.0,
        total=np.zeros(draws),
        share=share,
        people=people,
    )


def with_own_worth(scene: Scene, trial: Trial, outcome: float, money: float, windows: float) -> Trial:
    """The test with what its result is worth beside the plan of cells.

    Parameters
    ----------
    outcome, money
        What a unit of the curves and a unit of money are worth.
    windows
        Windows over which a result is useful.
    """
    recipe = trial.recipe
    if recipe.versions:
        gain = roll_gain(trial.people, recipe.people, recipe.response_sd, recipe.version_sd)
        return replace(trial, own=outcome * float(gain))
    if recipe.newcomer is None:
        return trial
    benefit = _levels(scene, trial, outcome, money)[1]
    return replace(trial, own=windows * sample_information([trial.signal], benefit, seed=scene.seed).value)


def own_answers(scene: Scene, trial: Trial, outcome: float, money: float) -> tuple[Answer, ...]:
    """What each result of such a test will mean."""
    if trial.recipe.versions:
        return (Answer(SECOND, 1.0, -np.inf, 0.0, 0.5), Answer(FIRST, 1.0, 0.0, np.inf, 0.5))
    levels, benefit = _levels(scene, trial, outcome, money)
    told = sample_information([trial.signal], benefit, seed=scene.seed)
    results = told.results[:, :, 0].ravel()
    if not np.isfinite(results).all():
        return ()
    everybody = float(levels[LEVELS.index(1.0)])
    return answers_of(results, levels[told.choice].ravel(), everybody, trial.moved)


def _levels(scene: Scene, trial: Trial, outcome: float, money: float) -> tuple[Floats, Floats]:
    """Money for all people over a window, and what each level of it is worth, shape (draw, level)."""
    recipe = trial.recipe
    size = np.maximum(scene.history.mean(axis=0), 0.0)
    treated = float(size[list(trial.geos)].sum() / size.sum()) * trial.share
    everybody = recipe.amount / treated * float(scene.window.share.sum()) / recipe.periods
    rng = _luck(scene, recipe, 1)
    draws = scene.curves.media.draws
    kappa = np.minimum(np.exp(rng.normal(*LOG_KAPPA, draws)), KAPPA_CEILING)[:, None]
    power = np.clip(np.exp(rng.normal(*LOG_SLOPE, draws)), *SLOPE_BOUNDS)[:, None]
    at = np.array(LEVELS)
    with np.errstate(divide="ignore"):
        reached = (1.0 + kappa**power) / (1.0 + (kappa / at) ** power)  # of what the test's level brings
    brought = (_returns(scene, recipe) * everybody)[:, None] * np.where(at > 0, reached, 0.0)
    return everybody * at, outcome * brought - money * everybody * at


def _returns(scene: Scene, recipe: Recipe) -> Floats:
    """Return at the level of the test, from its prior, shape (draw,)."""
    assert recipe.newcomer is not None
    median, sigma = scene.beliefs[recipe.newcomer.channel]
    return np.asarray(median * np.exp(sigma * _luck(scene, recipe).standard_normal(scene.curves.media.draws)))


def _landed(scene: Scene, recipe: Recipe, draws: int) -> Floats:
    """Share of the effect of even spend that falls into each period from the first, shape (draw, period)."""
    rng = _luck(scene, recipe, 2)
    theta = 1.0 / (1.0 + np.exp(-rng.normal(*LOGIT_THETA, draws)))
    lags = scene.curves.media.lags - 1
    weights = adstock_weights(GAMMA, theta, np.exp(rng.normal(*LOG_A, draws)), lags, scene.weeks)
    even = np.full(recipe.periods, 1.0 / recipe.periods)
    return np.stack([np.convolve(even, row) for row in weights])


def _luck(scene: Scene, recipe: Recipe, part: int = 0) -> np.random.Generator:
    """The same draws for the same subject, whatever else is looked at."""
    name = recipe.newcomer.name if recipe.newcomer is not None else " ".join(recipe.versions)
    return np.random.default_rng([scene.seed, crc32(name.encode()), part])
