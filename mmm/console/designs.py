"""Proposed tests as text: what each does and costs, what it may say, and what the reserve is used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmm.console.words import aligned, in_100, label_of, money, records_of

if TYPE_CHECKING:
    import pandas as pd


def designs_text(tests: pd.DataFrame, reserve: Mapping[str, Any], currency: str | None) -> str:
    """The tests, the reserve, and what could not be designed.

    Parameters
    ----------
    tests
        `tests.csv`.
    reserve
        `tests.json`.
    """
    rows = records_of(tests)
    if not rows:
        lines = ["No test can be designed in this window; the reserve stays a line of the plan."]
        return "\n".join([*lines, *(f"- {note}" for note in reserve["notes"])])
    unit = f" {currency}" if currency else ""
    head = ["test", "of", "kind", "start", "weeks", "uses", "extra", "seen", "worth", "costs", "net"]
    table = [head, *(_row(row) for row in rows)]
    lines = [aligned(table, right=(4, 5, 6, 7, 8, 9, 10)), ""]
    for row in rows:
        where = f" in {_places(row['units'])}" if row["units"] else ""
        told = "approved" if row["state"] == "approved" else f"cool-down {row['cooldown']:.0f} weeks"
        lines.append(f"{row['id']} ({told}): {row['test']} {row['kind']}{where}.")
        if row["answers"]:
            lines.append(f"    return of the money changed {row['answers']}")
        if row["floor_driven"] in (True, "True"):
            lines.append(
                f"    only to fill the floor: with it the set is worth {money(-row['adds'])}{unit} less"
            )
    lines += ["", *_reserve(reserve, unit)]
    return "\n".join([*lines, *(f"- {note}" for note in reserve["notes"])])


def _row(row: Mapping[str, Any]) -> list[str]:
    return [
        row["id"],
        label_of(row),
        row["kind"],
        str(row["start"]),
        f"{row['weeks']:.0f}",
        money(round(row["reserve_used"])),
        money(round(row["incremental_spend"])),
        in_100(row["assurance"]),
        money(round(row["value_of_information"])),
        money(round(row["opportunity_cost"])),
        money(round(row["net_value"])),
    ]


def _places(units: str) -> str:
    names = units.split(";")
    return (
        ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more regions"
    )


def _reserve(told: Mapping[str, Any], unit: str) -> list[str]:
    """What the reserve is used for and what it costs."""
    lines = [
        f"Reserve {money(told['reserve'])}{unit} (at least {money(told['floor'])}): {money(told['placed'])} "
        f"spent by tests, "
        f"{money(told['withheld'])} withheld and returned after them, {money(told['without_test'])} without a test.",
        f"All results together are worth {money(round(told['information_together']))}{unit} over their useful "
        f"life; one by "
        f"one they would add up to {money(round(told['information_summed']))}.",
    ]
    if told["reserve_price"] is not None:
        lines.append(
            f"Price of the reserve: {told['reserve_price']:.2f}{unit} of this window's result per unit kept for tests."
        )
    return lines
