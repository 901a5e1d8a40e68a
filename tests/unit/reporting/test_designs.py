"""Cards of proposed tests."""

from dataclasses import replace

import pandas as pd
import pytest

from mmm.reporting.designs import design_cards
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("geo split, first money", 1.0, "which has no history?"),
        ("user split, first money", 1.0, "1,234 people drawn by lot"),
        ("pulse, first money, quasi-experimental", 1.0, "which has no history?"),
        ("user split, two versions", 0.0, "Both versions for the same money, 1,234 people each"),
        ("geo split, heavy-up", 2.0, "200"),
    ],
)
def test_each_kind_of_test_has_its_own_words(results, kind, change, says) -> None:  # type: ignore[no-untyped-def]
    row = {
        "id": "one", "state": "proposed", "test": "Which brings more for tv: old or new?", "channel": "tv",
        "audience": "", "kind": kind, "change": change, "units": "north" if "geo" in kind else "",
        "controls": "south" if "geo" in kind else "", "start": "2027-01-04", "weeks": 8.0, "cooldown": 2.0,
        "spend": 9000.0, "incremental_spend": 9000.0, "withheld": 0.0, "reserve_used": 9000.0, "people": 1234.0,
        "expected": 1000.0, "expected_lo": 500.0, "expected_hi": 2000.0, "mde": 900.0, "assurance": 0.5,
        "value_of_information": 3000.0, "freed_value": 2000.0, "opportunity_cost": 100.0, "net_value": 2900.0,
        "adds": 2900.0, "floor_driven": False,
    }  # fmt: skip
    answers = pd.DataFrame(
        {
            "id": ["one", "one"], "action": ["second", "first"], "times": [1.0, 1.0], "low": [float("nan"), 0.0],
            "high": [0.0, float("nan")], "chance": [0.5, 0.5],
        }
    )  # fmt: skip
    run = replace(results, tests=pd.DataFrame([row]), test_answers=answers)
    (card,) = design_cards(run, voice_for(run, ReportSettings()))
    told = " ".join([str(card.question), *(str(text) for _, text in card.rows)])
    assert says in told
    assert "may move it further once it is measured" in told
    assert [reply.action for reply in card.replies] == [
        "the second version for all",
        "the first version for all",
    ]
