"""The first screen: the decision in plain sentences, its big numbers, and what must be said beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from mmm.dims import Cell
from mmm.reporting.decision import Decision
from mmm.reporting.results import Results
from mmm.reporting.voice import Voice


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One big number of the first screen, what it is, and its caveat."""

    value: str
    what: str
    note: str


def headline(decision: Decision, results: Results, voice: Voice) -> tuple[str, ...]:
    """The decision as three plain sentences (with marks for what stands out)."""
    return tuple(voice.text(key, values) for key, values in _headline(decision, results, voice))


def headline_html(decision: Decision, results: Results, voice: Voice) -> tuple[Markup, ...]:
    """The same sentences for a page."""
    return tuple(voice.html(key, values) for key, values in _headline(decision, results, voice))


def _headline(decision: Decision, results: Results, voice: Voice) -> list[tuple[str, Mapping[str, object]]]:
    money = voice.amounts.money
    summary = results.summary
    approve = {
        "budget": money(decision.budget),
        "window": voice.figures.window(summary.start, summary.end),
        "core": voice.amounts.rest(decision.budget, decision.reserve),
        "reserve": money(decision.reserve),
    }
    key = "decision.approve"
    if decision.spends_less:
        spent = decision.budget - decision.unspent
        approve |= {"spent": money(spent), "core": voice.amounts.rest(spent, decision.reserve)}
        key = "decision.approve.less"
    sentences: list[tuple[str, Mapping[str, object]]] = [(key, approve)]
    if decision.keeps:
        return [*sentences, ("decision.keep", {})]
    move = {
        "moved": money(decision.moved_weeks if decision.only_weeks else decision.moved),
        "donors": _names(decision.donors, voice),
        "receivers": _names(decision.receivers, voice),
    }
    gain = {
        "gain": _gain(decision.gain.mean, decision, voice),
        "range": _gain_range(decision, voice),
    }
    sentences += [(_move_key(decision), move), (f"decision.gain.{decision.measure}", gain)]
    if decision.probability is not None:
        sentences.append((_odds_key(decision), {"odds": voice.figures.odds(decision.probability)}))
    return sentences


def _move_key(decision: Decision) -> str:
    if decision.spends_less:
        return "decision.less"
    return "decision.weeks" if decision.only_weeks else "decision.move"


def _odds_key(decision: Decision) -> str:
    if decision.spends_less:
        return "decision.odds.less"
    if decision.probability is not None and decision.probability < 0.6:
        return "decision.odds.even"
    crosses = decision.gain.lo is not None and decision.gain.lo <= 0
    return "decision.odds.zero" if crosses else "decision.odds"


def _names(cells: tuple[Cell, ...], voice: Voice) -> str:
    """The largest two by name, the others by number."""
    names = [voice.cell(cell) for cell in cells]
    if len(names) > 3:
        names = [*names[:2], voice.text("decision.others", {"n": len(names) - 2})]
    return voice.figures.listed(names)


def _gain(value: float | None, decision: Decision, voice: Voice) -> str:
    write = voice.amounts.units if decision.measure == "units" else voice.amounts.money
    return write(value, signed=True)


def _gain_range(decision: Decision, voice: Voice) -> str:
    write = voice.amounts.units_range if decision.measure == "units" else voice.amounts.money_range
    return write(decision.gain, signed=True)


def key_figures(decision: Decision, results: Results, voice: Voice) -> tuple[KeyFigure, ...]:
    """The big numbers of the first screen; a plan that is today's mix has no odds of beating it."""
    forecast = results.summary.forecast
    found = [
        KeyFigure(
            _gain(decision.gain.mean, decision, voice),
            voice.text(f"decision.key.gain.{decision.measure}"),
            voice.text("decision.key.range", {"range": _gain_range(decision, voice)}),
        )
    ]
    if decision.probability is not None and not decision.keeps:
        found.append(
            KeyFigure(
                voice.figures.odds(decision.probability),
                voice.text("decision.key.odds.less" if decision.spends_less else "decision.key.odds"),
                voice.text("decision.key.odds_note"),
            )
        )
    if decision.worst_tenth is not None and not decision.keeps:
        found.append(
            KeyFigure(
                _gain(decision.worst_tenth, decision, voice),
                voice.text("decision.key.worst"),
                voice.text("decision.key.worst_note"),
            )
        )
    if forecast.known:
        kind = "money" if results.about.has_money else "units"
        found.append(
            KeyFigure(
                voice.amounts.outcome(forecast.mean),
                voice.text(f"decision.key.forecast.{kind}"),
                voice.text("decision.key.range", {"range": voice.amounts.outcome_range(forecast)}),
            )
        )
    return tuple(found)


def caveats(results: Results, voice: Voice) -> tuple[Markup, ...]:
    """What the first screen must not leave unsaid: money spent already, equal money, what is missing."""
    summary = results.summary
    values = {"budget": voice.amounts.money(summary.budget)}
    key = "decision.equal.unknown"
    if summary.reference_spend is not None:
        key, values["reference"] = "decision.equal", voice.amounts.money(summary.reference_spend)
    said = [voice.html(key, values)]
    if summary.spent:
        so_far = {
            "spent": voice.amounts.money(summary.spent),
            "day": voice.figures.day(summary.data_until),
            "free": voice.amounts.money(summary.free),
            "reserve": voice.amounts.money(summary.reserve),
        }
        said = [Markup(" ").join((voice.html("decision.begun", so_far), *said))]
    if not results.about.has_money:
        said.append(voice.html("decision.no_money"))
    elif results.about.gross_margin is None and not results.about.withheld:
        said.append(voice.html("decision.no_margin"))
    return tuple(said)
