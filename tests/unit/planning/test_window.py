"""The coming window."""

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.errors import ConfigError, DataError, InternalFault
from mmm.planning.settings import PlanSettings
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import response


def settings(**keys):
    return PlanSettings.model_validate(keys)


@pytest.fixture
def early(make_panel, weekly_spend):
    """Data until Sunday 15 November 2026, six weeks and a half before 2027."""
    return make_panel(weekly_spend[:97])


def effect_by_hand(media, exposure, draw):
    """Outcome by period and geo of exposure (period, geo, cell): plain loops over the whole time line."""
    periods, geos, cells = exposure.shape
    total = np.zeros((periods, geos))
    for t in range(periods):
        for g in range(geos):
            for c in range(cells):
                stock = sum(
                    media.weights[draw, c, lag] * exposure[t - lag, g, c] / media.scale[g, c]
                    for lag in range(min(media.lags, t + 1))
                )
                up = stock ** media.slope[draw, c]
                if stock > 0:
                    total[t, g] += (
                        media.ceiling[draw, g, c] * up / (up + media.half[draw, c] ** media.slope[draw, c])
                    )
    return total


# --- days and periods ----------------------------------------------------------------------------------


def test_a_quarter_that_begins_on_a_friday_counts_its_first_and_last_week_by_days(early):
    window = plan_window(early, settings(window="2027Q1"))
    assert window.dates[0] == np.datetime64("2026-12-28")
    assert window.dates[-1] == np.datetime64("2027-03-29")
    assert window.share[0] == 3 / 7  # Friday 1 January to Sunday
    assert window.share[-1] == 3 / 7  # Monday to Wednesday 31 March
    assert window.share.sum() * 7 == pytest.approx(90)
    assert len(window.until_exposure) == 6  # 16 November to 27 December
    assert len(window.until.dates) == 7  # and four days of the first week


def test_without_a_window_the_horizon_follows_the_last_row(panel):
    window = plan_window(panel, settings(horizon=13))
    assert window.start == np.datetime64("2027-01-04")
    assert window.end == np.datetime64("2027-04-04")
    assert np.all(window.share == 1)
    assert len(window.until_exposure) == 0
    assert not window.beside.any()


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (("2026-10-01", "2026-12-31"), "is past"),
        (("2026-10-01", "2027-01-03"), "is past"),
    ],
)
def test_a_window_that_is_past_is_refused_with_its_days_and_the_last_day_of_the_data(panel, days, words):
    with pytest.raises(ConfigError, match=words) as error:
        plan_window(panel, settings(window={"start": days[0], "end": days[1]}))
    assert days[0] in str(error.value)
    assert "2027-01-03" in str(error.value)


def test_unknown_names_and_reversed_bounds_are_all_said_at_once_with_the_nearest_name(panel):
    keys = settings(
        bounds=[{"channel": "serch", "max": "1.2x"}, {"channel": "tv", "min": 5000, "max": 100}],
        fixed=[{"channel": "social", "audience": "knwn", "spend": 10}],
    )
    with pytest.raises(ConfigError) as error:
        plan_window(panel, keys)
    assert len(error.value.faults) == 3
    text = str(error.value)
    assert "'search'" in text
    assert "'known'" in text
    assert "min 5,000 is above max 100" in text


# --- reference, shape and cost -------------------------------------------------------------------------


def test_the_recent_reference_is_the_last_weeks_with_cut_ones_by_their_share(early):
    window = plan_window(early, settings(window="2027Q1"))
    expected = early.spend[-14:].copy()
    expected[[0, -1]] *= 3 / 7
    np.testing.assert_allclose(window.reference.spend, expected)


def test_last_year_is_the_same_weeks_a_year_before(early):
    window = plan_window(early, settings(window="2027Q1", reference="last_year"))
    start = int(np.flatnonzero(early.dates == np.datetime64("2025-12-29"))[0])
    expected = early.spend[start : start + 14] * window.share[:, None, None]
    np.testing.assert_allclose(window.reference.spend, expected)


def test_last_year_further_back_than_the_data_is_refused(make_panel, weekly_spend):
    with pytest.raises(ConfigError, match=r"plan\.reference.*last_year needs"):
        plan_window(make_panel(weekly_spend[:30]), settings(reference="last_year"))


def test_days_are_compared_with_the_same_weekday(make_panel):
    spend = np.ones((100, 4)) * (1 + np.arange(100) % 7)[:, None]
    window = plan_window(make_panel(spend, grain="day"), settings(horizon=10))
    shape = window.reference.spend[:, 0, 0]
    assert shape.tolist() == [1 + day % 7 for day in range(100, 110)]


def test_months_are_windows_too(make_panel):
    panel = make_panel(np.ones((24, 4)) * 100, grain="month", first=np.datetime64("2025-01-01"))
    window = plan_window(panel, settings(window="2027Q1"))
    assert window.dates.astype(str).tolist() == ["2027-01-01", "2027-02-01", "2027-03-01"]
    assert window.reference.total == pytest.approx(3 * 4 * 100)


def test_each_cell_keeps_the_shape_of_its_reference_and_a_dark_one_is_spread_over_the_days(early):
    window = plan_window(early, settings(window="2027Q1"))
    np.testing.assert_allclose(window.pattern.sum(axis=(0, 1)), 1)
    tv = window.reference.spend[:, :, 0]
    np.testing.assert_allclose(window.pattern[:, :, 0], tv / tv.sum())
    np.testing.assert_allclose(window.pattern[:, 0, 3], window.share / window.share.sum())
    assert any("social / known spent nothing in the reference" in line for line in window.assumptions)


def test_a_dark_cell_is_split_over_geos_as_in_its_last_active_year(make_panel):
    spend = np.ones((60, 2, 1)) * np.array([3.0, 1.0])[None, :, None]
    spend[30:, :, 0] = 0
    both = np.concatenate([spend, np.ones((60, 2, 1))], axis=2)
    panel = make_panel(both, cells=(Cell("tv"), Cell("search")), geos=("north", "south"))
    window = plan_window(panel, settings(horizon=4))
    np.testing.assert_allclose(window.pattern[:, :, 0].sum(axis=0), [0.75, 0.25])


def test_money_buys_exposure_at_the_reference_windows_cost_else_at_the_last_active_quarters(make_panel):
    spend = np.full((80, 1, 2), 100.0)
    exposure = spend * 5
    exposure[-13:, 0, 0] = spend[-13:, 0, 0] * 8  # the first cell has become cheaper
    spend[50:, 0, 1] = exposure[50:, 0, 1] = 0  # the second went dark
    exposure[37:50, 0, 1] = 100.0 * 2
    panel = make_panel(spend, cells=(Cell("tv"), Cell("search")), exposure=exposure)
    window = plan_window(panel, settings(horizon=13))
    assert window.exposure_per_money.tolist() == [[8.0, 2.0]]


def test_nothing_spent_in_the_reference_is_refused(make_panel, weekly_spend):
    weekly_spend[-13:] = 0
    with pytest.raises(ConfigError, match="nothing was spent"):
        plan_window(make_panel(weekly_spend), settings(horizon=13))


# --- until the window ----------------------------------------------------------------------------------


def test_recent_spend_until_the_window_is_the_mean_of_the_last_quarter(early):
    window = plan_window(early, settings(window="2027Q1"))
    mean = early.spend[-13:].mean(axis=0)
    np.testing.assert_allclose(window.until_exposure, np.repeat(mean[None], 6, axis=0))
    np.testing.assert_allclose(window.until.spend[-1], mean * 4 / 7)
    np.testing.assert_allclose(window.beside[0], mean * 4 / 7)
    rate = window.reference.spend.sum(axis=0) / window.share.sum()
    np.testing.assert_allclose(window.beside[-1], rate * 4 / 7)
    assert not window.beside[1:-1].any()


def test_last_years_spend_until_the_window_is_week_by_week(early):
    window = plan_window(early, settings(window="2027Q1", until_window="last_year"))
    start = int(np.flatnonzero(early.dates == np.datetime64("2025-11-17"))[0])
    np.testing.assert_allclose(window.until_exposure, early.spend[start : start + 6])
    np.testing.assert_allclose(window.beside[0], early.spend[start + 6] * 4 / 7)


def spend_file(path, dates, rows):
    lines = ["date,channel,audience,spend"]
    lines += [f"{day},{channel},{audience},{spend}" for day in dates for channel, audience, spend in rows]
    path.write_text("\n".join(lines))


def test_a_file_of_booked_spend_counts_row_by_row_and_what_it_leaves_out_is_zero(early, tmp_path):
    days = [np.datetime64("2026-11-16") + 7 * k for k in range(7)]
    spend_file(tmp_path / "booked.csv", days, [("tv", "", 1000), ("social", "new", 50)])
    window = plan_window(
        early, settings(window="2027Q1", until_window={"source": "booked.csv"}), folder=tmp_path
    )
    assert window.until_exposure[:, 0].tolist() == [[1000, 0, 50, 0]] * 6
    assert window.beside[0, 0].tolist() == [1000, 0, 50, 0]


def test_a_file_that_leaves_weeks_out_or_names_a_stranger_is_refused(early, tmp_path):
    days = [np.datetime64("2026-11-16") + 7 * k for k in range(3)]
    spend_file(tmp_path / "booked.csv", days, [("tv", "", 1)])
    keys = settings(window="2027Q1", until_window={"source": "booked.csv"})
    with pytest.raises(DataError, match="no row for the periods beginning 2026-12-07"):
        plan_window(early, keys, folder=tmp_path)
    spend_file(tmp_path / "booked.csv", days, [("tvv", "", 1)])
    with pytest.raises(DataError, match="unknown cell 'tvv'"):
        plan_window(early, keys, folder=tmp_path)


def test_a_reference_of_ones_own_is_taken_as_money_for_the_window(early, tmp_path):
    days = [np.datetime64("2026-12-28") + 7 * k for k in range(14)]
    spend_file(tmp_path / "mix.csv", days, [("tv", "", 10), ("search", "", 30)])
    window = plan_window(early, settings(window="2027Q1", reference={"source": "mix.csv"}), folder=tmp_path)
    assert window.reference.by_cell.tolist() == [140, 420, 0, 0]


# --- committed money -----------------------------------------------------------------------------------


def test_committed_money_with_days_is_spent_on_those_days(early):
    fixed = [{"channel": "tv", "spend": 700, "start": "2027-02-01", "end": "2027-02-10"}]
    window = plan_window(early, settings(window="2027Q1", fixed=fixed))
    assert window.fixed[0] == 700
    assert np.isnan(window.fixed[1:]).all()
    spent = 700 * window.pattern[:, 0, 0]
    weeks = window.dates.astype(str).tolist()
    assert spent[weeks.index("2027-02-01")] == pytest.approx(490)
    assert spent[weeks.index("2027-02-08")] == pytest.approx(210)
    assert spent.sum() == pytest.approx(700)


def test_committed_money_of_a_channel_is_shared_out_as_in_the_reference(panel):
    fixed = [{"channel": "social", "spend": 900}]
    window = plan_window(panel, settings(horizon=52, fixed=fixed))
    reference = window.reference.by_cell
    assert window.fixed[2:] == pytest.approx(900 * reference[2:] / reference[2:].sum())


def test_committed_days_outside_the_window_are_refused(panel):
    fixed = [{"channel": "tv", "spend": 700, "start": "2026-02-01"}]
    with pytest.raises(ConfigError, match="Give days inside the window"):
        plan_window(panel, settings(fixed=fixed))


# --- carry-in ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window_days", [None, "2027Q1", {"start": "2026-11-18", "end": "2026-11-20"}])
@pytest.mark.parametrize("geos", [("",), ("north", "south")])
def test_what_money_brings_equals_a_convolution_over_the_whole_time_line(
    make_panel, make_media, weekly_spend, window_days, geos
):
    spend = weekly_spend[:97, None, :] * np.linspace(1, 0.4, len(geos))[None, :, None]
    exposure = spend * np.array([3.0, 1.0, 0.5, 2.0])
    panel = make_panel(spend, geos=geos, exposure=exposure, unit_value=2.0)
    media = make_media(panel, draws=3, lags=5)
    window = plan_window(panel, settings(window=window_days, horizon=6))
    curves = window_curves(window, panel, media)
    money = np.array([500.0, 0.0, 2500.0, 100.0])

    gap, length, tail = len(window.until_exposure), len(window.dates), media.lags - 1
    base = np.zeros((97 + gap + length + tail, *exposure.shape[1:]))
    base[:97] = exposure
    until = exposure[-13:].mean(axis=0)
    base[97 : 97 + gap] = until
    monday = window.dates[0]
    after = (exposure[97 - length :] * window.share[:, None, None]).sum(axis=0) / window.share.sum()
    base[97 + gap] += until * int((window.start - monday).astype(int)) / 7
    base[97 + gap + length - 1] += after * (6 - int((window.end - window.dates[-1]).astype(int))) / 7
    base[97 + gap + length :] = after
    plan = base.copy()
    per_money = window.reference.spend * np.array([3.0, 1.0, 0.5, 2.0])
    for cell in range(3):
        plan[97 + gap : 97 + gap + length, :, cell] += (
            money[cell] * per_money[:, :, cell] / window.reference.by_cell[cell]
        )
    even = window.share / window.share.sum()
    split = spend[:78, :, 3][-52:].sum(axis=0) / spend[:78, :, 3][-52:].sum()
    plan[97 + gap : 97 + gap + length, :, 3] += money[3] * 2.0 * np.outer(even, split)

    for draw in range(3):
        by_hand = 2.0 * (effect_by_hand(media, plan, draw) - effect_by_hand(media, base, draw))[97:].sum()
        ours = sum(response(curves, cell, [money[cell]])[0, draw] for cell in range(4))
        assert ours == pytest.approx(by_hand, rel=1e-10)


def test_a_history_shorter_than_the_carry_over_begins_with_nothing(make_panel, make_media, weekly_spend):
    panel = make_panel(weekly_spend[:3])
    curves = window_curves(plan_window(panel, settings(horizon=2)), panel, make_media(panel, lags=6))
    assert not curves.carry_in[:2].any()
    np.testing.assert_array_equal(curves.carry_in[2:], panel.exposure)


def test_one_lag_needs_no_past_and_no_future(panel, make_media):
    curves = window_curves(plan_window(panel, settings()), panel, make_media(panel, lags=1))
    assert curves.carry_in.shape[0] == curves.after.shape[0] == 0


def test_draws_of_another_company_are_refused(panel, make_media, make_panel, weekly_spend):
    other = make_panel(weekly_spend[:, :2], cells=(Cell("tv"), Cell("radio")))
    with pytest.raises(InternalFault, match="fit again"):
        window_curves(plan_window(panel, settings()), panel, make_media(other))
