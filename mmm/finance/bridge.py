"""The money bridge: from what platforms claim to the revenue that finance books, in whole cents, without a gap.

    claimed    - exchange - vat - window - overlap - unseen - not_closed - returned    = matched
    matched    + not_caused                                        = incremental
    incremental + carried_in + owned + base + residual             = finance

Without a fit nobody knows what media caused: one step, `residual`, leads from `matched` to `finance`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.three_counts import ThreeCounts
from mmm.dims import Cell, cell_columns, cell_row
from mmm.finance.cents import whole_cents
from mmm.finance.overlap import unique_share
from mmm.finance.windows import Windows
from mmm.inference.posterior import interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Caused:
    """What a fit says of the windows, in money.

    Attributes
    ----------
    media
        Caused in the windows by paid media, spend before a window that still works in it included: shape (draw,
        window, leaf).
    carried_in, owned, base
        Caused by spend from before the first week of the fit; by owned media; by nothing of these: shape (window,).
    """

    media: Floats
    carried_in: Floats
    owned: Floats
    base: Floats


@dataclass(frozen=True, slots=True)
class Step:
    """Money after a step, before it is written: shape (window, leaf)."""

    name: str
    after: Floats


def counted_steps(counts: ThreeCounts, revenue: Floats, windows: Windows, returns: float) -> list[Step]:
    """From claimed money to what the CRM closed, as far as the counts go.

    Orders are worth what the platform says they are, in each window and leaf; where it says nothing, what the company's
    orders are worth; where these are not known, what all claims are worth.

    Parameters
    ----------
    revenue
        Of the company, shape (period,).
    returns
        Share of closed money that comes back.

    Returns
    -------
    The first step is `claimed`, VAT included, at the latest rate of exchange. A step that the counts know nothing of is
    not there.
    """
    found = counts.counted
    claimed = claimed_money(counts, revenue)
    net = windows.sums(claimed)
    worth = order_value(counts, revenue, windows)
    vat, exchange = (
        windows.sums(found.get(f"claimed_{name}", 0.0 * claimed)) for name in ("vat", "exchange")
    )
    steps = [Step("claimed", net + vat + exchange)]
    if exchange.any():
        steps.append(Step("exchange", net + vat))
    if vat.any():
        steps.append(Step("vat", net))
    within = found["claimed"]
    if "claimed_within" in found:
        within = np.where(np.isfinite(found["claimed_within"]), found["claimed_within"], within)
        claimed = claimed * np.divide(
            within, found["claimed"], out=np.ones_like(within), where=found["claimed"] > 0
        )
        steps.append(Step("window", windows.sums(claimed)))
    if counts.orders is not None:
        channels = list(dict.fromkeys(leaf.channel for leaf in counts.leaves))
        of = np.array([channels.index(leaf.channel) for leaf in counts.leaves])
        by_channel = np.stack(
            [np.nan_to_num(within[:, of == k]).sum(axis=1) for k in range(len(channels))], axis=1
        )
        share = unique_share(by_channel, counts.orders)[:, of]
        steps.append(Step("overlap", windows.sums(claimed * share)))
    for name, step in (("attributed", "unseen"), ("matched", "not_closed")):
        if f"{name}_revenue" in found:
            steps.append(Step(step, windows.sums(found[f"{name}_revenue"])))
        elif name in found:
            steps.append(Step(step, windows.sums(found[name]) * worth))
    if returns > 0:
        steps.append(Step("returned", steps[-1].after * (1.0 - returns)))
    return steps


def claimed_money(counts: ThreeCounts, revenue: Floats) -> Floats:
    """Claimed money net of VAT, shape (period, leaf); claims without money at the value of the company's orders."""
    if "claimed_revenue" in counts.counted:
        return counts.counted["claimed_revenue"]
    assert counts.orders is not None  # `can_bridge` has said so
    value = np.divide(revenue, counts.orders, out=np.zeros_like(revenue), where=counts.orders > 0)
    return counts.counted["claimed"] * value[:, None]


def order_value(counts: ThreeCounts, revenue: Floats, windows: Windows) -> Floats:
    """Money of one order, shape (window, leaf)."""
    claims = windows.sums(counts.counted["claimed"])
    money = windows.sums(claimed_money(counts, revenue))
    everywhere = _ratio(money.sum(axis=1, keepdims=True), claims.sum(axis=1, keepdims=True))
    if counts.orders is not None:
        known = windows.sums(counts.orders[:, None])
        everywhere = np.where(known > 0, _ratio(windows.sums(revenue[:, None]), known), everywhere)
    return np.where(claims > 0, _ratio(money, claims), everywhere)


def bridge_table(
    steps: Sequence[Step], caused: Caused | None, revenue: Floats, counts: ThreeCounts, windows: Windows
) -> pd.DataFrame:
    """The table `bridge.csv`: steps by window, for each leaf, channel and in total.

    Values are whole cents: the changes lead exactly from one level to the next, leaves add up to channels and to the
    total. Leaves and channels end where media do, at `incremental` (without a fit at `matched`).

    Returns
    -------
    Columns period, level, channel, audience (message), step, kind (`level` or `change`), value, value_lo, value_hi.
    Ranges are empty where nothing was drawn.
    """
    standing = [whole_cents(step.after) for step in steps]
    earned = whole_cents(windows.sums(revenue[:, None])[:, 0])
    effect = None if caused is None else whole_cents(caused.media.mean(axis=0))
    keys = cell_columns(counts.leaves)
    rows = []
    for level, cell, mine in groups(counts.leaves):
        drawn = None if caused is None else caused.media[:, :, mine].sum(axis=2)
        for w, period in enumerate(windows.names):
            about = {"period": period, "level": level, **cell_row(cell, keys)}
            money = [int(cents[w, mine].sum()) for cents in standing]
            for name, kind, value in _counted_rows(steps, money):
                rows.append(_row(about, name, kind, value))
            if effect is not None and drawn is not None:
                total = int(effect[w, mine].sum())
                _, lo, hi = interval(drawn[:, w])
                rows.append(_row(about, "not_caused", "change", total - money[-1], lo, hi, shift=money[-1]))
                rows.append(_row(about, "incremental", "level", total, lo, hi))
            if level == "total":
                reached = money[-1] if effect is None else int(effect[w].sum())
                rows += [_row(about, *row) for row in _to_finance(reached, int(earned[w]), caused, w)]
    return pd.DataFrame(rows)


def groups(leaves: Sequence[Cell]) -> Iterator[tuple[str, Cell, NDArray[np.int64]]]:
    """Level, name and members: every leaf, every channel of several leaves, the total."""
    everything = np.arange(len(leaves))
    for k, leaf in enumerate(leaves):
        yield "cell", leaf, everything[k : k + 1]
    for channel in dict.fromkeys(leaf.channel for leaf in leaves):
        yield "channel", Cell(channel), everything[[leaf.channel == channel for leaf in leaves]]
    yield "total", Cell(""), everything


def _counted_rows(steps: Sequence[Step], money: Sequence[int]) -> Iterator[tuple[str, str, int]]:
    yield "claimed", "level", money[0]
    for k, step in enumerate(steps[1:], start=1):
        yield step.name, "change", money[k] - money[k - 1]
    if len(steps) > 1:
        yield "matched", "level", money[-1]


def _to_finance(reached: int, earned: int, caused: Caused | None, w: int) -> Iterator[tuple[str, str, int]]:
    if caused is not None:
        for name in ("carried_in", "owned", "base"):
            part = int(np.rint(100.0 * getattr(caused, name)[w]))
            reached += part
            yield name, "change", part
    yield "residual", "change", earned - reached
    yield "finance", "level", earned


def _row(
    about: dict[str, str],
    step: str,
    kind: str,
    cents: int,
    lo: Floats | float = np.nan,
    hi: Floats | float = np.nan,
    shift: int = 0,
) -> dict[str, object]:
    """A row; a range is money, moved by cents."""
    ends = [round(float(end) - shift / 100.0, 2) for end in (lo, hi)]
    return {
        **about,
        "step": step,
        "kind": kind,
        "value": cents / 100.0,
        "value_lo": ends[0],
        "value_hi": ends[1],
    }


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.zeros(np.broadcast(top, bottom).shape), where=bottom > 0)
