import numpy as np
import pytest

from mmm.experiments.user_split import roll_gain, roll_size, textbook_size


def test_the_size_is_where_the_gain_is_largest() -> None:
    sizes = np.linspace(1, 5000, 200_001)
    for people, sd, prior in ((10_000, 1.0, 0.1), (50_000, 30.0, 0.5), (10_000, 0.3, 0.2)):
        best = sizes[np.argmax(roll_gain(sizes, people, sd, prior))]
        assert roll_size(people, sd, prior) == pytest.approx(best, abs=0.05)


def test_the_gain_is_what_simulated_tests_bring() -> None:
    rng = np.random.default_rng(1)
    people, sd, prior, n, worlds = 1000, 2.0, 0.3, 120, 200_000
    truth = rng.normal(0.0, prior, (worlds, 2))
    seen = truth + rng.normal(0.0, sd / np.sqrt(n), (worlds, 2))
    rolled = truth[np.arange(worlds), seen.argmax(axis=1)]
    money = n * truth.sum(axis=1) + (people - 2 * n) * rolled
    assert roll_gain(n, people, sd, prior) == pytest.approx(
        money.mean(), abs=4 * money.std() / np.sqrt(worlds)
    )


def test_a_business_test_is_smaller_than_the_textbooks_and_never_more_than_everybody() -> None:
    assert roll_size(10_000, 1.0, 0.02) < textbook_size(1.0, 0.02)
    assert 0 < roll_size(100, 50.0, 0.1) <= 50


def test_the_textbook_size_gives_its_power() -> None:
    from scipy.stats import norm

    n = textbook_size(2.0, 0.5)
    assert norm.cdf(0.5 / (2.0 * np.sqrt(2 / n)) - norm.ppf(0.975)) == pytest.approx(0.8)
