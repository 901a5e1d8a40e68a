"""One run at a time in a folder."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mmm.errors import InputError
from mmm.runs import lock

HOLD = """
import sys, time
from pathlib import Path
from mmm.runs import lock
lock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""

RACE = """
import sys, time
from pathlib import Path
from mmm.errors import InputError
from mmm.runs import lock
while not Path(sys.argv[2]).exists():
    time.sleep(0.001)
try:
    lock.take(Path(sys.argv[1]))
except InputError:
    print("refused", flush=True)
else:
    print("held", flush=True)
sys.stdin.read()
"""


def _write_lock(folder: Path, **changes: object) -> None:
    told = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": "2026-01-01T00:00:00+00:00",
        "born": "",
    }
    (folder / ".lock").write_text(json.dumps({**told, **changes}))


def _dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_lock_names_host_process_and_time_and_is_given_back(tmp_path: Path) -> None:
    holder = lock.take(tmp_path)
    told = json.loads((tmp_path / ".lock").read_text())
    assert (told["host"], told["pid"]) == (socket.gethostname(), os.getpid())
    assert told["since"] == holder.since
    lock.release(tmp_path, holder)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_held_by_a_live_process_is_refused_and_the_holder_named(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=rf"process {child.pid} on {socket.gethostname()}"):
            lock.take(tmp_path)
        child.kill()
        child.wait()
    assert (tmp_path / ".lock").exists()
    assert lock.take(tmp_path).pid == os.getpid()


def test_a_second_run_in_the_same_process_is_refused(tmp_path: Path) -> None:
    lock.take(tmp_path)
    with pytest.raises(InputError, match="this process"):
        lock.take(tmp_path)


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    _write_lock(tmp_path, pid=_dead_pid())
    lock.take(tmp_path)
    assert lock.read(tmp_path / ".lock").pid == os.getpid()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="start times are read from /proc")
def test_a_process_that_got_the_number_of_a_dead_one_does_not_hold_its_lock(tmp_path: Path) -> None:
    _write_lock(tmp_path, born="1")
    lock.take(tmp_path)
    assert lock.read(tmp_path / ".lock").born not in ("", "1")


def test_the_lock_of_another_host_is_never_taken_over(tmp_path: Path) -> None:
    _write_lock(tmp_path, host="elsewhere", pid=_dead_pid())
    with pytest.raises(InputError, match=r"on elsewhere.*delete .*\.lock"):
        lock.take(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"host": "a"}'])
def test_a_lock_that_cannot_be_read_is_refused_with_the_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / ".lock").write_text(text)
    with pytest.raises(InputError, match=r"cannot be read.*delete that file"):
        lock.take(tmp_path)


def test_a_lock_that_someone_else_holds_by_now_is_not_given_back(tmp_path: Path) -> None:
    mine = lock.take(tmp_path)
    _write_lock(tmp_path, host="elsewhere")
    lock.release(tmp_path, mine)
    assert lock.read(tmp_path / ".lock").host == "elsewhere"


def test_of_many_that_take_over_one_stale_lock_exactly_one_gets_it(tmp_path: Path) -> None:
    folder, go = tmp_path / "run", tmp_path / "go"
    folder.mkdir()
    _write_lock(folder, pid=_dead_pid())
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(folder), str(go)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    go.touch()
    said = []
    for racer in racers:
        assert racer.stdout is not None
        said.append(racer.stdout.readline().strip())
    for racer in racers:
        racer.communicate("")
    assert sorted(said) == ["held", *["refused"] * 4]
