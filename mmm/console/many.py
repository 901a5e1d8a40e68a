"""Many runs in one call: what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmm.console.words import aligned, in_100, money, percent, ratio, records_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from mmm.portfolio.many import Status

WORDS = {0: "done", 1: "input at fault", 3: "refused", 4: "fault of ours"}


def many_text(statuses: Sequence[Status], here: Path) -> str:
    """A line for every config: what became of it, how long it took, where its page is.

    Parameters
    ----------
    here
        Paths inside of this folder are printed as seen from it.
    """
    rows = [["config", "", "seconds", "attempts", "report"]]
    for status in statuses:
        page = status.report
        shown = "-" if page is None else str(page.relative_to(here) if page.is_relative_to(here) else page)
        rows.append(
            [
                status.config,
                _word(status),
                f"{status.seconds:.0f}",
                str(status.attempts),
                shown,
            ]
        )
    return aligned(rows, right=(2, 3))


def finished_text(status: Status) -> str:
    """One line as soon as a run is done."""
    return f"{status.config}: {_word(status)} after {status.seconds:.0f} s"


def _word(status: Status) -> str:
    return WORDS.get(status.exit_code, f"exit code {status.exit_code}")


def portfolio_text(told: Mapping[str, Any], table: pd.DataFrame) -> str:
    """The split by market and the proof, from `portfolio.json` and `markets.csv`."""
    rows = [
        ["market", "today", "planned", "change", "own money", told["objective"], "gain", "better", "limit"]
    ]
    for row in records_of(table):
        local = f"{money(row['planned_local'])} {row['currency']}" if row["level"] == "market" else ""
        limit = f"{row['binding']}, price {ratio(row['price'])}" if row["binding"] else ""
        figures = [money(row[name]) for name in ("current_budget", "planned_budget", "change")]
        worth = [money(row["value"]), money(row["gain"]), in_100(row["probability_better"]), limit]
        rows.append([row["market"] or "total", *figures, local, *worth])
    lines = [aligned(rows, right=range(1, 8)), ""]
    if told["gain_between"] is not None:
        within, between = (money(told[name]) for name in ("gain_within", "gain_between"))
        lines.append(f"Gain within markets {within}, by moving money between them {between}")
    lines.append(
        f"Gap {percent(told['gap'], 2)}: no plan within the limits brings {money(told['gap_money'])} more "
        f"({told['currency']}; {told['method']})"
    )
    return "\n".join(lines)
