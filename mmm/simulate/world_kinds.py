"""Kinds of small companies: what a fit meets outside a textbook, one difficulty at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mmm.simulate.facts import Habit

Carry = Literal["geometric", "delayed", "weibull"]
Curve = Literal["hill", "exponential", "logarithmic"]
Range = tuple[float, float]
"""Least and most of a number that chance draws evenly between them."""


@dataclass(frozen=True, slots=True)
class WorldKind:
    """What the companies of one kind have in common; the defaults are the kind `clean`.

    Attributes
    ----------
    name, about
        Name in tables and on the command line; the difficulty in words.
    inside
        Whether the model's assumptions hold well enough for its intervals to be held to their promise.
    by_geo
        Several regions; else one national series.
    cells, regions
        Least and most of each, that chance picks from.
    weeks
        Lengths of the table that chance picks from.
    carry, curves, habits
        Forms that chance picks from, cell by cell.
    rate, delay, shape, scale
        Rate of geometric carry-over; peak of delayed one, in weeks; shape and scale (weeks) of Weibull.
    slope, half
        Exponent of Hill curves; half-saturation over the mean carried exposure of active weeks.
    together
        Share of each cell's money that follows one plan common to all.
    chases
        Power of demand in the spend of the first two cells.
    demand, demand_shown
        Share of sales that one sd of demand moves; whether the tables have the index.
    breaks
        Steps in the level of sales.
    tails
        Degrees of freedom of the innovations of noise.
    shock
        Sd of the shock that regions share in a week over the sd of their own noise.
    geo_spread
        Sd of the log strength of a cell between regions.
    cold
        Nothing was spent before the first row; else the company was running, unseen.
    useless
        Columns without any part in sales, offered as controls.
    mediated
        Share of the effect of the first two cells that runs through site visits, which are offered as a control.
    returns
        True return of the first cells; the others are drawn.
    """

    name: str
    about: str
    inside: bool = True
    by_geo: bool = False
    cells: tuple[int, int] = (4, 5)
    regions: tuple[int, int] = (6, 10)
    weeks: tuple[int, ...] = (104, 130, 156)
    carry: tuple[Carry, ...] = ("geometric", "delayed", "weibull")
    curves: tuple[Curve, ...] = ("hill", "exponential", "logarithmic")
    habits: tuple[Habit, ...] = ("burst", "always", "flight")
    rate: Range = (0.1, 0.7)
    delay: Range = (0.5, 1.5)
    shape: Range = (0.7, 2.0)
    scale: Range = (1.0, 3.0)
    slope: Range = (0.9, 1.8)
    half: Range = (0.6, 2.5)
    together: float = 0.0
    chases: float = 0.0
    demand: float = 0.0
    demand_shown: bool = True
    breaks: int = 0
    tails: float = 8.0
    shock: float = 0.8
    geo_spread: float = 0.15
    cold: bool = False
    useless: int = 0
    mediated: float = 0.0
    returns: tuple[Range, ...] = ()


KINDS = (
    WorldKind("clean", "nothing awkward"),
    WorldKind("collinear", "one plan moves three quarters of every budget", together=0.75),
    WorldKind(
        "delayed", "carry-over peaks after two to five weeks",
        carry=("delayed", "weibull"), delay=(2.0, 4.5), shape=(2.0, 3.0), scale=(3.0, 6.0),
    ),
    WorldKind("s-curves", "little money brings nothing", curves=("hill",), slope=(2.0, 3.5), half=(0.8, 2.0)),
    WorldKind("heavy-tails", "wild weeks: Student-t noise with 3 degrees of freedom", tails=3.0),
    WorldKind("trend-break", "sales step up or down twice, for no known reason", breaks=2),
    WorldKind(
        "running-start", "always on, long carry-over, and the years before are not in the table",
        habits=("always",), carry=("geometric", "weibull"), rate=(0.75, 0.88), shape=(0.7, 1.2), scale=(4.0, 8.0),
    ),
    WorldKind("cold-start", "the first row is the first day of advertising, and the config says so", cold=True),
    WorldKind(
        "demand-shown", "two budgets chase demand, which the table has as a control", chases=2.0, demand=0.10
    ),
    WorldKind(
        "demand-hidden", "two budgets chase demand that nobody wrote down",
        inside=False, chases=2.0, demand=0.10, demand_shown=False,
    ),
    WorldKind(
        "mediator", "site visits, which media move, are offered as a control", inside=False, mediated=0.6
    ),
    WorldKind("dead-channel", "one cell brings nothing", returns=((0.0, 0.0),)),
    WorldKind("hurtful-channel", "one cell costs sales", inside=False, returns=((-0.6, -0.2),)),
    WorldKind("noise-controls", "twenty columns without any part in sales, offered as controls", useless=20),
    WorldKind("week-shock", "regions share the shock of a week, larger than their own noise", by_geo=True, shock=1.5),
    WorldKind("geo-effects", "a cell works twice as well here as there", by_geo=True, geo_spread=0.4),
)  # fmt: skip
"""Every kind; chance draws everything that a kind does not fix."""
