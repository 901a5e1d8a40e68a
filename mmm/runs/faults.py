"""A fault of ours: its traceback in a log beside the run folder, one line of it for the user."""

from __future__ import annotations

import os
import tempfile
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mmm.runs.manifest import installed_versions


def fault_in_words(error: Exception, command: str, folder: Path | None) -> str:
    """One line about an error nobody foresaw, with the path of the log that has the rest.

    Parameters
    ----------
    command
        What was asked for, as the user typed it.
    folder
        The run folder it happened in; the log is written beside it, or where temporary files go.
    """
    told = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    log = _log(error, command, folder)
    details = "No log of it could be written" if log is None else f"The details are in {log}"
    return f"a fault of ours, not of your data ({told}). {details}"


def _log(error: Exception, command: str, folder: Path | None) -> Path | None:
    text = f"{command}\n{installed_versions()}\n\n{''.join(traceback.format_exception(error))}"
    name = f"mmm-fault-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.log"
    for place in (None if folder is None else folder.parent, Path(tempfile.gettempdir())):
        if place is not None and place.is_dir():
            with suppress(OSError):
                (place / name).write_text(text, encoding="utf-8")
                return (place / name).resolve()
    return None
