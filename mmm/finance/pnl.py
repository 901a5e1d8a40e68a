"""Profit and loss of a plan by month and channel, per draw: what it costs, what it brings, when money goes and comes.

    sales - returns                                        = revenue
    revenue - goods                                        = gross_margin
    gross_margin - media - handling - once                 = contribution

Cash: gross margin comes in when customers pay, media go out when their bills are paid, the rest at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.calendar import period_days
from mmm.data.settings import Grain
from mmm.dims import Cell
from mmm.finance.cents import whole_cents
from mmm.finance.economics import Economics, discount
from mmm.inference.posterior import interval

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

COLUMNS = ("mix", "month", "channel", "segment", "line", "unit", "value", "value_lo", "value_hi")
ADDED = ("sales", "returns", "revenue", "goods", "gross_margin", "media", "handling", "once")
"""Lines whose parts add up; `contribution` is made of them."""
EARNED = ("sales", "returns", "revenue", "goods", "gross_margin")
"""Those that a segment of the outcome has: what is spent is spent for all."""


@dataclass(frozen=True, slots=True)
class Flows:
    """What a mix costs and brings, period by period: those of the window, then those in which it still works.

    Attributes
    ----------
    revenue
        Net of returns, by place, shape (place, draw, period).
    media
        Money, by place, and last money for tests that is in no place, shape (place + 1, period).
    leads
        Leads that come with the money, by place, shape (place, period).
    once
        Paid once for what is on.
    counted
        Revenue with that of channels and segments of their own margins counted as at the company's, shape of `revenue`.
    segments
        Of each segment of the outcome, revenue over all places and periods and the same as counted, shape (draw,).
    """

    revenue: Floats
    media: Floats
    leads: Floats
    once: float
    counted: Floats
    segments: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """How money is counted.

    Attributes
    ----------
    returns
        Share of sales that comes back.
    lead_cost
        What sales spends on a lead.
    paid_after, received_after
        Days until a bill of media is paid, and until customers pay.
    """

    returns: float
    lead_cost: float
    paid_after: int
    received_after: int


def months_of(
    dates: Dates, grain: Grain, start: np.datetime64, last: np.datetime64, later: int = 0
) -> Floats:
    """Share of each period's days in each month from that of `start` to that of `last`, shape (period, month).

    Days before `start` count in its month, and days are moved by `later`.
    """
    first = start.astype("datetime64[M]").astype(int)
    shares = np.zeros((len(dates), int(last.astype("datetime64[M]").astype(int)) - int(first) + 1))
    for k, (begin, days) in enumerate(zip(dates, period_days(dates, grain), strict=True)):
        each = np.maximum(begin + np.arange(days), start) + later
        month = each.astype("datetime64[M]").astype(int) - first
        np.add.at(shares[k], month, 1.0 / days)
    return shares


def pnl_table(
    mixes: Mapping[str, Flows],
    cells: Sequence[Cell],
    economics: Economics,
    terms: Terms,
    dates: Dates,
    grain: Grain,
    start: np.datetime64,
) -> pd.DataFrame:
    """The table `pnl.csv`: lines of each mix for the whole plan, by month, by channel, and by segment.

    Money is in whole cents: months, channels with `tests`, and segments add up to the whole line, and lines to
    `contribution`.

    Parameters
    ----------
    mixes
        By name, as `plan` and `current`.
    cells
        The places.
    dates, grain, start
        First day of each period (those after the window too), their length, the window's first day.
    """
    longest = max(terms.paid_after, terms.received_after)
    last = dates[-1] + period_days(dates[-1:], grain)[0] + longest
    names = [
        str(month)
        for month in np.arange(
            start.astype("datetime64[M]"), last.astype("datetime64[M]") + np.timedelta64(1, "M")
        )
    ]
    shares = {
        days: months_of(dates, grain, start, last, days)
        for days in {0, terms.paid_after, terms.received_after}
    }
    rows: list[tuple[object, ...]] = []
    for mix, flows in mixes.items():
        lines = _lines(flows, cells, economics, terms)
        channels = [*dict.fromkeys(cell.channel for cell in cells), ""]
        of = np.array([channels.index(cell.channel) for cell in cells] + [len(channels) - 1])
        by_channel = {
            name: np.stack([line[of == k].sum(axis=0) for k in range(len(channels))])
            for name, line in lines.items()
        }
        rows += [(mix, *row) for row in _money_rows(by_channel, channels, shares[0], names)]
        rows += [(mix, *row) for row in _segment_rows(flows, economics, terms)]
        whole = {name: line.sum(axis=0) for name, line in by_channel.items()}
        rows += [(mix, *row) for row in _figures(whole, economics, terms, shares, names, dates)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _lines(flows: Flows, cells: Sequence[Cell], economics: Economics, terms: Terms) -> dict[str, Floats]:
    """Every line by place, and last by no place, shape (place + 1, draw, period)."""
    draws, periods = flows.revenue.shape[1:]
    nowhere = np.zeros((1, draws, periods))
    revenue = np.concatenate([flows.revenue, nowhere])
    sales = revenue / (1.0 - terms.returns)
    one = np.zeros((1, periods))
    one[0, 0] = flows.once
    none = np.zeros((len(cells), periods))
    lines = {"sales": sales, "returns": sales - revenue, "revenue": revenue}
    if economics.margin is not None:
        gross = economics.margin * np.concatenate([flows.counted, nowhere])
        lines |= {"goods": revenue - gross, "gross_margin": gross}
    fixed = {
        "media": flows.media,
        "handling": np.concatenate([terms.lead_cost * flows.leads, one * 0.0]),
        "once": np.concatenate([none, one]),
    }
    return lines | {
        name: np.broadcast_to(line[:, None, :], (len(cells) + 1, draws, periods))
        for name, line in fixed.items()
    }


def _contribution(lines: Mapping[str, Floats]) -> Floats | None:
    if "gross_margin" not in lines:
        return None
    return lines["gross_margin"] - lines["media"] - lines["handling"] - lines["once"]


def _money_rows(
    lines: Mapping[str, Floats], channels: Sequence[str], share: Floats, names: Sequence[str]
) -> Iterator[tuple[object, ...]]:
    """Rows of money: the whole, months, channels; `lines` by channel, shape (channel, draw, period)."""
    drawn = dict(lines)
    if (left := _contribution(lines)) is not None:
        drawn["contribution"] = left
    cents: dict[tuple[str, str, str], int] = {}
    for name in lines:
        mean = drawn[name].mean(axis=1)
        by_month = whole_cents(mean.sum(axis=0) @ share)
        by_channel = whole_cents(mean.sum(axis=1))
        cents |= {(name, month, ""): int(x) for month, x in zip(names, by_month, strict=True)}
        cents |= {(name, "", channel): int(x) for channel, x in zip(channels, by_channel, strict=True)}
        cents[name, "", "*"] = int(by_channel.sum())
    places = [("", "*"), *((month, "") for month in names), *(("", channel) for channel in channels)]
    for month, channel in places:
        if left is not None:
            parts = (cents[name, month, channel] for name in ("media", "handling", "once"))
            cents["contribution", month, channel] = cents["gross_margin", month, channel] - sum(parts)
        for name, line in drawn.items():
            if month:
                draws = line.sum(axis=0) @ share[:, names.index(month)]
            else:
                draws = (line.sum(axis=0) if channel == "*" else line[channels.index(channel)]).sum(axis=1)
            lo, hi = (round(float(x), 2) for x in interval(draws)[1:])
            shown = "" if channel == "*" or month else channel or "tests"
            yield month, shown, "", name, "money", cents[name, month, channel] / 100.0, lo, hi


def _segment_rows(flows: Flows, economics: Economics, terms: Terms) -> Iterator[tuple[object, ...]]:
    """What each segment of the outcome brings, over the whole plan."""
    if not flows.segments:
        return
    names = list(flows.segments)
    revenue, counted = (np.stack(parts) for parts in zip(*flows.segments.values(), strict=True))
    sales = revenue / (1.0 - terms.returns)
    drawn = {"sales": sales, "returns": sales - revenue, "revenue": revenue}
    if economics.margin is not None:
        gross = economics.margin * counted
        drawn |= {"goods": revenue - gross, "gross_margin": gross}
    cents = {name: whole_cents(line.mean(axis=1)) for name, line in drawn.items()}
    for k, segment in enumerate(names):
        for name, line in drawn.items():
            lo, hi = (round(float(x), 2) for x in interval(line[k])[1:])
            yield "", "", segment, name, "money", int(cents[name][k]) / 100.0, lo, hi


def _figures(
    lines: Mapping[str, Floats],
    economics: Economics,
    terms: Terms,
    shares: Mapping[int, Floats],
    names: Sequence[str],
    dates: Dates,
) -> Iterator[tuple[object, ...]]:
    """Present value, cash by month and break-even; nothing without a margin. `lines` have shape (draw, period)."""
    left = _contribution(lines)
    if left is None:
        return
    cash_in = lines["gross_margin"] @ shares[terms.received_after]
    cash_out = lines["media"] @ shares[terms.paid_after] + (lines["handling"] + lines["once"]) @ shares[0]
    balance = np.cumsum(cash_in - cash_out, axis=1)
    for name, line in (("cash_in", cash_in), ("cash_out", cash_out), ("cash_balance", balance)):
        for k, month in enumerate(names):
            yield month, "", "", name, "money", *_spread(line[:, k])
    yield "", "", "", "cash_needed", "money", *_spread(np.maximum(-balance.min(axis=1), 0.0))
    if economics.discount_rate is not None:
        worth = discount((dates - dates[0]).astype(int), economics.discount_rate)
        yield "", "", "", "npv", "money", *_spread(left @ worth)
    costs = (lines["media"] + lines["handling"] + lines["once"]).sum(axis=1)
    revenue, gross = lines["revenue"].sum(axis=1), lines["gross_margin"].sum(axis=1)
    rate = gross.mean() / revenue.mean() if revenue.mean() else np.nan
    needed = float(costs.mean() / rate)
    yield "", "", "", "break_even_revenue", "money", round(needed, 2), np.nan, np.nan
    paid = left.sum(axis=1) >= 0
    yield "", "", "", "probability_pays", "share", float(paid.mean()), np.nan, np.nan
    for name, line in (
        ("break_even_months", np.cumsum(left @ shares[0], axis=1)),
        ("cash_back_months", balance),
    ):
        yield "", "", "", name, "months", *_month_spread(line)


def _month_spread(line: Floats) -> tuple[float, float, float]:
    """Median and range of the month from whose end on a running sum is never below zero again; empty for never."""
    below = line < -1e-9
    when = np.where(below.any(axis=1), line.shape[1] - below[:, ::-1].argmax(axis=1) + 1.0, 1.0)
    when = np.where(below[:, -1], np.inf, when)
    lo, middle, hi = np.quantile(when, [0.05, 0.5, 0.95], method="inverted_cdf")
    return tuple(float(x) if np.isfinite(x) else np.nan for x in (middle, lo, hi))  # type: ignore[return-value]


def _spread(draws: Floats) -> tuple[float, float, float]:
    mean, lo, hi = (round(float(x), 2) for x in interval(draws))
    return mean, lo, hi
