"""What a config says about tables: where they are, which column is what, how to read them."""

from __future__ import annotations

import re
from datetime import date as Date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

Grain = Literal["day", "week", "month"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Settings(BaseModel):
    """Base of all settings: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Database(Settings):
    """A table that a database gives: what a query answers."""

    url: str = Field(
        description="postgres://, sqlite:///FILE, duckdb:// (files), or what Ibis opens; credentials as ${VARIABLE}"
    )
    query: str = Field(min_length=1, description="one SELECT in the database's own SQL")
    timeout: float = Field(60.0, gt=0, le=86_400, description="seconds that the query may take")

    @model_validator(mode="before")
    @classmethod
    def _no_secrets(cls, value: Any) -> Any:
        """Refuse a password that is written down; the message must not repeat it."""
        url = value.get("url") if isinstance(value, dict) else None
        if isinstance(url, str) and has_secret(url):
            raise ValueError(
                "the URL holds a password, and configs are copied and printed. Put it into an environment variable "
                "and write the URL in quotes with its name: postgres://name:${DB_PASSWORD}@host/base"
            )
        return value


_VARIABLES = re.compile(r"(?:\$\{[A-Za-z_]\w*\})+")
_SECRET = re.compile(r"pass|pwd|secret|token|key|credential", re.IGNORECASE)


def has_secret(url: str) -> bool:
    """Whether a URL holds a password, a token or a key in plain text, not as the name of a variable."""
    before, _, options = url.partition("://")[2].partition("?")
    password = before.rpartition("@")[0].partition(":")[2]
    pairs = [pair.partition("=") for pair in re.split(r"[&;]", options)]
    words = [password, *(value for name, _, value in pairs if _SECRET.search(name))]
    return any(word and not _VARIABLES.fullmatch(word) for word in words)


def _is_database(value: Any) -> str:
    return "Database" if isinstance(value, dict | Database) else "Path"


Place = Annotated[
    Annotated[Path, Tag("Path")] | Annotated[Database, Tag("Database")], Discriminator(_is_database)
]
"""Where rows are: a file, or a query of a database. What reads tables sees files only: a query is fetched first."""


def file_of(source: Path | Database) -> Path:
    """The file of a source whose query, if it is one, was fetched.

    Raises
    ------
    TypeError
        A query that nobody fetched.
    """
    if isinstance(source, Database):
        raise TypeError(f"a query of {source.url} was not fetched before it is read")
    return source


def _tidy_format(value: Any) -> Any:
    """`DD/MM/YYYY` and `%d.%m.%y` as `d/m/y`: the order is what matters."""
    if not isinstance(value, str) or not re.fullmatch(r"[%dmyDMY./ -]+", value):
        return value
    order = "/".join(dict.fromkeys(re.findall(r"[dmy]", value.lower())))
    return "iso" if order == "y/m/d" and re.search(r"yyyy|%Y", value) else order


def _rate_form(value: Any) -> str:
    """Which of its forms a rate has, so that a fault is said once."""
    if not isinstance(value, dict):
        return "float"
    return "RatesTable" if "source" in value else "dict[by date]"


class RatesTable(Settings):
    """A table of rates of one currency, a row a day; a rate holds until the next."""

    source: Place = Field(description="CSV, Parquet or XLSX file, relative to the config")
    sheet: str | None = Field(None, description="sheet of a workbook")
    date: str = Field("date", description="column with the day from which a rate holds")
    rate: str = Field("rate", description="column with the money for one unit")


Vat = Annotated[float, Field(ge=0, lt=1)]
Fee = Annotated[float, Field(ge=0, lt=1)]
Rate = Annotated[float, Field(gt=0)]
Vats = Annotated[
    Annotated[Vat, Tag("float")] | Annotated[dict[Date, Vat], Tag("dict[by date]")], Discriminator(_rate_form)
]
Fees = Annotated[
    Annotated[Fee, Tag("float")] | Annotated[dict[Date, Fee], Tag("dict[by date]")], Discriminator(_rate_form)
]
Rates = Annotated[
    Annotated[Rate, Tag("float")]
    | Annotated[dict[Date, Rate], Tag("dict[by date]")]
    | Annotated[RatesTable, Tag("RatesTable")],
    Discriminator(_rate_form),
]


class Source(Settings):
    """Where a table comes from, and what its owner says of it. `data` says it for every table."""

    source: Place | None = Field(
        None,
        description="CSV, Parquet or XLSX file, relative to the config; or {url, query}",
    )
    sheet: str | None = Field(None, description="sheet of a workbook; default: the first with a table")
    date: str | None = Field(None, description="column with the date")
    geo: str | None = Field(None, description="column with the region")
    vat_included: Vats | None = Field(
        None,
        description="VAT rate inside the amounts, taken out; by date: {2024-01-01: 0.17, 2025-01-01: 0.18}",
    )
    unit: float = Field(
        1.0, gt=0, description="money per unit of the column: 0.01 for cents, 1000 for thousands"
    )
    currency: str | None = Field(
        None,
        pattern=r"^[A-Z]{3}$",
        description="currency of the amounts, where it is another; needs `finance.rates`",
    )
    fee: Fees | None = Field(
        None, description="agency fee on top of media, as a share of them: 0.1, or by date like VAT"
    )
    owner: str | None = Field(None, description="who to ask about the table; shown with its age")
    date_format: Annotated[
        Literal["d/m/y", "m/d/y", "y/m/d", "iso", "iso week", "month", "excel serial"] | None,
        BeforeValidator(_tidy_format),
    ] = Field(None, description="how dates are written, DD/MM/YYYY; default: the reading that is regular")
    week_label: Literal["first", "last"] = Field(
        "first", description="whether the date of a week is its first or its last day"
    )


class OtherOutcome(Source):
    """An outcome that is one column. As a further one it is fitted beside the first and never planned on."""

    value: str = Field(description="column with the outcome")
    kind: Literal["revenue", "count"] = Field("revenue", description="money, or things counted")
    value_per_unit: float | str | None = Field(
        None, description="count only: money per unit, a number or a column; without it results are in units"
    )
    population: str | None = Field(None, description="column with the number of people of a region")

    @model_validator(mode="after")
    def _revenue_has_no_unit_value(self) -> OtherOutcome:
        if self.kind == "revenue" and self.value_per_unit is not None:
            raise ValueError("value_per_unit is for `kind: count`; revenue is money already")
        return self


class OutcomeTable(OtherOutcome):
    """The outcome: the number the model explains, and money is planned on."""

    value: str | dict[str, str] = Field(  # type: ignore[assignment]  # more than a further outcome can have
        description="column with the outcome; where each segment has a column of its own: {new: COLUMN, known: COLUMN}"
    )
    segment: str | None = Field(
        None,
        description="column with the segment (new and existing customers); each is fitted on the same media, and money "
        "is planned on their sum",
    )
    orders: str | None = Field(
        None, description="column with the number of orders; for the scorecard and the money bridge only"
    )
    new_customers: str | None = Field(
        None,
        description="column with the number of new customers; for the scorecard and the cost of a customer only",
    )

    @model_validator(mode="after")
    def _segments_are_told_once(self) -> OutcomeTable:
        if isinstance(self.value, str):
            return self
        if self.segment is not None:
            raise ValueError(
                "`value` has a column for each segment and `segment` a column with their names; keep one of the two"
            )
        if len(self.value) < 2:
            raise ValueError(
                "`value` names one segment; write its column alone, or name two segments or more"
            )
        if len({" ".join(name.split()).casefold() for name in self.value} - {""}) < len(self.value):
            raise ValueError(
                "two segments of `value` have one name, or one has none; give each a name of its own"
            )
        return self

    @property
    def has_segments(self) -> bool:
        """Whether the outcome comes in parts that are fitted side by side."""
        return self.segment is not None or not isinstance(self.value, str)


class CellColumns(Settings):
    """One cell of a wide table."""

    channel: str = Field(description="name of the channel")
    audience: str = Field("", description="name of the audience")
    message: str = Field("", description="name of the message")
    spend: str = Field(description="column with the money spent")
    exposure: str | None = Field(None, description="column with impressions, clicks, GRPs")


class MediaTable(Source):
    """A table of paid media: long (channel column) or wide (`cells`)."""

    channel: str | None = Field(None, description="long table: column with the channel")
    audience: str | None = Field(None, description="long table: column with the audience")
    message: str | None = Field(None, description="long table: column with the message")
    spend: str | None = Field(None, description="long table: column with the money spent")
    exposure: str | None = Field(None, description="long table: column with impressions, clicks, GRPs")
    cells: tuple[CellColumns, ...] = Field((), description="wide table: one entry per cell")

    @model_validator(mode="after")
    def _long_or_wide(self) -> MediaTable:
        if self.cells and (self.channel or self.spend):
            raise ValueError("give either `cells` (wide) or `channel` and `spend` (long), not both")
        if not self.cells and not (self.channel and self.spend):
            raise ValueError("a long media table needs `channel` and `spend`; a wide one needs `cells`")
        return self


class ControlColumn(Settings):
    """A control with its role."""

    name: str = Field(description="column")
    role: Literal["confounder", "precision", "treatment", "demand"] = Field(
        "confounder",
        description="confounder: never shrunk; precision: only sharpens, shrunk together; treatment: a confounder of "
        "one's own making (price, promotion), shown against its `baseline`; demand: a confounder that media are "
        "multiplied by, relative to its mean",
    )
    baseline: float | Literal["min", "max"] | None = Field(
        None,
        description="treatment only: its value when nothing is done (the usual price, 0 for promotions), or the "
        "smallest or largest it had",
    )

    @model_validator(mode="after")
    def _against_something(self) -> ControlColumn:
        if self.role == "treatment" and self.baseline is None:
            raise ValueError(
                f"{self.name!r} as a treatment needs `baseline`: its value when nothing is done (the usual price, 0 "
                "for promotions), or min or max"
            )
        if self.role != "treatment" and self.baseline is not None:
            raise ValueError(f"{self.name!r} has a `baseline`, which only `role: treatment` is shown against")
        return self


def _control(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, dict) and value.get("role") in {"mediator", "collider"}:
        raise ValueError(
            f"{value.get('name')!r} as a {value['role']}: controlling for what media themselves move takes "
            "away a part of their effect; leave the column out"
        )
    return value


class ControlsTable(Source):
    """Columns that move the outcome besides media."""

    columns: tuple[Annotated[ControlColumn, BeforeValidator(_control)], ...] = Field(
        min_length=1, description="columns, each a name or {name, role}; a treatment also has its `baseline`"
    )

    @model_validator(mode="after")
    def _one_demand(self) -> ControlsTable:
        names = [column.name for column in self.columns if column.role == "demand"]
        if len(names) > 1:
            raise ValueError(
                f"{' and '.join(names)} both have `role: demand`; media are multiplied by one index"
            )
        return self


class OrganicTable(Source):
    """Owned media without spend: newsletter, organic social."""

    columns: tuple[str, ...] = Field(min_length=1, description="one column per medium")
    costs: dict[str, str] = Field(
        {}, description="columns with what a medium cost, people's hours too: {newsletter: newsletter_cost}"
    )

    @model_validator(mode="after")
    def _costs_are_of_media(self) -> OrganicTable:
        names = {" ".join(name.split()) for name in self.columns}
        if lost := [name for name in self.costs if " ".join(name.split()) not in names]:
            raise ValueError(f"`costs` has {lost[0]!r}, which is none of the `columns`")
        return self


class EventsTable(Source):
    """Named events with a first and a last day."""

    end: str | None = Field(None, description="column with the last day; without it an event lasts one day")
    name: str = Field(description="column with the name")


class CountsTable(Source):
    """What platforms claim, analytics attributes and the CRM knows: counts by day, channel and audience."""

    channel: str = Field(description="column with the channel, named as in the media tables")
    audience: str | None = Field(None, description="column with the audience")
    message: str | None = Field(None, description="column with the message")
    clicks: str | None = Field(None, description="column with clicks")
    leads: str | None = Field(None, description="column with leads")
    qualified: str | None = Field(None, description="column with leads that are qualified")
    claimed: str | None = Field(None, description="column with orders the platform claims")
    claimed_within: str | None = Field(
        None,
        description="column with those of them inside the attribution window that all share (7-day click)",
    )
    claimed_revenue: str | None = Field(None, description="column with the money of these orders")
    claimed_vat: str | None = Field(
        None, description="column with VAT that was in this money and is taken out already; exports fill it"
    )
    claimed_exchange: str | None = Field(
        None, description="column with what it was more at the latest rate of exchange; exports fill it"
    )
    attributed: str | None = Field(None, description="column with orders that analytics attributes")
    attributed_revenue: str | None = Field(None, description="column with their money")
    data_driven: str | None = Field(
        None,
        description="column with orders as a data-driven model of analytics shares them out between clicks",
    )
    matched: str | None = Field(None, description="column with orders or customers found in the CRM")
    matched_revenue: str | None = Field(None, description="column with their money")

    @model_validator(mode="after")
    def _counts_something(self) -> CountsTable:
        if not any(getattr(self, name) for name in COUNTED):
            raise ValueError(f"names no column to count; give one of {', '.join(COUNTED)}")
        if self.claimed_within is not None and self.claimed is None:
            raise ValueError(
                "`claimed_within` is a part of the orders claimed; name their column as `claimed` too"
            )
        return self


class TransactionsTable(Source):
    """Orders of single customers, a row each, from their first one on."""

    customer: str = Field(description="column with the customer: a number or a hash, never a name")
    value: str = Field(description="column with the money of the order")
    channel: str | None = Field(None, description="column with the channel that won the customer")
    audience: str | None = Field(None, description="column with the audience")


class CreativesTable(Source):
    """Campaigns and ads by day or week, for the ledger of creatives. No fit depends on it; exports fill it."""

    channel: str = Field(description="column with the channel, named as in the media tables")
    audience: str | None = Field(None, description="column with the audience")
    campaign: str | None = Field(None, description="column with the campaign")
    creative: str | None = Field(None, description="column with the ad")
    spend: str = Field(description="column with the money spent")
    exposure: str | None = Field(None, description="column with impressions")
    clicks: str | None = Field(None, description="column with clicks")
    leads: str | None = Field(None, description="column with leads")
    qualified: str | None = Field(None, description="column with leads that are qualified")
    won: str | None = Field(None, description="column with orders found in the CRM")
    won_revenue: str | None = Field(None, description="column with their money")

    @model_validator(mode="after")
    def _names_lines(self) -> CreativesTable:
        if self.campaign is None and self.creative is None:
            raise ValueError("names neither `campaign` nor `creative`; give the column of one, or of both")
        return self


class LeadsTable(Source):
    """Leads of a CRM by the day they came in and the day they were won, without ids. Exports fill it."""

    channel: str = Field(description="column with the channel, named as in the media tables")
    audience: str | None = Field(None, description="column with the audience")
    won_on: str = Field(description="column with the day of the order; empty while there is none")
    leads: str | None = Field(None, description="column with the number of leads of a row; without it 1")


COUNTED = (
    *("clicks", "leads", "qualified", "claimed", "claimed_within", "claimed_revenue"),
    *("attributed", "attributed_revenue", "data_driven", "matched", "matched_revenue"),
)
"""What a table of counts may hold, from the first touch to the money."""


class TagRule(Settings):
    """Which names of source, medium and campaign are which channel; `*` stands for any letters, `?` for one."""

    adapter: str | None = Field(None, description="only rows of this adapter: google_ads, ga4, hubspot, ...")
    source: str | None = Field(None, description="pattern of the source: google, facebook*")
    medium: str | None = Field(None, description="pattern of the medium: cpc, paid*")
    campaign: str | None = Field(None, description='pattern of the campaign: "*brand*"')
    ad_set: str | None = Field(None, description="pattern of the ad group or ad set")
    creative: str | None = Field(None, description="pattern of the ad")
    channel: str = Field(min_length=1, description="channel of the rows whose names match all patterns")
    audience: str = Field("", description="their audience")
    message: str = Field("", description="their message")

    @model_validator(mode="after")
    def _has_a_pattern(self) -> TagRule:
        if all(getattr(self, name) is None for name in ("adapter", *TAGGED)):
            raise ValueError(
                f"the rule of channel {self.channel!r} matches everything; give a pattern of {', '.join(TAGGED)}"
            )
        return self


TAGGED = ("source", "medium", "campaign", "ad_set", "creative")
"""What a rule may look at."""


class ExportTable(Source):
    """Files as a platform exports them; the adapter knows its columns."""

    source: Place | None = Field(
        None,
        description="the file, or a pattern of several (exports/google/*.csv), relative to the config; or {url, query}",
    )
    adapter: Literal[
        "google_ads", "meta", "tiktok", "linkedin", "ga4", "hubspot", "salesforce", "generic"
    ] = Field(description="whose export it is; generic: a long table of one's own")
    table: Literal["media", "analytics", "crm"] = Field(
        "media", description="generic only: what its rows are about"
    )
    channel: str | None = Field(None, description="channel of the rows that no rule catches")
    columns: dict[str, str] = Field(
        {}, description="columns the adapter does not know by itself: {spend: Total net cost}"
    )
    qualified: tuple[str, ...] = Field((), description="CRM: names of the stages of a qualified lead")
    won: tuple[str, ...] = Field((), description="CRM: names of the stages of an order")

    @model_validator(mode="after")
    def _names_files(self) -> ExportTable:
        if self.source is None:
            raise ValueError("an export needs its own `source`: a file, a pattern of several, or a query")
        if self.adapter != "generic" and "table" in self.model_fields_set:
            raise ValueError(f"`table` is for `adapter: generic`; the rows of {self.adapter} are known")
        return self


class FutureTable(Source):
    """Controls known ahead (price, promotions) for the coming window; columns as in `controls`."""


def _media(value: Any) -> Any:
    """Turn the short form {channel: spend column} into one wide table."""
    if isinstance(value, dict) and not {"source", "cells", "channel", "spend"} & set(value):
        bad = [str(k) for k, v in value.items() if not isinstance(v, str)]
        if bad:
            raise ValueError(f"short form is `channel: spend column`; {bad[0]!r} has no column name")
        return [{"cells": [{"channel": str(k), "spend": v} for k, v in value.items()]}]
    return [value] if isinstance(value, dict) else value


def _list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _organic(value: Any) -> Any:
    return {"columns": value} if isinstance(value, list) else value


class DataSettings(Source):
    """All tables of one company."""

    grain: Grain = Field("week", description="period of the model; finer rows are added up")
    outcome: OutcomeTable
    other_outcomes: dict[str, OtherOutcome] = Field(
        {}, description="further outcomes by name, fitted beside the first; no money is planned on them"
    )
    media: Annotated[tuple[MediaTable, ...], BeforeValidator(_media)] = ()
    organic: Annotated[OrganicTable | None, BeforeValidator(_organic)] = None
    controls: Annotated[ControlsTable | None, BeforeValidator(_organic)] = None
    events: EventsTable | None = None
    future: FutureTable | None = None
    attribution: Annotated[tuple[CountsTable, ...], BeforeValidator(_list)] = ()
    creatives: CreativesTable | None = None
    leads: LeadsTable | None = None
    exports: Annotated[tuple[ExportTable, ...], BeforeValidator(_list)] = ()
    rules: Annotated[tuple[TagRule, ...], BeforeValidator(_list)] = ()

    @model_validator(mode="after")
    def _has_media(self) -> DataSettings:
        if not self.media and not self.exports:
            raise ValueError(
                "needs `media`, tables of paid media (short form: {tv: tv_spend}), or `exports` of ad platforms"
            )
        if self.rules and not self.exports:
            raise ValueError("has `rules`, which say what the rows of `exports` are, and no `exports`")
        return self

    @model_validator(mode="after")
    def _exports_are_apart(self) -> DataSettings:
        told = [(export.adapter, export.source) for export in self.exports]
        if twice := [source for one, source in told if told.count((one, source)) > 1]:
            raise ValueError(f"two `exports` of one adapter have the source {str(twice[0])!r}; keep one")
        return self

    @model_validator(mode="after")
    def _fees_are_of_media(self) -> DataSettings:
        tables: dict[str, Source | None] = {
            "outcome": self.outcome,
            "organic": self.organic,
            "controls": self.controls,
        }
        tables |= {"events": self.events, "future": self.future, "leads": self.leads}
        tables |= {f"other_outcomes.{name}": table for name, table in self.other_outcomes.items()}
        tables |= {f"attribution[{number}]": table for number, table in enumerate(self.attribution, start=1)}
        if wrong := [name for name, table in tables.items() if table is not None and table.fee is not None]:
            raise ValueError(
                f"`{wrong[0]}` has a `fee`, which comes on top of media; put it on a table of media"
            )
        return self

    @model_validator(mode="after")
    def _others_are_named(self) -> DataSettings:
        if any(not name.strip() for name in self.other_outcomes):
            raise ValueError("an outcome of `other_outcomes` has no name")
        return self

    def resolved(self, table: Source) -> Source:
        """The table with source, sheet, date and geo inherited from `data`."""
        inherited = {
            key: getattr(self, key)
            for key in ("source", "sheet", "date", "geo")
            if getattr(table, key) is None and not (key == "sheet" and table.source is not None)
        }
        return table.model_copy(update=inherited)


class ExcludedPeriod(Settings):
    """Days whose outcome the model does not explain; carry-over runs on through them."""

    start: Date = Field(description="first day")
    end: Date = Field(description="last day")
    reason: str = Field("", description="why, in words; shown beside the fit")

    @model_validator(mode="after")
    def _ordered(self) -> ExcludedPeriod:
        if self.end < self.start:
            raise ValueError(f"ends {self.end} before it starts {self.start}")
        return self


class HolidaySettings(Settings):
    """Which holidays, and how far their pull reaches."""

    countries: tuple[str, ...] = Field((), description="codes of the `holidays` package: US, IL, DE")
    source: Place | None = Field(
        None,
        description="own calendar, a row a day of a holiday: CSV, Parquet or XLSX, relative to the config",
    )
    date: str = Field("date", description="own calendar: column with the day")
    name: str = Field("name", description="own calendar: column with the name, one effect each")
    lead: int = Field(7, ge=0, le=60, description="days before the holiday over which its effect builds up")
    lag: int = Field(2, ge=0, le=60, description="days after it over which the effect fades")
    drop: tuple[str, ...] = Field((), description="names to leave out")

    @model_validator(mode="after")
    def _has_days(self) -> HolidaySettings:
        if not self.countries and self.source is None:
            raise ValueError("name `countries`, or a `source` with a calendar of your own")
        return self


def _holidays(value: Any) -> Any:
    if isinstance(value, str):
        return {"countries": [value]}
    return {"countries": value} if isinstance(value, list) else value


class CalendarSettings(Settings):
    """Weeks, holidays and periods left out."""

    week_starts: Weekday | None = Field(None, description="default: what the dates show")
    holidays: Annotated[HolidaySettings | None, BeforeValidator(_holidays)] = None
    exclude: tuple[ExcludedPeriod, ...] = ()


class ChannelSettings(Settings):
    """How a channel is called."""

    label: str | dict[str, str] | None = Field(None, description="name on pages, by language")
    was: tuple[str, ...] = Field((), description="other spellings in the files")
    role: Literal["paid", "demand_capture"] = Field(
        "paid", description="demand_capture: it meets people who were looking already, as brand search does"
    )


class ExperimentsTable(Settings):
    """Results of past tests, a row each; its columns have fixed names (docs/experiments.md)."""

    source: Place = Field(
        description="CSV, Parquet or XLSX: id, channel, start, end, spend_change, lift, ..."
    )
    sheet: str | None = Field(None, description="sheet of a workbook; default: the first with a table")


class StudiesTable(Settings):
    """Returns that others found, a row each; its columns have fixed names (docs/experiments.md)."""

    source: Place = Field(description="CSV, Parquet or XLSX: id, channel, roi, roi_se, trust, ...")
    sheet: str | None = Field(None, description="sheet of a workbook; default: the first with a table")
