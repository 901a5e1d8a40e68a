"""What a config says about the report."""

from __future__ import annotations

from typing import Literal

from mmm.data.settings import Settings


class ReportSettings(Settings):
    """Pages and their language."""

    language: Literal["en"] = "en"
