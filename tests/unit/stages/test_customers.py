"""Where new customers come from: a share of the outcome, a further outcome; what is said where nobody counts them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.config import parse_config
from mmm.data.three_counts import ThreeCounts
from mmm.finance.bridge import groups
from mmm.finance.lifetime import Lifetime
from mmm.response.decomposition import decompose
from mmm.stages.customers import FittedOutcome, owned, write_customers
from mmm.stages.prepare import Part

CONFIG = {
    "name": "a",
    "currency": "USD",
    "data": {"source": "a.csv", "date": "w", "outcome": {"value": "r"}, "media": {"tv": "tv"}},
    "plan": {"window": "2027Q1"},
}

VALUES = {"default": Lifetime(np.array([90.0]), np.zeros((1, 0)))}


@pytest.fixture
def made(fitted_company: Any, tmp_path: Path) -> SimpleNamespace:
    """A company whose every 40 of outcome is a new customer, its fit on disk."""
    panel, layout, fitted = fitted_company
    fitted.posterior.save(tmp_path / "posterior.nc")
    customers = panel.outcome.sum(axis=1) / 40.0
    counts = ThreeCounts(panel.cells, np.eye(len(panel.cells), dtype=bool), {}, None, customers)
    columns = pd.DataFrame({"date": panel.dates[:0], "name": [], "value": []})
    prepared = SimpleNamespace(
        panel=panel,
        layout=layout,
        counts=counts,
        parts=(Part("", panel, layout),),
        tables=SimpleNamespace(owned_costs=columns),
    )
    return SimpleNamespace(
        config=parse_config(CONFIG, tmp_path / "a.yaml"),
        prepared=prepared,
        fitted=tmp_path,
        posterior=fitted.posterior,
    )


def test_customers_that_follow_the_outcome_cost_what_the_outcome_costs(made: Any) -> None:
    table = write_customers(made.config, made.prepared, made.fitted, {}, VALUES).set_index("level")
    roi = made.posterior.flat("roi")[:, : made.prepared.layout.n_paid]
    spend = made.prepared.panel.spend[made.prepared.layout.window :].sum(axis=(0, 1))
    total = (roi * spend).sum(axis=1) / 40.0
    assert table.loc["total", "new_customers"] == pytest.approx(total.mean())
    assert table.loc["total", "cac"] == pytest.approx(spend.sum() / total.mean())
    assert table.loc["total", "value_to_cac"] == pytest.approx(90.0 * total.mean() / spend.sum())
    assert set(table["known_by"]) == {"share"}
    levels = [level for level, *_ in groups(made.prepared.panel.cells)]
    assert table.index.tolist() == levels


def test_a_further_outcome_of_that_name_goes_before_the_share(made: Any) -> None:
    counted = replace(made.prepared.panel, unit_value=None)
    other = FittedOutcome(counted, made.prepared.layout, made.fitted)
    table = write_customers(made.config, made.prepared, made.fitted, {"New": other}, VALUES).set_index(
        "level"
    )
    share = write_customers(made.config, made.prepared, made.fitted, {}, VALUES).set_index("level")
    assert set(table["known_by"]) == {"outcome"}
    assert table.loc["total", "cac"] == pytest.approx(share.loc["total", "cac"] / 40.0)


def test_where_nobody_counts_new_customers_it_is_said_how_they_could_be(made: Any) -> None:
    made.prepared.counts = replace(made.prepared.counts, new_customers=None)
    assert "data.outcome.new_customers" in write_customers(
        made.config, made.prepared, made.fitted, {}, VALUES
    )


def test_owned_media_bring_what_the_contributions_say(made: Any) -> None:
    panel, layout = made.prepared.panel, made.prepared.layout
    (name,) = panel.organic_names
    finance = made.config.finance.model_copy(update={"owned_cost": {name: 7.0}})
    table = owned(made.config.model_copy(update={"finance": finance}), made.prepared, made.fitted)
    (row,) = table.to_dict("records")
    parts = decompose(made.posterior, layout, panel, seed=1).contributions
    brought = parts.loc[parts["component"] == f"organic:{name}", "value"].sum()
    assert row["contribution"] == pytest.approx(brought)
    assert row["share_of_outcome"] == pytest.approx(brought / parts["value"].sum())
    weeks = len(panel.dates) - layout.window
    assert row["cost"] == pytest.approx(7.0 * weeks * 7 / (365.25 / 12), abs=0.01)
    spend = panel.spend[layout.window :].sum(axis=(0, 1))
    following = made.posterior.flat("mroi")[:, : layout.n_paid] @ spend / spend.sum()
    assert row["paid_spend_saved"] == pytest.approx(brought / following.mean())
