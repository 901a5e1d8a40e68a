"""What a panel shows before anything expensive runs: every check is a row, passed or not.

A fail stops the run and a review does not; each says which rows, which value, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date

from mmm.data.calendar import period_days
from mmm.data.control_checks import control_values, mediators
from mmm.data.findings import fail, review
from mmm.data.media_checks import CELL_CHECKS, by_cell, following_spend, national_media
from mmm.data.outcome_checks import (
    last_period,
    media_share,
    negative_outcome,
    outcome_outliers,
    outcome_units,
    structural_break,
    zero_outcome,
)
from mmm.data.panel import Check, Panel

OLD_DAYS = 92
LEAST_DAYS = 364
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
        "names": _names(panel),
        "last period": last_period(panel),
        "negative outcome": negative_outcome(panel),
        "zero outcome": zero_outcome(panel),
        "outcome outliers": outcome_outliers(panel),
        "outcome units": outcome_units(panel),
        "structural break": structural_break(panel),
        "media share": media_share(panel),
        "controls": control_values(panel),
        "mediator": mediators(panel),
        "spend follows demand": following_spend(panel),
        "national media": national_media(panel),
        **{name: by_cell(panel, name, check) for name, check in CELL_CHECKS.items()},
    }
    checks = []
    for name, findings in found.items():
        listed = list(findings)
        checks += listed or [Check(name, "pass", "panel", f"{rows} {panel.grain}s", "", "")]
    return checks


def _names(panel: Panel) -> Iterator[Check]:
    """Tables of a run carry names as they are, for programs; Excel runs a CSV cell that begins like a formula."""
    of_cells = [name for cell in panel.cells for name in (cell.channel, cell.audience, cell.message)]
    named = [*of_cells, *panel.geos, *panel.organic_names, *panel.control_names, *panel.event_names]
    if found := sorted({name for name in named if name.startswith(("=", "+", "-", "@"))}):
        yield review(
            "names",
            "panel",
            "",
            ", ".join(found[:4]),
            "In a CSV, Excel takes a name that begins so for a formula. Rename it at its source, or open plan.xlsx, "
            "where it is text.",
        )


def _currency(panel: Panel) -> Iterator[Check]:
    if panel.currency is None:
        yield review(
            "currency", "config", "", "missing", "Money has no sign. Write `currency: USD` or yours."
        )


def _margin(margin: float | None) -> Iterator[Check]:
    if margin is None:
        yield review(
            "gross margin",
            "config",
            "",
            "missing",
            "Without it the plan goes by revenue and profit is empty. Set `finance.gross_margin`.",
        )
    elif margin > 1:
        yield review(
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
        yield fail(
            "rows",
            "panel",
            f"{rows} rows with an outcome",
            f"{parameters} parameters",
            "More parameters than rows. Join small cells, leave out controls, or load more history.",
        )
    days = max_lag * 7
    covered = int(period_days(panel.dates[panel.modelled], panel.grain).sum())
    if covered < 2 * days:
        yield review(
            "rows",
            "panel",
            f"{covered} days with an outcome",
            f"carry-over may run {days} days",
            "Carry-over that long shows in twice as many days. Load more history, or lower `model.max_lag`.",
        )


def _short_history(panel: Panel) -> Iterator[Check]:
    covered = int(period_days(panel.dates[panel.modelled], panel.grain).sum())
    if covered < LEAST_DAYS:
        yield review(
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
        yield review(
            "data age",
            "outcome",
            "",
            f"data until {until}",
            "More than a quarter old. Load the latest rows before money is planned on it.",
        )
