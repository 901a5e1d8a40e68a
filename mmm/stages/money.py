"""The scorecard and the money bridge: from counts, and from the posterior where a fit is finished."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.config import Config
from mmm.data.panel import Panel
from mmm.finance.bridge import Caused, bridge_table, counted_steps
from mmm.finance.claims import claims_table
from mmm.finance.cohorts import learned_lifetimes
from mmm.finance.drivers import drivers_table
from mmm.finance.economics import unit_economics
from mmm.finance.freshness import sources_table
from mmm.finance.lifetime import given_lifetimes
from mmm.finance.scorecard import scorecard_table
from mmm.finance.windows import QUARTER, Windows, trailing_windows
from mmm.inference.posterior import Posterior
from mmm.response.decomposition import caused_by_spend
from mmm.stages.customers import FittedOutcome, owned, write_customers
from mmm.stages.prepare import Prepared
from mmm.stages.segments import load_posteriors
from mmm.stages.tables import write_csv, write_json

Floats = NDArray[np.float64]

PAID = ("media", "media_before")


def write_money(
    folder: Path,
    config: Config,
    prepared: Prepared,
    fitted: Path | None,
    others: Mapping[str, FittedOutcome],
) -> None:
    """Scorecard, sources, bridge and claims; with a fit also what new customers cost and leave.

    Parameters
    ----------
    others
        Further outcomes that are fitted, by name.
    """
    panel, counts = prepared.panel, prepared.counts
    span = QUARTER[panel.grain]
    revenue = _revenue(panel)
    split = None if fitted is None else _split(fitted)
    write_csv(sources_table(prepared.tables), folder / "sources.csv")
    handling = config.finance.handling_cost_per_lead
    write_csv(scorecard_table(panel, counts, revenue, span, split, handling), folder / "scorecard.csv")
    write_csv(drivers_table(panel, counts, span), folder / "drivers.csv")
    why = _no_bridge(prepared, revenue, fitted is not None)
    if why == "" and revenue is not None:
        usable = counts.covered & np.isfinite(revenue) & _modelled(prepared, fitted is not None)
        windows = trailing_windows(panel.dates, panel.grain, usable, span)
        caused = None
        if fitted is not None and split is not None:
            caused = _caused(prepared, load_posteriors(fitted, prepared.parts), split, windows)
        steps = counted_steps(counts, revenue, windows, config.finance.returns)
        spend = panel.spend.sum(axis=1) @ counts.members.T.astype(float)
        write_csv(bridge_table(steps, caused, revenue, counts, windows), folder / "bridge.csv")
        write_csv(claims_table(counts, revenue, spend, caused, windows), folder / "claims.csv")
    without = "what media caused needs a fit; run `mmm fit`"
    lifetimes = given_lifetimes(config.finance)
    if prepared.customers is not None:
        months, seed = config.finance.customers.months, config.model.sampling.seed
        economics = unit_economics(config.finance)
        lifetimes, table = learned_lifetimes(prepared.customers, economics, months, seed=seed)
        write_csv(table, folder / "lifetime.csv")
    customers = without if fitted is None else write_customers(config, prepared, fitted, others, lifetimes)
    if fitted is not None and not (table := owned(config, prepared, fitted)).empty:
        write_csv(table, folder / "owned.csv")
    if not isinstance(customers, str):
        write_csv(customers, folder / "customers.csv")
        customers = ""
    told = {"fitted": fitted is not None, "no_bridge": why, "no_customers": customers}
    write_json(told, folder / "money.json")


def _revenue(panel: Panel) -> Floats | None:
    """What finance books by period; None where the outcome has no money value."""
    return None if panel.unit_value is None else (panel.outcome * panel.unit_value).sum(axis=1)


def _no_bridge(prepared: Prepared, revenue: Floats | None, fitted: bool) -> str:
    """Why there is no bridge, and what to do; empty where there is one."""
    counts = prepared.counts
    if revenue is None:
        return "the outcome has no money value; give `data.outcome.value_per_unit`"
    if "claimed" not in counts.counted:
        return "nothing says what platforms claim; name a table with `claimed` under `data.attribution`"
    if "claimed_revenue" not in counts.counted and counts.orders is None:
        return "claims have no money; give their column as `claimed_revenue`, or the orders as `data.outcome.orders`"
    if not (counts.covered & np.isfinite(revenue) & _modelled(prepared, fitted)).any():
        return "counts and outcome have no period in common; load the counts of the last months"
    return ""


def _modelled(prepared: Prepared, fitted: bool) -> NDArray[np.bool_]:
    """Periods the fit explains; all without one."""
    return np.arange(len(prepared.panel.dates)) >= (prepared.layout.window if fitted else 0)


def _split(fitted: Path) -> pd.DataFrame:
    """The outcome split by the fit into paid, owned and base, by date; its residual belongs to the base."""
    table = pd.read_csv(fitted / "contributions.csv", encoding="utf-8-sig", keep_default_na=False)
    table = table[table["segment"] == ""] if "segment" in table else table
    owned = table["component"].str.startswith("organic:")
    part = np.where(table["component"].isin(PAID), "paid", np.where(owned, "owned", "base"))
    date = pd.to_datetime(table["date"])
    return pd.DataFrame(
        {"date": date, "component": table["component"], "part": part, "value": table["value"]}
    )


def _caused(prepared: Prepared, posteriors: list[Posterior], split: pd.DataFrame, windows: Windows) -> Caused:
    panel, layout = prepared.panel, prepared.layout
    fitted = zip(posteriors, prepared.parts, strict=True)
    by_cell = np.sum([caused_by_spend(posterior, part.layout) for posterior, part in fitted], axis=0)
    whole = np.zeros((len(by_cell), len(panel.dates), by_cell.shape[2]))
    whole[:, layout.window :] = by_cell
    members = prepared.counts.members.T.astype(float)

    def summed(rows: pd.Series) -> Floats:
        found = split[rows.to_numpy()].groupby("date")["value"].sum()
        by_period = np.zeros(len(panel.dates))
        by_period[np.searchsorted(panel.dates, found.index.to_numpy().astype("datetime64[D]"))] = (
            found.to_numpy()
        )
        return windows.sums(by_period[:, None])[:, 0]

    return Caused(
        media=windows.sums(whole @ members),
        carried_in=summed(split["component"] == "media_before"),
        owned=summed(split["part"] == "owned"),
        base=summed((split["part"] == "base") & (split["component"] != "residual")),
    )
