"""The same company as its systems export it: three ad platforms, a media agency, analytics, a CRM, finance.

Nothing is drawn anew: every file adds up to the tables of the company, to the cent and to the order.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.simulate.company import Company
from mmm.simulate.tables import media_table, sales_table

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of a cell, as platform, analytics and CRM call it, and its share of the cell's money."""

    channel: str
    audience: str
    name: str
    adset: str
    share: float


CAMPAIGNS = (
    Campaign("search", "brand", "Search | Brand", "Exact", 1.0),
    Campaign("search", "generic", "Search | Generic | Women", "Broad", 0.6),
    Campaign("search", "generic", "Search | Generic | Men", "Broad", 0.4),
    Campaign("facebook", "prospecting", "Prospecting | Interests", "Fashion 25-54", 0.7),
    Campaign("facebook", "prospecting", "Prospecting | Broad", "All 18+", 0.3),
    Campaign("facebook", "retargeting", "Retargeting", "Visitors 30 days", 1.0),
    Campaign("facebook", "lookalike", "Lookalike", "Buyers 1%", 1.0),
    Campaign("tiktok", "18-24", "Creators | 18-24", "18-24", 1.0),
    Campaign("tiktok", "25-34", "Creators | 25-34", "25-34", 1.0),
    Campaign("tiktok", "35-44", "Creators | 35-44", "35-44", 1.0),
)
SOURCES = {"search": "google / cpc", "facebook": "facebook / paid_social", "tiktok": "tiktok / paid_social"}
CRM_SOURCES = {"search": "Paid Search", "facebook": "Paid Social", "tiktok": "Paid Social"}
OF_THE_WEEK = (0.16, 0.15, 0.14, 0.14, 0.13, 0.13, 0.15)
"""Share of each day, Monday first."""


def company_exports(company: Company) -> dict[str, str]:
    """Text of each file by its name."""
    cells = _by_campaign(company)
    return {
        "google_ads.csv": _google(cells[cells["channel"] == "search"]),
        "meta.csv": _meta(cells[cells["channel"] == "facebook"]),
        "tiktok.csv": _tiktok(cells[cells["channel"] == "tiktok"]),
        "agency.csv": _agency(company),
        "ga4.csv": _ga4(cells, company),
        "hubspot.csv": _hubspot(cells),
        "finance.csv": _finance(company),
    }


def shares_of(whole: Ints, parts: Sequence[float]) -> Ints:
    """Whole numbers split by shares so that they add up exactly, shape (row, part)."""
    ends = np.cumsum(np.asarray(parts) / np.sum(parts))
    ends[-1] = 1.0
    edges = np.floor(whole[:, None] * ends + 1e-9).astype(np.int64)
    edges[:, -1] = whole
    return np.diff(edges, axis=1, prepend=0)


def _by_campaign(company: Company) -> pd.DataFrame:
    """A row a week and campaign: cents, impressions, and what three systems count."""
    media = media_table(company).groupby(["week", "channel", "audience"], as_index=False, sort=False)
    spent = media[["spend", "impressions"]].sum()
    counted = company.attribution.rename(columns={"date": "week"})
    table = spent.merge(counted, on=["week", "channel", "audience"], validate="one_to_one")
    frames = []
    for (channel, audience), own in table.groupby(["channel", "audience"], sort=False):
        campaigns = [c for c in CAMPAIGNS if (c.channel, c.audience) == (channel, audience)]
        if not campaigns:
            continue
        amounts = {
            "cents": own["spend"].to_numpy(np.int64) * 100,
            "impressions": own["impressions"].to_numpy(np.int64),
            "claimed": own["platform_conversions"].to_numpy(np.int64),
            "claimed_cents": own["platform_revenue"].to_numpy(np.int64) * 100,
            "attributed": own["analytics_conversions"].to_numpy(np.int64),
            "matched": own["crm_customers"].to_numpy(np.int64),
        }
        split = {name: shares_of(values, [c.share for c in campaigns]) for name, values in amounts.items()}
        for k, campaign in enumerate(campaigns):
            frame = pd.DataFrame({name: values[:, k] for name, values in split.items()})
            frame.insert(0, "week", own["week"].to_numpy())
            frame = frame.assign(channel=str(channel), campaign=campaign.name, adset=campaign.adset)
            frames.append(frame)
    return pd.concat(frames).sort_values("week", kind="stable", ignore_index=True)


def _text(rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _money(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d}"


def _records(table: pd.DataFrame) -> list[Any]:
    """Rows by name: `row.week`, `row.cents`."""
    return list(table.itertuples(index=False))


def _span(days: pd.Series) -> tuple[pd.Timestamp, pd.Timestamp]:
    return days.min(), days.max() + pd.Timedelta(days=6)


def _english(day: pd.Timestamp) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _google(cells: pd.DataFrame) -> str:
    """Two lines of title, thousands marks, dashes for nothing, totals at the foot."""
    first, last = _span(cells["week"])
    head = ("Week", "Campaign", "Ad group", "Currency code", "Cost", "Impr.", "Conversions", "Conv. value")
    rows: list[Sequence[object]] = [("Campaign report",), (f"{_english(first)} - {_english(last)}",), head]
    for row in _records(cells):
        counted = (f"{row.claimed:,}.00", _money(row.claimed_cents)) if row.claimed else (" --", " --")
        rows.append(
            (
                f"{row.week:%Y-%m-%d}",
                row.campaign,
                row.adset,
                "USD",
                _money(row.cents),
                f"{row.impressions:,}",
                *counted,
            )
        )
    total = cells[["cents", "impressions", "claimed", "claimed_cents"]].sum()
    sums = (
        _money(total["cents"]),
        f"{total['impressions']:,}",
        f"{total['claimed']:,}.00",
        _money(total["claimed_cents"]),
    )
    rows += [(f"Total: {name}", " --", " --", "USD", *sums) for name in ("Campaigns", "Account")]
    return _text(rows)


def _meta(cells: pd.DataFrame) -> str:
    """The currency in the header, a summary row above the others, weeks without delivery left out."""
    first, last = _span(cells["week"])
    head = ("Reporting starts", "Reporting ends", "Campaign name", "Ad set name", "Amount spent (USD)", "Impressions",
            "Purchases", "Purchases conversion value")  # fmt: skip
    total = cells[["cents", "impressions", "claimed", "claimed_cents"]].sum()

    def amounts(cents: int, impressions: int, claimed: int, money: int) -> tuple[object, ...]:
        return f"{cents / 100:.2f}", impressions, claimed, f"{money / 100:.2f}"

    rows: list[Sequence[object]] = [
        head,
        (f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}", "", "", *amounts(*total.tolist())),
    ]
    for row in _records(cells[cells["impressions"] + cells["cents"] + cells["claimed"] > 0]):
        end = row.week + pd.Timedelta(days=6)
        counted = amounts(row.cents, row.impressions, row.claimed, row.claimed_cents)
        rows.append((f"{row.week:%Y-%m-%d}", f"{end:%Y-%m-%d}", row.campaign, row.adset, *counted))
    return _text(rows)


def _tiktok(cells: pd.DataFrame) -> str:
    """Day by day, a footer with the total."""
    head = (
        "Campaign name",
        "Ad group name",
        "By Day",
        "Cost",
        "Impressions",
        "Conversions",
        "Total purchase value",
    )
    names = ("cents", "impressions", "claimed", "claimed_cents")
    live = cells[cells[list(names)].sum(axis=1) > 0].reset_index(drop=True)
    daily = {name: shares_of(live[name].to_numpy(np.int64), OF_THE_WEEK) for name in names}
    rows: list[Sequence[object]] = [head]
    for i, row in enumerate(_records(live)):
        for k in range(7):
            cents, impressions, claimed, money = (int(daily[name][i, k]) for name in names)
            day = row.week + pd.Timedelta(days=k)
            rows.append(
                (
                    row.campaign,
                    row.adset,
                    f"{day:%Y-%m-%d}",
                    f"{cents / 100:.2f}",
                    impressions,
                    claimed,
                    f"{money / 100:.2f}",
                )
            )
    total = live[list(names)].sum()
    sums = (
        f"{total['cents'] / 100:.2f}",
        total["impressions"],
        total["claimed"],
        f"{total['claimed_cents'] / 100:.2f}",
    )
    rows.append((f"Total of {len(rows) - 1} results", "-", "-", *sums))
    return _text(rows)


def _agency(company: Company) -> str:
    """TV and outdoor as the media agency reports them: semicolons, day first, thousands marks, a total."""
    media = media_table(company).groupby(["week", "channel"], as_index=False, sort=False)["spend"].sum()
    bought = media[~media["channel"].isin(list(SOURCES))]
    rows: list[Sequence[object]] = [("Media plan, booked",), ("Week commencing", "Medium", "Net cost")]
    rows += [(f"{row.week:%d/%m/%Y}", row.channel, f"{row.spend:,}.00") for row in _records(bought)]
    return _text([*rows, ("Total", "", f"{bought['spend'].sum():,}.00")], ";")


def _ga4(cells: pd.DataFrame, company: Company) -> str:
    """Comments above the header, a grand total below it, weeks by number; what no ad is given came directly."""
    first, last = _span(cells["week"])
    head = ("ISO week of ISO year", "Session source / medium", "Session campaign", "Key events")
    orders = sales_table(company).groupby("week")["orders"].sum()
    rows: list[Sequence[object]] = []
    for week, own in cells.groupby("week", sort=True):
        year, number, _ = pd.Timestamp(str(week)).isocalendar()
        when = f"{year}{number:02d}"
        seen = own[own["attributed"] > 0]
        rows += [(when, SOURCES[row.channel], row.campaign, row.attributed) for row in _records(seen)]
        rows.append(
            (when, "(direct) / (none)", "(direct)", max(int(orders[week] - own["attributed"].sum()), 0))
        )
    line = "# " + "-" * 40
    about = (line, "# Free form 1", f"# Start date: {first:%Y%m%d}", f"# End date: {last:%Y%m%d}", line, "")
    grand = ("", "", "", sum(int(row[3]) for row in rows))  # type: ignore[call-overload]
    return "\n".join(about) + "\n" + _text([head, grand, *rows])


def _hubspot(cells: pd.DataFrame) -> str:
    """A report of the CRM that counts orders and knows nobody."""
    head = ("Close Date - Weekly", "Deal Stage", "Original Traffic Source", "Original Traffic Source Drill-Down 1",
            "Count of Deals")  # fmt: skip
    rows = [
        (f"{row.week:%Y-%m-%d}", "Closed Won", CRM_SOURCES[row.channel], row.campaign, row.matched)
        for row in _records(cells[cells["matched"] > 0])
    ]
    return _text([head, *rows])


def _finance(company: Company) -> str:
    """What finance books: weeks by their last day, day first, thousands marks."""
    sales = sales_table(company).groupby("week", as_index=False)[["revenue", "orders"]].sum()
    rows = [
        (f"{row.week + pd.Timedelta(days=6):%d/%m/%Y}", f"{row.revenue:,}.00", f"{row.orders:,}")
        for row in _records(sales)
    ]
    return _text([("Week ending", "Net sales", "Orders"), *rows])
