"""Approved plans: numbered folders beside the data, written whole, never changed and never overwritten.

    data/<name>-plans/0001-2027-01-01-2027-03-31/
        approved.json        written last: who, when, of which run, and the hash of every other file
        plan.csv, ...        the plan as it was signed

They lie outside of `reports/`, so no run and no tidying up of run folders can lose them.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmm.errors import InputError
from mmm.runs.files import disk_faults_in_words, flush, sha256, temporary
from mmm.runs.manifest import is_file_name

NAME = "approved.json"
_FORMAT = 1
_PLACE = re.compile(r"(\d{4,})-\d{4}-\d{2}-\d{2}-\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Approval:
    """One approved plan.

    Attributes
    ----------
    folder
        Where its files are.
    number
        Counts all approvals of a company, from 1.
    start, end
        First and last day of the window, ISO.
    by, on, why
        Who approved it, when (ISO 8601 in UTC), and the reason given.
    scenario
        Name of the scenario that was approved; empty for the plan itself.
    run_id, manifest
        The run it comes from, and the hash of that run's manifest.
    figures
        Budget, forecast and what else was known of the plan, by name.
    files
        Hash of every file beside it, by name.
    """

    folder: Path
    number: int
    start: str
    end: str
    by: str
    on: str
    why: str
    scenario: str
    run_id: str
    manifest: str
    figures: Mapping[str, Any]
    files: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """What `approved.json` says."""
        return {
            "format": _FORMAT,
            "number": self.number,
            "window": {"start": self.start, "end": self.end},
            "by": self.by,
            "on": self.on,
            "why": self.why,
            "scenario": self.scenario,
            "run_id": self.run_id,
            "manifest": self.manifest,
            **self.figures,
            "files": dict(self.files),
        }


def read_approvals(root: Path) -> tuple[Approval, ...]:
    """Every approved plan of a company, the earliest first; none where there is no such folder.

    Raises
    ------
    InputError
        A plan that is damaged, or is not what was approved.
    """
    if not root.is_dir():
        return ()
    found = [(int(match[1]), path) for path in root.iterdir() if (match := _PLACE.fullmatch(path.name))]
    return tuple(_read(path) for _, path in sorted(found))


def freeze(root: Path, approval: Approval, files: Mapping[str, Path | str]) -> Approval:
    """Keep a plan under the next free number; the same plan approved by the same person twice in a row changes nothing.

    Parameters
    ----------
    approval
        Number, folder and hashes are filled here.
    files
        What is kept beside it, by name: files to copy, or text.

    Raises
    ------
    InputError
        The disk is full or read-only, or an earlier plan is damaged; nothing is kept then.
    """
    if bad := [name for name in files if not is_file_name(name) or name == NAME]:
        raise ValueError(f"not names of files: {bad}")
    earlier = read_approvals(root)
    with disk_faults_in_words(root):
        root.mkdir(parents=True, exist_ok=True)
        new = temporary(root / "plan")
        new.mkdir()
        try:
            for name, source in files.items():
                if isinstance(source, Path):
                    shutil.copyfile(source, new / name)
                else:
                    (new / name).write_text(source, encoding="utf-8", newline="")
            hashes = {name: sha256(new / name) for name in sorted(files)}
            for last in [found for found in earlier if _window(found) == _window(approval)][-1:]:
                if dict(last.files) == hashes and last.by == approval.by:
                    return last
            return _place(root, new, approval, hashes, len(earlier) + 1)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def of_window(approvals: tuple[Approval, ...], start: str, end: str) -> Approval | None:
    """The last approved plan of exactly this window."""
    return next((found for found in reversed(approvals) if _window(found) == (start, end)), None)


def _window(approval: Approval) -> tuple[str, str]:
    return approval.start, approval.end


def _place(root: Path, new: Path, approval: Approval, hashes: Mapping[str, str], number: int) -> Approval:
    """Give a whole folder the next free number; another process may take one meanwhile."""
    while True:
        place = root / f"{number:04d}-{approval.start}-{approval.end}"
        if any(root.glob(f"{number:04d}-*")):
            number += 1
            continue
        told = approval.to_json() | {"number": number, "files": dict(hashes)}
        (new / NAME).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        flush(new)
        try:
            os.rename(new, place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            number += 1
            continue
        flush(root)
        return _read(place)


def _read(place: Path) -> Approval:
    """One approved plan, every file compared with its hash."""
    try:
        raw = json.loads((place / NAME).read_text(encoding="utf-8"))
        newer = raw["format"] > _FORMAT
        files = {str(name): str(digest) for name, digest in raw["files"].items()}
        changed = [name for name, digest in files.items() if sha256(place / name) != digest]
        approval = Approval(
            folder=place,
            number=int(raw["number"]),
            start=str(raw["window"]["start"]),
            end=str(raw["window"]["end"]),
            by=str(raw["by"]),
            on=str(raw["on"]),
            why=str(raw["why"]),
            scenario=str(raw["scenario"]),
            run_id=str(raw["run_id"]),
            manifest=str(raw["manifest"]),
            figures={key: value for key, value in raw.items() if key not in _OWN},
            files=files,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{place}: this approved plan cannot be read ({type(error).__name__}: {error}); restore the folder from "
            "a copy"
        ) from None
    if newer:
        raise InputError(f"{place}: approved with a newer mmm. Update this one")
    if changed:
        raise InputError(
            f"{place}: {', '.join(changed)} is not what was approved; an approved plan is never changed. Restore the "
            "folder from a copy"
        )
    return approval


_OWN = frozenset(
    {*("format", "number", "window", "by", "on", "why", "scenario", "run_id", "manifest", "files")}
)
