"""What a config says about money."""

from __future__ import annotations

from pydantic import Field

from mmm.data.settings import Settings


class FinanceSettings(Settings):
    """What an outcome is worth to the company."""

    gross_margin: float | None = Field(
        None, gt=0, description="gross margin of a unit of revenue; without it profit and ROMI stay empty"
    )
    returns: float = Field(
        0.0, ge=0, lt=1, description="share of what the CRM closes that comes back; the outcome is net of it"
    )
