"""The bundled markets of one group."""

import json
from pathlib import Path

import pandas as pd
import pytest

from mmm.simulate.markets import KIND, MARKETS, market_table, market_world, write_demo_markets

DATA = Path(__file__).parents[3] / "data" / "demo-markets"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("markets")
    write_demo_markets(folder)
    return folder


@pytest.mark.parametrize("facts", MARKETS, ids=lambda facts: facts.name)
def test_the_committed_tables_are_what_the_command_writes(written, facts):
    name = f"{facts.name}.csv"
    ours, theirs = (pd.read_csv(place / name) for place in (DATA, written))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-5, atol=1.0)


def test_the_truth_beside_them_lies_between_the_ends_of_the_group(written):
    truth = json.loads((DATA / "truth.json").read_text("utf-8"))
    assert list(truth) == [facts.name for facts in MARKETS]
    for channels in truth.values():
        for ends, told in zip(KIND.returns, channels.values(), strict=True):
            assert 0.8 * ends[0] <= told["roi"] <= 1.2 * ends[1]


def test_a_table_in_other_money_is_the_same_company():
    facts = MARKETS[1]
    table, world = market_table(facts), market_world(facts.number).table
    assert table["revenue"].sum() == pytest.approx(facts.size * world["revenue"].sum(), rel=1e-6)
    assert (table["price"] == world["price"]).all()
