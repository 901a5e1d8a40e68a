"""A corpus of broken run folders: a command names what is in the way, and changes nothing inside or outside."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_company import WEEKLY as CONFIG

from mmm.runs.store import RunFolder

pytestmark = pytest.mark.timeout(60)

Break = Callable[[Path], object]


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _folder(name: str) -> Break:
    def change(run: Path) -> None:
        _remove(run / name)
        (run / name).mkdir()
        (run / name / "x").write_text("x")

    return change


def _file(name: str, content: bytes = b"x") -> Break:
    def change(run: Path) -> None:
        _remove(run / name)
        (run / name).write_bytes(content)

    return change


def _link(name: str, target: str = "../outside") -> Break:
    def change(run: Path) -> None:
        _remove(run / name)
        (run / name).symlink_to(target)

    return change


def _manifest(**values: Any) -> Break:
    def change(run: Path) -> None:
        told = json.loads((run / "manifest.json").read_text())
        (run / "manifest.json").write_text(json.dumps(told | values))

    return change


def _without(key: str) -> Break:
    def change(run: Path) -> None:
        told = json.loads((run / "manifest.json").read_text())
        (run / "manifest.json").write_text(json.dumps({k: v for k, v in told.items() if k != key}))

    return change


def _inside(stage: Path) -> Path:
    return next(stage.glob("*"))


def _alive(since: str) -> bytes:
    return json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "since": since}).encode()


def _waits(run: Path) -> None:
    """A run killed between two files of its publishing, and a folder made in the place of the next."""
    (run / ".publish").mkdir()
    for name in ("manifest.json", "roi.csv"):
        shutil.copy(run / name, run / ".publish" / name)
    _folder("roi.csv")(run)


DAMAGED = "manifest is damaged"
LEADS_OUT = "this link leads out of the run folder"
IN_THE_WAY = "there is a folder where a file is needed"
CASES: list[tuple[str, Break, tuple[str, ...]]] = [
    ("the manifest is empty", _file("manifest.json", b""), ("manifest.json", DAMAGED)),
    ("the manifest is cut", _file("manifest.json", b'{"format": 1, "run'), ("manifest.json", DAMAGED)),
    ("the manifest is bytes", _file("manifest.json", b"\xff\xfe\x00"), ("manifest.json", DAMAGED)),
    ("the manifest is a list", _file("manifest.json", b"[]"), ("manifest.json", DAMAGED)),
    ("the manifest is a number", _file("manifest.json", b"9" * 9000), ("manifest.json", DAMAGED)),
    ("the manifest is brackets", _file("manifest.json", b"[" * 99_999), ("manifest.json", DAMAGED)),
    ("the manifest is a folder", _folder("manifest.json"), ("manifest.json", IN_THE_WAY)),
    ("the manifest is of a newer format", _manifest(format=99), ("manifest.json", "newer mmm")),
    ("the manifest is of a format in words", _manifest(format="one"), ("manifest.json", DAMAGED)),
    (
        "the manifest names a file outside",
        _manifest(artefacts={"../outside/x": "0"}),
        ("manifest.json", DAMAGED),
    ),
    (
        "the manifest names an absolute path",
        _manifest(artefacts={"/etc/passwd": "0"}),
        ("manifest.json", DAMAGED),
    ),
    ("the manifest names a drive", _manifest(artefacts={"C:x": "0"}), ("manifest.json", DAMAGED)),
    ("the manifest names a hidden file", _manifest(artefacts={".lock": "0"}), ("manifest.json", DAMAGED)),
    ("the manifest names its folder", _manifest(artefacts={"..": "0"}), ("manifest.json", DAMAGED)),
    ("the artefacts are a list", _manifest(artefacts=[]), ("manifest.json", DAMAGED)),
    ("the run is named as a way out", _manifest(run_id="../outside"), ("manifest.json", DAMAGED)),
    ("the run has no name", _manifest(run_id=""), ("manifest.json", DAMAGED)),
    ("the stages are numbers", _manifest(stages=[1]), ("manifest.json", DAMAGED)),
    ("the seed is a word", _manifest(seed="one"), ("manifest.json", DAMAGED)),
    ("the config is gone from the manifest", _manifest(config=None), ("manifest.json", DAMAGED)),
    ("the inputs are gone from the manifest", _without("inputs"), ("manifest.json", DAMAGED)),
    ("the owner is gone from the manifest", _without("owner"), ("manifest.json", DAMAGED)),
    ("another config wrote the folder", _manifest(owner="other in /x"), ("other in /x", "--out")),
    (
        "another config began the folder",
        lambda run: (_remove(run / "manifest.json"), _file(".owner")(run)),
        ("--out",),
    ),
    ("the owner is a folder", _folder(".owner"), (".owner", IN_THE_WAY)),
    (
        "nobody wrote the folder",
        lambda run: [_remove(run / n) for n in ("manifest.json", ".owner")],
        ("roi.csv",),
    ),
    ("the lock is a folder", _folder(".lock"), (".lock", IN_THE_WAY)),
    ("the lock is empty", _file(".lock", b""), (".lock", "cannot be read", "delete that file")),
    ("the lock is a number", _file(".lock", b"7"), (".lock", "cannot be read")),
    ("the lock is brackets", _file(".lock", b"[" * 99_999), (".lock", "cannot be read")),
    (
        "the lock is of another machine",
        _file(".lock", b'{"host": "elsewhere", "pid": 1, "since": "2020-01-01"}'),
        ("another run is at work", "process 1 on elsewhere"),
    ),
    (
        "the lock is of the coming year, and its process lives",
        _file(".lock", _alive("2099-01-01T00:00:00+00:00")),
        ("another run is at work", "since 2099-01-01"),
    ),
    ("the stages are a file", _file(".stages"), (".stages", "a file where a folder is needed")),
    ("the history is a file", _file("history"), ("history", "a file where a folder is needed")),
    ("the draft is a file", _file("draft"), ("draft", "a file where a folder is needed")),
    ("what is published is a file", _file(".publish"), (".publish", "a file where a folder is needed")),
    ("the stages are a link out", _link(".stages"), (".stages", LEADS_OUT)),
    ("the history is a link out", _link("history"), ("history", LEADS_OUT)),
    ("the draft is a link out", _link("draft"), ("draft", LEADS_OUT)),
    ("what is published is a link out", _link(".publish"), (".publish", LEADS_OUT)),
    ("the manifest is a link out", _link("manifest.json", "../outside/x"), ("manifest.json", LEADS_OUT)),
    ("a table is a link out", _link("roi.csv", "../outside/x"), ("roi.csv", LEADS_OUT)),
    ("a table is a link to nowhere", _link("roi.csv", "/no/such/place"), ("roi.csv", LEADS_OUT)),
    (
        "a stage is a link out",
        lambda run: _link(_inside(run / ".stages").name, "../../outside")(run / ".stages"),
        (LEADS_OUT,),
    ),
    (
        "a file of a stage is a link out",
        lambda run: _link("roi.csv", "/etc/hosts")(_inside(run / ".stages")),
        (LEADS_OUT,),
    ),
    ("the folder is a file", lambda run: _file(run.name)(run.parent), ("a file where a folder is needed",)),
    (
        "a page waits to be published and a folder is in its place",
        _waits,
        ("roi.csv", IN_THE_WAY),
    ),
]
"""A sentence, what is done to a good run folder, and what the message holds."""


def _make(folder: Path) -> None:
    (folder / "roi.csv").write_text("level\n")


@pytest.fixture
def published(tmp_path: Path, weekly_csv: Callable[[Path], None]) -> Path:
    """A config, its data, and a run folder as a run of that config leaves it."""
    weekly_csv(tmp_path / "weekly.csv")
    (tmp_path / "acme.yaml").write_text(CONFIG)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_text("not of this run")
    with RunFolder.open(tmp_path / "run", owner=f"acme in {tmp_path}") as run:
        place = run.stage("fit", "0" * 16, _make)
        manifest = run.manifest(command="fit", config_text="", config_hash="", inputs={}, seed=1)
        run.publish({"roi.csv": place / "roi.csv"}, manifest)
    return tmp_path / "run"


@pytest.mark.parametrize(("change", "says"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_in_the_way_is_named_and_nothing_is_touched(
    refused: Callable[..., str], no_sampling: list[str], published: Path, change: Break, says: tuple[str, ...]
) -> None:
    change(published)
    refused(
        ["scorecard", published.with_name("acme.yaml"), "--out", published, "--quiet"], str(published), *says
    )
    assert no_sampling == []


def test_the_good_folder_is_taken(execute: Callable[..., Any], published: Path) -> None:
    said = execute("scorecard", published.with_name("acme.yaml"), "--out", published, "--quiet")
    assert said.code == 0, said.err


def test_a_link_within_the_folder_and_a_linked_folder_are_taken(published: Path) -> None:
    (published / "latest.csv").symlink_to("roi.csv")
    published.with_name("same").symlink_to(published)
    with RunFolder.open(published.with_name("same"), owner=f"acme in {published.parent}") as run:
        assert run.finished("fit", "0" * 16) is not None


@pytest.mark.parametrize("name", ["../../manifest.json", "/etc/hosts", "..", ""])
def test_a_stage_that_lists_a_file_outside_is_not_finished(published: Path, name: str) -> None:
    record = _inside(published / ".stages") / "stage.json"
    told = json.loads(record.read_text())
    record.write_text(json.dumps(told | {"files": {name: "0"}}))
    with RunFolder.open(published, owner=f"acme in {published.parent}") as run:
        assert run.finished("fit", "0" * 16) is None


def test_a_stage_of_another_name_is_not_taken_for_this_one(published: Path) -> None:
    stage = _inside(published / ".stages")
    shutil.copytree(stage, stage.with_name(f"plan-{'1' * 16}"))
    with RunFolder.open(published, owner=f"acme in {published.parent}") as run:
        assert run.finished("plan", "1" * 16) is None
