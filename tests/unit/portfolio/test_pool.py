"""What other markets say of a return: closed forms by quadrature, nothing of its own results, and less error."""

import numpy as np
import pytest

from mmm.portfolio.pool import TAU_SD, Result, beliefs_of, pooled_table, predicted

PRIOR = (np.log(1.8), 1.1)


def fitted(market, channel, y, v, prior=PRIOR):
    """The result of a fit whose data alone said y with variance v."""
    precision = prior[1] ** -2 + 1 / v
    mean = (prior[0] * prior[1] ** -2 + y / v) / precision
    return Result(market, channel, mean, precision**-0.5, *prior)


def test_the_prior_is_taken_out_of_a_result():
    learned = fitted("a", "tv", 0.3, 0.04).learned
    assert learned == pytest.approx((0.3, 0.04))
    assert Result("a", "tv", *PRIOR, *PRIOR).learned is None


def test_the_prediction_is_that_of_a_sum_over_mean_and_spread():
    learned = [(0.3, 0.04), (0.9, 0.09), (0.5, 0.02)]
    mu, tau = np.meshgrid(np.linspace(-6, 8, 2801), np.linspace(0.0, 2.0, 401), indexing="ij")
    log = -0.5 * ((mu - PRIOR[0]) / PRIOR[1]) ** 2 - 0.5 * (tau / TAU_SD) ** 2
    for y, v in learned:
        log -= 0.5 * np.log(tau**2 + v) + 0.5 * (y - mu) ** 2 / (tau**2 + v)
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    mean = (weights * mu).sum()
    sd = np.sqrt((weights * (mu**2 + tau**2)).sum() - mean**2)
    found = predicted(learned, *PRIOR)
    assert (found.mean, found.sd) == pytest.approx((mean, sd), rel=1e-6)
    assert found.others == 3


def test_a_market_is_told_nothing_of_its_own_results():
    others = [fitted(name, "tv", y, 0.02) for name, y in (("b", 0.4), ("c", 0.6))]
    told = [beliefs_of("a", [fitted("a", "tv", y, 0.02), *others])["tv"] for y in (-1.0, 2.0)]
    assert told[0] == told[1]


def test_others_that_know_nothing_say_nothing():
    vague = [Result(name, "tv", PRIOR[0], PRIOR[1], *PRIOR) for name in ("a", "b", "c")]
    assert beliefs_of("a", vague) == {}
    assert beliefs_of("a", [fitted("a", "tv", 0.3, 0.04), fitted("b", "radio", 0.3, 0.04)]) == {}


def test_markets_that_agree_say_more_than_markets_that_do_not():
    def belief(*ys):
        return predicted([(y, 0.02) for y in ys], *PRIOR)

    assert belief(0.5, 0.5, 0.5).sd < belief(-0.5, 0.5, 1.5).sd
    assert belief(0.5, 0.5, 0.5, 0.5, 0.5).sd < belief(0.5, 0.5).sd < PRIOR[1]


def test_pooling_lowers_the_error_in_markets_whose_truth_is_known():
    rng = np.random.default_rng(5)
    alone, pooled, inside = [], [], []
    for _ in range(150):
        centre = rng.normal(0.6, 0.5)
        truth = rng.normal(centre, 0.25, 5)
        noise = rng.uniform(0.2, 0.8, 5)
        said = rng.normal(truth, noise)
        results = [fitted(str(k), "tv", y, s**2) for k, (y, s) in enumerate(zip(said, noise, strict=True))]
        for k, own in enumerate(results):
            belief = beliefs_of(own.market, results)["tv"]
            again = fitted(own.market, "tv", said[k], noise[k] ** 2, (belief.mean, belief.sd))
            alone.append(own.mean - truth[k])
            pooled.append(again.mean - truth[k])
            inside.append(abs(again.mean - truth[k]) < 1.645 * again.sd)
    worse, better = (np.sqrt(np.mean(np.square(errors))) for errors in (alone, pooled))
    assert better < 0.8 * worse
    assert 0.86 < np.mean(inside) < 0.96


def test_the_table_has_a_row_for_every_channel_also_where_nothing_is_told():
    results = [fitted("a", "tv", 0.3, 0.04), fitted("b", "tv", 0.5, 0.04), fitted("b", "radio", 0.5, 0.04)]
    beliefs = {name: beliefs_of(name, results) for name in ("a", "b")}
    roi = {("a", "tv"): 1.0, ("b", "tv"): 2.0, ("b", "radio"): 3.0}
    table = pooled_table(results, beliefs, roi, roi)
    assert table["others"].tolist() == [1, 1, 0]
    assert table["pooled_sigma"].iloc[2] == table["prior_sigma"].iloc[2]
