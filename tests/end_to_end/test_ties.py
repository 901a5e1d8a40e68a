"""One company with everything in money: every table says the same, to the cent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

CENT = 0.0101
FINANCE = """finance:
  gross_margin: 0.55
  discount_rate: 0.1
  returns: 0.06
  customer_lifetime_value: {default: 90, tv: 120}
  handling_cost_per_lead: 2
  payment: {media_paid_after: 30}
scenarios: [{name: as planned, budget: 1x}]"""
COUNTED = """  attribution:
    source: counts.csv
    channel: channel
    audience: audience
    leads: leads
    claimed: claimed
    claimed_revenue: money
    matched: closed
  creatives:
    source: ads.csv
    channel: channel
    audience: audience
    campaign: campaign
    creative: ad
    spend: spend
    exposure: impressions
    leads: leads
    won: closed
  leads: {source: leads.csv, channel: channel, audience: audience, won_on: won_on, leads: leads}
finance:"""


@pytest.fixture(scope="module")
def told(finished: Any, execute: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run once more, its fit reused, with counts, customers and the terms of finance."""
    media = pd.read_csv(finished.small.folder / "media.csv")
    spend = media.groupby(["week", "channel", "audience"], dropna=False)["spend"].sum().reset_index()
    spend = spend[spend["channel"] != "tv"]
    claimed = np.ceil(spend["spend"] / 40).astype(int)
    spend = spend.assign(leads=3 * claimed, claimed=claimed, money=55 * claimed + 0.25, closed=claimed // 2)
    spend.to_csv(finished.small.folder / "counts.csv", index=False)
    _write_ads_and_leads(finished.small.folder, media, spend)
    config = finished.small.variant(
        "told",
        ("population: population}", "population: population, orders: orders, new_customers: orders}"),
        ("finance: {gross_margin: 0.55}", COUNTED.removesuffix("finance:") + FINANCE),
    )
    folder: Path = finished.copy(tmp_path_factory.mktemp("told") / "acme")
    said = execute("report", config, "--out", folder, "--quiet")
    assert (said.code, said.err) == (0, "")
    return folder


def _write_ads_and_leads(folder: Path, media: pd.DataFrame, counts: pd.DataFrame) -> None:
    """Two ads of each cell, three fifths and two; leads that are won after two weeks, as far as that is not to come."""
    keys = ["week", "channel", "audience"]
    cells = media.groupby(keys, dropna=False)[["spend", "impressions"]].sum().reset_index()
    cells = cells.merge(counts[[*keys, "leads", "closed"]], on=keys, how="left").fillna({"audience": ""})
    cells[["leads", "closed"]] = cells[["leads", "closed"]].fillna(0)
    ads = []
    for name, share in (("A", 0.6), ("B", 0.4)):
        part = cells.assign(campaign="Always on", ad=name)
        part["spend"] = share * part["spend"]
        part["impressions"] = np.maximum(np.floor(share * part["impressions"]), 1)
        ads.append(part.assign(leads=part["leads"] * (name == "A"), closed=part["closed"] * (name == "A")))
    pd.concat(ads).to_csv(folder / "ads.csv", index=False)
    last = pd.to_datetime(cells["week"]).max() + pd.Timedelta(days=6)
    won_on = pd.to_datetime(cells["week"]) + pd.Timedelta(days=14)
    known = np.where(won_on <= last, won_on.dt.strftime("%Y-%m-%d"), "")
    won = cells.assign(won_on=known, leads=cells["closed"])
    lost = cells.assign(won_on="", leads=cells["leads"] - cells["closed"])
    leads = pd.concat([won, lost])
    leads[leads["leads"] > 0].to_csv(folder / "leads.csv", index=False)


@pytest.fixture(scope="module")
def tables(told: Path) -> dict[str, pd.DataFrame]:
    """Every table that speaks of money, read by a stranger."""
    names = ("scorecard", "bridge", "claims", "customers", "drivers", "pnl", "contributions", "roi", "plan")
    names = (*names, "creatives", "leads")
    found = {}
    for name in names:
        texts = {
            "channel",
            "audience",
            "level",
            "period",
            "kpi",
            "step",
            "month",
            "line",
            "mix",
            "component",
            "date",
            *("creative", "campaign"),
        }
        table = pd.read_csv(told / f"{name}.csv", encoding="utf-8-sig", dtype=dict.fromkeys(texts, str))
        there = [column for column in table if column in texts]
        found[name] = table.fillna(dict.fromkeys(there, ""))
    return found


def total(table: pd.DataFrame, key: str) -> pd.Series:
    """Figures of the company by window and name."""
    return table[table["level"] == "total"].set_index(["period", key])["value"]


def test_finance_scorecard_bridge_and_contributions_have_the_revenue_of_the_file(finished, tables) -> None:  # type: ignore[no-untyped-def]
    sales = pd.read_csv(finished.small.folder / "sales.csv").groupby("week")["revenue"].sum()
    parts = tables["contributions"].groupby("date")["value"].sum()
    card, bridge = total(tables["scorecard"], "kpi"), total(tables["bridge"], "step")
    windows = tables["bridge"]["period"].unique()
    assert len(windows) == 5
    for window in windows:
        first, last = window.split("/")
        inside = (sales.index >= first) & (sales.index <= last)
        booked = sales[inside].sum()
        assert bridge[window, "finance"] == pytest.approx(booked, abs=CENT)
        assert card[window, "revenue"] == pytest.approx(booked, abs=CENT)
        assert parts[sales.index[inside]].sum() == pytest.approx(booked, abs=CENT)
        steps = tables["bridge"][
            (tables["bridge"]["period"] == window) & (tables["bridge"]["level"] == "total")
        ]
        cents = (100 * steps["value"]).round().astype(int)
        reached = 0
        for kind, money in zip(steps["kind"], cents, strict=True):
            assert kind == "change" or money == reached or reached == 0
            reached = money if kind == "level" else reached + money
        assert reached == round(100 * booked)


def test_paid_and_base_are_the_same_money_in_scorecard_bridge_and_claims(tables) -> None:  # type: ignore[no-untyped-def]
    card, bridge = total(tables["scorecard"], "kpi"), total(tables["bridge"], "step")
    claims = tables["claims"]
    for window in tables["bridge"]["period"].unique():
        revenue = card[window, "revenue"]
        paid = bridge[window, "incremental"] + bridge[window, "carried_in"]
        assert card[window, "paid_share"] * revenue == pytest.approx(paid, abs=3 * CENT)
        base = bridge[window, "base"] + bridge[window, "residual"]
        assert card[window, "base_share"] * revenue == pytest.approx(base, abs=3 * CENT)
        mine = claims[claims["period"] == window]
        cells = mine[mine["level"] == "cell"]
        assert cells["incremental"].sum() == pytest.approx(bridge[window, "incremental"], abs=CENT)
        assert cells["spend"].sum() == pytest.approx(card[window, "spend"], abs=CENT)


def test_new_customers_stand_on_the_returns_and_the_spend_of_the_fit(finished, tables) -> None:  # type: ignore[no-untyped-def]
    sales = pd.read_csv(finished.small.folder / "sales.csv")
    sales = sales[sales["week"] >= tables["contributions"]["date"].min()]
    each = sales["orders"].sum() / sales["revenue"].sum()
    roi = tables["roi"].set_index(["level", "channel", "audience"]).sort_index()
    rows = tables["customers"]
    for row in rows[rows["level"].isin(["cell", "total"])].itertuples():
        same = roi.loc[(row.level, row.channel, row.audience)]
        same = same.iloc[0] if isinstance(same, pd.DataFrame) else same
        assert row.spend == pytest.approx(same["spend"], abs=CENT)
        for end in ("", "_lo", "_hi"):
            assert getattr(row, f"new_customers{end}") == pytest.approx(
                each * same[f"contribution{end}"], rel=1e-9
            )
    card = total(tables["scorecard"], "kpi")
    last = tables["scorecard"]["period"].max()
    assert card[last, "new_customers"] == card[last, "orders"]


def test_profit_and_loss_is_plan_json_and_plan_csv_with_handling_beside_it(told, tables) -> None:  # type: ignore[no-untyped-def]
    summary = json.loads((told / "plan.json").read_text())
    pnl, plan = tables["pnl"], tables["plan"]
    for mix, prefix, column in (("plan", "", "planned_spend"), ("current", "current_", "current_spend")):
        mine = pnl[pnl["mix"] == mix]
        whole = mine[(mine["month"] == "") & (mine["channel"] == "")].set_index("line")
        for end in ("", "_lo", "_hi"):
            assert whole.loc["revenue", f"value{end}"] == pytest.approx(
                summary[f"{prefix}revenue{end}"], abs=CENT
            )
        left = whole["value"]
        assert left["contribution"] + left["handling"] == pytest.approx(
            summary[f"{prefix}profit"], abs=3 * CENT
        )
        assert left["media"] == pytest.approx(plan[column].sum(), abs=CENT)
        by_channel = mine[mine["line"] == "media"].set_index("channel")["value"]
        for channel, money in plan.groupby("channel")[column].sum().items():
            assert by_channel[channel or "tests"] == pytest.approx(money, abs=CENT)
        assert left["sales"] - left["returns"] == pytest.approx(left["revenue"], abs=0.001)
        assert left["handling"] > 0
        lines = ("sales", "returns", "revenue", "goods", "gross_margin", "media", "handling", "contribution")
        for line in lines:
            rows = mine[mine["line"] == line]
            months = (100 * rows.loc[rows["month"] != "", "value"]).round().sum()
            channels = (100 * rows.loc[rows["channel"] != "", "value"]).round().sum()
            assert months == channels == round(100 * left[line])


def test_ads_add_up_to_their_cells_in_scorecard_bridge_and_claims(tables) -> None:  # type: ignore[no-untyped-def]
    ads, last = tables["creatives"], tables["bridge"]["period"].max()
    assert set(ads["period"]) == {last}
    found = {}
    for name, level in (("scorecard", "spend"), ("bridge", "incremental")):
        table = tables[name]
        mine = table[(table["period"] == last) & (table["level"] == "cell")]
        column = "kpi" if name == "scorecard" else "step"
        found[level] = mine[mine[column] == level].set_index(["channel", "audience"])["value"]
    by_cell = ads.groupby(["channel", "audience"])[["spend", "contribution", "leads"]].sum()
    for cell, row in by_cell.iterrows():
        assert row["spend"] == pytest.approx(found["spend"][cell], abs=CENT)
        assert round(100 * row["contribution"]) == round(100 * found["incremental"][cell])
    assert by_cell["contribution"].sum() == pytest.approx(
        total(tables["bridge"], "step")[last, "incremental"], abs=CENT
    )
    card = tables["scorecard"]
    lines = card[(card["level"] == "creative") & (card["kpi"] == "spend") & (card["period"] == last)]
    assert lines["value"].sum() == pytest.approx(ads["spend"].sum(), abs=CENT)
    everyone = card[(card["level"] == "total") & (card["kpi"] == "ripe_share")].set_index("period")["n"]
    assert by_cell["leads"].sum() == everyone[last]


def test_months_of_leads_are_those_of_the_file_and_orders_to_come_are_completed(
    told, finished, tables
) -> None:  # type: ignore[no-untyped-def]
    leads, file = tables["leads"], pd.read_csv(finished.small.folder / "leads.csv")
    whole = leads[leads["level"] == "total"]
    assert whole["leads"].sum() == file["leads"].sum()
    assert whole["won"].sum() == file.loc[file["won_on"].notna(), "leads"].sum()
    cells = leads[leads["level"] == "cell"]
    assert cells["won_expected"].sum() == pytest.approx(whole["won_expected"].sum())
    young = whole.iloc[-1]
    assert young["is_ripe"] == "not ripe"
    assert young["close_rate_expected"] == pytest.approx(whole["close_rate"].iloc[-5], rel=0.15)


def test_what_moved_the_cost_of_a_customer_is_the_change_of_the_scorecard(tables) -> None:  # type: ignore[no-untyped-def]
    card = tables["scorecard"].set_index(["period", "level", "channel", "audience", "kpi"])
    moved = (
        tables["drivers"]
        .groupby(["period", "against", "level", "channel", "audience", "kpi"])["effect"]
        .sum()
    )
    assert len(moved) > 4
    for (period, against, *names), effect in moved.items():
        row = card.loc[(period, *names)]
        assert effect == pytest.approx(row["value"] - row[against], abs=1e-9)


def test_page_and_workbook_say_what_the_tables_say(told, tables) -> None:  # type: ignore[no-untyped-def]
    page = (told / "report.html").read_text("utf-8")
    for section in ("pnl", "scorecard", "claims", "customers"):
        assert f'id="{section}"' in page
    pnl = tables["pnl"]
    left = pnl[(pnl["mix"] == "plan") & (pnl["month"] == "") & (pnl["channel"] == "")].set_index("line")[
        "value"
    ]
    for line in ("contribution", "gross_margin", "revenue"):
        assert f"{abs(left[line]) / 1e3:,.1f}" in page
    sheet = openpyxl.load_workbook(told / "plan.xlsx")["Profit and loss"]
    written = [row[5] for row in sheet.iter_rows(min_row=2, values_only=True)]
    np.testing.assert_allclose([x for x in written if x is not None], pnl["value"].dropna(), atol=1e-9)
