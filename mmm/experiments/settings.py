"""What a config says about tests: how many, how much of the budget, which ones, and when never."""

from __future__ import annotations

from datetime import date as Date
from typing import Any, Literal

from pydantic import Field, model_validator

from mmm.quantities import Money
from mmm.settings import Settings

Way = Literal["geo", "user_split", "switchback", "phasing", "pulse"]

LEAST_RESERVE = 0.10


class NeverDays(Settings):
    """Days on which no test runs."""

    start: Date = Field(description="first day")
    end: Date = Field(description="last day")
    reason: str = Field("", description="why; kept in the notes of the design")

    @model_validator(mode="before")
    @classmethod
    def _days_it_is(cls, raw: Any) -> Any:
        if isinstance(raw, str):
            raise ValueError(
                "wants days, {start: ..., end: ...}; a channel that is never tested is one that cannot be randomized: "
                f"`tests.platforms: {{{raw}: []}}`"
            )
        return raw

    @model_validator(mode="after")
    def _ordered(self) -> NeverDays:
        if self.end < self.start:
            raise ValueError(f"ends {self.end} before it starts {self.start}")
        return self


class CandidateSettings(Settings):
    """A test to look at beside those that the plan suggests."""

    channel: str = Field(min_length=1, description="channel")
    audience: str = Field("", description="one audience; without it every cell of the channel")
    message: str = Field("", description="one message")
    change: float | None = Field(
        None, ge=-1, le=4, description="-1: go dark; 0.5: half more; without it several are tried"
    )
    way: Way | None = Field(
        None, description="geo | user_split | switchback | phasing | pulse; without it what can be had"
    )
    weeks: int | None = Field(None, ge=1, le=26, description="weeks of changed spend; without it several")
    fixed_cost: Money = Field(0, ge=0, description="paid once for the test, beside the budget")
    spend: Money | None = Field(
        None, gt=0, description="money of the test, for a channel, audience or message without history"
    )
    people: float | None = Field(
        None, ge=100, description="user split: people that the platform can tell apart"
    )
    response_sd: Money | None = Field(
        None, gt=0, description="user split: sd of one person's outcome over the test, in money"
    )
    versions: tuple[str, str] | None = Field(
        None, description="two creatives against each other, on people: their names"
    )
    version_sd: Money | None = Field(
        None,
        gt=0,
        description="versions: sd of what one creative brings a person, as known beforehand, in money",
    )

    @model_validator(mode="after")
    def _whole(self) -> CandidateSettings:
        if self.change == 0:
            raise ValueError("change is 0, so nothing would be tested; give -1 to 4 without 0")
        on_people = self.way == "user_split" or self.versions is not None
        if on_people and (self.people is None or self.response_sd is None):
            raise ValueError("a user split needs `people` and `response_sd`: its error rests on them")
        if (self.versions is None) != (self.version_sd is None):
            raise ValueError(
                "two versions need `versions`, their names, and `version_sd`, what they may differ by"
            )
        if self.versions is None:
            return self
        if self.versions[0].strip() == self.versions[1].strip():
            raise ValueError(f"both versions are called {self.versions[0]}")
        beside = [name for name in ("change", "spend") if getattr(self, name) is not None]
        if self.way not in (None, "user_split"):
            beside.append("way")
        if beside:
            raise ValueError(f"two versions get the same money on people; take out {' and '.join(beside)}")
        return self


class ReserveOverride(Settings):
    """A reserve below the floor, with the reason that stands in the plan and the report."""

    value: float = Field(ge=0, lt=LEAST_RESERVE, description="share of the budget kept for tests, below 0.10")
    reason: str = Field(min_length=10, description="why less than a tenth is kept; printed in the report")


class TestsSettings(Settings):
    """What the reserve buys."""

    __test__ = False  # no test class, whatever its name begins with

    slots: int = Field(3, ge=1, le=12, description="tests at most in a window")
    ceiling: float = Field(0.20, ge=0, le=1, description="most of the budget that tests may use, as a share")
    candidates: tuple[CandidateSettings, ...] = ()
    never: tuple[NeverDays, ...] = ()
    platforms: dict[str, tuple[Way, ...]] = Field(
        {}, description="by channel, the ways in which it can be randomized; others: all but user_split"
    )
    reserve_override: ReserveOverride | None = None
