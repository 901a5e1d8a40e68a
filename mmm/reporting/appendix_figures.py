"""The charts of the analyst's appendix. Time on the horizontal axis is in UTC, so that days never shift."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from mmm.reporting.figures import ROW, Rows, Spec, finished, inline
from mmm.reporting.palette import INK, LINE, LOSS, MARK, PAPER, QUIET


def _when(*, labels: bool = True) -> alt.X:
    return alt.X(
        "date:T",
        title=None,
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(grid=False, tickCount={"interval": "month", "step": 6}, format="%b %Y", labels=labels),
    )


def fit_chart(rows: Rows, unit: str, description: str) -> Spec:
    """Actual outcome as points, expected as a line with its band where the rows have one, baseline dashed.

    Rows: `date` (ISO), `actual`, `expected`, `baseline`, and `lo`, `hi` where known.
    """
    base = alt.Chart(inline(rows)).encode(x=_when())

    def y(name: str) -> alt.Y:
        axis = alt.Axis(tickCount=5, format=",~r")
        return alt.Y(f"{name}:Q", title=unit, axis=axis, scale=alt.Scale(zero=False))

    layers: list[alt.Chart] = []
    if any("lo" in row for row in rows):
        layers.append(base.mark_area(opacity=0.16, color=LINE).encode(y=y("lo"), y2="hi:Q"))
    layers += [
        base.mark_line(strokeWidth=1.2, strokeDash=[4, 3], color=QUIET).encode(y=y("baseline")),
        base.mark_line(strokeWidth=1.6, color=LINE).encode(y=y("expected")),
        base.mark_point(filled=True, size=14, opacity=0.75, color=MARK).encode(
            y=y("actual"),
            tooltip=[
                alt.Tooltip("date:T", title=" ", format="%d %b %Y"),
                *(
                    alt.Tooltip(f"{name}:Q", title=name, format=",.1f")
                    for name in ("actual", "expected", "baseline")
                ),
            ],
        ),
    ]
    return finished(alt.layer(*layers), 280, description)


def residual_chart(rows: Rows, unit: str, description: str) -> Spec:
    """Actual less expected as thin bars. Rows: `date`, `residual`."""
    bars = (
        alt.Chart(inline(rows))
        .mark_rule(strokeWidth=2)
        .encode(
            x=_when(),
            y=alt.Y("residual:Q", title=unit, axis=alt.Axis(tickCount=3, format=",~r")),
            y2=alt.datum(0),
            color=alt.condition("datum.residual < 0", alt.value(LOSS), alt.value(LINE)),
            tooltip=[
                alt.Tooltip("date:T", title=" ", format="%d %b %Y"),
                alt.Tooltip("residual:Q", title="residual", format="+,.1f"),
            ],
        )
    )
    return finished(bars, 110, description)


def forecast_chart(rows: Rows, unit: str, description: str) -> Spec:
    """Forecasts as lines with their bands, one an origin, and what happened as points.

    Rows: `date` (ISO), `origin`, `actual`, `expected`, `lo`, `hi`.
    """
    base = alt.Chart(inline(rows)).encode(x=_when(), detail="origin:N")

    def y(name: str) -> alt.Y:
        axis = alt.Axis(tickCount=5, format=",~r")
        return alt.Y(f"{name}:Q", title=unit, axis=axis, scale=alt.Scale(zero=False))

    layers = [
        base.mark_area(opacity=0.16, color=LINE).encode(y=y("lo"), y2="hi:Q"),
        base.mark_line(strokeWidth=1.6, color=LINE).encode(y=y("expected")),
        base.mark_point(filled=True, size=18, opacity=0.8, color=MARK).encode(
            y=y("actual"),
            tooltip=[
                alt.Tooltip("date:T", title=" ", format="%d %b %Y"),
                alt.Tooltip("origin:N", title="from"),
                *(alt.Tooltip(f"{name}:Q", title=name, format=",.1f") for name in ("actual", "expected")),
            ],
        ),
    ]
    return finished(alt.layer(*layers), 240, description)


def decomposition_chart(
    rows: Rows, groups: Sequence[str], colours: Sequence[str], unit: str, description: str
) -> Spec:
    """Stacked areas. Rows: `date`, `group`, `value`, `order` (place in the stack, 0 at the bottom)."""
    areas = (
        alt.Chart(inline(rows))
        .mark_area(opacity=0.95, strokeWidth=0.4, stroke=PAPER)
        .encode(
            x=_when(),
            y=alt.Y("value:Q", title=unit, stack="zero", axis=alt.Axis(tickCount=5, format=",~r")),
            color=alt.Color(
                "group:N", scale=alt.Scale(domain=list(groups), range=list(colours)), legend=None
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("group:N", title=" "),
                alt.Tooltip("date:T", title="  ", format="%d %b %Y"),
                alt.Tooltip("value:Q", title="   ", format=",.1f"),
            ],
        )
    )
    return finished(areas, 300, description)


def survival_chart(rows: Rows, marks: Rows, break_even: float | None, title: str, description: str) -> Spec:
    """Each cell's figure with its range, and above it the mean of every other fit as a small upright mark.

    Rows: `cell`, `value`, `lo`, `hi`, `colour`. Marks: `cell`, `value`, `spec`, `colour`.
    """
    cells = list(dict.fromkeys(row["cell"] for row in rows))
    axis = alt.Axis(labelLimit=150, labelColor=INK, labelFontSize=12, grid=False)
    y = alt.Y("cell:N", sort=cells, title=None, axis=axis)
    colour = alt.Color("colour:N", scale=None, legend=None)
    scale = alt.Scale(zero=True)

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q", title=title, scale=scale, axis=alt.Axis(tickCount=6))

    base = alt.Chart(inline(rows)).encode(y=y, color=colour)
    tips = [
        alt.Tooltip("cell:N", title=" "),
        *(
            alt.Tooltip(f"{name}:Q", title=label, format=".2f")
            for name, label in (("value", "  "), ("lo", "5 %"), ("hi", "95 %"))
        ),
    ]
    other = [
        alt.Tooltip("cell:N", title=" "),
        alt.Tooltip("spec:N", title="  "),
        alt.Tooltip("value:Q", title="   ", format=".2f"),
    ]
    layers: list[alt.Chart] = [
        base.mark_rule(strokeWidth=3, opacity=0.3).encode(x=x("lo"), x2="hi:Q", tooltip=tips),
        alt.Chart(inline(marks))
        .mark_tick(thickness=1.5, size=16, opacity=0.85)
        .encode(y=y, color=colour, x=x("value"), tooltip=other),
        base.mark_point(filled=True, size=70, opacity=1).encode(x=x("value"), tooltip=tips),
    ]
    if break_even is not None:
        mark = alt.Chart(inline([{"at": break_even}])).mark_rule(
            color=INK, strokeDash=[2, 3], strokeWidth=1.2
        )
        layers.insert(0, mark.encode(x=alt.X("at:Q", title=title)))
    return finished(alt.layer(*layers), ROW * len(cells), description)


def lag_chart(rows: Rows, colour: str, description: str) -> Spec:
    """Share of the effect by lag, with its range. Rows: `lag`, `weight`, `lo`, `hi`."""
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("lag:Q", title=None, axis=alt.Axis(grid=False, tickMinStep=1, tickCount=7))
    )

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q", title=None, axis=alt.Axis(tickCount=3, format="%"))

    layers = [
        base.mark_area(opacity=0.15, color=colour).encode(y=y("lo"), y2="hi:Q"),
        base.mark_line(
            strokeWidth=1.8, color=colour, point={"size": 18, "filled": True, "color": colour}
        ).encode(
            y=y("weight"),
            tooltip=[alt.Tooltip("lag:Q", title="lag"), alt.Tooltip("weight:Q", title=" ", format=".1%")],
        ),
    ]
    return finished(alt.layer(*layers), 110, description)
