"""The axes every array shares, in one order: draw, period, geo, cell.

A *cell* is a leaf of the media tree: channel, audience and message where the user has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NATIONAL = ""
"""Name of the only geo of a model without a geo column."""

CELL_KEYS = ("channel", "audience", "message")


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A leaf of the media tree. An absent level is the empty string."""

    channel: str
    audience: str = ""
    message: str = ""

    @property
    def name(self) -> str:
        """`channel / audience / message`, without the levels that are absent."""
        return " / ".join(part for part in (self.channel, self.audience, self.message) if part)


def cell_columns(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Columns that tables by cell carry: `message` only where some cell has one."""
    return CELL_KEYS if any(cell.message for cell in cells) else CELL_KEYS[:2]


def cell_row(cell: Cell, columns: Sequence[str]) -> dict[str, str]:
    """The cell as values of the given key columns."""
    return {column: getattr(cell, column) for column in columns}
