"""The decision on two sheets of paper to sign: `report.pdf`, set by Typst from the sentences of the page."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from html import unescape
from itertools import product
from typing import Any

import typst
from markupsafe import Markup

from mmm.reporting import bridge, designs, goals, headline, limits, moves, scenarios
from mmm.reporting.blocks import Table
from mmm.reporting.decision import decide
from mmm.reporting.html import source
from mmm.reporting.letterhead import NO_LETTERHEAD, Letterhead
from mmm.reporting.masthead import masthead
from mmm.reporting.record import record_sentence
from mmm.reporting.results import Results
from mmm.reporting.retold import results_retold
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import Voice, voice_for

PAGES = 2
MOST_MOVES = 12
LEAST_MOVES = 4
"""Lines that move are left to the workbook, the smallest first, until the sheets suffice."""

MOST_TESTS = 4
SHOWN_SCENARIOS = 9
SHOWN_COLUMNS = 6

_TAGS = re.compile(r"(<[^>]+>)")

Run = dict[str, Any]


def render_pdf(results: Results, settings: ReportSettings, letterhead: Letterhead = NO_LETTERHEAD) -> bytes:
    """Write the two pages of a run.

    Parameters
    ----------
    results
        The tables of a finished run.
    settings
        The language, and what the company is called.
    letterhead
        Its logo.

    Returns
    -------
    bytes
        A PDF of two A4 pages, with the fonts it needs.

    Raises
    ------
    InternalFault
        When the tables of the run contradict each other.
    """
    voice = voice_for(results, settings)
    results = results_retold(results, voice)
    template = source("report.typ").encode()
    told = _sheets(results, voice, settings.language) | {"logo": list(letterhead.logo)}
    rows = sorted(moves.moves(results, voice), key=lambda move: -abs(move.after_width - move.before_width))
    fewer = range(min(MOST_MOVES, len(rows)), min(LEAST_MOVES, len(rows)) - 1, -1)
    for new_page, shown in product(
        (True, False), fewer
    ):  # where page 1 runs over, the moves follow it at once
        told["moves"] |= {
            "rows": [asdict(move) for move in rows[:shown]],
            "more": voice.text("pdf.more", {"n": len(rows) - shown}) if shown < len(rows) else "",
            "new_page": new_page,
        }
        given = {"data": json.dumps(told, ensure_ascii=False)}
        if (
            int(json.loads(typst.query(template, "<pages>", field="value", one=True, sys_inputs=given)))
            <= PAGES
        ):
            break
    made = typst.compile(template, sys_inputs=given)
    assert isinstance(made, bytes)  # one document, no output path
    return made


def _sheets(results: Results, voice: Voice, language: str) -> dict[str, Any]:
    """All that the pages say, written out; the moves without their rows."""
    about, summary, decision = results.about, results.summary, decide(results)
    window = voice.figures.window(summary.start, summary.end)
    head = masthead(results, voice)
    next_unit = bridge.next_unit(results, voice)
    return {
        "language": language,
        "direction": "rtl" if voice.catalogue.from_the_right else "ltr",
        "title": voice.text("title", {"name": voice.company, "window": window}),
        "name": voice.company,
        "kind": f"{voice.text('masthead.kind')}, {window}",
        "notes": [
            head.money,
            head.data,
            voice.text("masthead.ranges"),
            *([named] if (named := record_sentence(results, voice)) else []),
        ],
        "decision": {
            "heading": voice.text("decision.heading"),
            "sentences": [_runs(text) for text in headline.headline_html(decision, results, voice)],
            "keys": [asdict(key) for key in headline.key_figures(decision, results, voice)],
            "caveats": [_runs(text) for text in headline.caveats(results, voice)],
        },
        "goals": {
            "heading": voice.text("goals.heading"),
            "sentences": [_runs(text) for text in goals.goal_sentences(results, voice)],
        },
        "bridge": {
            "heading": voice.text("bridge.heading"),
            "lead": _runs(bridge.bridge_lead(results, voice)) + _runs(next_unit or Markup("")),
            "steps": bridge.bridge_steps(results, voice),
            "steps_note": voice.text("bridge.chart.note"),
            "head": [voice.text(f"bridge.column.{name}") for name in ("line", "plan", "current", "change")],
            "rows": [asdict(row) for row in bridge.statement_rows(results, voice)],
            "note": voice.text("bridge.range"),
        },
        "moves": {
            "heading": voice.text("moves.heading"),
            "lead": _runs(moves.moves_lead(decision, voice)),
        },
        "scenarios": {
            "heading": voice.text("scenarios.heading"),
            "lead": _runs(scenarios.scenarios_lead(results, voice) or Markup("")),
            "table": _table(scenarios.scenarios_table(results, voice)),
        },
        "tests": {
            "heading": voice.text("designs.heading"),
            "lead": _runs(designs.designs_lead(results, voice) or Markup("")),
            "rows": [_test(card) for card in designs.design_cards(results, voice)[:MOST_TESTS]],
        },
        "limits": _limits(results, voice),
        "sign": {
            "heading": voice.text("pdf.sign"),
            "by": voice.text("pdf.by"),
            "date": voice.text("rollout.sign.date"),
            "run": voice.text("rollout.sign.run"),
            "hash": about.config_hash[:16],
            "trace": head.trace,
        },
    }


def _runs(text: Markup) -> list[Run]:
    """A sentence of the page as stretches of plain text, some of them strong."""
    found, strong = [], False
    for part in _TAGS.split(text):
        if part.startswith("<"):
            strong = part == "<strong>"
        elif part:
            found.append({"text": unescape(part), "strong": strong})
    return [*found, {"text": " ", "strong": False}] if found else []


def _table(table: Table | None) -> dict[str, Any] | None:
    if table is None:
        return None
    rows = [row[:SHOWN_COLUMNS] for row in table.rows[:SHOWN_SCENARIOS]]
    return {"head": table.head[:SHOWN_COLUMNS], "rows": rows}


def _test(card: designs.Card) -> dict[str, Any]:
    """The question of a test, what is done and when, and the answers agreed beforehand."""
    replies = [
        f"{reply.when}: {reply.action}" + (f" ({reply.odds})" if reply.odds else "") for reply in card.replies
    ]
    return {
        "question": _runs(card.question),
        "colour": card.colour,
        "what": [run for _, text in (card.rows[0], card.rows[2], card.rows[3]) for run in _runs(text)],
        "replies": "; ".join(replies),
    }


def _limits(results: Results, voice: Voice) -> dict[str, Any]:
    """How good the plan can be, and how healthy the model is."""
    shown = {voice.text("limits.proof"), voice.text("limits.health")}
    return {
        "heading": voice.text("limits.heading"),
        "groups": [
            {"title": group.title, "text": [run for text in group.sentences for run in _runs(Markup(text))]}
            for group in limits.limits(results, voice)
            if group.title in shown
        ],
    }
