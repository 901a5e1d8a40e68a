"""The ledger of creatives: what each campaign and ad cost, counted, and is allocated of what media caused."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.creatives import Creatives
from mmm.data.panel import Panel
from mmm.finance.cents import whole_cents
from mmm.finance.people import too_few
from mmm.finance.scorecard import FUNNEL, SEASON, benchmark, window_names
from mmm.finance.windows import YEAR
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
OF_LEADS = ("cost_per_lead", "cost_per_qualified_lead")
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
    """Rows of `scorecard.csv` for each line that cost money in the last window, beside its own past."""
    names = window_names(panel, span)
    if not names or "spend" not in found.counted:
        return pd.DataFrame()
    end, period = list(names.items())[-1]
    year, near = YEAR[panel.grain], SEASON[panel.grain]
    sums = {name: _trailing(values, span) for name, values in found.counted.items()}
    alive = np.flatnonzero(np.nan_to_num(sums["spend"][end]) > 0)
    rows = []
    for kpi in FUNNEL:
        if kpi.name not in KPIS or not all(name in sums for name in (kpi.top, kpi.bottom) if name):
            continue
        value = sums[kpi.top]
        if kpi.bottom:
            below = sums[kpi.bottom]
            value = kpi.factor * np.divide(value, below, out=np.full(value.shape, np.nan), where=below > 0)
        counted = sums[kpi.n][end] if kpi.n else np.full(len(found.lines), float(span))
        for k in alive[np.isfinite(value[end, alive])]:
            if kpi.name in OF_LEADS and bool(too_few(counted[k])):
                continue
            line = found.lines[k]
            rows.append(
                {
                    "period": period,
                    "level": "creative",
                    "channel": line.channel,
                    "audience": line.audience,
                    "campaign": line.campaign,
                    "creative": line.creative,
                    "goal": kpi.goal,
                    "kpi": kpi.name,
                    "value": value[end, k],
                    "previous": value[end - span, k] if end >= span else np.nan,
                    "same_period_last_year": value[end - year, k] if end >= year else np.nan,
                    "benchmark": benchmark(value[:, k], end, span, year, near),
                    "n": counted[k],
                }
            )
    return pd.DataFrame(rows)


def _trailing(values: Floats, span: int) -> Floats:
    """Sums over the last `span` periods at each period by line, nan where a line is not counted so, or too early."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(np.nan_to_num(values), axis=0)])
    out = np.full(values.shape, np.nan)
    if span <= len(values):
        out[span - 1 :] = total[span:] - total[:-span]
    out[:, ~np.isfinite(values).any(axis=0)] = np.nan
    return out


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
