"""Which column of an export is what: known headers, columns named in the config, columns about people."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from mmm.data.count_settings import ExportTable
from mmm.data.files import RawTable
from mmm.data.names import clean_name, fold, nearest
from mmm.data.panel import Check
from mmm.data.private import kind_of_column
from mmm.data.reader import Reader
from mmm.data.values import is_empty, require_columns
from mmm.warehouse.adapters import Adapter

Found = Mapping[str, str]
"""What is read -> its column in the file."""

IDENTITY = "id"
"""The one thing that may stand in a column about people: it is hashed."""
_BRACKET = re.compile(r"\s*\((?:[A-Z]{3}|[₪$€£]|in [^)]*|UTC[^)]*)\)$")
_CODE = re.compile(r"\(([A-Z]{3})\)$")
_NOT_MONEY = ("UTC", "GMT")


def plain(header: str) -> str:
    """A header folded, without a currency or a time zone in brackets at its end."""
    return fold(_BRACKET.sub("", clean_name(header)))


def find_columns(
    reader: Reader, raw: RawTable, adapter: Adapter, export: ExportTable, key: str
) -> Found | None:
    """The column of each thing an adapter reads; None where a needed one is missing, or one is of people."""
    before = len(reader.faults)
    own = {
        name: column for name, column in (("date", export.date), ("geo", export.geo)) if column
    } | export.columns
    known = [*adapter.columns, "geo"]
    for name in own:
        if name not in known:
            near = nearest(name, known)
            hint = f"; did you mean {near!r}?" if near else ""
            reader.faults.append(f"`{key}.columns`: {name!r} is nothing that {adapter.title} has{hint}")
    reader.faults += require_columns(raw, {f"{key}.columns.{name}": column for name, column in own.items()})
    by_header = {plain(str(name)): str(name) for name in reversed(raw.frame.columns)}
    found = {
        name: by_header[plain(header)]
        for name, headers in adapter.columns.items()
        if (header := next((h for h in headers if plain(h) in by_header), None)) is not None
    } | {name: clean_name(column) for name, column in own.items()}
    _find_missing(reader, raw, adapter, found, key)
    _find_people(reader, raw, found)
    if len(reader.faults) > before:
        return None
    _find_currency(reader, raw, found, export, key)
    _say(reader, raw, adapter, found)
    return found if len(reader.faults) == before else None


def _find_missing(reader: Reader, raw: RawTable, adapter: Adapter, found: Found, key: str) -> None:
    """Needed columns that are not there: the headers that are known, and the nearest there is."""
    existing = [str(name) for name in raw.frame.columns]
    empty = [note.value for note in raw.notes if note.check == "empty column"]
    for group in adapter.needed:
        if any(name in found for name in group):
            continue
        headers = [header for name in group for header in adapter.columns[name]]
        blank = [name for name in empty if plain(name) in {plain(header) for header in headers}]
        if blank:
            reader.faults.append(
                f'{raw.where}: column "{blank[0]}" is there and wholly empty. Export it again'
            )
            continue
        near = _nearest_of(headers, existing)
        hint = f' Is it "{near}"? Then' if near else " If it has another name,"
        known = ", ".join(f'"{header}"' for header in headers[:4])
        listed = ", ".join(f'"{name}"' for name in existing)
        reader.faults.append(
            f"{raw.where}: no column of the {' or '.join(group)}, which {adapter.title} calls {known}.{hint} write "
            f"`columns: {{{group[0]}: {near or 'ITS NAME'}}}` under `{key}`. Columns there: {listed}"
        )


def _nearest_of(headers: list[str], existing: list[str]) -> str | None:
    """The column that is probably meant: spelled nearly alike, or a longer name that holds a known one."""
    for header in headers:
        if (near := nearest(header, existing)) is not None:
            return near
    return next((name for header in headers for name in existing if plain(header) in plain(name)), None)


def _find_people(reader: Reader, raw: RawTable, found: Found) -> None:
    """Columns about people: not read; one that the config or the adapter would read is refused, but for an id."""
    kinds = {str(name): kind for name in raw.frame.columns if (kind := kind_of_column(name)) is not None}
    for name, column in found.items():
        if column in kinds and name != IDENTITY:
            reader.faults.append(
                f'{raw.where}: column "{column}" holds personal data ({kinds[column]}) and would be read as {name}. '
                "Name another column; people are counted, not stored"
            )
    left = [name for name in kinds if name not in found.values()]
    if left:
        reader.notes.append(
            Check(
                "personal data",
                "pass",
                raw.where,
                "",
                ", ".join(left),
                "Left out: these columns are not read.",
            )
        )
    if found.get(IDENTITY) in kinds:
        told = Check(
            "personal data", "pass", raw.where, "", found[IDENTITY], "Hashed with the salt of this machine."
        )
        reader.notes.append(told)


def _find_currency(reader: Reader, raw: RawTable, found: Found, export: ExportTable, key: str) -> None:
    """The currency a file says of itself, in headers or in a column, against the one it is read as."""
    said = {
        match[1]
        for column in found.values()
        if (match := _CODE.search(column)) and match[1] not in _NOT_MONEY
    }
    if "currency" in found:
        cells = raw.frame[found["currency"]]
        said |= {str(cell).strip().upper() for cell in cells if not is_empty(cell)}
    if len(said) > 1:
        reader.faults.append(
            f"{raw.where}: amounts in more than one currency ({', '.join(sorted(said))}). Export one file for "
            "each, and give each its `currency` under `data.exports`"
        )
        return
    read_as = reader.currency_of(export)
    if said and read_as is not None and said != {read_as}:
        (code,) = said
        reader.faults.append(
            f"{raw.where}: amounts in {code}, and they would be read as {read_as}. Write `currency: {code}` under "
            f"`{key}`, and what it is worth as `finance.rates: {{{code}: ...}}`"
        )


def _say(reader: Reader, raw: RawTable, adapter: Adapter, found: Found) -> None:
    """List what is read as what, and a column that looks like one that was expected."""
    told = ", ".join(f"{name}: {column}" for name, column in found.items())
    reader.notes.append(Check("export columns", "pass", raw.where, f"{len(raw.frame):,} rows", told, ""))
    spare = [str(name) for name in raw.frame.columns if str(name) not in found.values()]
    for name, headers in adapter.columns.items():
        if name in found or name in ("currency", "account"):
            continue
        close = {near: header for header in headers if (near := _misspelt(header, spare)) is not None}
        for near, header in close.items():
            remedy = f"Write `columns: {{{name}: {near}}}` if it is; it is not read now."
            reader.notes.append(
                Check("export columns", "review", raw.where, near, f'is it "{header}" ({name})?', remedy)
            )


def _misspelt(header: str, spare: list[str]) -> str | None:
    """A column whose name differs from a known header by a letter or two."""
    wanted = plain(header)
    near = nearest(wanted, spare)
    if near is None or len(wanted) < 6:
        return None
    return near if _distance(wanted, plain(near)) <= 2 else None


def _distance(first: str, second: str) -> int:
    """Letters to change, add or take away between two words (Levenshtein)."""
    row = np.arange(len(second) + 1)
    for i, letter in enumerate(first, start=1):
        previous, row[0] = row.copy(), i
        for j, other in enumerate(second, start=1):
            row[j] = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other))
    return int(row[-1])
