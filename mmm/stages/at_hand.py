"""Bring the data to hand: queries fetched, exports loaded into the warehouse, and a config that names files only.

Every command begins here. A config of plain files is given back as it is; else what changed since the last time is
loaded, and what the panel reads is written beside the warehouse as files, so that all that follows is the same.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmm.config import Config
from mmm.data.panel import Check
from mmm.data.source_settings import Database
from mmm.runs.files import disk_faults_in_words, sha256, write_text
from mmm.stages.approved import with_plan_of_record
from mmm.stages.exports import bring_exports
from mmm.warehouse.database import fetch
from mmm.warehouse.merge import Change
from mmm.warehouse.panel_tables import exports_of_files
from mmm.warehouse.snapshot import write_snapshot
from mmm.warehouse.store import warehouse_of

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AtHand:
    """What a command works with.

    Attributes
    ----------
    config
        Names files only; tables of the warehouse stand in place of exports.
    plain
        The same with the exports as they are.
    checks
        What reading exports found.
    inputs
        Hash of every file or answer that was brought in, by what the config calls it.
    changes
        What loading changed in the warehouse.
    """

    config: Config
    plain: Config
    checks: tuple[Check, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


def at_hand(config: Config, say: Say = lambda text: None) -> AtHand:
    """A config whose sources are all files.

    Raises
    ------
    DataError, InputError
        A database does not answer, or an export is at fault; the warehouse then stays as it was.
    ConfigError
        The plan of record is asked for, and nothing is approved yet.
    """
    config = with_plan_of_record(config)
    asked = databases(config)
    if not asked and not config.data.exports:
        return AtHand(config, config)
    plain, inputs = _asked(config, asked, say)
    if not plain.data.exports:
        return AtHand(plain, plain, inputs=inputs)
    brought = bring_exports(plain, warehouse_of(config.name), say)
    return AtHand(brought.config, plain, brought.checks, inputs | brought.inputs, brought.changes)


def _asked(config: Config, asked: Mapping[Database, str], say: Say) -> tuple[Config, dict[str, str]]:
    """The config with the answers to its queries as files, and the hash of each."""
    folder = warehouse_of(config.name).folder / "queries"
    files: dict[Database, Path] = {}
    inputs: dict[str, str] = {}
    for database, key in asked.items():
        say(f"asking {database.url}")
        frame = fetch(database, config.folder, key, say)
        file = folder / f"{_stem(key)}-{_short_hash(database)}.parquet"
        with disk_faults_in_words(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_snapshot(frame, file)
            write_text(file.with_suffix(".url"), f"{database.url}\n")
        files[database] = Path(os.path.relpath(file, config.folder))
        inputs[f"{database.url} ({key})"] = sha256(file)
    return _with_files(config, files), inputs


def called(config: Config) -> dict[str, tuple[str, str]]:
    """What people call files that stand for queries and exports, by their names: adapter ("" for a query), and where.

    A query is called by its URL as the config has it, an export by its own file.
    """
    place = warehouse_of(config.name)
    asked = (place.folder / "queries").glob("*.url")
    urls = {path.with_suffix(".parquet").name: path.read_text("utf-8").strip() for path in asked}
    exports = {file: told.split(" ", 1) for file, told in exports_of_files(place).items()}
    own = {file: (adapter, urls.get(Path(path).name, path)) for file, (adapter, path) in exports.items()}
    return {name: ("", url) for name, url in urls.items()} | own


def databases(config: Config) -> dict[Database, str]:
    """Every query of a config, once, with the first key that asks it."""
    found: dict[Database, str] = {}

    def walk(value: Any, key: str) -> None:
        if isinstance(value, Database):
            found.setdefault(value, key)
        elif hasattr(type(value), "model_fields"):
            for name in type(value).model_fields:
                walk(getattr(value, name), f"{key}.{name}" if key else name)
        elif isinstance(value, tuple):
            for number, item in enumerate(value, start=1):
                walk(item, f"{key}[{number}]")
        elif isinstance(value, Mapping):
            for name, item in value.items():
                walk(item, f"{key}.{name}")

    walk(config, "")
    return found


def _with_files(value: Any, files: Mapping[Database, Path]) -> Any:
    """The same settings with a file for every query."""
    if isinstance(value, Database):
        return files[value]
    if hasattr(type(value), "model_fields"):
        new = {name: _with_files(getattr(value, name), files) for name in type(value).model_fields}
        changed = {name: item for name, item in new.items() if item is not getattr(value, name)}
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, tuple):
        items = tuple(_with_files(item, files) for item in value)
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if isinstance(value, dict):
        made = {name: _with_files(item, files) for name, item in value.items()}
        return made if any(made[name] is not value[name] for name in value) else value
    return value


def _stem(key: str) -> str:
    return re.sub(r"\W+", "-", key.removesuffix(".source")).strip("-")


def _short_hash(database: Database) -> str:
    return hashlib.sha256(f"{database.url}\n{database.query}".encode()).hexdigest()[:8]
