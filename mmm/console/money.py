"""Scorecard and money bridge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date as Date
from typing import TYPE_CHECKING, Any

from mmm.console.words import aligned, label_of, money, number_of, percent, ratio, records_of, text_of

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = (
    *("cost_per_1000_exposures", "cost_per_click", "cost_per_lead", "cost_per_qualified_lead"),
    *("claimed_cost_per_order", "cost_per_order", "seen_rate", "close_rate", "cost_per_customer"),
)
_SHORT = {
    "cost_per_1000_exposures": "per 1000",
    "cost_per_click": "click",
    "cost_per_lead": "lead",
    "cost_per_qualified_lead": "qualified",
    "claimed_cost_per_order": "claimed",
    "cost_per_order": "order",
    "seen_rate": "seen",
    "close_rate": "closed",
    "cost_per_customer": "customer",
}
_STEPS = {
    "claimed": "platforms claim",
    "exchange": "at an earlier rate of exchange",
    "vat": "VAT in it",
    "window": "outside the common window",
    "overlap": "claimed by several",
    "unseen": "not seen by analytics",
    "not_closed": "not closed in the CRM",
    "returned": "returned",
    "matched": "matched in the CRM",
    "not_caused": "not caused, less caused unmatched",
    "incremental": "caused by paid media",
    "carried_in": "still from earlier spend",
    "owned": "from owned media",
    "base": "without media",
    "finance": "finance books",
}
_ENOUGH, _FAR = 30, 0.1
"""Things counted behind a figure that is called out, and how far from usual it must be."""


def scorecard_text(scorecard: pd.DataFrame, sources: pd.DataFrame, currency: str | None) -> str:
    """The last window: the company, then each cell and channel, then what is furthest from usual, then the sources."""
    last = scorecard[scorecard["period"] == scorecard["period"].max()]
    rows = records_of(last)
    lines = [f"{_days(rows[0]['period'])}, money in {currency or 'no currency'}", "", _company(rows), ""]
    lines += [
        _channels(rows),
        "Costs are per unit counted; seen and closed are shares of the stage before.",
        "",
    ]
    lines += [*_furthest(rows), "", _freshness(records_of(sources))]
    return "\n".join(lines)


def _company(rows: list[dict[str, Any]]) -> str:
    table = [["", "now", "window before", "a year ago", "usual"]]
    for row in rows:
        if row["level"] == "total":
            write = _writer(row["kpi"])
            past = ("value", "previous", "same_period_last_year", "benchmark")
            table.append([row["kpi"].replace("_", " "), *(write(row[name]) for name in past)])
    return aligned(table, right=range(1, 5))


def _channels(rows: list[dict[str, Any]]) -> str:
    """Figures by cell, channels of several cells among them."""
    there = [kpi for kpi in _SHOWN if any(row["kpi"] == kpi for row in rows)]
    table = [["", "spend", *(_SHORT[kpi] for kpi in there)]]
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["level"] in ("cell", "channel"):
            found.setdefault(label_of(row), {})[row["kpi"]] = row["value"]
    for name in sorted(found):
        figures = found[name]
        table.append([name, money(figures.get("spend")), *(_writer(kpi)(figures.get(kpi)) for kpi in there)])
    return aligned(table, right=range(1, len(table[0])))


def _furthest(rows: list[dict[str, Any]]) -> list[str]:
    """Rates and costs of channels that are furthest from what is usual."""
    far = []
    for row in rows:
        value, usual = number_of(row["value"]), number_of(row["benchmark"])
        counted = row["level"] == "channel" and row["goal"] and (number_of(row["n"]) or 0) >= _ENOUGH
        if counted and value and usual and abs(value / usual - 1) >= _FAR:
            far.append((abs(value / usual - 1), row, value / usual - 1))
    far.sort(key=lambda found: -found[0])
    if not far:
        return [f"No rate or cost of a channel is {percent(_FAR)} or more from usual."]
    out = ["Furthest from usual:"]
    for _, row, change in far[:3]:
        write = _writer(row["kpi"])
        told = f"{write(row['value'])}, usually {write(row['benchmark'])} ({100 * change:+.0f} %)"
        out.append(f"  {label_of(row)}: {row['kpi'].replace('_', ' ')} {told}")
    return out


def _freshness(rows: list[dict[str, Any]]) -> str:
    table = [["source", "data until", "days old", "behind the newest"]]
    for row in rows:
        age = (Date.today() - Date.fromisoformat(text_of(row["data_until"]))).days
        table.append(
            [text_of(row["source"]), text_of(row["data_until"]), str(age), f"{row['behind']:.0f} days"]
        )
    return aligned(table, right=(2, 3))


def bridge_text(
    bridge: pd.DataFrame, claims: pd.DataFrame, about: Mapping[str, Any], currency: str | None
) -> str:
    """The bridge of the last window, then what each system says of each channel.

    Parameters
    ----------
    bridge, claims, about
        `bridge.csv`, `claims.csv` and the keys of `money.json`.
    """
    last = bridge["period"].max()
    steps = [row for row in records_of(bridge) if row["period"] == last and row["level"] == "total"]
    fitted = about["fitted"]
    rest = "unexplained" if fitted else "no system ties it to media"
    rows = [["", "change", "stands at", "90 % range"]]
    for row in steps:
        amount, level = f"{row['value']:,.2f}", row["kind"] == "level"
        change = "" if level else f"{row['value']:+,.2f}"
        name = _STEPS.get(row["step"], rest)
        rows.append([name, change, amount if level else "", _range(row, "value", money)])
    lines = [
        f"{_days(last)}, money in {currency or 'no currency'}",
        "",
        aligned(rows, right=(1, 2, 3)),
        "",
        _claims([row for row in records_of(claims) if row["period"] == last], fitted),
        "",
        "Last click books an order on the ad clicked last: it says who came by, not what caused it.",
    ]
    if not fitted:
        lines.append("What media caused needs a fit: run `mmm fit` on the config, then this again.")
    return "\n".join(lines)


def customers_text(customers: pd.DataFrame) -> str:
    """What a new customer cost and leaves, by line."""
    table = [
        ["new customers", "caused", "cost of one", "90 % range", "the next", "value / cost", "90 % range"]
    ]
    for level in ("cell", "total"):
        for row in records_of(customers):
            if row["level"] == level:
                line = [label_of(row), money(row["new_customers"]), ratio(row["full_cac"])]
                line += [_range(row, "full_cac", ratio), ratio(row["marginal_cac"])]
                line += [ratio(row["value_to_cac"]), _range(row, "value_to_cac", ratio)]
                table.append(line)
    return aligned(table, right=range(1, 7))


def _claims(rows: list[dict[str, Any]], fitted: bool) -> str:
    head = ["orders", "claimed", "last click", "in the CRM"]
    if fitted:
        head += ["claimed / caused", "90 % range", "in a year"]
    table = [head]
    for level in ("cell", "total"):
        for row in rows:
            if row["level"] != level:
                continue
            line = [label_of(row), *(money(row[name]) for name in ("claimed", "attributed", "matched"))]
            if fitted:
                change = number_of(row["claim_factor_change"])
                line += [ratio(row["claim_factor"]), _range(row, "claim_factor", ratio)]
                line.append("-" if change is None else f"{100 * change:+.0f} %")
            table.append(line)
    return aligned(table, right=range(1, len(head)))


def _range(row: Mapping[str, Any], name: str, write: Any) -> str:
    lo, hi = number_of(row[f"{name}_lo"]), number_of(row[f"{name}_hi"])
    return "" if lo is None or hi is None else f"{write(lo)} to {write(hi)}"


def _writer(kpi: str) -> Any:
    if kpi.endswith(("_rate", "_share")) or kpi == "media_share_of_revenue":
        return lambda value: percent(value, 1)
    return money


def _days(period: str) -> str:
    return period.replace("/", " to ")
