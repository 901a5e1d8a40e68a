"""What loading changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmm.console.words import aligned

if TYPE_CHECKING:
    from mmm.stages.ingest import Ingested

_HEAD = ("source", "file", "table", "rows", "new", "replaced", "gone", "until")


def changes_text(done: Ingested) -> str:
    """Every file with what loading it changed, and where the data are now."""
    changed = {(c.source, c.file, c.table): c for c in done.changes}
    rows: list[tuple[str, ...]] = [_HEAD]
    for one in done.loaded:
        change = changed.get((one.source, one.file, one.table))
        counts = ("-", "-", "-") if change is None else (change.new, change.replaced, change.gone)
        told = ("-" if count == 0 else f"{count:,}" if isinstance(count, int) else count for count in counts)
        rows.append((one.source, one.file, one.table, f"{one.rows:,}", *told, one.last))
    lines = [aligned(rows, right=(3, 4, 5, 6)), ""]
    for change in done.changes:
        if change.of:
            lines.append(
                f"{change.file} covers days again that {', '.join(change.of)} had: its rows stand now"
            )
    lines += [f"{key} is no longer in the config: its rows were taken out" for key in done.dropped]
    new = sum(change.new for change in done.changes)
    replaced = sum(change.replaced for change in done.changes)
    gone = sum(change.gone for change in done.changes)
    lines.append(
        f"Rows: {new:,} new, {replaced:,} replaced, {gone:,} gone"
        if new or replaced or gone or done.dropped
        else "Nothing changed"
    )
    lines.append(f"Warehouse: {done.place.path}; for other programs: {done.place.folder}/*.parquet")
    return "\n".join(lines)
