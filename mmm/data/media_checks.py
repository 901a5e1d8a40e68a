"""Checks of paid media of a panel, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from mmm.data.findings import fail, periods_words, review
from mmm.data.panel import Check, Panel
from mmm.data.regressions import lagged, season, told_by
from mmm.data.series import unit_jump, unusual

SELDOM = 0.001
"""Chance by which one cell of a company looks as if it went after sales and does not."""
THIN_PERIODS = 6


def national_media(panel: Panel) -> Iterator[Check]:
    if panel.national_cells.any():
        names = [cell.name for cell, flag in zip(panel.cells, panel.national_cells, strict=True) if flag]
        by = "outcome" if panel.population is None else "population"
        yield review(
            "national media",
            "data.media",
            "",
            ", ".join(names),
            f"Given without a region and split by {by}. Give the spend by region if it differs.",
        )


def following_spend(panel: Panel) -> Iterator[Check]:
    """Cells whose spend goes after the sales of the weeks before, beyond its own past and the season (Granger)."""
    total = np.where(panel.modelled, panel.outcome.sum(axis=1), np.nan)
    controls = panel.controls.mean(axis=1)
    for index, cell in enumerate(panel.cells):
        spend = np.log1p(np.maximum(panel.spend[:, :, index].sum(axis=1), 0.0))
        known = np.column_stack([season(len(spend), panel.grain), controls, lagged(spend, 1, 2)])
        found = told_by(spend, known, lagged(total, 1, 2))
        if found is None or found.p >= SELDOM / len(panel.cells) or cell.channel in panel.demand_capture:
            continue
        yield review(
            "spend follows demand",
            cell.name,
            "",
            f"sales of the two {panel.grain}s before explain {found.share:.0%} of what its own past leaves open",
            "Budgets that go after sales look as if they caused them. Give what buyers look at (demand, stock) as a "
            "control, name it `role: demand_capture`, or test it.",
        )


def by_cell(panel: Panel, name: str, check: Callable[[Panel, int, str], Iterator[Check]]) -> Iterator[Check]:
    for index in range(len(panel.cells)):
        yield from check(panel, index, name)


def _negative_spend(panel: Panel, index: int, name: str) -> Iterator[Check]:
    for what, values in (("spend", panel.spend), ("exposure", panel.exposure)):
        mask = values[:, :, index] < 0
        if mask.any() and (what == "spend" or panel.has_exposure[index]):
            yield fail(
                name,
                panel.cells[index].name,
                periods_words(panel, mask),
                f"{what} of {values[:, :, index].min():,.2f}",
                "A credit belongs to the period it was booked in: net it there, or write 0.",
            )


def _all_zero(panel: Panel, index: int, name: str) -> Iterator[Check]:
    if not panel.spend[:, :, index].any():
        yield fail(
            name,
            panel.cells[index].name,
            "all",
            "0",
            "It never spent. Take it out of `data.media`, or mend its column.",
        )


def _constant(panel: Panel, index: int, name: str) -> Iterator[Check]:
    spend = panel.spend[panel.modelled][:, :, index]
    if spend.any() and np.ptp(spend, axis=0).max() <= 1e-9 * np.abs(spend).max():
        yield review(
            name,
            panel.cells[index].name,
            "all",
            f"always {spend.sum(axis=1).max():,.0f}",
            "What never changes shows no effect: its return will be the prior's. Vary it, or run a test.",
        )


def _thin(panel: Panel, index: int, name: str) -> Iterator[Check]:
    on = (panel.spend[panel.modelled][:, :, index] > 0).any(axis=1)
    if 0 < on.sum() < THIN_PERIODS:
        yield review(
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
        yield review(
            name,
            panel.cells[index].name,
            periods_words(panel, mask),
            f"up to {total[mask].max():,.0f}; usual {np.median(total[total > 0]):,.0f}",
            "One large burst sets the curve. Mend the rows if they are a typing error.",
        )


def _spend_units(panel: Panel, index: int, name: str) -> Iterator[Check]:
    total = panel.spend[:, :, index].sum(axis=1)
    jump = unit_jump(np.where(total > 0, total, np.nan))
    if jump is not None:
        yield review(
            name,
            panel.cells[index].name,
            f"from {panel.dates[jump[0]]}",
            f"{jump[1]:,.3g} times the level before",
            "Do the units change in mid-file (cents, thousands)? Bring the rows to one unit.",
        )


def _unpaid(panel: Panel, index: int, name: str) -> Iterator[Check]:
    mask = (panel.exposure[:, :, index] > 0) & (panel.spend[:, :, index] <= 0)
    if panel.has_exposure[index] and mask.any() and panel.spend[:, :, index].any():
        yield review(
            name,
            panel.cells[index].name,
            periods_words(panel, mask),
            f"{int(mask.sum())} rows with exposure and no spend",
            "Free, or booked in another period? Money and exposure should stand in the same rows.",
        )


def _unexposed(panel: Panel, index: int, name: str) -> Iterator[Check]:
    mask = (panel.spend[:, :, index] > 0) & ~(panel.exposure[:, :, index] > 0)
    if mask.any():
        yield fail(
            name,
            panel.cells[index].name,
            periods_words(panel, mask),
            f"{panel.spend[:, :, index][mask].sum():,.0f} spent",
            "Fill in the exposure, or leave the exposure column of this cell out of the config.",
        )


CELL_CHECKS: dict[str, Callable[[Panel, int, str], Iterator[Check]]] = {
    "negative spend": _negative_spend,
    "no spend": _all_zero,
    "constant spend": _constant,
    "thin cells": _thin,
    "spend outliers": _spend_outliers,
    "spend units": _spend_units,
    "exposure without spend": _unpaid,
    "spend without exposure": _unexposed,
}
