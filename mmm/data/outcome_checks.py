"""Checks of the outcome of a panel: what is odd about it before anything is fitted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mmm.data.findings import periods_words, review
from mmm.data.panel import Check, Panel
from mmm.data.regressions import SURELY, level_break, season
from mmm.data.series import runs_of, unit_jump, unusual

Floats = NDArray[np.float64]

SIGNED = 0.1
"""Share of rows below zero from which an outcome has either sign by nature."""


def _total(panel: Panel) -> Floats:
    """Outcome over all regions, shape (period,); nan where it is not modelled."""
    return np.where(panel.modelled, panel.outcome.sum(axis=1), np.nan)


def last_period(panel: Panel) -> Iterator[Check]:
    total = _total(panel)
    known = total[~np.isnan(total)]
    if known.size > 9 and known[-1] < 0.5 * known[-9:-1].min():
        yield review(
            "last period",
            "outcome",
            str(panel.dates[np.flatnonzero(~np.isnan(total))[-1]]),
            f"{known[-1]:,.0f}, under half of any of the eight before",
            "Was it exported before it was over? Then leave its rows out.",
        )


def negative_outcome(panel: Panel) -> Iterator[Check]:
    mask = (panel.outcome < 0) & panel.modelled[:, None]
    if not mask.any():
        return
    value = f"{panel.outcome[mask].min():,.0f} at the lowest"
    if mask.sum() >= SIGNED * panel.modelled.sum() * len(panel.geos):
        told = f"{value}, {int(mask.sum())} rows: taken as an outcome of either sign"
        yield Check("negative outcome", "pass", "outcome", "", told, "")
        return
    yield review(
        "negative outcome",
        "outcome",
        periods_words(panel, mask),
        value,
        "More returns than sales? Book returns to the period of their sale, or exclude the period. If the outcome is a "
        "profit or net of returns, nothing is to do.",
    )


def zero_outcome(panel: Panel) -> Iterator[Check]:
    zero = (panel.outcome == 0) & panel.modelled[:, None]
    for g, geo in enumerate(panel.geos):
        for start, stop in runs_of(zero[:, g]):
            if stop - start >= 2:
                yield review(
                    "zero outcome",
                    geo or "outcome",
                    f"{panel.dates[start]} to {panel.dates[stop - 1]}",
                    f"{stop - start} {panel.grain}s of zero",
                    "Closed, or not recorded? List the days under `calendar.exclude` with the reason.",
                )


def outcome_outliers(panel: Panel) -> Iterator[Check]:
    mask = unusual(_total(panel))
    if mask.any() and unit_jump(_total(panel)) is None:  # a change of unit is said by its own check
        yield review(
            "outcome outliers",
            "outcome",
            periods_words(panel, mask),
            f"{int(mask.sum())} {panel.grain}s far from the rest",
            "Right? Then name the cause under `data.events` or `calendar.holidays`; if not, mend the rows.",
        )


def outcome_units(panel: Panel) -> Iterator[Check]:
    jump = unit_jump(_total(panel))
    if jump is not None:
        yield review(
            "outcome units",
            "outcome",
            f"from {panel.dates[jump[0]]}",
            f"{jump[1]:,.3g} times the level before",
            "Do the units change in mid-file (cents, thousands)? Bring the rows to one unit.",
        )


def media_share(panel: Panel) -> Iterator[Check]:
    if panel.unit_value is None:
        return
    money = float(np.abs(panel.outcome * panel.unit_value)[panel.modelled].sum())
    spend = float(panel.spend[panel.modelled].sum())
    share = spend / money if money > 0 else np.inf
    if not 0.001 <= share <= 0.6:
        reason = (
            "Spend in thousands, or an outcome in cents? Set `unit` on the table."
            if share < 0.001
            else "Outcome in thousands, or spend per month in weekly rows? Set `unit`, or mend the rows."
        )
        yield review("media share", "spend / outcome", "", f"{share:.2%}", reason)


def structural_break(panel: Panel) -> Iterator[Check]:
    """A step in the level that season, media, controls, events and holidays do not explain."""
    total = panel.outcome.sum(axis=1)
    positive = bool((total[panel.modelled] > 0).all())
    with np.errstate(divide="ignore", invalid="ignore"):
        series = np.where(panel.modelled, np.log(total) if positive else total, np.nan)
    known = np.column_stack(
        [
            season(len(total), panel.grain),
            np.log1p(np.maximum(panel.spend.sum(axis=1), 0.0)),
            panel.controls.mean(axis=1),
            panel.events,
            panel.holidays,
        ]
    )
    found = level_break(series, known)
    if found is None or unit_jump(np.where(panel.modelled, total, np.nan)) is not None:
        return
    at, statistic, size = found
    moved = f"{np.expm1(size):+.0%}" if positive else f"{size:+,.3g}"
    yield review(
        "structural break",
        "outcome",
        f"from {panel.dates[at]}",
        f"the level moves by {moved} and stays (F {statistic:.0f}, by chance up to {SURELY:g})",
        "What changed then: a product, a price, a store, the way of counting? Give it as a control or an event that "
        "lasts, or leave out what came before.",
    )
