"""Orders and their money against the individual model integrated by quadrature, and against customers made from it."""

import numpy as np
import pytest
from scipy import integrate, stats

from mmm.finance.economics import discount
from mmm.finance.lifetime import MONTH
from mmm.finance.repeat_buying import (
    learn_orders,
    learn_values,
    mean_order,
    order_likelihood,
    order_rate,
    orders_by_month,
    still_customers,
    value_likelihood,
)

TRUTH = np.array([0.8, 3.0, 1.2, 3.5])
MONEY = np.array([6.0, 3.0, 15.0])


def made(n, seed=1):
    """Customers of the model itself, watched for 3 to 30 months."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = TRUTH
    rate, chance = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    age = rng.uniform(3, 30, n)
    repeats, last = np.zeros(n), np.zeros(n)
    for i in range(n):
        at = rng.exponential(1 / rate[i])
        while at <= age[i]:
            repeats[i] += 1
            last[i] = at
            if rng.random() < chance[i]:
                break
            at += rng.exponential(1 / rate[i])
    p, above, gamma = MONEY
    spread = rng.gamma(above + 1, 1 / gamma, n)
    value = rng.gamma(p * (repeats + 1), 1 / spread) / (repeats + 1)
    return repeats, last, age, value


@pytest.mark.parametrize(("repeats", "last", "age"), [(0, 0.0, 7.0), (1, 2.0, 9.0), (4, 8.5, 9.0)])
def test_the_likelihood_of_orders_is_that_of_one_customer_over_all_rates_and_chances(repeats, last, age):
    r, alpha, a, b = TRUTH
    gamma, beta = stats.gamma(r, scale=1 / alpha), stats.beta(a, b)

    def one(p, rate):
        alive = rate**repeats * np.exp(-rate * age) * (1 - p) ** repeats
        stopped = p * (1 - p) ** (repeats - 1) * rate**repeats * np.exp(-rate * last) if repeats else 0.0
        return (alive + stopped) * gamma.pdf(rate) * beta.pdf(p)

    whole, _ = integrate.dblquad(one, 0, 12, 0, 1, epsabs=1e-10)
    found = order_likelihood(TRUTH, np.array([repeats]), np.array([last]), np.array([age]))
    assert np.exp(found[0]) == pytest.approx(whole, rel=1e-4)


def test_the_likelihood_of_money_is_that_of_one_customer_over_all_means():
    p, above, gamma = MONEY
    means = stats.gamma(above + 1, scale=1 / gamma)
    whole, _ = integrate.quad(
        lambda rate: stats.gamma(p * 3, scale=1 / (rate * 3)).pdf(40.0) * means.pdf(rate), 0, np.inf
    )
    found = value_likelihood(MONEY, np.array([3.0]), np.array([40.0]))
    assert np.exp(found[0]) == pytest.approx(whole, rel=1e-6)


def test_the_rate_of_orders_is_the_mean_over_rates_and_chances():
    r, alpha, a, b = TRUTH
    rng = np.random.default_rng(3)
    rate, chance = rng.gamma(r, 1 / alpha, 400_000), rng.beta(a, b, 400_000)
    for month, found in zip(
        (0.0, 2.0, 24.0), order_rate(TRUTH[None], np.array([0.0, 2.0, 24.0]))[0], strict=True
    ):
        assert found == pytest.approx((rate * np.exp(-rate * chance * month)).mean(), rel=0.01)


def test_orders_add_up_to_the_closed_form_and_discounting_weighs_each_by_its_day():
    from scipy.special import hyp2f1

    r, alpha, a, b = TRUTH
    plain = orders_by_month(TRUTH[None], 24, 0.0)[0]
    closed = (
        (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + 24)) ** r * hyp2f1(r, b, a + b - 1, 24 / (alpha + 24)))
    )
    assert plain[-1] == pytest.approx(1 + closed, rel=1e-6)
    worth, _ = integrate.quad(
        lambda t: float(order_rate(TRUTH[None], np.array([t]))[0, 0] * discount(MONTH * t, 0.2)), 0, 24
    )
    assert orders_by_month(TRUTH[None], 24, 0.2)[0, -1] == pytest.approx(1 + worth, rel=1e-6)


def test_customers_of_the_model_are_told_back_within_their_range():
    repeats, last, age, value = made(4000)
    draws = learn_orders(repeats, last, age).draws(400, 1)
    lo, hi = np.quantile(orders_by_month(draws, 24, 0.1)[:, -1], [0.01, 0.99])
    truth = orders_by_month(TRUTH[None], 24, 0.1)[0, -1]
    assert lo < truth < hi
    assert hi / lo < 1.15
    money = mean_order(learn_values(repeats + 1, value).draws(400, 1))
    assert np.quantile(money, 0.01) < 6.0 * 15.0 / 3.0 < np.quantile(money, 0.99)


def test_a_small_group_stays_near_its_company():
    repeats, last, age, _ = made(1500)
    company = learn_orders(repeats, last, age)
    nobody = learn_orders(np.zeros(6), np.zeros(6), np.full(6, 4.0), company)
    whole = orders_by_month(np.exp(company.mode)[None], 24, 0.0)[0, -1]
    assert 0.6 * whole < orders_by_month(np.exp(nobody.mode)[None], 24, 0.0)[0, -1] < whole


def test_who_has_not_ordered_again_has_not_stopped_and_silence_makes_the_others_less_likely_to_stay():
    repeats, last = np.array([0.0, 5.0, 5.0]), np.array([0.0, 10.0, 10.0])
    found = still_customers(TRUTH, repeats, last, np.array([10.0, 10.5, 30.0]))
    assert found[0] == 1
    assert found[2] < 0.2 < found[1] < 1
