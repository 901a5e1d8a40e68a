"""Charts of a page from right to left."""

from __future__ import annotations

import json
import re
from typing import Any

from mmm.reporting import figures
from mmm.reporting.catalogue import catalogue_for
from mmm.reporting.mirrored import mirrored

ENGLISH, HEBREW = (catalogue_for(language) for language in ("en", "he"))


def _bars() -> figures.Spec:
    rows = [{"cell": "חיפוש", "value": 2.0, "lo": 1.0, "hi": 3.0, "colour": "#123456"}]
    return figures.intervals(rows, 1.8, "revenue", "what it shows")


def _encodings(spec: figures.Spec) -> list[dict[str, Any]]:
    return [layer["encoding"] for layer in spec["layer"]]


def test_bars_grow_leftwards_from_names_on_the_right() -> None:
    for encoding in _encodings(mirrored(_bars(), HEBREW)):
        assert encoding["x"]["scale"]["reverse"] is True
        if "y" in encoding:
            assert encoding["y"]["axis"]["orient"] == "right"


def test_a_chart_in_english_is_as_it_was() -> None:
    spec = _bars()
    assert mirrored(spec, ENGLISH) is spec


def test_hebrew_text_is_set_apart_wherever_it_stands() -> None:
    written = json.dumps(mirrored(_bars(), HEBREW), ensure_ascii=False)
    assert len(re.findall("\u2067חיפוש\u2069", written)) == written.count("חיפוש") >= 2
    assert "\u2067" not in json.dumps(_bars(), ensure_ascii=False)


def test_time_runs_from_left_to_right_with_months_in_figures() -> None:
    rows = [
        {
            "name": "a",
            "start": "2027-01-04",
            "end": "2027-01-11",
            "share": 1.0,
            "colour": "#123456",
            "text": "1",
        }
    ]
    spec = mirrored(figures.calendar(rows, ["a"], None, "money"), HEBREW)
    assert "reverse" not in spec["encoding"]["x"]["scale"]
    assert spec["encoding"]["x"]["axis"]["format"] == "%-d.%-m"
    assert spec["encoding"]["y"]["axis"]["orient"] == "right"


def test_words_beside_a_bar_stand_on_its_other_side() -> None:
    step = {"step": "a", "from": 0.0, "to": 5.0, "end": 5.0, "kind": "total", "text": "5"}
    marks = [layer["mark"] for layer in mirrored(figures.bridge([step], "x"), HEBREW)["layer"]]
    (words,) = [mark for mark in marks if isinstance(mark, dict) and mark["type"] == "text"]
    assert (words["align"], words["dx"]) == ("right", -8)
