"""Candidates of a config that name what nobody has."""

import pytest

from mmm.dims import Cell
from mmm.errors import ConfigError
from mmm.experiments.recipes import check_names
from mmm.experiments.settings import TestsSettings

CELLS = (Cell("tv"), Cell("facebook", "prospecting"))


@pytest.mark.parametrize(
    ("candidate", "says"),
    [
        ({"channel": "tvv"}, 'no table has the channel "tvv"; did you mean "tv"?'),
        ({"channel": "podcast"}, "`spend`"),
        ({"channel": "tv", "spend": 5000}, "`spend` is for what has no history"),
        ({"channel": "facebook", "audience": "new"}, "facebook has no new; where it is new"),
        ({"channel": "podcast", "spend": 5000, "change": 0.5}, "there is nothing to change"),
    ],
)
def test_a_candidate_that_nobody_has_is_refused_with_what_to_do(candidate, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError) as caught:
        check_names(TestsSettings.model_validate({"candidates": [candidate]}), CELLS)
    assert says in str(caught.value)


def test_what_is_new_is_taken_with_its_money() -> None:
    new = [{"channel": "podcast", "spend": 5000}, {"channel": "facebook", "audience": "new", "spend": 3000}]
    check_names(TestsSettings.model_validate({"candidates": new}), CELLS)
