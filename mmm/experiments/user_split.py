"""How many people a test of two versions needs, when what counts is the money of all of them and not a p-value.

Test & Roll (Feit & Berman 2019): n people see each version, the rest of the N people get the one that did better.
Responses are normal with a known sd, and what is known beforehand of each version's mean is the same normal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]


def roll_size(people: float, response_sd: float, prior_sd: float) -> float:
    """People to show each version, the profit of all taken together (their equation 10).

    Parameters
    ----------
    people
        All who can be reached, the tested ones among them.
    response_sd
        Of one person's response, in money.
    prior_sd
        Of a version's mean response, as known before the test.
    """
    r = (response_sd / prior_sd) ** 2
    return float(np.sqrt(people / 4.0 * r + (0.75 * r) ** 2) - 0.75 * r)


def roll_gain(size: Floats | float, people: float, response_sd: float, prior_sd: float) -> Floats:
    """Expected money of test and roll above that of one version for all, unseen.

    Parameters
    ----------
    size
        People to show each version, at most half of all.
    """
    n = np.asarray(size, dtype=np.float64)
    told = np.sqrt(prior_sd**2 + response_sd**2 / np.maximum(n, 1e-300))
    return np.asarray((people - 2.0 * n) * prior_sd**2 / (np.sqrt(np.pi) * told), dtype=np.float64)


def textbook_size(response_sd: float, difference: float, level: float = 0.05, wanted: float = 0.80) -> float:
    """People to show each version so that a difference of means is seen with the wanted power, whatever it costs."""
    z = norm.ppf(1.0 - level / 2.0) + norm.ppf(wanted)
    return float(2.0 * (z * response_sd / difference) ** 2)
