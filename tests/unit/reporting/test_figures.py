"""Charts say what their tables say."""

from __future__ import annotations

import json

import vl_convert

from mmm.reporting.figures import curve


def test_labels_of_a_curve_are_in_the_unit_of_its_axis() -> None:
    rows = [
        {"spend": spend, "brings": 2.0 * spend, "lo": spend, "hi": 3.0 * spend, "part": "seen"}
        for spend in (0.0, 6_000.0, 12_000.0)
    ]
    points = [{"spend": 6_000.0, "brings": 12_000.0, "which": "plan", "name": "the plan"}]
    spec = dict(curve(rows, points, "#224466", ("spend, k", "brings, k"), "A curve."))
    drawn = vl_convert.vegalite_to_svg(json.dumps(spec | {"width": 300}))
    assert ">10,000<" in drawn  # and not 10k, which is a thousandth of ten thousand k
    assert "0k<" not in drawn
