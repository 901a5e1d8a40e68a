"""What the planner's page shows of a plan, as HTML: where the money goes, and scenarios side by side.

Names and sentences are in the language of the page; whatever comes from the data is text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from markupsafe import Markup

from mmm.app.planner import Planner
from mmm.dims import Cell
from mmm.planning.plan import Plan
from mmm.reporting.amounts import NOTHING
from mmm.reporting.html import environment, source
from mmm.reporting.palette import channel_colours
from mmm.reporting.results import number
from mmm.reporting.voice import Voice, voice_of_page
from mmm.stages.check import labels_of

SEEKS = ("profit", "revenue", "outcome")
"""What a plan brings, the first that it has."""


def voice_of(planner: Planner, language: str) -> Voice:
    """How the page of a planner speaks, with its name for every line that stages name in their sentences."""
    config = planner.config
    voice = voice_of_page(
        config.report.brand.name or config.name,
        language,
        labels_of(config, language),
        largest=planner.begin.window.reference.total,
        currency=config.currency,
        in_money=planner.begin.window.has_money,
    )
    names = {cell.name: line(cell, voice) for cell in planner.cells}
    return replace(voice, names={**voice.names, **names})


def line(cell: Cell, voice: Voice) -> str:
    """A line's name as the user wants it read."""
    return voice.apart(replace(cell, channel=voice.labels.get(cell.channel, cell.channel)).name)


def money(amount: object, voice: Voice, *, signed: bool = False) -> str:
    """Whole units of money or of the outcome."""
    return voice.figures.number(number(amount), signed=signed)


def seeks(plan: Plan) -> str:
    """What the plan is told by."""
    told = plan.summary.to_json()
    return next(name for name in SEEKS if told.get(name) is not None)


def ranged(plan: Plan, name: str, voice: Voice) -> str:
    """The 90 % range of a figure of the plan, in words."""
    told = plan.summary.to_json()
    return voice.figures.span(
        *(money(told[f"{name}_{end}"], voice, signed=name == "gain") for end in ("lo", "hi"))
    )


def better(plan: Plan, voice: Voice) -> str:
    """The odds against today's mix; none where the plan is that mix."""
    return NOTHING if is_today(plan) else voice.figures.odds(plan.summary.probability_better)


def is_today(plan: Plan) -> bool:
    """Whether the plan is today's mix to the cent."""
    places = plan.places
    return bool((places["planned_spend"] - places["current_spend"]).abs().max() < 0.005)


def moves_html(planner: Planner, plan: Plan, voice: Voice) -> Markup:
    """Where the money goes: each line with bars of today's mix and of the plan, the change, what it brings, and why."""
    places = plan.places
    longest = max(float(places[["current_spend", "planned_spend"]].to_numpy().max()), 1.0)
    colours = channel_colours(cell.channel for cell in planner.cells)
    moves = [
        {
            "name": line(cell, voice),
            "colour": colours[cell.channel],
            **_move(row, longest, voice, line(cell, voice)),
        }
        for cell, (_, row) in zip(planner.cells, places.iterrows(), strict=True)
    ]
    return _filled("planner_moves", voice, moves=moves)


def _move(row: pd.Series, longest: float, voice: Voice, name: str) -> dict[str, object]:
    before, after = float(row["current_spend"]), float(row["planned_spend"])
    told = {"cell": name, "before": money(before, voice), "after": money(after, voice)}
    change = round(after) - round(before)
    return {
        **{key: told[key] for key in ("before", "after")},
        "label": voice.text("moves.bar", told),
        "before_width": round(100 * before / longest, 1),
        "after_width": round(100 * after / longest, 1),
        "change": money(change, voice, signed=True),
        "direction": "up" if change > 0 else "down" if change < 0 else "same",
        "brings": money(row["response"], voice),
        "known": voice.text(f"evidence.grade.{row['evidence']}"),
        "why": voice.retold(row["why"]),
    }


def prices(planner: Planner, plan: Plan, voice: Voice) -> list[str]:
    """Lines at a limit, and what a thousand more of room there is worth; then the prices of reserve and budget."""
    said = []
    for cell, (_, row) in zip(planner.cells, plan.places.iterrows(), strict=True):
        if not row["binding"]:
            continue
        values = {"cell": line(cell, voice), "which": voice.text(f"limits.which.{row['binding']}")}
        price = number(row["binding_price"])
        if price is None or row["binding"] == "fixed":
            said.append(voice.text("limits.binding.row.free", values))
        else:
            said.append(voice.text("limits.binding.row", values | {"price": _thousand(price, plan, voice)}))
    if not said:
        said.append(voice.text("limits.binding.none"))
    summary = plan.summary
    for key, price in (("reserve", summary.reserve_price), ("shadow", summary.shadow_price)):
        if price is not None:
            said.append(voice.text(f"limits.{key}", {"price": _thousand(price, plan, voice)}))
    return said


def _thousand(price: float, plan: Plan, voice: Voice) -> str:
    """A price per unit of money, said for a thousand."""
    if seeks(plan) == "outcome":
        return voice.amounts.units(price * 1e3)
    return voice.amounts.per_thousand(price)


def scenarios_html(planner: Planner, kept: Mapping[str, tuple[Plan, int]], voice: Voice) -> Markup:
    """Scenarios side by side: their figures, then the money of each line; `kept` has the draws of each plan."""
    plans = [plan for plan, _ in kept.values()]
    told = [plan.summary.to_json() for plan in plans]
    rows = [_row("planner.row.budget", [money(one["budget"], voice) for one in told], voice)]
    rows.append(_row("planner.row.tests", [money(one["reserve"], voice) for one in told], voice))
    for name in SEEKS:
        if all(one.get(name) is not None for one in told):
            what = voice.text(f"planner.{name}")
            rows.append(_row(f"planner.{name}", [money(one[name], voice) for one in told], voice))
            spans = [ranged(plan, name, voice) for plan in plans]
            rows.append(_row("planner.row.range", spans, voice, {"what": what}))
    rows.append(_row("planner.row.better", [better(plan, voice) for plan in plans], voice))
    worth = [voice.figures.ratio(plan.summary.shadow_price) for plan in plans]
    rows.append(_row("planner.row.next", worth, voice))
    rows.append(_row("planner.row.draws", [voice.figures.number(draws) for _, draws in kept.values()], voice))
    for i, cell in enumerate(planner.cells):
        spends = [money(plan.spend[i], voice) for plan in plans]
        rows.append({"kind": "line", "name": line(cell, voice), "told": spends})
    return _filled(
        "planner_scenarios", voice, head=list(kept), rows=rows, label=voice.text("planner.scenarios")
    )


def _row(
    key: str, values: Sequence[str], voice: Voice, told: Mapping[str, object] | None = None
) -> dict[str, object]:
    return {"kind": "figure", "name": voice.text(key, told), "told": values}


def styles() -> Markup:
    """The page's own styles."""
    return Markup(f"<style>{source('planner.css')}</style>")


def _filled(name: str, voice: Voice, **values: object) -> Markup:
    words = voice.catalogue
    direction = "rtl" if words.from_the_right else "ltr"
    made = environment().get_template(f"{name}.html.j2")
    return Markup(made.render(t=voice.html, language=words.language, direction=direction, **values))
