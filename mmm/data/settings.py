"""All tables of a company, its calendar, channels and past tests."""

from __future__ import annotations

from datetime import date as Date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from mmm.data.count_settings import CountsTable, CreativesTable, ExportTable, LeadsTable, TagRule
from mmm.data.source_settings import Place, Source
from mmm.data.table_settings import (
    ControlsTable,
    EventsTable,
    FutureTable,
    MediaTable,
    OrganicTable,
    OtherOutcome,
    OutcomeTable,
)
from mmm.settings import Settings

Grain = Literal["day", "week", "month"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


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
