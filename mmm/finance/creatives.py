"""The ledger of creatives: what each campaign and ad cost, counted, and is allocated of what media caused."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.creatives import Creatives
from mmm.data.panel import Panel
from mmm.finance.cents import whole_cents
from mmm.finance.people import too_few
from mmm.finance.scorecard import FUNNEL, Kpi, kpi_rows, ratio, running, window_names
from mmm.inference.posterior import interval

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

KPIS = (
    "spend",
    "cost_per_1000_exposures",
    "click_rate",
    "cost_per_click",
    "cost_per_lead",
    "cost_per_qualified_lead",
)
OF_PEOPLE = ("leads", "qualified", "won")
COLUMNS = (
    *("period", "channel", "audience", "campaign", "creative", "first_day", "last_day", "age_days"),
    *("spend", "exposure", "clicks", "click_rate", "leads", "qualified", "cost_per_qualified_lead"),
    *("won", "won_revenue", "contribution", "contribution_lo", "contribution_hi", "allocated_by", "wear"),
)


def creatives_table(
    found: Creatives, panel: Panel, inside: Flags, period: str, caused: Floats | None
) -> pd.DataFrame:
    """The table `creatives.csv`: each line that cost or counted anything in a window.

    Nobody measures what one ad causes: `contribution` is that of its line of spend, shared out by exposure where all
    ads there have it, else by money (`allocated_by`), in whole cents that add up to the line's.

    Parameters
    ----------
    inside, period
        Which periods the window holds, shape (period,), and what it is called.
    caused
        By leaf in the window, in money, shape (draw, leaf); None without a fit.

    Returns
    -------
    Columns `COLUMNS`. Leads, qualified and won are empty where fewer than five people stand behind them.
    """
    sums = {name: _window_sum(values, inside) for name, values in found.counted.items()}
    nothing = np.full(len(found.lines), np.nan)
    spend = np.nan_to_num(sums.get("spend", nothing))
    cents = whole_cents(spend)
    lots = {
        name: sums.get(name, nothing).copy() for name in (*OF_PEOPLE, "exposure", "clicks", "won_revenue")
    }
    few = too_few(np.nan_to_num(lots["won"]))
    for name in OF_PEOPLE:
        lots[name][too_few(np.nan_to_num(lots[name]))] = np.nan
    lots["won_revenue"][few] = np.nan
    money, lo, hi, by = _allocated(found, sums, spend, caused)
    here = (spend > 0) | np.any([np.nan_to_num(values) > 0 for values in sums.values()], axis=0)
    rows = []
    for k in np.flatnonzero(here):
        line = found.lines[k]
        ran = not np.isnat(found.first[k])
        rows.append(
            {
                "period": period,
                "channel": line.channel,
                "audience": line.audience,
                "campaign": line.campaign,
                "creative": line.creative,
                "first_day": str(found.first[k]) if ran else "",
                "last_day": str(found.last[k]) if ran else "",
                "age_days": int((panel.data_until - found.first[k]).astype(int)) + 1 if ran else np.nan,
                "spend": cents[k] / 100.0,
                "click_rate": _over(lots["clicks"][k], lots["exposure"][k]),
                "cost_per_qualified_lead": _over(spend[k], lots["qualified"][k]),
                "contribution": money[k],
                "contribution_lo": lo[k],
                "contribution_hi": hi[k],
                "allocated_by": by[k],
                "wear": found.wear[k],
                **{name: float(values[k]) for name, values in lots.items()},
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def creative_figures(found: Creatives, panel: Panel, span: int) -> pd.DataFrame:
    """Rows of `scorecard.csv` for each line and window in which it cost money."""
    names = window_names(panel, span)
    chosen = [kpi for kpi in FUNNEL if kpi.name in KPIS]
    frames = []
    for k, line in enumerate(found.lines):
        about = {"level": "creative", "channel": line.channel, "audience": line.audience}
        about |= {"campaign": line.campaign, "creative": line.creative}
        frames += [kpi_rows(panel, names, span, about, *one) for one in _figures(found, k, chosen, span)]
    if not frames:
        return pd.DataFrame()
    table = pd.concat(frames, ignore_index=True)
    people = table["kpi"].isin(["cost_per_lead", "cost_per_qualified_lead"]) & too_few(table["n"])
    ran = table["period"].isin(names.values()) & (table["value"] > 0)
    return table[ran & ~people]


def _figures(found: Creatives, k: int, chosen: list[Kpi], span: int) -> Iterator[tuple[Kpi, Floats, Floats]]:
    for kpi in chosen:
        used = [name for name in (kpi.top, kpi.bottom) if name]
        if not all(name in found.counted and np.isfinite(found.counted[name][:, k]).any() for name in used):
            continue
        sums = [
            running(np.nan_to_num(x), np.isfinite(x), span)
            for x in (found.counted[name][:, k] for name in used)
        ]
        counted = found.counted[kpi.n][:, k] if kpi.n else None
        yield ratio(kpi, *sums, n=span if counted is None else running(counted, np.isfinite(counted), span))


def _window_sum(values: Floats, inside: Flags) -> Floats:
    """Sum over a window by line, nan where a line is not counted so."""
    return np.where(np.isfinite(values).any(axis=0), np.nan_to_num(values[inside]).sum(axis=0), np.nan)


def _allocated(
    found: Creatives, sums: dict[str, Floats], spend: Floats, caused: Floats | None
) -> tuple[Floats, Floats, Floats, list[str]]:
    """Money of each line, its range, and by what it is shared out."""
    lines = len(found.lines)
    money, lo, hi = (np.full(lines, np.nan) for _ in range(3))
    by = [""] * lines
    if caused is None:
        return money, lo, hi, by
    exposure = sums.get("exposure", np.full(lines, np.nan))
    whole = whole_cents(caused.mean(axis=0))
    _, low, high = interval(caused)
    for leaf in np.unique(found.leaf):
        mine = np.flatnonzero((found.leaf == leaf) & (spend > 0))
        if not mine.size:
            continue
        seen = bool(np.isfinite(exposure[mine]).all() and (exposure[mine] > 0).all())
        weight = (exposure if seen else spend)[mine]
        share = weight / weight.sum()
        money[mine] = whole_cents(whole[leaf] / 100.0 * share) / 100.0
        lo[mine], hi[mine] = np.round(low[leaf] * share, 2), np.round(high[leaf] * share, 2)
        for k in mine:
            by[k] = "exposure" if seen else "spend"
    return money, lo, hi, by


def _over(top: float, bottom: float) -> float:
    return float(top / bottom) if bottom > 0 else np.nan
