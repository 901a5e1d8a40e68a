"""The way out of a run folder: from `.publish/` to its place, file by file, and earlier runs to the history.

Each function can be killed at any point and called again.
"""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from mmm.runs.files import discard, flush, make_room, temporary
from mmm.runs.manifest import NAME, Manifest, is_file_name, read_manifest
from mmm.runs.shape import refuse_folders


def finish_publishing(folder: Path) -> None:
    """Move what waits in `.publish/` to its place, manifest last; does nothing when nothing waits."""
    ready = folder / ".publish"
    if not ready.is_dir():
        return
    if (ready / NAME).exists():
        coming = read_manifest(ready)
        refuse_folders(folder, coming.artefacts)
        _set_unlisted_aside(folder, coming)
        for name in coming.artefacts:
            if (ready / name).exists():  # else a killed run has moved it already
                os.replace(ready / name, make_room(folder, name))
        set_draft_aside(folder)
        flush(folder)
        os.replace(ready / NAME, folder / NAME)
        flush(folder)
    discard(ready)


def keep_earlier(folder: Path) -> None:
    """Copy the tables of the published run, and last its manifest, to `history/<run-id>/`."""
    if not (folder / NAME).exists():
        return
    earlier = read_manifest(folder)
    place = folder / "history" / earlier.run_id
    if (place / NAME).exists():
        return
    place.mkdir(parents=True, exist_ok=True)  # it may hold a draft of that run already
    for name in [*(n for n in earlier.artefacts if n.endswith((".csv", ".json"))), NAME]:
        if (folder / name).is_file():
            new = temporary(make_room(place, name))
            shutil.copyfile(folder / name, new)
            os.replace(new, place / name)
    flush(place)
    flush(place.parent)


def _set_unlisted_aside(folder: Path, coming: Manifest) -> None:
    """Move what the published run lists and the coming one does not to the history: it would mislead."""
    if not (folder / NAME).exists():
        return
    earlier = read_manifest(folder)
    place = folder / "history" / earlier.run_id
    for name in set(earlier.artefacts) - set(coming.artefacts):
        if (folder / name).exists():
            place.mkdir(parents=True, exist_ok=True)
            os.replace(folder / name, make_room(place, name))
        if "/" in name:
            with suppress(OSError):  # others are in it, or it is gone
                (folder / name).parent.rmdir()


def set_draft_aside(folder: Path) -> None:
    """Move an earlier draft to `history/<its run-id>/draft/`: it does not belong to what comes now."""
    draft = folder / "draft"
    if not draft.is_dir():
        return
    try:
        run_id = (draft / ".run-id").read_text(encoding="utf-8")
    except OSError:
        run_id = ""
    name = run_id if is_file_name(run_id) else f"draft-{secrets.token_hex(3)}"
    place = folder / "history" / name
    place.mkdir(parents=True, exist_ok=True)
    if (place / "draft").exists():
        place = place / f"draft-{secrets.token_hex(3)}"
        os.replace(draft, place)
    else:
        os.replace(draft, place / "draft")
