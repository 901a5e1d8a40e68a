from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from mmm.data.checks import check_panel
from mmm.data.panel import Panel, checks_frame
from mmm.dims import Cell

WEEKS = 80


@pytest.fixture
def panel() -> Panel:
    """A company about which there is nothing to say."""
    rng = np.random.default_rng(7)
    spend = rng.lognormal(3, 0.5, (WEEKS, 1, 2))
    dates = np.datetime64("2025-01-06") + np.timedelta64(7, "D") * np.arange(WEEKS)
    return Panel(
        name="acme",
        currency="USD",
        grain="week",
        dates=dates,
        geos=("",),
        population=None,
        outcome=rng.lognormal(6, 0.1, (WEEKS, 1)),
        modelled=np.ones(WEEKS, bool),
        unit_value=np.ones((WEEKS, 1)),
        cells=(Cell("tv"), Cell("search", "brand")),
        spend=spend,
        exposure=spend,
        has_exposure=np.zeros(2, bool),
        organic_names=(),
        organic=np.zeros((WEEKS, 1, 0)),
        control_names=("price",),
        control_roles=("confounder",),
        controls=rng.normal(size=(WEEKS, 1, 1)),
        event_names=(),
        events=np.zeros((WEEKS, 0)),
        holiday_names=(),
        holidays=np.zeros((WEEKS, 0)),
        national_cells=np.zeros(2, bool),
        data_until=dates[-1] + np.timedelta64(6, "D"),
    )


def found(panel, margin=0.5, max_lag=13, parameters=None, today=date(2026, 8, 1)):
    checks = check_panel(panel, margin=margin, max_lag=max_lag, parameters=parameters, today=today)
    return {c.check: c for c in checks if c.severity != "pass"}


def with_spend(panel, spend):
    return replace(panel, spend=spend, exposure=spend)


def test_a_sound_panel_passes_every_check(panel):
    checks = check_panel(panel, margin=0.5, max_lag=13, today=date(2026, 8, 1))

    assert {check.severity for check in checks} == {"pass"}
    assert len({check.check for check in checks}) == len(checks) > 15
    assert checks_frame(checks).columns.tolist() == ["check", "severity", "where", "rows", "value", "remedy"]


def test_missing_money_facts_are_reviewed(panel):
    assert found(replace(panel, currency=None))["currency"].severity == "review"
    assert "finance.gross_margin" in found(panel, margin=None)["gross margin"].remedy
    assert "0.55" in found(panel, margin=55)["gross margin"].remedy


def test_more_parameters_than_rows_fail(panel):
    counted = 1 + 1 + 1 + 2 * 4  # level, trend, one control, two cells

    assert "rows" not in found(panel, parameters=WEEKS)
    assert found(panel, parameters=WEEKS + 1)["rows"].severity == "fail"
    few = replace(panel, modelled=np.arange(WEEKS) < counted)
    assert "rows" not in found(few, max_lag=1)
    fewer = replace(panel, modelled=np.arange(WEEKS) < counted - 1)
    assert found(fewer, max_lag=1)["rows"].value == f"{counted} parameters"


def test_under_a_year_is_reviewed(panel):
    assert "history" not in found(replace(panel, modelled=np.arange(WEEKS) < 52))
    assert found(replace(panel, modelled=np.arange(WEEKS) < 51))["history"].severity == "review"


def test_old_data_are_reviewed(panel):
    assert str(panel.data_until) == "2026-07-19"
    assert "data age" not in found(panel, today=date(2026, 10, 19))
    assert found(panel, today=date(2026, 10, 20))["data age"].value == "data until 2026-07-19"


def test_an_unfinished_last_week_is_reviewed(panel):
    panel.outcome[-1] *= 0.3

    assert found(panel)["last period"].rows == "2026-07-13"


def test_negative_and_zero_outcomes_are_listed(panel):
    panel.outcome[5] = -4
    panel.outcome[10:13] = 0

    listed = found(panel)

    assert listed["negative outcome"].rows == "2025-02-10"
    assert listed["zero outcome"].rows == "2025-03-17 to 2025-03-31"


def test_outliers_and_changes_of_unit_are_dated(panel):
    panel.outcome[20] *= 20
    panel.spend[30, 0, 0] = 1e5
    panel.spend[50:, 0, 1] *= 1000

    listed = found(panel)

    assert listed["outcome outliers"].rows == "2025-05-26"
    assert (listed["spend outliers"].where, listed["spend outliers"].rows) == ("tv", "2025-08-04")
    assert (listed["spend units"].where, listed["spend units"].rows) == ("search / brand", "from 2025-12-22")


def test_a_small_amount_is_no_outlier_of_spend(panel):
    panel.spend[30, 0, 0] = 1e-3

    assert "spend outliers" not in found(panel)


@pytest.mark.parametrize(
    ("factor", "said"), [(1e-4, "`unit`"), (50, "per month")], ids=["too little", "too much"]
)
def test_media_outside_their_usual_share_are_reviewed_with_the_likely_reason(panel, factor, said):
    assert said in found(with_spend(panel, panel.spend * factor))["media share"].remedy


def test_a_count_without_value_has_no_media_share(panel):
    assert "media share" not in found(replace(with_spend(panel, panel.spend * 50), unit_value=None))


def test_negative_spend_fails_with_its_week(panel):
    panel.spend[3, 0, 1] = -10

    check = found(panel)["negative spend"]

    assert (check.severity, check.where, check.rows) == ("fail", "search / brand", "2025-01-27")


def test_a_cell_that_never_spent_fails(panel):
    panel.spend[:, :, 0] = 0

    assert (found(panel)["no spend"].severity, found(panel)["no spend"].where) == ("fail", "tv")


def test_constant_and_thin_spend_are_reviewed(panel):
    panel.spend[:, :, 0] = 12
    panel.spend[:, :, 1] = 0
    panel.spend[10:13, :, 1] = 30

    listed = found(panel)

    assert listed["constant spend"].value == "always 12"
    assert listed["thin cells"].value == "on in 3 weeks"


def test_a_constant_control_fails(panel):
    panel.controls[:] = 3

    assert (found(panel)["controls"].severity, found(panel)["controls"].value) == ("fail", "always 3")


def test_money_and_exposure_must_stand_in_the_same_rows(panel):
    exposure = panel.spend * 100
    exposure[4, 0, 0] = 0
    spend = panel.spend.copy()
    spend[6, 0, 1] = 0
    listed = found(replace(panel, spend=spend, exposure=exposure, has_exposure=np.ones(2, bool)))

    assert (listed["spend without exposure"].severity, listed["spend without exposure"].rows) == (
        "fail",
        "2025-02-03",
    )
    assert (listed["exposure without spend"].severity, listed["exposure without spend"].rows) == (
        "review",
        "2025-02-17",
    )


def test_national_media_in_a_geo_model_are_flagged(panel):
    assert found(replace(panel, national_cells=np.array([True, False])))["national media"].value == "tv"


# --- what other series say -------------------------------------------------------------------------------


def test_a_level_that_moves_for_good_is_a_structural_break(panel):
    stepped = panel.outcome * np.where(np.arange(WEEKS) >= 50, 2.0, 1.0)[:, None]

    check = found(replace(panel, outcome=stepped))["structural break"]

    assert check.rows == f"from {panel.dates[50]}"
    assert 0.8 < float(check.value.split("by +")[1].split("%")[0]) / 100 < 1.25


def test_a_step_that_a_control_explains_is_no_break(panel):
    step = (np.arange(WEEKS) >= 50).astype(float)
    stepped = panel.outcome * (1 + step)[:, None]

    assert "structural break" not in found(replace(panel, outcome=stepped, controls=step[:, None, None]))


def test_breaks_are_seldom_seen_where_there_is_none(panel):
    rng = np.random.default_rng(11)
    seen = 0
    for _ in range(100):
        news = rng.normal(0, 0.1, WEEKS)
        drift = np.array([sum(0.6**k * news[t - k] for k in range(t + 1)) for t in range(WEEKS)])
        seen += "structural break" in found(replace(panel, outcome=np.exp(6 + drift)[:, None]))

    assert seen <= 10


def test_spend_that_goes_after_sales_is_seen_and_search_for_a_brand_may(panel):
    spend = panel.spend.copy()
    late = np.concatenate([panel.outcome[:1], panel.outcome[:-1]])[:, 0]
    spend[:, 0, 1] = late**3 * np.random.default_rng(3).lognormal(0, 0.1, WEEKS)
    chasing = with_spend(panel, spend)

    assert found(chasing)["spend follows demand"].where == "search / brand"
    assert "spend follows demand" not in found(replace(chasing, demand_capture=frozenset({"search"})))


def test_a_control_that_media_move_looks_like_a_mediator(panel):
    visits = np.zeros(WEEKS)
    visits[1:] = 3 * np.log1p(panel.spend[:-1, 0, 0]) + np.random.default_rng(5).normal(0, 0.5, WEEKS - 1)
    moved = replace(panel, controls=visits[:, None, None])

    assert found(moved)["mediator"].where == "price"
    own = replace(moved, control_roles=("treatment",), treatments={"price": 0.0})
    assert "mediator" not in found(own)


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-brand", "@sum"])
def test_a_name_that_excel_takes_for_a_formula_is_told(panel, name):
    told = found(replace(panel, cells=(Cell("tv"), Cell("search", name))))["names"]
    assert (told.severity, told.value) == ("review", name)
    assert "names" not in found(replace(panel, cells=(Cell("tv+radio"), Cell("search", "a=b"))))
