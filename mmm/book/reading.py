"""A filled workbook as a config: every value with the cell it stands in, so that every fault can name it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mmm.book.words import COLUMNS_OF_SETTINGS, COMPANY, LIMITS, SETTINGS, SHEETS, Setting
from mmm.data.names import clean_name, fold, nearest
from mmm.data.workbook import opened
from mmm.errors import ConfigError

NOT_DATA = ("guide", "settings", "limits", "example")
"""Sheets that no fit depends on; what the first setting rows say reaches the fit as a config does."""

_WORKBOOKS = (b"PK\x03\x04", bytes.fromhex("D0CF11E0A1B11AE1"))
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")
_KEY = re.compile(r"`([\w.\[\]]+)(?:: [^`]*)?`(?: entry (\d+))?")


@dataclass(frozen=True, slots=True)
class Book:
    """Where the parts of a config stand in its workbook.

    Attributes
    ----------
    path
        The workbook.
    digest
        Hash of the sheets that hold data: a new budget on the sheet of settings changes no fit.
    places
        Sheet and cell of each key of the config that the workbook gives.
    """

    path: Path
    digest: str
    places: Mapping[str, str]

    def in_cells(self, message: str) -> str:
        """A message with cells of the workbook in place of keys of a config."""

        def cell(found: re.Match[str]) -> str:
            entry = f"{found[1]}[{found[2]}]" if found[2] else found[1]
            return self._place(entry) or found[0]

        message = _KEY.sub(cell, message)
        for column, place in self.places.items():
            if column.startswith("sheet "):
                message = message.replace(column, place)
        return message

    def _place(self, key: str) -> str | None:
        """The cell of a key, or of the entry it belongs to."""
        while key:
            if key in self.places:
                return self.places[key]
            key = re.sub(r"\.?[^.\[]+$|\[\d+\]$", "", key)
        return None


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook, by its first bytes; False where it cannot be read."""
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(_WORKBOOKS)
    except OSError:
        return False


def read_book(path: Path) -> tuple[dict[str, Any], Book]:
    """Read a workbook as the mapping a config is made of.

    Returns
    -------
    The mapping, and where its parts stand.

    Raises
    ------
    ConfigError
        Every fault at once, each with its sheet and cell.
    """
    sheets = _sheets(path)
    reading = _Reading(path.name)
    if missing := [SHEETS[key].en for key in ("settings", "data") if key not in sheets]:
        raise ConfigError(
            [
                f'there is no sheet "{name}"; `mmm template` writes a workbook with every sheet'
                for name in missing
            ],
            str(path),
        )
    for key in ("settings", "data", "factors", "limits", "tests", "events"):
        if key in sheets:
            getattr(reading, key)(sheets[key])
    if reading.faults:
        raise ConfigError(reading.faults, str(path))
    told = hashlib.sha256()
    for key, sheet in sorted(sheets.items()):
        if key not in NOT_DATA:
            told.update(repr((key, sheet.rows)).encode())
    return reading.raw, Book(path.resolve(), told.hexdigest(), reading.places)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet as it is called in the workbook, and its cells from A1 on."""

    name: str
    rows: list[list[Any]]

    def cell(self, row: int, column: int) -> str:
        """How a message calls a cell; row and column count from 0."""
        return place_of(self.name, row, column)

    @property
    def head(self) -> tuple[int, list[Any]]:
        """The first row with anything in it; (-1, []) of an empty sheet."""
        return next(((i, row) for i, row in enumerate(self.rows) if _filled(row)), (-1, []))

    @property
    def body(self) -> list[tuple[int, list[Any]]]:
        """Rows below the headings that have anything in them."""
        first = self.head[0]
        return [(i, row) for i, row in enumerate(self.rows) if i > first and _filled(row)]


def _sheets(path: Path) -> dict[str, _Sheet]:
    """The sheets of the workbook that we know, in whichever language they are called."""
    import python_calamine as calamine

    known = {fold(word): key for key, term in SHEETS.items() for word in term.both}
    found: dict[str, _Sheet] = {}
    strange = []
    try:
        with opened(path) as book:
            for name in book.sheet_names:
                key = known.get(fold(name))
                if key is None:
                    strange.append(name)
                    continue
                if key in found:
                    raise ConfigError(
                        [f'sheets "{found[key].name}" and "{name}" are the same; keep one'], str(path)
                    )
                found[key] = _Sheet(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False))
    except calamine.CalamineError as error:
        told = f"the workbook cannot be read ({error}); save it again as XLSX, without a password"
        raise ConfigError([told], str(path)) from None
    missing = [word for key, term in SHEETS.items() if key not in found for word in term.both]
    for name in strange:  # a sheet of one's own is left alone, a misspelled one is not
        if near := nearest(name, missing):
            raise ConfigError([f'sheet "{name}" is not known; did you mean "{near}"?'], str(path))
    return found


@dataclass(slots=True)
class _Reading:
    """A config as it is put together from sheets."""

    file: str
    raw: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def put(self, key: str, value: Any, place: str) -> None:
        """Set a key such as `data.media[1].vat_included`, and note where it stands."""
        at: Any = self.raw
        *parents, last = re.findall(r"\w+", key)
        for part in parents:
            at = at[int(part) - 1] if part.isdigit() else at.setdefault(part, {})
        at[last] = value
        self.places[key] = place

    def settings(self, sheet: _Sheet) -> None:
        """Labels in the first column, values in the second."""
        known = {fold(word): one for _, group in SETTINGS for one in group for word in one.label.both}
        titles = (*COLUMNS_OF_SETTINGS, *(title for title, _ in SETTINGS))
        ours = {fold(word) for title in titles for word in title.both}
        self.raw["data"] = {"source": self.file, "outcome": {}, "media": [{}]}
        seen: dict[str, str] = {}
        for i, row in enumerate(sheet.rows):
            label, value = clean_name(_at(row, 0)), _value(_at(row, 1))
            setting = known.get(fold(label))
            if setting is None:
                if fold(label) in ours or (not label and value is None):
                    continue
                near = nearest(label, [word for one in known.values() for word in one.label.both])
                hint = f'; did you mean "{near}"?' if near else "; take the row out"
                self.faults.append(f'{sheet.cell(i, 0)}: "{label}" is no setting{hint}')
                continue
            if setting.key in seen:
                self.faults.append(
                    f'{sheet.cell(i, 0)}: "{label}" stands in {seen[setting.key]} already; keep one'
                )
                continue
            seen[setting.key] = f"{_letters(0)}{i + 1}"
            self.places[setting.key] = sheet.cell(i, 1)
            if value is not None:
                self._setting(setting, value, sheet.cell(i, 1))
            elif setting is COMPANY:
                self.faults.append(f"{sheet.cell(i, 1)}: the company has no name; write it here")
        if COMPANY.key not in seen:
            self.faults.append(
                f'sheet "{sheet.name}": no line "{COMPANY.label.en}"; the first column names each setting'
            )

    def _setting(self, setting: Setting, value: Any, place: str) -> None:
        if setting is COMPANY:
            written = str(value)
            name = _NOT_IN_A_NAME.sub("-", written).strip("-") or written
            if name != written:
                self.put("report.brand.name", written, place)
            value = name
        elif setting.choices is not None:
            known = {fold(word): key for key, term in setting.choices.items() for word in (key, *term.both)}
            if fold(value) not in known:
                listed = ", ".join(term.en for term in setting.choices.values())
                self.faults.append(f'{place}: "{value}" cannot be chosen; choose one of {listed}')
                return
            value = known[fold(value)]
        elif setting.kind == "list":
            value = [part for part in re.split(r"[,;\s]+", str(value)) if part]
        elif setting.kind == "code":
            value = str(value).upper()
        self.put(setting.key, value, place)

    def data(self, sheet: _Sheet) -> None:
        """The week, the outcome, then a column of spend for each channel."""
        at, head = sheet.head
        names = [clean_name(cell) if cell != "" else "" for cell in head]
        if len([name for name in names if name]) < 3 or not names[0] or not names[1]:
            told = "the first row needs the week, the revenue and a channel for each column of spend"
            self.faults.append(f"{sheet.cell(max(at, 0), 0)}: {told}; the sheet of examples shows how")
            return
        if not sheet.body:
            self.faults.append(f"{sheet.cell(at + 1, 0)}: there are no weeks yet; write one row a week")
            return
        self.raw.setdefault("data", {"source": self.file, "outcome": {}, "media": [{}]})
        self._columns(sheet, names)
        self.put("data.sheet", sheet.name, f'sheet "{sheet.name}"')
        self.put("data.date", names[0], sheet.cell(at, 0))
        self.put("data.outcome.value", names[1], sheet.cell(at, 1))
        used = [i for i, name in enumerate(names) if i > 1 and name and _has_values(sheet, i)]
        if not used:
            self.faults.append(f"{sheet.cell(at, 2)}: no column of spend is filled in")
        cells = []
        for i in used:
            channel, *rest = (part.strip() for part in names[i].split("/", 2))
            if not channel:
                self.faults.append(f'{sheet.cell(at, i)}: "{names[i]}" names no channel before the "/"')
            cells.append(
                {
                    "channel": channel,
                    **dict(zip(("audience", "message"), rest, strict=False)),
                    "spend": names[i],
                }
            )
            self.places[f"data.media[1].cells[{len(cells)}]"] = sheet.cell(at, i)
        self.raw["data"]["media"][0]["cells"] = cells

    def factors(self, sheet: _Sheet) -> None:
        """A column for each thing that moves the outcome besides media."""
        at, head = sheet.head
        names = [clean_name(cell) for cell in head]
        used = [i for i, name in enumerate(names) if i and name and _has_values(sheet, i)]
        if not used:
            return
        self._columns(sheet, names)
        told = {
            "source": self.file,
            "sheet": sheet.name,
            "date": names[0],
            "columns": [names[i] for i in used],
        }
        self.put("data.controls", told, f'sheet "{sheet.name}"')
        for number, i in enumerate(used, start=1):
            self.places[f"data.controls.columns[{number}]"] = sheet.cell(at, i)

    def limits(self, sheet: _Sheet) -> None:
        """A row for each limit: least, most, or what is committed."""
        columns = self._known_columns(sheet)
        bounds: list[dict[str, Any]] = []
        fixed: list[dict[str, Any]] = []
        for i, row in sheet.body:
            found = {key: _value(_at(row, column)) for key, column in columns.items()}
            who = {key: str(found[key]) for key in ("channel", "audience") if found.get(key) is not None}
            if "channel" not in who:
                self.faults.append(f"{sheet.cell(i, columns.get('channel', 0))}: a limit names its channel")
                continue
            for entries, key, part in (
                (
                    bounds,
                    "bounds",
                    {name: found[name] for name in ("min", "max") if found.get(name) is not None},
                ),
                (fixed, "fixed", {"spend": found["fixed"]} if found.get("fixed") is not None else {}),
            ):
                if not part:
                    continue
                entries.append({**who, **part})
                entry = f"plan.{key}[{len(entries)}]"
                self.places[entry] = sheet.cell(i, columns["channel"])
                for name in (*who, *part):
                    column = "fixed" if name == "spend" else name
                    self.places[f"{entry}.{name}"] = sheet.cell(i, columns[column])
            if not {"min", "max", "fixed"} & {key for key, value in found.items() if value is not None}:
                self.faults.append(
                    f"{sheet.cell(i, columns['channel'])}: this row has no amount; give one, or take it out"
                )
        plan = self.raw.setdefault("plan", {})
        plan.update({key: entries for key, entries in (("bounds", bounds), ("fixed", fixed)) if entries})
        if bounds or fixed:
            self.places["plan.bounds"] = self.places["plan.fixed"] = f'sheet "{sheet.name}"'

    def _known_columns(self, sheet: _Sheet) -> dict[str, int]:
        """Which column of the sheet of limits is what."""
        at, head = sheet.head
        known = {fold(word): one.key for one in LIMITS for word in (one.key, *one.label.both)}
        columns: dict[str, int] = {}
        for i, cell in enumerate(head):
            name = clean_name(cell)
            if not name:
                continue
            if fold(name) not in known:
                near = nearest(name, [word for one in LIMITS for word in one.label.both])
                hint = f'; did you mean "{near}"?' if near else "; take the column out"
                self.faults.append(f'{sheet.cell(at, i)}: "{name}" is no column of this sheet{hint}')
                continue
            columns[known[fold(name)]] = i
        return columns

    def tests(self, sheet: _Sheet) -> None:
        """Results of past tests; the columns are those of `experiments.source`, in either language."""
        if sheet.body:
            self._columns(sheet, [clean_name(cell) for cell in sheet.head[1]])
            self.put("experiments", {"source": self.file, "sheet": sheet.name}, f'sheet "{sheet.name}"')

    def events(self, sheet: _Sheet) -> None:
        """Events by first day, last day and name, in this order."""
        if not sheet.body:
            return
        names = [clean_name(cell) for cell in sheet.head[1]]
        if len(names) < 3 or not all(names[:3]):
            at = max(sheet.head[0], 0)
            self.faults.append(
                f"{sheet.cell(at, 0)}: this sheet has three columns: first day, last day, event"
            )
            return
        self._columns(sheet, names)
        told = {"source": self.file, "sheet": sheet.name, "date": names[0], "name": names[2]}
        if _has_values(sheet, 1):
            told["end"] = names[1]
        self.put("data.events", told, f'sheet "{sheet.name}"')

    def _columns(self, sheet: _Sheet, names: list[str]) -> None:
        """Note the letter of each column: what reads tables names columns by their heading."""
        for i, name in enumerate(names):
            if name:
                self.places[f'sheet "{sheet.name}": column "{name}"'] = (
                    f'sheet "{sheet.name}", column {_letters(i)} ("{name}")'
                )


def place_of(sheet: str, row: int, column: int) -> str:
    """How a message calls a cell of a sheet; row and column count from 0."""
    return f'sheet "{sheet}", cell {_letters(column)}{row + 1}'


def _letters(column: int) -> str:
    """The letters of a column counted from 0: A, B, ..., Z, AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _at(row: list[Any], column: int) -> Any:
    return row[column] if column < len(row) else ""


def _filled(row: list[Any]) -> bool:
    return any(_value(cell) is not None for cell in row)


def _has_values(sheet: _Sheet, column: int) -> bool:
    return any(_value(_at(row, column)) is not None for _, row in sheet.body)


def _value(cell: Any) -> Any:
    """A cell as YAML would have it: whole numbers whole, days as text, None where it is empty."""
    if isinstance(cell, str):
        return clean_name(cell) or None
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else cell
