"""The page of a finished test: what it says, the test against its counterfactual, flags, and other methods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
from markupsafe import Markup

from mmm.dims import Cell
from mmm.reporting.amounts import Amounts, amounts_for
from mmm.reporting.amounts import Figures as Written
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.catalogue import Catalogue, catalogue_for
from mmm.reporting.figures import Rows, Spec, finished, inline
from mmm.reporting.html import environment, source, vega_bundle
from mmm.reporting.palette import INK
from mmm.reporting.results import records

SHOWN_BEFORE = 3
"""The charts show so many windows of history."""
MOST_NAMED = 6

Figures = Mapping[str, Any]


def write_readout_page(folder: Path, name: str) -> Path:
    """Write `<name>.html` from `<name>.json` and `<name>.csv` of the same folder, which it says and nothing else."""
    figures = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    course = pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig")
    place = folder / f"{name}.html"
    place.write_text(render_readout(figures, course, name), encoding="utf-8")
    return place


def render_readout(figures: Figures, course: pd.DataFrame, name: str) -> str:
    """The page as one HTML document that fetches nothing.

    Parameters
    ----------
    figures, course
        As in `readout-<id>.json` and `readout-<id>.csv`.
    name
        Of these files, without their ending.
    """
    words = catalogue_for("en")  # what a test warns of is written where it is read, in English
    amounts = amounts_for(Written(words), _size(figures), figures["currency"], figures["in_money"])
    rows = records(course)
    window = sum(row["part"] != "history" for row in rows)
    shown = rows[-(1 + SHOWN_BEFORE) * window :]
    trace = {
        "file": name,
        "hash": figures["config_hash"],
        "last": amounts.figures.day(date.fromisoformat(figures["data_until"])),
        "version": figures["version"],
        "created": figures["created"],
    }
    money_key = "masthead.money" if figures["currency"] else "masthead.money_unnamed"
    unit = "k" if figures["in_money"] else ""
    return (
        environment()
        .get_template("readout.html.j2")
        .render(
            t=words.html,
            draw=lambda spec: spec,
            language=words.language,
            name=figures["name"],
            id=figures["id"],
            money_note=words.html(money_key, {"currency": figures["currency"]}),
            css=Markup(source("report.css")),
            script=Markup(source("report.js")),
            bundle=Markup(vega_bundle()),
            headline=_headline(figures, words, amounts),
            verdict=_verdict(figures, words),
            keys=_keys(figures, words, amounts),
            pays=_pays(figures, words, amounts),
            course=Figure(
                words.text("readout.course.chart"),
                _course_chart(_scaled(shown, figures), unit, words.text("readout.course.chart")),
            ),
            sum=Figure(
                words.text("readout.sum.chart"),
                _sum_chart(_scaled(shown[-window:], figures), unit, words.text("readout.sum.chart")),
            ),
            course_table=_course_table(shown, words, amounts, figures),
            flags=_flags(figures, words),
            methods=_methods(figures, words, amounts),
            preview=_preview(figures, words, amounts),
            preview_table=_preview_table(figures["preview"], words, amounts),
            notes=_notes(figures, words, amounts),
            footer=words.html("readout.footer", trace),
        )
    )


def _size(figures: Figures) -> float:
    """The amount that decides how many decimals the page writes."""
    return max(abs(figures["spend_change"]), abs(figures["value"] or 0.0))


def _worth(figures: Figures) -> float:
    return float(figures["unit_value"]) if figures["in_money"] else 1.0


def _headline(figures: Figures, words: Catalogue, amounts: Amounts) -> list[Markup]:
    change, worth = figures["spend_change"], _worth(figures)
    values = {
        "money": amounts.money(abs(change)),
        "cell": Cell(figures["channel"], figures["audience"], figures["message"]).name,
        "regions": _named(figures["geos"], amounts),
        "start": amounts.figures.day(date.fromisoformat(figures["start"])),
        "end": amounts.figures.day(date.fromisoformat(figures["end"])),
    }
    brought = {
        "effect": amounts.outcome(figures["lift"] * worth, signed=True),
        "unit": words.text(f"readout.unit.{'money' if figures['in_money'] else 'count'}"),
        "range": amounts.figures.span(
            amounts.outcome(figures["lift_lo"] * worth, signed=True),
            amounts.outcome(figures["lift_hi"] * worth, signed=True),
        ),
    }
    return [
        words.html(f"readout.changed.{'more' if change > 0 else 'less'}", values),
        words.html("readout.brought", brought),
    ]


def _verdict(figures: Figures, words: Catalogue) -> Markup:
    failed = [flag["value"] for flag in figures["flags"] if flag["severity"] == "fail"]
    if failed:
        return words.html("readout.fails", {"why": "; ".join(failed)})
    clear = figures["lift_lo"] > 0 or figures["lift_hi"] < 0
    return words.html("readout.clear" if clear else "readout.unclear")


def _keys(figures: Figures, words: Catalogue, amounts: Amounts) -> list[tuple[str, str, str]]:
    effect = amounts.outcome(figures["lift"] * _worth(figures), signed=True)
    share = {"percent": amounts.figures.percent(figures["percent"], signed=True, decimals=1)}
    note = words.text("readout.key.return.none")
    if figures["roi"] is not None:
        span = amounts.figures.span(
            amounts.figures.ratio(figures["roi_lo"]), amounts.figures.ratio(figures["roi_hi"])
        )
        note = words.text("readout.key.return.note", {"range": span})
    return [
        (effect, words.text("readout.key.effect"), words.text("readout.key.effect.note", share)),
        (amounts.figures.ratio(figures["roi"]), words.text("readout.key.return"), note),
        (
            amounts.figures.in_100(figures["p_value"]),
            words.text("readout.key.odds"),
            words.text("readout.key.odds.note", {"n": f"{figures['assignments']:,}"}),
        ),
    ]


def _pays(figures: Figures, words: Catalogue, amounts: Amounts) -> Markup | None:
    margin = figures["gross_margin"]
    if not margin or not figures["in_money"]:
        return None
    return words.html(
        "readout.pays",
        {"margin": amounts.figures.percent(margin), "break_even": amounts.figures.ratio(1 / margin)},
    )


def _scaled(rows: Rows, figures: Figures) -> list[dict[str, Any]]:
    """Rows as a chart takes them: money in thousands, no empty values."""
    scale = _worth(figures) / 1e3 if figures["in_money"] else 1.0
    return [
        {
            key: value * scale if isinstance(value, float) else value
            for key, value in row.items()
            if not (isinstance(value, float) and value != value)
        }
        for row in rows
    ]


def _when() -> alt.X:
    return alt.X(
        "date:T",
        title=None,
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(grid=False, tickCount=6, format="%d %b %Y"),
    )


def _marks(rows: Rows) -> alt.Chart:
    """Upright lines where a part begins."""
    starts = [b["date"] for a, b in pairwise(rows) if a["part"] != b["part"]]
    return (
        alt.Chart(inline([{"date": start} for start in starts]))
        .mark_rule(color=INK, strokeDash=[2, 3], strokeWidth=1.2)
        .encode(x=_when())
    )


def _course_chart(rows: Rows, unit: str, description: str) -> Spec:
    base = alt.Chart(inline(rows)).encode(x=_when())

    def y(name: str) -> alt.Y:
        axis = alt.Axis(tickCount=5, format=",~r")
        return alt.Y(f"{name}:Q", title=unit, axis=axis, scale=alt.Scale(zero=False))

    tips = [
        alt.Tooltip("date:T", title=" ", format="%d %b %Y"),
        *(alt.Tooltip(f"{name}:Q", title=name, format=",.1f") for name in ("actual", "expected")),
    ]
    band = base.mark_area(opacity=0.16, color="#1F3A5F").encode(y=y("expected_lo"), y2="expected_hi:Q")
    line = base.mark_line(strokeWidth=1.6, color="#1F3A5F").encode(y=y("expected"))
    dots = base.mark_point(filled=True, size=26, opacity=0.9, color="#C8622D").encode(
        y=y("actual"), tooltip=tips
    )
    return finished(alt.layer(band, line, dots, _marks(rows)), 280, description)


def _sum_chart(rows: Rows, unit: str, description: str) -> Spec:
    base = alt.Chart(inline(rows)).encode(x=_when())
    axis = alt.Axis(tickCount=5, format=",~r")
    band = base.mark_area(opacity=0.16, color="#C8622D").encode(
        y=alt.Y("cumulative_lo:Q", title=unit, axis=axis), y2="cumulative_hi:Q"
    )
    line = base.mark_line(strokeWidth=2, color="#C8622D").encode(y=alt.Y("cumulative:Q", title=unit))
    zero = (
        alt.Chart(inline([{"at": 0}])).mark_rule(color=INK, strokeWidth=1).encode(y=alt.Y("at:Q", title=unit))
    )
    return finished(alt.layer(band, zero, line, _marks(rows)), 190, description)


def _course_table(rows: Rows, words: Catalogue, amounts: Amounts, figures: Figures) -> Table:
    worth = _worth(figures)
    names = ("date", "part", "actual", "expected", "sum")
    return Table(
        tuple(words.text(f"readout.column.{name}") for name in names),
        tuple(
            (
                amounts.figures.day(date.fromisoformat(row["date"])),
                words.text(f"readout.part.{row['part']}"),
                *(amounts.outcome(row[name] * worth) for name in ("actual", "expected", "cumulative")),
            )
            for row in rows
        ),
        words=2,
    )


def _flags(figures: Figures, words: Catalogue) -> Table | None:
    rows = [
        (f"{flag['rows']}: {flag['value']}" if flag["rows"] else flag["value"], flag["remedy"])
        for flag in figures["flags"]
    ]
    if not rows:
        return None
    names = ("finding", "next")
    return Table(
        tuple(words.text(f"readout.column.{name}") for name in names), tuple(rows), words=2, prose=True
    )


def _methods(figures: Figures, words: Catalogue, amounts: Amounts) -> Table:
    worth = _worth(figures)
    first = {
        "method": words.text("readout.method.regression"),
        "lift": figures["lift"],
        "lift_se": figures["lift_se"],
    }
    rows = tuple(
        (
            str(row["method"]),
            amounts.outcome(row["lift"] * worth, signed=True),
            amounts.outcome(None if row["lift_se"] is None else row["lift_se"] * worth),
        )
        for row in (first, *figures["beside"])
    )
    names = ("method", "effect", "error")
    return Table(tuple(words.text(f"readout.column.{name}") for name in names), rows)


def _preview(figures: Figures, words: Catalogue, amounts: Amounts) -> Markup:
    """What a new fit would say, or why only a new fit can."""
    preview = figures["preview"]
    if preview["state"] != "previewed":
        key = "readout.preview.refit" if preview["state"] == "refit" else "readout.preview.none"
        return words.html(key, {"why": preview["why"]})
    lead = words.html("readout.preview.lead", {"n": f"{preview['effective']:.0f}"})
    money = preview["money"]
    if money is None:
        return lead
    told = {
        "moved": amounts.money(money["moved"]),
        "worth": amounts.outcome(money["worth"], signed=True),
        "objective": words.text(f"readout.preview.{money['objective']}"),
    }
    return Markup(" ").join((lead, words.html("readout.preview.money", told)))


def _preview_table(preview: Figures, words: Catalogue, amounts: Amounts) -> Table | None:
    """Return, odds and money of the tested cells, before and after."""
    if preview["state"] != "previewed":
        return None
    rows = []
    for row in preview["cells"]:
        written = [Cell(row["channel"], row["audience"], row["message"]).name]
        for when in ("before", "after"):
            span = amounts.figures.span(
                amounts.figures.ratio(row[f"roi_{when}_lo"]), amounts.figures.ratio(row[f"roi_{when}_hi"])
            )
            written += [
                amounts.figures.ratio(row[f"roi_{when}"]),
                span,
                amounts.figures.odds(row[f"p_pays_{when}"]),
                amounts.money(row[when]),
            ]
        rows.append(tuple(written))
    head = (
        "cell",
        *(f"{name}_{when}" for when in ("before", "after") for name in ("roi", "range", "pays", "money")),
    )
    return Table(tuple(words.text(f"readout.column.{name}") for name in head), tuple(rows))


def _notes(figures: Figures, words: Catalogue, amounts: Amounts) -> list[Markup]:
    regions = {"treated": ", ".join(figures["geos"]), "control": ", ".join(figures["controls"])}
    error = {"n": figures["placebos"], "r2": amounts.figures.percent(max(figures["r2"], 0.0))}
    spend = {
        "planned": amounts.money(figures["spend_planned"], signed=True),
        "seen": amounts.money(figures["spend_seen"], signed=True),
        "noise": amounts.money(figures["spend_seen_se"]),
    }
    others = figures.get("adjusted_for") or []
    adjusted = [words.html("readout.read.adjusted", {"names": _named(others, amounts)})]
    return [
        words.html("readout.read.regions", regions),
        *(adjusted if others else []),
        words.html(f"readout.read.error.{figures['error']}", error),
        words.html("readout.read.spend", spend),
    ]


def _named(geos: list[str], amounts: Amounts) -> str:
    if len(geos) > MOST_NAMED:
        return f"{', '.join(geos[:3])} and {len(geos) - 3} more regions"
    return amounts.figures.listed(geos)
