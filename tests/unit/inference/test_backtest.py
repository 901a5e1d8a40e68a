"""Forecasts from earlier days: nothing of what came later is seen, and the scores are those of the definition."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pandas as pd
import pytest

from mmm.config import load_config
from mmm.data.align import align_tables
from mmm.data.tables import load_tables
from mmm.errors import InputError, NotConverged
from mmm.inference import backtest
from mmm.inference.backtest import (
    COLUMNS,
    TOTAL,
    Forecast,
    choose_origins,
    forecast,
    join,
    lighter,
    make_case,
    summary,
)
from mmm.inference.fit import Refused
from mmm.model.layout import lay_out
from mmm.model.settings import GateSettings, ModelSettings, SamplingSettings

WEEKS = 110
NATIONAL = """\
name: acme
currency: USD
data:
  source: weekly.csv
  date: week
  outcome: {value: revenue}
  media: {tv: tv, radio: radio, late: late}
  controls: [price]
  organic: [mail]
calendar: {holidays: [US]}
"""
BY_REGION = """\
name: acme
currency: USD
data:
  date: week
  outcome: {source: sales.csv, geo: region, value: revenue}
  media: {source: weekly.csv, date: week, cells: [{channel: tv, spend: tv}, {channel: radio, spend: radio}]}
"""


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(1)
    week = (np.datetime64("2023-01-02") + 7 * np.arange(WEEKS)).astype(str)
    weekly = pd.DataFrame({"week": week, "revenue": rng.lognormal(6, 0.1, WEEKS).round(2)})
    for name in ("tv", "radio", "mail", "price"):
        weekly[name] = rng.lognormal(3, 0.5, WEEKS).round(2)
    weekly["late"] = np.where(np.arange(WEEKS) < 100, 0.0, 5.0)
    weekly.to_csv(tmp_path / "weekly.csv", index=False)
    sales = pd.DataFrame({"week": np.repeat(week, 2), "region": ["north", "south"] * WEEKS})
    sales.assign(revenue=rng.lognormal(6, 0.1, 2 * WEEKS)).to_csv(tmp_path / "sales.csv", index=False)
    (tmp_path / "national.yaml").write_text(NATIONAL)
    (tmp_path / "regions.yaml").write_text(BY_REGION)
    return tmp_path


def read(folder, name):
    config = load_config(folder / f"{name}.yaml")
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    whole = align_tables(
        tables, name=config.name, currency=config.currency, data=config.data, calendar=config.calendar
    )
    return config, tables, whole.panel


def case_of(folder, name, at=89, horizon=6):
    config, tables, panel = read(folder, name)
    return make_case(tables, panel, at, horizon, config.data, config.calendar)


def assert_same(one, other, path=""):
    """Every number and name of two nouns is the same."""
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if is_dataclass(a):
            assert_same(a, b, f"{path}.{field.name}")
        else:
            np.testing.assert_equal(a, b, err_msg=f"{path}.{field.name}")


def change(path, columns, after):
    """Multiply columns of the rows after a period by some factor of their own."""
    table = pd.read_csv(path)
    rows = table["week"] > after
    assert rows.any()
    rng = np.random.default_rng(9)
    for column in columns:
        table.loc[rows, column] = table.loc[rows, column] * rng.uniform(2, 9, rows.sum()) + 1
    table.to_csv(path, index=False)


ORIGIN = str(np.datetime64("2023-01-02") + 7 * 89)


@pytest.mark.parametrize("name", ["national", "regions"])
def test_what_came_later_changes_nothing_of_what_the_fit_sees(folder, name):
    before = case_of(folder, name)
    change(folder / "weekly.csv", ["revenue", "tv", "radio", "mail", "price", "late"], ORIGIN)
    change(folder / "sales.csv", ["revenue"], ORIGIN)
    after = case_of(folder, name)
    assert_same(before.history, after.history)
    assert_same(*(lay_out(case.history, ModelSettings(max_lag=6)) for case in (before, after)))
    assert not np.allclose(before.actual, after.actual)
    assert not np.allclose(before.known.exposure, after.known.exposure)


@pytest.mark.parametrize("name", ["national", "regions"])
def test_the_later_outcome_changes_nothing_of_the_forecast(folder, name):
    before = case_of(folder, name)
    change(folder / "weekly.csv", ["revenue"], ORIGIN)
    change(folder / "sales.csv", ["revenue"], ORIGIN)
    after = case_of(folder, name)
    assert_same(before.history, after.history)
    assert_same(before.known, after.known)
    np.testing.assert_equal(before.rivals, after.rivals)


def test_what_came_is_taken_from_the_rows_after_the_origin(folder):
    case = case_of(folder, "national")
    weekly = pd.read_csv(folder / "weekly.csv").iloc[90:96]
    assert str(case.history.dates[-1]) == ORIGIN
    assert case.known.features.dates.astype(str).tolist() == weekly["week"].tolist()
    np.testing.assert_allclose(case.actual, weekly["revenue"])
    np.testing.assert_allclose(case.known.exposure[:, 0], weekly[["tv", "radio"]])
    np.testing.assert_allclose(case.known.features.organic[:, 0, 0], weekly["mail"])
    np.testing.assert_allclose(case.known.features.controls[:, 0, 0], weekly["price"])


def test_a_channel_that_had_not_begun_is_not_there(folder):
    assert [cell.channel for cell in case_of(folder, "national").history.cells] == ["tv", "radio"]


def test_the_same_holidays_and_columns_are_there_as_in_a_config_of_the_earlier_rows(folder):
    case = case_of(folder, "national")
    weekly = pd.read_csv(folder / "weekly.csv").iloc[:90].drop(columns="late")
    weekly.to_csv(folder / "weekly.csv", index=False)
    (folder / "national.yaml").write_text(NATIONAL.replace(", late: late", ""))
    assert_same(case.history, read(folder, "national")[2])


def test_rivals_are_last_year_and_the_mean_of_the_last_four(folder):
    case = case_of(folder, "national")
    revenue = pd.read_csv(folder / "weekly.csv")["revenue"].to_numpy()
    np.testing.assert_allclose(case.rivals[:, 0], revenue[90 - 52 : 96 - 52])
    np.testing.assert_allclose(case.rivals[:, 1], revenue[86:90].mean())


def test_origins_leave_the_horizon_and_keep_half_of_the_history(make_panel):
    panel = make_panel(periods=120)
    found = choose_origins(panel, 13, 4, 13)
    assert found[-1] == 120 - 1 - 13
    assert (np.diff(found) == 13).all()
    assert len(found) == 4
    close = choose_origins(panel, 13, 40, 13)
    assert close[0] >= 13 + (119 - 13) // 2
    assert len(set(close)) == len(close) > 30


def test_an_origin_has_an_outcome(make_panel):
    panel = make_panel(periods=120, excluded=(106,))
    assert choose_origins(panel, 13, 1, 13).tolist() == [105]


def test_too_long_a_horizon_is_refused_with_the_longest_that_fits(make_panel):
    panel = make_panel(periods=78)
    with pytest.raises(InputError, match="--horizon 32 or less"):
        choose_origins(panel, 13, 4, 60)
    assert choose_origins(panel, 13, 4, 32).tolist() == [45]
    with pytest.raises(InputError, match="Load more history"):
        choose_origins(make_panel(periods=33), 13, 4, 13)


def test_a_backtest_draws_no_more_and_asks_no_more_than_a_forecast_needs():
    usual = lighter(ModelSettings())
    assert (usual.sampling.draws, usual.sampling.chains, usual.gates.ess) == (500, 2, 100)
    own = ModelSettings(
        max_lag=5,
        sampling=SamplingSettings(draws=200, tune=200, seed=7),
        gates=GateSettings(rhat=1.2, ess=30, divergences=0.05),
    )
    light = lighter(own)
    assert light.sampling == SamplingSettings(draws=200, tune=200, chains=2, seed=7)
    assert light.gates == own.gates
    assert light.max_lag == 5


def test_a_refused_fit_is_named_and_the_rest_goes_on(folder, monkeypatch):
    config, tables, panel = read(folder, "national")

    def refuse(*_args, **_keys):
        raise Refused("R-hat 1.3 (gate 1.05)", None)

    monkeypatch.setattr("mmm.inference.fit.fit", refuse)
    found = forecast(
        89,
        tables=tables,
        panel=panel,
        horizon=6,
        data=config.data,
        calendar=config.calendar,
        settings=config.model,
        break_even=None,
    )
    assert (found.origin, found.refused) == ("2024-09-22", "R-hat 1.3 (gate 1.05)")
    good = Forecast("2024-06-30", rows_of([100.0], [110.0]))
    whole = join([good, found], 6, config.model)
    assert (whole.about["origins"], whole.about["scored"]) == (2, 1)
    assert whole.about["refused"] == [{"origin": "2024-09-22", "reason": "R-hat 1.3 (gate 1.05)"}]
    with pytest.raises(NotConverged, match=r"no origin.*2024-09-22"):
        join([found], 6, config.model)


def rows_of(actual, expected, half_width=15.0):
    n = len(actual)
    expected = np.array(expected)
    values = (
        "2024-06-30", "2024-07-01", [*map(str, range(1, n)), TOTAL], actual, expected, expected - half_width,
        expected + half_width, np.full(n, np.nan), np.array(actual) + 20.0,
    )  # fmt: skip
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def test_scores_are_those_of_their_definitions():
    rows = pd.concat([rows_of([100.0, 300.0], [110.0, 300.0]), rows_of([200.0, 500.0], [170.0, 470.0])])
    found = summary(rows).set_index("horizon")
    assert found.index.tolist() == ["1", TOTAL]
    one = found.loc["1"]
    assert one["forecasts"] == 2
    assert one["mape"] == pytest.approx((0.1 + 0.15) / 2)
    assert one["wmape"] == pytest.approx(40 / 300)
    assert one["bias"] == pytest.approx(-20 / 300)
    assert one["coverage_90"] == 0.5
    assert one["interval_score"] == pytest.approx((30 + 30 + 20 * 15) / 2 / 150)
    assert one["wmape_last_4"] == pytest.approx(40 / 300)
    assert one["relative_last_4"] == pytest.approx(1.0)
    assert np.isnan(one["relative_last_year"])


def test_horizons_are_in_the_order_of_numbers():
    rows = pd.concat([rows_of([1.0] * 12, [1.0] * 12)])
    assert summary(rows)["horizon"].tolist() == [*map(str, range(1, 12)), TOTAL]


def test_a_forecast_is_read_back_as_it_was_written(tmp_path):
    for found in (
        Forecast("2024-06-30", rows_of([1 / 3, 300.0], [110.0, 2 / 7])),
        Forecast("2024-06-30", pd.DataFrame(columns=list(COLUMNS)), "too few rows"),
    ):
        found.save(tmp_path)
        again = Forecast.load(tmp_path)
        assert (again.origin, again.refused) == (found.origin, found.refused)
        assert len(again.rows) == len(found.rows)
        if len(found.rows):
            pd.testing.assert_frame_equal(again.rows, found.rows, check_dtype=False)


def test_periods_without_an_outcome_are_not_scored(folder, monkeypatch):
    case = case_of(folder, "national")
    actual = case.actual.copy()
    actual[2] = np.nan
    told = backtest.Ahead(np.ones((3, 6)), np.tile(np.eye(6), (3, 1, 1)))
    rows = backtest._rows("2024-09-22", replace(case, actual=actual), told)
    assert rows["horizon"].tolist() == ["1", "2", "4", "5", "6", TOTAL]
    whole = rows.iloc[-1]
    assert whole["actual"] == pytest.approx(np.nansum(actual))
    assert whole["expected"] == pytest.approx(5.0)
    assert whole["naive_last_4"] == pytest.approx(5 * case.rivals[0, 1])
    assert whole["expected_hi"] - whole["expected_lo"] == pytest.approx(2 * 1.6448536 * np.sqrt(5), rel=1e-5)
