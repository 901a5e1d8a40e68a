"""The table of the outcome, read row by row: its numbers, segments, people and orders."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.names import clean_name
from mmm.data.panel import Check
from mmm.data.reader import Opened, Reader, rows_words
from mmm.data.table_settings import OutcomeTable

Floats = NDArray[np.float64]

MOST_SEGMENTS = 12
"""More are a mistaken column: each segment is a fit."""


def read_outcome(reader: Reader, table: OutcomeTable) -> pd.DataFrame:
    """Rows of the outcome with the columns of `Tables.outcome`; none where the table is at fault."""
    per_unit = table.value_per_unit
    wide: dict[str, str] = {} if isinstance(table.value, str) else table.value
    wanted: dict[str, str | None] = {f"value.{name}": column for name, column in wide.items()}
    if isinstance(table.value, str):
        wanted["value"] = table.value
    wanted |= {"segment": table.segment, "population": table.population}
    wanted |= {"orders": table.orders, "new_customers": table.new_customers}
    if isinstance(per_unit, str):
        wanted["value_per_unit"] = per_unit
    opened = reader.open(table, "data.outcome", wanted)
    if opened is None:
        return pd.DataFrame()
    raw = opened.raw
    unit_value = np.ones(len(raw.frame))
    if table.kind == "count":
        unit_value = np.full(len(raw.frame), np.nan if per_unit is None else 1.0)
        if isinstance(per_unit, str):
            unit_value = reader.money(opened, per_unit, table)
        elif per_unit is not None:
            unit_value *= per_unit
    people = reader.numbers(raw, table.population) if table.population else np.full(len(raw.frame), np.nan)
    bad = opened.rows[~(people > 0)].tolist() if table.population else []
    if bad and table.population and reader.is_sound(raw, table.population):
        reader.faults.append(
            f'{raw.where}: population ("{table.population}") is empty or not above zero in '
            f"{rows_words(bad)}; give the number of people of every region"
        )
    frame = pd.DataFrame(
        {
            "date": opened.days.astype("datetime64[s]"),
            "geo": opened.geos,
            "segment": _segments(reader, opened, table.segment) if table.segment else "",
            "unit_value": unit_value,
            "population": people,
            "orders": reader.numbers(raw, table.orders) if table.orders else np.nan,
            "new_customers": reader.numbers(raw, table.new_customers) if table.new_customers else np.nan,
            "row": opened.rows,
        }
    )

    def numbers(column: str) -> Floats:
        return reader.money(opened, column, table) if table.kind == "revenue" else reader.numbers(raw, column)

    if isinstance(table.value, str):
        frame["outcome"] = numbers(table.value)
    else:
        frame = pd.concat(
            [
                frame.assign(
                    segment=clean_name(name),
                    outcome=numbers(column),
                    orders=frame["orders"] * (not n),  # of all segments in one column
                    new_customers=frame["new_customers"] * (not n),
                )
                for n, (name, column) in enumerate(wide.items())
            ],
            ignore_index=True,
        )
    _find_duplicates(reader, opened, frame)
    return frame


def _segments(reader: Reader, opened: Opened, column: str) -> NDArray[np.object_]:
    """The segment of each row."""
    names = reader.text(opened.raw, column)
    if blank := opened.rows[names == ""].tolist():
        reader.faults.append(
            f'{opened.raw.where}: the segment (column "{column}") is empty in {rows_words(blank)}; name it, "other" '
            "where it is not known"
        )
    reader.note_twins("segment", names)
    found = sorted(set(names.tolist()) - {""})
    if len(found) == 1:
        reader.faults.append(
            f'{opened.raw.where}: column "{column}" has one segment only, {found[0]!r}; take `data.outcome.segment` out'
        )
    if len(found) > MOST_SEGMENTS:
        reader.faults.append(
            f'{opened.raw.where}: column "{column}" has {len(found)} segments ({", ".join(found[:3])}, ...) and each '
            f"is a fit of its own; join them to at most {MOST_SEGMENTS}"
        )
    return names


def _find_duplicates(reader: Reader, opened: Opened, rows: pd.DataFrame) -> None:
    """Two rows of one day, region and segment are a fault, unless nearly all have several: then they are parts."""
    frame = pd.DataFrame(
        {
            "day": rows["date"].to_numpy().astype("datetime64[D]"),
            "geo": rows["geo"],
            "segment": rows["segment"],
            "value": rows["outcome"],
            "row": rows["row"],
        }
    )
    groups = frame[frame["day"].notna()].groupby(["day", "geo", "segment"], sort=False)
    size, spellings = groups["row"].size(), groups["value"].nunique(dropna=False)
    twice = size[size > 1]
    if twice.empty:
        return
    parts = len(twice) > len(size) / 2
    if parts and (spellings[twice.index] > 1).mean() > 0.5:
        reader.notes.append(
            Check(
                "duplicate rows",
                "review",
                opened.raw.where,
                f"{len(frame)} rows",
                f"up to {int(size.max())} rows for one day",
                "They are added up. If they are regions, name their column as `data.outcome.geo`.",
            )
        )
        return
    quoted = []
    for key in list(twice.index)[:3]:
        lines, place = groups.get_group(key)["row"].tolist(), " ".join(filter(None, key[1:]))
        quoted.append(f"{str(key[0])[:10]}{place and ' ' + place} in {rows_words(lines)}")
    more = f" and {len(twice) - 3} more" if len(twice) > 3 else ""
    hint = (
        "" if (opened.geos != "").any() else "; if they are regions, name their column as `data.outcome.geo`"
    )
    reader.faults.append(
        f"{opened.raw.where}: duplicate rows for the same period: {'; '.join(quoted)}{more}. "
        f"Take out the copies{hint}"
    )
