"""Exports through the warehouse: incremental, corrected, faulty ones load nothing; and the panel they add up to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from ruamel.yaml import YAML

from mmm.cli.shell import execute
from mmm.config import Config, load_config
from mmm.data.creatives import align_creatives
from mmm.errors import DataError
from mmm.finance.maturity import maturity_of
from mmm.stages.at_hand import AtHand, at_hand
from mmm.stages.ingest import ingest
from mmm.stages.prepare import prepare

FIRST = date(2024, 1, 1)
DAYS = 7 * 40
HEAD = "Day,Campaign,Currency code,Cost,Impr.,Clicks,Conversions"
WEEKS = [FIRST + timedelta(days=7 * n) for n in range(40)]


def _google(first: int, last: int, *, cost: float = 10.0, currency: str = "USD", head: str = HEAD) -> str:
    """An export of days first to last, two campaigns: brand costs a tenth of shoes; shoes rests every eighth day."""
    rows = []
    for n in range(first, last + 1):
        day = FIRST + timedelta(days=n)
        rows.append(f"{day},Brand,{currency},{cost / 10},100,10,1")
        if n % 8:
            rows.append(f"{day},Shoes,{currency},{cost},1000,40,2")
    return "\n".join(["Campaign report", head, *rows]) + "\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "google").mkdir()
    rows = [f"{week},{1000 + n},{n % 7}" for n, week in enumerate(WEEKS)]
    (tmp_path / "sales.csv").write_text("week,revenue,radio\n" + "\n".join(rows) + "\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def company(folder: Path) -> Callable[..., Config]:
    def make(**more: object) -> Config:
        data = {
            "outcome": {"source": "sales.csv", "date": "week", "value": "revenue"},
            "exports": [{"adapter": "google_ads", "source": "google/*.csv", "owner": "Dana"}],
            "rules": [{"campaign": "brand*", "channel": "search", "audience": "brand"}],
        }
        told = {"name": "acme", "currency": "USD", "data": data | more, "calendar": {"week_starts": "monday"}}
        with (folder / "acme.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(told, file)
        return load_config(folder / "acme.yaml")

    return make


def _write(folder: Path, name: str, text: str) -> None:
    (folder / "google" / name).write_text(text, "utf-8")


def _spend(brought: AtHand) -> dict[str, list[float]]:
    panel = prepare(brought.config, refuse=False).panel
    return {cell.name: panel.spend[:, 0, c].tolist() for c, cell in enumerate(panel.cells)}


def _stored(query: str = "SELECT round(sum(spend), 2)::DOUBLE FROM media") -> object:
    with duckdb.connect("data/acme.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()[0][0]


def _costs(first: int, last: int, cost: float = 10.0) -> float:
    return sum(cost / 10 + (cost if n % 8 else 0) for n in range(first, last + 1))


def test_days_of_campaigns_add_up_to_weeks_of_cells(company: Callable[..., Config], folder: Path) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    spend = _spend(at_hand(company()))
    weeks = [sum(10.0 for n in range(7 * w, 7 * w + 7) if n % 8) for w in range(40)]
    assert spend["search / brand"] == [7.0] * 40
    (shoes,) = [name for name in spend if name != "search / brand"]
    assert spend[shoes] == weeks


def test_new_files_add_and_only_they_are_read(company: Callable[..., Config], folder: Path) -> None:
    config = company()
    _write(folder, "2024-01.csv", _google(0, 99))
    said: list[str] = []
    at_hand(config, said.append)
    assert [line for line in said if line.startswith("reading")] == ["reading google/2024-01.csv"]
    _write(folder, "2024-02.csv", _google(100, DAYS - 1))
    said.clear()
    brought = at_hand(config, said.append)
    assert [line for line in said if line.startswith("reading")] == ["reading google/2024-02.csv"]
    assert sum(map(sum, _spend(brought).values())) == pytest.approx(_costs(0, DAYS - 1))
    assert len(brought.inputs) == 2


def test_the_panel_does_not_depend_on_how_the_days_came_in(
    company: Callable[..., Config], folder: Path
) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    whole = prepare(at_hand(company()).config)
    for path in (folder / "data").iterdir():
        if path.suffix == ".duckdb":
            path.unlink()
    (folder / "google/all.csv").unlink()
    for first, last in ((0, 80), (60, 150), (140, DAYS - 1)):  # exports that overlap, one after the other
        _write(folder, f"{last}.csv", _google(first, last))
        brought = at_hand(company())
    parts = prepare(brought.config)
    assert (parts.panel.spend == whole.panel.spend).all()
    assert parts.inputs == whole.inputs  # to the byte: a fit would be reused


def test_a_corrected_file_replaces_its_days(company: Callable[..., Config], folder: Path) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    at_hand(company())
    _write(folder, "later.csv", _google(200, DAYS - 1, cost=20.0))
    changes = at_hand(company()).changes
    assert [change.of for change in changes] == [("google/all.csv",)]
    assert _stored() == pytest.approx(_costs(0, 199) + _costs(200, DAYS - 1, 20.0))


def test_a_copy_under_another_name_changes_nothing(company: Callable[..., Config], folder: Path) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    at_hand(company())
    before = (folder / "data/acme.duckdb").read_bytes()
    _write(folder, "all (1).csv", _google(0, DAYS - 1))
    assert at_hand(company()).changes == ()
    assert (folder / "data/acme.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_google(100, 150, head=HEAD.replace("Cost", "Costt")), "Cost"),
        (_google(100, 120) + _google(121, 150, currency="EUR").split("\n", 2)[2], "EUR"),
        ("", "the file is empty"),
        (HEAD + "\n", "no row below"),
    ],
    ids=["a changed column", "two currencies", "0 bytes", "no rows"],
)
def test_a_bad_export_is_said_and_nothing_of_any_file_is_loaded(
    company: Callable[..., Config], folder: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(folder, "all.csv", _google(0, 99))
    at_hand(company())
    before = (folder / "data/acme.duckdb").read_bytes()
    _write(folder, "bad.csv", text)
    _write(folder, "good.csv", _google(151, DAYS - 1))
    assert execute(["ingest", "acme.yaml", "--quiet"]) == 1
    told = capsys.readouterr().err
    assert "google/bad.csv" in told
    assert said in told
    assert "Traceback" not in told
    assert (folder / "data/acme.duckdb").read_bytes() == before


def test_a_crm_with_a_lead_twice_is_refused_and_nothing_is_loaded(
    company: Callable[..., Config], folder: Path
) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    head = "Record ID,Create Date,Lifecycle Stage,Original Source,Amount\n"
    leads = "7,2024-01-05,Customer,google,100\n8,2024-01-06,Lead,google,\n7,2024-01-05,Lead,google,\n"
    (folder / "crm.csv").write_text(head + leads, "utf-8")
    exports = [
        {"adapter": "google_ads", "source": "google/*.csv"},
        {"adapter": "hubspot", "source": "crm.csv"},
    ]
    with pytest.raises(DataError, match=r"crm\.csv.*more than one row"):
        ingest(company(exports=exports))
    assert not (folder / "data/acme.duckdb").exists()


def test_a_campaign_named_in_sql_is_a_campaign(company: Callable[..., Config], folder: Path) -> None:
    evil = "x'); DROP TABLE media; --"
    _write(folder, "all.csv", _google(0, DAYS - 1).replace("Brand", evil))
    assert len(_spend(at_hand(company(rules=[])))) >= 1
    assert _stored("SELECT count(DISTINCT campaign) FROM media") == 2


def test_money_of_a_channel_that_a_table_has_counts_once_and_is_said(
    company: Callable[..., Config], folder: Path
) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    table = {"source": "sales.csv", "date": "week", "cells": [{"channel": "Search", "spend": "radio"}]}
    brought = at_hand(company(media=[table], rules=[{"campaign": "*", "channel": "search"}]))
    assert list(_spend(brought)) == ["Search"]
    assert [check.where for check in brought.checks if check.check == "spend told twice"] == ["search"]


def test_what_reading_found_is_said_again_when_nothing_is_read(
    company: Callable[..., Config], folder: Path
) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    first = at_hand(company()).checks
    assert "not tagged" in {check.check for check in first}
    assert at_hand(company()).checks == first


def test_clicks_and_claims_are_counts_with_zeros_on_days_without_a_row(
    company: Callable[..., Config], folder: Path
) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    counts = prepare(at_hand(company()).config, refuse=False).counts
    assert float(counts.counted["claimed"].sum()) == DAYS + 2 * sum(1 for n in range(DAYS) if n % 8)


def test_other_vat_or_rules_read_the_files_again(company: Callable[..., Config], folder: Path) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    at_hand(company())
    other = company(rules=[{"campaign": "*", "channel": "search"}])
    assert sum(change.rows for change in at_hand(other).changes) > 0
    assert _stored("SELECT count(DISTINCT channel) FROM media") == 1


def test_ingest_names_exports_and_tables_once_each(company: Callable[..., Config], folder: Path) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    done = ingest(company())
    assert [one.source for one in done.loaded] == ["data.outcome", "google_ads google/*.csv"]


def test_vat_and_the_rate_of_claims_in_another_currency_are_kept_for_the_bridge(
    company: Callable[..., Config], folder: Path
) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    rows = [f"{day},Spring,10,5,118" for day in days]
    (folder / "meta.csv").write_text(
        "\n".join(["Day,Campaign name,Amount spent (EUR),Purchases,Purchases conversion value", *rows]),
        "utf-8",
    )
    exports = [
        {"adapter": "google_ads", "source": "google/*.csv"},
        {"adapter": "meta", "source": "meta.csv", "currency": "EUR", "vat_included": 0.18},
    ]
    config = company(exports=exports)
    rates = {"EUR": {FIRST: 1.0, days[-7]: 1.25}}
    config = config.model_copy(update={"finance": config.finance.model_copy(update={"rates": rates})})
    counted = prepare(at_hand(config).config).counts.counted
    meta = ~np.isnan(counted["claimed_vat"]).all(axis=0)
    net, vat, more = (counted[f"claimed_{name}"][:, meta][:, 0] for name in ("revenue", "vat", "exchange"))
    np.testing.assert_allclose(net, [700.0] * 39 + [875.0])
    np.testing.assert_allclose(vat, 0.18 * net)
    np.testing.assert_allclose(more, [0.25 * 826.0] * 39 + [0.0])


def test_an_export_may_be_a_query_which_is_asked_and_then_read_like_a_file(
    company: Callable[..., Config], folder: Path
) -> None:
    _write(folder, "all.csv", _google(0, DAYS - 1))
    with sqlite3.connect(folder / "raw.db") as base:
        base.execute("CREATE TABLE clicks (day TEXT, medium TEXT, cost REAL)")
        rows = [(str(FIRST + timedelta(days=n)), "radio", 3.0) for n in range(DAYS) for _ in range(4)]
        base.executemany("INSERT INTO clicks VALUES (?, ?, ?)", rows)
    query = "SELECT day AS date, medium AS channel, sum(cost) AS spend FROM clicks GROUP BY 1, 2 ORDER BY 1"
    exports = [
        {"adapter": "google_ads", "source": "google/*.csv"},
        {"adapter": "generic", "source": {"url": "sqlite:///raw.db", "query": query}},
    ]
    config = company(exports=exports)
    assert _spend(at_hand(config))["radio"] == [84.0] * 40
    assert at_hand(config).changes == ()  # the same answer is the same file


ADS = "Day,Campaign,Ad name,Currency code,Cost,Impr.,Clicks"
CRM = "Record ID,Create Date,Close Date,Deal Stage,UTM Source,UTM Campaign,UTM Content,Amount"


def test_ads_and_leads_of_the_exports_are_in_the_ledger_and_in_what_is_still_to_come(
    company: Callable[..., Config], folder: Path
) -> None:
    """Every day two ads and two leads: one closes after ten days, the other never; the CRM names the ad."""
    ads, deals = [], []
    for n in range(DAYS):
        day = FIRST + timedelta(days=n)
        ads += [f"{day},Shoes,{ad},USD,10,1000,20" for ad in ("Blue", "Red")]
        won = n + 10 < DAYS
        closed = day + timedelta(days=10) if won else day + timedelta(days=90)  # open: when it may close
        stage = "Closed Won" if won else "Appointment"
        deals += [
            f"{2 * n},{day},{closed},{stage},google,Shoes,Blue,100",
            f"{2 * n + 1},{day},{day},Closed Lost,google,shoes,,5",
        ]
    _write(folder, "ads.csv", "\n".join([ADS, *ads]))
    (folder / "deals.csv").write_text("\n".join([CRM, *deals]), "utf-8")
    exports = [
        {"adapter": "google_ads", "source": "google/*.csv"},
        {"adapter": "hubspot", "source": "deals.csv"},
    ]
    rules = [{"source": "google", "channel": "search"}]
    prepared = prepare(at_hand(company(exports=exports, rules=rules)).config)
    ledger = align_creatives(prepared.tables.creatives, prepared.panel, prepared.counts)
    assert ledger is not None
    blue, red, nameless = (
        [line.creative for line in ledger.lines].index(name) for name in ("Blue", "Red", "")
    )
    spent, leads, won = (ledger.counted[name].sum(axis=0) for name in ("spend", "leads", "won_revenue"))
    assert (spent[blue], leads[blue], won[blue]) == (10.0 * DAYS, DAYS, 100.0 * (DAYS - 10))
    assert (spent[red], leads[nameless]) == (
        10.0 * DAYS,
        DAYS,
    )  # of the campaign's two ads nobody knows which
    assert np.nansum(ledger.counted["spend"]) == pytest.approx(prepared.panel.spend.sum())
    found = maturity_of(prepared.tables.leads, prepared.panel, prepared.counts)
    assert found is not None
    assert found.curve[9] == 0.0
    assert found.curve[10] == 1.0
    young = np.isclose(found.ripe, 0.0)
    assert found.coming[young].sum() == pytest.approx(10, rel=0.1)  # ten days of one order each
    assert found.coming[~young].sum() == 0.0
