"""The raw exports of the bundled company, read as a user's would be, against its tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm.config import load_config
from mmm.data.booked import Booking
from mmm.data.reader import Reader
from mmm.data.tables import load_tables
from mmm.simulate.exports import shares_of
from mmm.warehouse.exports import export_files, read_export
from mmm.warehouse.salt import Salt

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "data/demo"
CELL = ["date", "channel", "audience"]


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Rows of all exports by table, by week and cell; and what reading them found."""
    config = load_config(ROOT / "configs/demo-exports.yaml")
    reader = Reader(config.data, config.folder, Booking(config.currency))
    salt = Salt(tmp_path_factory.mktemp("salt") / "salt")
    exports = [
        read_export(reader, key, export, path, rules=config.data.rules, salt=salt)
        for key, export, path in export_files(reader)
    ]
    assert reader.faults == []
    tables = {}
    for table in ("media", "analytics", "crm"):
        rows = pd.concat([export.frame for export in exports if export is not None and export.table == table])
        rows["date"] = rows["date"].dt.to_period("W-SUN").dt.start_time
        tables[table] = rows.groupby(CELL).sum(numeric_only=True)
    return tables, reader.notes


def of_company(name, day):
    table = pd.read_csv(DEMO / f"{name}.csv", parse_dates=[day], keep_default_na=True).rename(
        columns={day: "date"}
    )
    table["audience"] = table["audience"].fillna("")
    return table.groupby(CELL).sum(numeric_only=True)


def test_whole_numbers_split_by_shares_add_up_exactly():
    whole = np.array([0, 1, 7, 10_000_001])
    parts = shares_of(whole, (0.16, 0.15, 0.14, 0.14, 0.13, 0.13, 0.15))
    assert parts.sum(axis=1).tolist() == whole.tolist()
    assert (parts >= 0).all()


def test_the_exports_hold_the_money_and_the_impressions_of_the_company_to_the_cent(read):
    tables, _ = read
    company = of_company("media", "week")
    ours = tables["media"].reindex(company.index).fillna(0.0)
    assert tables["media"]["spend"].sum() == pytest.approx(company["spend"].sum(), abs=1e-4)
    np.testing.assert_allclose(ours["spend"], company["spend"], atol=1e-6)
    np.testing.assert_allclose(ours["impressions"], company["impressions"], atol=1e-6)


def test_platforms_analytics_and_crm_count_what_the_table_of_counts_says(read):
    tables, _ = read
    counts = of_company("attribution", "date")
    for table, name, column in (
        ("media", "platform_conversions", "platform_conversions"),
        ("media", "platform_revenue", "platform_revenue"),
        ("analytics", "conversions", "analytics_conversions"),
        ("crm", "won", "crm_customers"),
    ):
        np.testing.assert_allclose(
            tables[table][name].reindex(counts.index).fillna(0.0), counts[column], atol=1e-6, err_msg=column
        )


def test_what_no_ad_is_given_came_directly_and_all_else_is_tagged(read):
    tables, notes = read
    direct = tables["analytics"].xs("(direct) / (none)", level="channel")["conversions"]
    orders = pd.read_csv(DEMO / "sales.csv", parse_dates=["week"]).groupby("week")["orders"].sum()
    everything = tables["analytics"]["conversions"].groupby("date").sum()
    assert len(direct) == len(orders)
    np.testing.assert_allclose(everything, orders)
    told = [(note.severity, note.value) for note in notes if note.check == "not tagged"]
    assert told == [("pass", "(direct) / (none) / (direct) (156 rows)")]


def test_finance_names_weeks_by_their_last_day_and_books_the_same_revenue():
    config = load_config(ROOT / "configs/demo-exports.yaml")
    outcome = load_tables(config.data, config.calendar, config.channels, config.folder).outcome
    sales = pd.read_csv(DEMO / "sales.csv", parse_dates=["week"]).groupby("week")[["revenue", "orders"]].sum()
    assert outcome["date"].tolist() == sales.index.tolist()
    assert outcome["outcome"].tolist() == sales["revenue"].tolist()
    assert outcome["orders"].tolist() == sales["orders"].tolist()


def test_the_exports_stay_small():
    assert sum(path.stat().st_size for path in (DEMO / "exports").iterdir()) < 1_000_000
