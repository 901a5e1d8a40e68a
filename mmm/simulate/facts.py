"""What is typical of the company before chance plays its part: its cells, regions and habits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mmm.dims import Cell

GROSS_MARGIN = 0.55
ORDER_VALUE = 54.0
LEAD_IN = 40
"""Weeks simulated before the first row and not shown: the company was running already."""
LAGS = 27
"""Weeks over which carry-over may run, the week of the spend included."""

Habit = Literal["burst", "always", "flight"]


@dataclass(frozen=True, slots=True)
class CellFacts:
    """One cell as its planner would describe it; chance moves the numbers around these.

    Attributes
    ----------
    weekly_spend
        Money in an average week, all regions.
    roi
        Centre of the true return: contribution / spend.
    carry, rate, peak
        `geometric`: weight rate^lag. `delayed`: weight rate^((lag - peak)^2).
    curve, slope
        `hill`: s^slope / (s^slope + half^slope), S-shaped for slope > 1. `exponential`: 1 - 2^(-s / half).
    half
        Exposure that brings half of the ceiling, over the mean carried exposure of active weeks.
    price
        Money per thousand impressions; None: no exposure is recorded, spend itself works.
    habit
        `burst`: bursts and dark weeks. `always`: never off. `flight`: by month, on and off by region.
    follows_demand
        Power of the observed demand index in the spend.
    claimed, reached, seen, closed
        Platform conversions per true one; share of all orders the platform also claims because it reached
        the buyer; share of all orders that analytics books here by last click; share of those in the CRM.
    """

    cell: Cell
    weekly_spend: float
    roi: float
    carry: Literal["geometric", "delayed"]
    rate: float
    peak: float
    curve: Literal["hill", "exponential"]
    slope: float
    half: float
    price: float | None
    habit: Habit
    follows_demand: float = 0.0
    claimed: float | None = None
    reached: float = 0.0
    seen: float = 0.0
    closed: float = 0.6


CELLS = (
    CellFacts(Cell("tv"), 34_000, 1.5, "delayed", 0.80, 1.6, "hill", 1.8, 1.3, None, "burst"),
    CellFacts(Cell("outdoor"), 11_000, 0.75, "geometric", 0.60, 0, "hill", 1.5, 1.5, None, "burst"),
    CellFacts(
        Cell("search", "brand"), 9_000, 2.6, "geometric", 0.10, 0, "exponential", 1, 0.9, 24.0, "always",
        follows_demand=0.8, claimed=1.3, reached=0.085, seen=0.070, closed=0.80,
    ),
    CellFacts(
        Cell("search", "generic"), 20_000, 2.3, "geometric", 0.25, 0, "hill", 1.0, 1.6, 31.0, "always",
        follows_demand=0.5, claimed=1.2, reached=0.030, seen=0.045, closed=0.70,
    ),
    CellFacts(
        Cell("facebook", "prospecting"), 16_000, 1.9, "geometric", 0.45, 0, "hill", 1.0, 1.4, 9.5, "flight",
        claimed=1.5, reached=0.025, seen=0.012,
    ),
    CellFacts(
        Cell("facebook", "retargeting"), 7_000, 0.9, "geometric", 0.20, 0, "exponential", 1, 0.8, 13.0,
        "always", follows_demand=0.3, claimed=2.2, reached=0.055, seen=0.020, closed=0.75,
    ),
    CellFacts(
        Cell("facebook", "lookalike"), 9_000, 3.4, "geometric", 0.40, 0, "hill", 1.3, 1.5, 10.5, "flight",
        claimed=1.4, reached=0.020, seen=0.010,
    ),
    CellFacts(
        Cell("tiktok", "18-24"), 6_000, 0.55, "geometric", 0.30, 0, "hill", 1.2, 1.2, 5.5, "flight",
        claimed=2.0, reached=0.018, seen=0.004, closed=0.45,
    ),
    CellFacts(
        Cell("tiktok", "25-34"), 8_000, 4.1, "geometric", 0.50, 0, "hill", 1.6, 1.6, 6.5, "flight",
        claimed=1.3, reached=0.016, seen=0.006, closed=0.55,
    ),
    CellFacts(
        Cell("tiktok", "35-44"), 6_000, 1.4, "delayed", 0.70, 1.0, "hill", 1.0, 1.3, 7.5, "flight",
        claimed=1.5, reached=0.012, seen=0.003, closed=0.55,
    ),
)  # fmt: skip

REGIONS = (
    "Alder Bay", "Birch Valley", "Cedar Falls", "Dunmore", "Eastport", "Fairhaven", "Glenwood", "Harbor City",
    "Ironton", "Juniper Hills", "Kingsford", "Lakeside", "Maplewood", "Northgate", "Oakridge", "Pinecrest",
    "Quarry Point", "Riverbend", "Stonebridge", "Thornbury",
)  # fmt: skip


def region_names(count: int) -> tuple[str, ...]:
    """Names of the first regions; numbered beyond those the company has."""
    return (*REGIONS[:count], *(f"Region {k + 1}" for k in range(len(REGIONS), count)))
