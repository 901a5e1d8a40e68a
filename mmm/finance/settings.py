"""What a config says about money."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, field_validator

from mmm.data.settings import Rates, Settings

Margin = Annotated[float, Field(gt=0)]


def _form(value: Any) -> str:
    """Which of its two forms a margin has, so that a fault is said once."""
    return "dict[by channel]" if isinstance(value, dict) else "float"


Margins = Annotated[
    Annotated[Margin, Tag("float")] | Annotated[dict[str, Margin], Tag("dict[by channel]")],
    Discriminator(_form),
]


class FinanceSettings(Settings):
    """What an outcome is worth to the company."""

    gross_margin: Margins | None = Field(
        None,
        description=(
            "gross margin of a unit of revenue, or by channel {default: 0.5, tv: 0.4}; without it profit and ROMI stay "
            "empty"
        ),
    )
    discount_rate: float | None = Field(
        None, ge=0, lt=1, description="a year's discount of money; for `plan.objective: npv`"
    )
    returns: float = Field(
        0.0, ge=0, lt=1, description="share of what the CRM closes that comes back; the outcome is net of it"
    )

    rates: dict[str, Rates] = Field(
        {},
        description="what one of another currency is worth: {EUR: 1.08}, by date {EUR: {2024-01-01: 1.1}}, or a table "
        "{EUR: {source: rates.csv}} (columns date, rate)",
    )

    @field_validator("rates")
    @classmethod
    def _by_code(cls, value: dict[str, Rates]) -> dict[str, Rates]:
        if wrong := [code for code in value if not re.fullmatch("[A-Z]{3}", code)]:
            raise ValueError(f"{wrong[0]!r} is no code of a currency; write EUR, ILS, USD")
        return value

    @field_validator("gross_margin")
    @classmethod
    def _has_a_default(cls, value: float | dict[str, float] | None) -> float | dict[str, float] | None:
        if isinstance(value, dict) and "default" not in value:
            raise ValueError("margins by channel need a `default`, for the channels and the sales not named")
        return value

    @property
    def margin(self) -> float | None:
        """The margin of what no channel of its own margin brings."""
        return self.gross_margin["default"] if isinstance(self.gross_margin, dict) else self.gross_margin

    @property
    def margins(self) -> dict[str, float]:
        """Margins of the channels that have their own."""
        if not isinstance(self.gross_margin, dict):
            return {}
        return {name: value for name, value in self.gross_margin.items() if name != "default"}
