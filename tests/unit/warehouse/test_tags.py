import numpy as np
import pytest
from pydantic import ValidationError

from mmm.data.count_settings import TagRule
from mmm.warehouse.tags import fits, tag


def names(**columns):
    return {name: np.array(values, object) for name, values in columns.items()}


@pytest.mark.parametrize(
    ("pattern", "name", "fit"),
    [
        ("*brand*", "IL_Brand_Search", True), ("brand", "brand", True), ("brand", "my brand", False),
        ("paid-social", "paid_social", True), ("CPC", "cpc", True), ("18?24", "18-24", True),
        ("[IL] *", "[IL] spring", True), ("[IL] *", "I spring", False), ("* brand *", "x nonbrand y", False),
        ("a+b", "aab", False), ("", "", True), ("*", "", True),
    ],
)  # fmt: skip
def test_a_pattern_is_stars_and_question_marks_and_nothing_else(pattern, name, fit):
    from mmm.data.names import fold

    assert fits(pattern, fold(name)) is fit


def test_the_first_rule_that_fits_wins_and_all_its_patterns_must():
    rules = [
        TagRule(source="google", campaign="*non*brand*", channel="search", audience="generic"),
        TagRule(source="google", campaign="*brand*", channel="search", audience="brand"),
        TagRule(source="google", medium="cpc", channel="search"),
    ]
    found = tag(
        rules,
        "ga4",
        names(
            source=["google", "google", "google", "bing"],
            medium=["cpc", "cpc", "cpc", "cpc"],
            campaign=["Non-Brand", "Brand", "shoes", "Brand"],
        ),
        4,
    )
    assert found.audience.tolist() == ["generic", "brand", "", ""]
    assert found.channel.tolist() == ["search", "search", "search", ""]
    assert found.caught.tolist() == [True, True, True, False]
    assert found.used == {0, 1, 2}


def test_a_rule_of_one_adapter_leaves_others_alone_and_a_pattern_of_what_is_not_there_fits_nothing():
    rules = [TagRule(adapter="meta", campaign="*", channel="facebook"), TagRule(ad_set="*", channel="social")]
    rows = names(campaign=["spring"])
    assert tag(rules, "meta", rows, 1).channel.tolist() == ["facebook"]
    assert tag(rules, "tiktok", rows, 1).caught.tolist() == [False]


def test_a_rule_without_a_pattern_is_refused():
    with pytest.raises(ValidationError, match="matches everything"):
        TagRule(channel="search")
