"""The answer to a query as a file, which everything that reads tables can read; written only when it changed."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from pathlib import Path

import pandas as pd

from mmm.runs.files import flush, sha256, temporary
from mmm.warehouse.copies import write_parquet
from mmm.warehouse.store import OFFLINE


def write_snapshot(frame: pd.DataFrame, file: Path) -> bool:
    """Write rows as Parquet: a whole file, or none; the same rows are the same bytes.

    Returns
    -------
    bool
        Whether the file is new or another than before.
    """
    import duckdb

    new = temporary(file)
    try:
        with closing(duckdb.connect(":memory:", config=OFFLINE | {"threads": "1"})) as connection:
            connection.register("answer", frame)
            write_parquet(connection, "SELECT * FROM answer", new)
        if file.is_file() and sha256(file) == sha256(new):
            return False
        os.replace(new, file)
        flush(file.parent)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return True
