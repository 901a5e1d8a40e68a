"""A run folder: stages made once, results published whole, earlier runs kept.

    .lock                    who is at work here                        (mmm.runs.lock)
    .owner                   which config the folder belongs to
    .stages/<stage>-<key>/   one finished stage: made under a temporary name, renamed once when whole
    .publish/                results on their way out: made whole first, then moved file by file
    manifest.json            written last                               (mmm.runs.manifest)
    history/<run-id>/        manifest and tables of earlier runs
    draft/                   what a gate refused

A kill before `.publish/` is whole leaves the last good run untouched; a kill after it is finished by the next
run that opens the folder. Everything here is names and bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import TracebackType

from mmm.errors import InputError
from mmm.runs import lock
from mmm.runs.files import (
    TEMPORARY,
    discard,
    discard_leftovers,
    disk_faults_in_words,
    flush,
    make_room,
    sha256,
    temporary,
    write_text,
)
from mmm.runs.manifest import (
    NAME,
    Manifest,
    StageRecord,
    installed_versions,
    is_artefact_name,
    is_file_name,
    read_manifest,
)
from mmm.runs.publishing import finish_publishing, keep_earlier, set_draft_aside
from mmm.runs.shape import refuse_folders, refuse_strange

_RECORD = "stage.json"
_KEPT_STAGES = 5
"""Finished stages of one name that stay for reuse; older ones go when a run is published."""


def stage_key(settings_json: str, keys_before: Sequence[str], inputs: Mapping[str, str], version: str) -> str:
    """Name the work of a stage by all it depends on.

    Parameters
    ----------
    settings_json
        The stage's own settings.
    keys_before
        Keys of the stages it stands on.
    inputs
        Hash of the content of each file it reads, by path or role.
    version
        Version of this package.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    told = json.dumps([settings_json, list(keys_before), sorted(inputs.items()), version])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


class RunFolder:
    """A locked run folder; use it in a `with` statement, which gives the lock back.

    Attributes
    ----------
    folder
        Where it is.
    run_id
        Name of this run; sorts by time.
    owner
        Which config it belongs to.
    """

    def __init__(self, folder: Path, owner: str, holder: lock.Holder) -> None:
        self.folder = folder
        self.owner = owner
        self.run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self._holder = holder
        self._records: dict[str, StageRecord] = {}

    @classmethod
    def open(cls, folder: Path, *, owner: str) -> RunFolder:
        """Make or take a run folder, finish what a killed run began to publish, and lock it.

        Parameters
        ----------
        folder
            Where results go; made when absent.
        owner
            Which config writes: its name and path, or whatever tells two configs apart.

        Raises
        ------
        InputError
            When another config wrote the folder, it holds other things than a run or a link out of it, its
            manifest is damaged, another run is at work in it, or the disk is full or read-only.
        """
        folder = Path(folder)
        with disk_faults_in_words(folder):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except FileExistsError:
                raise InputError(
                    f"{folder}: there is a file where a folder is needed. Choose another with --out"
                ) from None
            refuse_strange(folder)
            _refuse_if_foreign(folder, owner)
            holder = lock.take(folder)
            run = cls(folder, owner, holder)
            try:
                _refuse_if_foreign(folder, owner)  # again: another run may have been first
                if not (folder / ".owner").exists():
                    write_text(folder / ".owner", owner)
                for place in (folder, folder / ".stages", *(folder / "history").glob("*")):
                    discard_leftovers(place)
                finish_publishing(folder)
            except BaseException:
                run.close()
                raise
        return run

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back."""
        lock.release(self.folder, self._holder)

    @property
    def records(self) -> tuple[StageRecord, ...]:
        """The stages this run asked for, in order."""
        return tuple(self._records.values())

    def finished(self, name: str, key: str) -> Path | None:
        """The folder of a finished stage, or None where it has not been made."""
        place = self._place(name, key)
        record = _read_record(place)
        if record is None:
            return None
        self._records[name] = record
        return place

    def latest(self, name: str, key: str) -> Path | None:
        """The newest finished stage of a name, whatever options stand behind it (`name-OPTIONS`), or None."""
        places = (self.folder / ".stages").glob(f"{name}-*-{key}")
        for place in sorted(places, key=lambda path: path.stat().st_mtime, reverse=True):
            if (done := self.finished(place.name.removesuffix(f"-{key}"), key)) is not None:
                return done
        return None

    def kept(self, name: str) -> list[Path]:
        """The newest finished stage of every name that begins with `name-`, whatever its key."""
        newest: dict[str, Path] = {}
        places = (self.folder / ".stages").glob(f"{name}-*-*")
        for place in sorted(places, key=lambda path: path.stat().st_mtime, reverse=True):
            whole, _, key = place.name.rpartition("-")
            if whole not in newest and (done := self.finished(whole, key)) is not None:
                newest[whole] = done
        return [newest[whole] for whole in sorted(newest)]

    def stage(self, name: str, key: str, make: Callable[[Path], None]) -> Path:
        """Make a stage, or reuse it when it is there and whole.

        Parameters
        ----------
        name, key
            What the stage is called, and `stage_key` of all it depends on.
        make
            Writes the stage's files into the empty folder it is given. When it raises, nothing of that folder
            is kept: what a gate refused has to go out by `draft` before.

        Returns
        -------
        Path
            The finished folder; only read it.
        """
        if (done := self.finished(name, key)) is not None:
            return done
        place = self._place(name, key)
        with disk_faults_in_words(self.folder):
            if place.exists():  # damaged: a file is gone or was changed
                discard(place)
            new = temporary(place)
            new.mkdir(parents=True)
            try:
                start, clock = _now(), time.monotonic()
                make(new)
                files = {
                    path.relative_to(new).as_posix(): sha256(path)
                    for path in sorted(new.rglob("*"))
                    if path.is_file()
                }
                record = StageRecord(name, key, start, _now(), round(time.monotonic() - clock, 3))
                (new / _RECORD).write_text(_record_json(record, files), encoding="utf-8")
                flush(new)
                os.replace(new, place)
            except BaseException:
                with suppress(OSError):
                    discard(new)
                raise
            flush(place.parent)
        self._records[name] = record
        return place

    def manifest(
        self, *, command: str, config_text: str, config_hash: str, inputs: Mapping[str, str], seed: int
    ) -> Manifest:
        """What this run is, ready to be published; `publish` adds the artefacts."""
        return Manifest(
            run_id=self.run_id,
            owner=self.owner,
            created=_now(),
            command=command,
            versions=installed_versions(),
            config_text=config_text,
            config_hash=config_hash,
            inputs=dict(inputs),
            seed=seed,
            stages=self.records,
        )

    def publish(self, files: Mapping[str, Path], manifest: Manifest) -> Manifest:
        """Put results in the folder, after keeping the manifest and tables of the run before.

        Parameters
        ----------
        files
            Every artefact of the run: its name in the folder, or in one folder of it, and the file to copy.
            What an earlier run published under a name that is not here moves to `history/`.
        manifest
            From `RunFolder.manifest`.

        Returns
        -------
        Manifest
            As written, with the hash of every artefact.

        Raises
        ------
        InputError
            When the disk is full or read-only; the last good run is then untouched.
        """
        ours = (NAME, "history", "draft")
        if bad := [name for name in files if not is_artefact_name(name) or name.split("/")[0] in ours]:
            raise ValueError(f"not names of artefacts: {bad}")
        refuse_folders(self.folder, files)
        with disk_faults_in_words(self.folder):
            ready = self.folder / ".publish"
            new = temporary(ready)
            new.mkdir()
            try:
                for name, source in files.items():
                    shutil.copyfile(source, make_room(new, name))
                written = replace(manifest, artefacts={name: sha256(new / name) for name in sorted(files)})
                (new / NAME).write_text(written.to_json(), encoding="utf-8")
                flush(new)
                keep_earlier(self.folder)
                os.replace(new, ready)
            except BaseException:
                with suppress(OSError):
                    discard(new)
                raise
            flush(self.folder)
            finish_publishing(self.folder)
            with suppress(OSError):  # tidying up is no reason to fail a run that is out
                _forget_old_stages(self.folder / ".stages", {f"{r.name}-{r.key}" for r in self.records})
        return written

    def add(self, files: Mapping[str, Path], manifest: Manifest) -> Manifest:
        """Publish files beside what is out already; `manifest` says whose they are where nothing is."""
        if not (self.folder / NAME).exists():
            return self.publish(files, manifest)
        earlier = read_manifest(self.folder)
        there = {name: self.folder / name for name in earlier.artefacts}
        return self.publish({**there, **files}, earlier)

    def draft(self, files: Mapping[str, Path]) -> Path:
        """Put what a gate refused in `draft/`; the published run stays, an earlier draft goes to history."""
        if bad := [name for name in files if not is_file_name(name)]:
            raise ValueError(f"not names of files: {bad}")
        place = self.folder / "draft"
        with disk_faults_in_words(self.folder):
            new = temporary(place)
            new.mkdir()
            try:
                for name, source in files.items():
                    shutil.copyfile(source, new / name)
                write_text(new / ".run-id", self.run_id)
                flush(new)
                set_draft_aside(self.folder)
                os.replace(new, place)
            except BaseException:
                with suppress(OSError):
                    discard(new)
                raise
            flush(self.folder)
        return place

    def _place(self, name: str, key: str) -> Path:
        return self.folder / ".stages" / f"{name}-{key}"


def _refuse_if_foreign(folder: Path, owner: str) -> None:
    """Refuse a folder that another config wrote, or that holds other things than a run."""
    there: str | None = None
    if (folder / NAME).exists():
        there = read_manifest(folder).owner
    elif (folder / ".owner").exists():
        there = (folder / ".owner").read_text(encoding="utf-8", errors="replace")
    if there is not None and there != owner:
        raise InputError(
            f"{folder}: this folder belongs to another config ({there}), not to {owner}. Choose another "
            "folder with --out, or give the config a `name` of its own"
        )
    if there is None:
        strangers = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        if strangers:
            raise InputError(
                f"{folder}: this folder holds files that no run of mmm wrote ({', '.join(strangers[:3])}"
                f"{', ...' if len(strangers) > 3 else ''}). Choose an empty or a new folder with --out"
            )


def _forget_old_stages(stages: Path, in_use: set[str]) -> None:
    """Remove all but the newest few finished stages of each name, and none that is in use."""
    by_name: dict[str, list[Path]] = {}
    for path in sorted(stages.iterdir(), key=lambda p: p.stat().st_mtime, reverse=True):
        if not path.name.startswith(TEMPORARY):
            by_name.setdefault(path.name.rpartition("-")[0], []).append(path)
    for paths in by_name.values():
        for path in paths[_KEPT_STAGES:]:
            if path.name not in in_use:
                discard(path)


def _record_json(record: StageRecord, files: Mapping[str, str]) -> str:
    told = {
        "name": record.name,
        "key": record.key,
        "start": record.start,
        "end": record.end,
        "seconds": record.seconds,
        "files": dict(files),
    }
    return json.dumps(told, indent=2)


def _read_record(place: Path) -> StageRecord | None:
    """The record of a finished stage; None where it is absent, or a file of it is gone or changed."""
    try:
        raw = json.loads((place / _RECORD).read_text(encoding="utf-8"))
        record = StageRecord(raw["name"], raw["key"], raw["start"], raw["end"], float(raw["seconds"]))
        if f"{record.name}-{record.key}" != place.name or any(_leads_out(name) for name in raw["files"]):
            return None
        whole = all(sha256(place / name) == digest for name, digest in raw["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return record if whole else None


def _leads_out(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not parts or parts[0] == "/" or ".." in parts


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
