"""Data that end six weeks before the window, and a window that begins in mid-week."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.config import load_config
from mmm.model.forward import MediaDraws
from mmm.model.shapes import HILL
from mmm.planning.forecast import media_outcome
from mmm.planning.settings import PlanSettings
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import response
from mmm.runs.manifest import read_manifest
from mmm.simulate.company import expected_media
from mmm.stages.prepare import prepare

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

# The data end on Sunday 2025-06-01. Six whole weeks later comes Monday 2025-07-14.
MONDAY = ("horizon: 8", "window: {start: 2025-07-14, end: 2025-09-07}")
WEDNESDAY = ("horizon: 8", "window: {start: 2025-07-16, end: 2025-09-12}")
WEDNESDAY_SHARE = [5 / 7, *[1] * 7, 5 / 7]


@pytest.mark.parametrize(
    ("name", "window", "share"), [("monday", MONDAY, [1] * 8), ("wednesday", WEDNESDAY, WEDNESDAY_SHARE)]
)
def test_periods_of_a_late_window_sum_to_the_budget(
    finished: Any,
    execute: Callable[..., Any],
    read: Callable[[Path], pd.DataFrame],
    no_sampling: list[str],
    tmp_path: Path,
    name: str,
    window: tuple[str, str],
    share: list[float],
) -> None:
    folder = finished.copy(tmp_path / "acme")
    said = execute("run", finished.small.variant(name, window), "--out", folder)
    assert (said.code, no_sampling) == (0, []), said.err
    table = read(folder / "plan.csv")
    assert table["planned_spend"].sum() == pytest.approx(300_000, abs=1e-6)
    assert table["current_spend"].sum() == pytest.approx(300_000, abs=1e-6)
    days = pd.date_range("2025-07-14", periods=len(share), freq="7D").strftime("%Y-%m-%d")
    tests = table[table["purpose"] == "test"]
    assert list(tests["date"]) == list(days)
    np.testing.assert_allclose(tests["planned_spend"], 30_000 * np.array(share) / sum(share), atol=0.01)
    media = read(finished.small.folder / "media.csv")
    spent = media.groupby(["week", "channel"])["spend"].sum().unstack().iloc[-len(share) :]
    wanted = spent.to_numpy() * np.array(share)[:, None]
    core = table[table["purpose"] == "core"].groupby(["date", "channel"])["reference_spend"].sum().unstack()
    np.testing.assert_allclose(core[list(spent.columns)], wanted, atol=0.011)
    assert any(stage.name == "plan" for stage in read_manifest(folder).stages)


def _true_curves(small: Any, panel: Any) -> MediaDraws:
    """The simulator's truth in the form of the model: one draw, exposure per head, money at the ceiling."""
    world, index = small.company.world, list(small.index)
    assert all(world.curves[i] == "hill" for i in index)
    names = [(cell.channel, cell.audience) for cell in panel.cells]
    index = [
        next(i for i in index if (small.company.cells[i].channel, small.company.cells[i].audience) == name)
        for name in names
    ]
    people = small.company.population
    assert panel.geos == small.company.geos
    return MediaDraws(
        cells=panel.cells,
        geos=panel.geos,
        weights=world.weights[None, index],
        half=world.half[None, index],
        slope=world.slope[None, index],
        ceiling=(people[:, None] * world.strength[:, index])[None],
        scale=np.repeat(people[:, None], len(index), axis=1),
        saturation=np.full(len(index), HILL),
    )


def test_what_is_carried_in_and_what_money_brings_equal_the_simulator(small: Any) -> None:
    config = load_config(small.variant("truth", WEDNESDAY))
    panel = prepare(config).panel
    assert isinstance(config.plan, PlanSettings)
    window = plan_window(panel, config.plan, folder=config.folder)
    media = _true_curves(small, panel)
    curves = window_curves(window, panel, media)
    places = [next(i for i, c in enumerate(small.company.cells) if c == cell) for cell in panel.cells]
    spend = np.array([120_000.0, 60_000.0, 90_000.0])

    # The schedule of exposure after the data, from the tables alone: the mean of the last 13 weeks until the
    # window (2 of 7 days of its first week too), then the last nine weeks' pattern, then their mean rate.
    seen = small.company.exposure[:, :, places]
    paid = small.company.spend[:, :, places]
    share = np.array(WEDNESDAY_SHARE)[:, None, None]
    until = seen[-13:].mean(axis=0)
    reference, money = seen[-9:] * share, paid[-9:] * share
    bought_there, spent_there = seen[-9:].sum(axis=0), paid[-9:].sum(axis=0)
    rate = np.divide(bought_there, spent_there, out=np.zeros_like(spent_there), where=spent_there > 0)
    pattern = money / money.sum(axis=(0, 1))
    after = reference.sum(axis=0) / share.sum()

    def schedule(bought: np.ndarray) -> np.ndarray:
        inside = pattern * bought * rate
        inside[0] += until * 2 / 7
        inside[-1] += after * 2 / 7
        return np.concatenate([np.repeat(until[None], 6, 0), inside, np.repeat(after[None], 26, 0)])

    def truth(bought: np.ndarray) -> np.ndarray:
        """Money by period and cell from the window's first week on, says the simulator."""
        exposure = np.zeros((6 + 9 + 26, *small.company.exposure.shape[1:]))
        exposure[:, :, places] = schedule(bought)
        brought = expected_media(small.company, exposure, cost=np.ones_like(exposure))
        return brought[6:, :, places].sum(axis=1)

    nothing = truth(np.zeros(3))
    assert nothing[0].min() > 0
    carried = media_outcome(curves, np.zeros(3))[0]
    np.testing.assert_allclose(carried, nothing[:9].sum(axis=1), rtol=1e-9)
    everything = truth(spend)
    np.testing.assert_allclose(media_outcome(curves, spend)[0], everything[:9].sum(axis=1), rtol=1e-9)
    for i, amount in enumerate(spend):
        brought = response(curves, i, [amount])[0, 0]
        assert brought == pytest.approx((everything - nothing)[:, i].sum(), rel=1e-9)
