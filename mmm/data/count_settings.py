"""Tables of counts: what platforms claim, analytics attributes, the CRM knows; their exports and rules of names."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mmm.data.source_settings import Place, Source
from mmm.settings import Settings


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
