"""What spend in one coming window brings, for any amount of money, per draw.

For a cell with money x in the window, spread over periods and geos by its own pattern,

    response[d](x) = sum_{t, g} value[t, g] * demand[t, g] * ceiling[d, g] * ( S(s0 + x * s1) - S(s0) )

over the periods of the window and the `lags - 1` after it: s0[d, t, g] is the adstock of what was bought
before and after the window, s1[d, t, g] that of one unit of money. What is carried in is sunk, so
response(0) = 0. Where a part of the window is past, money up to what is spent bought what it bought, and only the money
beyond it follows the pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from mmm.dims import Cell
from mmm.errors import InternalFault
from mmm.model.forward import Codes, MediaDraws
from mmm.model.threads import share_out
from mmm.response.kernels import curve
from mmm.response.prices import Price

Floats = NDArray[np.float64]

SMALL = 1_500_000
"""Evaluations of a saturation curve (20 ms) below which waking the other cores costs more than it saves."""


ABOVE_ZERO = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, slots=True)
class Spent:
    """What of the window's money is spent already.

    Attributes
    ----------
    money
        By cell, shape (cell,).
    exposure
        Raw exposure it bought, shape (period, geo, cell); zero in periods still to come.
    """

    money: Floats
    exposure: Floats


@dataclass(frozen=True, slots=True)
class WindowCurves:
    """What spend in one coming window brings, for any amount, per draw.

    Attributes
    ----------
    media
        Draws of the media curves.
    carry_in
        Raw exposure in the periods before the window, oldest first, shape (lags - 1, geo, cell).
    unit_exposure
        Raw exposure bought in each period and geo by one unit of money of the cell's window total,
        shape (period, geo, cell); beyond what is spent already, where the window has begun.
    after
        Raw exposure in the periods after the window, shape (lags - 1, geo, cell).
    value
        Money (or 1) per unit of outcome, shape (period + lags - 1, geo).
    beside
        Raw exposure in the window's periods that the plan does not decide, shape (period, geo, cell): where
        the window begins or ends inside a period. None where there is none.
    prices
        How the price of each cell changes with its money, None where it does not; empty: nowhere.
    spent
        What is spent already; None where the window has not begun.
    demand
        What media are multiplied by, shape of `value`; None: 1.
    others
        Curves of further segments of the outcome, for the same money: what it brings is the sum of all.
    places
        What money is placed on, where that is finer than the cells of `media`: a cell in one geo. Then the last axis
        of `unit_exposure`, `prices` and `spent` is theirs. Empty: the cells of `media`.
    place_cell
        Index of the cell of `media` that each place belongs to, shape (place,); None: as in `media`.
    late
        What a unit of money saves by being paid later than on the window's first day, in the unit of the response,
        shape (place,): it is added to the response. None where that is not counted.
    segment
        Which segment of the outcome it is about; empty: the whole.

    Raises
    ------
    InternalFault
        When shapes disagree, or a number is not finite, is negative, or is zero where it divides.
    """

    media: MediaDraws
    carry_in: Floats
    unit_exposure: Floats
    after: Floats
    value: Floats
    beside: Floats | None = None
    prices: tuple[Price | None, ...] = ()
    spent: Spent | None = None
    demand: Floats | None = None
    others: tuple[WindowCurves, ...] = ()
    places: tuple[Cell, ...] = ()
    place_cell: Codes | None = None
    late: Floats | None = None
    segment: str = ""

    def __post_init__(self) -> None:
        media, periods = self.media, self.unit_exposure.shape[0]
        draws, geos, cells, tail = media.draws, len(media.geos), len(media.cells), media.lags - 1
        _check("half", media.half, (draws, cells), least=ABOVE_ZERO)
        _check("slope", media.slope, (draws, cells), least=ABOVE_ZERO)
        _check("weights", media.weights, (draws, cells, tail + 1))
        _check("ceiling", media.ceiling, (draws, geos, cells), least=-np.inf)  # a draw may hurt
        _check("saturation", media.saturation, (cells,))
        _check("scale", media.scale, (geos, cells), least=ABOVE_ZERO)
        _check("carry_in", self.carry_in, (tail, geos, cells))
        _check("unit_exposure", self.unit_exposure, (periods, geos, len(self.cells)))
        _check("after", self.after, (tail, geos, cells))
        _check("value", self.value, (periods + tail, geos))
        if self.beside is not None:
            _check("beside", self.beside, (periods, geos, cells))
        if self.spent is not None:
            _check("money spent", self.spent.money, (len(self.cells),))
            _check("exposure spent", self.spent.exposure, (periods, geos, len(self.cells)))
        if self.demand is not None:
            _check("demand", self.demand, (periods + tail, geos), least=ABOVE_ZERO)
        for other in self.others:
            _check("unit_exposure", other.unit_exposure, (periods, geos, len(self.cells)))
            _check("half", other.media.half, (draws, cells))

    @property
    def cells(self) -> tuple[Cell, ...]:
        """What money is placed on."""
        return self.places or self.media.cells

    @property
    def cell_of(self) -> Codes:
        """Index of the cell of `media` of each of them, shape (place,)."""
        return np.arange(len(self.media.cells)) if self.place_cell is None else self.place_cell

    @property
    def draws(self) -> int:
        """Number of posterior draws."""
        return self.media.draws

    @property
    def worth(self) -> Floats:
        """Money (or units) of a unit of media effect at a demand of one, shape of `value`."""
        return self.value if self.demand is None else self.value * self.demand

    @property
    def periods(self) -> int:
        """Number of periods in the window."""
        return int(self.unit_exposure.shape[0])


def together(parts: Sequence[WindowCurves]) -> WindowCurves:
    """One set of curves for several segments of the outcome: the same money brings the sum over all."""
    return replace(parts[0], others=tuple(parts[1:]))


def each_alone(curves: WindowCurves) -> tuple[WindowCurves, ...]:
    """The curves of every segment by itself."""
    return tuple(replace(part, others=()) for part in (curves, *curves.others))


def bought_as(curves: WindowCurves, unit_exposure: Floats) -> WindowCurves:
    """The same curves where a unit of money buys other exposure, shape (period, geo, cell)."""
    others = tuple(bought_as(part, unit_exposure) for part in curves.others)
    return replace(curves, unit_exposure=unit_exposure, others=others)


def in_units(curves: WindowCurves) -> WindowCurves:
    """The same curves in units of the outcome instead of money."""
    return replace(
        curves, value=np.ones_like(curves.value), others=tuple(in_units(part) for part in curves.others)
    )


def _check(name: str, array: Floats | Codes, shape: tuple[int, ...], *, least: float = 0.0) -> None:
    """Refuse an array of the response curves that cannot be right."""
    if array.shape != shape:
        raise InternalFault(
            f"The response curves got {name} of shape {array.shape}; {shape} was expected. "
            "Please report this together with the log."
        )
    wrong = ~np.isfinite(array) | (array < least)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise InternalFault(
            f"The response curves got {int(wrong.sum())} unusable values in {name}, the first is "
            f"{array[where]} at {where}. A plan is not made of such numbers; fit again, and if it comes back "
            "report it together with the log."
        )


def price_of(curves: WindowCurves, cell: int) -> Price | None:
    """How the price of a cell changes with its money; None where it does not."""
    return curves.prices[cell] if curves.prices else None


def money_spent(curves: WindowCurves, cell: int) -> float:
    """Money of a cell that is spent in the window already."""
    return 0.0 if curves.spent is None else float(curves.spent.money[cell])


def evaluate(curves: WindowCurves, cell: int, spend: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Response, derivative and chord errors of one cell at ascending amounts of money, by draw.

    Parameters
    ----------
    curves
        The window.
    cell
        Index of the cell.
    spend
        Money in the window, ascending, shape (grid,).

    Returns
    -------
    tuple
        Response (grid, draw); its derivative by money (grid, draw), infinite where the first unit is;
        and for each gap between amounts a bound of response minus chord (grid - 1, draw).
    """
    points = np.ascontiguousarray(spend, dtype=np.float64)
    if points.ndim != 1 or not np.isfinite(points).all() or (points < 0).any() or (np.diff(points) < 0).any():
        raise InternalFault(
            "Amounts of money for a response curve must be finite, ascending and not negative."
        )
    response, slope, excess = _so_far_and_to_come(curves, cell, points)
    if curves.late is not None:  # a straight line: no chord is missed by more
        beyond = np.maximum(points - money_spent(curves, cell), 0.0)[:, None]
        response, slope = response + curves.late[cell] * beyond, slope + curves.late[cell]
    return response, slope, excess


def _so_far_and_to_come(curves: WindowCurves, cell: int, points: Floats) -> tuple[Floats, Floats, Floats]:
    """`evaluate` without what later payment saves."""
    already = money_spent(curves, cell)
    before, beyond = points[points < already], points[points >= already]
    if already == 0 or not beyond.size:
        return _to_come(curves, cell, points) if already == 0 else _so_far(curves, cell, points)
    past, past_slope, past_excess = _so_far(curves, cell, np.append(before, already))
    response, slope, excess = _to_come(curves, cell, beyond)
    # between the last amount below what is spent and the first above it nobody plans, and nothing is bounded
    between = np.full((min(len(before), 1), past.shape[1]), np.inf)
    return (
        np.concatenate([past[:-1], past[-1] + response]),
        np.concatenate([past_slope[:-1], slope]),
        np.concatenate([past_excess[:-1], between, excess]),
    )


def _so_far(curves: WindowCurves, cell: int, points: Floats) -> tuple[Floats, Floats, Floats]:
    """`evaluate` up to what is spent already: what that brought, in the shape it was spent in."""
    return _over_segments(points, curves, cell, so_far=True)


def _to_come(curves: WindowCurves, cell: int, points: Floats) -> tuple[Floats, Floats, Floats]:
    """`evaluate` from what is spent already on: what the money beyond it brings."""
    already = np.array([money_spent(curves, cell)])
    price = price_of(curves, cell)
    if price is None:
        return _over_segments(points - already, curves, cell)
    bought, steepness = price.buys(points) - price.buys(already), price.slope(points)
    response, slope, excess = _over_segments(bought, curves, cell)
    if points.size > 1:
        # a response under its chord in what is bought, which itself rises above its chord in money
        width = np.diff(bought)
        chord = np.diff(response, axis=0) / np.where(width > 0, width, np.inf)[:, None]
        excess = excess + np.maximum(chord, 0.0) * price.excess(points)[:, None]
    with np.errstate(invalid="ignore"):
        by_money = slope * steepness[:, None]
    return response, np.where(slope == 0, 0.0, by_money), excess


def _over_segments(
    points: Floats, curves: WindowCurves, cell: int, *, so_far: bool = False
) -> tuple[Floats, Floats, Floats]:
    """`evaluate` where all money buys at today's price: the sum over all segments."""
    found = [
        _at_one_price(points, _terms(part, cell, so_far=so_far), part, cell)
        for part in (curves, *curves.others)
    ]
    if len(found) == 1:
        return found[0]
    with np.errstate(invalid="ignore"):
        response, slope, excess = (np.sum(parts, axis=0) for parts in zip(*found, strict=True))
    # begins infinitely steep up in one segment and down in another: no side wins
    return response, np.where(np.isnan(slope), 0.0, slope), excess


def _at_one_price(
    points: Floats, terms: tuple[Floats, Floats, Floats], curves: WindowCurves, cell: int
) -> tuple[Floats, Floats, Floats]:
    """`evaluate` over some terms of one segment, where all money buys at today's price."""
    base, rate, worth = terms
    medium = curves.cell_of[cell]
    kind, draws = int(curves.media.saturation[medium]), len(base)
    half, power = (
        np.ascontiguousarray(part[:, medium], np.float64) for part in (curves.media.half, curves.media.slope)
    )
    response, slope = np.zeros((2, draws, points.size))
    excess = np.zeros((draws, max(points.size - 1, 0)))

    def work(start: int, stop: int) -> None:
        parts = (part[start:stop] for part in (base, rate, worth, half, power, response, slope, excess))
        curve(kind, points, *parts)

    if points.size * base.size < SMALL:
        work(0, draws)
    else:
        share_out(draws, work)
    return response.T, slope.T, excess.T


def _terms(curves: WindowCurves, cell: int, *, so_far: bool = False) -> tuple[Floats, Floats, Floats]:
    """Adstock without the cell's money, adstock of a unit of it, and worth of a full saturation, (draw, term).

    A term is a period and geo that money of the cell can reach: the window's periods and `lags - 1` after it.
    With `so_far` the money is what is spent already; else that is part of what is there without it.
    """
    media, tail, medium = curves.media, curves.media.lags - 1, curves.cell_of[cell]
    unit = curves.unit_exposure[:, :, cell]
    past = np.zeros_like(unit) if curves.spent is None else curves.spent.exposure[:, :, cell]
    geos = np.flatnonzero((unit + past).any(axis=0))
    scale, unit, past = media.scale[geos, medium], unit[:, geos], past[:, geos]
    beside = np.zeros_like(unit) if curves.beside is None else curves.beside[:, geos, medium]
    if curves.spent is not None:
        unit, beside = (past / curves.spent.money[cell], beside) if so_far else (unit, beside + past)
    around = np.concatenate([curves.carry_in[:, geos, medium], beside, curves.after[:, geos, medium]]) / scale
    money = np.pad(unit / scale, ((tail, tail), (0, 0)))
    weights = media.weights[:, medium, ::-1].T
    # the lags of every period as the last axis: (period, geo, lag), then (term, lag)
    there, bought = (
        sliding_window_view(exposure, tail + 1, axis=0).reshape(-1, tail + 1) for exposure in (around, money)
    )
    reached = bought.any(axis=1)
    worth = (curves.worth[:, geos] * media.ceiling[:, None, geos, medium]).reshape(media.draws, -1)
    base, rate = ((exposure[reached] @ weights).T for exposure in (there, bought))
    return np.ascontiguousarray(base), np.ascontiguousarray(rate), np.ascontiguousarray(worth[:, reached])


def _in_any_order(curves: WindowCurves, cell: int, spend: ArrayLike) -> tuple[Floats, Floats]:
    """Response and derivative (grid, draw) at amounts in the order they were given."""
    points = np.atleast_1d(np.asarray(spend, dtype=np.float64))
    order = np.argsort(points, kind="stable")
    back = np.argsort(order, kind="stable")
    response, slope, _ = evaluate(curves, cell, points[order])
    return response[back], slope[back]


def response(curves: WindowCurves, cell: int, spend: ArrayLike) -> Floats:
    """Money (or outcome) that each amount of spend brings, carry-over included, shape (grid, draw)."""
    return _in_any_order(curves, cell, spend)[0]


def slope(curves: WindowCurves, cell: int, spend: ArrayLike) -> Floats:
    """Derivative of the response by money, shape (grid, draw).

    The curves are smooth for any spend above 0; at 0 it is the derivative to the right, which is infinite in
    a draw whose exponent is below 1 and where nothing is carried in. Never nan.
    """
    return _in_any_order(curves, cell, spend)[1]


def mroi(curves: WindowCurves, cell: int, spend: ArrayLike) -> Floats:
    """Return of the next unit of money, shape (grid, draw), always finite.

    It is the derivative; where that is infinite, the mean return of a small first step: a thousandth of the
    money that buys the exposure which counts as one.
    """
    points = np.atleast_1d(np.asarray(spend, dtype=np.float64))
    value, steepness = _in_any_order(curves, cell, points)
    endless = ~np.isfinite(steepness)
    if not endless.any():
        return steepness
    rate = curves.unit_exposure[:, :, cell] / curves.media.scale[:, curves.cell_of[cell]]
    step = 1e-3 / rate[rate > 0].mean()
    return np.where(endless, (response(curves, cell, points + step) - value) / step, steepness)
