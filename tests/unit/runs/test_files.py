"""Bytes that survive: whole or absent, and disk faults in words."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from mmm.errors import InputError
from mmm.runs.files import (
    discard,
    discard_leftovers,
    disk_fault,
    disk_faults_in_words,
    sha256,
    temporary,
    write_text,
)


def test_a_written_text_is_there_and_no_temporary_stays(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "shalom \u05e9\u05dc\u05d5\u05dd")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "shalom \u05e9\u05dc\u05d5\u05dd"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_failed_write_keeps_the_old_text_and_leaves_no_temporary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text(tmp_path / "a.txt", "old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mmm.runs.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "b").write_bytes(content)
    assert sha256(tmp_path / "b") == hashlib.sha256(content).hexdigest()


def test_leftovers_go_and_everything_else_stays(tmp_path: Path) -> None:
    temporary(tmp_path / "roi.csv").write_text("half")
    temporary(tmp_path / "fit-1").mkdir()
    (tmp_path / "roi.csv").write_text("whole")
    discard_leftovers(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["roi.csv"]


def test_a_discarded_folder_is_gone_with_all_it_held(tmp_path: Path) -> None:
    (tmp_path / "stage" / "inner").mkdir(parents=True)
    (tmp_path / "stage" / "inner" / "x").write_text("x")
    discard(tmp_path / "stage")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not write"),
        (errno.ENOTDIR, "is a file, not a folder"),
    ],
)
def test_a_disk_fault_says_what_and_what_to_do(tmp_path: Path, code: int, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught, disk_faults_in_words(tmp_path):
        raise OSError(code, "as the system says it")
    assert str(tmp_path) in str(caught.value)
    assert "--out" in str(caught.value)
    assert caught.value.exit_code == 1


def test_another_error_of_the_system_is_not_taken_for_a_disk_fault(tmp_path: Path) -> None:
    assert disk_fault(FileNotFoundError(errno.ENOENT, "gone"), tmp_path) is None
    with pytest.raises(FileNotFoundError), disk_faults_in_words(tmp_path):
        raise FileNotFoundError(errno.ENOENT, "gone")
