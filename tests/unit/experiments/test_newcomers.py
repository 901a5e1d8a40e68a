"""Tests of what has no history, and of two versions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.experiments.newcomers import own_answers, place, with_own_worth
from mmm.experiments.trials import Recipe
from mmm.experiments.user_split import roll_gain, roll_size

DRAWS, WEEKS, REGIONS = 2000, 13, 4
MARGIN = 0.5


@pytest.fixture
def scene() -> Any:
    """Four regions of 100 to 400 a week, a quarter ahead, one cell of 13,000."""
    rng = np.random.default_rng(4)
    size = np.array([100.0, 200.0, 300.0, 400.0])
    return SimpleNamespace(
        window=SimpleNamespace(
            pattern=np.full((WEEKS, REGIONS, 1), 1 / (WEEKS * REGIONS)), share=np.ones(WEEKS), geos="abcd"
        ),
        curves=SimpleNamespace(media=SimpleNamespace(draws=DRAWS, lags=9)),
        usual=np.array([13_000.0]),
        history=size * (1.0 + 0.02 * rng.normal(size=(120, 1)) + 0.01 * rng.normal(size=(120, REGIONS))),
        year=52,
        weeks=1.0,
        seed=1,
        beliefs={"podcast": (2.0, 1.0)},
    )


PODCAST = Recipe((), "geo", 1.0, 8, 4, amount=3000.0, newcomer=Cell("podcast"))
VERSIONS = Recipe(
    (0,), "user_split", 0.0, 4, 1, people=100_000.0, response_sd=10.0, versions=("A", "B"), version_sd=0.2
)


def test_a_newcomers_money_is_all_its_own_and_goes_by_the_size_of_regions(scene) -> None:  # type: ignore[no-untyped-def]
    trial = place(scene, PODCAST, 2, ((0, 1), (2, 3)))
    assert trial.outside is not None
    assert (trial.placed, trial.extra, trial.used, trial.withheld) == pytest.approx((3000, 3000, 3000, 0))
    assert np.flatnonzero(trial.outside.sum(axis=1)).tolist() == list(range(2, 10))
    a, b = trial.outside[:, 0].sum(), trial.outside[:, 1].sum()
    assert b / a == pytest.approx(2.0, rel=0.02)


def test_what_it_brings_is_its_prior_and_a_part_comes_after_the_cool_down(scene) -> None:  # type: ignore[no-untyped-def]
    trial = place(scene, PODCAST, 2, ((0, 1), (2, 3)))
    assert np.median(trial.total) == pytest.approx(2.0 * 3000, rel=0.08)
    assert 0.7 * np.median(trial.total) < np.median(trial.signal.lift) < np.median(trial.total)
    assert np.log(trial.signal.lift).std() == pytest.approx(1.0, abs=0.1)


def test_its_result_is_worth_no_more_than_its_truth_and_more_noise_is_worth_less(scene) -> None:  # type: ignore[no-untyped-def]
    trial = place(scene, PODCAST, 2, ((0, 1), (2, 3)))
    worth = with_own_worth(scene, trial, MARGIN, 1.0, 3.0).own
    loud = SimpleNamespace(**{**vars(scene), "history": scene.history})
    loud.history = scene.history + 600.0 * np.random.default_rng(9).normal(size=scene.history.shape)
    noisy = place(loud, PODCAST, 2, ((0, 1), (2, 3)))
    assert noisy.se > 3 * trial.se
    assert 0 < with_own_worth(loud, noisy, MARGIN, 1.0, 3.0).own < worth
    # certainty: everybody gets 1.25 of the test's level or nothing, which no rule can beat
    rng = np.random.default_rng(0)
    everybody = 3000 / 0.3 * WEEKS / 8 * 1.25
    roi = 2.0 * np.exp(rng.normal(size=100_000))
    best = (np.maximum(MARGIN * roi * 1.0 - 1.0, 0.0)).mean() * everybody * 3.0
    assert worth < best


def test_low_results_stop_a_newcomer_and_high_ones_keep_or_scale_it(scene) -> None:  # type: ignore[no-untyped-def]
    trial = place(scene, PODCAST, 2, ((0, 1), (2, 3)))
    answers = own_answers(scene, trial, MARGIN, 1.0)
    assert answers[0].action == "stop"
    assert answers[-1].action in ("keep", "scale")
    assert sum(answer.chance for answer in answers) == pytest.approx(1.0)


def test_two_versions_take_the_test_and_roll_size_and_cost_nothing_more(scene) -> None:  # type: ignore[no-untyped-def]
    trial = place(scene, VERSIONS, 0, ((0, 1, 2, 3), ()))
    people = roll_size(100_000.0, 10.0, 0.2)
    assert trial.people == pytest.approx(people)
    assert trial.extra == 0.0
    assert trial.used == pytest.approx(13_000.0 * 4 / WEEKS * 2 * people / 100_000)
    gain = float(roll_gain(people, 100_000.0, 10.0, 0.2))
    assert with_own_worth(scene, trial, MARGIN, 1.0, 3.0).own == pytest.approx(MARGIN * gain)


def test_the_promised_gain_of_two_versions_is_what_showing_the_better_one_brings(scene) -> None:  # type: ignore[no-untyped-def]
    trial = place(scene, VERSIONS, 0, ((0, 1, 2, 3), ()))
    rng = np.random.default_rng(5)
    n = trial.people
    means = 0.2 * rng.normal(size=(400_000, 2))
    seen = means + 10.0 / np.sqrt(n) * rng.normal(size=means.shape)
    rolled = means[np.arange(len(means)), seen.argmax(axis=1)]
    brought = (n * means.sum(axis=1) + (100_000 - 2 * n) * rolled).mean()
    assert with_own_worth(scene, trial, 1.0, 1.0, 3.0).own == pytest.approx(brought, rel=0.02)


def test_either_version_is_as_likely_to_win(scene) -> None:  # type: ignore[no-untyped-def]
    trial = place(scene, VERSIONS, 0, ((0, 1, 2, 3), ()))
    first, second = own_answers(scene, trial, MARGIN, 1.0)
    assert (first.action, second.action) == ("second", "first")
    assert first.high == second.low == 0.0
    assert first.chance + second.chance == 1.0
