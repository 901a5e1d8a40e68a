"""The page of a finished test: what it says, the test against its counterfactual, flags, and other methods."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
from markupsafe import Markup

from mmm.dims import Cell
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.figures import Rows, Spec, finished, inline
from mmm.reporting.html import environment, source, stylesheet, vega_bundle
from mmm.reporting.palette import INK, LINE, MARK
from mmm.reporting.results import records
from mmm.reporting.voice import Voice, voice_of_page

SHOWN_BEFORE = 3
"""The charts show so many windows of history."""
MOST_NAMED = 6

Figures = Mapping[str, Any]
Told = Callable[[str], str]
"""What a stage said in English, in the language of the page."""


def write_readout_page(folder: Path, name: str, language: str, labels: Mapping[str, str]) -> Path:
    """Write `<name>.html` from `<name>.json` and `<name>.csv` of the same folder, which it says and nothing else."""
    figures = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    course = pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig")
    place = folder / f"{name}.html"
    place.write_text(render_readout(figures, course, name, language, labels), encoding="utf-8")
    return place


def render_readout(
    figures: Figures, course: pd.DataFrame, name: str, language: str, labels: Mapping[str, str]
) -> str:
    """The page as one HTML document that fetches nothing.

    Parameters
    ----------
    figures, course
        As in `readout-<id>.json` and `readout-<id>.csv`.
    name
        Of these files, without their ending.
    language, labels
        Of the page; what it calls channels.
    """
    voice = voice_of_page(
        figures["name"],
        language,
        labels,
        largest=_size(figures),
        currency=figures["currency"],
        in_money=figures["in_money"],
    )

    def told(text: str) -> str:
        return voice.retold_or_file(text, f"{name}.json")

    rows = records(course)
    window = sum(row["part"] != "history" for row in rows)
    shown = rows[-(1 + SHOWN_BEFORE) * window :]
    trace = {
        "file": name,
        "hash": figures["config_hash"],
        "last": voice.figures.day(date.fromisoformat(figures["data_until"])),
        "version": figures["version"],
        "created": figures["created"],
    }
    money_key = "masthead.money" if figures["currency"] else "masthead.money_unnamed"
    unit = "k" if figures["in_money"] else ""
    return (
        environment()
        .get_template("readout.html.j2")
        .render(
            t=voice.html,
            draw=lambda figure, _: voice.chart(figure.spec),
            language=language,
            direction="rtl" if voice.catalogue.from_the_right else "ltr",
            name=voice.company,
            id=figures["id"],
            money_note=voice.html(money_key, {"currency": figures["currency"]}),
            css=stylesheet(),
            script=Markup(source("report.js")),
            bundle=Markup(vega_bundle()),
            headline=_headline(figures, voice),
            verdict=_verdict(figures, voice, told),
            keys=_keys(figures, voice),
            pays=_pays(figures, voice),
            course=Figure(
                voice.text("readout.course.chart"),
                _course_chart(_scaled(shown, figures), unit, voice.text("readout.course.chart")),
            ),
            sum=Figure(
                voice.text("readout.sum.chart"),
                _sum_chart(_scaled(shown[-window:], figures), unit, voice.text("readout.sum.chart")),
            ),
            course_table=_course_table(shown, voice, figures),
            flags=_flags(figures, voice, told),
            methods=_methods(figures, voice),
            preview=_preview(figures, voice, told),
            preview_table=_preview_table(figures["preview"], voice),
            notes=_notes(figures, voice),
            footer=voice.html("readout.footer", trace),
        )
    )


def _size(figures: Figures) -> float:
    """The amount that decides how many decimals the page writes."""
    return max(abs(figures["spend_change"]), abs(figures["value"] or 0.0))


def _worth(figures: Figures) -> float:
    return float(figures["unit_value"]) if figures["in_money"] else 1.0


def _headline(figures: Figures, voice: Voice) -> list[Markup]:
    change, worth = figures["spend_change"], _worth(figures)
    values = {
        "money": voice.amounts.money(abs(change)),
        "cell": voice.cell(Cell(figures["channel"], figures["audience"], figures["message"])),
        "regions": _named(figures["geos"], voice),
        "start": voice.figures.day(date.fromisoformat(figures["start"])),
        "end": voice.figures.day(date.fromisoformat(figures["end"])),
    }
    brought = {
        "effect": voice.amounts.outcome(figures["lift"] * worth, signed=True),
        "unit": voice.text(f"readout.unit.{'money' if figures['in_money'] else 'count'}"),
        "range": voice.figures.span(
            voice.amounts.outcome(figures["lift_lo"] * worth, signed=True),
            voice.amounts.outcome(figures["lift_hi"] * worth, signed=True),
        ),
    }
    return [
        voice.html(f"readout.changed.{'more' if change > 0 else 'less'}", values),
        voice.html("readout.brought", brought),
    ]


def _verdict(figures: Figures, voice: Voice, told: Told) -> Markup:
    failed = [flag["value"] for flag in figures["flags"] if flag["severity"] == "fail"]
    if failed:
        return voice.html("readout.fails", {"why": "; ".join(told(value) for value in failed)})
    clear = figures["lift_lo"] > 0 or figures["lift_hi"] < 0
    return voice.html("readout.clear" if clear else "readout.unclear")


def _keys(figures: Figures, voice: Voice) -> list[tuple[str, str, str]]:
    effect = voice.amounts.outcome(figures["lift"] * _worth(figures), signed=True)
    share = {"percent": voice.figures.percent(figures["percent"], signed=True, decimals=1)}
    note = voice.text("readout.key.return.none")
    if figures["roi"] is not None:
        span = voice.figures.span(
            voice.figures.ratio(figures["roi_lo"]), voice.figures.ratio(figures["roi_hi"])
        )
        note = voice.text("readout.key.return.note", {"range": span})
    return [
        (effect, voice.text("readout.key.effect"), voice.text("readout.key.effect.note", share)),
        (voice.figures.ratio(figures["roi"]), voice.text("readout.key.return"), note),
        (
            voice.figures.in_100(figures["p_value"]),
            voice.text("readout.key.odds"),
            voice.text("readout.key.odds.note", {"n": f"{figures['assignments']:,}"}),
        ),
    ]


def _pays(figures: Figures, voice: Voice) -> Markup | None:
    margin = figures["gross_margin"]
    if not margin or not figures["in_money"]:
        return None
    return voice.html(
        "readout.pays",
        {"margin": voice.figures.percent(margin), "break_even": voice.figures.ratio(1 / margin)},
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
    band = base.mark_area(opacity=0.16, color=LINE).encode(y=y("expected_lo"), y2="expected_hi:Q")
    line = base.mark_line(strokeWidth=1.6, color=LINE).encode(y=y("expected"))
    dots = base.mark_point(filled=True, size=26, opacity=0.9, color=MARK).encode(y=y("actual"), tooltip=tips)
    return finished(alt.layer(band, line, dots, _marks(rows)), 280, description)


def _sum_chart(rows: Rows, unit: str, description: str) -> Spec:
    base = alt.Chart(inline(rows)).encode(x=_when())
    axis = alt.Axis(tickCount=5, format=",~r")
    band = base.mark_area(opacity=0.16, color=MARK).encode(
        y=alt.Y("cumulative_lo:Q", title=unit, axis=axis), y2="cumulative_hi:Q"
    )
    line = base.mark_line(strokeWidth=2, color=MARK).encode(y=alt.Y("cumulative:Q", title=unit))
    zero = (
        alt.Chart(inline([{"at": 0}])).mark_rule(color=INK, strokeWidth=1).encode(y=alt.Y("at:Q", title=unit))
    )
    return finished(alt.layer(band, zero, line, _marks(rows)), 190, description)


def _course_table(rows: Rows, voice: Voice, figures: Figures) -> Table:
    worth = _worth(figures)
    names = ("date", "part", "actual", "expected", "sum")
    return Table(
        tuple(voice.text(f"readout.column.{name}") for name in names),
        tuple(
            (
                voice.figures.day(date.fromisoformat(row["date"])),
                voice.text(f"readout.part.{row['part']}"),
                *(voice.amounts.outcome(row[name] * worth) for name in ("actual", "expected", "cumulative")),
            )
            for row in rows
        ),
        words=2,
    )


def _flags(figures: Figures, voice: Voice, told: Told) -> Table | None:
    rows = [
        (": ".join(told(flag[part]) for part in ("rows", "value") if flag[part]), told(flag["remedy"]))
        for flag in figures["flags"]
    ]
    if not rows:
        return None
    names = ("finding", "next")
    return Table(
        tuple(voice.text(f"readout.column.{name}") for name in names), tuple(rows), words=2, prose=True
    )


def _methods(figures: Figures, voice: Voice) -> Table:
    worth = _worth(figures)
    first = {
        "method": voice.text("readout.method.regression"),
        "lift": figures["lift"],
        "lift_se": figures["lift_se"],
    }
    rows = tuple(
        (
            voice.retold(row["method"]),
            voice.amounts.outcome(row["lift"] * worth, signed=True),
            voice.amounts.outcome(None if row["lift_se"] is None else row["lift_se"] * worth),
        )
        for row in (first, *figures["beside"])
    )
    names = ("method", "effect", "error")
    return Table(tuple(voice.text(f"readout.column.{name}") for name in names), rows)


def _preview(figures: Figures, voice: Voice, told: Told) -> Markup:
    """What a new fit would say, or why only a new fit can."""
    preview = figures["preview"]
    if preview["state"] != "previewed":
        key = "readout.preview.refit" if preview["state"] == "refit" else "readout.preview.none"
        return voice.html(key, {"why": told(preview["why"])})
    lead = voice.html("readout.preview.lead", {"n": f"{preview['effective']:.0f}"})
    money = preview["money"]
    if money is None:
        return lead
    values = {
        "moved": voice.amounts.money(money["moved"]),
        "worth": voice.amounts.outcome(money["worth"], signed=True),
        "objective": voice.text(f"readout.preview.{money['objective']}"),
    }
    return Markup(" ").join((lead, voice.html("readout.preview.money", values)))


def _preview_table(preview: Figures, voice: Voice) -> Table | None:
    """Return, odds and money of the tested cells, before and after."""
    if preview["state"] != "previewed":
        return None
    rows = []
    for row in preview["cells"]:
        written = [voice.cell(Cell(row["channel"], row["audience"], row["message"]))]
        for when in ("before", "after"):
            span = voice.figures.span(
                voice.figures.ratio(row[f"roi_{when}_lo"]), voice.figures.ratio(row[f"roi_{when}_hi"])
            )
            written += [
                voice.figures.ratio(row[f"roi_{when}"]),
                span,
                voice.figures.odds(row[f"p_pays_{when}"]),
                voice.amounts.money(row[when]),
            ]
        rows.append(tuple(written))
    head = (
        "cell",
        *(f"{name}_{when}" for when in ("before", "after") for name in ("roi", "range", "pays", "money")),
    )
    return Table(tuple(voice.text(f"readout.column.{name}") for name in head), tuple(rows))


def _notes(figures: Figures, voice: Voice) -> list[Markup]:
    regions = {
        whose: ", ".join(voice.apart(name) for name in figures[geos])
        for whose, geos in (("treated", "geos"), ("control", "controls"))
    }
    error = {"n": figures["placebos"], "r2": voice.figures.percent(max(figures["r2"], 0.0))}
    spend = {
        "planned": voice.amounts.money(figures["spend_planned"], signed=True),
        "seen": voice.amounts.money(figures["spend_seen"], signed=True),
        "noise": voice.amounts.money(figures["spend_seen_se"]),
    }
    others = figures.get("adjusted_for") or []
    adjusted = [voice.html("readout.read.adjusted", {"names": _named(others, voice)})]
    return [
        voice.html("readout.read.regions", regions),
        *(adjusted if others else []),
        voice.html(f"readout.read.error.{figures['error']}", error),
        voice.html("readout.read.spend", spend),
    ]


def _named(geos: list[str], voice: Voice) -> str:
    names = [voice.apart(name) for name in geos]
    if len(names) > MOST_NAMED:
        return voice.text("readout.regions", {"names": ", ".join(names[:3]), "n": len(names) - 3})
    return voice.figures.listed(names)
