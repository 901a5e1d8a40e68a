"""Segments of one outcome: a fit each, reused on its own, then tables of all of them and of their sum per draw."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mmm.config import Config
from mmm.errors import ConfigError
from mmm.finance.economics import unit_economics
from mmm.inference.posterior import Posterior
from mmm.response.beliefs import beliefs_table, returns_belief
from mmm.response.decomposition import adstock_table, as_fit, expect, lag_table, noise_shape, split_outcome
from mmm.response.returns import Returns, evidence_table, returns, roi_table
from mmm.response.segments import counted_as, joint_weights, sum_expected, sum_returns, sum_splits
from mmm.runs.store import RunFolder
from mmm.stages.fit import Progress, write_fit
from mmm.stages.keys import segment_key
from mmm.stages.prepare import Part, Prepared
from mmm.stages.tables import write_csv, write_json

if TYPE_CHECKING:
    from mmm.response.decomposition import Fit


def refuse_segments(config: Config, what: str) -> None:
    """Refuse what is made of one fit where there are several.

    Raises
    ------
    ConfigError
        Where the outcome has segments; names what cannot be had, and what to do.
    """
    if config.data.outcome.has_segments:
        raise ConfigError(
            [
                f"`data.outcome`: {what} of an outcome in segments is not built yet. Use a config of the whole for it: "
                "one column as `data.outcome.value` and no `segment` (the rows of a long table are then added up)"
            ]
        )


def load_posteriors(fitted: Path, parts: Sequence[Part]) -> list[Posterior]:
    """The posterior of what was fitted: of the whole, or of every segment with its draws paired."""
    if len(parts) == 1:
        return [Posterior.load(fitted / "posterior.nc")]
    return [Posterior.load(fitted / f"posterior-{n}.nc") for n in range(1, len(parts) + 1)]


def noise_of(fitted: Path) -> np.ndarray:
    """How alike the noise of the segments is, shape (segment, segment); one without segments."""
    told = json.loads((fitted / "diagnostics.json").read_text(encoding="utf-8"))
    return np.array(told.get("noise_correlation", [[1.0]]))


def write_segments(folder: Path, config: Config, prepared: Prepared, store: RunFolder, say: Progress) -> None:
    """Fit every segment that is not finished, pair their draws, and write the tables of a fit.

    Every table has a column `segment`, empty in the rows of all segments together.
    """
    from mmm.inference.fit import Refused
    from mmm.inference.pairing import correlated, pair

    places = []
    for part in prepared.segments:
        alone = replace(prepared, panel=part.panel, layout=part.layout, segments=())
        name = "segment_" + hashlib.sha256(part.name.encode()).hexdigest()[:8]
        told = _named(say, part.name)

        def make(to: Path, alone: Prepared = alone, told: Progress = told) -> None:
            write_fit(to, config, alone, store, told)

        try:
            places.append(store.stage(name, segment_key(config, prepared, part.name), make))
        except Refused as refused:
            raise type(refused)(f'segment "{part.name}": {refused}', refused.fitted) from None
    say("adding up the segments")
    layouts = [part.layout for part in prepared.segments]
    seed = config.model.sampling.seed
    found, noise = pair([Posterior.load(place / "posterior.nc") for place in places], layouts, seed=seed)
    for n, posterior in enumerate(found, start=1):
        posterior.save(folder / f"posterior-{n}.nc")
    _write_returns(folder, config, prepared, found, places)
    rng = np.random.default_rng([seed, 13])
    standard = correlated(noise, noise_shape(found[0], layouts[0]), rng)
    parts = list(zip(found, prepared.segments, standard, strict=True))
    splits = [split_outcome(posterior, part.layout, part.panel) for posterior, part, _ in parts]
    expected = [expect(posterior, part.layout, part.panel, rng, own) for posterior, part, own in parts]
    whole = as_fit(sum_splits(splits), sum_expected(expected), prepared.layout, prepared.panel)
    fits = {"": whole} | {
        part.name: as_fit(split, told, part.layout, part.panel)
        for part, split, told in zip(prepared.segments, splits, expected, strict=True)
    }
    write_csv(_stacked({name: fit.contributions for name, fit in fits.items()}), folder / "contributions.csv")
    write_csv(_stacked({name: fit.fit for name, fit in fits.items()}), folder / "fit.csv")
    write_json(_diagnostics(prepared, places, fits, noise), folder / "diagnostics.json")


def _named(say: Progress, name: str) -> Progress:
    return lambda text: say(f"{name}: {text}")


def _write_returns(
    folder: Path, config: Config, prepared: Prepared, found: Sequence[Posterior], places: Sequence[Path]
) -> None:
    """Tables by cell: of each segment, and of all together."""
    seed = config.model.sampling.seed
    economics = unit_economics(config.finance)
    margin = economics.by_cell(prepared.panel.cells)
    parts = prepared.segments
    by_segment: dict[str, Returns] = {}
    for posterior, part, place in zip(found, parts, places, strict=True):
        chasing = pd.read_csv(place / "evidence.csv", encoding="utf-8-sig")["follows_demand"].to_numpy(bool)
        by_segment[part.name] = returns(posterior, part.layout, part.panel, seed=seed, chasing=chasing)
    total = sum_returns(list(by_segment.values()))
    told = {"": total} | by_segment
    cells = prepared.panel.cells
    fitted = list(zip(parts, found, strict=True))
    lags = {part.name: adstock_table(posterior, part.layout, part.panel) for part, posterior in fitted}
    beliefs = {
        part.name: beliefs_table(posterior, part.layout, by_segment[part.name], seed=seed)
        for part, posterior in fitted
    }
    joint = joint_weights(found, [part.layout for part in parts])
    # money is spent once for all segments: whether it pays is said of their sum alone
    counted = None
    if economics.margin is not None and economics.segments:
        relative = {name: economics.segments[name] / economics.margin for name in by_segment}
        counted = sum_returns([counted_as(one, relative[name]) for name, one in by_segment.items()])
    tables = {"": roi_table(total, margin, counted)} | {
        name: roi_table(one, None) for name, one in by_segment.items()
    }
    write_csv(_stacked(tables), folder / "roi.csv")
    write_csv(_stacked({name: evidence_table(one) for name, one in told.items()}), folder / "evidence.csv")
    write_csv(_stacked({"": lag_table(joint, cells)} | lags), folder / "adstock.csv")
    write_csv(_stacked({"": returns_belief(total)} | beliefs), folder / "priors.csv")
    read = [pd.read_csv(place / "hidden_driver.csv", encoding="utf-8-sig") for place in places]
    names = [part.name for part in parts]
    write_csv(_stacked(dict(zip(names, read, strict=True))), folder / "hidden_driver.csv")
    reviews = [
        pd.read_csv(place / "reviews.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
        for place in places
    ]
    for name, table in zip(names, reviews, strict=True):
        table["where"] = [f'{where}, segment "{name}"' for where in table["where"]]
    write_csv(pd.concat(reviews, ignore_index=True), folder / "reviews.csv")


def _stacked(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables under each other, with the segment of each row in front."""
    told = [table.assign(segment=name) for name, table in tables.items()]
    whole = pd.concat(told, ignore_index=True)
    return whole[["segment", *(column for column in whole.columns if column != "segment")]]


def _diagnostics(
    prepared: Prepared, places: Sequence[Path], fits: dict[str, Fit], noise: np.ndarray
) -> dict[str, Any]:
    """The worst of the segments, the figures of the whole, and each segment's own."""
    read = [json.loads((place / "diagnostics.json").read_text(encoding="utf-8")) for place in places]
    worst: dict[str, Any] = {
        name: choose(told[name] for told in read)
        for name, choose in (
            ("rhat_max", max),
            ("ess_bulk_min", min),
            ("ess_tail_min", min),
            ("divergences", sum),
            ("draws", sum),
            ("attempts", max),
            ("prior_scaled", min),
        )
    }
    worst["seconds"] = {
        step: sum(told["seconds"].get(step, 0.0) for told in read) for step in read[0]["seconds"]
    }
    whole = fits[""]
    worst |= {"r2": whole.r2, "mape": whole.mape, "coverage_90": whole.coverage_90}
    worst["negative_baseline"] = float(whole.negative_baseline.mean())
    worst["noise_correlation"] = noise.tolist()
    names = [part.name for part in prepared.segments]
    worst["segments"] = {
        name: {"posterior": f"posterior-{n}.nc", **told}
        for n, (name, told) in enumerate(zip(names, read, strict=True), start=1)
    }
    return worst
