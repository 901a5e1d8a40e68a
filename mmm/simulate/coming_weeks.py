"""What a split of the coming weeks' money truly brings: the truth that a plan is scored on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.simulate.facts import LAGS
from mmm.simulate.media import MediaWorld, carried, saturated
from mmm.simulate.worlds import World

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ComingWeeks:
    """The weeks after the table: spent like the last ones, the money of each cell still open.

    Attributes
    ----------
    media
        The true response.
    money
        Of each cell in the last weeks of the table, shape (cell,): today's mix.
    pattern
        Share of a cell's money in each week and region, shape (period, geo, cell); all zero where it spent nothing.
    history
        Spend of the `LAGS - 1` weeks before, shape (period, geo, cell), which carries in.
    after
        Spend of the `LAGS - 1` weeks after, like the last ones again, shape (period, geo, cell).
    """

    media: MediaWorld
    money: Floats
    pattern: Floats
    history: Floats
    after: Floats


def coming_weeks(world: World, weeks: int) -> ComingWeeks:
    """The next weeks of a world, as many as are looked back on."""
    recent = world.spend[-weeks:]
    money = recent.sum(axis=(0, 1))
    again = np.arange(LAGS - 1) % weeks
    return ComingWeeks(
        media=world.media,
        money=money,
        pattern=np.divide(recent, money, out=np.zeros_like(recent), where=money > 0),
        history=world.spend[1 - LAGS :],
        after=recent[again],
    )


def window_revenue(coming: ComingWeeks, money: Floats) -> Floats:
    """Expected revenue that money of the window brings, in the window and the `LAGS - 1` weeks after it.

    What is carried in is sunk: nothing spent brings nothing. Cells do not touch each other in this world.

    Parameters
    ----------
    money
        Of each cell, shape (..., cell).

    Returns
    -------
    Floats
        Revenue, of the shape of `money`.
    """
    media, weeks = coming.media, len(coming.pattern)
    people = media.population
    flat = np.asarray(money, dtype=np.float64).reshape(-1, len(coming.money))
    revenue = np.empty(flat.shape)
    for c, curve in enumerate(media.curves):
        around = np.concatenate(
            [coming.history[:, :, c], np.zeros((weeks, len(people))), coming.after[:, :, c]]
        )
        spent = np.zeros_like(around)
        spent[LAGS - 1 : LAGS - 1 + weeks] = coming.pattern[:, :, c]
        sunk, unit = (carried(part / people, media.weights[c])[LAGS - 1 :] for part in (around, spent))
        shape = media.half[c], media.slope[c]
        without = saturated(curve, sunk, *shape)
        for k, amount in enumerate(flat[:, c]):
            share = saturated(curve, sunk + amount * unit, *shape) - without
            revenue[k, c] = (people * media.strength[:, c] * share).sum()
    return revenue.reshape(np.shape(money))
