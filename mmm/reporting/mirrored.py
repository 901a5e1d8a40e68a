"""A chart as a page from right to left shows it: bars grow leftwards, words run their own way, time stays as it is."""

from __future__ import annotations

import re
from typing import Any

from mmm.reporting.catalogue import Catalogue
from mmm.reporting.figures import Spec

FROM_THE_RIGHT, END = "\u2067", "\u2069"
"""A stretch that runs from right to left, and its end. A chart is laid out from the left, so each text needs them."""

_RIGHTWARD = re.compile(r"[\u0590-\u05ff]")
_DAYS = {"%-d %b": "%-d.%-m", "%b %Y": "%-m/%Y", "%d %b %Y": "%-d.%-m.%Y", "%-d %b %Y": "%-d.%-m.%Y"}
"""Formats with names of months, and how they are written in figures."""

_SIDES = {"left": "right", "right": "left"}


def mirrored(spec: Spec, words: Catalogue) -> Spec:
    """The chart in a language; as it is in one from left to right.

    Parameters
    ----------
    spec
        A Vega-Lite specification with its data inside.
    words
        The language, for what a chart says itself.
    """
    if not words.from_the_right:
        return spec
    own = {"k": words.text("axis.thousands"), "from": words.text("axis.from")}
    own |= {
        name: words.text(f"column.{name}") for name in ("actual", "expected", "baseline", "residual", "lag")
    }
    turned: Spec = _spoken(spec, own)
    layers = turned.get("layer", [turned])
    named = [one["encoding"] for one in layers if _lists_names(one.get("encoding", {}))]
    for encoding in named:
        _from_the_right(encoding)
    if named:
        for one in layers:
            _from_the_right(one.get("encoding", {}))
            mark = one.get("mark")
            if isinstance(mark, dict) and mark.get("type") == "text" and mark.get("align") in _SIDES:
                mark |= {"align": _SIDES[mark["align"]], "dx": -mark.get("dx", 0)}
    return turned


def _lists_names(encoding: Spec) -> bool:
    """Whether the lines of the chart are names, one below the other."""
    return encoding.get("y", {}).get("type") == "nominal"


def _from_the_right(encoding: Spec) -> None:
    """Names on the right, and what is measured grows leftwards; time runs on as it does."""
    across, down = encoding.get("x"), encoding.get("y")
    if down and down.get("type") == "nominal":
        down["axis"] = {**(down.get("axis") or {}), "orient": "right"}
    if across and across.get("type") in ("quantitative", "nominal"):
        across["scale"] = {**(across.get("scale") or {}), "reverse": True}


def _spoken(part: Any, own: dict[str, str], key: str = "") -> Any:
    """The same with every text of a right-to-left script set apart, and months in figures."""
    if isinstance(part, dict):
        return {name: _spoken(value, own, name) for name, value in part.items()}
    if isinstance(part, list):
        return [_spoken(value, own, key) for value in part]
    if not isinstance(part, str):
        return part
    if key == "format":
        return _DAYS.get(part, part)
    if key == "title":
        part = own.get(part, part)
    return f"{FROM_THE_RIGHT}{part}{END}" if _RIGHTWARD.search(part) and key != "description" else part
