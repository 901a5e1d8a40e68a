"""Did the forecast of an approved plan hold: what was expected, what happened, and the miss in three parts.

    happened - expected = spent otherwise + calendar and controls + the model's

Each part is a difference of two forecasts of the same draws: the plan as approved; the money as it was spent; that with
the calendar, prices and other controls as they were. What is left is the model's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.planning.outlook import spread_of

PARTS = ("spent_otherwise", "calendar_and_controls", "model")
HELD = (
    *("level", "channel", "approved_spend", "spent"),
    *("expected", "expected_lo", "expected_hi"),
    *("as_spent", "as_spent_lo", "as_spent_hi"),
    *("happened", "happened_lo", "happened_hi"),
    *("miss", *PARTS, "held"),
)
RARE = 0.01
"""Chance below which so many periods outside of their ranges are an alarm."""


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Three forecasts of the same draws for the periods that are known by now, whole periods.

    Attributes
    ----------
    approved, as_spent, as_known
        By part: the channels, and under the empty name the outcome without paid media; shape (draw, period). With the
        approved plan; with the money as it was spent; that with calendar and controls as they were.
    share
        Share of each period inside the window; 0 where a period is left out, shape (period,).
    """

    approved: Mapping[str, Floats]
    as_spent: Mapping[str, Floats]
    as_known: Mapping[str, Floats]
    share: Floats


def held_table(
    forecasts: Forecasts,
    happened: Mapping[str, Floats],
    money: Mapping[str, tuple[float, float]],
    outcome: Floats,
) -> pd.DataFrame:
    """The table `held.csv`: the whole outcome, the outcome without paid media, and each channel.

    A forecast held where what happened lies inside the 90 % range of the forecast with the money as it was spent. What
    a channel brought is what the newer fit says, and what is left of the outcome is its `baseline`.

    Parameters
    ----------
    happened
        What each channel brought by the newer fit, by its draws over the same periods, shape (draw,).
    money
        Approved and spent, by channel; the whole under the empty name.
    outcome
        What really happened, shape (period,).
    """
    share = forecasts.share
    rows = []
    total = float(np.nansum(outcome * share))
    caused = {name: spread_of(draws) for name, draws in happened.items()}
    left = total - sum(float(found.mean or 0.0) for found in caused.values())
    channels = [name for name in forecasts.approved if name]
    for level, channel, members in (
        ("total", "", [*forecasts.approved]),
        ("baseline", "", [""]),
        *(("channel", name, [name]) for name in channels),
    ):
        sums = [
            sum(side[name] for name in members) @ share
            for side in (forecasts.approved, forecasts.as_spent, forecasts.as_known)
        ]
        expected, spent = (spread_of(draws) for draws in sums[:2])
        means = [float(draws.mean()) for draws in sums]
        now: tuple[float, float | None, float | None] = (total, None, None)
        if level == "baseline":
            now = (left, None, None)
        elif level == "channel":
            found = caused.get(channel, spread_of(np.zeros(2)))
            now = (float(found.mean or 0.0), found.lo, found.hi)
        miss = now[0] - means[0]
        parts = (means[1] - means[0], means[2] - means[1])
        held = bool((spent.lo or 0.0) <= now[0] <= (spent.hi or 0.0))
        paid = money.get(channel, (0.0, 0.0)) if level != "baseline" else (0.0, 0.0)
        ranges = [(found.mean, found.lo, found.hi) for found in (expected, spent)]
        figures = (*ranges[0], *ranges[1], *now, miss, *parts, miss - sum(parts))
        rows.append((level, channel, *paid, *figures, held))
    return pd.DataFrame(rows, columns=list(HELD))


def weeks_table(forecasts: Forecasts, dates: list[str], outcome: Floats) -> pd.DataFrame:
    """The table `held_weeks.csv`: the whole outcome by period, as approved and with what is known by now."""
    rows = []
    approved, known = (sum(side.values()) for side in (forecasts.approved, forecasts.as_known))
    for k, date in enumerate(dates):
        if forecasts.share[k] == 0:
            continue
        before, after = (spread_of(np.asarray(draws)[:, k]) for draws in (approved, known))
        inside = bool((after.lo or 0.0) <= outcome[k] <= (after.hi or 0.0))
        rows.append(
            {
                "date": date,
                "expected": before.mean,
                "expected_lo": before.lo,
                "expected_hi": before.hi,
                "as_known": after.mean,
                "as_known_lo": after.lo,
                "as_known_hi": after.hi,
                "happened": float(outcome[k]),
                "inside": inside,
            }
        )
    return pd.DataFrame(rows)


def chance_of_outside(forecasts: Forecasts, outside: int) -> float:
    """Chance that so many periods, or more, lie outside of their 90 % ranges where the model is right.

    Each draw is taken for what happened in turn, so weeks that go wrong together are counted as such.
    """
    draws = np.asarray(sum(forecasts.as_known.values()))[:, forecasts.share > 0]
    lo, hi = np.quantile(draws, [0.05, 0.95], axis=0)
    return float(np.mean(((draws < lo) | (draws > hi)).sum(axis=1) >= outside))
