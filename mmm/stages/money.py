"""The scorecard and the money bridge: from counts, and from the posterior where a fit is finished."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.config import Config
from mmm.data.creatives import align_creatives
from mmm.data.panel import Panel
from mmm.finance.bridge import Caused, bridge_table, counted_steps
from mmm.finance.claims import claims_table
from mmm.finance.cohorts import learned_lifetimes
from mmm.finance.creatives import creative_figures, creatives_table
from mmm.finance.drivers import drivers_table
from mmm.finance.economics import unit_economics
from mmm.finance.freshness import sources_table
from mmm.finance.lifetime import given_lifetimes
from mmm.finance.maturity import expected_series, leads_table, maturity_of
from mmm.finance.scorecard import scorecard_table
from mmm.finance.windows import QUARTER, Windows, trailing_windows
from mmm.inference.posterior import Posterior
from mmm.response.decomposition import caused_by_spend
from mmm.stages.at_hand import called
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
    write_csv(sources_table(prepared.tables, called(config)), folder / "sources.csv")
    handling = config.finance.handling_cost_per_lead
    drawn = None if fitted is None else _caused_by_leaf(prepared, load_posteriors(fitted, prepared.parts))
    lines = _write_creatives(folder, prepared, drawn, span)
    expected = _write_leads(folder, prepared)
    card = scorecard_table(panel, counts, revenue, span, split, handling, expected)
    write_csv(pd.concat([card, lines], ignore_index=True), folder / "scorecard.csv")
    write_csv(drivers_table(panel, counts, span), folder / "drivers.csv")
    why = _no_bridge(prepared, revenue, fitted is not None)
    if why == "" and revenue is not None:
        usable = counts.covered & np.isfinite(revenue) & _modelled(prepared, fitted is not None)
        windows = trailing_windows(panel.dates, panel.grain, usable, span)
        caused = None
        if drawn is not None and split is not None:
            caused = _caused(prepared, drawn, split, windows)
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


def _write_creatives(folder: Path, prepared: Prepared, drawn: Floats | None, span: int) -> pd.DataFrame:
    """The ledger of the last window, where the data name campaigns; gives its rows of the scorecard."""
    panel, counts = prepared.panel, prepared.counts
    found = align_creatives(prepared.tables.creatives, panel, counts)
    if found is None:
        return pd.DataFrame()
    usable = _modelled(prepared, drawn is not None)
    windows = trailing_windows(panel.dates, panel.grain, usable, span)
    caused = None if drawn is None else windows.sums(drawn)[:, -1]
    table = creatives_table(found, panel, windows.inside[-1], windows.names[-1], caused)
    write_csv(table, folder / "creatives.csv")
    return creative_figures(found, panel, span)


def _write_leads(folder: Path, prepared: Prepared) -> dict[str, Floats] | None:
    """Leads by month with what is still to come, where the CRM gives them one by one; the same for the scorecard."""
    panel, counts = prepared.panel, prepared.counts
    found = maturity_of(prepared.tables.leads, panel, counts)
    if found is None:
        return None
    write_csv(leads_table(found, counts), folder / "leads.csv")
    return expected_series(found, len(panel.dates), len(counts.leaves))


def _caused_by_leaf(prepared: Prepared, posteriors: list[Posterior]) -> Floats:
    """What paid media caused by period and leaf, shape (draw, period, leaf); nothing before the fit's first period."""
    panel, layout = prepared.panel, prepared.layout
    fitted = zip(posteriors, prepared.parts, strict=True)
    by_cell = np.sum([caused_by_spend(posterior, part.layout) for posterior, part in fitted], axis=0)
    whole = np.zeros((len(by_cell), len(panel.dates), by_cell.shape[2]))
    whole[:, layout.window :] = by_cell
    return np.asarray(whole @ prepared.counts.members.T.astype(float))


def _caused(prepared: Prepared, drawn: Floats, split: pd.DataFrame, windows: Windows) -> Caused:
    panel = prepared.panel

    def summed(rows: pd.Series) -> Floats:
        found = split[rows.to_numpy()].groupby("date")["value"].sum()
        by_period = np.zeros(len(panel.dates))
        by_period[np.searchsorted(panel.dates, found.index.to_numpy().astype("datetime64[D]"))] = (
            found.to_numpy()
        )
        return windows.sums(by_period[:, None])[:, 0]

    return Caused(
        media=windows.sums(drawn),
        carried_in=summed(split["component"] == "media_before"),
        owned=summed(split["part"] == "owned"),
        base=summed((split["part"] == "base") & (split["component"] != "residual")),
    )
