"""What a run folder holds: `manifest.json`, written last. A file it does not list does not exist."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmm.errors import InputError
from mmm.runs.files import sha256, write_text

NAME = "manifest.json"
_FORMAT = 1
_PACKAGES = ("pymc", "pytensor", "nutpie", "arviz", "numpy", "scipy", "numba", "pandas", "xarray", "duckdb")


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One finished stage.

    Attributes
    ----------
    name, key
        Its folder is `.stages/<name>-<key>/`.
    start, end
        When it was made, ISO 8601 in UTC; earlier than the run where it was reused.
    seconds
        How long making it took.
    """

    name: str
    key: str
    start: str
    end: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was run, on what, and what came out.

    Attributes
    ----------
    run_id
        Sorts by time.
    owner
        Which config the folder belongs to.
    created
        When it was published, ISO 8601 in UTC.
    command
        What was asked for: "fit", "run".
    versions
        Version of this package, of Python and of what the numbers depend on.
    config_text, config_hash
        The config as it was, and a hash of what it says.
    inputs
        Hash of the content of each input, by path.
    seed
        Seed of everything drawn.
    stages
        The stages the run stands on, in order.
    artefacts
        Hash of every published file, by its path in the folder.
    """

    run_id: str
    owner: str
    created: str
    command: str
    versions: Mapping[str, str]
    config_text: str
    config_hash: str
    inputs: Mapping[str, str]
    seed: int
    stages: tuple[StageRecord, ...] = ()
    artefacts: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """The manifest as it is written."""
        return json.dumps(
            {
                "format": _FORMAT,
                "run_id": self.run_id,
                "owner": self.owner,
                "created": self.created,
                "command": self.command,
                "versions": dict(self.versions),
                "config": {"hash": self.config_hash, "text": self.config_text},
                "inputs": dict(self.inputs),
                "seed": self.seed,
                "stages": [
                    {"name": s.name, "key": s.key, "start": s.start, "end": s.end, "seconds": s.seconds}
                    for s in self.stages
                ],
                "artefacts": dict(self.artefacts),
            },
            indent=2,
            ensure_ascii=False,
        )


def package_version() -> str:
    """Version of this package; part of every stage's key."""
    try:
        return importlib.metadata.version("mmm-planner")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def installed_versions() -> dict[str, str]:
    """Versions of this package, of Python and of what the numbers depend on, without importing any."""
    versions = {"mmm-planner": package_version(), "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "absent"
    return versions


def is_file_name(name: str) -> bool:
    """Whether a name is one plain file in a folder, and no way out of it."""
    return (
        bool(name) and name not in (".", "..") and not set(name) & set("/\\:\0") and not name.startswith(".")
    )


def is_artefact_name(name: str) -> bool:
    """Whether a name is one plain file of a run folder, or of one plain folder in it (`figures/returns.svg`)."""
    parts = name.split("/")
    return len(parts) <= 2 and all(is_file_name(part) for part in parts)


def read_manifest(folder: Path) -> Manifest:
    """Read what a run folder holds.

    Raises
    ------
    InputError
        When there is no finished run in the folder, or its manifest cannot be read.
    """
    place = folder / NAME
    try:
        raw = json.loads(place.read_text(encoding="utf-8"))
        return _from_raw(raw, place)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            f"{folder}: there is no finished run here. Start one with `mmm run CONFIG`"
        ) from None
    except OSError as error:
        raise InputError(f"{place}: cannot be read ({error.strerror}). Mend the disk, or use --out") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(
            f"{place}: this manifest is damaged and cannot be read. Nothing was changed: the files of "
            f"earlier runs are still in {folder} and {folder / 'history'}. Move the folder away, or "
            "choose another with --out"
        ) from None


def verify(folder: Path) -> Manifest:
    """Read the manifest and compare the hash of every file it lists.

    Raises
    ------
    InputError
        When there is no finished run, or files are missing or differ from what the run wrote.
    """
    manifest = read_manifest(folder)
    gone, changed = [], []
    for name, wanted in manifest.artefacts.items():
        path = folder / name
        if not path.is_file():
            gone.append(name)
        elif sha256(path) != wanted:
            changed.append(name)
    if gone or changed:
        said = [
            f"{word}: {', '.join(names)}"
            for word, names in (("missing", gone), ("changed", changed))
            if names
        ]
        kept = folder / "history" / manifest.run_id
        where = f" The tables of run {manifest.run_id} are kept in {kept}." if kept.is_dir() else ""
        raise InputError(
            f"{folder}: these files are not what run {manifest.run_id} wrote ({'; '.join(said)}). A run was "
            f"stopped while it published, or someone edited them.{where} Run the command again to publish "
            "them anew"
        )
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest, whole or not at all."""
    write_text(folder / NAME, manifest.to_json())


def _from_raw(raw: dict[str, Any], place: Path) -> Manifest:
    if raw["format"] > _FORMAT:
        raise InputError(
            f"{place}: written by a newer mmm. Update this one, or choose another folder with --out"
        )
    artefacts = {str(name): str(digest) for name, digest in raw["artefacts"].items()}
    if bad := [name for name in artefacts if not is_artefact_name(name)]:
        raise ValueError(f"not file names: {bad}")
    return Manifest(
        run_id=_plain(raw["run_id"]),
        owner=str(raw["owner"]),
        created=str(raw["created"]),
        command=str(raw["command"]),
        versions={str(k): str(v) for k, v in raw["versions"].items()},
        config_text=str(raw["config"]["text"]),
        config_hash=str(raw["config"]["hash"]),
        inputs={str(k): str(v) for k, v in raw["inputs"].items()},
        seed=int(raw["seed"]),
        stages=tuple(
            StageRecord(str(s["name"]), str(s["key"]), str(s["start"]), str(s["end"]), float(s["seconds"]))
            for s in raw["stages"]
        ),
        artefacts=artefacts,
    )


def _plain(run_id: object) -> str:
    if not isinstance(run_id, str) or not is_file_name(run_id):
        raise ValueError(f"not a run id: {run_id!r}")
    return run_id
