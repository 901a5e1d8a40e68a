"""The ledger of tests: an append-only table of what was approved, dropped, read and settled, and why.

    approved -> read -> resolved
        `-> void      `-> void

A line is never changed. What a test is stands in its first line, frozen; later lines say what became of it. A test of
the table of experiments that nobody approved enters with its readout.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from mmm.data.names import fold, nearest
from mmm.errors import DataError, InputError
from mmm.experiments.design import Design, design_columns, design_from

State = Literal["approved", "void", "read", "resolved"]
FOLLOWS: dict[State | None, tuple[State, ...]] = {
    None: ("approved", "read", "void"),
    "approved": ("read", "void"),
    "read": ("resolved", "void"),
    "resolved": ("resolved", "void"),
    "void": (),
}
"""What may come after what."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line: what happened to a test.

    Attributes
    ----------
    id, state, on
        Which test, what it is from now on, and since when.
    by, why
        Who says so, and the reason.
    choice
        Of a resolved test: keep, widen, or what was decided.
    lift, lift_se
        Of a read test, in the outcome's unit; else nan.
    design
        Of the first line of a test.
    """

    id: str
    state: State
    on: date
    by: str = ""
    why: str = ""
    choice: str = ""
    lift: float = np.nan
    lift_se: float = np.nan
    design: Design | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """All lines, oldest first."""

    path: Path
    events: tuple[Event, ...] = ()

    def of(self, name: str) -> tuple[Event, ...]:
        """Lines of one test."""
        return tuple(event for event in self.events if fold(event.id) == fold(name))

    def state(self, name: str) -> State | None:
        """What a test is now; None where it is not in the ledger."""
        lines = self.of(name)
        return lines[-1].state if lines else None

    def design(self, name: str) -> Design | None:
        """A test as it entered the ledger."""
        return next((event.design for event in self.of(name) if event.design is not None), None)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every test, in the order of their first lines."""
        return tuple({fold(event.id): event.id for event in reversed(self.events)}.values())[::-1]


COLUMNS = ("id", "state", "on", "by", "why", "choice", "lift", "lift_se", *design_columns())


def read_ledger(path: Path) -> Ledger:
    """Read a ledger; one that does not exist yet is empty.

    Raises
    ------
    DataError
        Lines that cannot be read, all of them.
    """
    if not path.is_file():
        return Ledger(path)
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError([f"{path}: the ledger cannot be read ({error}); restore it from a copy"]) from None
    events, faults = [], []
    for i, row in enumerate(rows, start=2):
        try:
            events.append(_event(row, f"{path.name}, row {i}"))
        except (KeyError, ValueError, TypeError) as error:
            faults.append(f"{path}, row {i}: not a line of a ledger ({error}); restore the file from a copy")
    if faults:
        raise DataError(faults)
    return Ledger(path, tuple(events))


def record(ledger: Ledger, event: Event) -> Ledger:
    """Append a line, and give the ledger with it; the same line twice changes nothing.

    Raises
    ------
    InputError
        A test that is not in the ledger, a state that cannot follow, or a design other than the approved one.
    """
    now = ledger.state(event.id)
    if event.state == "approved" and now not in (None, "void") and ledger.design(event.id) is not None:
        if _frozen(ledger.design(event.id)) == _frozen(event.design):
            return ledger
        raise InputError(
            f'"{event.id}" was approved with another design, and an approved test is never changed. Void it and give '
            "the new one a name of its own"
        )
    if now == event.state and event.state in ("read", "void"):
        return ledger
    if event.state not in FOLLOWS[now] or (now is None and event.design is None):
        raise InputError(_refusal(ledger, event, now))
    _append(ledger.path, event)
    return Ledger(ledger.path, (*ledger.events, event))


def _refusal(ledger: Ledger, event: Event, now: State | None) -> str:
    if now is None:
        near = nearest(event.id, ledger.ids)
        known = (
            f'; did you mean "{near}"?' if near else f"; it has {', '.join(ledger.ids)}" if ledger.ids else ""
        )
        return f'{ledger.path} has no test "{event.id}"{known or "; approve it first: mmm tests approve CONFIG ID"}'
    if now == "void":
        why = ledger.of(event.id)[-1].why
        return f'"{event.id}" is void ({why}); a void test stays so. Give a new one a name of its own'
    needed = " or ".join(FOLLOWS[now])
    return f'"{event.id}" is {now} and cannot become {event.state}; what can follow is {needed}'


def _append(path: Path, event: Event) -> None:
    """One line at the end of the file, which is made with its head where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    start = not path.exists() or path.stat().st_size == 0
    lines = [COLUMNS, _cells(event)] if start else [_cells(event)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    with path.open("a", encoding="utf-8-sig" if start else "utf-8", newline="") as file:
        file.write(text.getvalue())


def _cells(event: Event) -> Sequence[str]:
    figures = ["" if np.isnan(value) else f"{value:.10g}" for value in (event.lift, event.lift_se)]
    head = [event.id, event.state, event.on.isoformat(), event.by, event.why, event.choice, *figures]
    return [*head, *(_frozen(event.design) if event.design else [""] * len(design_columns()))]


def _frozen(design: Design | None) -> list[str]:
    return [] if design is None else list(design.cells().values())


def _event(row: dict[str, str], where: str) -> Event:
    if row["state"] not in get_args(State):
        raise ValueError(f'state "{row["state"]}" is not known')
    return Event(
        id=row["id"],
        state=row["state"],  # type: ignore[arg-type]
        on=date.fromisoformat(row["on"]),
        by=row["by"],
        why=row["why"],
        choice=row["choice"],
        lift=float(row["lift"] or "nan"),
        lift_se=float(row["lift_se"] or "nan"),
        design=design_from(row, where) if row["channel"] else None,
    )
