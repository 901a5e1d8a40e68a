"""The report as one self-contained HTML page: no network, no second file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from mmm.reporting import (
    appendix,
    backtest,
    bridge,
    calendar,
    claims,
    customers,
    designs,
    evidence,
    funnel,
    geos,
    goals,
    headline,
    held,
    ledger,
    limits,
    moves,
    pnl,
    record,
    rollout,
    scenarios,
    scorecard,
    segments,
    shares,
    stress,
    tested,
)
from mmm.reporting.audiences import SECTIONS
from mmm.reporting.blocks import Figure
from mmm.reporting.decision import decide
from mmm.reporting.figures import Spec
from mmm.reporting.letterhead import NO_LETTERHEAD, Letterhead
from mmm.reporting.masthead import masthead
from mmm.reporting.palette import of_page, toned, tones
from mmm.reporting.results import Results
from mmm.reporting.retold import results_retold
from mmm.reporting.settings import Audience, ReportSettings
from mmm.reporting.voice import Voice, voice_for


@dataclass(frozen=True, slots=True)
class Page:
    """A page, the voice it speaks with, and the charts on it by name; small ones side by side share theirs."""

    html: str
    voice: Voice
    charts: Mapping[str, tuple[Figure, ...]]


def render_html(
    results: Results,
    settings: ReportSettings,
    letterhead: Letterhead = NO_LETTERHEAD,
    audience: Audience = "cfo",
) -> str:
    """Write the page of a run; `render_page` says how, and keeps the charts too."""
    return render_page(results, settings, letterhead, audience).html


def render_page(
    results: Results,
    settings: ReportSettings,
    letterhead: Letterhead = NO_LETTERHEAD,
    audience: Audience = "cfo",
) -> Page:
    """Write the page of a run.

    Parameters
    ----------
    results
        The tables of a finished run.
    settings
        The language, and what the company is called.
    letterhead
        Its logo and notes.
    audience
        Whose sections the page has.

    Returns
    -------
    Page
        A whole HTML document, which fetches nothing, and its content policy forbids it to; and its charts.

    Raises
    ------
    InternalFault
        When the tables of the run contradict each other.
    """
    voice = voice_for(results, settings)
    results = results_retold(results, voice)
    charts: dict[str, tuple[Figure, ...]] = {}

    def draw(figure: Figure, name: str) -> Spec:
        charts[name] = (*charts.get(name, ()), figure)
        return voice.chart(figure.spec)

    page = environment().get_template("report.html.j2")
    summary = results.summary
    head = masthead(results, voice)
    html = page.render(
        t=voice.html,
        language=settings.language,
        direction="rtl" if voice.catalogue.from_the_right else "ltr",
        draw=draw,
        name=voice.company,
        logo=letterhead.logo_uri,
        notes=letterhead.notes_html,
        sections=SECTIONS[audience],
        window=voice.figures.window(summary.start, summary.end),
        money_note=head.money,
        data_note=head.data,
        record_note=record.record_sentence(results, voice),
        trace=head.trace,
        config_text=results.about.config_text,
        css=stylesheet(),
        script=Markup(source("report.js")),
        bundle=Markup(vega_bundle()),
        **_front(results, voice),
        **(_back(results, voice) if "appendix" in SECTIONS[audience] else {}),
    )
    return Page(html, voice, charts)


def _front(results: Results, voice: Voice) -> dict[str, Any]:
    """What the CFO reads."""
    decision = decide(results)
    margin = results.one_margin
    note = "evidence.chart.note" if margin else "evidence.chart.note.plain"
    return {
        "headline": headline.headline_html(decision, results, voice),
        "keys": headline.key_figures(decision, results, voice),
        "caveats": headline.caveats(results, voice),
        "bridge_lead": bridge.bridge_lead(results, voice),
        "next_unit": bridge.next_unit(results, voice),
        "bridge": bridge.bridge_figure(results, voice),
        "statement": bridge.statement_rows(results, voice),
        "pnl_lead": pnl.pnl_lead(results, voice),
        "pnl": pnl.pnl_figure(results, voice),
        "pnl_months": pnl.months_table(results, voice),
        "pnl_channels": pnl.channels_table(results, voice),
        "pnl_segments": pnl.segments_table(results, voice),
        "goals": goals.goal_sentences(results, voice),
        "goals_tree": goals.goals_tree(results, voice),
        "splits_sentence": goals.splits_sentence(results, voice),
        "splits_table": goals.splits_table(results, voice),
        "scenarios_lead": scenarios.scenarios_lead(results, voice),
        "frontier": scenarios.frontier_figure(results, voice),
        "scenarios_table": scenarios.scenarios_table(results, voice),
        "scenarios_without": scenarios.without_plan(results, voice),
        "pairs_table": scenarios.pairs_table(results, voice),
        "walk": scenarios.walk(results, voice),
        "frontier_table": scenarios.frontier_table(results, voice),
        "moves_lead": moves.moves_lead(decision, voice),
        "moves": moves.moves(results, voice),
        "moves_table": moves.moves_table(results, voice),
        "record_table": record.record_table(results, voice),
        "geos": geos.geos_figure(results, voice),
        "geos_lead": geos.geos_lead(results, voice),
        "geos_table": geos.geos_table(results, voice),
        "calendar_heading": voice.html(f"calendar.heading.{results.about.grain}"),
        "calendar_lead": calendar.calendar_sentence(results, voice),
        "calendar": calendar.calendar_figure(results, voice),
        "calendar_table": calendar.calendar_table(results, voice),
        "curves": moves.curve_figures(results, voice),
        "curves_table": moves.curves_table(results, voice),
        "evidence": evidence.evidence_grid(results, voice),
        "tested": tested.verdicts(results, voice),
        "learned": tested.changes(results, voice),
        "asks": rollout.decisions(results, voice),
        "asks_table": rollout.decisions_table(results, voice),
        "returns": evidence.returns_figure(results, voice),
        "returns_note": voice.html(note, {"break_even": voice.figures.ratio(1 / margin) if margin else ""}),
        "returns_name": voice.html("evidence.chart" if margin else "evidence.chart.plain"),
        "returns_table": evidence.returns_table(results, voice),
        "segments_lead": segments.segments_lead(results, voice),
        "segments": segments.segments_figure(results, voice),
        "shares": shares.shares_figure(results, voice),
        "shares_table": shares.shares_table(results, voice),
        "segments_table": segments.segments_table(results, voice),
        "others_table": segments.others_table(results, voice),
        "scorecard_lead": scorecard.scorecard_lead(results, voice),
        "scorecard_channels": scorecard.channels_table(results, voice),
        "scorecard_company": scorecard.company_table(results, voice),
        "kpi_tree": funnel.kpi_tree(results, voice),
        "funnel_table": funnel.funnel_table(results, voice),
        "creatives_table": ledger.creatives_table(results, voice),
        "leads_table": ledger.leads_table(results, voice),
        "quality_table": ledger.quality_table(results, voice),
        "owned_table": scorecard.owned_table(results, voice),
        "scorecard_drivers": scorecard.drivers_table(results, voice),
        "claims_lead": claims.claims_lead(results, voice),
        "claims_sentences": claims.claims_sentences(results, voice),
        "claims": claims.claims_figure(results, voice),
        "claims_steps": claims.steps_table(results, voice),
        "claims_table": claims.claims_table(results, voice),
        "customers_lead": customers.customers_lead(results, voice),
        "customers_notes": customers.customers_notes(results, voice),
        "customers_table": customers.customers_table(results, voice),
        "held_lead": held.held_lead(results, voice),
        "held": held.held_figure(results, voice),
        "held_table": held.held_table(results, voice),
        "pacing_table": held.pacing_table(results, voice),
        "moved_table": held.moved_table(results, voice),
        "designs_lead": designs.designs_lead(results, voice),
        "designs": designs.design_cards(results, voice),
        "designs_notes": designs.designs_notes(results, voice),
        "designs_table": designs.designs_table(results, voice),
        "limits": limits.limits(results, voice),
    }


def _back(results: Results, voice: Voice) -> dict[str, Any]:
    """What the analyst reads."""
    stack, key = appendix.decomposition_figure(results, voice)
    banded = "expected_lo" in appendix.fit_frame(results)
    return {
        "fit": appendix.fit_figures(results, voice),
        "fit_note": voice.html("appendix.fit.note" if banded else "appendix.fit.note.sum"),
        "fit_table": appendix.fit_table(results, voice),
        "decomposition": stack,
        "drivers": appendix.drivers_figure(results, voice),
        "decomposition_key": key,
        "decomposition_table": appendix.decomposition_table(results, voice),
        "adstock": appendix.adstock_figures(results, voice),
        "adstock_table": appendix.adstock_table(results, voice),
        "priors": appendix.priors_figure(results, voice),
        "priors_table": appendix.priors_table(results, voice),
        "conditions": evidence.conditions_table(results, voice),
        "hidden": stress.hidden_driver_table(results, voice),
        "stress": stress.stress_figure(results, voice),
        "survival": stress.survival_table(results, voice),
        "placebos": stress.placebo_sentences(results, voice),
        "stress_fits": stress.fits_table(results, voice),
        "experiments": tested.experiments_table(results, voice),
        "diagnostics": appendix.diagnostics_table(results, voice),
        "reviews": appendix.reviews_table(results, voice),
        "backtest": backtest.backtest_figure(results, voice),
        "backtest_table": backtest.backtest_table(results, voice),
        "checks": appendix.checks_table(results, voice),
        "sources": appendix.sources_table(results, voice),
        "run": appendix.run_table(results, voice),
    }


@cache
def environment() -> Environment:
    """Templates of every page; whatever comes from the data is text."""
    templates = Environment(
        loader=PackageLoader("mmm.reporting"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.filters |= {"toned": toned, "of_page": of_page}
    return templates


def stylesheet() -> Markup:
    """What every page looks like, on a light screen, on a dark one and on paper."""
    return Markup(tones() + source("report.css"))


def source(name: str) -> str:
    """A template file as it stands."""
    loader = environment().loader
    assert loader is not None
    return loader.get_source(environment(), name)[0]


@cache
def vega_bundle() -> str:
    """The Vega libraries, once a page. Nothing in them may end the script element they stand in."""
    return (
        vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
        .replace("</script", "<\\/script")
        .replace("<!--", "<\\!--")
    )
