"""What the sides of the recovery benchmark share: a world's table as columns, and the JSON line of one fit.

Standard library, NumPy and pandas only, as it is imported in three environments.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

KNOWN = ("date", "geo", "population", "revenue")


@dataclass(frozen=True, slots=True)
class Table:
    """The table of one world and what its columns are."""

    frame: pd.DataFrame
    channels: list[str]
    controls: list[str]

    @property
    def spend(self) -> list[str]:
        """Spend columns, in the order of the channels."""
        return [f"{channel}_spend" for channel in self.channels]

    @property
    def by_geo(self) -> bool:
        """Whether there are regions."""
        return "geo" in self.frame


def read_table(folder: Path) -> Table:
    """`world.csv`: every column that is not known and no spend is a control."""
    frame = pd.read_csv(folder / "world.csv")
    spend = [name for name in frame if name.endswith("_spend")]
    controls = [name for name in frame if name not in {*KNOWN, *spend}]
    return Table(frame, [name.removesuffix("_spend") for name in spend], controls)


def arguments() -> argparse.Namespace:
    """What the harness says to a script: folders of worlds, and of ours a variant."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--variant", default="default")
    return parser.parse_args()


def emit(
    folder: Path,
    channels: list[str],
    roi: Any,
    mroi: Any,
    *,
    seconds: Mapping[str, float],
    divergences: int = 0,
    rhat_max: float = float("nan"),
    attempts: int = 1,
    refused: str = "",
) -> None:
    """Print the one JSON line of a fit.

    Parameters
    ----------
    roi, mroi
        Draws, shape (draw, channel). Of a refused fit, draws of the prior.
    seconds
        `fit` from the table on disk to ROI, imports excluded.
    """
    cells = {
        channel: {
            "roi": _quantiles(roi[:, c]),
            "mroi": _quantiles(mroi[:, c]),
            "p_above_1": float(np.mean(roi[:, c] > 1.0)),
        }
        for c, channel in enumerate(channels)
    }
    line = {
        "world": folder.name,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "attempts": attempts,
        "divergences": divergences,
        "rhat_max": None if np.isnan(rhat_max) else round(float(rhat_max), 4),
        "refused": refused,
        "cells": cells,
    }
    print(json.dumps(line), flush=True)


def _quantiles(draws: Any) -> list[float]:
    return [round(float(q), 5) for q in np.quantile(draws, [0.5, 0.05, 0.95])]
