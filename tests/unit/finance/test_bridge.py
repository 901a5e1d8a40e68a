"""The bridge closes to finance's revenue to the cent, at every level, with and without a fit."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from mmm.finance.bridge import Caused, bridge_table, counted_steps
from mmm.finance.claims import claims_table
from mmm.finance.windows import trailing_windows

DATES = np.datetime64("2024-01-01") + 7 * np.arange(130)
REVENUE = 20_000 + 1_000 * np.random.default_rng(1).standard_normal(130)
STANDS = ("claimed", "matched", "incremental", "finance")


def windows_of(periods=130):
    return trailing_windows(DATES[:periods], "week", np.ones(periods, bool), 13)


def caused_in(windows):
    rng = np.random.default_rng(2)
    W = len(windows.names)
    media = rng.lognormal(9.0, 0.3, (200, W, 4))
    parts = (rng.uniform(100, 9000, W) for _ in range(3))
    return Caused(media, *parts)


def bridge_of(counts, caused, returns=0.06):
    windows = windows_of()
    return bridge_table(counted_steps(counts, REVENUE, windows, returns), caused, REVENUE, counts, windows)


def exact(value):
    return Decimal(f"{value:.2f}")


@pytest.mark.parametrize("fitted", [True, False])
@pytest.mark.parametrize(
    "without", [(), ("matched",), ("attributed",), ("claimed_revenue",), ("attributed", "matched")]
)
def test_the_changes_lead_from_level_to_level_to_the_cent(make_counts, fitted, without):
    counts = make_counts(without=without)
    table = bridge_of(counts, caused_in(windows_of()) if fitted else None)

    for _, steps in table.groupby(["period", "level", "channel", "audience"]):
        money = Decimal(0)
        for row in steps.itertuples():
            if row.kind == "change":
                money += exact(row.value)
            elif row.step == "claimed":
                money = exact(row.value)
            else:
                assert money == exact(row.value), (row.step, row.period)


@pytest.mark.parametrize("fitted", [True, False])
def test_the_bridge_ends_at_the_revenue_that_finance_books(make_counts, fitted):
    windows = windows_of()
    table = bridge_of(make_counts(), caused_in(windows) if fitted else None)

    booked = [exact(round(REVENUE[inside].sum(), 2)) for inside in windows.inside]
    ends = table[table["step"] == "finance"].set_index("period")["value"]
    for name, wanted in zip(windows.names, booked, strict=True):
        assert abs(exact(ends[name]) - wanted) <= Decimal("0.01")
    assert abs(exact(ends.sum()) - exact(REVENUE[windows.inside.any(axis=0)].sum())) <= Decimal("0.01")


def test_leaves_add_up_to_channels_and_channels_to_the_total(make_counts):
    table = bridge_of(make_counts(), caused_in(windows_of()))
    shared = table[
        table["step"].isin(["claimed", "overlap", "unseen", "not_closed", "not_caused", "incremental"])
    ]
    cents = shared.assign(value=(shared["value"] * 100).round().astype(int))
    sums = cents.groupby(["level", "period", "step"])["value"].sum()

    assert (sums["cell"] == sums["total"]).all()
    assert (sums["channel"] == sums["total"]).all()


def test_the_steps_are_the_definitions(make_counts):
    counts, windows = make_counts(orders=False), windows_of()
    table = bridge_of(counts, caused_in(windows), returns=0.1)
    last = windows.inside[-1]
    rows = table[(table["period"] == windows.names[-1]) & (table["channel"] == "search")].set_index(
        ["level", "step"]
    )
    claimed, seen, closed = (
        counts.counted[name][last, 1].sum() for name in ("claimed", "attributed", "matched")
    )
    money = counts.counted["claimed_revenue"][last, 1].sum()
    each = money / claimed

    got = rows.loc["cell"]["value"]
    assert list(rows.loc["cell"].index) == [
        "claimed", "unseen", "not_closed", "returned", "matched", "not_caused", "incremental",
    ]  # fmt: skip
    assert got["unseen"] == pytest.approx(each * (seen - claimed), abs=0.02)
    assert got["not_closed"] == pytest.approx(each * (closed - seen), abs=0.02)
    assert got["returned"] == pytest.approx(-0.1 * each * closed, abs=0.02)


def test_vat_in_claims_is_a_step_of_its_own(make_counts):
    counts = make_counts()
    counts.counted["claimed_vat"] = counts.counted["claimed_revenue"] * 0.18

    total = bridge_of(counts, None).query("level == 'total'").groupby("step")["value"].sum()

    assert total["vat"] == pytest.approx(-total["claimed"] * 0.18 / 1.18, abs=0.1)


def test_a_common_window_and_the_rate_of_each_day_are_steps_before_overlap(make_counts):
    counts = make_counts()
    claimed, money = counts.counted["claimed"], counts.counted["claimed_revenue"]
    counts.counted["claimed_exchange"] = 0.1 * money
    within = 0.75 * claimed
    within[:, 1] = np.nan  # this platform does not say
    counts.counted["claimed_within"] = within

    table = bridge_of(counts, None).query("level == 'total'")
    total = table.groupby("step")["value"].sum()
    order = table["step"].drop_duplicates().tolist()

    assert order[:3] == ["claimed", "exchange", "window"]
    inside = windows_of().inside.any(axis=0)
    of = np.nansum(money[inside], axis=0)
    assert total["claimed"] == pytest.approx(1.1 * of.sum(), abs=0.1)
    assert total["exchange"] == pytest.approx(-0.1 * of.sum(), abs=0.1)
    assert total["window"] == pytest.approx(-0.25 * of[2:].sum(), abs=0.1)
    levels = table[table["kind"] == "level"].groupby("step")["value"].sum()
    changes = total.drop(["claimed", "matched", "residual", "finance"])
    assert levels["matched"] == pytest.approx(levels["claimed"] + changes.sum(), abs=0.001)


def test_ranges_are_quantiles_of_the_draws_and_sums_are_taken_by_draw(make_counts):
    windows = windows_of()
    caused = caused_in(windows)
    table = bridge_of(make_counts(), caused).query("level == 'total' and step == 'incremental'")

    wanted = np.quantile(caused.media[:, -1].sum(axis=1), [0.05, 0.95])
    got = table.iloc[-1][["value_lo", "value_hi"]].to_numpy(float)
    np.testing.assert_allclose(got, wanted, atol=0.01)


def test_a_claim_factor_is_claimed_over_caused_and_its_range_turns_the_quantiles_over(make_counts):
    counts, windows = make_counts(), windows_of()
    caused = caused_in(windows)
    table = claims_table(counts, REVENUE, np.ones((130, 4)), caused, windows)
    row = table[(table["period"] == windows.names[-1]) & (table["channel"] == "search")].iloc[0]
    claimed = counts.counted["claimed_revenue"][windows.inside[-1], 1].sum()
    drawn = caused.media[:, -1, 1]

    assert row["claim_factor"] == pytest.approx(claimed / drawn.mean())
    assert row["claim_factor_lo"] == pytest.approx(np.quantile(claimed / drawn, 0.05))
    before = counts.counted["claimed_revenue"][windows.inside[-5], 1].sum() / caused.media[:, -5, 1].mean()
    assert row["claim_factor_change"] == pytest.approx(row["claim_factor"] / before - 1)


def test_claims_and_bridge_state_the_same_money(make_counts):
    windows, counts = windows_of(), make_counts()
    caused = caused_in(windows)
    bridge = bridge_of(counts, caused)
    claims = claims_table(counts, REVENUE, np.ones((130, 4)), caused, windows)
    keys = ["period", "level", "channel", "audience"]
    for step, column in (("claimed", "claimed_revenue"), ("incremental", "incremental")):
        both = claims.merge(bridge[bridge["step"] == step], on=keys)
        known = both[column].notna()
        assert (both[column][known].map(exact) == both["value"][known].map(exact)).all()


def test_where_a_platform_claims_nothing_there_is_no_claim_factor(make_counts):
    windows = windows_of()
    claims = claims_table(make_counts(), REVENUE, np.ones((130, 4)), caused_in(windows), windows)

    assert (
        claims[claims["channel"] == "tv"][["claimed", "claimed_revenue", "claim_factor"]]
        .isna()
        .all(axis=None)
    )
    assert pd.to_numeric(claims["incremental_share"]).between(0, 1).all()


def test_shares_of_last_click_and_of_a_data_driven_model_stand_beside_what_was_caused(make_counts):
    counts, windows = make_counts(), windows_of()
    driven = 2.0 * np.nan_to_num(counts.counted["attributed"])
    driven[:, 1] /= 4.0
    counts = replace(counts, counted=counts.counted | {"data_driven": driven})
    claims = claims_table(counts, REVENUE, np.ones((130, 4)), caused_in(windows), windows)
    last = claims[(claims["period"] == windows.names[-1]) & (claims["level"] == "cell")]
    for name in ("attributed", "data_driven"):
        told = np.nan_to_num(counts.counted[name])[windows.inside[-1]].sum(axis=0)
        np.testing.assert_allclose(last[f"{name}_share"].to_numpy(float), told / told.sum())
    without = claims_table(make_counts(), REVENUE, np.ones((130, 4)), caused_in(windows), windows)
    assert without["data_driven_share"].isna().all()
