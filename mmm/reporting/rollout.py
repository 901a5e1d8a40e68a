"""What each test asks for: the decision, why, and how to go there; in the report and on a page to sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Table
from mmm.reporting.results import Results, cell_of, estimate, number, records
from mmm.reporting.voice import Voice

Row = Mapping[str, Any]
MOVES = ("scale", "cut", "stop")


def decision(row: Row, voice: Voice) -> Markup:
    """What is to be done, in one sentence."""
    before, after = (number(row[name]) or 0.0 for name in ("hold_spend", "spend"))
    key = "start" if row["decision"] == "scale" and before == 0 else row["decision"]
    values = {
        "cell": voice.cell(cell_of(row)) or NOTHING,
        "before": voice.amounts.money(before),
        "after": voice.amounts.money(after),
        "multiple": _times(row["multiple"], voice),
    }
    return voice.html(f"rollout.{key}", values)


def reasons(row: Row, voice: Voice) -> list[Markup]:
    """Why: the odds and the money of the best action, and what testing again would be worth."""
    gain = estimate(row, "gain")
    pays = number(row["p_next_pays"])
    up = str(row["best_action"]).startswith("scale")
    values = {
        "action": _action(str(row["best_action"]), voice),
        "odds": voice.figures.odds(pays if up or pays is None else 1.0 - pays),
        "gain": voice.amounts.money(gain.mean, signed=True),
        "range": voice.amounts.money_range(gain, signed=True),
        "regret": voice.amounts.money(number(row["expected_regret"])),
        "allowed": voice.amounts.money(number(row["regret_allowed"])),
    }
    if row["best_action"] == "hold":
        first = voice.html("rollout.why.hold", {"odds": voice.figures.odds(pays)})
    else:
        side = "up" if up else "down"
        sure = "sure" if row["decision"] in MOVES else "unsure"
        first = voice.html(f"rollout.why.{sure}.{side}", values)
    again = {
        name: voice.amounts.money(number(row[f"follow_up_{name}"]), signed=name == "net")
        for name in ("value", "cost", "net")
    }
    return [first, voice.html("rollout.follow_up", again)]


def how(row: Row, voice: Voice) -> list[Markup]:
    """How the way is watched: what stays as it is, and when to go back. Nothing where nothing moves."""
    if row["decision"] not in MOVES:
        return []
    held = ", ".join(voice.apart(name) for name in str(row["holdout"]).split(";"))
    side = "up" if row["decision"] == "scale" else "down"
    keep = {"regions": held, "share": voice.figures.percent(number(row["holdout_share"]))}
    return [
        voice.html("rollout.holdout", keep) if held else voice.html("rollout.holdout.none"),
        voice.html(f"rollout.back.{side}"),
    ]


def actions_table(rows: Sequence[Row], voice: Voice) -> Table:
    """Every action beside each other; why one is not possible only where one is not."""
    names = ["action", "spend", "profit", "worst", "score", "gain", "range", "better", "at_risk"]
    if any(row["why_not"] for row in rows):
        names.append("why_not")
    head = tuple(voice.text(f"rollout.column.{name}") for name in names)
    return Table(head, tuple(_action_row(row, voice)[: len(names)] for row in rows))


def _action_row(row: Row, voice: Voice) -> tuple[str, ...]:
    money = voice.amounts.money
    name = _action(str(row["action"]), voice)
    gain = estimate(row, "gain")
    against = (
        money(gain.mean, signed=True),
        voice.amounts.money_range(gain, signed=True),
        voice.figures.odds(number(row["probability_better"])),
        money(number(row["money_at_risk"])),
    )
    if row["action"] == "hold":  # nothing is gained or lost against itself
        against = (NOTHING,) * 4
    return (
        voice.text("rollout.best", {"action": name}) if row["best"] else name,
        *(money(number(row[column])) for column in ("spend", "profit", "worst", "score")),
        *against,
        voice.retold_or_file(row["why_not"], "rollout_actions.csv"),
    )


def steps_table(rows: Sequence[Row], voice: Voice) -> Table | None:
    """The way there, step by step; None where nothing moves."""
    if not rows:
        return None
    names = ("step", "start", "multiple", "per_week")
    return Table(
        tuple(voice.text(f"rollout.column.{name}") for name in names),
        tuple(
            (
                f"{row['step']}",
                voice.figures.day(date.fromisoformat(str(row["start"]))),
                _times(row["multiple"], voice),
                voice.amounts.money(number(row["spend_per_week"])),
            )
            for row in rows
        ),
        words=2,
    )


def decisions_table(results: Results, voice: Voice) -> Table | None:
    """A row per test, for the report; None where nothing was proposed."""
    rows = []
    for row in records(results.rollout):
        figure = estimate(row, "next_roi")
        rows.append(
            (
                str(row["id"]),
                voice.cell(cell_of(row)) or NOTHING,
                voice.text(f"rollout.word.{row['decision']}"),
                voice.amounts.money(number(row["hold_spend"])),
                voice.amounts.money(number(row["spend"])),
                voice.amounts.money(number(row["planned_spend"])),
                voice.figures.ratio(figure.mean),
                voice.figures.ratio_range(figure),
                voice.figures.odds(number(row["p_next_pays"])),
                _action(str(row["best_action"]), voice),
                voice.amounts.money(number(row["gain"]), signed=True),
                voice.amounts.money(number(row["money_at_risk"])),
                voice.amounts.money(number(row["follow_up_net"]), signed=True),
            )
        )
    if not rows:
        return None
    names = ("test", "cell", "decision", "today", "spend", "planned", "next", "range", "pays", "best", "gain")
    head = (*names, "at_risk", "again")
    return Table(tuple(voice.text(f"rollout.column.{name}") for name in head), tuple(rows), words=3)


def decisions(results: Results, voice: Voice) -> list[tuple[str, Markup, Markup]]:
    """Name of the test, decision and its first reason, a test each."""
    return [
        (str(row["id"]), decision(row, voice), reasons(row, voice)[0]) for row in records(results.rollout)
    ]


def _action(name: str, voice: Voice) -> str:
    """An action as people say it: `scale to 1.5 x`."""
    kind, _, multiple = name.partition(" ")
    return voice.text(f"rollout.action.{kind}", {"multiple": _times(multiple.rstrip("x") or None, voice)})


def _times(multiple: object, voice: Voice) -> str:
    """A multiple of today's money: `1.25 x`."""
    return NOTHING if multiple is None else voice.text("amount.times", {"n": f"{float(str(multiple)):.4g}"})
