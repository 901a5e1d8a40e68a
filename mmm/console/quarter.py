"""The plan of record, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmm.console.words import money, number_of, ranged_of


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
