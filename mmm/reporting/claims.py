"""What platforms claim beside what media caused: the money bridge of the last window, and the claim factors."""

from __future__ import annotations

from datetime import date as Date
from typing import Any

import pandas as pd
from markupsafe import Markup

from mmm.reporting import figures
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.results import Results, at_level, cell_of, estimate, number, records
from mmm.reporting.voice import Voice


def claims_lead(results: Results, voice: Voice) -> Markup | None:
    """Claimed, matched and caused in one sentence; None where nothing says what platforms claim."""
    if results.bridge.empty:
        return None
    steps = {row["step"]: row for row in _steps(results)}
    first, last = (
        voice.figures.day(Date.fromisoformat(end)) for end in str(steps["finance"]["period"]).split("/")
    )
    caused = estimate(steps["incremental"], "value")
    values = {"first": first, "last": last, "claimed": voice.amounts.money(number(steps["claimed"]["value"]))}
    values |= {"caused": voice.amounts.money(caused.mean), "range": voice.amounts.money_range(caused)}
    if "matched" not in steps:
        return voice.html("claims.lead.plain", values)
    values["matched"] = voice.amounts.money(number(steps["matched"]["value"]))
    return voice.html("claims.lead", values)


def claims_sentences(results: Results, voice: Voice) -> tuple[Markup, ...]:
    """Which channel claims most beyond what it caused; whom last click and a data-driven model favour."""
    if results.claims.empty:
        return ()
    rows = records(at_level(_last(results.claims), "channel"))
    said = []
    claiming = [row for row in rows if number(row["claim_factor"]) is not None]
    if claiming:
        most = max(claiming, key=lambda row: row["claim_factor"])
        factor = estimate(most, "claim_factor")
        values = {"channel": voice.channel(most["channel"]), "factor": voice.figures.ratio(factor.mean)}
        said.append(voice.html("claims.factor", values | {"range": voice.figures.ratio_range(factor)}))
    for name, sentence in (("attributed", "claims.click"), ("data_driven", "claims.driven")):
        given = [row for row in rows if number(row.get(f"{name}_share")) is not None]
        if given:
            most = max(given, key=lambda row: row[f"{name}_share"] - row["incremental_share"])
            values = {"channel": voice.channel(most["channel"])}
            values |= {"attributed": voice.figures.percent(most[f"{name}_share"])}
            values |= {"incremental": voice.figures.percent(most["incremental_share"])}
            said.append(voice.html(sentence, values))
    return tuple(said)


def claims_figure(results: Results, voice: Voice) -> Figure | None:
    """The waterfall from claims to the revenue of the window."""
    if results.bridge.empty:
        return None
    rows: list[dict[str, Any]] = []
    reached = 0.0
    for row in _steps(results):
        level = row["kind"] == "level"
        if not level and row["value"] == 0:
            continue
        start, end = (0.0, row["value"]) if level else (reached, reached + row["value"])
        kind = "minus" if not level else "result" if row["step"] == "incremental" else "total"
        shown: dict[str, Any] = {"step": voice.text(f"claims.step.{row['step']}"), "kind": kind}
        shown |= {"from": start / 1e3, "to": end / 1e3, "end": max(start, end) / 1e3}
        shown["text"] = voice.amounts.money(row["value"], signed=not level)
        span = estimate(row, "value")
        if level and span.lo is not None and span.hi is not None:
            shown |= {"lo": span.lo / 1e3, "hi": span.hi / 1e3, "end": max(shown["end"], span.hi / 1e3)}
        rows.append(shown)
        reached = end
    label = voice.text("claims.chart")
    return Figure(label, figures.bridge(rows, label))


def steps_table(results: Results, voice: Voice) -> Table | None:
    """The steps of the waterfall, to the cent."""
    if results.bridge.empty:
        return None
    rows = []
    for row in _steps(results):
        level, span = row["kind"] == "level", estimate(row, "value")
        money = f"{row['value']:,.2f}" if level else f"{row['value']:+,.2f}"
        known = voice.amounts.money_range(span, signed=not level) if span.lo is not None else NOTHING
        rows.append(
            (
                voice.text(f"claims.step.{row['step']}"),
                *((NOTHING, money) if level else (money, NOTHING)),
                known,
            )
        )
    head = ("step", "change", "stands", "range")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))


def claims_table(results: Results, voice: Voice) -> Table | None:
    """What each system counts of every cell, and how many times what it caused its platform claims."""
    if results.claims.empty:
        return None
    cells = records(at_level(_last(results.claims), "cell"))
    driven = any(number(row.get("data_driven")) is not None for row in cells)
    systems = ("claimed", "attributed", *(("data_driven",) if driven else ()), "matched")
    rows = []
    for row in cells:
        factor = estimate(row, "claim_factor")
        rows.append(
            (
                voice.cell(cell_of(row)),
                *(_count(row[name]) for name in systems),
                voice.figures.ratio(factor.mean),
                voice.figures.ratio_range(factor),
                voice.figures.percent(number(row["claim_factor_change"]), signed=True),
            )
        )
    head = ("cell", *systems, "claim_factor", "range", "in_a_year")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))


def _steps(results: Results) -> list[dict[str, Any]]:
    return records(at_level(_last(results.bridge), "total"))


def _last(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["period"] == table["period"].max()]


def _count(value: Any) -> str:
    found = number(value)
    return NOTHING if found is None else f"{found:,.0f}"
