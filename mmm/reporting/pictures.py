"""Each chart of the page as a picture for slides: SVG, and PNG twice as fine, drawn without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import vl_convert

from mmm.reporting.blocks import Figure
from mmm.reporting.figures import Spec
from mmm.reporting.palette import INK, QUIET
from mmm.reporting.voice import Voice

FOLDER = "figures"
WIDTH = 820
SMALL_WIDTH = 236
"""Widths in pixels of a chart, and of one of several small ones."""

COLUMNS = 3
FINENESS = 2
"""Pixels of a PNG for each of the chart's: some 1,700 across, as wide as a slide is shown."""

_NAMES = {
    "bridge": "profit-bridge",
    "pnl": "profit-by-month",
    "frontier": "budgets",
    "geos": "regions",
    "curve": "response-curves",
    "held": "last-forecast",
    "claims": "counts-to-money",
    "residual": "residuals",
    "adstock": "carry-over",
    "stress": "other-models",
}
"""File names where what a chart is called on the page would puzzle a reader."""

_HEADINGS = {"chart-curve": "curves.heading", "chart-adstock": "appendix.adstock"}
"""What small charts side by side are called together."""


def pictures(charts: Mapping[str, Sequence[Figure]], voice: Voice) -> Iterator[tuple[str, bytes]]:
    """Draw the charts of a page.

    Parameters
    ----------
    charts
        By their name on the page, as `Page` has them; several figures under one name make one picture.
    voice
        The voice of the page.

    Yields
    ------
    tuple of str and bytes
        The name of a file, such as `response-curves.svg`, and what is in it.
    """
    for name, figures in charts.items():
        plain = name.removeprefix("chart-")
        svg = vl_convert.vegalite_to_svg(json.dumps(picture(name, figures, voice)))
        yield f"{_NAMES.get(plain, plain)}.svg", svg.encode()
        yield f"{_NAMES.get(plain, plain)}.png", vl_convert.svg_to_png(svg, scale=FINENESS)


def picture(name: str, figures: Sequence[Figure], voice: Voice) -> Spec:
    """The specification of a picture that stands alone: on white, with its title, as wide as it will be."""
    if name not in _HEADINGS:
        spec = voice.chart(figures[0].spec | {"title": _title(figures[0].label, 15, voice)})
        return _explained(spec) | {"width": WIDTH, "background": "white", "padding": 16}
    parts = [voice.chart(one.spec | {"title": _title(one.title, 13, voice)}) for one in figures]
    heading = voice.chart({"title": _title(voice.text(_HEADINGS[name]), 15, voice)})
    above = ("config", "autosize", "datasets")
    return heading | {
        "config": parts[0]["config"],
        "datasets": {name: rows for part in parts for name, rows in part["datasets"].items()},
        "background": "white",
        "padding": 16,
        "columns": COLUMNS,
        "concat": [
            {name: value for name, value in part.items() if name not in above} | {"width": SMALL_WIDTH}
            for part in parts
        ],
        "resolve": {"scale": dict.fromkeys(("color", "opacity", "shape", "size"), "independent")},
    }


def _title(text: str, size: int, voice: Voice) -> dict[str, Any]:
    return {
        "text": text,
        "anchor": "end" if voice.catalogue.from_the_right else "start",
        "frame": "group",
        "fontSize": size,
        "fontWeight": 500,
        "color": INK,
        "offset": 14,
        "limit": WIDTH if size > 13 else SMALL_WIDTH,
    }


def _explained(spec: Spec) -> Spec:
    """With the key of colours inside where the page has it beside the chart."""
    colour = spec.get("encoding", {}).get("color", {})
    if "field" not in colour or spec["mark"].get("type") != "area":
        return spec
    legend = {"orient": "top", "title": None, "columns": 6, "labelColor": QUIET, "symbolType": "square"}
    return spec | {"encoding": spec["encoding"] | {"color": colour | {"legend": legend}}}
