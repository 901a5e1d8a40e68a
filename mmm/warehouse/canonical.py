"""The data contract: the tables of the warehouse, their columns, and what makes a row the same row as another.

Whatever a source looks like, its rows come in as one of these tables. Money is in the currency of the config, net of
VAT, at what finance books; a day is a calendar day; text is "" where a source does not say; a number is empty where
a source does not count it, which is not zero.

Lineage is added on loading: `source` (which entry of the config), `load` (which file, when: table `loads`) and `row`
(row of that file, counted from 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Kind = Literal["day", "text", "amount", "number"]
"""day; text; amount: money or things counted, added up exactly; number: any number, never added up."""

DUCKDB_TYPES: dict[Kind, str] = {
    "day": "DATE",
    "text": "VARCHAR NOT NULL",
    "amount": "DECIMAL(18,6)",  # sums do not depend on the order of the rows
    "number": "DOUBLE",
}
LINEAGE = ("source", "load", "row")
"""Columns that every table has besides its own."""
MOST = 1e12
"""An amount is below this, either way: DECIMAL(18,6) holds no more."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a canonical table.

    `needed` columns are filled in every row; the others may be left out by a source.
    """

    name: str
    kind: Kind
    about: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class CanonicalTable:
    """A table of the warehouse.

    Attributes
    ----------
    columns
        Its own columns, without lineage.
    key
        The columns that make a row the same: a newer export of a source replaces what it says again. Rows of one
        file with the same key are parts (a campaign by device) and are added up.
    identity
        The column that, where it is filled, is the key alone: a lead is the same whatever else its row says, and two
        rows of it in one file are a fault, not parts. "" where a table has none.
    day
        The column that says when, or "" where a table is loaded whole.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    identity: str = ""
    day: str = "date"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its own columns."""
        return tuple(column.name for column in self.columns)

    def frame(
        self, columns: Mapping[str, object] | pd.DataFrame, rows: Sequence[int] | np.ndarray
    ) -> pd.DataFrame:
        """Columns as a frame of this table, in its order and types; what is not given is empty.

        Parameters
        ----------
        columns
            By name; days as anything pandas reads as a day, amounts and numbers as floats with nan where empty. A
            single value stands for all rows.
        rows
            Row of the file of each row, counted from 1.

        Raises
        ------
        ValueError
            A column that this table does not have, a needed one that is missing or empty, an amount that no column
            can hold. Adapters say such things in their own words before.
        """
        unknown = [name for name in columns if name not in self.names]
        if unknown:
            raise ValueError(
                f"table {self.name} has no column {unknown[0]!r}; there are {', '.join(self.names)}"
            )
        index = pd.RangeIndex(len(rows))
        made = {
            c.name: _typed(columns[c.name] if c.name in columns else _nothing(c.kind), c.kind, index)
            for c in self.columns
        }
        for column in self.columns:
            values = made[column.name]
            if column.needed and bool((values.isna() | (values == "")).any()):
                raise ValueError(f"table {self.name} needs {column.name} in every row")
            if column.kind == "amount" and bool((values.abs() >= MOST).any() or np.isinf(values).any()):
                raise ValueError(
                    f"{self.name}.{column.name} holds {values.abs().max():g}, which is no amount"
                )
        return pd.DataFrame(made | {"row": pd.Series(np.asarray(rows, dtype="int64"), index=index)})


def _nothing(kind: Kind) -> object:
    return {"day": pd.NaT, "text": "", "amount": np.nan, "number": np.nan}[kind]


def _typed(values: object, kind: Kind, index: pd.Index) -> pd.Series:
    """A column in the type of its kind."""
    plain = values.to_numpy() if isinstance(values, pd.Series) else values
    series = pd.Series(plain, index=index)
    if kind == "text":
        return series.astype(object).where(series.notna(), "").astype(str).astype(object)
    if kind == "day":
        return series.astype("datetime64[s]")
    return series.astype("float64")


_DATE = Column("date", "day", "the day, or the first day of the period that a row is about", needed=True)
_GEO = Column("geo", "text", "region; empty: the whole country")
_CHANNEL = Column("channel", "text", "as in the media tables of the config, after its rules", needed=True)
_AUDIENCE = Column("audience", "text", "audience, or empty")

MEDIA = CanonicalTable(
    "media",
    (
        _DATE,
        _GEO,
        _CHANNEL,
        _AUDIENCE,
        Column("message", "text", "third level of the media tree, or empty"),
        Column("account", "text", "account of the platform, where an export says it"),
        Column("campaign", "text", "campaign, as the platform calls it"),
        Column("adset", "text", "ad group, ad set"),
        Column("creative", "text", "ad, as the platform calls it"),
        Column("spend", "amount", "money spent"),
        Column("impressions", "amount", "impressions"),
        Column("clicks", "amount", "clicks"),
        Column("leads", "amount", "leads that the platform reports"),
        Column("exposure", "amount", "exposure that is neither: GRPs, views"),
        Column("platform_conversions", "amount", "orders or leads that the platform claims"),
        Column("platform_revenue", "amount", "money of these, as the platform claims"),
        Column("platform_vat", "amount", "VAT that was in it"),
        Column(
            "platform_exchange", "amount", "what it was more at the latest rate of exchange, VAT included"
        ),
    ),
    key=("date", "geo", "channel", "audience", "message", "account", "campaign", "adset", "creative"),
)
OUTCOME = CanonicalTable(
    "outcome",
    (
        _DATE,
        _GEO,
        Column("segment", "text", "new, existing customers; or empty"),
        Column("revenue", "amount", "money that finance books"),
        Column("orders", "amount", "orders"),
        Column("customers", "amount", "customers"),
        Column("counted", "amount", "what the model explains, where it is counted and not money"),
        Column("population", "amount", "people living in the region"),
    ),
    key=("date", "geo", "segment"),
)
FUNNEL = CanonicalTable(
    "funnel",
    (
        _DATE,
        _GEO,
        _CHANNEL,
        _AUDIENCE,
        Column("stage", "text", "step of the funnel: visit, lead, qualified, order", needed=True),
        Column("count", "amount", "how many reached it"),
    ),
    key=("date", "geo", "channel", "audience", "stage"),
)
CRM = CanonicalTable(
    "crm",
    (
        _DATE,
        _CHANNEL,
        _AUDIENCE,
        Column(
            "lead_id_hash",
            "text",
            "the lead, by a salted hash, never an e-mail address or a name; empty in a report that counts them",
        ),
        Column("campaign", "text", "campaign that the CRM names, or empty"),
        Column("creative", "text", "ad that the CRM names (utm_content), or empty"),
        Column("stage", "text", "where the lead stands"),
        Column("leads", "amount", "1, or how many leads a row of a report counts"),
        Column("qualified", "amount", "of these, how many sales accepted"),
        Column("won", "amount", "of these, how many became orders"),
        Column("revenue", "amount", "money of the orders"),
        Column("closed", "day", "the day on which the lead was won or lost; empty while open"),
    ),
    key=("date", "channel", "audience", "campaign", "creative", "stage"),
    identity="lead_id_hash",
)
ANALYTICS = CanonicalTable(
    "analytics",
    (
        _DATE,
        _CHANNEL,
        _AUDIENCE,
        Column("campaign", "text", "campaign, as analytics calls it"),
        Column("sessions", "amount", "visits"),
        Column("conversions", "amount", "orders or leads that analytics attributes"),
        Column("revenue", "amount", "money of these"),
    ),
    key=("date", "channel", "audience", "campaign"),
)
CONTROLS = CanonicalTable(
    "controls",
    (
        _DATE,
        _GEO,
        Column("name", "text", "which control, or owned medium", needed=True),
        Column("value", "number", "its value"),
    ),
    key=("date", "geo", "name"),
)
EVENTS = CanonicalTable(
    "events",
    (
        Column("start", "day", "first day", needed=True),
        Column("end", "day", "last day; empty: it lasts one day"),
        Column("name", "text", "which event", needed=True),
    ),
    key=("start", "name"),
    day="start",
)
EXPERIMENTS = CanonicalTable(
    "experiments",
    (
        Column("id", "text", "which test", needed=True),
        Column("channel", "text", "tested channel", needed=True),
        Column("audience", "text", "tested audience, or empty"),
        Column("geos", "text", "treated regions, separated by semicolons; empty: all"),
        Column("start", "day", "first day", needed=True),
        Column("end", "day", "last day", needed=True),
        Column("cooldown", "number", "periods after it that count"),
        Column("spend_change", "amount", "money added, or taken away (negative)"),
        Column("lift", "number", "incremental outcome in window and cool-down"),
        Column("lift_se", "number", "its standard error"),
        Column("method", "text", "how it was read"),
        Column("status", "text", "running, read, kept, widened, void"),
    ),
    key=("id",),
    day="",
)

CANONICAL: dict[str, CanonicalTable] = {
    table.name: table for table in (MEDIA, OUTCOME, FUNNEL, CRM, ANALYTICS, CONTROLS, EVENTS, EXPERIMENTS)
}
"""Every table of the warehouse by name."""
