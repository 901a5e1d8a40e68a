"""The one door to workbooks: looked at first, opened then, and closed whatever happens."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmm.data.old_workbook_guard import refuse_old_bombs
from mmm.data.workbook_guard import refuse_bombs

OLD = bytes.fromhex("D0CF11E0A1B11AE1")
"""How an XLS begins."""


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A workbook, as python-calamine has it.

    Raises
    ------
    DataError
        It would fill the memory, or its parts do not hold together.
    python_calamine.CalamineError
        It cannot be read. What its reader gives up on as a fault of its own (a panic of Rust, which is no `Exception`
        of Python) comes as the same.
    """
    import python_calamine as calamine

    with path.open("rb") as file:
        old = file.read(len(OLD)) == OLD
    if old:
        refuse_old_bombs(path.read_bytes(), path)
    # the reader goes by the suffix first: what begins as an XLS may be read as the archive at its end
    if not (old and path.suffix.lower() == ".xls") and zipfile.is_zipfile(path):
        refuse_bombs(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = calamine.CalamineWorkbook.from_path(str(path))
        with book:
            yield book
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise calamine.CalamineError("its parts do not hold together") from None
