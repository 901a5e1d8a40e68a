"""Orders that several platforms claim at once: how many are left when each is counted once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def unique_share(claims: Floats, orders: Floats) -> Floats:
    """Share of a platform's claims that is left when an order is split among all who claim it.

    Claims are taken to fall on orders independently, so platform p claims an order with chance q_p = claims_p / orders
    (at most 1). An order that k others claim too counts 1 / (1 + k), and

        E[1 / (1 + K_p)] = integral over t in 0..1 of  prod_{j != p} (1 - q_j + q_j t)  dt,

    a polynomial that Gauss-Legendre integrates exactly. What is left adds up to orders (1 - prod_j (1 - q_j)), the
    orders that anyone claims. Claims beyond the orders there are cannot all be orders and are overlap in any case.

    Parameters
    ----------
    claims
        Shape (period, platform), 0 or more.
    orders
        Orders of the company, shape (period,).

    Returns
    -------
    Shape (period, platform), in 0..1; 1 where a platform claims nothing.
    """
    claims, orders = np.asarray(claims, float), np.asarray(orders, float)[:, None]
    q = np.minimum(np.divide(claims, orders, out=np.zeros_like(claims), where=orders > 0), 1.0)
    nodes, weights = np.polynomial.legendre.leggauss(claims.shape[1] // 2 + 1)
    t = 0.5 * (nodes + 1.0)
    factors = 1.0 - q[:, :, None] + q[:, :, None] * t
    left = np.ones_like(claims)
    for p in range(claims.shape[1]):
        others = np.delete(factors, p, axis=1).prod(axis=1)
        left[:, p] = 0.5 * others @ weights
    real = np.divide(q * orders, claims, out=np.ones_like(claims), where=claims > 0)
    return np.where(claims > 0, left * real, 1.0)
