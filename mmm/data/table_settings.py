"""Tables of the model: outcome, media, controls, owned media, events, and which column is what."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from mmm.data.source_settings import Source
from mmm.settings import Settings


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


class FutureTable(Source):
    """Controls known ahead (price, promotions) for the coming window; columns as in `controls`."""
