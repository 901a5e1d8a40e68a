"""What a config says about the coming window."""

from __future__ import annotations

from datetime import date as Date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from mmm.data.source_settings import Place
from mmm.quantities import Amount, Budget, Money, MoneyOrTimes
from mmm.settings import Settings


class SpendFile(Settings):
    """A table of spend: long, with columns date, channel, audience (optional), geo (optional), spend."""

    source: Place = Field(description="CSV, Parquet or XLSX file, relative to the config; or {url, query}")


class ApprovedPlan(SpendFile):
    """The plan of record as a table of spend; put in the place of `plan_of_record`, never written in a config."""

    number: int
    start: Date
    end: Date


class Days(Settings):
    """A window by its first and last day."""

    start: Date = Field(description="first day")
    end: Date = Field(description="last day")

    @model_validator(mode="after")
    def _ordered(self) -> Days:
        if self.end < self.start:
            raise ValueError(f"ends {self.end} before it starts {self.start}")
        return self


class CellBound(Settings):
    """Least and most money of a cell, or of all cells of a channel each on its own."""

    channel: str = Field(description="channel")
    audience: str | None = Field(None, description="one audience; without it every cell of the channel")
    message: str | None = Field(None, description="one message")
    geo: str | None = Field(
        None, description="one geo: money is then placed by geo; without it all geos together"
    )
    min: MoneyOrTimes | None = Field(None, description="least money in the window; 0.8x: times the reference")
    max: MoneyOrTimes | None = Field(None, description="most money in the window; 1.2x: times the reference")
    min_if_on: MoneyOrTimes | None = Field(None, description="nothing at all, or at least so much")
    lot: Money | None = Field(None, gt=0, description="money of one package: only whole ones are bought")
    cost_if_on: Money | None = Field(
        None, ge=0, description="paid once when anything is spent, beside the budget; counts in profit"
    )

    @model_validator(mode="after")
    def _off_or_never_off(self) -> CellBound:
        if self.min_if_on is not None and self.min is not None:
            raise ValueError(
                "min means never off and min_if_on means off or at least so much; give one of them"
            )
        return self

    @field_validator("min", "max", "min_if_on")
    @classmethod
    def _not_below_zero(cls, value: Amount | None) -> Amount | None:
        if value is not None and value.value < 0:
            raise ValueError(f"{value} is below 0; money of a cell is 0 or more")
        return value


class GroupLimit(Settings):
    """Least and most money of several cells together: all that channels, audiences and geos have in common."""

    name: str = Field(min_length=1, description="what pages call the group")
    channels: tuple[str, ...] = Field((), description="channels; empty: all")
    audiences: tuple[str, ...] = Field((), description="audiences; empty: all")
    geos: tuple[str, ...] = Field((), description="geos: money is then placed by geo; empty: all")
    min: MoneyOrTimes | None = Field(None, description="least money of the group; 0.8x: times the reference")
    max: MoneyOrTimes | None = Field(None, description="most money of the group; 1.2x: times the reference")
    min_share: float | None = Field(
        None, ge=0, le=1, description="least share of the money that cells get, the reserve left out"
    )
    max_share: float | None = Field(
        None, ge=0, le=1, description="most share of the money that cells get, the reserve left out"
    )

    @field_validator("min", "max")
    @classmethod
    def _not_below_zero(cls, value: Amount | None) -> Amount | None:
        if value is not None and value.value < 0:
            raise ValueError(f"{value} is below 0; money of a group is 0 or more")
        return value

    @model_validator(mode="after")
    def _limits_something(self) -> GroupLimit:
        limits = (self.min, self.max, self.min_share, self.max_share)
        if not self.geos and all(
            limit is None for limit in limits
        ):  # one that names geos asks for a plan by geo
            raise ValueError(f"the group {self.name} limits nothing; give min, max, min_share or max_share")
        return self


class FixedSpend(Settings):
    """Money already committed, for the window or for days of it."""

    channel: str = Field(description="channel")
    audience: str | None = Field(None, description="one audience")
    message: str | None = Field(None, description="one message")
    geo: str | None = Field(None, description="one geo; without it split as in the reference")
    spend: Money = Field(ge=0, description="committed money")
    start: Date | None = Field(None, description="first day; default: the window's")
    end: Date | None = Field(None, description="last day; default: the window's")


class PriceTier(Settings):
    """The price of money above an amount."""

    above: Money = Field(gt=0, description="money of the cell in the window from which it holds")
    price: float = Field(gt=0, description="price of exposure there, as a multiple of today's")


class PriceRise(Settings):
    """How the price of a channel's exposure changes with the money of each of its cells."""

    elasticity: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="0.1: ten percent more money pays about one percent more for each exposure",
    )
    tiers: tuple[PriceTier, ...] = Field(
        (), description="prices of money above some amounts, in ascending order"
    )

    @model_validator(mode="after")
    def _one_form(self) -> PriceRise:
        if (self.elasticity is None) == (not self.tiers):
            raise ValueError("give either an elasticity or tiers")
        edges = [tier.above for tier in self.tiers]
        if edges != sorted(set(edges)):
            raise ValueError("tiers must rise in `above`, each amount once")
        return self


class Blackout(Settings):
    """Days on which nothing is spent."""

    channel: str | None = Field(None, description="channel; without it all of them")
    audience: str | None = Field(None, description="one audience")
    message: str | None = Field(None, description="one message")
    start: Date = Field(description="first day")
    end: Date = Field(description="last day")

    @model_validator(mode="after")
    def _ordered(self) -> Blackout:
        if self.end < self.start:
            raise ValueError(f"ends {self.end} before it starts {self.start}")
        if self.channel is None and self.audience is not None:
            raise ValueError("names an audience and no channel; give the channel too")
        return self


class Flighting(Settings):
    """Weeks as decisions: how much money each cell gets in each week, and limits of weeks."""

    weekly_cap: Money | dict[str, Money] | None = Field(
        None, description="most money in a week: of all cells together, or by channel ({tv: 20_000})"
    )
    ramp: float | None = Field(
        None, gt=0, description="0.3: no cell changes by more than 30 % from a week to the next"
    )
    blackout: tuple[Blackout, ...] = ()
    monthly: dict[str, Money] = Field(
        {}, description="budget of a month, its part of the reserve included: {2027-01: 400_000}"
    )

    @field_validator("weekly_cap")
    @classmethod
    def _above_zero(cls, value: float | dict[str, float] | None) -> float | dict[str, float] | None:
        amounts = list(value.values()) if isinstance(value, dict) else [] if value is None else [value]
        if any(amount <= 0 for amount in amounts):
            raise ValueError("a cap is above 0; for weeks without money use `blackout`")
        return value

    @field_validator("monthly")
    @classmethod
    def _months(cls, value: dict[str, float]) -> dict[str, float]:
        import re

        for month, amount in value.items():
            if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
                raise ValueError(f"{month!r} is not a month; write 2027-01")
            if amount < 0:
                raise ValueError(f"the budget of {month} is below 0")
        return value


class RiskSettings(Settings):
    """What is maximized of the distribution of profit."""

    measure: Literal["mean", "cvar", "probability"] = Field(
        "mean",
        description="mean over the draws | cvar, the mean of the worst share | probability of reaching the target",
    )
    level: float = Field(0.1, gt=0, le=1, description="cvar only: the worst share of the draws")
    target: Money | None = Field(
        None, description="probability only: figure to reach, in the objective's unit"
    )
    of: Literal["total", "media"] = Field(
        "media", description="what counts: media alone, or the total with all that moves it besides"
    )

    @model_validator(mode="after")
    def _has_target(self) -> RiskSettings:
        if self.measure == "probability" and self.target is None:
            raise ValueError("probability needs a `target`: the figure to reach in the window")
        return self


def window_days(value: Any) -> Any:
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

    window: Annotated[Days | None, BeforeValidator(window_days)] = Field(
        None, description="2027Q1 | 2027-01 | {start, end}; without it `horizon` periods after the last row"
    )
    horizon: int = Field(13, ge=1, le=104, description="periods after the last row, where no window is given")
    until_window: Literal["recent", "last_year"] | SpendFile = Field(
        "recent", description="spend between the last row and the window, carried in"
    )
    budget: Money | None = Field(
        None, gt=0, description="money for the WHOLE window, reserve included; without it the reference's"
    )
    target_roi: float | None = Field(
        None,
        gt=0,
        description="instead of a budget: the largest one whose mean ROI, reserve counted, is so much",
    )
    target_mroi: float | None = Field(
        None, gt=0, description="instead of a budget: the largest one whose last unit still brings so much"
    )
    target_outcome: Money | None = Field(
        None,
        gt=0,
        description="instead of a budget: the least one whose forecast of the whole outcome is so much",
    )
    spend: Literal["all", "at_most"] = Field(
        "all", description="all: the whole budget; at_most: leave money unspent where it does not pay"
    )
    reserve_for_tests: float = Field(
        0.10, ge=0, le=1, description="share of the budget kept for tests; a floor, never below 0.10"
    )
    objective: Literal["profit", "revenue", "outcome", "npv"] = Field(
        "profit",
        description=(
            "profit (revenue where no margin is given) | revenue | outcome | npv: profit, each week's money discounted"
        ),
    )
    risk: RiskSettings = RiskSettings()
    reference: Literal["recent", "last_year", "plan_of_record"] | SpendFile = Field(
        "recent",
        description=(
            "the mix to compare with, scaled to the budget; plan_of_record: the plan approved last, of this window "
            "where there is one"
        ),
    )
    change: float | None = Field(
        0.5, gt=0, description="default bound around the scaled reference, as a share; null: free"
    )
    bounds: tuple[CellBound, ...] = ()
    groups: tuple[GroupLimit, ...] = ()
    fixed: tuple[FixedSpend, ...] = ()
    prices: dict[str, PriceRise] = {}
    flighting: Flighting | None = Field(
        None, description="plan every week's money too; without it each cell keeps the weeks of the reference"
    )

    @field_validator("reserve_for_tests")
    @classmethod
    def _a_tenth_at_least(cls, value: float) -> float:
        if value < 0.10:
            raise ValueError(
                "below 0.10: a tenth of the budget is kept for tests, or next year's plan rests on this year's "
                "guesses. "
                "If less is right here, say why: tests: {reserve_override: {value: 0.06, reason: ...}}"
            )
        return value

    @model_validator(mode="after")
    def _one_amount(self) -> PlanSettings:
        names = ("budget", "target_roi", "target_mroi", "target_outcome")
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} both say how much to spend; give one of them")
        return self


class ScenarioSettings(Settings):
    """A budget to compare with the plan, and how it is split."""

    name: str = Field(min_length=1, description="what it is called")
    budget: Budget | None = Field(
        None,
        description="money, 0.9x of the plan's budget, or `0.9x reference` of what was spent; default: the plan's",
    )
    allocation: Literal["optimum", "current"] = Field(
        "optimum",
        description="optimum: the best split inside the plan's limits; current: today's mix, scaled",
    )


def _named_once(entries: tuple[ScenarioSettings, ...]) -> tuple[ScenarioSettings, ...]:
    names = [entry.name for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(map(repr, twice))} more than once; give each scenario its own name")
    return entries


Scenarios = Annotated[tuple[ScenarioSettings, ...], AfterValidator(_named_once)]


class Target(Settings):
    """A figure to reach in the window."""

    name: str = Field(min_length=1, description="what it is called")
    kpi: Literal["revenue", "profit", "outcome"] = Field(
        "revenue",
        description="revenue, profit after media, or outcome (units, where they have no money value)",
    )
    of: Literal["total", "media"] = Field(
        "total", description="total: everything in the window; media: what the window's media bring"
    )
    target: Money = Field(gt=0, description="the figure")
    owner: str = Field("", description="who answers for it")
    under: str = Field("", description="the goal it serves")


class GoalsSettings(Settings):
    """What the window is to reach; each target is printed with its odds."""

    question: str = Field("", description="in your own words; printed above the answer")
    channels: dict[str, Literal["awareness", "leads", "sales", "new_market"]] = Field(
        {},
        description="what a channel is for, and so judged by in the scorecard: {default: sales, tv: awareness}",
    )
    targets: tuple[Target, ...] = ()
