"""The plan of record beside the plan of the run, where one is approved for its window."""

from __future__ import annotations

from datetime import date

from mmm.reporting.blocks import Table
from mmm.reporting.results import Results, cell_of, number, records
from mmm.reporting.voice import Voice


def record_sentence(results: Results, voice: Voice) -> str | None:
    """Which plan was approved, by whom and when; None where none was."""
    found = results.record
    if not found:
        return None
    return voice.text(
        "record.is",
        {
            "number": found["number"],
            "budget": voice.amounts.money(number(found["budget"])),
            "by": found["by"],
            "on": voice.figures.day(date.fromisoformat(str(found["on"])[:10])),
        },
    )


def record_table(results: Results, voice: Voice) -> Table | None:
    """Approved money and the money of this plan, line by line."""
    if results.plan_of_record.empty:
        return None
    money = voice.amounts.money
    named = {"reserve": voice.text("tests"), "total": voice.text("column.total")}
    rows = [
        (
            named.get(row["level"]) or voice.cell(cell_of(row)),
            money(row["approved_spend"]),
            money(row["planned_spend"]),
            money(row["change"], signed=True),
        )
        for row in records(results.plan_of_record)
    ]
    head = ("cell", "approved", "this_plan", "change")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))
