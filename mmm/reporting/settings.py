"""What a config says about the report."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from mmm.settings import Settings

Audience = Literal["cfo", "marketing", "analyst", "agency"]


class Brand(Settings):
    """How the company calls itself on its report."""

    name: str | None = Field(
        None, min_length=1, max_length=80, description="company on the pages; else the config's `name`"
    )
    logo: Path | None = Field(None, description="PNG, JPEG or SVG beside it; at most 500 kB")


class ReportSettings(Settings):
    """Pages and their language."""

    language: Literal["en", "he"] = Field("en", description="language of the report: en | he")
    audiences: tuple[Audience, ...] = Field(
        ("cfo",),
        min_length=1,
        description="readers, a page each: cfo | marketing | analyst | agency (no margins, profit or customer value)",
    )
    brand: Brand = Brand()
    notes: Path | None = Field(
        None, description="Markdown file: what the reader should know, in your words, under the decision"
    )

    @field_validator("audiences")
    @classmethod
    def _once(cls, audiences: tuple[Audience, ...]) -> tuple[Audience, ...]:
        twice = sorted({name for name in audiences if audiences.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands there twice; name each reader once")
        return audiences
