"""Where a table comes from, and what its owner says of it: file or query, dates, VAT, fees, currency."""

from __future__ import annotations

import re
from datetime import date as Date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from mmm.settings import Settings


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
