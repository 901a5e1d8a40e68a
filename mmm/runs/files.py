"""Bytes that survive a kill: written beside their place, flushed to the disk, then renamed.

Everything that is not whole yet is called `.tmp-...`, so that leftovers of a killed run are known by name.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmm.errors import InputError

TEMPORARY = ".tmp-"
"""Start of the name of whatever is not whole yet."""

_REMEDY = {
    errno.ENOSPC: "the disk is full. Free some space, or choose another disk with --out",
    errno.EDQUOT: "your disk quota is used up. Free some space, or choose another disk with --out",
    errno.EFBIG: "a file may not grow so large there. Raise the limit, or choose another disk with --out",
    errno.EROFS: "the disk is read-only. Choose a folder you can write to with --out",
    errno.EACCES: "you may not write there. Choose a folder you can write to with --out",
    errno.EPERM: "you may not write there. Choose a folder you can write to with --out",
    errno.ENOTDIR: "a part of this path is a file, not a folder. Choose another folder with --out",
    errno.ENAMETOOLONG: "the name is too long. Choose a shorter one with --out",
}


def disk_fault(error: OSError, folder: Path) -> InputError | None:
    """Say in words why a folder cannot be written, or None where the error is of another kind.

    Parameters
    ----------
    error
        What the operating system answered.
    folder
        What was being written; named where the error itself names no file.
    """
    remedy = _REMEDY.get(error.errno or 0)
    if remedy is None:
        return None
    return InputError(f"{error.filename or folder}: {remedy}")


@contextmanager
def disk_faults_in_words(folder: Path) -> Iterator[None]:
    """Turn a full, read-only or forbidden disk into an InputError; let every other error pass."""
    try:
        yield
    except OSError as error:
        fault = disk_fault(error, folder)
        if fault is None:
            raise
        raise fault from error


def temporary(place: Path) -> Path:
    """A free name beside `place`, on the same disk, known as not whole yet."""
    return place.with_name(f"{TEMPORARY}{place.name.lstrip('.')}-{os.getpid()}-{secrets.token_hex(3)}")


def make_room(folder: Path, name: str) -> Path:
    """The place of a file in a folder; a folder in the file's name (`figures/returns.svg`) is made."""
    if "/" in name:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    return folder / name


def flush(path: Path) -> None:
    """Bring a file, or a folder with all it holds, to the disk."""
    if path.is_dir():
        for inner in path.iterdir():
            if not inner.is_symlink():
                flush(inner)
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders; its renames are journalled
        return
    try:
        os.fsync(handle)
    except OSError as error:  # some network disks cannot flush a folder
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def write_text(place: Path, text: str) -> None:
    """Write a whole file or nothing."""
    new = temporary(place)
    try:
        new.write_text(text, encoding="utf-8")
        flush(new)
        os.replace(new, place)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    flush(place.parent)


def sha256(path: Path) -> str:
    """Hash of a file's content, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def discard(path: Path) -> None:
    """Remove a file or a folder; what cannot be removed stays as a temporary, for the next run."""
    doomed = path
    if not path.name.startswith(TEMPORARY):
        doomed = temporary(path)
        os.replace(path, doomed)  # out of sight at once, however long removing takes
    if doomed.is_dir() and not doomed.is_symlink():
        shutil.rmtree(doomed, ignore_errors=True)
    else:
        doomed.unlink(missing_ok=True)


def discard_leftovers(folder: Path) -> None:
    """Remove what killed runs left unfinished. The caller holds the lock of the run folder."""
    if folder.is_dir():
        for path in folder.glob(TEMPORARY + "*"):
            discard(path)
