"""The design of a test: what is changed where and when, fixed before it runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Design:
    """One test, as it was agreed.

    Attributes
    ----------
    id, where
        Name of the test; where it is written down, for messages.
    channel, audience, message
        What is tested; an empty level means all of it.
    geos, controls
        Treated regions, and those they are compared with; no controls: all others.
    pairs
        Treated and control region of each randomized pair; none: regions were not paired.
    start, end
        First and last day of the changed spend.
    cooldown
        Weeks after the end that count in the effect.
    spend_change
        Money to be added, negative where it is taken away; nan where it was not written down.
    kind
        As in `tests.csv`: geo split, go-dark, heavy-up, ...
    seed
        Of the assignment of regions.
    """

    id: str
    where: str
    channel: str
    audience: str
    message: str
    geos: tuple[str, ...]
    controls: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    start: np.datetime64
    end: np.datetime64
    cooldown: int
    spend_change: float
    kind: str = ""
    seed: int = 1

    @property
    def counted(self) -> np.datetime64:
        """Last day that counts, cool-down included."""
        return self.end + np.timedelta64(7 * self.cooldown, "D")
