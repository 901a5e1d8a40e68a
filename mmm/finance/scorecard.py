"""From activity to result without a fit: what each channel cost and brought, against its own past.

A key figure is a ratio of two sums over a window, so all windows that end in any period are one pass over running
sums; the past of a figure is the same figure at an earlier end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.calendar import period_ends
from mmm.data.panel import Panel
from mmm.data.three_counts import ThreeCounts
from mmm.dims import Cell, cell_columns, cell_row
from mmm.finance.bridge import groups
from mmm.finance.people import too_few
from mmm.finance.windows import YEAR

Floats = NDArray[np.float64]

SEASON = {"day": 28, "week": 4, "month": 1}
"""How far from the same days of earlier years a window may lie and still be of the same season."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """A key figure: `factor` x `top` / `bottom`, or the sum of `top` where nothing stands below.

    `n` is what is counted behind it.
    """

    name: str
    goal: str
    top: str
    bottom: str = ""
    factor: float = 1.0
    n: str = ""


FUNNEL = (
    Kpi("spend", "", "spend"),
    Kpi("cost_per_1000_exposures", "awareness", "spend", "exposure", 1000.0, "exposure"),
    Kpi("click_rate", "awareness", "clicks", "exposure", n="exposure"),
    Kpi("cost_per_click", "leads", "spend", "clicks", n="clicks"),
    Kpi("lead_rate", "leads", "leads", "clicks", n="clicks"),
    Kpi("cost_per_lead", "leads", "spend", "leads", n="leads"),
    Kpi("qualified_rate", "leads", "qualified", "leads", n="leads"),
    Kpi("cost_per_qualified_lead", "leads", "spend", "qualified", n="qualified"),
    Kpi("conversion_rate", "sales", "attributed", "clicks", n="clicks"),
    Kpi("claimed_cost_per_order", "sales", "spend", "claimed", n="claimed"),
    Kpi("claimed_revenue_per_spend", "sales", "claimed_revenue", "spend", n="claimed"),
    Kpi("seen_rate", "sales", "attributed", "claimed", n="claimed"),
    Kpi("cost_per_order", "sales", "spend", "attributed", n="attributed"),
    Kpi("close_rate", "sales", "matched", "closable", n="closable"),
    Kpi("cost_per_customer", "sales", "spend", "matched", n="matched"),
    Kpi("full_cost_per_customer", "sales", "full_cost", "matched", n="matched"),
    Kpi("expected_customers", "sales", "expected", n="expected"),
    Kpi("expected_close_rate", "leads", "expected", "cohort", n="cohort"),
    Kpi("ripe_share", "", "ripe", "cohort", n="cohort"),
    Kpi("cost_per_expected_customer", "sales", "full_spend", "expected", n="expected"),
    Kpi("revenue_per_lead", "leads", "matched_revenue", "leads", n="leads"),
)
COMPANY = (
    Kpi("revenue", "", "revenue"),
    Kpi("orders", "", "orders"),
    Kpi("order_value", "sales", "revenue", "orders", n="orders"),
    Kpi("media_share_of_revenue", "", "spend", "revenue"),
    Kpi("revenue_per_spend", "sales", "revenue", "spend"),
    Kpi("spend_per_order", "sales", "spend", "orders", n="orders"),
    Kpi("new_customers", "", "new_customers"),
    Kpi("spend_per_new_customer", "sales", "spend", "new_customers", n="new_customers"),
)
PEOPLE = ("leads", "qualified", "matched", "closable", "expected", "cohort")
OF_PEOPLE = frozenset(kpi.name for kpi in FUNNEL if kpi.n in PEOPLE)
"""Figures behind which people are counted; about fewer than five they are left out."""
COSTS = frozenset(
    {kpi.name for kpi in FUNNEL if kpi.top in ("spend", "full_cost", "full_spend") and kpi.bottom}
    | {"spend_per_order", "spend_per_new_customer", "media_share_of_revenue"}
)
"""Figures that are better when they are lower."""


def scorecard_table(
    panel: Panel,
    counts: ThreeCounts,
    revenue: Floats | None,
    span: int,
    shares: pd.DataFrame | None = None,
    handling: float = 0.0,
    expected: Mapping[str, Floats] | None = None,
) -> pd.DataFrame:
    """The table `scorecard.csv`: key figures by window, for each leaf, channel and in total.

    Windows of `span` periods are counted back from the last; only whole ones are shown. `previous` is the window
    before, `same_period_last_year` the one a year (52 weeks) earlier. `benchmark` is the median of windows of the
    same season in earlier years, of any earlier ones where there is no earlier year. `n` is how many things were
    counted behind a figure, periods where nothing is. Parts of a channel that a system does not count, and their
    spend, are left out of its figures.

    Parameters
    ----------
    revenue
        Of the company, shape (period,), nan where it is not known; None where the outcome has no money value.
    shares
        Columns date, part (paid, owned, base) and value: the outcome split by a fit, where one stands.
    handling
        What sales spends on a lead.
    expected
        Leads of the CRM, those of them that are ripe, and their orders in the end, shape (period, leaf)
        (`mmm.finance.maturity`).
    """
    keys = cell_columns(counts.leaves)
    names = window_names(panel, span)
    frames = []
    for level, cell, mine in groups(counts.leaves):
        for kpi, value, n in _figures(panel, counts, revenue, level, mine, span, handling, expected):
            frames.append(_rows(panel, names, span, {"level": level, **cell_row(cell, keys)}, kpi, value, n))
    if shares is not None:
        frames += [
            _rows(panel, names, span, {"level": "total", **cell_row(Cell(""), keys)}, *found)
            for found in _shares(panel, shares, span)
        ]
    table = pd.concat(frames, ignore_index=True)
    alone = table["kpi"].isin(OF_PEOPLE) & too_few(table["n"])
    table = table[np.isfinite(table["value"].to_numpy(float)) & ~alone]
    front = ["period", "level", *keys, "campaign", "creative", "goal", "kpi", "value", "previous"]
    return table[[*front, "same_period_last_year", "benchmark", "n"]].reset_index(drop=True)


def _figures(
    panel: Panel,
    counts: ThreeCounts,
    revenue: Floats | None,
    level: str,
    mine: NDArray[np.int64],
    span: int,
    handling: float,
    expected: Mapping[str, Floats] | None,
) -> Iterator[tuple[Kpi, Floats, Floats]]:
    """Every key figure of a group at every end of a window, shape (period,), and what is counted behind it."""
    series = series_of(panel, counts, mine, handling)
    series |= {name: values[:, mine] for name, values in (expected or {}).items()}
    series["full_spend"] = series.get("full_cost", series["spend"])
    per_leaf = {name: np.isfinite(values).any(axis=0) for name, values in series.items()}
    company = {"revenue": revenue, "orders": counts.orders, "new_customers": counts.new_customers}
    company["spend"] = panel.spend.sum(axis=(1, 2))

    def summed(name: str, both: NDArray[np.bool_]) -> Floats:
        values = series[name][:, both]
        return running(
            np.where(np.isfinite(values), values, 0.0).sum(axis=1), np.isfinite(values).any(axis=1), span
        )

    for kpi in FUNNEL:
        used = [name for name in (kpi.top, kpi.bottom) if name]
        if not set(used) <= set(series):
            continue
        both = np.logical_and.reduce([per_leaf[name] for name in used])
        if not both.any() or (level != "cell" and "exposure" in used and not both.all()):
            continue  # a channel's exposures add up only where all of it is counted alike
        if level == "total" and "exposure" in used:
            continue
        yield _ratio(kpi, *(summed(name, both) for name in used), n=summed(kpi.n, both) if kpi.n else span)
    if level != "total":
        return
    for kpi in COMPANY:
        used_company = [company[name] for name in (kpi.top, kpi.bottom) if name]
        sums = [running(np.nan_to_num(x), np.isfinite(x), span) for x in used_company if x is not None]
        if len(sums) == len(used_company):
            yield _ratio(kpi, *sums, n=sums[1] if kpi.n else span)


def series_of(
    panel: Panel, counts: ThreeCounts, mine: NDArray[np.int64], handling: float = 0.0
) -> dict[str, Floats]:
    """Everything counted of some leaves, shape (period, leaf)."""
    members = counts.members[mine].astype(float)
    exposure = panel.exposure.sum(axis=1) @ members.T
    whole = (counts.members[mine] <= panel.has_exposure).all(axis=1)
    series = {name: values[:, mine] for name, values in counts.counted.items()}
    series["spend"] = panel.spend.sum(axis=1) @ members.T
    series["exposure"] = np.where(whole, exposure, np.nan)
    if handling > 0 and "leads" in series:
        series["full_cost"] = series["spend"] + handling * series["leads"]
    for stage in (
        "qualified",
        "leads",
        "attributed",
    ):  # what can close: the last stage before it that is counted
        if stage in series:
            series["closable"] = series[stage]
            break
    return series


def _ratio(
    kpi: Kpi, top: Floats, bottom: Floats | None = None, *, n: Floats | int
) -> tuple[Kpi, Floats, Floats]:
    number = np.broadcast_to(np.asarray(n, float), top.shape)
    if bottom is None:
        return kpi, top, number
    value = np.full(top.shape, np.nan)
    np.divide(kpi.factor * top, bottom, out=value, where=bottom > 0)
    return kpi, value, number


def running(values: Floats, known: NDArray[np.bool_], span: int) -> Floats:
    """Sum of the last `span` values at each place, nan where one of them is not known, shape (period,)."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    there = np.concatenate([[0], np.cumsum(known)])
    out = np.full(len(values), np.nan)
    if span <= len(values):
        out[span - 1 :] = np.where(there[span:] - there[:-span] == span, total[span:] - total[:-span], np.nan)
    return out


def window_names(panel: Panel, span: int) -> dict[int, str]:
    """Ends of the windows shown, oldest first, and what they are called."""
    ends = period_ends(panel.dates, panel.grain)
    last = len(panel.dates) - 1
    shown = range(last, span - 2, -span)
    return {end: f"{panel.dates[end - span + 1]}/{ends[end]}" for end in reversed(shown)}


def _rows(
    panel: Panel, names: dict[int, str], span: int, about: dict[str, str], kpi: Kpi, value: Floats, n: Floats
) -> pd.DataFrame:
    ends = np.array(list(names), np.int64)
    year = YEAR[panel.grain]
    return pd.DataFrame(
        {
            "period": list(names.values()),
            "campaign": "",
            "creative": "",
            **about,
            "goal": kpi.goal,
            "kpi": kpi.name,
            "value": value[ends],
            "previous": _earlier(value, ends, span),
            "same_period_last_year": _earlier(value, ends, year),
            "benchmark": [benchmark(value, int(end), span, year, SEASON[panel.grain]) for end in ends],
            "n": n[ends],
        }
    )


def _earlier(value: Floats, ends: NDArray[np.int64], by: int) -> Floats:
    return np.where(ends >= by, value[np.maximum(ends - by, 0)], np.nan)


def benchmark(value: Floats, end: int, span: int, year: int, near: int) -> float:
    """What is usual: median over the same season of earlier years, else over earlier windows; nan without any."""
    season = [e + shift for e in range(end - year, -1, -year) for shift in (-near, 0, near)]
    before = list(range(end - span, -1, -span))
    for places in (season, before):
        found = value[[e for e in places if 0 <= e <= end - span]]
        found = found[np.isfinite(found)]
        if found.size:
            return float(np.median(found))
    return float("nan")


def _shares(panel: Panel, shares: pd.DataFrame, span: int) -> Iterator[tuple[Kpi, Floats, Floats]]:
    """Paid, owned and base share of the outcome, at every end of a window within the fit."""
    place = np.searchsorted(panel.dates, shares["date"].to_numpy().astype("datetime64[D]"))
    known = np.isin(np.arange(len(panel.dates)), place)
    outcome = np.zeros(len(panel.dates))
    np.add.at(outcome, place, shares["value"].to_numpy(float))
    below = running(outcome, known, span)
    for part in ("paid", "owned", "base"):
        mine = (shares["part"] == part).to_numpy()
        value = np.zeros(len(panel.dates))
        np.add.at(value, place[mine], shares["value"].to_numpy(float)[mine])
        yield _ratio(Kpi(f"{part}_share", "", part, "outcome"), running(value, known, span), below, n=span)
