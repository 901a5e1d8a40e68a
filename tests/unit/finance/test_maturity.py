"""Leads whose closing takes time: what is still to come is known in simulated companies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmm.data.three_counts import ThreeCounts
from mmm.dims import Cell
from mmm.finance.maturity import close_rates, expected_series, leads_table, maturity_curve, maturity_of

DAYS = 400
MEAN_DELAY = 45.0
RATES = {"search": 0.3, "social": 0.1}
UNTIL = np.datetime64("2026-03-31")


@pytest.fixture(scope="module")
def simulated() -> pd.DataFrame:
    """Two channels whose leads close after 45 days on average, exponentially; seen until the last day."""
    rng = np.random.default_rng(5)
    frames = []
    for channel, rate in RATES.items():
        came = rng.integers(0, DAYS, 20_000)
        delay = np.floor(rng.exponential(MEAN_DELAY, came.size)).astype(int)
        closes = rng.random(came.size) < rate
        date = UNTIL - (DAYS - 1) + came
        won = np.where(closes & (date + delay <= UNTIL), date + delay, np.datetime64("NaT", "D"))
        told = {
            "date": date,
            "channel": channel,
            "audience": "",
            "won_on": won,
            "leads": 1.0,
            "truth": closes,
        }
        frames.append(pd.DataFrame(told).assign(row=np.arange(came.size)))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def found(simulated, make_panel):
    panel, counts = make_panel(), _counts()
    return maturity_of(simulated, panel, counts), counts


def _counts() -> ThreeCounts:
    leaves = tuple(map(Cell, RATES))
    return ThreeCounts(leaves, np.eye(2, dtype=bool), {}, None)


def test_the_curve_is_that_of_the_delays(found):
    curve = found[0].curve
    days = np.array([10, 30, 60, 120])
    truth = 1 - np.exp(-(days + 1) / MEAN_DELAY)
    np.testing.assert_allclose(curve[days], truth, atol=0.02)
    assert curve[-1] == 1.0
    assert (np.diff(curve) >= 0).all()


def test_without_young_leads_the_curve_is_the_share_of_orders_that_came_by_an_age():
    delay = np.array([0, 2, 2, 5, -1, -1])
    leads = np.array([10.0, 20.0, 10.0, 40.0, 100.0, 20.0])
    curve = maturity_curve(np.full(6, 90), delay, leads)
    np.testing.assert_allclose(curve[[0, 1, 2, 4, 5, 90]], [10 / 80, 10 / 80, 0.5, 0.5, 1, 1])


def test_what_young_cohorts_become_in_the_end_is_what_they_truly_become(found, simulated):
    table = leads_table(*found)
    truth = simulated.assign(month=simulated["date"].astype("datetime64[s]").dt.strftime("%Y-%m"))
    truth = truth.groupby(["channel", "month"])["truth"].sum()
    young = table[(table["level"] == "cell") & (table["month"] >= "2026-01")]
    assert set(young["is_ripe"]) == {"not ripe"}
    for row in young.itertuples():
        told, true = row.won_expected, truth[row.channel, row.month]
        assert abs(told - true) < 4 * np.sqrt(true) + 0.05 * true  # the rest is chance
        assert row.won < 0.95 * true  # so far
    old = table[(table["level"] == "cell") & (table["month"] == "2025-04")]
    assert set(old["is_ripe"]) == {"ripe"}
    np.testing.assert_allclose(old["won_expected"], old["won"], rtol=0.01)


def test_a_lead_counts_by_its_chance_to_close(found):
    table = leads_table(*found)
    last = table[(table["month"] == "2026-03") & (table["level"] == "cell")].set_index("channel")
    ratio = last.loc["search", "lead_quality"] / last.loc["social", "lead_quality"]
    assert ratio == pytest.approx(3.0, rel=0.1)
    whole = table[(table["month"] == "2026-03") & (table["level"] == "total")].iloc[0]
    assert whole["lead_quality"] == 1.0
    assert last["won_expected"].sum() == pytest.approx(whole["won_expected"])
    assert last["leads"].sum() == whole["leads"]


def test_a_channel_with_few_leads_closes_like_all():
    leads = np.array([100.0, 100.0, 5.0])
    rates = close_rates(np.array([0, 0, 1]), leads, np.array([40.0, 0, 5.0]), np.ones(3), np.ones(3, bool), 2)
    np.testing.assert_allclose(rates, [0.2, 45 / 205, 45 / 205])


def test_periods_add_up_to_all_leads_of_a_channel(simulated, make_panel):
    panel, counts = make_panel(), _counts()
    moved = simulated.assign(
        **{name: simulated[name] - (UNTIL - panel.data_until) for name in ("date", "won_on")}
    )
    found = maturity_of(moved, panel, counts)
    series = expected_series(found, len(panel.dates), 2)
    inside = found.period >= 0
    np.testing.assert_allclose(
        series["cohort"].sum(axis=0), np.bincount(found.leaf[inside], weights=found.leads[inside])
    )
    np.testing.assert_allclose(series["expected"].sum(), (found.won + found.coming)[inside].sum())


def test_without_an_order_nothing_is_said(simulated, make_panel):
    lost = simulated.assign(won_on=pd.NaT)
    assert maturity_of(lost, make_panel(), _counts()) is None
    assert maturity_of(simulated.head(0), make_panel(), _counts()) is None
