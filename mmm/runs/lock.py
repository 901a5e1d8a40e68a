"""One run at a time in a folder: the file `.lock` names its holder."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from mmm.errors import InputError
from mmm.runs.files import flush, temporary

NAME = ".lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a run folder.

    Attributes
    ----------
    host, pid
        The machine and the process.
    since
        When the lock was taken, ISO 8601 in UTC.
    born
        When the process was started, as the kernel counts it; empty where unknown. It tells a process from a
        later one that was given the same number.
    """

    host: str
    pid: int
    since: str
    born: str

    @property
    def alive(self) -> bool:
        """Whether the holder still runs; a holder on another host is taken to."""
        if self.host != socket.gethostname() or os.name == "nt":
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return not (self.born and _born(self.pid) not in ("", self.born))


def take(
    folder: Path,
    *,
    work: str = "is at work in this folder",
    instead: str = ", or choose another folder with --out",
) -> Holder:
    """Take the lock of a folder; a lock whose process is gone is taken over.

    Parameters
    ----------
    work, instead
        For the message of a lock that is held: what the other run does, and what to do but wait.

    Raises
    ------
    InputError
        When another process holds it, or the lock cannot be read.
    """
    me = Holder(socket.gethostname(), os.getpid(), datetime.now(UTC).isoformat(timespec="seconds"), _born())
    place = folder / NAME
    new = temporary(place)
    try:
        new.write_text(json.dumps(asdict(me)), encoding="utf-8")
        flush(new)
        with _one_at_a_time(folder):
            if place.exists():
                _refuse_if_held(place, work, instead)
                place.unlink(missing_ok=True)
            _appear(new, place, work, instead)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return me


def release(folder: Path, holder: Holder) -> None:
    """Give a lock back; one that someone else holds by now is left alone."""
    place = folder / NAME
    with suppress(OSError, ValueError):
        if read(place) == holder:
            place.unlink()


def read(place: Path) -> Holder:
    """Read a lock file; ValueError when it is not one."""
    raw = json.loads(place.read_text(encoding="utf-8"))
    try:
        return Holder(str(raw["host"]), int(raw["pid"]), str(raw["since"]), str(raw.get("born", "")))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a lock: {raw!r}") from error


def _refuse_if_held(place: Path, work: str, instead: str) -> None:
    try:
        holder = read(place)
    except FileNotFoundError:  # given back this moment
        return
    except (ValueError, RecursionError):
        raise InputError(
            f"{place}: this lock cannot be read. If no other run of mmm is at work in this folder, "
            "delete that file and start again"
        ) from None
    if holder.alive:
        who = (
            "this process"
            if holder.pid == os.getpid() and not _is_foreign(holder)
            else f"process {holder.pid}"
        )
        raise InputError(
            f"{place.parent}: another run {work} ({who} on {holder.host}, since {holder.since}). "
            f"Wait for it{instead}. If that process is gone, delete {place}"
        )


def _is_foreign(holder: Holder) -> bool:
    return holder.host != socket.gethostname()


def _appear(new: Path, place: Path, work: str, instead: str) -> None:
    """Give a whole file its name, unless the name is taken."""
    try:
        if os.name == "nt":
            os.rename(new, place)  # refuses an existing name
        else:
            os.link(new, place)
    except FileExistsError:
        _refuse_if_held(place, work, instead)
        raise InputError(f"{place.parent}: another run began in this folder this moment. Try again") from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
            raise
        os.replace(new, place)  # a disk without hard links: the guard of `_one_at_a_time` has to do


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let one process at a time judge a lock; the kernel lets go of a killed one."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a network disk without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _born(pid: int | None = None) -> str:
    """Start time of a process in the kernel's ticks since boot; empty where there is no /proc."""
    try:
        stat = Path(f"/proc/{pid or os.getpid()}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
