"""What a portfolio's config says: its markets, one window, one budget; read like any config, every fault at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from mmm.config import Config, load_config, read_yaml
from mmm.errors import ConfigError, UsageError
from mmm.planning.settings import Days, window_days
from mmm.quantities import Amount, Money, MoneyOrTimes
from mmm.settings import Settings


class _Limited(Settings):
    """Least and most money, in the currency of the portfolio."""

    min: MoneyOrTimes | None = Field(None, description="least money; 0.8x: times what it has today, scaled")
    max: MoneyOrTimes | None = Field(None, description="most money; 1.2x: times what it has today, scaled")

    @field_validator("min", "max")
    @classmethod
    def _not_below_zero(cls, value: Amount | None) -> Amount | None:
        if value is not None and value.value < 0:
            raise ValueError(f"{value} is below 0; money is 0 or more")
        return value


class MarketEntry(_Limited):
    """A market or brand: a config of its own, and its part in the portfolio. `min` and `max` include its reserve."""

    config: str = Field(min_length=1, description="its config, relative to this file")
    rate: float | None = Field(
        None,
        gt=0,
        description="money of the portfolio for one unit of the market's currency, where it has another",
    )


class MarketGroup(_Limited):
    """Least and most money of several markets, or of channels in them; the reserve left out."""

    name: str = Field(min_length=1, description="what pages call the group")
    markets: tuple[str, ...] = Field((), description="names of their configs; empty: all")
    channels: tuple[str, ...] = Field((), description="channels; empty: all")
    min_share: float | None = Field(None, ge=0, le=1, description="least share of the money that cells get")
    max_share: float | None = Field(None, ge=0, le=1, description="most share of the money that cells get")


class PortfolioPlan(Settings):
    """One window and one budget for all markets."""

    window: Annotated[Days, BeforeValidator(window_days)] = Field(
        description="2027Q1 | 2027-01 | {start, end}: the same days in every market"
    )
    budget: Money | None = Field(
        None, gt=0, description="money for the whole window, reserve included; without it the references' sum"
    )
    reserve_for_tests: float = Field(0.10, ge=0.10, le=1, description="share of the budget kept for tests")
    spend: Literal["all", "at_most"] = Field(
        "all", description="all: the whole budget; at_most: leave what does not pay"
    )
    objective: Literal["profit", "revenue"] = Field("profit", description="profit after media | revenue")
    groups: tuple[MarketGroup, ...] = ()


class PortfolioPages(Settings):
    """The page."""

    language: Literal["en", "he"] = Field("en", description="language of the page: en | he")


class Portfolio(Settings):
    """Many markets or brands, one model each, one budget."""

    name: str = Field(pattern=r"^[\w.-]+$", description="names the run folder")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO code of the portfolio's money")
    markets: tuple[MarketEntry, ...] = Field(min_length=2, description="the markets")
    plan: PortfolioPlan
    report: PortfolioPages = PortfolioPages()
    pool: bool = Field(
        False, description="fit again with each market's ROI priors taken from the other markets' results"
    )

    folder: Path = Field(Path(), exclude=True, description="folder of the file; set on loading")
    text: str = Field("", exclude=True, repr=False, description="the file as written; set on loading")

    @model_validator(mode="after")
    def _each_once(self) -> Portfolio:
        files = [entry.config for entry in self.markets]
        if twice := sorted({file for file in files if files.count(file) > 1}):
            raise ValueError(f"`markets`: {', '.join(twice)} more than once")
        return self

    def in_language(self, language: str) -> Portfolio:
        """The same with its page in a language that a command asks for.

        Raises
        ------
        UsageError
            A language that no page has.
        """
        try:
            pages = PortfolioPages.model_validate({"language": language})
        except ValidationError:
            raise UsageError(f'--language is "{language}"; it is en or he') from None
        return self.model_copy(update={"report": pages})


def is_portfolio(path: Path) -> bool:
    """Whether a file is the config of a portfolio; one that cannot be read is not."""
    try:
        return "markets" in read_yaml(path)
    except ConfigError:
        return False


def load_portfolio(path: Path) -> tuple[Portfolio, tuple[Config, ...]]:
    """Read a portfolio and the configs of its markets.

    Raises
    ------
    ConfigError
        Every fault of the portfolio at once; then those between it and its markets.
    """
    raw = {key: value for key, value in read_yaml(path).items() if key not in ("folder", "text")}
    try:
        found = Portfolio.model_validate(
            {**raw, "folder": path.resolve().parent, "text": path.read_text(encoding="utf-8-sig")}
        )
    except ValidationError as error:
        raise ConfigError([_sentence(detail) for detail in error.errors()], str(path)) from None
    configs = tuple(load_config(found.folder / entry.config) for entry in found.markets)
    if faults := [*_between(found, configs)]:
        raise ConfigError(faults, str(path))
    return found, configs


def _sentence(detail: Any) -> str:
    place = ".".join(f"[{part + 1}]" if isinstance(part, int) else str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "unknown key"
    if detail["type"] == "missing":
        message = "missing; this key is needed"
    return f"`{place.replace('.[', '[')}`: {message}" if place else message


def _between(portfolio: Portfolio, configs: tuple[Config, ...]) -> list[str]:
    """What is wrong between a portfolio and its markets."""
    names = [config.name for config in configs]
    twice = sorted({name for name in names if names.count(name) > 1})
    faults = [f"`markets`: two configs have `name: {name}`" for name in twice]
    for entry, config in zip(portfolio.markets, configs, strict=True):
        same = config.currency == portfolio.currency
        if not same and entry.rate is None:
            faults.append(
                f"`markets` {config.name}: its money is {config.currency or 'unnamed'}; give `rate`, the "
                f"{portfolio.currency} for one unit of it"
            )
        if same and entry.rate not in (None, 1.0):
            faults.append(
                f"`markets` {config.name}: a rate of {entry.rate:g} from {config.currency} to itself"
            )
        plan = config.plan
        for key, there in (
            ("plan.flighting", plan.flighting is not None),
            ("plan.risk", plan.risk.measure != "mean"),
            ("plan.groups with a share", any(g.min_share or g.max_share for g in plan.groups)),
        ):
            if there:
                faults.append(
                    f"`markets` {config.name}: `{key}` has no meaning under a joint budget; take it out"
                )
    for group in portfolio.plan.groups:
        faults += [
            f"`plan.groups` {group.name}: no market is called {name!r}; there are {', '.join(names)}"
            for name in group.markets
            if name not in names
        ]
    return faults


def under(config: Config, plan: PortfolioPlan) -> Config:
    """A market's config with the window, objective and reserve of the portfolio; its money is still to be found."""
    changed = {
        "window": plan.window,
        "budget": None,
        "target_roi": None,
        "target_mroi": None,
        "target_outcome": None,
        "spend": "at_most",
        "objective": plan.objective,
        "reserve_for_tests": plan.reserve_for_tests,
    }
    return config.model_copy(update={"plan": config.plan.model_copy(update=changed)})
