"""The files whose truth is known, each with the config an analyst who read its description would write.

`truth.csv` of the data folder holds the true ROI by file and channel. Nothing here is tuned: the model is
the default everywhere, and a config says only which column is what. Controls follow the descriptions of the
generators: a named mediator is left out, useless columns go in as `precision`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Controls = Sequence[str | Mapping[str, str]]


def _world(
    date: str,
    outcome: Mapping[str, Any],
    cells: Mapping[str, Sequence[str]],
    controls: Controls = (),
    geo: str | None = None,
) -> dict[str, Any]:
    """`cells`: channel -> (spend column,) or (spend column, exposure column)."""
    columns = ("spend", "exposure")
    data: dict[str, Any] = {
        "date": date,
        "outcome": dict(outcome),
        "media": [
            {
                "cells": [
                    {"channel": channel, **dict(zip(columns, names, strict=False))}
                    for channel, names in cells.items()
                ]
            }
        ],
    }
    if controls:
        data["controls"] = list(controls)
    if geo:
        data["geo"] = geo
    return data


def _plain(channels: Sequence[str], suffix: str = "") -> dict[str, tuple[str, ...]]:
    return {channel: (channel + suffix,) for channel in channels}


def _exposed(channels: Sequence[str], exposure: str = "_impressions") -> dict[str, tuple[str, ...]]:
    return {channel: (f"{channel}_spend", channel + exposure) for channel in channels}


def _precision(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "role": "precision"} for name in names]


_CONVERSIONS = {"value": "conversions", "kind": "count", "value_per_unit": "revenue_per_conversion"}
_MERIDIAN = _exposed(["Channel0", "Channel1", "Channel2", "Channel3"], "_impression")
_MERIDIAN_CONTROLS = ["competitor_activity_score_control", "sentiment_score_control"]
_FOUR = ["TV", "Search", "Social", "Display"]

WORLDS: dict[str, dict[str, Any]] = {
    "meridian/geo_media.csv": _world(
        "time", _CONVERSIONS | {"population": "population"}, _MERIDIAN, _MERIDIAN_CONTROLS, "geo"
    ),
    "meridian/national_media.csv": _world("time", _CONVERSIONS, _MERIDIAN, _MERIDIAN_CONTROLS),
    "pymc_marketing/mmm_example.csv": _world(
        "date_week", {"value": "y", "kind": "count"}, _plain(["x1", "x2"]), ["event_1", "event_2"]
    ),
    "pymc_marketing/media_tvp_data.csv": _world(
        "date_week", {"value": "y", "kind": "count"}, _plain(["x1", "x2"]), ["event_1", "event_2"]
    ),
    "simulated/brazil_chocolate.csv": _world(
        "period",
        {"value": "revenue"},
        _plain(["inv_tv", "inv_ooh", "inv_sd", "inv_dv"]),
        ["pop_index", "usp_index", "vamp_index"],
    ),
    "simulated/uk_biscuits.csv": _world(
        "period",
        {"value": "revenue"},
        _plain(["inv_tv", "inv_bvod", "inv_soc", "inv_promo"]),
        ["cep_index", "da_index", "distribution_index"],
    ),
    "simulated/sample_clean_s0.csv": _world("date", {"value": "sales"}, _plain(_FOUR, "_spend"), ["Price"]),
    "simulated/sample_geo_clean_s20.csv": _world(
        "Period", {"value": "sales"}, _plain(_FOUR, "_spend"), ["Price"], "Geography"
    ),
    "simulated/sample_promo_and_media_s24.csv": _world(
        "date", {"value": "sales"}, _plain(_FOUR, "_spend"), ["Price", "Promo", "Demand_Proxy"]
    ),
    "simulated/sample_realistic_s42.csv": _world(
        "date",
        {"value": "sales"},
        _plain([*_FOUR, "Video", "Radio", "Print"], "_spend"),
        [
            "category_demand",
            "distribution",
            *_precision("price", "competitor_promo", "weather", "holiday"),
            *_precision(*(f"noise_{k}" for k in range(1, 7))),
        ],
    ),
    "simulated/pysimmmulator_national.csv": _world(
        "week_start",
        {"value": "total_revenue"},
        _exposed(["TV", "YouTube", "Facebook", "Display", "Radio", "Search", "Affiliate"]),
    ),
    "simulated/papilon.csv": _world(
        "date",
        {"value": "sales"},
        _plain(["paid_search", "paid_social", "online_video", "display"]),
        ["price_index", "promo"],
    ),
    "simulated/sample_geo12_4ch_1rf_s51.csv": _world(
        "time",
        _CONVERSIONS | {"population": "population"},
        _exposed(["media_1", "media_2", "media_3", "media_4", "rf_1"]),
        ["category_demand", *_precision("competitor_promo", "sentiment")],
        "geo",
    ),
    "geo_experiments/sample_geo_experiment_s52.csv": _world(
        "time",
        _CONVERSIONS | {"population": "population"},
        _exposed(["media_1", "media_2", "media_3"]),
        ["category_demand"],
        "geo",
    ),
}
"""Settings under `data:` by file; `source` is added when the config is written."""

NOT_MONEY = frozenset({"pymc_marketing/mmm_example.csv", "pymc_marketing/media_tvp_data.csv"})
"""Spend is a column scaled to 0..1: the outcome is a count without value, ROI is outcome per unit of x."""
