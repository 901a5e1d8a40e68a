"""What a config says about the coming window."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from mmm.data.settings import Settings
from mmm.quantities import Money, MoneyOrTimes


class SpendFile(Settings):
    """A table of spend: long, with columns date, channel, audience (optional), geo (optional), spend."""

    source: Path


class Days(Settings):
    """A window by its first and last day."""

    start: Date
    end: Date

    @model_validator(mode="after")
    def _ordered(self) -> Days:
        if self.end < self.start:
            raise ValueError(f"ends {self.end} before it starts {self.start}")
        return self


class CellBound(Settings):
    """Least and most money of a cell, or of all cells of a channel each on its own."""

    channel: str
    audience: str | None = None
    message: str | None = None
    min: MoneyOrTimes | None = None
    max: MoneyOrTimes | None = None


class FixedSpend(Settings):
    """Money already committed, for the window or for days of it."""

    channel: str
    audience: str | None = None
    message: str | None = None
    spend: Money = Field(ge=0)
    start: Date | None = None
    end: Date | None = None


class RiskSettings(Settings):
    """What is maximized of the distribution of profit."""

    measure: Literal["mean"] = "mean"


def _window(value: Any) -> Any:
    """Turn 2027Q1 and 2027-01 into a first and a last day."""
    import calendar
    import re

    if isinstance(value, int):
        value = str(value)
    if not isinstance(value, str):
        return value
    if match := re.fullmatch(r"(\d{4})-?[Qq]([1-4])", value.strip()):
        year, first = int(match[1]), 3 * int(match[2]) - 2
        return {
            "start": Date(year, first, 1),
            "end": Date(year, first + 2, calendar.monthrange(year, first + 2)[1]),
        }
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})", value.strip()):
        year, month = int(match[1]), int(match[2])
        if 1 <= month <= 12:
            return {
                "start": Date(year, month, 1),
                "end": Date(year, month, calendar.monthrange(year, month)[1]),
            }
    raise ValueError(
        f"{value!r} is not a window; write 2027Q1, 2027-01 or {{start: 2027-01-01, end: 2027-03-31}}"
    )


class PlanSettings(Settings):
    """The coming window, its money and its limits."""

    window: Annotated[Days | None, BeforeValidator(_window)] = Field(
        None, description="2027Q1 | 2027-01 | {start, end}; without it `horizon` periods after the last row"
    )
    horizon: int = Field(13, ge=1, le=104, description="periods after the last row, where no window is given")
    until_window: Literal["recent", "last_year"] | SpendFile = Field(
        "recent", description="spend between the last row and the window, carried in"
    )
    budget: Money | None = Field(
        None, gt=0, description="money for the WHOLE window, reserve included; without it the reference's"
    )
    spend: Literal["all", "at_most"] = "all"
    reserve_for_tests: float = Field(
        0.10, ge=0.10, le=1, description="share of the budget kept for tests; a floor, never below 0.10"
    )
    objective: Literal["profit", "revenue", "outcome"] = Field(
        "profit", description="profit (revenue where no margin is given) | revenue | outcome"
    )
    risk: RiskSettings = RiskSettings()
    reference: Literal["recent", "last_year"] | SpendFile = Field(
        "recent", description="the mix to compare with, scaled to the budget"
    )
    change: float | None = Field(
        0.5, gt=0, description="default bound around the scaled reference, as a share; null: free"
    )
    bounds: tuple[CellBound, ...] = ()
    fixed: tuple[FixedSpend, ...] = ()
