"""New and existing customers whose truth is known: segments and their sum are found, and ranges are honest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmm.config import load_config
from mmm.pipeline import fit
from mmm.simulate.chance import persistent
from mmm.simulate.media import MediaWorld, carry_over, media_revenue
from mmm.simulate.returns import true_returns, with_returns
from mmm.simulate.world_kinds import KINDS
from mmm.simulate.worlds import CONDITIONED, simulate_world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

WORLDS = range(4)
CONFIG = """\
name: parted
currency: USD
data:
  source: weekly.csv
  date: date
  outcome: {{value: {value}}}
  media: {{{media}}}
  controls: [{controls}]
finance: {{gross_margin: 0.5}}
model:
  sampling: {{draws: 500, tune: 400, chains: 2}}
  gates: {{rhat: 1.05, ess: 100, divergences: 0.01}}
plan: {{horizon: 8, budget: 300_000}}
"""


def company(number, folder):
    """A world of kind `clean` as existing customers, and new ones on the same money with curves of their own."""
    kind = next(kind for kind in KINDS if kind.name == "clean")
    world = simulate_world(kind, number)
    table, rng = world.table, np.random.default_rng(number)
    spend = table[[f"{name}_spend" for name in world.channels]].to_numpy(float)[:, None, :]
    n, weeks = len(world.channels), len(table)
    weights = np.array([carry_over("geometric", rng.uniform(0.2, 0.7), 0.0) for _ in range(n)])
    half = spend[spend > 0].mean() * np.exp(rng.normal(0, 0.4, n))
    drawn = MediaWorld(weights, ("hill",) * n, half, rng.uniform(1.0, 1.6, n), np.ones((1, n)), np.ones(1))
    returns = np.exp(rng.normal(np.log(0.5), 0.5, n))
    drawn = with_returns(drawn, spend, spend, CONDITIONED, returns)
    effect = media_revenue(drawn, spend)[:, 0].sum(axis=1)
    level = 4.0 * effect.mean()
    season = 1.0 + 0.06 * np.cos(2 * np.pi * np.arange(weeks) / 52.18)
    noise = 0.04 * persistent(rng, (weeks, 1), 0.3)[:, 0]
    table = table.assign(new=np.round(level * (season + noise) + effect)).rename(
        columns={"revenue": "existing"}
    )
    table = table.assign(revenue=table["new"] + table["existing"])
    table.to_csv(folder / "weekly.csv", index=False)
    truth = {
        "existing": world.truth["roi"].to_numpy(),
        "new": np.array(
            [found.roi for found in true_returns(drawn, world.channels, spend, spend, CONDITIONED)]
        ),
    }
    media = ", ".join(f"{name}: {name}_spend" for name in world.channels)
    for name, value in (("parted", "{new: new, existing: existing}"), ("whole", "revenue")):
        text = CONFIG.format(value=value, media=media, controls=", ".join(world.controls))
        (folder / f"{name}.yaml").write_text(text)
    return truth | {"": truth["new"] + truth["existing"]}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """By world: the truth, the returns of the fit in segments, those of the fit of the whole."""
    rows = []
    for number in WORLDS:
        folder = tmp_path_factory.mktemp(f"world-{number}")
        truth = company(number, folder)
        parted, whole = (
            fit(load_config(folder / f"{n}.yaml"), out=folder / n).roi() for n in ("parted", "whole")
        )
        rows.append((truth, parted, whole))
    return rows


def cells(table, segment=None):
    table = table[table["level"] == "cell"]
    return table if segment is None else table[table["segment"] == segment]


def test_nine_in_ten_true_returns_lie_inside_their_ranges(found):
    inside = [
        (cells(parted, name)["roi_lo"].to_numpy() <= roi) & (roi <= cells(parted, name)["roi_hi"].to_numpy())
        for truth, parted, _ in found
        for name, roi in truth.items()
    ]
    assert np.concatenate(inside).mean() > 0.8


def test_the_sum_of_segments_is_told_about_as_well_as_the_whole_at_once(found):
    def error(tables):
        return np.concatenate(
            [
                np.abs(np.log(cells(table)["roi_median"].to_numpy() / truth[""]))
                for (truth, *_), table in zip(found, tables, strict=True)
            ]
        ).mean()

    sums = [parted[parted["segment"] == ""] for _, parted, _ in found]
    assert error(sums) < 1.25 * error([whole for *_, whole in found])


def test_the_ranges_of_the_sum_are_about_as_wide_as_those_of_the_whole(found):
    ratio = np.concatenate(
        [
            np.log(cells(parted, "")["roi_hi"].to_numpy() / cells(parted, "")["roi_lo"].to_numpy())
            / np.log(cells(whole)["roi_hi"].to_numpy() / cells(whole)["roi_lo"].to_numpy())
            for _, parted, whole in found
        ]
    )
    assert 0.7 < np.median(ratio) < 1.3


def test_tables_by_segment_are_data_frames_with_their_names(found):
    _, parted, _ = found[0]
    assert isinstance(parted, pd.DataFrame)
    assert list(dict.fromkeys(parted["segment"])) == ["", "new", "existing"]
