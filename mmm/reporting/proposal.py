"""The page a manager signs after a test: what is proposed, why, what it may cost, and how to go there."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from markupsafe import Markup

from mmm.dims import Cell
from mmm.reporting.amounts import Figures, amounts_for
from mmm.reporting.blocks import Table
from mmm.reporting.catalogue import catalogue_for
from mmm.reporting.html import environment, source
from mmm.reporting.results import cell_of, estimate, number, read_table, records
from mmm.reporting.rollout import Row, Style, actions_table, decision, how, reasons, steps_table


def write_proposal_page(folder: Path, name: str, page: str) -> Path:
    """Write the page of one test from the tables `rollout*.csv` of the same folder, which it says and nothing else."""
    about = json.loads((folder / "rollout.json").read_text(encoding="utf-8"))
    tables = {
        part: [row for row in records(read_table(folder / f"{part}.csv")) if row["id"] == name]
        for part in ("rollout", "rollout_actions", "rollout_steps", "rollout_moves")
    }
    place = folder / page
    place.write_text(render_proposal(about, tables), encoding="utf-8")
    return place


def render_proposal(about: dict[str, Any], tables: dict[str, list[Any]]) -> str:
    """The page as one HTML document that fetches nothing and runs nothing.

    Parameters
    ----------
    about
        As in `rollout.json`.
    tables
        Rows of this test, by table.
    """
    (row,) = tables["rollout"]
    actions = tables["rollout_actions"]
    words = catalogue_for("en")  # why an action is not possible is written where it is weighed, in English
    largest = max(number(other["spend"]) or 0.0 for other in actions)
    amounts = amounts_for(Figures(words), largest, about["currency"], True)
    style = Style(words, amounts, lambda cell: cell.name)
    money_key = "masthead.money" if about["currency"] else "masthead.money_unnamed"
    trace = {
        "hash": about["config_hash"],
        "key": about["key"],
        "last": amounts.figures.day(date.fromisoformat(about["data_until"])),
        "version": about["version"],
        "created": about["created"],
    }
    start, end = (date.fromisoformat(about[name]) for name in ("start", "end"))
    return (
        environment()
        .get_template("proposal.html.j2")
        .render(
            t=words.html,
            language=words.language,
            name=about["name"],
            id=row["id"],
            window=amounts.figures.window(start, end),
            money_note=words.html(money_key, {"currency": about["currency"]}),
            css=Markup(source("report.css")),
            headline=decision(row, style),
            keys=_keys(row, style),
            reasons=reasons(row, style),
            actions=actions_table(actions, style),
            steps=steps_table(tables["rollout_steps"], style),
            how=how(row, style),
            moves=_moves_table(tables["rollout_moves"], row, style),
            run=f"{about['config_hash'][:12]} / {about['key']}",
            footer=words.html("rollout.footer", trace),
        )
    )


def _keys(row: Row, style: Style) -> list[tuple[str, str, str]]:
    gain = estimate(row, "gain")
    amounts, words = style.amounts, style.words
    return [
        (
            amounts.money(gain.mean, signed=True),
            words.text("rollout.key.gain"),
            words.text("rollout.key.gain.note", {"range": amounts.money_range(gain, signed=True)}),
        ),
        (
            amounts.figures.odds(number(row["p_next_pays"])),
            words.text("rollout.key.pays"),
            words.text(
                "rollout.key.pays.note", {"better": amounts.figures.odds(number(row["probability_better"]))}
            ),
        ),
        (
            amounts.money(number(row["money_at_risk"])),
            words.text("rollout.key.risk"),
            words.text("rollout.key.risk.note", {"regret": amounts.money(number(row["expected_regret"]))}),
        ),
    ]


def _moves_table(rows: list[Any], decided: Row, style: Style) -> Table | None:
    """Where the money comes from or goes, largest first; None where nothing moves."""
    if decided["action"] == "hold":
        return None
    changed = [(number(row["spend"]) or 0.0) - (number(row["hold_spend"]) or 0.0) for row in rows]
    order = sorted(range(len(rows)), key=lambda i: -abs(changed[i]))
    shown = [i for i in order if abs(changed[i]) >= 0.005]
    names = ("cell", "today", "spend", "change")
    return Table(
        tuple(style.words.text(f"rollout.column.{name}") for name in names),
        tuple(
            (
                _name(cell_of(rows[i])),
                style.amounts.money(number(rows[i]["hold_spend"])),
                style.amounts.money(number(rows[i]["spend"])),
                style.amounts.money(changed[i], signed=True),
            )
            for i in shown
        ),
    )


def _name(cell: Cell) -> str:
    return cell.name
