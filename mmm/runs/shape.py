"""What may lie in a run folder: files and folders in their places, and no way out of it.

A link that leads elsewhere would let a run write, or a stage be read, outside of its folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mmm.errors import InputError
from mmm.runs import lock
from mmm.runs.manifest import NAME

FILES = (NAME, ".owner", lock.NAME)
FOLDERS = (".stages", ".publish", "history", "draft")
_REMEDY = "Move it away, or choose another folder with --out"


def refuse_strange(folder: Path) -> None:
    """Refuse a run folder that holds a link out of it, a folder where a file belongs, or a file where a folder does.

    Raises
    ------
    InputError
        Naming what is in the way; nothing has been changed.
    """
    home = os.path.realpath(folder)
    for place, folders, files in os.walk(folder):  # links are not followed
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink():
                target = os.path.realpath(path)
                if os.path.commonpath([home, target]) != home:
                    raise InputError(
                        f"{path}: this link leads out of the run folder, to {target}. Put the file or folder itself in "
                        "its place, or choose another folder with --out"
                    )
    refuse_folders(folder, FILES)
    for name in FOLDERS:
        if (folder / name).exists() and not (folder / name).is_dir():
            raise InputError(f"{folder / name}: there is a file where a folder is needed. {_REMEDY}")


def refuse_folders(folder: Path, names: Iterable[str]) -> None:
    """Refuse folders in the places of files that are read or written there, and files in those of their folders."""
    for name in names:
        if "/" in name and (place := (folder / name).parent).exists() and not place.is_dir():
            raise InputError(f"{place}: there is a file where a folder is needed. {_REMEDY}")
        if (folder / name).is_dir():
            raise InputError(f"{folder / name}: there is a folder where a file is needed. {_REMEDY}")
