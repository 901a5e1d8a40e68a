"""The page a manager signs after a test: what is proposed, why, what it may cost, and how to go there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mmm.reporting.blocks import Table
from mmm.reporting.html import environment, stylesheet
from mmm.reporting.results import cell_of, estimate, number, read_table, records
from mmm.reporting.rollout import Row, actions_table, decision, how, reasons, steps_table
from mmm.reporting.voice import Voice, voice_of_page


def write_proposal_page(
    place: Path, folder: Path, name: str, language: str, labels: Mapping[str, str]
) -> None:
    """Write the page of one test from the tables `rollout*.csv` of a folder, which it says and nothing else."""
    about = json.loads((folder / "rollout.json").read_text(encoding="utf-8"))
    tables = {
        part: [row for row in records(read_table(folder / f"{part}.csv")) if row["id"] == name]
        for part in ("rollout", "rollout_actions", "rollout_steps", "rollout_moves")
    }
    place.write_text(render_proposal(about, tables, language, labels), encoding="utf-8")


def render_proposal(
    about: dict[str, Any], tables: dict[str, list[Any]], language: str, labels: Mapping[str, str]
) -> str:
    """The page as one HTML document that fetches nothing and runs nothing.

    Parameters
    ----------
    about
        As in `rollout.json`.
    tables
        Rows of this test, by table.
    language, labels
        Of the page; what it calls channels.
    """
    (row,) = tables["rollout"]
    actions = tables["rollout_actions"]
    largest = max(number(other["spend"]) or 0.0 for other in actions)
    voice = voice_of_page(
        about["name"], language, labels, largest=largest, currency=about["currency"], in_money=True
    )
    money_key = "masthead.money" if about["currency"] else "masthead.money_unnamed"
    trace = {
        "hash": about["config_hash"],
        "key": about["key"],
        "last": voice.figures.day(date.fromisoformat(about["data_until"])),
        "version": about["version"],
        "created": about["created"],
    }
    start, end = (date.fromisoformat(about[name]) for name in ("start", "end"))
    return (
        environment()
        .get_template("proposal.html.j2")
        .render(
            t=voice.html,
            language=language,
            direction="rtl" if voice.catalogue.from_the_right else "ltr",
            name=voice.company,
            id=row["id"],
            window=voice.figures.window(start, end),
            money_note=voice.html(money_key, {"currency": about["currency"]}),
            css=stylesheet(),
            headline=decision(row, voice),
            keys=_keys(row, voice),
            reasons=reasons(row, voice),
            actions=actions_table(actions, voice),
            steps=steps_table(tables["rollout_steps"], voice),
            how=how(row, voice),
            moves=_moves_table(tables["rollout_moves"], row, voice),
            run=f"{about['config_hash'][:12]} / {about['key']}",
            footer=voice.html("rollout.footer", trace),
        )
    )


def _keys(row: Row, voice: Voice) -> list[tuple[str, str, str]]:
    gain = estimate(row, "gain")
    amounts = voice.amounts
    return [
        (
            amounts.money(gain.mean, signed=True),
            voice.text("rollout.key.gain"),
            voice.text("rollout.key.gain.note", {"range": amounts.money_range(gain, signed=True)}),
        ),
        (
            amounts.figures.odds(number(row["p_next_pays"])),
            voice.text("rollout.key.pays"),
            voice.text(
                "rollout.key.pays.note", {"better": amounts.figures.odds(number(row["probability_better"]))}
            ),
        ),
        (
            amounts.money(number(row["money_at_risk"])),
            voice.text("rollout.key.risk"),
            voice.text("rollout.key.risk.note", {"regret": amounts.money(number(row["expected_regret"]))}),
        ),
    ]


def _moves_table(rows: list[Any], decided: Row, voice: Voice) -> Table | None:
    """Where the money comes from or goes, largest first; None where nothing moves."""
    if decided["action"] == "hold":
        return None
    changed = [(number(row["spend"]) or 0.0) - (number(row["hold_spend"]) or 0.0) for row in rows]
    order = sorted(range(len(rows)), key=lambda i: -abs(changed[i]))
    shown = [i for i in order if abs(changed[i]) >= 0.005]
    names = ("cell", "today", "spend", "change")
    return Table(
        tuple(voice.text(f"rollout.column.{name}") for name in names),
        tuple(
            (
                voice.cell(cell_of(rows[i])),
                voice.amounts.money(number(rows[i]["hold_spend"])),
                voice.amounts.money(number(rows[i]["spend"])),
                voice.amounts.money(changed[i], signed=True),
            )
            for i in shown
        ),
    )
