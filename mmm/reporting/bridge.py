"""The statement written out: from spend to profit after media, plan beside today's mix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mmm.reporting import figures
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Figure
from mmm.reporting.results import Estimate, Results
from mmm.reporting.statement import Line, gross_of, next_return, outcome_of, statement, total_planned
from mmm.reporting.voice import Voice


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A line of the statement, written out: figure and range of plan, today's mix and change."""

    name: str
    plan: str
    plan_range: str
    current: str
    current_range: str
    change: str
    change_range: str
    strong: bool
    minor: bool


def statement_rows(results: Results, voice: Voice) -> tuple[StatementRow, ...]:
    """The statement as it is read."""
    return tuple(_statement_row(line, results, voice) for line in statement(results))


def line_name(line: Line, results: Results, voice: Voice) -> str:
    """What a line of the statement is called."""
    if line.key == "margin":
        if results.one_margin is None:
            return voice.text("bridge.row.margin")
        return voice.text("bridge.row.margin_at", {"margin": voice.figures.percent(results.one_margin)})
    return voice.text(f"bridge.row.{line.key}")


def _statement_row(line: Line, results: Results, voice: Voice) -> StatementRow:
    def write(figure: Estimate, signed: bool) -> tuple[str, str]:
        amounts = voice.amounts
        if line.kind == "money":
            return amounts.money(figure.mean, signed=signed), amounts.money_range(figure, signed=signed)
        if line.kind == "outcome":
            return amounts.outcome(figure.mean, signed=signed), amounts.outcome_range(figure, signed=signed)
        return voice.figures.number(figure.mean, 2, signed=signed), voice.figures.ratio_range(figure)

    plan, current, change = write(line.plan, False), write(line.current, False), write(line.change, True)
    ranges = (text if text != NOTHING else "" for text in (plan[1], current[1], change[1]))
    plan_range, current_range, change_range = ranges
    return StatementRow(
        name=line_name(line, results, voice),
        plan=plan[0],
        plan_range=plan_range,
        current=current[0],
        current_range=current_range,
        change=change[0],
        change_range=change_range,
        strong=line.strong,
        minor=line.key == "tests",
    )


def bridge_lead(results: Results, voice: Voice) -> Markup:
    """The statement in one sentence."""
    brought = outcome_of(results, "planned")
    profit = results.summary.plan.profit
    gross = gross_of(results, "planned")
    mean = None if gross.mean is None or not brought.mean else gross.mean / brought.mean
    values = {
        "spend": voice.amounts.money(total_planned(results)),
        "revenue": voice.amounts.outcome(brought.mean),
        "margin": voice.figures.percent(mean),
        "gross": voice.amounts.money(gross.mean),
        "profit": voice.amounts.money(profit.mean),
    }
    kind = "units"
    if results.about.has_money:
        kind = "revenue" if profit.mean is None else "profit" if profit.mean >= 0 else "loss"
    return voice.html(f"bridge.lead.{kind}", values)


def next_unit(results: Results, voice: Voice) -> Markup | None:
    """The return of the next unit beside the average, in one sentence."""
    following = next_return(results, "planned").mean
    lines = {line.key: line for line in statement(results)}
    average = lines["roi"] if "roi" in lines else lines.get("cost")
    if following is None or average is None or not average.plan.known:
        return None
    values = {"average": voice.figures.ratio(average.plan.mean), "next": voice.figures.ratio(following)}
    if not results.about.has_money:
        return voice.html("bridge.next.units", values)
    if results.one_margin is None:
        return voice.html("bridge.next.plain", values)
    return voice.html("bridge.next", {**values, "break_even": voice.figures.ratio(1 / results.one_margin)})


def bridge_figure(results: Results, voice: Voice) -> Figure | None:
    """The waterfall; only where there is a profit to arrive at."""
    rows = bridge_steps(results, voice)
    if rows is None:
        return None
    label = voice.text("bridge.chart")
    return Figure(label, figures.bridge(rows, label))


def bridge_steps(results: Results, voice: Voice) -> list[dict[str, Any]] | None:
    """Bars of the waterfall in thousands, as `figures.bridge` takes them; None without a profit."""
    summary = results.summary
    if not summary.plan.profit.known:
        return None
    plan, current = summary.plan, summary.current
    gross, gross_now = gross_of(results, "planned"), gross_of(results, "current")
    steps: list[tuple[str, float | None, float | None, float | None, Estimate, str]] = [
        ("revenue", 0.0, plan.revenue.mean, current.revenue.mean, plan.revenue, "total"),
        ("goods", plan.revenue.mean, gross.mean, None, Estimate(), "minus"),
        ("margin", 0.0, gross.mean, gross_now.mean, gross, "total"),
        ("spend", gross.mean, plan.profit.mean, None, Estimate(), "minus"),
        ("profit", 0.0, plan.profit.mean, current.profit.mean, plan.profit, "result"),
    ]
    rows = []
    for key, start, end, today, span, kind in steps:
        if start is None or end is None:
            return None
        row: dict[str, Any] = {
            "step": voice.text(f"bridge.row.{key}"),
            "from": start / 1e3,
            "to": end / 1e3,
            "kind": "loss" if kind == "result" and end < 0 else kind,
            "text": voice.amounts.money(end - start if kind == "minus" else end),
        }
        row["end"] = max(start, end) / 1e3
        row |= {"current": today / 1e3} if today is not None else {}
        if span.lo is not None and span.hi is not None:
            row |= {"lo": span.lo / 1e3, "hi": span.hi / 1e3, "end": max(row["end"], span.hi / 1e3)}
        rows.append(row)
    return rows
