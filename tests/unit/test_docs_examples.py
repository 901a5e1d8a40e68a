"""The examples in `docs/` do what the page says they do."""

from __future__ import annotations

import re
import shlex
import sqlite3
import textwrap
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from ruamel.yaml import YAML

from mmm.cli.shell import app
from mmm.config import load_config
from mmm.data.align import align_tables
from mmm.data.booked import booking
from mmm.data.count_settings import CreativesTable, LeadsTable, TransactionsTable
from mmm.data.reader import Reader
from mmm.data.readouts import read_readouts
from mmm.data.settings import CalendarSettings, DataSettings, ExperimentsTable, StudiesTable
from mmm.data.studies import read_studies
from mmm.data.table_settings import OutcomeTable
from mmm.data.tables import load_tables
from mmm.dims import Cell
from mmm.experiments.recipes import cells_of_wish, check_names
from mmm.experiments.settings import TestsSettings
from mmm.finance.lifetime import given_lifetimes
from mmm.finance.settings import FinanceSettings
from mmm.model.layout import demand_of, lay_out
from mmm.model.names import refuse_unknown_channels
from mmm.model.settings import ModelSettings
from mmm.model.shapes import MARGINAL, RETURN, SIGNED
from mmm.planning.flighting_faults import blackout_cells, flighting_faults
from mmm.planning.settings import GoalsSettings, PlanSettings
from mmm.reporting.audiences import SECTIONS, editions
from mmm.reporting.catalogue import catalogue_for
from mmm.reporting.settings import ReportSettings
from mmm.stages.at_hand import at_hand
from mmm.stages.prepare import prepare
from mmm.warehouse.exports import export_files, read_export
from mmm.warehouse.salt import Salt

DOCS = Path(__file__).parents[2] / "docs"
DATA = DataSettings.model_validate(
    {"source": "sales.csv", "date": "week", "outcome": {"value": "revenue"}, "media": {"tv": "tv"}}
)


def examples(page: str, first: str) -> list[str]:
    """Indented blocks of a page that begin with these words."""
    text = (DOCS / page).read_text("utf-8")
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, flags=re.MULTILINE)
    return [block for block in map(textwrap.dedent, blocks) if block.lstrip().startswith(first)]


def test_the_priors_of_the_page_are_what_it_says_of_them(make_panel: Callable[..., Any]) -> None:
    by_channel, hurting = (
        ModelSettings.model_validate(YAML(typ="safe").load(block)["model"] | {"max_lag": 8})
        for block in examples("beliefs.md", "model:")
    )
    panel = make_panel(cells=(Cell("tv"), Cell("facebook"), Cell("search")))
    refuse_unknown_channels(panel.cells, by_channel, panel.organic_names)
    found = lay_out(panel, by_channel, break_even=2.0).roi_priors
    assert found.measure.tolist() == [RETURN, MARGINAL, RETURN]
    assert found.median[:2].tolist() == [1.5, 0.9]
    spend, outcome = panel.spend[8:, 0, 2].sum(), panel.outcome[8:].sum()
    np.testing.assert_allclose(found.median[2] * spend / outcome, 0.08)
    refuse_unknown_channels(panel.cells, hurting, ("newsletter",))
    assert lay_out(panel, hurting).data.measure.tolist() == [SIGNED, RETURN, RETURN, RETURN]
    assert hurting.priors.channels["newsletter"].sign == "any"


def test_the_company_of_the_page_on_the_warehouse_is_read_from_its_databases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (text,) = re.findall(
        r"^```yaml\n(.*?)^```", (DOCS / "warehouse.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "acme.yaml").write_text(text, "utf-8")
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(7 * 60)]
    for year in (2024, 2025):
        rows = [
            f"{day} 10:00:00,{channel},1.5"
            for day in days
            for channel in ("tv", "search")
            if day.year == year
        ]
        (tmp_path / f"raw-{year}.csv").write_text("clicked,channel,cost\n" + "\n".join(rows) + "\n", "utf-8")
    with closing(sqlite3.connect(tmp_path / "base.db")) as base, base:
        base.execute("CREATE TABLE sales (week TEXT, revenue REAL)")
        base.executemany("INSERT INTO sales VALUES (?, ?)", [(str(day), 1000.0) for day in days[::7]])
    monkeypatch.chdir(tmp_path)
    panel = prepare(at_hand(load_config("acme.yaml")).config).panel
    assert panel.spend.shape == (60, 1, 2)
    assert set(panel.spend.ravel().tolist()) == {7 * 1.5}


def test_the_commands_of_the_page_on_rollouts_are_understood() -> None:
    (block,) = examples("rollout.md", "mmm tests rollout")
    tests = typer.main.get_command(app).commands["tests"]  # type: ignore[attr-defined]
    found = []
    for line in block.strip().splitlines():
        name, *words = shlex.split(line)[2:]
        found.append(tests.commands[name].make_context(name, words, resilient_parsing=False).params)
    assert [asked["name"] for asked in found] == ["", "ID", "ID"]
    assert (found[2]["word"], found[2]["by"]) == ("scale", "Dana")


def test_the_tables_of_the_page_on_tests_are_read(make_panel: Callable[..., Any], tmp_path: Path) -> None:
    settled, studies = examples("experiments.md", "id,channel")
    (tmp_path / "tests.csv").write_text(settled, encoding="utf-8")
    rows, _, faults = read_readouts(ExperimentsTable(source=Path("tests.csv")), DATA, tmp_path)
    assert faults == []
    assert [row.settled for row in rows] == ["kept", "widened"]  # the void one is out
    (tmp_path / "studies.csv").write_text(studies, encoding="utf-8")
    panel = make_panel(cells=(Cell("tv"), Cell("facebook", "prospecting"), Cell("facebook", "known")))
    found, _ = read_studies(StudiesTable(source=Path("studies.csv")), DATA, {}, tmp_path, panel, first=8)
    assert [(study.id, study.cells) for study in found] == [("mta-2025", (1,)), ("panel", (0,))]


def test_segments_and_further_outcomes_are_told_as_the_page_tells_them(tmp_path: Path) -> None:
    rows = [(f"2025-{month:02d}-06", 60 + month, 40, 9 + month) for month in range(1, 13)]
    wide = "week,revenue_new,revenue_existing,tv_spend,search_spend,revenue,leads\n" + "".join(
        f"{day},{new},{old},{spend},5,{new + old},{spend // 2}\n" for day, new, old, spend in rows
    )
    long = "week,customers,revenue,tv_spend,search_spend\n" + "".join(
        f"{day},new,{new},{spend},5\n{day},existing,{old},0,0\n" for day, new, old, spend in rows
    )
    (tmp_path / "weekly.csv").write_text(wide, encoding="utf-8")
    (tmp_path / "sales.csv").write_text(long, encoding="utf-8")
    by_name, by_column, beside = (
        DataSettings.model_validate(YAML(typ="safe").load(block)["data"] | {"grain": "month"})
        for block in examples("segments.md", "data:")
    )
    for data in (by_name, by_column):
        tables = load_tables(data, CalendarSettings(), {}, tmp_path)
        found = align_tables(tables, name="a", currency="USD", data=data, calendar=CalendarSettings())
        assert list(found.segments) == ["new", "existing"]
        assert found.segments["existing"].outcome[:, 0].tolist() == [40.0] * 12
        assert found.panel.spend[:, 0, 0].tolist() == [spend for *_, spend in rows]
    assert (beside.other_outcomes["leads"].value, beside.other_outcomes["leads"].kind) == ("leads", "count")
    leads = load_tables(
        beside.model_copy(update={"outcome": OutcomeTable(value="leads", kind="count")}),
        CalendarSettings(),
        {},
        tmp_path,
    )
    assert leads.outcome["outcome"].tolist() == [spend // 2 for *_, spend in rows]


def test_the_section_of_the_page_on_designing_tests_is_read() -> None:
    (text,) = re.findall(
        r"^```yaml\n(.*?)^```", (DOCS / "tests.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    settings = TestsSettings.model_validate(YAML(typ="safe").load(text)["tests"])
    assert (settings.slots, settings.ceiling) == (TestsSettings().slots, TestsSettings().ceiling)
    assert [wish.way for wish in settings.candidates] == [None, "user_split", None, None]
    assert settings.candidates[2].versions == ("old text", "new text")
    cells = (Cell("facebook", "prospecting"), Cell("search"))
    check_names(settings, cells)
    assert [cells_of_wish(wish, cells) for wish in settings.candidates] == [(0,), (1,), (1,), ()]


def test_the_index_of_demand_of_the_page_multiplies_media(tmp_path: Path) -> None:
    (block,) = examples("baseline.md", "data:")
    index = 100 + 30 * np.sin(np.arange(60))
    rows = [
        f"{np.datetime64('2025-01-06') + 7 * n},900,{n % 7},5,{value:.6f}\n" for n, value in enumerate(index)
    ]
    text = "week,revenue,tv_spend,search_spend,category_searches\n" + "".join(rows)
    (tmp_path / "weekly.csv").write_text(text, encoding="utf-8")
    data = DataSettings.model_validate(YAML(typ="safe").load(block)["data"])
    tables = load_tables(data, CalendarSettings(), {}, tmp_path)
    panel = align_tables(tables, name="a", currency="USD", data=data, calendar=CalendarSettings()).panel
    np.testing.assert_allclose(demand_of(panel, panel.controls)[:, 0], index / index.mean(), rtol=1e-6)


def test_the_weeks_of_the_page_are_planned_as_it_says() -> None:
    text = (DOCS / "flighting.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    plain, free, limited = (PlanSettings.model_validate(YAML(typ="safe").load(block)) for block in blocks)
    assert plain.flighting is None
    assert free.flighting is not None
    asked = limited.flighting
    assert asked is not None
    cells = (Cell("tv"), Cell("facebook", "prospecting"), Cell("search"))
    days = np.datetime64("2027-01-01"), np.datetime64("2027-03-31")
    with_budget = limited.model_copy(update={"budget": sum(asked.monthly.values())})
    assert flighting_faults(with_budget, cells, "week", *days) == []
    assert [blackout_cells(entry, cells) for entry in asked.blackout] == [[0], [0, 1, 2]]


def test_the_page_on_money_is_read() -> None:
    text = (DOCS / "money.md").read_text("utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    told = [YAML(typ="safe").load(block) for block in blocks]
    finance = [FinanceSettings.model_validate(one["finance"]) for one in told]
    assert [one.buying.fees for one in finance if one.buying.vat] == [{"default": 0.1, "tv": 0.15}]
    assert [one.payment.media_paid_after for one in finance if one.payment.media_paid_after] == [30]
    assert [type(one.customer_lifetime_value) for one in finance].count(TransactionsTable) == 1
    goals = [GoalsSettings.model_validate(one["goals"]) for one in told if "goals" in one]
    assert [one.channels["tv"] for one in goals] == ["awareness"]
    (ledger,) = [one["data"] for one in told if "creatives" in one.get("data", {})]
    assert CreativesTable.model_validate(ledger["creatives"]).creative == "ad"
    assert LeadsTable.model_validate(ledger["leads"]).won_on == "won_on"
    (customers,) = [one for one in told if "customers" in one["finance"]]
    assert OutcomeTable.model_validate(customers["data"]["outcome"]).new_customers == "first_orders"
    found = given_lifetimes(FinanceSettings.model_validate(customers["finance"]))
    assert found["tv"].value.tolist() == [300]
    assert found["tv"].by_month.shape == (1, 36)


def test_the_exports_of_the_page_are_read_as_it_says(tmp_path: Path) -> None:
    page = (DOCS / "from-exports.md").read_text("utf-8")
    (text,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "acme.yaml").write_text(text, "utf-8")
    (tmp_path / "google").mkdir()
    files = {
        "google/a.csv": "Campaign report\nDay,Campaign,Cost,Impr.\n2024-01-01,Shoes,100,9\n2024-01-02,Brand,100,9\n",
        "meta.csv": "Day,Campaign name,Ad set name,Amount spent (EUR)\n2025-01-01,Spring,Lookalike 1%,100\n"
        "2024-12-31,Spring,Visitors,100\n",
        "ga4.csv": "Date,Session source / medium,Session campaign,Key events\n20240101,google / cpc,Shoes,7\n"
        "20240102,(direct) / (none),(direct),3\n",
        "deals.csv": "Record ID,Email,Create Date,Deal Stage,Original Source,Original Source Drill-Down 1\n"
        "1,a@b.co,2024-01-01,Signed,Paid Search,Brand\n2,c@d.co,2024-01-01,Closed Won,Paid Search,Brand\n",
        "finance.csv": "Week ending,Net sales,Orders\n07/01/2024,900,9\n14/01/2024,900,9\n"
        "21/01/2024,900,9\n28/01/2024,900,9\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, "utf-8")
    config = load_config(tmp_path / "acme.yaml")
    booked = booking(config.currency, config.finance.rates, config.folder)
    reader = Reader(config.data, config.folder, booked)
    salt = Salt(tmp_path / "acme.salt")
    google, meta, ga4, deals = (
        read_export(reader, key, export, path, rules=config.data.rules, salt=salt)
        for key, export, path in export_files(reader)
    )
    assert reader.faults == []
    assert google is not None
    np.testing.assert_allclose(google.frame["spend"], [110.0, 110.0])  # the agency's fee on top
    assert google.frame["audience"].tolist() == ["generic", "brand"]
    assert meta is not None
    np.testing.assert_allclose(meta.frame["spend"], [105.0, 110.0])
    assert meta.frame["channel"].tolist() == ["facebook", "facebook"]
    assert meta.frame["audience"].tolist() == ["lookalike", ""]
    assert ga4 is not None
    assert ga4.frame["channel"].tolist() == ["search", "(direct) / (none)"]
    assert deals is not None
    assert deals.frame["won"].tolist() == [1.0, 0.0]  # this company signs
    outcome = load_tables(config.data, config.calendar, config.channels, config.folder, booked).outcome
    assert outcome["date"].dt.strftime("%Y-%m-%d").tolist() == [
        "2024-01-01",
        "2024-01-08",
        "2024-01-15",
        "2024-01-22",
    ]


def test_the_plan_that_is_compared_with_the_plan_of_record_is_accepted() -> None:
    (told,) = (YAML(typ="safe").load(block)["plan"] for block in examples("refresh.md", "plan:"))
    assert PlanSettings.model_validate(told).reference == "plan_of_record"


def test_the_readers_of_the_page_have_the_files_it_names() -> None:
    (block,) = examples("readers.md", "report:")
    audiences = ReportSettings.model_validate(YAML(typ="safe").load(block)["report"]).audiences
    files = {name for one in editions(audiences) for name in (one.page, one.sheets, one.workbook) if name}
    text = (DOCS / "readers.md").read_text("utf-8")
    assert [name for name in sorted(files) if f"`{name}`" not in text and name != "report-agency.html"] == []
    assert set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)) == set(SECTIONS)


def test_the_command_of_the_page_on_readers_is_understood() -> None:
    (line,) = (block.strip() for block in examples("readers.md", "mmm report"))
    command = typer.main.get_command(app).commands["report"]  # type: ignore[attr-defined]
    found = command.make_context("report", shlex.split(line)[2:], resilient_parsing=False).params
    assert found["audience"] == ["marketing", "agency"]


def test_the_language_of_the_page_on_hebrew_is_accepted_and_its_words_are_those_of_the_report() -> None:
    (block,) = examples("hebrew.md", "report:")
    told = YAML(typ="safe").load(block)
    assert ReportSettings.model_validate(told["report"]).language == "he"
    (line,) = (block.strip() for block in examples("hebrew.md", "mmm report"))
    command = typer.main.get_command(app).commands["report"]  # type: ignore[attr-defined]
    found = command.make_context("report", shlex.split(line)[2:], resilient_parsing=False).params
    assert found["language"] == "he"
    said = " ".join(catalogue_for("he").sentences.values())
    rows = re.findall(
        r"^\| [^|]+ \| ([\u0590-\u05ff][^|]*) \|$", (DOCS / "hebrew.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) > 20
    assert [word for row in rows for word in row.strip().split(", ") if word not in said] == []
