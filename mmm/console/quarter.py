"""The plan of record, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmm.console.words import aligned, label_of, money, number_of, ranged_of, ratio, records_of, text_of

if TYPE_CHECKING:
    import pandas as pd


def approval_text(approval: Mapping[str, Any]) -> str:
    """An approved plan in a few lines.

    Parameters
    ----------
    approval
        The keys of `approved.json`.
    """
    unit = f" {approval['currency']}" if approval.get("currency") else ""
    window = approval["window"]
    what = f'scenario "{approval["scenario"]}"' if approval["scenario"] else "the plan"
    lines = [
        f"Plan of record number {approval['number']}, {window['start']} to {window['end']}: {what} of run "
        f"{approval['run_id']}, approved by {approval['by']} on {approval['on'][:10]}",
        f"Budget {money(approval['budget'])}{unit}, {money(approval['reserve'])} of it for tests",
    ]
    if number_of(approval.get("forecast")) is not None:
        lines.append(f"Forecast of the whole outcome: {ranged_of(approval, 'forecast')}")
    return "\n".join(lines)


_CHANGES = {
    "new": "new rows",
    "revised": "rows with another value",
    "added": "rows added to the past",
    "gone": "rows that are gone",
}
_STEPS = {"config": "config", "revised": "revised rows", "rows": "new rows", "tests": "new tests"}
_PARTS = (
    ("spent_otherwise", "spent otherwise"),
    ("calendar_and_controls", "calendar, controls"),
    ("model", "model"),
)
ON_PACE = 0.05
"""Share of the approved money to date within which a channel is on pace."""


def moved_text(moved: pd.DataFrame, changes: pd.DataFrame, told: Mapping[str, Any]) -> str:
    """What changed since the last fit, and what each change did to the returns.

    Parameters
    ----------
    moved, changes
        The tables `refresh.csv` and `data_changes.csv`.
    told
        The keys of `refresh.json`.
    """
    lines = [
        f"Compared with run {told['run_id']}: data until {told['data_until_before']}, now until {told['data_until']}"
    ]
    for row in records_of(changes):
        series = f", {row['series']}" if text_of(row["series"]) else ""
        before, after = money(row["before"]), money(row["after"])
        span = f"{row['first']} to {row['last']}"
        sums = f"sum {after}" if row["change"] == "new" else f"sum {before}, now {after}"
        lines.append(
            f"  {row['table']}{series}: {money(row['rows'])} {_CHANGES[row['change']]}, {span}; {sums}"
        )
    steps = list(told["steps"])
    rows = [["ROI", "before", *(_STEPS[step] for step in steps), "now", "90 % range now"]]
    by_cell: dict[str, list[Mapping[str, Any]]] = {}
    for row in records_of(moved):
        by_cell.setdefault(label_of(row), []).append(row)
    for name, found in by_cell.items():
        change = {row["step"]: row["change"] for row in found}
        last = found[-1]
        span = f"{ratio(last['after_lo'])} to {ratio(last['after_hi'])}"
        middle = [_signed(change.get(step), ratio) for step in steps]
        rows.append([name, ratio(found[0]["before"]), *middle, ratio(last["after"]), span])
    return "\n".join([*lines, "", aligned(rows, right=range(1, len(rows[0]))), ""])


def held_text(held: pd.DataFrame, told: Mapping[str, Any]) -> str:
    """Did the forecast of the approved plan hold, and the miss in three parts.

    Parameters
    ----------
    held
        The table `held.csv`.
    told
        The keys of `held.json`.
    """
    approved = told["approved"]
    window = f"{approved['window']['start']} to {approved['window']['end']}"
    lines = [
        f"Plan of record {approved['number']}, {window}: {told['known']} of {told['periods']} {told['grain']}s are "
        "known",
        "",
    ]
    rows = [["", "forecast", "for what was spent", "happened", "miss", *(name for _, name in _PARTS), ""]]
    for row in records_of(held):
        name = {"total": "whole outcome", "baseline": "without paid media"}.get(row["level"], row["channel"])
        span = f"{money(row['as_spent_lo'])} to {money(row['as_spent_hi'])}"
        parts = [_signed(row[key], money) for key, _ in _PARTS]
        figures = [money(row["expected"]), span, money(row["happened"]), _signed(row["miss"], money), *parts]
        rows.append([name, *figures, "held" if str(row["held"]) == "True" else "missed"])
    lines += [aligned(rows, right=range(1, 8)), ""]
    lines.append(
        f"{told['weeks_inside']} of {told['known']} {told['grain']}s lie inside their 90 % range for what is known "
        "by now"
    )
    lines += [f"Alarm: {found['what']}" for found in told["alarms"]] or ["No alarm"]
    return "\n".join(lines)


def pacing_text(pacing: pd.DataFrame, told: Mapping[str, Any]) -> str:
    """Approved against spent to date, and the pace that still ends on the approved sum.

    Parameters
    ----------
    pacing
        The table `pacing.csv`.
    told
        The keys of `held.json`.
    """
    grain = told["grain"]
    rows = [
        [
            "Pacing",
            "approved to date",
            "spent",
            "gap",
            "left",
            f"a {grain}, planned",
            f"a {grain}, to end on plan",
        ]
    ]
    coming = 0
    for (level, channel), part in pacing.groupby(["level", "channel"], sort=False):
        past, ahead = part[part["spent"].notna()], part[part["spent"].isna()]
        wanted, spent = float(past["approved_spend"].sum()), float(past["spent"].sum())
        gap, coming = spent - wanted, len(ahead)
        share = "" if wanted <= 0 else f" ({100 * gap / wanted:+.0f} %)"
        pace = [ahead[name].sum() / coming if coming else None for name in ("approved_spend", "to_spend")]
        left = money(ahead["to_spend"].sum()) if coming else "-"
        name = "total" if level == "total" else str(channel)
        figures = [
            money(wanted),
            money(spent),
            _signed(gap, money) + share,
            left,
            *(money(value) for value in pace),
        ]
        rows.append([name, *figures])
    lines = ["", aligned(rows, right=range(1, 7))]
    if coming:
        lines.append(
            f"{coming} {grain}s are to come. To end on plan, spend the last column; to plan what is left anew, with "
            "what is spent as it is: mmm plan CONFIG"
        )
    else:
        lines.append(
            "The window is over; what was not spent does not come back by itself: put it into the next plan"
        )
    return "\n".join(lines)


def _signed(value: object, write: Any) -> str:
    number = number_of(value)
    return "-" if number is None else ("+" if number > 0 else "") + write(number)
