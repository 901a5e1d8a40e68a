"""A schedule: money by period, geo and cell; the noun that finance, planning and experiments share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm.data.panel import Dates, Floats
from mmm.dims import NATIONAL, Cell, cell_columns, cell_row
from mmm.errors import InternalFault


@dataclass(frozen=True, slots=True)
class Schedule:
    """Money by period, geo and cell.

    Attributes
    ----------
    dates
        First day of each period, datetime64[D], shape (period,).
    geos, cells
        Names of the axes; a national schedule has the one geo "".
    spend
        Money, shape (period, geo, cell).
    """

    dates: Dates
    geos: tuple[str, ...]
    cells: tuple[Cell, ...]
    spend: Floats

    def __post_init__(self) -> None:
        expected = (len(self.dates), len(self.geos), len(self.cells))
        if self.spend.shape != expected:
            raise InternalFault(f"a schedule has spend of shape {self.spend.shape}, its axes say {expected}")

    @property
    def by_cell(self) -> Floats:
        """Money of each cell over all periods and geos, shape (cell,)."""
        return np.asarray(self.spend.sum(axis=(0, 1)), dtype=np.float64)

    @property
    def total(self) -> float:
        """Money of all cells, periods and geos."""
        return float(self.spend.sum())

    def frame(self, column: str = "spend") -> pd.DataFrame:
        """The schedule as a tidy table, one row per period, geo and cell; a cell of one geo has rows there only.

        Columns are `date`, the cell keys (`message` only where some cell has one), `geo` where there is more
        than the nation, and the money under the name `column`.
        """
        keys = [key for key in cell_columns(self.cells) if key != "geo"]
        own = np.array([[cell.geo in {"", geo} for cell in self.cells] for geo in self.geos])
        periods, geos, cells = np.nonzero(np.broadcast_to(own, self.spend.shape))
        cell_table = pd.DataFrame([cell_row(cell, keys) for cell in self.cells], columns=list(keys))
        table = cell_table.take(cells).reset_index(drop=True)
        table.insert(0, "date", self.dates[periods].astype("datetime64[s]"))
        if self.geos != (NATIONAL,):
            table["geo"] = np.asarray(self.geos, dtype=object)[geos]
        table[column] = self.spend[periods, geos, cells]
        return table
