"""New customers that media caused (from a segment, a further outcome, or a share of all); owned media in money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.config import Config
from mmm.data.calendar import period_end
from mmm.data.names import fold
from mmm.data.panel import Panel
from mmm.finance.customers import NewCustomers, customers_table
from mmm.finance.lifetime import MONTH, Lifetime
from mmm.finance.owned import owned_table
from mmm.inference.posterior import Posterior
from mmm.model.layout import Layout
from mmm.response.decomposition import split_outcome
from mmm.stages.prepare import Prepared
from mmm.stages.segments import load_posteriors

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FittedOutcome:
    """A further outcome that is fitted: its panel and layout, and where its posterior is."""

    panel: Panel
    layout: Layout
    place: Path


def write_customers(
    config: Config,
    prepared: Prepared,
    fitted: Path,
    others: Mapping[str, FittedOutcome],
    lifetimes: Mapping[str, Lifetime],
) -> pd.DataFrame | str:
    """The table `customers.csv`, or why there is none and what to do."""
    found = _new_customers(config, prepared, fitted, others)
    if isinstance(found, str):
        return found
    panel, counts = prepared.panel, prepared.counts
    spend = panel.spend.sum(axis=1) @ counts.members.T.astype(float)
    first = int(np.flatnonzero(found.inside)[0])
    return customers_table(
        found,
        counts,
        spend,
        lifetimes,
        config.finance.handling_cost_per_lead,
        f"{panel.dates[first]}/{period_end(panel.dates[-1], panel.grain)}",
        seed=config.model.sampling.seed,
    )


def _new_customers(
    config: Config, prepared: Prepared, fitted: Path, others: Mapping[str, FittedOutcome]
) -> NewCustomers | str:
    name, counted = fold(config.finance.customers.new), prepared.counts.new_customers
    kind = config.data.outcome.kind
    for part, posterior in zip(prepared.parts, load_posteriors(fitted, prepared.parts), strict=True):
        if not part.name or fold(part.name) != name:
            continue
        if kind == "count":
            return _from(posterior, part.layout, part.panel, part.panel.outcome.sum(axis=1), "segment")
        if counted is None:
            return f'segment "{part.name}" is money; name the column with their number as `data.outcome.new_customers`'
        return _from(posterior, part.layout, part.panel, counted, "segment")
    for key, other in others.items():
        if fold(key) == name:
            posterior = Posterior.load(other.place / "posterior.nc")
            return _from(posterior, other.layout, other.panel, other.panel.outcome.sum(axis=1), "outcome")
    if counted is None:
        return (
            "nothing says who is a new customer; name a column as `data.outcome.new_customers`, or a segment or a "
            "further outcome of that name (docs/money.md)"
        )
    parts = zip(load_posteriors(fitted, prepared.parts), prepared.parts, strict=True)
    brought, following = (
        np.sum(both, axis=0)
        for both in zip(*(_returns(posterior, part.layout) for posterior, part in parts), strict=True)
    )
    return _scaled(brought, following, prepared.layout, prepared.panel, counted, "share")


def owned(config: Config, prepared: Prepared, fitted: Path) -> pd.DataFrame:
    """The table `owned.csv`; without rows where there are no owned media."""
    panel, layout = prepared.panel, prepared.layout
    if not panel.organic_names:
        return pd.DataFrame()
    brought: dict[str, Floats] = {}
    following, outcome = np.zeros(1), 0.0
    weights = layout.data.spend[: layout.n_paid] / layout.data.spend[: layout.n_paid].sum()
    for posterior, part in zip(load_posteriors(fitted, prepared.parts), prepared.parts, strict=True):
        split = split_outcome(posterior, part.layout, part.panel)
        draws = len(split.media)
        keep = np.linspace(0, posterior.draws - 1, draws).round().astype(int)  # as the split has them
        following = following + posterior.flat("mroi")[keep][:, : part.layout.n_paid] @ weights
        outcome += float(split.outcome.sum())
        for name in panel.organic_names:
            brought[name] = brought.get(name, np.zeros(draws)) + split.parts[f"organic:{name}"].sum(axis=1)
    return owned_table(brought, following, outcome, _owned_costs(config, prepared))


def _owned_costs(config: Config, prepared: Prepared) -> dict[str, float]:
    """What each owned medium cost in the periods of the fit: from its column, or so much a month."""
    panel, layout = prepared.panel, prepared.layout
    last = period_end(panel.dates[-1], panel.grain)
    months = (float((last - panel.dates[layout.window]).astype(int)) + 1.0) / MONTH
    costs = {name: amount * months for name, amount in config.finance.owned_cost.items()}
    frame = prepared.tables.owned_costs
    days = frame["date"].to_numpy().astype("datetime64[D]")
    inside = frame[(days >= panel.dates[layout.window]) & (days <= last)]
    return costs | {str(name): float(rows["value"].sum()) for name, rows in inside.groupby("name")}


def _from(
    posterior: Posterior, layout: Layout, panel: Panel, customers: Floats, known_by: str
) -> NewCustomers:
    return _scaled(*_returns(posterior, layout), layout, panel, customers, known_by)


def _returns(posterior: Posterior, layout: Layout) -> tuple[Floats, Floats]:
    """Contribution of each cell and the return of its next unit of money, as in `roi.csv`, shape (draw, cell)."""
    n = layout.n_paid
    return posterior.flat("roi")[:, :n] * layout.data.spend[:n], posterior.flat("mroi")[:, :n]


def _scaled(
    brought: Floats, following: Floats, layout: Layout, panel: Panel, customers: Floats, known_by: str
) -> NewCustomers:
    """From money (or units) of an outcome to new customers, at their number for it in the periods of the fit."""
    inside = np.arange(len(panel.dates)) >= layout.window
    value = panel.outcome if panel.unit_value is None else panel.outcome * panel.unit_value
    money = value.sum(axis=1)
    both = inside & np.isfinite(money) & np.isfinite(customers)
    each = customers[both].sum() / money[both].sum()
    return NewCustomers(
        each * brought, each * following, panel.spend[layout.window :].sum(axis=(0, 1)), inside, known_by
    )
