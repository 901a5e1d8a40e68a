"""The axes every array shares, in one order: draw, period, geo, cell.

A *cell* is a leaf of the media tree: channel, audience and message where the user has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NATIONAL = ""
"""Name of the only geo of a model without a geo column."""

CELL_KEYS = ("channel", "audience", "message")


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A leaf of the media tree, in one geo where money is placed by geo. An absent level is the empty string."""

    channel: str
    audience: str = ""
    message: str = ""
    geo: str = ""

    @property
    def name(self) -> str:
        """`channel / audience / message, geo`, without the levels that are absent."""
        tree = " / ".join(part for part in (self.channel, self.audience, self.message) if part)
        return f"{tree}, {self.geo}" if self.geo else tree


def by_channel(figure: float | Mapping[str, float], cells: Sequence[Cell]) -> list[float]:
    """A figure for each cell: the one of all, or its channel's, or what the `default` says."""
    if not isinstance(figure, Mapping):
        return [figure] * len(cells)
    return [figure.get(cell.channel, figure["default"]) for cell in cells]


def cell_columns(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Columns that tables by cell carry: `message` and `geo` only where some cell has one."""
    keys = CELL_KEYS if any(cell.message for cell in cells) else CELL_KEYS[:2]
    return (*keys, "geo") if any(cell.geo for cell in cells) else keys


def cell_row(cell: Cell, columns: Sequence[str]) -> dict[str, str]:
    """The cell as values of the given key columns."""
    return {column: getattr(cell, column) for column in columns}
