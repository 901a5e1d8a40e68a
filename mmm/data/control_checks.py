"""Checks of the controls of a panel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmm.data.findings import fail, periods_words, review
from mmm.data.panel import Check, Panel
from mmm.data.regressions import lagged, season, told_by

SELDOM = 0.001
"""Chance by which one control of a company looks like a mediator and is none."""
MUCH = 0.15
"""Share of a control's news that media must explain."""


def control_values(panel: Panel) -> Iterator[Check]:
    used = panel.controls[panel.modelled]
    for index, name in enumerate(panel.control_names):
        values = used[:, :, index]
        scale = max(float(np.abs(values).max(initial=0.0)), 1e-300)
        if panel.control_roles[index] == "demand" and values.min() <= 0:
            yield fail(
                "controls",
                name,
                periods_words(panel, panel.modelled[:, None] & (panel.controls[:, :, index] <= 0)),
                f"{values.min():,.4g} at the lowest, and media are multiplied by it",
                "An index of demand is above zero throughout. Mend the rows, or take `role: demand` away.",
            )
        if np.ptp(values, axis=None) <= 1e-9 * scale:
            yield fail(
                "controls", name, "all", f"always {values.flat[0]:g}", "It explains nothing. Leave it out."
            )
        elif (np.ptp(values, axis=0) <= 1e-9 * scale).all():
            yield review(
                "controls",
                name,
                "all",
                "constant in every region",
                "The region's level holds it. Leave it out.",
            )


def mediators(panel: Panel) -> Iterator[Check]:
    """Controls that move after media, beyond their own past and the season: they may carry a part of the effect."""
    spend = np.log1p(np.maximum(panel.spend.sum(axis=1), 0.0))
    asked = [index for index, role in enumerate(panel.control_roles) if role != "treatment"]
    for index in asked:
        series = panel.controls[:, :, index].mean(axis=1)
        known = np.column_stack([season(len(series), panel.grain), lagged(series, 1, 2)])
        found = told_by(series, known, lagged(spend, 1))
        if found is None or found.p >= SELDOM / len(asked) or found.share < MUCH:
            continue
        yield review(
            "mediator",
            panel.control_names[index],
            "",
            f"media of the {panel.grain} before explain {found.share:.0%} of what its own past leaves open",
            "Do media move it, as they move visits or searches? Then it carries a part of their effect: leave it out. "
            "If it moves by itself and media follow it, nothing is to do.",
        )
