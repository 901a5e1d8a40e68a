"""One file of a platform's export, read onto a canonical table: columns found, rows tagged, people left out."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.count_settings import TAGGED, ExportTable, TagRule
from mmm.data.files import RawTable
from mmm.data.names import clean_name, fold
from mmm.data.panel import Check
from mmm.data.private import masked
from mmm.data.reader import Opened, Reader, rows_words
from mmm.data.source_settings import file_of
from mmm.data.values import is_empty
from mmm.warehouse.adapters import ADAPTERS, GENERIC, MICROS, Adapter
from mmm.warehouse.canonical import CANONICAL
from mmm.warehouse.headers import Found, find_columns, plain
from mmm.warehouse.leads import read_leads
from mmm.warehouse.salt import Salt
from mmm.warehouse.tags import Tagged, tag

Texts = NDArray[np.object_]
Floats = NDArray[np.float64]

UNTAGGED = "not tagged"
"""Channel of rows of which neither a rule nor the export says one."""
SHOWN = 8
"""Names listed that no rule catches."""
_NAMES = (
    "channel",
    "audience",
    "message",
    "account",
    "campaign",
    "adset",
    "creative",
    "source_medium",
    "source",
)
_PAID = ("cpc", "ppc", "cpm", "cpv", "paid", "display", "retargeting", "affiliate")
_MEASURES = (
    *("impressions", "clicks", "leads", "exposure", "platform_conversions", "platform_revenue"),
    *("sessions", "conversions", "revenue"),
)
_MONEY = ("platform_revenue", "revenue")
_KEPT = ("account", "campaign", "adset", "creative")


@dataclass(frozen=True, slots=True)
class Export:
    """Rows of one file on a canonical table.

    Attributes
    ----------
    key, path
        The entry of the config (`data.exports[1]`), and the file as the config names it.
    table
        Name of the canonical table.
    frame
        Its columns, and `row`: the row of the file.
    """

    key: str
    path: Path
    table: str
    frame: pd.DataFrame


def export_files(reader: Reader) -> list[tuple[str, ExportTable, Path]]:
    """Every file of `data.exports`, with its key; a pattern that fits none is a fault of the reader."""
    found: list[tuple[str, ExportTable, Path]] = []
    for number, export in enumerate(reader.data.exports, start=1):
        key = f"data.exports[{number}]"
        assert export.source is not None  # says its settings
        file = file_of(export.source)
        pattern = str(file)
        if not glob.has_magic(pattern):
            found.append((key, export, file))
            continue
        names = sorted(glob.glob(pattern, root_dir=reader.folder, recursive=True))
        files = [Path(name) for name in names if (reader.folder / name).is_file() and "~$" not in name]
        if not files:
            reader.faults.append(
                f"`{key}.source`: no file fits {pattern!r} in {reader.folder}; put the export there"
            )
        found += [(key, export, path) for path in files]
    return found


def read_export(
    reader: Reader, key: str, export: ExportTable, path: Path, *, rules: Sequence[TagRule], salt: Salt
) -> Export | None:
    """One file of an export; None where it is at fault, which the reader then has in words.

    No message quotes an e-mail address or a telephone number, whatever the file holds where.

    Parameters
    ----------
    reader
        Gathers faults and notes, and knows the currency of the company.
    path
        As `export_files` gives it.
    salt
        Hashes the ids of a CRM's leads.
    """
    faults, notes = len(reader.faults), len(reader.notes)
    try:
        return _read(reader, key, export, path, rules, salt)
    finally:
        reader.faults[faults:] = [masked(fault) for fault in reader.faults[faults:]]
        reader.notes[notes:] = [replace(note, value=masked(note.value)) for note in reader.notes[notes:]]


def adapter_of(export: ExportTable) -> Adapter:
    """The map of an export's columns."""
    return GENERIC[export.table] if export.adapter == "generic" else ADAPTERS[export.adapter]


def _read(
    reader: Reader, key: str, export: ExportTable, path: Path, rules: Sequence[TagRule], salt: Salt
) -> Export | None:
    raw = reader.read(path, export.sheet)
    if raw is None:
        return None
    adapter, before = adapter_of(export), len(reader.faults)
    found = find_columns(reader, raw, adapter, export, key)
    if found is None:
        return None
    raw = _without_summaries(reader, raw, found, adapter)
    opened = Opened(key, raw, reader.days(raw, found["date"], export), _geos(reader, raw, found))
    names = _names(reader, raw, found, adapter)
    tagged = tag(
        rules, export.adapter, {name: names[name] for name in names if name in TAGGED}, len(raw.frame)
    )
    columns: dict[str, object] = {"date": opened.days.astype("datetime64[s]"), "geo": opened.geos}
    columns |= {name: values for name, values in names.items() if name in _KEPT}
    columns |= _channels(reader, opened, export, adapter, names, tagged, rules)
    keep = np.ones(len(raw.frame), bool)
    if adapter.table == "crm":
        leads = read_leads(reader, opened, export, adapter, found, salt)
        columns |= leads.columns
        keep = leads.keep
    else:
        columns |= _measures(reader, opened, export, adapter, found)
    if len(reader.faults) > before:
        return None
    table = CANONICAL[adapter.table]
    frame = table.frame(
        {name: values for name, values in columns.items() if name in table.names}, opened.rows
    )
    _note_copies(reader, opened, frame, keep)
    return Export(key, path, adapter.table, frame[keep].reset_index(drop=True))


def _note_copies(reader: Reader, opened: Opened, frame: pd.DataFrame, keep: NDArray[np.bool_]) -> None:
    """Rows of a file that are alike in every column and count something: an export that was pasted together twice."""
    counted = frame.select_dtypes("number").drop(columns="row").fillna(0).ne(0).any(axis=1).to_numpy()
    copies = opened.raw.frame.duplicated().to_numpy() & counted & keep
    if copies.any():
        told = Check(
            "duplicate rows", "review", opened.raw.where, rows_words(opened.rows[copies].tolist()),
            f"{int(copies.sum())} rows alike in every column to one before",
            "All are counted. Take out the copies if they are.",
        )  # fmt: skip
        reader.notes.append(told)


def _geos(reader: Reader, raw: RawTable, found: Found) -> Texts:
    return reader.text(raw, found["geo"]) if "geo" in found else np.full(len(raw.frame), "", object)


def _without_summaries(reader: Reader, raw: RawTable, found: Found, adapter: Adapter) -> RawTable:
    """Leave out rows that add up the others: without a name, and without a date or as large as all the others."""
    named = [found[name] for name in _NAMES if name in found]
    if not named or len(raw.frame) < 2:
        return raw
    nameless = np.array([raw.frame[clean_name(name)].map(is_empty).to_numpy(bool) for name in named]).all(
        axis=0
    )
    undated = raw.frame[clean_name(found["date"])].map(is_empty).to_numpy(bool)
    out = nameless & undated
    if nameless.sum() == 1 and not out.any() and adapter.table == "media":
        spend = np.nan_to_num(reader.numbers(raw, found["spend"]))
        rest = spend[~nameless].sum()
        out = nameless & (abs(spend[nameless].sum() - rest) <= 0.005 * abs(rest)) & (rest != 0)
    if not out.any():
        return raw
    rows = rows_words(raw.frame.index[out].tolist())
    reader.notes.append(
        Check("total rows", "pass", raw.where, rows, "", "Left out: they add up the other rows.")
    )
    return replace(raw, frame=raw.frame[~out])


def _names(reader: Reader, raw: RawTable, found: Found, adapter: Adapter) -> dict[str, Texts]:
    """Names of each row as the file has them; source and medium as analytics would say them."""
    size = len(raw.frame)
    names = {name: reader.text(raw, found[name]) for name in (*_NAMES, "medium") if name in found}
    if "source_medium" in names:
        both = [str(cell).rpartition("/") for cell in names.pop("source_medium")]
        names["source"] = np.array([(left or right).strip() for left, _, right in both], object)
        names["medium"] = np.array([right.strip() if left else "" for left, _, right in both], object)
    if adapter.source:
        names["source"] = np.full(size, adapter.source, object)
        names["medium"] = np.full(size, adapter.medium, object)
    if "adset" in names:
        names["ad_set"] = names["adset"]
    return names


def _channels(
    reader: Reader,
    opened: Opened,
    export: ExportTable,
    adapter: Adapter,
    names: Mapping[str, Texts],
    tagged: Tagged,
    rules: Sequence[TagRule],
) -> dict[str, object]:
    """Channel, audience, message: by rule, else as the file says, else the platform's own; what is left is listed."""
    size = len(opened.raw.frame)
    empty = np.full(size, "", object)
    own = names.get("channel", empty)
    fallback = export.channel or adapter.channel
    kept = np.array(
        [name or fallback or _source_words(names, i) or UNTAGGED for i, name in enumerate(own.tolist())],
        object,
    )
    out = {
        name: np.where(tagged.caught, getattr(tagged, name), names.get(name, empty)).astype(object)
        for name in ("audience", "message")
    }
    out["channel"] = np.where(tagged.caught, tagged.channel, kept).astype(object)
    lost = ~tagged.caught & (own == "")
    if lost.any() and not (export.channel and not rules):
        reader.notes.append(_uncaught(opened, lost, kept, names, listed=bool(rules)))
    return dict(out)


def _source_words(names: Mapping[str, Texts], row: int) -> str:
    """Source and medium of a row as one name."""
    parts = (names[name][row] for name in ("source", "medium") if name in names)
    return " / ".join(part for part in parts if part)


def _uncaught(
    opened: Opened, lost: NDArray[np.bool_], kept: Texts, names: Mapping[str, Texts], *, listed: bool
) -> Check:
    """What no rule catches, by name; to be looked at where it looks paid."""
    shown = [name for name in TAGGED if name in names and name != "creative"]
    said = pd.Series(
        [" / ".join(str(names[name][i]) for name in shown if names[name][i]) for i in np.flatnonzero(lost)]
    )
    counts = said.value_counts()
    words = [f"{name or 'no name'} ({count:,} rows)" for name, count in counts.head(SHOWN).items()]
    more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
    channels = ", ".join(dict.fromkeys(kept[lost].tolist()[:200]))
    paid = any(part in fold(name) for name in counts.index for part in _PAID)
    return Check(
        "not tagged",
        "review" if listed and paid else "pass",
        opened.raw.where,
        rows_words(opened.rows[lost].tolist()),
        "; ".join(words) + more,
        f"Kept as channel {channels}. Add a line to `data.rules` where it is another.",
    )


def _measures(
    reader: Reader, opened: Opened, export: ExportTable, adapter: Adapter, found: Found
) -> dict[str, object]:
    """Spend and everything counted; a platform writes nothing where nothing was spent."""
    raw = opened.raw
    out: dict[str, object] = {}
    for name in _MEASURES:
        if name in found:
            is_money = name in _MONEY
            out[name] = (
                reader.money(opened, found[name], export) if is_money else reader.numbers(raw, found[name])
            )
    if "platform_revenue" in out:
        money, vat = np.asarray(out["platform_revenue"], float), reader.vat(opened, export)
        more = reader.latest_rate(opened, export) - 1.0
        out |= {"platform_vat": money * vat} if vat.any() else {}
        out |= {"platform_exchange": money * (1.0 + vat) * more} if np.nan_to_num(more).any() else {}
    if "spend" not in found:
        return out
    spend = reader.money(opened, found["spend"], export, fee=True)
    if plain(found["spend"]) in MICROS:
        spend = spend / 1e6
    seen = [
        np.nan_to_num(np.asarray(out[name], float)) != 0 for name in ("impressions", "clicks") if name in out
    ]
    blank = np.isnan(spend)
    unpaid = blank & ~np.any(seen, axis=0) if seen else blank
    wrong = blank & ~unpaid if export.adapter != "generic" else blank
    if wrong.any() and reader.is_sound(raw, found["spend"]):
        reader.faults.append(
            f'{raw.where}: the spend ("{found["spend"]}") is empty in {rows_words(opened.rows[wrong].tolist())}. '
            "Write 0 where nothing was spent"
        )
    out["spend"] = np.where(unpaid, 0.0, spend)
    return out
