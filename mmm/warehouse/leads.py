"""Rows of a CRM: leads one by one under a hashed id, or a report that counts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.count_settings import ExportTable
from mmm.data.names import clean_name, fold
from mmm.data.panel import Check
from mmm.data.reader import Opened, Reader, rows_words
from mmm.warehouse.adapters import Adapter
from mmm.warehouse.headers import IDENTITY, Found
from mmm.warehouse.salt import Salt, hashed

Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Leads:
    """Columns of the canonical table `crm`, and which rows to keep: all but exact copies."""

    columns: dict[str, object]
    keep: Flags


def read_leads(
    reader: Reader, opened: Opened, export: ExportTable, adapter: Adapter, found: Found, salt: Salt
) -> Leads:
    """What became of each lead.

    A stage of an order is also one of a qualified lead. In a file of orders alone nothing says how many leads there
    were, and none are counted. Money counts where there is an order.
    """
    raw = opened.raw
    size = len(raw.frame)
    counts = reader.numbers(raw, found["count"]) if "count" in found else np.ones(size)
    columns: dict[str, object] = {"leads": counts}
    won = np.zeros(size, bool)
    if "stage" in found:
        stages = reader.text(raw, found["stage"])
        won = _among(stages, export.won or adapter.won)
        good = won | _among(stages, export.qualified or adapter.qualified)
        columns |= {"stage": stages, "qualified": counts * good, "won": counts * won}
        _say_stages(reader, opened, stages, good, won)
        if won.all():
            columns |= {"leads": np.nan, "qualified": np.nan}
    if "revenue" in found:
        columns["revenue"] = np.where(won, reader.money(opened, found["revenue"], export), 0.0)
    if "closed" in found:
        columns["closed"] = reader.dates(raw, found["closed"], allow_empty=True, table=export).astype(
            "datetime64[s]"
        )
    keep = np.ones(size, bool)
    if IDENTITY in found and "count" not in found:
        ids = reader.text(raw, found[IDENTITY], of_people=True)
        keep = _once(reader, opened, ids, found)
        columns["lead_id_hash"] = np.array(hashed(ids.tolist(), salt.secret), object)
    return Leads(columns, keep)


def _among(stages: Texts, names: tuple[str, ...]) -> Flags:
    wanted = {fold(name) for name in names}
    return np.array([fold(stage) in wanted for stage in stages.tolist()], bool)


def _say_stages(reader: Reader, opened: Opened, stages: Texts, good: Flags, won: Flags) -> None:
    """How each stage is read, and a file in which none is an order."""
    groups: Mapping[str, Flags] = {"lead": ~good, "qualified": good & ~won, "order": won}
    told = [
        f"{name}: {', '.join(sorted(set(stages[flags].tolist())))}"
        for name, flags in groups.items()
        if flags.any()
    ]
    remedy = (
        "" if won.any() else f"No stage is an order. Name those that are: `won: [...]` under `{opened.key}`."
    )
    reader.notes.append(
        Check("CRM stages", "pass" if won.any() else "review", opened.raw.where, "", "; ".join(told), remedy)
    )


def _once(reader: Reader, opened: Opened, ids: Texts, found: Found) -> Flags:
    """Rows to keep: of exact copies one; a lead that two rows tell differently is a fault."""
    rows = opened.rows
    if (blank := rows[ids == ""]).size:
        reader.faults.append(
            f'{opened.raw.where}: the id ("{found[IDENTITY]}") is empty in {rows_words(blank.tolist())}; a lead '
            "without one cannot be told from another"
        )
    table = pd.DataFrame(
        {name: opened.raw.frame[clean_name(column)].astype(str) for name, column in found.items()}
    )
    table[IDENTITY] = [" ".join(str(one).split()).casefold() for one in ids]
    copies = table.duplicated().to_numpy()
    if copies.any():
        told = Check(
            "duplicate rows", "review", opened.raw.where, rows_words(rows[copies].tolist()),
            f"{int(copies.sum())} exact copies of a lead", "Counted once.",
        )  # fmt: skip
        reader.notes.append(told)
    named = table[~copies & (ids != "")]
    twice = named.duplicated(subset=[IDENTITY], keep=False)
    if twice.any():
        places = [rows_words(group.index.tolist()) for _, group in named[twice].groupby(IDENTITY, sort=False)]
        more = f" and {len(places) - 3} more leads" if len(places) > 3 else ""
        reader.faults.append(
            f"{opened.raw.where}: a lead stands in more than one row, told differently: {'; '.join(places[:3])}{more}. "
            "Keep its latest row"
        )
    return ~copies
