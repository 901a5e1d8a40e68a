"""One colour per channel, the same in every chart and beside every name."""

from __future__ import annotations

from collections.abc import Iterable

CHANNEL_COLOURS = (
    "#1F3A5F",
    "#C8622D",
    "#2B9A8E",
    "#9D7EDF",
    "#591D14",
    "#8D6049",
    "#5F3596",
    "#667DA6",
)
"""At least 3:1 against white, and apart from each other for protan, deutan and tritan eyes (CIE76 >= 18)."""

INK = "#1B1F24"
QUIET = "#6A7076"
HAIR = "#D9DCDF"
BASE = "#D3D7DB"
GAIN = "#1E6B52"
LOSS = "#9C3B2E"


def channel_colours(channels: Iterable[str]) -> dict[str, str]:
    """Give each channel its colour, in order of appearance.

    From the ninth channel on colours come round again: names stand beside them everywhere, so a colour never
    carries meaning alone.
    """
    names = list(dict.fromkeys(channels))
    return {name: CHANNEL_COLOURS[i % len(CHANNEL_COLOURS)] for i, name in enumerate(names)}
