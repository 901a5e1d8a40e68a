"""Colours of the pages, each light and dark: one per channel, the same in every chart and beside every name.

Charts, sheets and workbooks are made in the light ones. A page names a colour instead (`toned`, `of_page`), and its
stylesheet says which one that is: light, dark where the reader's screen is set to dark, and light on paper.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_LIGHT_AND_DARK = {
    "paper": ("#FFFFFF", "#14181B"),
    "wash": ("#F5F6F4", "#1C2125"),
    "ink": ("#1B1F24", "#E7E9EA"),
    "quiet": ("#5D646B", "#A6AEB5"),
    "shade": ("#C9CED3", "#050607"),
    "hair": ("#D9DCDF", "#363D43"),
    "grid": ("#ECEEF0", "#292F34"),
    "gain": ("#1E6B52", "#6CC7A3"),
    "loss": ("#9C3B2E", "#EE9384"),
    "whole": ("#2F4858", "#9FB6C4"),
    "base": ("#D3D7DB", "#4A525A"),
    "owned": ("#9AA1A8", "#7C858D"),
    "before": ("#A7ADB3", "#868E96"),
    "channel-1": ("#1F3A5F", "#8BAFCC"),
    "channel-2": ("#C8622D", "#E08A4C"),
    "channel-3": ("#2B9A8E", "#18908A"),
    "channel-4": ("#9D7EDF", "#BAA4FA"),
    "channel-5": ("#591D14", "#F0B8A8"),
    "channel-6": ("#8D6049", "#A98468"),
    "channel-7": ("#5F3596", "#8E6ACF"),
    "channel-8": ("#667DA6", "#D5E3F8"),
}

_CHANNELS = [pair for name, pair in _LIGHT_AND_DARK.items() if name.startswith("channel-")]

CHANNEL_COLOURS = tuple(light for light, _ in _CHANNELS)
DARK_CHANNEL_COLOURS = tuple(dark for _, dark in _CHANNELS)
"""At least 3:1 against their paper, and apart from each other for protan, deutan and tritan eyes (CIE76 >= 18)."""

PAPER, INK, QUIET, GRID, GAIN, LOSS, WHOLE, BASE, OWNED, BEFORE = (
    _LIGHT_AND_DARK[name][0]
    for name in ("paper", "ink", "quiet", "grid", "gain", "loss", "whole", "base", "owned", "before")
)
LINE, MARK = CHANNEL_COLOURS[:2]
"""Of charts without channels: what is expected or planned, and what was seen or is compared with it."""

_NAMES = {light: f"var(--{name})" for name, (light, _) in _LIGHT_AND_DARK.items()}

_COLOURED = {"color", "colour", "fill", "gridColor", "labelColor", "range", "stroke", "titleColor", "value"}
"""Keys of a chart, and of rows of its data, under which a text is a colour and no name from the data."""


def channel_colours(channels: Iterable[str]) -> dict[str, str]:
    """Give each channel its colour, in order of appearance.

    From the ninth channel on colours come round again: names stand beside them everywhere, so a colour never
    carries meaning alone.
    """
    names = list(dict.fromkeys(channels))
    return {name: CHANNEL_COLOURS[i % len(CHANNEL_COLOURS)] for i, name in enumerate(names)}


def toned(colour: str) -> str:
    """The name by which a page's stylesheet knows a colour."""
    return _NAMES[colour]


def of_page(spec: Any, key: str = "") -> Any:
    """A chart, or a part of it under a key, with its colours named as a page's stylesheet knows them."""
    if isinstance(spec, dict):
        return {name: of_page(part, name) for name, part in spec.items()}
    if isinstance(spec, list):
        return [of_page(part, key) for part in spec]
    return _NAMES.get(spec, spec) if key in _COLOURED and isinstance(spec, str) else spec


def tones() -> str:
    """The colours by name, as the beginning of a page's stylesheet."""
    light, dark = (
        "".join(f"--{name}:{pair[side]};" for name, pair in _LIGHT_AND_DARK.items()) for side in (0, 1)
    )
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{dark}}}}}\n"
    )
