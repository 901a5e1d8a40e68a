"""Raw exports through the command line: the bundled company to the cent, and nobody's name in anything that is made."""

from __future__ import annotations

import contextlib
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import h5py
import numpy as np
import pandas as pd
import pypdf
import pytest

from mmm.config import load_config
from mmm.pipeline import check

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "data/demo"
QUARTER = 13


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in: the warehouse is made where the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig", keep_default_na=False)


def test_seven_raw_exports_give_the_scorecard_and_the_bridge_of_the_company(
    execute: Callable[..., Any], here: Path
) -> None:
    config = ROOT / "configs/demo-exports.yaml"
    said = execute("reconcile", config, "--out", here / "out", "--quiet")
    assert (said.code, said.err) == (0, "")
    counts = pd.read_csv(DEMO / "attribution.csv", parse_dates=["date"])
    sales = pd.read_csv(DEMO / "sales.csv", parse_dates=["week"])
    media = pd.read_csv(DEMO / "media.csv", parse_dates=["week"])
    first = counts["date"].drop_duplicates().sort_values().iloc[-QUARTER]
    bridge = table(here / "out", "bridge")
    last = bridge[(bridge["period"] == bridge["period"].max()) & (bridge["level"] == "total")]
    steps = {row["step"]: float(row["value"]) for _, row in last.iterrows()}
    assert steps["claimed"] == counts.loc[counts["date"] >= first, "platform_revenue"].sum()
    assert steps["finance"] == sales.loc[sales["week"] >= first, "revenue"].sum()
    card = table(here / "out", "scorecard")
    card = card[card["period"] == card["period"].max()]
    spent = media[media["week"] >= first].groupby("channel")["spend"].sum()
    told = (
        card[(card["kpi"] == "spend") & (card["level"] == "channel")]
        .set_index("channel")["value"]
        .astype(float)
    )
    pd.testing.assert_series_equal(told.sort_index(), spent.astype(float), check_names=False, rtol=1e-9)
    sources = table(here / "out", "sources")
    assert {"finance", "media agency", "web team", "sales"} <= set(sources["owner"])
    assert {Path(file).name for file in sources["file"]} >= {
        "google_ads.csv",
        "meta.csv",
        "ga4.csv",
        "hubspot.csv",
    }
    assert not sources["file"].str.contains("panel").any()
    ledger = table(here / "out", "creatives")
    by_channel = ledger["spend"].astype(float).groupby(ledger["channel"]).sum()
    for channel, money in by_channel.items():
        assert money == pytest.approx(told[channel], abs=0.005)
    assert {"Search | Brand", "Creators | 18-24"} <= set(ledger["campaign"])


def test_loading_the_same_exports_again_gives_the_same_panel(here: Path) -> None:
    config = load_config(ROOT / "configs/demo-exports.yaml")
    first, again = check(config), check(config)
    assert first == again
    told = {found.check for found in first if found.where.endswith("ga4.csv")}
    assert {"not tagged", "export columns"} <= told


PEOPLE = {
    "dana.levi@example.co.il": "050-123-4567",
    "noa+crm@example.com": "+972-52-765-4321",
    "ron.katz@example.org": "(212) 555-0123",
}
CONFIG = """\
name: shop
currency: USD
data:
  outcome: {source: sales.csv, date: week, value: revenue, orders: orders}
  media: [{source: media.csv, date: week, channel: channel, spend: spend}]
  exports:
    - {adapter: hubspot, source: leads.csv}
    - {adapter: meta, source: meta.csv, channel: social}
    - {adapter: ga4, source: ga4.csv}
  rules: [{source: paid search, channel: search}]
finance: {gross_margin: 0.5}
model:
  max_lag: 4
  sampling: {draws: 200, tune: 200, chains: 2}
  gates: {rhat: 1.5, ess: 10, divergences: 0.2}
plan: {horizon: 4, budget: 500}
"""


@pytest.fixture
def shop(here: Path) -> Path:
    weeks = pd.date_range("2025-01-06", periods=60, freq="7D")
    rng = np.random.default_rng(3)
    pd.DataFrame({"week": weeks, "revenue": rng.integers(900, 1100, 60), "orders": 20}).to_csv(
        "sales.csv", index=False
    )
    pd.DataFrame({"week": weeks, "channel": "search", "spend": rng.integers(50, 90, 60)}).to_csv(
        "media.csv", index=False
    )
    people = list(PEOPLE.items())
    rows = [
        {
            "Record ID": 1000 + n, "First Name": "Dana", "Last Name": f"Levi{n}", "Email": people[n % 3][0],
            "Phone Number": people[n % 3][1], "Create Date": f"{weeks[n % 60]:%Y-%m-%d} 10:00",
            "Lifecycle Stage": "Customer" if n % 4 == 0 else "Lead", "Original Source": "Paid Search", "Amount": "50",
        }
        for n in range(600)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv("leads.csv", index=False)
    meta = {
        "Day": weeks,
        "Campaign name": "Spring",
        "Ad name": "Blue",
        "Amount spent (USD)": rng.integers(20, 60, 60),
    }
    meta |= {"Impressions": 9000, "Link clicks": 90, "Contact": people[0][1], "Created by": people[1][0]}
    pd.DataFrame(meta).to_csv("meta.csv", index=False)
    seen = {"Date": weeks.strftime("%Y%m%d"), "Session source / medium": "facebook / paid social"}
    pd.DataFrame(seen | {"Key events": 7, "User email": people[2][0]}).to_csv("ga4.csv", index=False)
    (here / "shop.yaml").write_text(CONFIG)
    return here


def unpacked(path: Path) -> Iterator[str]:
    """What a packed file holds inside: a workbook's parts, the streams of a PDF, the arrays of a posterior."""
    content = path.read_bytes()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name).decode("utf-8", "replace") for name in book.namelist())
    if path.suffix == ".pdf":
        for start in re.finditer(rb"stream\r?\n", content):
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj().decompress(content[start.end() :]).decode("latin-1")
        yield "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    if path.suffix == ".nc":
        with h5py.File(path) as tree:
            told: list[str] = []
            tree.visititems(lambda name, item: told.append(f"{name} {dict(item.attrs)}"))
            yield "\n".join(told)


def everything_in(folder: Path, but: set[str]) -> str:
    """All that files hold: their bytes, and the rows of those that are packed."""
    texts = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in but):
        texts.append(path.read_bytes().decode("latin-1"))
        texts += unpacked(path)
        if path.suffix == ".parquet":
            texts.append(duckdb.read_parquet(str(path)).df().to_csv())
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as store:
                names = [row[0] for row in store.execute("SHOW TABLES").fetchall()]
                texts += [store.execute(f'SELECT * FROM "{name}"').df().to_csv() for name in names]
    return "\n".join(texts)


def test_no_artefact_holds_a_name_an_address_or_a_number_of_anybody(
    execute: Callable[..., Any], shop: Path
) -> None:
    printed = ""
    for command in (("ingest",), ("check",), ("run", "--out", "out", "--no-tests")):
        said = execute(command[0], "shop.yaml", *command[1:])
        assert said.code == 0, said.err
        printed += said.out + said.err
    made = everything_in(shop, {"leads.csv", "meta.csv", "ga4.csv"}) + printed
    assert {"report.html", "report.pdf", "plan.xlsx", "posterior.nc"} <= {
        path.name for path in (shop / "out").iterdir()
    }
    assert "search" in made
    planted = [*PEOPLE, *PEOPLE.values(), "Dana", "Levi1", "dana.levi", "765-4321", "555-0123"]
    assert [person for person in planted if person in made] == []
    card = table(shop / "out", "scorecard")
    assert "cost_per_lead" in set(card["kpi"])


def test_a_person_in_the_name_of_a_campaign_stops_the_load_and_is_not_quoted(
    execute: Callable[..., Any], shop: Path
) -> None:
    leads = (shop / "leads.csv").read_text()
    (shop / "leads.csv").write_text(leads.replace("Paid Search", "call 050-123-4567", 1))
    said = execute("check", "shop.yaml")
    assert said.code == 1
    assert "personal data (telephone) in row 2" in said.err
    assert "050" not in said.out + said.err
