"""Many budgets, or many draws, of one window: each planned by itself, so that processes or an engine can share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from mmm.errors import Infeasible
from mmm.planning.allocation import take_draws
from mmm.planning.budgets import Desk, Mix, best_mix
from mmm.response.table import Sketch
from mmm.runs.engines import HERE, Workers
from mmm.runs.executor import side_by_side

Asked = tuple[float, Sketch]
"""A budget, and the curves that plan it."""


def best_mixes(desk: Desk, asked: Sequence[Asked], workers: Workers = HERE) -> list[Mix | Infeasible]:
    """The best split of each budget on its own curves; where limits leave it no plan, the reason in its place.

    Parameters
    ----------
    workers
        Who shares them; the splits are the same for all.

    Raises
    ------
    InputError
        When an engine cannot be used, or the system ended a process.
    """
    found = side_by_side(partial(_attempt, desk=_light(desk)), asked, workers)
    return [Infeasible(mix) if isinstance(mix, str) else mix for mix in found]


def _attempt(asked: Asked, desk: Desk) -> Mix | str:
    """One split, or why there is none: a task that raises would take the others with it."""
    budget, sketch = asked
    try:
        return best_mix(replace(desk, sketch=sketch), budget)
    except Infeasible as error:
        return str(error)


def _light(desk: Desk) -> Desk:
    """The desk with one draw of its curves: a split needs a sketch only, and all draws are far larger."""
    one = np.arange(1)
    bank = desk.bank
    first = tuple(value[:, :1] for value in bank.value), tuple(slope[:, :1] for slope in bank.slope)
    return replace(
        desk,
        curves=take_draws(desk.curves, one),
        aim=replace(desk.aim, curves=take_draws(desk.aim.curves, one)),
        bank=replace(bank, draws=1, value=first[0], slope=first[1]),
    )
