"""Many runs in one call: what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmm.console.words import aligned

if TYPE_CHECKING:
    from pathlib import Path

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
