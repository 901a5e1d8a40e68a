"""What a config says about the report."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mmm.data.settings import Settings


class ReportSettings(Settings):
    """Pages and their language."""

    language: Literal["en"] = Field("en", description="language of the pages")
