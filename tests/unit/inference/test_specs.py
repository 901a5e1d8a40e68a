"""Each spec differs from the fit in one thing; a placebo has a cell's money and nothing of its timing."""

from dataclasses import fields, replace

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.inference.specs import placebo_cell, specs, with_placebo
from mmm.model.layout import lay_out
from mmm.model.settings import ChannelPrior, ModelSettings, PriorSettings, RoiPrior

SETTINGS = ModelSettings(
    max_lag=6, priors=PriorSettings(channels={"tv": ChannelPrior(roi=RoiPrior(median=1.5, sigma=0.5))})
)


def laid_out(panel, settings=SETTINGS):
    return lay_out(panel, settings, break_even=2.0)


@pytest.fixture(scope="module")
def panel(make_panel):
    plain = make_panel()
    return replace(
        plain,
        control_names=("price", "weather"),
        control_roles=("confounder", "precision"),
        controls=np.concatenate([plain.controls, np.sin(np.arange(78.0))[:, None, None]], axis=2),
    )


@pytest.fixture(scope="module")
def found(panel):
    return specs(panel, SETTINGS, laid_out(panel), seed=1)


def changed_settings(spec):
    before, after = SETTINGS.model_dump(), spec.settings.model_dump()
    return {key for key in before if before[key] != after[key]}


def changed_panel(spec, panel):
    names = [field.name for field in fields(panel)]
    return {name for name in names if getattr(spec.panel, name) is not getattr(panel, name)}


def test_every_other_setting_changes_one_key_and_nothing_of_the_data(found, panel):
    told = {spec.name: changed_settings(spec) for spec in found if spec.kind == "setting"}
    assert told == {
        "carry-over up to 8 weeks": {"max_lag"},
        "season of order 1": {"seasonality"},
        "season of order 3": {"seasonality"},
        "structural error off": {"structural_error"},
        "geometric carry-over": {"adstock"},
        "history none": {"history"},
        "no controls of role precision": set(),
    }
    assert all(not changed_panel(s, panel) for s in found if s.kind == "setting" and changed_settings(s))


def test_a_spec_that_is_the_setting_already_is_left_out(panel):
    settings = ModelSettings(
        max_lag=8, structural_error=0.0, adstock={"default": "geometric"}, history="none", seasonality=1
    )
    plain = replace(panel, control_roles=("confounder", "confounder"))
    found = specs(plain, settings, laid_out(plain, settings), seed=1)
    assert [spec.name for spec in found if spec.kind == "setting"] == ["season of order 2"]


def test_controls_that_only_sharpen_leave_and_the_others_stay(found, panel):
    (spec,) = [spec for spec in found if spec.name == "no controls of role precision"]
    assert changed_panel(spec, panel) == {"control_names", "control_roles", "controls"}
    assert (spec.panel.control_names, spec.panel.control_roles) == (("price",), ("confounder",))
    np.testing.assert_array_equal(spec.panel.controls, panel.controls[:, :, :1])


@pytest.mark.parametrize(
    ("name", "median", "sigma"),
    [
        ("prior of ROI half as wide", 1.0, 0.5),
        ("prior of ROI twice as wide", 1.0, 2.0),
        ("prior of ROI half as high", 0.5, 1.0),
        ("prior of ROI twice as high", 2.0, 1.0),
    ],
)
def test_a_prior_is_moved_by_its_factor_and_in_nothing_else(found, panel, name, median, sigma):
    (spec,) = [spec for spec in found if spec.name == name]
    assert changed_settings(spec) == {"priors"}
    before, after = laid_out(panel), laid_out(panel, spec.settings)
    assert after.roi_priors.median == pytest.approx(median * before.roi_priors.median)
    assert after.roi_priors.sigma == pytest.approx(sigma * before.roi_priors.sigma)
    organic = before.n_paid
    assert after.log_roi_mean[organic:] == pytest.approx(before.log_roi_mean[organic:])
    assert after.log_roi_sd[organic:] == pytest.approx(before.log_roi_sd[organic:])


def test_a_placebo_is_one_more_channel_and_the_rest_of_the_panel_is_as_it_was(found, panel):
    placebos = [spec for spec in found if spec.kind == "placebo"]
    assert len({spec.name for spec in placebos}) == 3
    for spec in placebos:
        assert changed_settings(spec) == set()
        changed = {"cells", "spend", "exposure", "has_exposure", "national_cells"}
        assert changed_panel(spec, panel) == changed
        assert spec.panel.cells == (*panel.cells, Cell("placebo"))
        np.testing.assert_array_equal(spec.panel.spend[:, :, :-1], panel.spend)
        assert laid_out(spec.panel).n_paid == len(panel.cells) + 1


def test_a_placebo_keeps_level_bursts_and_order_and_starts_elsewhere(make_panel):
    panel = make_panel(geos=("north", "south"))
    moved = with_placebo(panel, source=1, shift=30)
    for before, after in ((panel.spend, moved.spend), (panel.exposure, moved.exposure)):
        np.testing.assert_array_equal(after[30:, :, -1], before[:-30, :, 1])
        np.testing.assert_array_equal(after[:30, :, -1], before[-30:, :, 1])


def test_shifts_follow_the_seed(panel):
    layout = laid_out(panel)
    names = [
        [spec.name for spec in specs(panel, SETTINGS, layout, seed=seed) if spec.kind == "placebo"]
        for seed in (1, 1, 2)
    ]
    assert names[0] == names[1] != names[2]


def test_a_placebo_is_called_as_no_channel_is():
    assert placebo_cell([Cell("tv")]) == Cell("placebo")
    assert placebo_cell([Cell("placebo", "a"), Cell("placebo'")]) == Cell("placebo''")
