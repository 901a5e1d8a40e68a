"""What the sides of the recovery benchmark share: a world's table as columns, the task, and the JSON line of one fit.

The task: the 13 weeks after the table, with the money of its last 13 weeks in their weekly shape; each channel may
have half as much or half again; what is sought is revenue.

Standard library, NumPy and pandas only, as it is imported in three environments.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

KNOWN = ("date", "geo", "population", "revenue")
WEEKS = 13
CHANGE = 0.5
"""The task: weeks to plan, and how far each channel may move."""


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

    @property
    def recent(self) -> pd.DataFrame:
        """The rows of the last 13 weeks: the mix and the weekly shape of the task."""
        return self.frame[self.frame["date"].isin(sorted(self.frame["date"].unique())[-WEEKS:])]


Plans = Mapping[str, Mapping[str, float]]
"""Money of each channel in the 13 weeks, by the name of the plan; `default` is the side's own."""


def planned(plan: Callable[[], Plans]) -> tuple[Plans, float, str]:
    """Plans, seconds, and why there is none: a planner that breaks must not lose the fit."""
    start = time.perf_counter()
    try:
        return plan(), time.perf_counter() - start, ""
    except Exception as error:  # noqa: BLE001  whatever a library raises is the result
        said = (str(error).strip().splitlines() or [""])[0]
        return {}, time.perf_counter() - start, f"{type(error).__name__}: {said}"


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
    plans: Plans | None = None,
    no_plan: str = "",
) -> None:
    """Print the one JSON line of a fit.

    Parameters
    ----------
    roi, mroi
        Draws, shape (draw, channel). Of a refused fit, draws of the prior.
    seconds
        `fit` from the table on disk to ROI, imports excluded; `plan` from there to the money of each channel.
    plans, no_plan
        Money by plan and channel; why there is none.
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
        "plans": {
            name: {channel: round(float(money), 2) for channel, money in plan.items()}
            for name, plan in (plans or {}).items()
        },
        "no_plan": no_plan,
    }
    print(json.dumps(line), flush=True)


def _quantiles(draws: Any) -> list[float]:
    return [round(float(q), 5) for q in np.quantile(draws, [0.5, 0.05, 0.95])]
