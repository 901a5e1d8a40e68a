"""What a panel shows before anything expensive runs: every check is a row, passed or not.

A fail stops the run and a review does not; each says which rows, which value, and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date as Date

import numpy as np
from numpy.typing import NDArray

from mmm.data.calendar import period_days
from mmm.data.panel import Check, Panel
from mmm.data.series import runs_of, unit_jump, unusual

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

OLD_DAYS = 92
LEAST_DAYS = 364
THIN_PERIODS = 6
SIGNED = 0.1
"""Share of rows below zero from which an outcome has either sign by nature."""
PER_CELL = 4
"""What a cell adds to the count: return, carry-over, half-saturation, slope."""


def check_panel(
    panel: Panel,
    *,
    margin: float | None,
    max_lag: int,
    parameters: int | None = None,
    today: Date | None = None,
) -> list[Check]:
    """Every check on an aligned panel, as pass, review or fail.

    Parameters
    ----------
    margin
        Gross margin of the config, None where it is not given.
    max_lag
        Weeks over which carry-over may run.
    parameters
        What the model will estimate freely; None: one level a region, a trend, the confounding controls, the
        events, organic media, and four for each cell. Holidays and seasons are shrunk and not counted.
    today
        For the age of the data; None: the machine's date.
    """
    rows = len(panel.dates) - panel.first
    found = {
        "currency": _currency(panel),
        "gross margin": _margin(margin),
        "rows": _rows(panel, max_lag, parameters),
        "history": _short_history(panel),
        "data age": _age(panel, today or Date.today()),
        "last period": _last_period(panel),
        "negative outcome": _negative_outcome(panel),
        "zero outcome": _zero_outcome(panel),
        "outcome outliers": _outcome_outliers(panel),
        "outcome units": _outcome_units(panel),
        "media share": _media_share(panel),
        "controls": _controls(panel),
        "national media": _national(panel),
        **{name: _by_cell(panel, name, check) for name, check in _CELL_CHECKS.items()},
    }
    checks = []
    for name, findings in found.items():
        listed = list(findings)
        checks += listed or [Check(name, "pass", "panel", f"{rows} {panel.grain}s", "", "")]
    return checks


def _review(check: str, where: str, rows: str, value: str, remedy: str) -> Check:
    return Check(check, "review", where, rows, value, remedy)


def _fail(check: str, where: str, rows: str, value: str, remedy: str) -> Check:
    return Check(check, "fail", where, rows, value, remedy)


def _dates(panel: Panel, mask: Flags, shown: int = 4) -> str:
    """Periods (and regions) of a mask, in words; shape (period,) or (period, geo)."""
    if mask.ndim == 2 and mask.shape[1] > 1:
        listed = [f"{panel.dates[t]} {panel.geos[g]}" for t, g in np.argwhere(mask)]
    else:
        listed = [str(panel.dates[t]) for t in np.flatnonzero(mask.reshape(len(panel.dates), -1).any(axis=1))]
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more


# --- the company and its time --------------------------------------------------------------------------


def _currency(panel: Panel) -> Iterator[Check]:
    if panel.currency is None:
        yield _review(
            "currency", "config", "", "missing", "Money has no sign. Write `currency: USD` or yours."
        )


def _margin(margin: float | None) -> Iterator[Check]:
    if margin is None:
        yield _review(
            "gross margin",
            "config",
            "",
            "missing",
            "Without it the plan goes by revenue and profit is empty. Set `finance.gross_margin`.",
        )
    elif margin > 1:
        yield _review(
            "gross margin",
            "config",
            "",
            f"{margin:g}",
            f"Above 1. Is it a per cent? Then `finance.gross_margin` is {margin / 100:g}.",
        )


def _rows(panel: Panel, max_lag: int, parameters: int | None) -> Iterator[Check]:
    rows = int(panel.modelled.sum()) * len(panel.geos)
    if parameters is None:
        confounders = sum(role != "precision" for role in panel.control_roles)
        parameters = len(panel.geos) + 1 + confounders + len(panel.event_names) + len(panel.organic_names)
        parameters += PER_CELL * len(panel.cells)
    if rows < parameters:
        yield _fail(
            "rows",
            "panel",
            f"{rows} rows with an outcome",
            f"{parameters} parameters",
            "More parameters than rows. Join small cells, leave out controls, or load more history.",
        )
    days = max_lag * 7
    covered = int(period_days(panel.dates[panel.modelled], panel.grain).sum())
    if covered < 2 * days:
        yield _review(
            "rows",
            "panel",
            f"{covered} days with an outcome",
            f"carry-over may run {days} days",
            "Carry-over that long shows in twice as many days. Load more history, or lower `model.max_lag`.",
        )


def _short_history(panel: Panel) -> Iterator[Check]:
    covered = int(period_days(panel.dates[panel.modelled], panel.grain).sum())
    if covered < LEAST_DAYS:
        yield _review(
            "history",
            "outcome",
            f"{panel.dates[panel.first]} to {panel.data_until}",
            f"{covered} days, under a year",
            "Season and media cannot be told apart: one yearly wave is fitted, returns stay near what was assumed and "
            "the plan moves them little. Load two years or more where they exist.",
        )


def _age(panel: Panel, today: Date) -> Iterator[Check]:
    until = panel.data_until.astype("datetime64[D]").item()
    if (today - until).days > OLD_DAYS:
        yield _review(
            "data age",
            "outcome",
            "",
            f"data until {until}",
            "More than a quarter old. Load the latest rows before money is planned on it.",
        )


# --- the outcome ---------------------------------------------------------------------------------------


def _total(panel: Panel) -> Floats:
    """Outcome over all regions, shape (period,); nan where it is not modelled."""
    return np.where(panel.modelled, panel.outcome.sum(axis=1), np.nan)


def _last_period(panel: Panel) -> Iterator[Check]:
    total = _total(panel)
    known = total[~np.isnan(total)]
    if known.size > 9 and known[-1] < 0.5 * known[-9:-1].min():
        yield _review(
            "last period",
            "outcome",
            str(panel.dates[np.flatnonzero(~np.isnan(total))[-1]]),
            f"{known[-1]:,.0f}, under half of any of the eight before",
            "Was it exported before it was over? Then leave its rows out.",
        )


def _negative_outcome(panel: Panel) -> Iterator[Check]:
    mask = (panel.outcome < 0) & panel.modelled[:, None]
    if not mask.any():
        return
    value = f"{panel.outcome[mask].min():,.0f} at the lowest"
    if mask.sum() >= SIGNED * panel.modelled.sum() * len(panel.geos):
        told = f"{value}, {int(mask.sum())} rows: taken as an outcome of either sign"
        yield Check("negative outcome", "pass", "outcome", "", told, "")
        return
    yield _review(
        "negative outcome",
        "outcome",
        _dates(panel, mask),
        value,
        "More returns than sales? Book returns to the period of their sale, or exclude the period. If the outcome is a "
        "profit or net of returns, nothing is to do.",
    )


def _zero_outcome(panel: Panel) -> Iterator[Check]:
    zero = (panel.outcome == 0) & panel.modelled[:, None]
    for g, geo in enumerate(panel.geos):
        for start, stop in runs_of(zero[:, g]):
            if stop - start >= 2:
                yield _review(
                    "zero outcome",
                    geo or "outcome",
                    f"{panel.dates[start]} to {panel.dates[stop - 1]}",
                    f"{stop - start} {panel.grain}s of zero",
                    "Closed, or not recorded? List the days under `calendar.exclude` with the reason.",
                )


def _outcome_outliers(panel: Panel) -> Iterator[Check]:
    mask = unusual(_total(panel))
    if mask.any() and unit_jump(_total(panel)) is None:  # a change of unit is said by its own check
        yield _review(
            "outcome outliers",
            "outcome",
            _dates(panel, mask),
            f"{int(mask.sum())} {panel.grain}s far from the rest",
            "Right? Then name the cause under `data.events` or `calendar.holidays`; if not, mend the rows.",
        )


def _outcome_units(panel: Panel) -> Iterator[Check]:
    jump = unit_jump(_total(panel))
    if jump is not None:
        yield _review(
            "outcome units",
            "outcome",
            f"from {panel.dates[jump[0]]}",
            f"{jump[1]:,.3g} times the level before",
            "Do the units change in mid-file (cents, thousands)? Bring the rows to one unit.",
        )


def _media_share(panel: Panel) -> Iterator[Check]:
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
        yield _review("media share", "spend / outcome", "", f"{share:.2%}", reason)


def _controls(panel: Panel) -> Iterator[Check]:
    used = panel.controls[panel.modelled]
    for index, name in enumerate(panel.control_names):
        values = used[:, :, index]
        scale = max(float(np.abs(values).max(initial=0.0)), 1e-300)
        if panel.control_roles[index] == "demand" and values.min() <= 0:
            yield _fail(
                "controls",
                name,
                _dates(panel, panel.modelled[:, None] & (panel.controls[:, :, index] <= 0)),
                f"{values.min():,.4g} at the lowest, and media are multiplied by it",
                "An index of demand is above zero throughout. Mend the rows, or take `role: demand` away.",
            )
        if np.ptp(values, axis=None) <= 1e-9 * scale:
            yield _fail(
                "controls", name, "all", f"always {values.flat[0]:g}", "It explains nothing. Leave it out."
            )
        elif (np.ptp(values, axis=0) <= 1e-9 * scale).all():
            yield _review(
                "controls",
                name,
                "all",
                "constant in every region",
                "The region's level holds it. Leave it out.",
            )


# --- media ---------------------------------------------------------------------------------------------


def _national(panel: Panel) -> Iterator[Check]:
    if panel.national_cells.any():
        names = [cell.name for cell, flag in zip(panel.cells, panel.national_cells, strict=True) if flag]
        by = "outcome" if panel.population is None else "population"
        yield _review(
            "national media",
            "data.media",
            "",
            ", ".join(names),
            f"Given without a region and split by {by}. Give the spend by region if it differs.",
        )


def _by_cell(panel: Panel, name: str, check: Callable[[Panel, int, str], Iterator[Check]]) -> Iterator[Check]:
    for index in range(len(panel.cells)):
        yield from check(panel, index, name)


def _negative_spend(panel: Panel, index: int, name: str) -> Iterator[Check]:
    for what, values in (("spend", panel.spend), ("exposure", panel.exposure)):
        mask = values[:, :, index] < 0
        if mask.any() and (what == "spend" or panel.has_exposure[index]):
            yield _fail(
                name,
                panel.cells[index].name,
                _dates(panel, mask),
                f"{what} of {values[:, :, index].min():,.2f}",
                "A credit belongs to the period it was booked in: net it there, or write 0.",
            )


def _all_zero(panel: Panel, index: int, name: str) -> Iterator[Check]:
    if not panel.spend[:, :, index].any():
        yield _fail(
            name,
            panel.cells[index].name,
            "all",
            "0",
            "It never spent. Take it out of `data.media`, or mend its column.",
        )


def _constant(panel: Panel, index: int, name: str) -> Iterator[Check]:
    spend = panel.spend[panel.modelled][:, :, index]
    if spend.any() and np.ptp(spend, axis=0).max() <= 1e-9 * np.abs(spend).max():
        yield _review(
            name,
            panel.cells[index].name,
            "all",
            f"always {spend.sum(axis=1).max():,.0f}",
            "What never changes shows no effect: its return will be the prior's. Vary it, or run a test.",
        )


def _thin(panel: Panel, index: int, name: str) -> Iterator[Check]:
    on = (panel.spend[panel.modelled][:, :, index] > 0).any(axis=1)
    if 0 < on.sum() < THIN_PERIODS:
        yield _review(
            name,
            panel.cells[index].name,
            "",
            f"on in {int(on.sum())} {panel.grain}s",
            "Its return will be mostly the prior's. Join it with a like cell, or run a test.",
        )


def _spend_outliers(panel: Panel, index: int, name: str) -> Iterator[Check]:
    total = panel.spend[:, :, index].sum(axis=1)
    paid = np.where(total > 0, total, np.nan)
    mask = unusual(paid)
    mask &= total > np.median(total[total > 0]) if mask.any() else False  # a small amount sets no curve
    if mask.any() and unit_jump(paid) is None:
        yield _review(
            name,
            panel.cells[index].name,
            _dates(panel, mask),
            f"up to {total[mask].max():,.0f}; usual {np.median(total[total > 0]):,.0f}",
            "One large burst sets the curve. Mend the rows if they are a typing error.",
        )


def _spend_units(panel: Panel, index: int, name: str) -> Iterator[Check]:
    total = panel.spend[:, :, index].sum(axis=1)
    jump = unit_jump(np.where(total > 0, total, np.nan))
    if jump is not None:
        yield _review(
            name,
            panel.cells[index].name,
            f"from {panel.dates[jump[0]]}",
            f"{jump[1]:,.3g} times the level before",
            "Do the units change in mid-file (cents, thousands)? Bring the rows to one unit.",
        )


def _unpaid(panel: Panel, index: int, name: str) -> Iterator[Check]:
    mask = (panel.exposure[:, :, index] > 0) & (panel.spend[:, :, index] <= 0)
    if panel.has_exposure[index] and mask.any() and panel.spend[:, :, index].any():
        yield _review(
            name,
            panel.cells[index].name,
            _dates(panel, mask),
            f"{int(mask.sum())} rows with exposure and no spend",
            "Free, or booked in another period? Money and exposure should stand in the same rows.",
        )


def _unexposed(panel: Panel, index: int, name: str) -> Iterator[Check]:
    mask = (panel.spend[:, :, index] > 0) & ~(panel.exposure[:, :, index] > 0)
    if mask.any():
        yield _fail(
            name,
            panel.cells[index].name,
            _dates(panel, mask),
            f"{panel.spend[:, :, index][mask].sum():,.0f} spent",
            "Fill in the exposure, or leave the exposure column of this cell out of the config.",
        )


_CELL_CHECKS: dict[str, Callable[[Panel, int, str], Iterator[Check]]] = {
    "negative spend": _negative_spend,
    "no spend": _all_zero,
    "constant spend": _constant,
    "thin cells": _thin,
    "spend outliers": _spend_outliers,
    "spend units": _spend_units,
    "exposure without spend": _unpaid,
    "spend without exposure": _unexposed,
}
