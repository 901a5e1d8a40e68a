"""Where the tests of a company are written down: the ledger, the table of experiments, and what was proposed."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mmm.config import Config
from mmm.data.names import fold, nearest
from mmm.data.readouts import KEPT, VOID, WIDENED, read_readouts
from mmm.data.source_settings import file_of
from mmm.errors import DataError, InputError
from mmm.experiments.design import Design, names_in, pairs_in
from mmm.experiments.diary import Entry, diary
from mmm.experiments.ledger import Event, Ledger, State, read_ledger, record
from mmm.experiments.table import append_row, designs_in
from mmm.stages.at_hand import at_hand

Choice = Literal["keep", "widen", "void"]
STATUS = {"keep": KEPT, "widen": WIDENED, "void": VOID}
"""Of the row that settles a result."""


def ledger_path(config: Config) -> Path:
    """The ledger of a company: `data`, like `reports`, is a folder of where the command runs."""
    return Path("data") / f"{config.name}-tests.csv"


def own_table(config: Config) -> Path:
    """Where results go that no table of the config can take."""
    return Path("data") / f"{config.name}-experiments.csv"


def shown(path: Path) -> str:
    """A path as it is typed here."""
    return os.path.relpath(path)


def known_tests(config: Config, ledger: Ledger) -> tuple[Design, ...]:
    """Every test that ran or runs: those of the ledger, and of the table of experiments; void ones left out."""
    found: dict[str, Design] = {}
    void = {fold(name) for name in ledger.ids if ledger.state(name) == "void"}
    entered = [ledger.design(name) for name in ledger.ids]
    written = designs_in(config.experiments, config.data, config.folder) if config.experiments else ()
    for design in (*entered, *written):
        if design is not None and fold(design.id) not in void:
            found.setdefault(fold(design.id), design)
    return tuple(found.values())


def find_test(config: Config, name: str, ledger: Ledger, folder: Path) -> Design:
    """The test of a name.

    Raises
    ------
    InputError
        None, a void one, or one that was proposed and not approved.
    """
    if ledger.state(name) == "void":
        raise InputError(f'"{name}" is void ({ledger.of(name)[-1].why}); a void test gives no result')
    known = {fold(design.id): design for design in known_tests(config, ledger)}
    if (design := known.get(fold(name))) is not None:
        return design
    proposed = {fold(row["id"]) for row in _proposed(folder)}
    if fold(name) in proposed:
        raise InputError(f'"{name}" was proposed and not approved; first: mmm tests approve CONFIG "{name}"')
    near = nearest(name, [design.id for design in known.values()])
    names = ", ".join(design.id for design in known.values())
    hint = f'did you mean "{near}"?' if near else f"there are {names}" if names else _how_to_name(config)
    raise InputError(f'there is no test "{name}"; {hint}')


def approve(config: Config, name: str, *, folder: Path, by: str, why: str) -> Design:
    """Freeze a test: one that was proposed in the run folder, or one that stands in the table of experiments.

    Raises
    ------
    InputError
        A test that nobody knows, or that was approved with another design.
    """
    config = at_hand(config).config
    ledger = read_ledger(ledger_path(config))
    rows = {fold(row["id"]): row for row in _proposed(folder)}
    if fold(name) in rows:
        design = _design_of(rows[fold(name)], folder / "tests.csv")
    else:
        design = find_test(config, name, ledger, folder)
    record(ledger, Event(design.id, "approved", date.today(), by=by, why=why, design=design))
    return design


def settle(config: Config, name: str, choice: Choice, *, folder: Path, by: str, why: str) -> list[str]:
    """Say what becomes of a test, and why: keep its result, widen what it is trusted with, or drop it.

    Returns
    -------
    list of str
        What was written, and what is left for the user to write; a sentence each.

    Raises
    ------
    InputError
        A test that nobody knows, or that has no result to keep.
    """
    config = at_hand(config).config
    ledger = read_ledger(ledger_path(config))
    design = ledger.design(name) or find_test(config, name, ledger, folder)
    counted = has_result(config, name)
    if choice != "void" and not counted:
        raise InputError(f'"{name}" has no result to {choice}; first: mmm tests read CONFIG "{name}"')
    state: State = "void" if choice == "void" else "resolved"
    first = None if ledger.state(name) else design
    if first is not None and state == "resolved":
        ledger = record(ledger, Event(design.id, "read", date.today(), design=first))
        first = None
    event = Event(design.id, state, date.today(), by=by, why=why, choice=choice, design=first)
    record(ledger, event)
    done = [f"{ledger.path} says so: {choice}, {why}"]
    return [*done, _written(config, design, choice, why)] if counted else done


def _written(config: Config, design: Design, choice: Choice, why: str) -> str:
    """Append the row that settles a result to the table that holds it."""
    status = STATUS[choice]
    for path, result in _results(config):
        if fold(result["id"]) != fold(design.id):
            continue
        row = {
            **design.cells(),
            "id": design.id,
            "spend_change": f"{result['spend_change']:.6g}",
            "lift": f"{result['lift']:.6g}",
            "lift_se": f"{result['lift_se']:.6g}",
            "df": f"{result['df']:.3g}",
            "method": result["method"],
            "status": status,
            "reason": why,
        }
        if not result["percent"] and append_row(path, row) is not None:
            return f"{shown(path)} has a row with status {status}"
        return f"{shown(path)} takes no row: write {status} into the status of {design.id} yourself"
    return f"{design.id} has no result"


def has_result(config: Config, name: str) -> bool:
    """Whether a table has a result of this test that counts."""
    return any(fold(result["id"]) == fold(name) for _, result in _results(config))


def _results(config: Config) -> list[tuple[Path, dict[str, Any]]]:
    """Results that count, of the config's table and of our own, each with its file."""
    from mmm.data.settings import ExperimentsTable

    tables = [] if config.experiments is None else [(config.experiments, config.folder)]
    own = own_table(config)
    named = [(folder / file_of(table.source)).resolve() for table, folder in tables]
    if own.is_file() and own.resolve() not in named:
        tables.append((ExperimentsTable(source=Path(own.name)), own.parent))
    found = []
    for table, folder in tables:
        readouts, _, faults = read_readouts(table, config.data, folder)
        if faults:
            raise DataError(faults)
        fields = ("id", "spend_change", "lift", "lift_se", "df", "method", "percent")
        found += [(folder / file_of(table.source), {k: getattr(r, k) for k in fields}) for r in readouts]
    return found


def _proposed(folder: Path) -> list[dict[str, str]]:
    """Rows of `tests.csv` of the run folder, where tests were designed."""
    path = folder / "tests.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _design_of(row: Mapping[str, str], path: Path) -> Design:
    """A proposed test as its design; `units` are the treated regions."""
    try:
        start = np.datetime64(row["start"], "D")
        weeks = int(float(row["weeks"]))
        return Design(
            id=row["id"],
            where=path.name,
            channel=row["channel"],
            audience=row.get("audience") or "",
            message=row.get("message") or "",
            kind=row.get("kind") or "",
            geos=names_in(row.get("units") or ""),
            controls=names_in(row.get("controls") or ""),
            pairs=pairs_in(row.get("pairs") or ""),
            start=start,
            end=start + np.timedelta64(7 * weeks - 1, "D"),
            cooldown=int(float(row.get("cooldown") or 0)),
            spend_change=float(row.get("incremental_spend") or "nan"),
            seed=int(float(row.get("seed") or 1)),
        )
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{path}: the row of {row.get('id')} cannot be read ({error}); design it again"
        ) from None


def calendar_of(path: Path, made: np.datetime64) -> str:
    """The tests of a `tests.csv` as a calendar file: their weeks, cool-down and the day from which they can be read."""
    entries = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        design = _design_of(row, path)
        where = ", ".join(design.geos) if design.geos else "the whole country"
        text = f"{row['kind']}; {where}. {row['answers']}"
        entries.append(Entry(design.id, design.start, design.end, f"Test: {row['test']}", text))
        after = design.counted + np.timedelta64(1, "D")
        if design.cooldown:
            begin = design.end + np.timedelta64(1, "D")
            entries.append(
                Entry(f"{design.id}-cooldown", begin, design.counted, f"Cool-down: {design.id}", text)
            )
        told = f"mmm tests read CONFIG {design.id}"
        entries.append(Entry(f"{design.id}-read", after, after, f"Read: {design.id}", told))
    return diary(entries, made)


def _how_to_name(config: Config) -> str:
    if config.experiments is None:
        return (
            "the config names no table of experiments. Write the test into one, with id, channel, geos, start, end, "
            "cooldown, spend_change and status running, and name it: `experiments: {source: ...}`"
        )
    return f"{config.experiments.source} has none; write it there, with status running"
