"""The tables a company hands over, as data frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mmm.simulate.company import Company
from mmm.simulate.facts import GROSS_MARGIN
from mmm.simulate.returns import CellTruth


def company_tables(company: Company) -> dict[str, pd.DataFrame]:
    """Every table of the company by name: sales, media, controls, organic, events and so on."""
    return {
        "sales": sales_table(company),
        "media": media_table(company),
        "controls": controls_table(company),
        "organic": organic_table(company),
        "events": events_table(company),
        "experiments": experiments_table(company),
        "attribution": company.attribution,
    }


def sales_table(company: Company) -> pd.DataFrame:
    """week, region, population, revenue, orders."""
    return _by_region(
        company,
        {
            "population": np.broadcast_to(company.population, company.revenue.shape),
            "revenue": company.revenue,
            "orders": company.orders,
        },
    ).astype({"population": int, "revenue": int, "orders": int})


def media_table(company: Company) -> pd.DataFrame:
    """week, region, channel, audience, spend, impressions (empty where none are recorded)."""
    weeks, geos, cells = company.spend[company.shown].shape
    exposure = company.exposure[company.shown].copy()
    exposure[:, :, ~np.array(company.has_exposure)] = np.nan
    return pd.DataFrame(
        {
            "week": np.repeat(company.dates[company.shown], geos * cells),
            "region": np.tile(np.repeat(company.geos, cells), weeks),
            "channel": np.tile([cell.channel for cell in company.cells], weeks * geos),
            "audience": np.tile([cell.audience for cell in company.cells], weeks * geos),
            "spend": company.spend[company.shown].ravel().astype(int),
            "impressions": pd.array(exposure.ravel(), dtype="Float64").astype("Int64"),
        }
    )


def controls_table(company: Company) -> pd.DataFrame:
    """week, region, price_index, competitor, demand_index."""
    around = company.around
    return _by_region(
        company,
        {"price_index": around.price, "competitor": around.competitor, "demand_index": around.demand},
    )


def organic_table(company: Company) -> pd.DataFrame:
    """week, region, newsletter (mails delivered)."""
    return _by_region(company, {"newsletter": company.around.newsletter}).astype({"newsletter": int})


def events_table(company: Company) -> pd.DataFrame:
    """start, end (last day), name."""
    rows = [
        (company.dates[first], company.dates[last] + 6, name)
        for name, first, last, _ in company.around.events
    ]
    return pd.DataFrame(rows, columns=["start", "end", "name"])


def experiments_table(company: Company) -> pd.DataFrame:
    """Results of the past tests, on the columns of the data contract; cool-down in weeks."""
    return pd.DataFrame(
        [
            {
                "id": readout.test.id,
                "channel": company.cells[readout.test.cell].channel,
                "audience": company.cells[readout.test.cell].audience,
                "geos": ";".join(company.geos[g] for g in readout.test.geos),
                "start": company.dates[readout.test.start],
                "end": company.dates[readout.test.stop - 1] + 6,
                "cooldown": readout.test.cooldown,
                "spend_change": int(readout.spend_change),
                "lift": int(readout.lift),
                "lift_se": int(readout.lift_se),
                "method": "geo split",
                "status": "read",
            }
            for readout in company.truth.readouts
        ]
    )


def truth_mapping(company: Company, factor: float = 1.0) -> dict[str, Any]:
    """Everything a fit should find, ready for JSON; `factor` turns money into another currency."""
    truth, world = company.truth, company.world
    cells = []
    for c, (whole, rest) in enumerate(zip(truth.whole, truth.conditioned, strict=True)):
        paid = company.exposure[company.shown][:, :, c]
        cells.append(
            {
                "channel": whole.cell.channel,
                "audience": whole.cell.audience,
                "by": "impressions" if company.has_exposure[c] else "spend",
                "all_weeks": _returns(whole, factor),
                "from_week_13": _returns(rest, factor),
                "carry_over": [float(weight) for weight in world.weights[c].round(6)],
                "saturation": {
                    "form": world.curves[c],
                    "slope": _rounded(world.slope[c]),
                    "half_per_head_and_week": _rounded(world.half[c]),
                    "half_over_mean_active": _rounded(
                        world.half[c] / (paid / company.population)[paid > 0].mean()
                    ),
                },
                "region_effects": dict(
                    zip(
                        company.geos,
                        _rounded(world.strength[:, c] / world.strength[:, c].mean()),
                        strict=True,
                    )
                ),
            }
        )
    noise = truth.noise
    return {
        "seed": company.seed,
        "weeks": company.weeks,
        "lead_in_weeks": company.lead_in,
        "gross_margin": GROSS_MARGIN,
        "media_share_of_revenue": _rounded(truth.media_share),
        "noise_per_head_and_week": {
            "region_sd": dict(zip(company.geos, _rounded(noise.region_sd * factor), strict=True)),
            "region_autocorrelation": _rounded(noise.rho),
            "shared_shock_sd": _rounded(noise.shock_sd * factor),
            "shared_shock_autocorrelation": _rounded(noise.shock_rho),
        },
        "cells": cells,
        "experiments": [
            {
                "id": readout.test.id,
                "true_lift": _rounded(readout.true_lift * factor),
                "true_roi_of_the_change": _rounded(readout.true_lift / readout.spend_change),
            }
            for readout in truth.readouts
        ],
    }


def _returns(cell: CellTruth, factor: float) -> dict[str, float]:
    return {
        "spend": _rounded(cell.spend * factor),
        "contribution": _rounded(cell.contribution * factor),
        "roi": _rounded(cell.roi),
        "mroi": _rounded(cell.mroi),
    }


def _rounded(value: Any) -> Any:
    """Seven significant digits: more than anyone needs, fewer than machines disagree about."""
    if isinstance(value, np.ndarray):
        return [float(f"{v:.7g}") for v in value]
    return float(f"{value:.7g}")


def _by_region(company: Company, columns: dict[str, Any]) -> pd.DataFrame:
    """One row per week and region, for the weeks shown."""
    geos = len(company.geos)
    table = {
        "week": np.repeat(company.dates[company.shown], geos),
        "region": np.tile(company.geos, company.weeks),
    }
    return pd.DataFrame(table | {k: v[company.shown].ravel() for k, v in columns.items()})
