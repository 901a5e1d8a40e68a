"""The charts above the appendix, as Vega-Lite specifications.

Names from the data are values in long tables, never field names, and a specification enters the page as
JSON. Amounts of money come in thousands. Widths follow the page (`container`), so one chart serves desk,
phone and paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from mmm.reporting.palette import BASE, GAIN, GRID, INK, LOSS, MARK, PAPER, QUIET, WHOLE

Spec = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

SANS = "'Avenir Next', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
ROW = 30
"""Height of one line of a chart that lists cells, in pixels."""

ROOM_FOR_WORDS = 1.2
"""How far a scale reaches beyond its longest bar, so that the words beside it fit on a phone too."""

_CONFIG: Spec = {
    "font": SANS,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "labelColor": QUIET,
        "labelFontSize": 11.5,
        "titleColor": QUIET,
        "titleFontSize": 11.5,
        "titleFontWeight": "normal",
        "titlePadding": 6,
        "gridColor": GRID,
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    },
    # numbers and dates may be left out where a phone has no room for them, names never
    "axisQuantitative": {"labelOverlap": "greedy", "labelSeparation": 10},
    "axisTemporal": {"labelOverlap": "greedy", "labelSeparation": 10},
}


def finished(chart: alt.LayerChart | alt.FacetChart | alt.Chart, height: int, description: str) -> Spec:
    """Set what all charts share and hand the chart over as plain JSON-able mappings."""
    spec = chart.properties(width="container", height=height, description=description).to_dict(validate=False)
    spec.pop("$schema", None)
    spec["config"] = _CONFIG
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec


def inline(rows: Rows) -> alt.InlineData:
    """Rows as data of a chart."""
    return alt.InlineData(values=[dict(row) for row in rows])


KINDS = {"total": WHOLE, "minus": BASE, "result": GAIN, "loss": LOSS}
"""Colours of a waterfall's bars by what they are."""


def bridge(rows: Rows, description: str, kinds: Mapping[str, str] = KINDS) -> Spec:
    """A waterfall: from what media bring to profit after media, from the baseline to the outcome.

    Parameters
    ----------
    rows
        One per step: `step`, `from`, `to` (the bar), `current` (mark of today's mix at the same place), `lo`,
        `hi` (range; may be missing), `text` and its place `end`, `kind` (one of `kinds`).
    description
        What the chart shows, in words, for those who do not see it.
    kinds
        The colour of each kind of bar.
    """
    order = [row["step"] for row in rows]
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y(
            "step:N",
            sort=order,
            title=None,
            axis=alt.Axis(labelLimit=150, labelColor=INK, labelFontSize=12.5),
        )
    )
    bars = base.mark_bar(size=22).encode(
        x=alt.X(
            "from:Q",
            title="k",
            scale=alt.Scale(domainMax=ROOM_FOR_WORDS * max(row["end"] for row in rows)),
            axis=alt.Axis(format=",~r", tickCount=5),
        ),
        x2="to:Q",
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=list(kinds), range=list(kinds.values())),
            legend=None,
        ),
        tooltip=[alt.Tooltip("step:N", title=" "), alt.Tooltip("text:N", title="  ")],
    )
    # on a seam of paper, or a range could not be seen on its own bar
    ranges = [
        base.mark_rule(strokeWidth=width, color=colour).encode(x="lo:Q", x2="hi:Q")
        for width, colour in ((4, PAPER), (1.4, INK))
    ]
    ends = [base.mark_tick(thickness=1.4, size=8, color=INK).encode(x=f"{end}:Q") for end in ("lo", "hi")]
    current = base.mark_tick(thickness=2.5, size=30, color=MARK).encode(x="current:Q")
    words = base.mark_text(align="left", dx=8, fontSize=12, color=INK).encode(x="end:Q", text="text:N")
    return finished(alt.layer(bars, *ranges, *ends, current, words), 40 * len(rows), description)


def changes(rows: Rows, description: str) -> Spec:
    """Change of every cell in every geo as a coloured grid, the figure in each field.

    Parameters
    ----------
    rows
        `geo`, `cell`, `change` in percent (None: nothing there today), `text`, `money`.
    description
        What the chart shows, in words.
    """
    geos, cells = (list(dict.fromkeys(row[name] for row in rows)) for name in ("geo", "cell"))
    most = max((abs(row["change"]) for row in rows if row["change"] is not None), default=0.0) or 1.0
    quiet = alt.Axis(labelColor=INK, labelFontSize=11.5, labelLimit=150)
    base = alt.Chart(inline(rows)).encode(
        x=alt.X(
            "cell:N",
            sort=cells,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=-40, labelLimit=140, labelColor=INK),
        ),
        y=alt.Y("geo:N", sort=geos, title=None, axis=quiet),
        tooltip=[alt.Tooltip(f"{name}:N", title=" ") for name in ("geo", "cell", "money", "text")],
    )
    # the shade ends where the figure on it is still read with ease, on light and on dark paper
    fields = (
        base.transform_calculate(size="abs(datum.change)")
        .mark_rect(stroke=PAPER, strokeWidth=1)
        .encode(
            color=alt.condition("datum.change < 0", alt.value(LOSS), alt.value(GAIN)),
            fillOpacity=alt.FillOpacity(
                "size:Q", scale=alt.Scale(domain=[0, most], range=[0.03, 0.5]), legend=None
            ),
        )
    )
    words = base.mark_text(fontSize=10.5, color=INK).encode(text="text:N")
    return finished(alt.layer(fields, words), 22 * len(geos) + 60, description)


def shares(rows: Rows, description: str) -> Spec:
    """Two bars a line, the first outlined, the second filled, each with its figure.

    Parameters
    ----------
    rows
        `name`, `line` ("0" above, "1" below), `what`, `share` (of one), `text`, `colour` and `fill`.
    description
        What the chart shows, in words.
    """
    names = list(dict.fromkeys(row["name"] for row in rows))
    most = max(row["share"] for row in rows)
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y(
            "name:N",
            sort=names,
            title=None,
            axis=alt.Axis(labelLimit=150, labelColor=INK, labelFontSize=12, grid=False),
        ),
        yOffset=alt.YOffset("line:N", sort=["0", "1"]),
        x=alt.X(
            "share:Q",
            title=None,
            scale=alt.Scale(domainMax=ROOM_FOR_WORDS * most),
            axis=alt.Axis(format="%", tickCount=5),
        ),
        tooltip=[alt.Tooltip(f"{name}:N", title=" ") for name in ("name", "what", "text")],
    )
    bars = base.mark_bar(size=10, strokeWidth=1.5).encode(
        fill=alt.Fill("fill:N", scale=None, legend=None),
        stroke=alt.Stroke("colour:N", scale=None, legend=None),
    )
    words = base.mark_text(align="left", dx=6, fontSize=11, color=INK).encode(text="text:N")
    return finished(alt.layer(bars, words), (ROW + 8) * len(names), description)


def calendar(rows: Rows, names: Sequence[str], begins: str | None, description: str) -> Spec:
    """A heat map of money by name and period: the channel's colour, the darker the more.

    Parameters
    ----------
    rows
        `name`, `start` and `end` (ISO), `share` of the largest amount, `colour`, `text` (the amount as written).
    names
        Lines from top to bottom.
    begins
        First day that is planned, where earlier ones are past: a line stands there.
    """
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y(
            "name:N",
            sort=list(names),
            title=None,
            axis=alt.Axis(labelLimit=150, labelColor=INK, labelFontSize=12.5, grid=False),
        )
    )
    when = alt.X(
        "start:T",
        title=None,
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(grid=False, tickCount=6, format="%-d %b", labelFlush=True),
    )
    tiles = base.mark_rect(stroke=PAPER, strokeWidth=1.5, cornerRadius=2).encode(
        x=when,
        x2="end:T",
        color=alt.Color("colour:N", scale=None, legend=None),
        opacity=alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 1]), legend=None),
        tooltip=[
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("start:T", title="from", format="%-d %b %Y"),
            alt.Tooltip("text:N", title="  "),
        ],
    )
    if begins is None:
        return finished(tiles, ROW * len(names), description)
    edge = alt.Chart(inline([{"start": begins}])).mark_rule(color=INK, strokeWidth=1.6).encode(x=when)
    return finished(alt.layer(tiles, edge), ROW * len(names), description)


def curve(rows: Rows, points: Rows, colour: str, titles: tuple[str, str], description: str) -> Spec:
    """What spend of one cell brings, solid where it was ever spent and dashed beyond.

    Parameters
    ----------
    rows
        `spend`, `brings`, `lo`, `hi`, `part` ("seen" or "beyond"); the point where the parts meet stands in
        both.
    points
        `spend`, `brings`, `which` (current or plan), `name`.
    colour
        The channel's.
    titles
        Of the two axes.
    description
        What the chart shows, in words.
    """
    x = alt.X(
        "spend:Q",
        title=titles[0],
        scale=alt.Scale(nice=False),
        axis=alt.Axis(grid=False, tickCount=2 if _large(rows, "spend") else 4, format=",~r"),
    )
    y = alt.Y(
        title=titles[1],
        axis=alt.Axis(tickCount=4, format=",~r"),
        shorthand="brings:Q",
    )
    tips = [
        alt.Tooltip("spend:Q", title=titles[0], format=",.0f"),
        alt.Tooltip("brings:Q", title=titles[1], format=",.0f"),
    ]
    base = alt.Chart(inline(rows))
    band = base.mark_area(opacity=0.13, color=colour).encode(x=x, y=alt.Y("lo:Q", title=titles[1]), y2="hi:Q")
    line = base.mark_line(strokeWidth=2, color=colour).encode(
        x=x,
        y=y,
        strokeDash=alt.StrokeDash(
            "part:N", scale=alt.Scale(domain=["seen", "beyond"], range=[[1, 0], [4, 3]]), legend=None
        ),
        tooltip=tips,
    )
    dots = (
        alt.Chart(inline(points))
        .mark_point(size=70, strokeWidth=2, opacity=1, stroke=colour)
        .encode(
            x=x,
            y=y,
            fill=alt.Fill(
                "which:N", scale=alt.Scale(domain=["current", "plan"], range=[PAPER, colour]), legend=None
            ),
            tooltip=[alt.Tooltip("name:N", title=" "), *tips],
        )
    )
    return finished(alt.layer(band, line, dots), 170, description)


def frontier(rows: Rows, points: Rows, turn: float | None, titles: tuple[str, str], description: str) -> Spec:
    """Budget against what its best mix brings; a page sets the signal `walk` to the budget it walked to.

    Parameters
    ----------
    rows
        `budget`, `value`, `lo`, `hi`, ascending.
    points
        `budget`, `value`, `name`, `which` (scenario, today, plan), `label` (empty for none).
    turn
        Budget at which the next unit brings what it costs; None for no line.
    titles
        Of the two axes.
    description
        What the chart shows, in words.
    """
    axis = alt.Axis(grid=False, tickCount=8)
    x = alt.X("budget:Q", title=titles[0], scale=alt.Scale(zero=False, nice=False), axis=axis)
    y = alt.Y(
        "value:Q", title=titles[1], scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5, format=",~r")
    )
    tips = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("budget:Q", title=titles[0], format=",.0f"),
        alt.Tooltip("value:Q", title=titles[1], format=",.0f"),
    ]
    base = alt.Chart(inline(rows))
    band = base.mark_area(opacity=0.1, color=INK).encode(x=x, y=alt.Y("lo:Q", title=titles[1]), y2="hi:Q")
    line = base.mark_line(strokeWidth=2, color=INK).encode(x=x, y=y)
    kinds = ["scenario", "today", "plan"]
    marks = alt.Chart(inline(points)).encode(x=x, y=y, tooltip=tips)
    dots = marks.mark_point(opacity=1, stroke=INK).encode(
        fill=alt.Fill("which:N", scale=alt.Scale(domain=kinds, range=[QUIET, PAPER, GAIN]), legend=None),
        size=alt.Size("which:N", scale=alt.Scale(domain=kinds, range=[30, 110, 110]), legend=None),
        strokeWidth=alt.StrokeWidth("which:N", scale=alt.Scale(domain=kinds, range=[0, 2, 0]), legend=None),
    )
    said = [
        marks.transform_filter(f"datum.which == '{which}'")
        .mark_text(align="center", dy=dy, fontSize=12, color=INK)
        .encode(text="label:N")
        for which, dy in (("plan", -16), ("today", 18))
    ]
    walked = base.encode(x=x, opacity=alt.condition("datum.budget === walk", alt.value(1), alt.value(0)))
    there = [
        walked.mark_rule(strokeWidth=2, color=MARK).encode(y="lo:Q", y2="hi:Q"),
        walked.mark_point(size=120, strokeWidth=2, fill=PAPER, stroke=MARK).encode(y=y),
    ]
    layers: list[alt.Chart] = [band, line, dots, *said, *there]
    if turn is not None:
        mark = alt.Chart(inline([{"at": turn}])).mark_rule(color=INK, strokeDash=[2, 3], strokeWidth=1.2)
        layers.insert(1, mark.encode(x=alt.X("at:Q", title=titles[0])))
    return finished(alt.layer(*layers), 260, description) | {"params": [{"name": "walk", "value": None}]}


def intervals(
    rows: Rows, break_even: float | None, title: str, description: str, *, log: bool = False
) -> Spec:
    """A figure and its range per cell, with a mark where it breaks even.

    Parameters
    ----------
    rows
        `cell`, `value`, `lo`, `hi`, `colour`, and `offset` where a cell has two lines (0 above, 1 below).
    break_even
        Where the upright line stands; None for no line.
    title
        Of the axis.
    description
        What the chart shows, in words.
    log
        A log scale; for figures that span orders of magnitude.
    """
    cells = list(dict.fromkeys(row["cell"] for row in rows))
    double = any("offset" in row for row in rows)
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y(
            "cell:N",
            sort=cells,
            title=None,
            axis=alt.Axis(labelLimit=150, labelColor=INK, labelFontSize=12, grid=False),
        ),
        color=alt.Color("colour:N", scale=None, legend=None),
    )
    if double:
        base = base.encode(yOffset=alt.YOffset("offset:N", sort=["0", "1"]))
    scale = alt.Scale(type="log", nice=False, padding=12) if log else alt.Scale(zero=True)
    axis = alt.Axis(tickCount=5, format="~r") if log else alt.Axis(tickCount=6)
    x = alt.X("lo:Q", title=title, scale=scale, axis=axis)
    tips = [
        alt.Tooltip("cell:N", title=" "),
        *(
            alt.Tooltip(f"{name}:Q", title=label, format=".2f")
            for name, label in (("value", "  "), ("lo", "5 %"), ("hi", "95 %"))
        ),
    ]
    lines = base.mark_rule(strokeWidth=3, opacity=0.45).encode(x=x, x2="hi:Q", tooltip=tips)
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(
        x=alt.X("value:Q", title=title, scale=scale), tooltip=tips
    )
    layers: list[alt.Chart] = [lines, dots]
    if break_even is not None:
        mark = alt.Chart(inline([{"at": break_even}])).mark_rule(
            color=INK, strokeDash=[2, 3], strokeWidth=1.2
        )
        layers.insert(0, mark.encode(x=alt.X("at:Q", title=title)))
    return finished(alt.layer(*layers), (ROW + 8 if double else ROW) * len(cells), description)


def _large(rows: Rows, name: str) -> bool:
    """Whether labels are too long for four of them; `10k` beside an axis in k would say a thousand times too little."""
    return max((abs(float(row[name])) for row in rows), default=0.0) >= 10_000
