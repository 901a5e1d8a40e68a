"""Owned media in money, against figures by hand."""

import numpy as np
import pytest

from mmm.finance.owned import owned_table


@pytest.fixture
def drawn():
    rng = np.random.default_rng(1)
    return {"newsletter": rng.uniform(80.0, 120.0, 500), "social": rng.normal(0.0, 5.0, 500)}


def test_what_it_brings_saves_the_paid_spend_that_brings_the_same_at_the_margin(drawn):
    rows = owned_table(drawn, np.full(500, 0.5), 1000.0, {"newsletter": 20.0}).set_index("medium")
    mail = rows.loc["newsletter"]
    assert mail["contribution"] == pytest.approx(drawn["newsletter"].mean())
    assert mail["share_of_outcome"] == pytest.approx(drawn["newsletter"].mean() / 1000)
    assert mail["paid_spend_saved_hi"] == pytest.approx(2 * np.quantile(drawn["newsletter"], 0.95))
    assert mail["cost"] == 20
    assert mail["return_lo"] == pytest.approx(np.quantile(drawn["newsletter"], 0.05) / 20)


def test_without_a_cost_there_is_no_return_and_where_paid_media_bring_nothing_more_nothing_is_saved(drawn):
    rows = owned_table(drawn, np.linspace(-1, 1, 500), 1000.0, {}).set_index("medium")
    assert rows.loc["social", ["cost", "return", "paid_spend_saved"]].isna().all()
    assert rows.loc["social", "contribution_lo"] < 0 < rows.loc["social", "contribution_hi"]
