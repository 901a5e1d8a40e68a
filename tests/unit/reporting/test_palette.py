"""Colours of channels, for all eyes."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from mmm.reporting.palette import (
    CHANNEL_COLOURS,
    DARK_CHANNEL_COLOURS,
    channel_colours,
    of_page,
    tones,
)

# Machado, Oliveira and Fernandes 2009, severity 1, in linear RGB.
EYES = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _linear(colour: str) -> np.ndarray:
    part = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    x = XYZ @ np.clip(linear, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _contrast(one: np.ndarray, other: np.ndarray) -> float:
    low, high = sorted(float(colour @ np.array([0.2126, 0.7152, 0.0722])) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


SCHEMES = [dict(re.findall(r"--([\w-]+):(#\w{6})", line)) for line in tones().splitlines()]
"""Colours by name, of a light screen and of a dark one."""


@pytest.mark.parametrize("colours", [CHANNEL_COLOURS, DARK_CHANNEL_COLOURS], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", EYES)
def test_any_two_channels_look_different_to_all_eyes(eyes: str, colours: tuple[str, ...]) -> None:
    seen = [_lab(np.asarray(EYES[eyes]) @ _linear(colour)) for colour in colours]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= 18


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_channels_stand_out_from_paper_at_three_to_one_and_words_at_four_and_a_half(
    scheme: dict[str, str],
) -> None:
    channels = [colour for name, colour in scheme.items() if name.startswith("channel-")]
    words = [scheme[name] for name in ("ink", "quiet", "gain", "loss")]
    papers = [_linear(scheme[name]) for name in ("paper", "wash")]
    assert len(channels) == len(CHANNEL_COLOURS)
    assert min(_contrast(_linear(colour), paper) for colour in words for paper in papers) >= 4.5
    assert min(_contrast(_linear(colour), papers[0]) for colour in channels) >= 3


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_a_figure_is_read_on_the_strongest_shade_of_gain_and_loss(scheme: dict[str, str]) -> None:
    parts = {
        name: np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) for name, colour in scheme.items()
    }
    for shade in ("gain", "loss"):
        mixed = np.round((parts[shade] + parts["paper"]) / 2).astype(int)  # half opaque
        assert _contrast(_linear(scheme["ink"]), _linear("#" + "".join(f"{x:02X}" for x in mixed))) >= 4.5


def test_a_name_that_looks_like_a_colour_stays_a_name() -> None:
    one = CHANNEL_COLOURS[0]
    chart = {"datasets": {"d": [{"cell": one, "colour": one}]}, "mark": {"color": one}, "title": one}
    turned = of_page(chart)
    assert turned["datasets"]["d"] == [{"cell": one, "colour": "var(--channel-1)"}]
    assert turned["mark"] == {"color": "var(--channel-1)"}
    assert turned["title"] == one


def test_a_channel_keeps_one_colour_however_often_it_comes() -> None:
    colours = channel_colours(["tv", "search", "tv", *(f"c{i}" for i in range(9))])
    assert colours["tv"] == CHANNEL_COLOURS[0]
    assert len(colours) == 11
