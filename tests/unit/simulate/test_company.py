"""The simulated company and its truth."""

import numpy as np
import pytest

from mmm.errors import InputError
from mmm.simulate.company import (
    CONDITIONED,
    counterfactual,
    expected_cost,
    expected_media,
    simulate_company,
)
from mmm.simulate.facts import CELLS, GROSS_MARGIN
from mmm.simulate.media import media_revenue
from mmm.simulate.tables import company_tables


@pytest.fixture(scope="module")
def company():
    return simulate_company(5)


def _slow_revenue(company, cell, exposure):
    """Revenue of one cell by plain loops, shape (period, geo)."""
    world = company.world
    weights, half, slope = world.weights[cell], world.half[cell], world.slope[cell]
    out = np.zeros(exposure.shape)
    for t in range(len(exposure)):
        for g, people in enumerate(company.population):
            amount = sum(w * exposure[t - lag, g] / people for lag, w in enumerate(weights) if lag <= t)
            if world.curves[cell] == "exponential":
                share = 1 - 0.5 ** (amount / half)
            else:
                share = 1 / (1 + (half / amount) ** slope) if amount > 0 else 0.0
            out[t, g] = people * world.strength[g, cell] * share
    return out


@pytest.mark.parametrize("cell", [0, 2, 8])
@pytest.mark.parametrize(("window", "start"), [("whole", 0), ("conditioned", CONDITIONED)])
def test_true_contribution_is_what_zeroing_the_spend_by_hand_takes_away(cell, window, start):
    small = simulate_company(5, regions=2, weeks=60)
    truth, first = getattr(small.truth, window)[cell], small.lead_in + start
    gone = small.exposure[:, :, cell].copy()
    gone[first:] = 0
    more = small.exposure[:, :, cell].copy()
    more[first:] *= 1.01
    actual = _slow_revenue(small, cell, small.exposure[:, :, cell])[first:].sum()
    spend = small.spend[first:, :, cell].sum()
    assert truth.spend == spend
    assert truth.contribution == pytest.approx(actual - _slow_revenue(small, cell, gone)[first:].sum())
    assert truth.roi == pytest.approx(truth.contribution / spend)
    extra = _slow_revenue(small, cell, more)[first:].sum() - actual
    assert truth.mroi == pytest.approx(extra / (0.01 * spend))


def test_zeroing_one_cell_leaves_the_others_and_gives_its_true_contribution(company):
    actual = company.effect[company.shown]
    for c, truth in enumerate(company.truth.whole):
        gone = counterfactual(company, cell=c)
        assert (actual - gone).sum() == pytest.approx(truth.contribution)
        assert np.delete(gone, c, axis=2) == pytest.approx(np.delete(actual, c, axis=2))


def test_zeroing_all_cells_leaves_only_what_was_spent_before_the_first_row(company):
    gone = counterfactual(company)
    lost = (company.effect[company.shown] - gone).sum()
    assert lost == pytest.approx(sum(truth.contribution for truth in company.truth.whole))
    assert gone[0].sum() > 0
    assert gone[company.world.weights.shape[1] :].sum() == 0


def test_effects_and_baseline_make_up_the_expected_revenue(company):
    baseline = company.expected - company.effect.sum(axis=2)
    assert (baseline > 0).all()
    shown = company.shown
    share = company.effect[shown].sum() / company.expected[shown].sum()
    assert company.truth.media_share == pytest.approx(share)


def test_the_schedule_that_really_ran_gives_the_revenue_that_really_came(company):
    last = 12
    schedule, cost = company.spend[-last:], company.spend[-last:] / company.exposure[-last:].clip(1)
    cost[company.exposure[-last:] == 0] = 1.0
    again = expected_media(company, schedule, start=company.weeks - last, cost=cost)
    assert again == pytest.approx(company.effect[-last:])


def test_a_schedule_of_zeros_brings_the_carry_in_alone(company):
    start = company.weeks - 20
    zeros = np.zeros_like(company.spend[:20])
    assert expected_media(company, zeros, start=start) == pytest.approx(
        counterfactual(company, start=start)[start:]
    )


def test_a_schedule_after_the_history_equals_plain_loops():
    small = simulate_company(5, regions=2, weeks=60)
    spend = np.random.default_rng(3).uniform(100, 5000, (8, 2, len(small.cells)))
    ours = expected_media(small, spend)
    bought = spend / expected_cost(small, small.weeks, 8)
    for cell in (0, 5):
        exposure = np.concatenate([small.exposure[:, :, cell], bought[:, :, cell]])
        assert ours[:, :, cell] == pytest.approx(_slow_revenue(small, cell, exposure)[-8:])


def test_prices_of_the_future_have_the_season_and_money_that_works_itself_costs_one(company):
    cost = expected_cost(company, company.weeks, 20)
    by_money = ~np.array(company.has_exposure)
    assert (cost[:, :, by_money] == 1).all()
    # the first six weeks run to the end of December, the next ones begin in January
    assert (cost[1, :, ~by_money] > cost[8, :, ~by_money]).all()


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_every_seed_gives_a_company_as_ordered(seed):
    made = simulate_company(seed)
    roi = np.array([truth.roi for truth in made.truth.whole])
    weekly = made.revenue[made.shown].sum(axis=1)
    assert 0.12 <= made.truth.media_share <= 0.22
    assert roi.min() < 0.8
    assert roi.max() > 2.5
    assert roi.min() >= 0.45 - 1e-9
    assert roi.max() <= 4.6 + 1e-9
    assert 0 < (roi < 1 / GROSS_MARGIN).sum() < len(roi)
    assert 1e6 < weekly.mean() < 2e6
    assert made.population.min() >= 60_000
    assert made.population.max() <= 2_000_000
    assert (made.revenue > 0).all()
    assert (made.spend >= 0).all()


def test_spend_has_its_habits(company):
    spend = company.spend[company.shown].sum(axis=1)
    dark = (spend == 0).mean(axis=0)
    assert 0.2 < dark[0] < 0.7
    assert 0.2 < dark[1] < 0.7
    always = [c for c, fact in enumerate(CELLS) if fact.habit == "always"]
    assert (dark[always] == 0).all()
    month = company.dates[company.shown].astype("datetime64[M]").astype(int) % 12
    assert spend[month >= 10].sum(axis=1).mean() > 1.2 * spend[month <= 1].sum(axis=1).mean()
    assert company.spend[: company.lead_in].sum() > 0


def test_search_follows_the_demand_index_and_tiktok_does_not(company):
    demand = np.log(company.around.demand)

    def within(series):
        return (series - series.mean(axis=0) - series.mean(axis=1, keepdims=True) + series.mean()).ravel()

    brand = np.log(company.spend[:, :, 2] + 1)
    assert np.corrcoef(within(demand), within(brand))[0, 1] > 0.05
    young = np.log(company.spend[:, :, 7] + 1)
    assert abs(np.corrcoef(within(demand), within(young))[0, 1]) < 0.05


def test_noise_has_the_sizes_that_the_truth_states(company):
    noise = company.truth.noise
    rest = (company.revenue - company.expected) / company.population
    weight = 1 / noise.region_sd**2
    shock = rest @ weight / weight.sum()
    own = (rest - shock[:, None]) / noise.region_sd
    assert shock.std() == pytest.approx(noise.shock_sd, rel=0.25)
    assert own.std() == pytest.approx(1, rel=0.06)
    assert (own[1:] * own[:-1]).mean() == pytest.approx(noise.rho, abs=0.06)
    assert noise.shock_sd > 0.8 * noise.region_sd.mean()


def test_past_tests_changed_the_spend_and_their_true_lift_is_what_that_brought(company):
    for readout in company.truth.readouts:
        test = readout.test
        rows, geos = slice(test.start, test.stop), list(test.geos)
        tested = company.spend[rows, geos, test.cell]
        if test.factor == 0:
            assert (tested == 0).all()
            assert readout.spend_change < 0
            assert readout.true_lift < 0
            continue
        usual = company.exposure.copy()
        usual[rows, geos, test.cell] /= test.factor
        gain = company.effect - media_revenue(company.world, usual)
        counted = slice(test.start, test.stop + test.cooldown)
        assert readout.spend_change == pytest.approx(tested.sum() * (1 - 1 / test.factor), rel=1e-3)
        assert readout.true_lift == pytest.approx(gain[counted].sum(), rel=1e-3)


def test_reported_lifts_miss_the_truth_by_about_their_error():
    misses = [
        (readout.lift - readout.true_lift) / readout.lift_se
        for seed in range(15)
        for readout in simulate_company(seed, regions=6, weeks=60).truth.readouts
    ]
    # 30 standard normal draws: the mean square lies in 0.45..1.8 in 99 of 100 cases
    assert 0.45 < np.mean(np.square(misses)) < 1.8


def test_platforms_claim_more_than_analytics_sees_and_the_crm_closes_fewer(company):
    counts = company.attribution
    digital = counts[counts["platform_conversions"].notna()]
    claimed, seen = digital["platform_conversions"].sum(), counts["analytics_conversions"].sum()
    caused = sum(
        truth.contribution
        for truth, fact in zip(company.truth.whole, CELLS, strict=True)
        if fact.claimed is not None
    )
    assert set(counts["channel"][counts["platform_conversions"].isna()]) == {"tv", "outdoor"}
    assert claimed > 1.3 * seen
    assert digital["platform_revenue"].sum() > 1.3 * caused
    assert (counts["crm_customers"] <= counts["analytics_conversions"]).all()
    assert seen < company.orders[company.shown].sum()


def test_tables_hold_what_the_arrays_hold(company):
    tables = company_tables(company)
    shown = company.shown
    media = tables["media"]
    by_cell = media.groupby(["channel", "audience"], sort=False)["spend"].sum()
    assert by_cell.to_numpy() == pytest.approx([truth.spend for truth in company.truth.whole])
    assert media["impressions"].sum() == company.exposure[shown][:, :, np.array(company.has_exposure)].sum()
    assert media["impressions"].isna().groupby(media["channel"]).all().to_dict() == {
        "facebook": False,
        "outdoor": True,
        "search": False,
        "tiktok": False,
        "tv": True,
    }
    sales = tables["sales"].pivot(index="week", columns="region", values="revenue")[list(company.geos)]
    assert (sales.to_numpy() == company.revenue[shown]).all()
    for name, column in (("controls", "price_index"), ("organic", "newsletter")):
        assert len(tables[name]) == company.weeks * len(company.geos)
        assert tables[name][column].notna().all()


def test_the_same_seed_gives_the_same_company_and_another_seed_another(company):
    again, other = simulate_company(5), simulate_company(6)
    assert (again.revenue == company.revenue).all()
    assert (again.spend == company.spend).all()
    assert again.truth.whole == company.truth.whole
    assert (other.revenue != company.revenue).mean() > 0.99
    assert {truth.roi for truth in other.truth.whole}.isdisjoint(truth.roi for truth in company.truth.whole)


@pytest.mark.parametrize(
    ("size", "value"),
    [
        ({"weeks": 20}, "20 weeks"),
        ({"regions": 0}, "0 regions"),
        ({"first_week": np.datetime64("2024-01-02").astype(object)}, "2024-01-02"),
    ],
)
def test_a_size_that_makes_no_company_is_refused_with_its_value(size, value):
    with pytest.raises(InputError, match=value):
        simulate_company(1, **size)


def test_a_schedule_of_another_shape_or_after_a_gap_is_refused(company):
    with pytest.raises(InputError, match="shape"):
        expected_media(company, np.zeros((4, 3, 2)))
    with pytest.raises(InputError, match="gap"):
        expected_media(company, np.zeros_like(company.spend[:4]), start=company.weeks + 2)
