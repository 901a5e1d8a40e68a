"""Did the forecast of the approved plan hold, is its money on pace, and what moved the returns since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup

from mmm.reporting import appendix_figures
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.results import Results, at_level, cell_of, estimate, number, records
from mmm.reporting.voice import Voice

PARTS = ("spent_otherwise", "calendar_and_controls", "model")
STEPS = ("config", "revised", "rows", "tests")


def held_lead(results: Results, voice: Voice) -> tuple[Markup, ...]:
    """What was forecast and what happened, the miss in its parts, how many periods held, and alarms; empty without."""
    if results.held.empty:
        return ()
    total, told = records(at_level(results.held, "total"))[0], results.judged
    approved, write = told["approved"], voice.amounts.outcome
    days = (date.fromisoformat(approved["window"][end]) for end in ("start", "end"))
    values = {
        "number": approved["number"],
        "window": voice.figures.window(*days),
        "by": approved["by"],
        "on": voice.figures.day(date.fromisoformat(approved["on"][:10])),
        "known": told["known"],
        "periods": told["periods"],
        "grain": voice.text(f"held.grain.{told['grain']}"),
        "inside": told["weeks_inside"],
        "expected": write(number(total["expected"])),
        "happened": write(number(total["happened"])),
        "miss": write(number(total["miss"]), signed=True),
        "range": voice.amounts.outcome_range(estimate(total, "as_spent")),
        **{part: write(number(total[part]), signed=True) for part in PARTS},
    }
    verdict = "held.yes" if total["held"] else "held.no"
    alarms = [voice.html("held.alarm", {"what": voice.retold(found["what"])}) for found in told["alarms"]]
    return (
        *(voice.html(key, values) for key in ("held.lead", verdict, "held.parts", "held.periods")),
        *alarms,
    )


def held_figure(results: Results, voice: Voice) -> Figure | None:
    """The outcome period by period: what was to be expected of what was spent, and what happened."""
    if results.held_weeks.empty:
        return None
    scale, unit = (1e3, "k") if results.about.has_money else (1.0, "")
    names = {"actual": "happened", "expected": "as_known", "lo": "as_known_lo", "hi": "as_known_hi"}
    rows = [
        {
            "date": f"{row['date']:%Y-%m-%d}",
            "origin": results.judged["data_until"],
            **{name: float(f"{row[source] / scale:.6g}") for name, source in names.items()},
        }
        for row in records(results.held_weeks)
    ]
    label = voice.text("held.chart")
    return Figure(label, appendix_figures.forecast_chart(rows, unit, label))


def held_table(results: Results, voice: Voice) -> Table | None:
    """The whole outcome, what came without paid media, and every channel: forecast, fact, and the miss in parts."""
    if results.held.empty:
        return None
    write = voice.amounts.outcome
    rows = [
        (
            _named(row, voice),
            write(number(row["expected"])),
            voice.amounts.outcome_range(estimate(row, "as_spent")),
            write(number(row["happened"])),
            write(number(row["miss"]), signed=True),
            *(write(number(row[part]), signed=True) for part in PARTS),
            voice.text("held.word.yes" if row["held"] else "held.word.no"),
        )
        for row in records(results.held)
    ]
    head = ("cell", "forecast", "as_spent", "happened", "miss", *PARTS, "held")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))


def pacing_table(results: Results, voice: Voice) -> Table | None:
    """Approved against spent to date by channel, and the pace of what is left."""
    if results.pacing.empty:
        return None
    money = voice.amounts.money
    rows = []
    for (level, channel), part in results.pacing.groupby(["level", "channel"], sort=False):
        past, ahead = part[part["spent"].notna()], part[part["spent"].isna()]
        wanted, spent = float(past["approved_spend"].sum()), float(past["spent"].sum())
        pace = [
            money(float(ahead[name].sum()) / len(ahead)) if len(ahead) else NOTHING
            for name in ("approved_spend", "to_spend")
        ]
        gap = voice.figures.percent((spent - wanted) / wanted, signed=True) if wanted > 0 else NOTHING
        name = voice.text("column.total") if level == "total" else voice.channel(str(channel))
        rows.append((name, money(wanted), money(spent), money(spent - wanted, signed=True), gap, *pace))
    head = ("channel", "approved", "spent_to_date", "gap", "gap_share", "pace_planned", "pace_needed")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))


def moved_table(results: Results, voice: Voice) -> Table | None:
    """Returns before and now, and what each thing that changed did to them."""
    if results.refresh.empty:
        return None
    steps = [step for step in STEPS if (results.refresh["step"] == step).any()]
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in records(results.refresh):
        name = voice.text("column.total") if row["level"] == "total" else voice.cell(cell_of(row))
        lines.setdefault(name, []).append(row)
    rows = []
    for name, found in lines.items():
        change = {row["step"]: number(row["change"]) for row in found}
        middle = (voice.figures.number(change.get(step), 2, signed=True) for step in steps)
        rows.append(
            (
                name,
                voice.figures.ratio(number(found[0]["before"])),
                *middle,
                voice.figures.ratio(number(found[-1]["after"])),
            )
        )
    head = ("cell", "return_before", *(f"step.{step}" for step in steps), "return_now")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))


def _named(row: Mapping[str, Any], voice: Voice) -> str:
    if row["level"] == "channel":
        return voice.channel(row["channel"])
    return voice.text(f"held.{row['level']}")
