"""What the data can carry: rows for each parameter, cells that move as one, and what is a cell's own."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.config import load_config
from mmm.data.align import align_tables
from mmm.data.tables import load_tables
from mmm.dims import Cell
from mmm.model.layout import lay_out, prior_median_weights
from mmm.model.settings import ModelSettings
from mmm.response.carry import check_carry, deliberate_variation, free_parameters, joining
from mmm.response.returns import variance_inflation

THREE = (Cell("tv"), Cell("radio"), Cell("search"))


@pytest.fixture(scope="module")
def panel(make_panel):
    return make_panel(5, cells=THREE, organic=False)


def with_spend(panel, spend):
    return replace(panel, spend=spend, exposure=spend)


def twins(panel, noise=0.02):
    spend = panel.spend.copy()
    spend[:, :, 1] = (
        2.0 * spend[:, :, 0] * np.exp(noise * np.random.default_rng(2).normal(size=spend.shape[:2]))
    )
    return with_spend(panel, spend)


def checks(panel):
    found = check_carry(lay_out(panel, ModelSettings(max_lag=8)), panel)
    return {(one.check, one.where): one for one in found}


def test_cells_that_move_on_their_own_pass(panel):
    found = checks(panel)
    assert found["collinear cells", "panel"].severity == "pass"
    assert [found["own variation", cell.name].severity for cell in THREE] == ["pass"] * 3


def test_parameters_are_those_of_curves_noise_and_all_that_is_not_shrunk(panel):
    layout = lay_out(panel, ModelSettings(max_lag=8))
    # level, line, the fair and the price; twenty cosines, the waves and one holiday are shrunk
    waves = 2 * layout.baseline.order
    assert free_parameters(layout) == (4 + 4 * 3 + 2, 20 + waves + 1)
    # a power curve has no half-saturation, Michaelis and Menten's no slope
    bends = ModelSettings(
        max_lag=8, saturation={"default": "hill", "tv": "power", "radio": "michaelis_menten"}
    )
    assert free_parameters(lay_out(panel, bends))[0] == 4 + 4 * 3 - 2 + 2


def test_few_rows_a_parameter_are_reviewed(panel, make_panel):
    assert checks(panel)["what the data carry", "panel"].severity == "pass"
    short = make_panel(5, cells=THREE, organic=False, periods=45)
    found = checks(short)["what the data carry", "panel"]
    assert found.severity == "review"
    assert found.value.startswith("37 weeks: 2.1 rows for each of 18 free parameters")


def test_twins_are_named_once_with_the_lines_that_join_them(panel):
    found = checks(twins(panel))
    one = found["collinear cells", "tv and radio"]
    assert one.severity == "review"
    assert "`channels: {tv_and_radio: {was: [tv, radio]}}`" in one.remedy
    assert found["own variation", "tv"].severity == "review"
    assert "radio (" in found["own variation", "tv"].remedy
    assert found["own variation", "search"].severity == "pass"


def test_three_of_a_kind_are_one_group(panel):
    spend = twins(panel).spend.copy()
    spend[:, :, 2] = spend[:, :, 1] * np.exp(0.02 * np.random.default_rng(3).normal(size=spend.shape[:2]))
    found = checks(with_spend(panel, spend))
    assert "was: [tv, radio, search]" in found["collinear cells", "tv and radio and search"].remedy


def test_own_variation_is_what_the_rest_leaves_times_the_rows(panel):
    layout = lay_out(panel, ModelSettings(max_lag=8))
    own = 1.0 / variance_inflation(layout)[0]
    told = checks(panel)["own variation", "tv"].value
    assert told.startswith(f"{own:.0%} of its movement is its own: as good as {own * 70:,.0f} of 70 rows. ")


def test_a_deliberate_variation_narrows_the_error_by_what_it_adds_to_the_movement(panel):
    layout = lay_out(panel, ModelSettings(max_lag=8))
    from mmm.response.returns import learned_from

    media, _ = learned_from(layout)
    had = (media[:, 0] ** 2).sum() / variance_inflation(layout)[0]
    w = prior_median_weights(
        layout.data.adstock, layout.curve_priors, layout.lags, layout.data.weeks_per_period
    )[0]
    usual = layout.data.x[layout.lags :][layout.data.live][:, 0, 0].mean()
    signs = [1, 1, 1, -1, -1, -1, 1, 1, 1, -1, -1, -1, 1]
    course = [
        sum(0.2 * usual * signs[t - lag] * w[lag] for lag in range(len(w)) if lag <= t) for t in range(13)
    ]
    added = 13 * np.var(course)
    np.testing.assert_allclose(deliberate_variation(layout)[0], 1 - np.sqrt(had / (had + added)), rtol=1e-9)


def test_a_cell_that_never_moved_learns_all_it_knows_from_a_deliberate_variation(panel):
    spend = panel.spend.copy()
    spend[:, :, 0] = spend[:, :, 0].mean()
    bought = deliberate_variation(lay_out(with_spend(panel, spend), ModelSettings(max_lag=8)))
    assert bought[0] > 0.999
    assert (bought[1:] < 0.5).all()


def test_three_that_add_up_are_seen_where_no_two_are_alike(panel):
    rng = np.random.default_rng(4)
    spend = rng.lognormal(0.0, 0.5, panel.spend.shape)
    spend[:, :, 2] = spend[:, :, 0] + spend[:, :, 1] + 0.01 * rng.random(spend.shape[:2])
    found = checks(with_spend(panel, spend))["collinear cells", "panel"]
    assert found.severity == "review"
    assert "condition number" in found.value


def test_one_pass_of_the_inflation_equals_a_regression_each(panel):
    layout = lay_out(twins(panel, 0.3), ModelSettings(max_lag=8))
    from mmm.response.returns import learned_from

    media, Z = learned_from(layout)
    ridge = np.sqrt(np.append(np.maximum(layout.data.precision, 1e-8), np.full(3, 1e-8)))
    for i, found in enumerate(variance_inflation(layout)):
        target = media[:, i] / media[:, i].std()
        X = np.column_stack([Z, np.delete(media, i, axis=1), np.ones(len(Z))])
        stacked = np.concatenate([X, np.diag(ridge)])
        fit = X @ np.linalg.lstsq(stacked, np.append(target, np.zeros(len(ridge))), rcond=None)[0]
        assert found == pytest.approx(1.0 / ((target - fit) ** 2).mean(), rel=1e-5)


def test_media_that_are_the_same_in_every_region_are_said_to_be(make_panel):
    regions = make_panel(5, cells=THREE, organic=False, geos=("north", "south"))
    spend = regions.spend.copy()
    heads = regions.population / regions.population.sum()
    spend[:, :, 0] = spend[:, :, 0].sum(axis=1, keepdims=True) * heads
    one = checks(with_spend(regions, spend))["own variation", "tv"]
    assert (one.severity, one.value[:3]) == ("review", "0% ")
    assert "the same in every region" in one.remedy


def test_what_joins_cells_depends_on_where_they_stand():
    brand, generic, tv = Cell("search", "brand"), Cell("search", "generic"), Cell("tv")
    assert "leave `audience` of search out" in joining([brand, generic], [brand, generic, tv])
    assert "write one channel and audience" in joining([brand, tv], [brand, generic, tv])
    assert '{"tv 2_and_radio": {was: ["tv 2", radio]}}' in joining(
        [Cell("tv 2"), Cell("radio")], [Cell("tv 2"), Cell("radio")]
    )


def test_the_line_that_joins_channels_does_so(tmp_path):
    rng = np.random.default_rng(1)
    lines = ["week,revenue,tv,radio"]
    for week in range(60):
        day = np.datetime64("2024-01-01") + 7 * week
        lines.append(f"{day},{rng.integers(900, 1100)},{week},{100 + week}")
    (tmp_path / "weekly.csv").write_text("\n".join(lines))
    config = """
name: acme
currency: USD
data: {source: weekly.csv, date: week, outcome: {value: revenue}, media: {tv: tv, radio: radio}}
"""
    line = joining([Cell("tv"), Cell("radio")], [Cell("tv"), Cell("radio")]).split("`")[1]
    (tmp_path / "acme.yaml").write_text(config + line)
    settings = load_config(tmp_path / "acme.yaml")
    tables = load_tables(settings.data, settings.calendar, settings.channels, settings.folder)
    joined = align_tables(
        tables, name="acme", currency="USD", data=settings.data, calendar=settings.calendar
    ).panel
    assert [cell.name for cell in joined.cells] == ["tv_and_radio"]
    np.testing.assert_allclose(joined.spend[:, 0, 0], 100 + 2.0 * np.arange(60))
