"""Tests that the reserve buys: a card each, and what the reserve is used for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Any

from markupsafe import Markup

from mmm.reporting.blocks import Table
from mmm.reporting.decision import measure_of
from mmm.reporting.palette import QUIET
from mmm.reporting.results import Results, cell_of, estimate, number, records
from mmm.reporting.voice import Voice

VALUES = {"value_of_information": "worth", "opportunity_cost": "costs", "net_value": "net"}
"""What a test is worth, by the name of its heading; not for everybody."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer agreed beforehand: for which results, what is done then, how likely that is."""

    when: str
    action: str
    odds: str
    width: float
    kind: str


@dataclass(frozen=True, slots=True)
class Card:
    """One test as its owner signs it."""

    name: str
    state: str
    question: Markup
    colour: str
    rows: tuple[tuple[str, Markup], ...]
    replies: tuple[Reply, ...]
    warning: Markup | None


def design_cards(results: Results, voice: Voice) -> tuple[Card, ...]:
    """A card for each test, in the order in which they add to the set."""
    return tuple(_card(row, results, voice) for row in records(results.tests))


def designs_lead(results: Results, voice: Voice) -> Markup | None:
    """What the reserve buys and costs; None where no tests were designed."""
    told = results.designed
    if not told:
        return None
    if results.tests.empty:
        return voice.html("designs.none", {"reserve": voice.amounts.money(number(told["reserve"]))})
    money = voice.amounts.money
    write = voice.amounts.units if measure_of(results) == "units" else money
    values = {
        "reserve": money(number(told["reserve"])),
        "floor": money(number(told["floor"])),
        "placed": money(number(told["placed"])),
        "withheld": money(number(told["withheld"])),
        "idle": money(number(told["without_test"])),
        "extra": money(number(told["extra"]), signed=True),
        "worth": write(number(told.get("information_together"))),
    }
    lead = voice.html("designs.lead", values)
    if results.about.withheld:
        return lead
    return Markup(" ").join((lead, voice.html("designs.worth", values)))


def designs_notes(results: Results, voice: Voice) -> tuple[str, ...]:
    """What could not be tested as one would wish; the price of the reserve."""
    told = results.designed
    notes = [str(note) for note in told.get("notes", ())]
    price = number(told.get("reserve_price"))
    if price is not None and told:
        notes.insert(0, voice.text("designs.price", {"price": voice.amounts.per_thousand(price)}))
    return tuple(notes)


def designs_table(results: Results, voice: Voice) -> Table | None:
    """The figures of every test."""
    if results.tests.empty:
        return None
    money = voice.amounts.money
    valued = [name for name in VALUES if name in results.tests]
    rows = [
        (
            str(row["id"]),
            voice.cell(cell_of(row)),
            voice.retold(row["kind"]),
            money(number(row["reserve_used"])),
            money(number(row["incremental_spend"]), signed=True),
            voice.amounts.outcome(number(row["mde"])),
            voice.figures.odds(number(row["power"])),
            voice.figures.odds(number(row["assurance"])),
            *(money(number(row[name])) for name in valued),
        )
        for row in records(results.tests)
    ]
    names = (
        "test",
        "cell",
        "way",
        "reserve_used",
        "extra",
        "mde",
        "power",
        "assurance",
        *(VALUES[name] for name in valued),
    )
    return Table(tuple(voice.text(f"column.{name}") for name in names), tuple(rows), words=3)


def _card(row: Mapping[str, Any], results: Results, voice: Voice) -> Card:
    cell, money = cell_of(row), voice.amounts.money
    change = float(row["change"])
    family, *more = (part.strip().replace(" ", "_") for part in str(row["kind"]).split(","))
    size = "dark" if change <= -1 else "less" if change < 0 else "more"
    for special in ("two_versions", "first_money"):
        size = special if special in more else size
    values: dict[str, object] = {
        "cell": voice.cell(cell),
        "size": voice.figures.percent(abs(change)),
        "weeks": f"{float(row['weeks']):.0f}",
        "people": f"{number(row.get('people')) or 0:,.0f}",
        "spend": money(number(row["spend"])),
        "question": str(row["test"]),
    }
    start = Date.fromisoformat(str(row["start"]))
    end = start + timedelta(days=7 * int(row["weeks"]) - 1)
    when = {
        "start": voice.figures.day(start),
        "end": voice.figures.day(end),
        "cooldown": f"{float(row['cooldown']):.0f}",
    }
    expected, mde = estimate(row, "expected"), number(row["mde"])
    cost = {
        "used": money(number(row["reserve_used"])),
        "extra": money(number(row["incremental_spend"]), signed=True),
        "withheld": money(number(row["withheld"])),
    }
    expect = {
        "effect": voice.amounts.outcome(expected.mean, signed=True),
        "range": voice.amounts.outcome_range(expected, signed=True),
        "mde": voice.amounts.outcome(mde),
        "odds": voice.figures.odds(number(row["assurance"])),
    }
    rows = (
        (
            voice.text("designs.what"),
            voice.html(f"designs.do.{size if family != 'randomized_phasing' else 'phase'}", values),
        ),
        (voice.text("designs.where"), _where(row, family, voice)),
        (voice.text("designs.when"), voice.html("designs.days", when)),
        (voice.text("designs.cost"), voice.html("designs.money", cost)),
        (voice.text("designs.expect"), voice.html("designs.effect", expect)),
        *_worth(row, voice),
        *_freed(row, voice),
    )
    adds = number(row.get("adds"))
    by_floor = bool(row["floor_driven"]) and adds is not None
    return Card(
        name=str(row["id"]),
        state=voice.text(f"designs.state.{row['state']}"),
        question=voice.html(f"designs.ask.{size if family != 'randomized_phasing' else 'phase'}", values),
        colour=voice.colours.get(cell.channel, QUIET),
        rows=rows,
        replies=_replies(str(row["id"]), results, voice),
        warning=voice.html("designs.by_floor", {"loss": money(-(adds or 0.0))}) if by_floor else None,
    )


def _worth(row: Mapping[str, Any], voice: Voice) -> tuple[tuple[str, Markup], ...]:
    """What the result is worth and what running it costs; nothing for a reader who does not see profit."""
    if "net_value" not in row:
        return ()
    told = {
        "worth": voice.amounts.money(number(row["value_of_information"])),
        "costs": voice.amounts.money(number(row["opportunity_cost"])),
        "net": voice.amounts.money(number(row["net_value"]), signed=True),
    }
    return ((voice.text("designs.net"), voice.html("designs.values", told)),)


def _freed(row: Mapping[str, Any], voice: Voice) -> tuple[tuple[str, Markup], ...]:
    """What of the worth is there because the plan may move a measured line further, where it is any."""
    freed = number(row.get("freed_value"))
    if not freed or freed < 0.5:
        return ()
    told = {"freed": voice.amounts.money(freed)}
    return ((voice.text("designs.freed"), voice.html("designs.frees", told)),)


def _where(row: Mapping[str, Any], family: str, voice: Voice) -> Markup:
    """Where the change is made, and what it is compared with."""
    places = [name for name in str(row["units"]).split(";") if name]
    controls = [name for name in str(row["controls"]).split(";") if name]
    values = {
        "places": voice.figures.listed(places),
        "n": str(len(controls)),
        "controls": voice.figures.listed(controls),
        "people": f"{number(row.get('people')) or 0:,.0f}",
    }
    return voice.html(f"designs.in.{family}", values)


def _replies(name: str, results: Results, voice: Voice) -> tuple[Reply, ...]:
    found = []
    for row in records(results.test_answers):
        if row["id"] != name:
            continue
        low, high = number(row["low"]), number(row["high"])
        key = (
            "any"
            if low is None and high is None
            else "below"
            if low is None
            else "above"
            if high is None
            else "between"
        )
        chance = number(row["chance"]) or 0.0
        found.append(
            Reply(
                when=voice.text(
                    f"designs.when.{key}",
                    {"low": voice.figures.ratio(low), "high": voice.figures.ratio(high)},
                ),
                action=voice.text(f"designs.then.{row['action']}", {"times": f"{float(row['times']):.1f}"}),
                odds="" if key == "any" else voice.figures.odds(chance),
                width=round(100 * chance, 1),
                kind=str(row["action"]),
            )
        )
    return tuple(found)
