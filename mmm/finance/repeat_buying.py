"""How customers come back and what they spend: BG/NBD for orders, Gamma-Gamma for their money.

A customer orders at a rate of his own until he stops, which he does after any order but the first with a chance of his
own; rates are gamma and chances beta distributed (Fader, Hardie, Lee 2005, "Counting your customers the easy way").
What an order is worth varies around a mean of his own, which has nothing to do with how often he orders (Fader, Hardie
2013, "The Gamma-Gamma model of monetary value"). Time is in months.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from mmm.finance.economics import discount
from mmm.finance.lifetime import MONTH

Floats = NDArray[np.float64]

WEAK, SIBLING = 2.0, 0.5
"""sd of the logs of parameters: of the company around 1 (money: its mean order), of a group around the company."""
DRAWS = 400
NODES = 3
"""Points of Gauss-Legendre in a month."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Logs of parameters by Laplace's approximation: mode, shape (n,), and covariance, shape (n, n)."""

    mode: Floats
    covariance: Floats

    def draws(self, count: int, seed: int) -> Floats:
        """Parameters, shape (draw, n)."""
        rng = np.random.default_rng([seed, 53])
        root = np.linalg.cholesky(self.covariance)
        return np.exp(self.mode + rng.standard_normal((count, len(self.mode))) @ root.T)


def order_likelihood(parameters: Floats, repeats: Floats, last: Floats, age: Floats) -> Floats:
    """Log likelihood of each customer's orders under BG/NBD (eq. 6 of the 2005 paper), shape (customer,).

    Parameters
    ----------
    parameters
        r, alpha of the gamma of rates; a, b of the beta of chances.
    repeats, last, age
        As in `mmm.data.transactions.Customers`.
    """
    r, alpha, a, b = parameters
    again = repeats > 0
    # a customer without a second order has not stopped
    alive = betaln(a, b + repeats) - (r + repeats) * np.log(alpha + age)
    stopped = np.where(
        again,
        betaln(a + 1.0, b + np.maximum(repeats, 1.0) - 1.0) - (r + repeats) * np.log(alpha + last),
        -np.inf,
    )
    both = np.logaddexp(alive, stopped) - betaln(a, b)
    return np.asarray(gammaln(r + repeats) - gammaln(r) + r * np.log(alpha) + both)


def value_likelihood(parameters: Floats, orders: Floats, value: Floats) -> Floats:
    """Log likelihood of each customer's mean order under Gamma-Gamma, shape (customer,).

    Parameters
    ----------
    parameters
        p, q - 1 and gamma of the model: the mean order of all customers is p gamma / (q - 1).
    orders, value
        Orders, the first included, and their mean money.
    """
    p, above, gamma = parameters
    q, px = above + 1.0, p * orders
    return np.asarray(
        gammaln(px + q)
        - gammaln(px)
        - gammaln(q)
        + q * np.log(gamma)
        + (px - 1.0) * np.log(value)
        + px * np.log(orders)
        - (px + q) * np.log(gamma + orders * value)
    )


def learn_orders(repeats: Floats, last: Floats, age: Floats, company: Learned | None = None) -> Learned:
    """r, alpha, a and b of a company, or of a group of its customers."""
    centre = np.zeros(4) if company is None else company.mode
    return _learn(lambda told: order_likelihood(np.exp(told), repeats, last, age).sum(), centre, _sd(company))


def learn_values(orders: Floats, value: Floats, company: Learned | None = None) -> Learned:
    """p, q - 1 and gamma of a company, or of a group of its customers."""
    centre = np.array([0.0, 0.0, np.log(value.mean())]) if company is None else company.mode
    return _learn(lambda told: value_likelihood(np.exp(told), orders, value).sum(), centre, _sd(company))


def _sd(company: Learned | None) -> float:
    return WEAK if company is None else SIBLING


def _learn(log_likelihood: Callable[[Floats], float], centre: Floats, sd: float) -> Learned:
    def loss(told: Floats) -> float:
        return 0.5 * float((((told - centre) / sd) ** 2).sum()) - log_likelihood(told)

    found = minimize(loss, centre, method="L-BFGS-B", bounds=[(c - 6 * sd, c + 6 * sd) for c in centre])
    return Learned(found.x, _covariance(loss, found.x))


def _covariance(loss: Callable[[Floats], float], at: Floats, step: float = 1e-3) -> Floats:
    """Inverse of the second derivatives, by central differences; directions without any are as wide as the prior."""
    n = len(at)
    steps = step * np.eye(n)
    second = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            ends = [loss(at + s * steps[i] + t * steps[j]) * s * t for s in (1, -1) for t in (1, -1)]
            second[i, j] = second[j, i] = sum(ends) / (4 * step**2)
    size, axes = np.linalg.eigh(second)
    return np.asarray((axes / np.maximum(size, 1.0 / WEAK**2)) @ axes.T)


def order_rate(parameters: Floats, month: Floats) -> Floats:
    """Repeat orders a month that a new customer makes at some age, stopping counted.

    With rate L and chance p he orders at L exp(-L p t). Over the gamma that is (r / alpha) (1 + p t / alpha)^-(r + 1),
    and over the beta Euler's integral of (r / alpha) 2F1(r + 1, a; a + b; -t / alpha).

    Parameters
    ----------
    parameters
        r, alpha, a, b, shape (draw, 4).
    month
        Age, shape (time,).

    Returns
    -------
    Shape (draw, time).
    """
    r, alpha, a, b = (parameters[:, [k]] for k in range(4))
    return np.asarray(r / alpha * hyp2f1(r + 1.0, a, a + b, -month[None, :] / alpha))


def orders_by_month(parameters: Floats, months: int, rate: float) -> Floats:
    """Discounted orders of a new customer until the end of each month, the first counted, shape (draw, month)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    inside = 0.5 * (nodes + 1.0)
    when = (np.arange(months)[:, None] + inside).ravel()
    each = order_rate(parameters, when) * discount(MONTH * when, rate)
    by_month = each.reshape(len(parameters), months, NODES) @ (0.5 * weights)
    return np.asarray(1.0 + np.cumsum(by_month, axis=1))


def mean_order(parameters: Floats) -> Floats:
    """Mean money of an order over all customers, shape (draw,); `parameters` as in `value_likelihood`, (draw, 3)."""
    return np.asarray(parameters[:, 0] * parameters[:, 2] / parameters[:, 1])


def still_customers(parameters: Floats, repeats: Floats, last: Floats, age: Floats) -> Floats:
    """Probability that each customer has not stopped, shape (customer,); one without a second order never has."""
    r, alpha, a, b = parameters
    odds = a / (b + np.maximum(repeats, 1.0) - 1.0) * ((alpha + age) / (alpha + last)) ** (r + repeats)
    return np.where(repeats > 0, 1.0 / (1.0 + odds), 1.0)
