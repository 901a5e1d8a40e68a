"""SIGKILL between stages and at any moment: the last good run stays whole, and the next command finishes the work."""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import random
import shutil
import signal
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_company import WEEKLY as CONFIG

from mmm.cli import shell
from mmm.runs.manifest import read_manifest, verify

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no SIGKILL and no fork"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def _in_a_child(arguments: list[str], begin: Callable[[], object] = lambda: None) -> int:
    """Runs a command in a copy of this process, so that nothing is imported again; gives its number."""
    child = os.fork()
    if child:
        return child
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        begin()
        os._exit(shell.execute(arguments))
    finally:
        os._exit(99)


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _dies_after(stages: int) -> Callable[[], None]:
    """Kills the process right after so many stages were given their names."""

    def begin() -> None:
        renamed = os.replace
        done = 0

        def replace(source: Any, target: Any) -> None:
            nonlocal done
            renamed(source, target)
            if Path(target).parent.name == ".stages" and not Path(target).name.startswith(".tmp-"):
                done += 1
                if done == stages:
                    os.kill(os.getpid(), signal.SIGKILL)

        os.replace = replace

    return begin


def _stages(folder: Path) -> dict[str, int]:
    """Finished stages, and when each was made."""
    return {
        place.name: (place / "stage.json").stat().st_mtime_ns
        for place in (folder / ".stages").glob("*")
        if not place.name.startswith(".tmp-")
    }


@pytest.fixture
def company(tmp_path: Path, weekly_csv: Callable[[Path], None]) -> Path:
    """A config, its data and a finished scorecard; the config has changed since, so both stages are to be made."""
    weekly_csv(tmp_path / "weekly.csv")
    config = tmp_path / "acme.yaml"
    config.write_text(CONFIG)
    assert shell.execute(["scorecard", str(config), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    config.write_text(CONFIG.replace("gross_margin: 0.5", "gross_margin: 0.4"))
    return config


def test_a_kill_after_each_stage_costs_that_stage_and_none_before_it(company: Path) -> None:
    run = company.with_name("run")
    good = read_manifest(run)
    command = ["scorecard", str(company), "--out", str(run), "--quiet"]
    kills = 0
    while (code := _ended(_in_a_child(command, _dies_after(1)))) != 0:
        assert code == -signal.SIGKILL
        kills += 1
        assert verify(run) == good
        kept = _stages(run)
        assert len(kept) > kills
    after = _stages(run)
    assert kills == 2  # the check and the money
    assert {name: after[name] for name in kept} == kept
    assert verify(run).run_id != good.run_id


@pytest.mark.parametrize("moments", [5, pytest.param(20, marks=pytest.mark.slow)])
def test_at_random_moments_a_kill_loses_nothing(company: Path, moments: int) -> None:
    source = random.Random(moments)
    run = company.with_name("run")
    good = read_manifest(run)
    command = ["scorecard", str(company), "--out", str(run), "--quiet"]
    shutil.copytree(run, run.with_name("first"))
    began = time.monotonic()
    assert _ended(_in_a_child(command)) == 0
    whole = time.monotonic() - began
    outcomes = []
    for _ in range(moments):
        shutil.rmtree(run)
        shutil.copytree(run.with_name("first"), run)
        child = _in_a_child(command)
        time.sleep(source.uniform(0.0, whole))
        os.kill(child, signal.SIGKILL)
        outcomes.append(_ended(child))
        if outcomes[-1] == 0:  # it was through already: the run that was timed met a busier machine
            whole /= 2
        assert read_manifest(run).owner == good.owner  # readable at once
        assert _ended(_in_a_child(command)) == 0  # takes over the lock, finishes or begins again
        now = verify(run)
        assert now.run_id != good.run_id or outcomes[-1] == 0
        assert read_manifest(run / "history" / good.run_id) == good
        assert not list(run.rglob(".tmp-*"))
        assert not (run / ".lock").exists()
    assert -signal.SIGKILL in outcomes


DIES_AFTER_A_STAGE = """
import os, signal, sys
from pathlib import Path
from mmm.cli import shell

renamed = os.replace

def replace(source, target):
    renamed(source, target)
    if Path(target).parent.name == ".stages" and not Path(target).name.startswith(".tmp-"):
        os.kill(os.getpid(), signal.SIGKILL)

os.replace = replace
sys.exit(shell.execute(sys.argv[1:]))
"""
"""In a process of its own: the main job works in threads too, and a fork of this process has none of them."""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("run")
def test_a_kill_after_each_stage_of_the_main_job_is_made_good_by_the_next(
    finished: Any, tmp_path: Path, spawn: Callable[..., Any]
) -> None:
    run = finished.copy(tmp_path / "acme")
    good = read_manifest(run)
    config = finished.small.variant("killed", ("budget: 300_000", "budget: 320_000"))
    command = ["run", config, "--out", run, "--quiet"]
    killed = []
    kept = _stages(run)
    while (said := spawn(*command, script=DIES_AFTER_A_STAGE)).code != 0:
        assert said.code == -signal.SIGKILL, said.err
        assert verify(run) == good
        now = _stages(run)
        assert {name: now[name] for name in kept} == kept
        (new,) = set(now) - set(kept)
        killed.append(new.partition("-")[0])
        kept = now
    assert {"plan", "pnl", "scenarios", "report"} <= set(killed)
    assert "fit" not in killed
    assert verify(run).run_id != good.run_id


def test_a_disk_that_is_full_leaves_the_last_good_run_and_says_so(
    execute: Callable[..., Any], company: Path
) -> None:
    """The limit of a file's size stands in for a full disk: the kernel refuses the write in the middle."""
    resource = pytest.importorskip("resource")
    run = company.with_name("run")
    good = read_manifest(run)
    told = company.with_name("told")

    def begin() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        sys.stderr = told.open("w", buffering=1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))

    command = ["scorecard", str(company), "--out", str(run), "--quiet"]
    assert _ended(_in_a_child(command, begin)) == 1
    assert str(run) in told.read_text()
    assert "another disk with --out" in told.read_text()
    assert "Traceback" not in told.read_text()
    assert verify(run) == good
    assert not list(run.rglob(".tmp-*"))
    assert execute(*command).code == 0


def _without_powers() -> None:
    """Takes from a root the power to write where nobody may; others never had it."""
    libc = ctypes.CDLL(None, use_errno=True)
    version_3, itself = 0x20080522, 0
    assert libc.capset(struct.pack("<Ii", version_3, itself), bytes(24)) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="capabilities are Linux's")
@pytest.mark.parametrize("closed", ["the run", "the folder around it"])
def test_a_folder_that_may_only_be_read_keeps_its_run_and_is_named(
    execute: Callable[..., Any], company: Path, closed: str
) -> None:
    run = company.with_name("run")
    good = read_manifest(run)
    told = company.with_name("told")
    told.touch()
    out = run if closed == "the run" else company.parent / "new"
    place = run if closed == "the run" else company.parent

    def begin() -> None:
        sys.stderr = told.open("w", buffering=1)
        _without_powers()

    command = ["scorecard", str(company), "--out", str(out), "--quiet"]
    place.chmod(0o500)
    try:
        assert _ended(_in_a_child(command, begin)) == 1
    finally:
        place.chmod(0o700)
    assert str(out) in told.read_text()
    assert "Traceback" not in told.read_text()
    assert verify(run) == good
    assert not (company.parent / "new").exists()
    assert execute(*command).code == 0


def test_of_two_commands_on_one_run_the_second_is_told_who_is_at_work(
    execute: Callable[..., Any], company: Path
) -> None:
    run = company.with_name("run")
    command = ["scorecard", str(company), "--out", str(run), "--quiet"]
    ready, go = os.pipe(), os.pipe()

    def begin() -> None:
        renamed = os.replace

        def replace(source: Any, target: Any) -> None:  # waits while it holds the lock
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            os.replace = renamed
            renamed(source, target)

        os.replace = replace

    child = _in_a_child(command, begin)
    assert os.read(ready[0], 1) == b"x"
    said = execute(*command)
    assert said.code == 1
    assert f"process {child}" in said.err
    os.write(go[1], b"x")
    assert _ended(child) == 0
    assert execute(*command).code == 0


def test_a_clock_that_jumps_back_loses_no_run(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of an earlier day than the last one still takes its place, and the last one goes to the history."""
    run = company.with_name("run")
    good = read_manifest(run)

    class Earlier(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return dt.datetime(2001, 1, 1, tzinfo=tz)

    monkeypatch.setattr("mmm.runs.store.datetime", Earlier)
    monkeypatch.setattr("mmm.runs.lock.datetime", Earlier)
    assert shell.execute(["scorecard", str(company), "--out", str(run), "--quiet"]) == 0
    assert verify(run).run_id.startswith("20010101")
    assert read_manifest(run / "history" / good.run_id) == good
