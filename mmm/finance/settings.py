"""What a config says about money."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from mmm.data.count_settings import TransactionsTable
from mmm.data.source_settings import Rates
from mmm.settings import Settings

Above0 = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


def _form(value: Any) -> str:
    """Which of its two forms a figure has, so that a fault is said once."""
    if isinstance(value, list | tuple):
        return "list"
    if isinstance(value, TransactionsTable) or (
        isinstance(value, dict) and {"source", "customer"} & set(value)
    ):
        return "table"
    return "dict[by channel]" if isinstance(value, dict) else "float"


ByChannel = Annotated[
    Annotated[Above0, Tag("float")] | Annotated[dict[str, Above0], Tag("dict[by channel]")],
    Discriminator(_form),
]


class CustomersSettings(Settings):
    """Who is a new customer, and how long customers stay."""

    new: str = Field("new", description="segment of the outcome, or a further outcome, that is new customers")
    margin_by_month: (
        Annotated[
            Annotated[float, Tag("float")] | Annotated[tuple[float, ...], Tag("list")], Discriminator(_form)
        ]
        | None
    ) = Field(
        None,
        description="gross margin that a customer who still is one leaves in a month, the first order in the first; a "
        "list goes month by month and its last value stays",
    )
    survival: Annotated[
        Annotated[Share, Tag("float")] | Annotated[tuple[Share, ...], Tag("list")], Discriminator(_form)
    ] = Field(
        1.0,
        description="share of customers who are there a month later too; a list is the share left in month 1, 2, ..., "
        "none after its end",
    )
    months: int = Field(
        36, ge=1, le=240, description="months that a customer is counted for, from the first order"
    )

    @field_validator("margin_by_month", "survival")
    @classmethod
    def _has_months(cls, value: object) -> object:
        if value == ():
            raise ValueError("an empty list says nothing; give a number, or one for each month")
        return value

    @field_validator("survival")
    @classmethod
    def _nobody_returns(cls, value: float | tuple[float, ...]) -> float | tuple[float, ...]:
        if isinstance(value, tuple) and any(b > a for a, b in pairwise(value)):
            raise ValueError("the share left cannot grow from one month to the next")
        return value


class PaymentSettings(Settings):
    """When money goes out and comes in."""

    media_paid_after: int = Field(0, ge=0, le=366, description="days until a bill of media is paid")
    customers_pay_after: int = Field(0, ge=0, le=366, description="days until customers pay")


class BuyingSettings(Settings):
    """What a buyer pays beside the net price of media. Money of a plan is what finance books: media and fee, no VAT."""

    fee: ByChannel | None = Field(
        None,
        description="agency fee inside planned money, as a share of net media, or by channel {default: 0.1, tv: 0.15}",
    )
    vat: float = Field(0.0, ge=0, lt=1, description="VAT rate on media and fee, on top of planned money")

    @field_validator("fee")
    @classmethod
    def _of_everyone(cls, value: float | dict[str, float] | None) -> float | dict[str, float] | None:
        if isinstance(value, dict) and "default" not in value:
            raise ValueError("fees by channel need a `default`, for the channels not named")
        return value

    @property
    def fees(self) -> dict[str, float]:
        """Fees by channel with a `default`; empty where there is none."""
        if self.fee is None:
            return {}
        return dict(self.fee) if isinstance(self.fee, dict) else {"default": self.fee}


class FinanceSettings(Settings):
    """What an outcome is worth to the company."""

    gross_margin: ByChannel | None = Field(
        None,
        description=(
            "gross margin of a unit of revenue, or by channel {default: 0.5, tv: 0.4}; without it profit and ROMI stay "
            "empty"
        ),
    )
    margin_by_segment: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        {},
        description="gross margins of segments of the outcome, customers or products, one for each: {new: 0.35, "
        "existing: 0.6}; `gross_margin` is then that of all together",
    )
    discount_rate: float | None = Field(
        None, ge=0, lt=1, description="a year's discount of money; for `plan.objective: npv`"
    )
    returns: float = Field(
        0.0, ge=0, lt=1, description="share of what the CRM closes that comes back; the outcome is net of it"
    )

    customer_lifetime_value: (
        Annotated[
            Annotated[Above0, Tag("float")]
            | Annotated[dict[str, Above0], Tag("dict[by channel]")]
            | Annotated[TransactionsTable, Tag("table")],
            Discriminator(_form),
        ]
        | None
    ) = Field(
        None,
        description="discounted gross margin that a new customer leaves over the whole time, the first order included; "
        "or by channel {default: 240, tv: 300}; or a table of orders to learn it from {source, customer, date, value}",
    )
    customers: CustomersSettings = CustomersSettings()
    handling_cost_per_lead: float = Field(
        0.0, ge=0, description="what sales spends on a lead, good or bad; counted beside media"
    )

    owned_cost: dict[str, Above0] = Field(
        {}, description="what an owned medium costs a month, people's hours too: {newsletter: 4000}"
    )
    payment: PaymentSettings = PaymentSettings()
    buying: BuyingSettings = BuyingSettings()

    @field_validator("customer_lifetime_value")
    @classmethod
    def _has_everyone(cls, value: object) -> object:
        if isinstance(value, dict) and "default" not in value:
            raise ValueError("lifetime values by channel need a `default`, for the channels not named")
        return value

    @model_validator(mode="after")
    def _orders_need_a_margin(self) -> FinanceSettings:
        if isinstance(self.customer_lifetime_value, TransactionsTable) and self.gross_margin is None:
            raise ValueError(
                "`customer_lifetime_value` from orders is gross margin, and there is none; give `gross_margin`"
            )
        return self

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

    @model_validator(mode="after")
    def _margins_of_one_kind(self) -> FinanceSettings:
        if not self.margin_by_segment:
            return self
        if self.gross_margin is None:
            raise ValueError(
                "`margin_by_segment` needs `gross_margin` beside it, that of all segments together: break-even and "
                "beliefs stand on it"
            )
        if self.margins:
            raise ValueError(
                "`gross_margin` by channel and `margin_by_segment` say two things of one sale; keep one of them"
            )
        return self

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
