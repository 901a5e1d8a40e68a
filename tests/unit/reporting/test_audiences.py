"""Who sees what: sections by reader, files by edition, and nothing of margins and profit for an agency."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError
from pypdf import PdfReader

from mmm.reporting.audiences import SECTIONS, Edition, editions, results_for
from mmm.reporting.decision import decide
from mmm.reporting.html import render_html
from mmm.reporting.letterhead import Letterhead
from mmm.reporting.report import write_report
from mmm.reporting.results import Estimate, Results
from mmm.reporting.settings import ReportSettings

MARGIN = 0.618034
PLANTED = 7_654_321.0
"""No other figure begins with these digits."""
SECRETS = tuple(
    value * scale for value in (MARGIN, 1 / MARGIN, PLANTED) for scale in (1.0, 100.0, 1e-3, 1e-6)
)
WORDS = re.compile(r"margin|profit|romi|lifetime|break.?even|present value|to pay|pays", re.IGNORECASE)


def _sections(page: str) -> set[str]:
    return set(re.findall(r'<section class="part" id="(\w+)"', page))


@pytest.fixture
def planted(make: Any) -> Results:
    """A run in which every figure of profit is a number that stands nowhere else."""
    found = make(
        margin=MARGIN,
        stressed=True,
        config_text=f"finance: {{gross_margin: {MARGIN}}}\n# secret of the house\n",
    )
    money = pd.DataFrame([{"level": "total", "secret": PLANTED}])
    kept = found.summary
    return replace(
        found,
        summary=replace(
            kept,
            worst_tenth=PLANTED,
            gap_money=PLANTED,
            expected_regret=PLANTED,
            shadow_price=7.654321,
            reserve_price=7.654321,
            assumptions=("Profit of 7,654,321 is assumed.",),
        ),
        moves=found.moves.assign(
            binding="upper", binding_price=7.654321, why="7,654,321 of gross margin", flip="At 1.618"
        ),
        roi=found.roi.assign(
            p_pays=0.7654, p_pays_prior=0.7654, romi=7.654321, romi_lo=7.6543, romi_hi=7.6543
        ),
        scenarios=found.scenarios.assign(profit=PLANTED, expected_regret=PLANTED),
        pnl=money,
        customers=money,
        bridge=money,
        claims=money,
    )


def _texts(folder: Path) -> dict[str, str]:
    """All that stands in every file: markup and chart data, text of the sheets of paper, every part of the workbook."""
    said = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix not in ("", ".png")):
        if path.suffix == ".svg":  # names, figures and what a reader of the screen is told
            said[path.name] = "\n".join(
                re.findall(r'(?<=>)[^<>]+|(?<=aria-label=")[^"]*', path.read_text("utf-8"))
            )
        elif path.suffix == ".html":
            page = path.read_text("utf-8")
            said[path.name] = page[: page.index("<script>")] + page[page.rindex("</script>") :]
        elif path.suffix == ".pdf":
            said[path.name] = "\n".join(one.extract_text() for one in PdfReader(path).pages)
        else:
            with zipfile.ZipFile(path) as book:
                said[path.name] = "\n".join(
                    book.read(name).decode("utf-8")
                    for name in book.namelist()
                    if "styles" not in name and "theme" not in name
                )
    return said


def test_nothing_of_margins_and_profit_stands_in_any_file_of_an_agency(
    planted: Results, tmp_path: Path
) -> None:
    notes = Letterhead(notes="Our margin is the secret of the house.")
    folder = tmp_path / "made"
    write_report(planted, ReportSettings(audiences=("agency",)), folder, notes)
    said = _texts(folder)
    assert {name for name in said if not name.endswith(".svg")} == {"plan.xlsx", "report.html", "report.pdf"}
    drawn = {name for name in said if name.endswith(".svg")}
    assert drawn >= {"response-curves.svg", "returns.svg"}
    assert not drawn & {"budgets.svg", "profit-bridge.svg", "priors.svg", "other-models.svg"}
    for name, text in said.items():
        numbers = [float(one.replace(",", "")) for one in re.findall(r"\d[\d,]*\.?\d*", text)]
        near = [one for one in numbers for secret in SECRETS if abs(one - secret) <= 1e-5 * secret]
        assert near == [], name
        assert "secret of the house" not in text
        words = re.sub(r"<style>.*?</style>|</?[^>]*>", " ", text, flags=re.DOTALL)
        assert sorted(set(WORDS.findall(words))) == [], name


def test_the_company_reads_what_the_agency_does_not(planted: Results) -> None:
    page = render_html(
        replace(planted, **dict.fromkeys(("pnl", "customers", "bridge", "claims"), pd.DataFrame())),
        ReportSettings(),
    )
    assert "7,654" in page
    assert WORDS.search(page)


def test_the_gain_of_an_agency_is_the_gain_in_revenue_with_the_same_odds(results: Results) -> None:
    shown = results_for(results, "agency")
    told, asked = decide(shown), decide(results)
    assert told.measure == "revenue"
    assert told.gain.mean == pytest.approx(
        shown.summary.plan.revenue.mean - shown.summary.current.revenue.mean
    )
    assert told.gain.lo == pytest.approx(asked.gain.lo / 0.55)
    assert told.probability == asked.probability


def test_where_profit_and_revenue_differ_by_more_than_a_factor_the_agency_reads_the_mean_alone(
    results: Results,
) -> None:
    dearer = replace(results.summary, gain=Estimate(results.summary.gain.mean - 5e3, None, None))
    shown = results_for(replace(results, summary=dearer), "agency").summary
    assert shown.gain.mean == pytest.approx(shown.plan.revenue.mean - shown.current.revenue.mean)
    assert (shown.gain.lo, shown.gain.hi, shown.probability_better) == (None, None, None)


def test_an_outcome_without_a_money_value_is_shown_to_an_agency_as_it_is(make: Any) -> None:
    found = make(has_money=False, margin=None)
    assert results_for(found, "agency").summary.gain == found.summary.gain


@pytest.mark.parametrize("audience", sorted(SECTIONS))
def test_a_page_has_the_sections_of_its_reader_and_no_other(results: Results, audience: Any) -> None:
    shown = results_for(results, audience)
    page = render_html(shown, ReportSettings(), audience=audience)
    assert 'id="decision"' in page
    assert _sections(page) <= SECTIONS[audience]
    assert {"moves", "evidence", "limits"} <= _sections(page)
    assert ('id="appendix-heading"' in page) == ("appendix" in SECTIONS[audience])


def test_the_first_reader_has_the_plain_names_and_an_agency_files_of_its_own() -> None:
    assert editions(("cfo", "marketing", "agency")) == (
        Edition("cfo", "report.html", "report.pdf", "plan.xlsx"),
        Edition("marketing", "report-marketing.html", None, None),
        Edition("agency", "report-agency.html", "report-agency.pdf", "plan-agency.xlsx"),
    )
    assert editions(("agency", "analyst", "cfo")) == (
        Edition("agency", "report.html", "report.pdf", "plan.xlsx"),
        Edition("analyst", "report-analyst.html", "report-analyst.pdf", "plan-analyst.xlsx"),
        Edition("cfo", "report-cfo.html", None, None),
    )


def test_each_reader_is_named_once() -> None:
    with pytest.raises(ValidationError, match="cfo stands there twice"):
        ReportSettings(audiences=("cfo", "agency", "cfo"))
