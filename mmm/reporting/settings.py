"""What a config says about the report."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from mmm.data.settings import Settings


class Brand(Settings):
    """How the company calls itself on its report."""

    name: str | None = Field(
        None, min_length=1, max_length=80, description="company on the pages; else the config's `name`"
    )
    logo: Path | None = Field(None, description="PNG, JPEG or SVG beside it; at most 500 kB")


class ReportSettings(Settings):
    """Pages and their language."""

    language: Literal["en"] = Field("en", description="language of the pages")
    brand: Brand = Brand()
    notes: Path | None = Field(
        None, description="Markdown file: what the reader should know, in your words, under the decision"
    )
