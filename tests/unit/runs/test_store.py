"""Run folders: stages made once, results published whole, earlier runs kept."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mmm.errors import InputError, NotConverged
from mmm.runs.files import make_room
from mmm.runs.manifest import Manifest, read_manifest, verify
from mmm.runs.store import RunFolder, stage_key

KEY = stage_key("{}", [], {}, "0")


def _publish(run: RunFolder, texts: Mapping[str, str], command: str = "run") -> Manifest:
    def make(folder: Path) -> None:
        for name, text in texts.items():
            make_room(folder, name).write_text(text)

    made = run.stage("made", stage_key(json.dumps(dict(texts)), [], {}, "0"), make)
    manifest = run.manifest(
        command=command, config_text="name: acme\n", config_hash="c0", inputs={"w.csv": "11"}, seed=1
    )
    return run.publish({name: made / name for name in texts}, manifest)


def _published(folder: Path, texts: Mapping[str, str]) -> Manifest:
    with RunFolder.open(folder, owner="acme") as run:
        return _publish(run, texts)


def _visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def _touch(folder: Path) -> None:
    (folder / "x").write_text("x")


def test_files_can_be_added_to_what_is_published(tmp_path: Path) -> None:
    first = _published(tmp_path / "acme", {"roi.csv": "1"})
    with RunFolder.open(tmp_path / "acme", owner="acme") as run:
        made = run.stage("readout-a", KEY, _touch)
        manifest = run.manifest(command="tests", config_text="", config_hash="", inputs={}, seed=1)
        run.add({"x": made / "x"}, manifest)
        run.add({"x": made / "x"}, manifest)
    found = verify(tmp_path / "acme")
    assert set(found.artefacts) == {"roi.csv", "x"}
    assert found.run_id == first.run_id


def test_files_added_where_nothing_is_published_are_the_first(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "acme", owner="acme") as run:
        made = run.stage("readout-a", KEY, _touch)
        manifest = run.manifest(command="tests", config_text="", config_hash="", inputs={}, seed=1)
        run.add({"x": made / "x"}, manifest)
    assert set(verify(tmp_path / "acme").artefacts) == {"x"}


def test_the_newest_of_each_name_is_kept_whatever_its_key(tmp_path: Path) -> None:
    keys = [stage_key(text, [], {}, "0") for text in "abc"]
    with RunFolder.open(tmp_path / "acme", owner="acme") as run:
        old = run.stage("readout-a-b", keys[0], _touch)
        os.utime(old, (1, 1))
        new = run.stage("readout-a-b", keys[1], _touch)
        other = run.stage("readout-c", keys[2], _touch)
        run.stage("fit", keys[0], _touch)
        assert run.kept("readout") == [new, other]


class TestKey:
    BASE = ("{}", ["a"], {"f": "1"}, "0.1")

    def test_the_same_work_has_the_same_key_whatever_the_order_of_its_inputs(self) -> None:
        assert stage_key("{}", [], {"a": "1", "b": "2"}, "0") == stage_key(
            "{}", [], {"b": "2", "a": "1"}, "0"
        )

    @pytest.mark.parametrize(
        "other",
        [
            ('{"a": 1}', ["a"], {"f": "1"}, "0.1"),
            ("{}", ["b"], {"f": "1"}, "0.1"),
            ("{}", [], {"f": "1"}, "0.1"),
            ("{}", ["a"], {"f": "2"}, "0.1"),
            ("{}", ["a"], {"g": "1"}, "0.1"),
            ("{}", ["a"], {"f": "1"}, "0.2"),
        ],
    )
    def test_settings_keys_before_inputs_and_version_each_change_it(
        self, other: tuple[str, list[str], dict[str, str], str]
    ) -> None:
        assert stage_key(*other) != stage_key(*self.BASE)

    def test_it_is_short_and_fit_for_a_folder_name(self) -> None:
        assert len(KEY) == 16
        int(KEY, 16)


class TestStage:
    def test_the_latest_of_a_name_is_found_whatever_its_options(self, tmp_path: Path) -> None:
        other = stage_key("{}", [], {}, "1")
        with RunFolder.open(tmp_path / "run", owner="acme") as run:
            assert run.latest("tried", KEY) is None
            old, new = (run.stage(f"tried-{options}", KEY, _touch) for options in ("4x13", "2x8"))
            run.stage("tried-1x1", other, _touch)
            os.utime(old, (1.0, 1.0))
            os.utime(new, (2.0, 2.0))
            assert run.latest("tried", KEY) == new
            (new / "x").write_text("changed")
            assert run.latest("tried", KEY) == old

    def test_a_finished_stage_is_not_made_again(self, tmp_path: Path) -> None:
        made: list[Path] = []

        def make(folder: Path) -> None:
            made.append(folder)
            (folder / "inner").mkdir()
            (folder / "inner" / "x").write_text("x")

        for _ in range(2):
            with RunFolder.open(tmp_path / "r", owner="acme") as run:
                place = run.stage("fit", KEY, make)
                assert [record.name for record in run.records] == ["fit"]
        assert place == tmp_path / "r" / ".stages" / f"fit-{KEY}"
        assert (place / "inner" / "x").read_text() == "x"
        assert len(made) == 1
        assert made[0] != place  # made under a temporary name

    def test_a_stage_that_fails_leaves_nothing_and_the_lock_is_given_back(self, tmp_path: Path) -> None:
        def make(folder: Path) -> None:
            _touch(folder)
            raise NotConverged("R-hat 1.4")

        with pytest.raises(NotConverged), RunFolder.open(tmp_path / "r", owner="acme") as run:
            run.stage("fit", KEY, make)
        assert list((tmp_path / "r" / ".stages").iterdir()) == []
        assert not (tmp_path / "r" / ".lock").exists()

    def test_a_disk_that_fills_up_while_a_stage_is_made_leaves_nothing(self, tmp_path: Path) -> None:
        def make(folder: Path) -> None:
            _touch(folder)
            raise OSError(errno.ENOSPC, "No space left on device")

        with RunFolder.open(tmp_path, owner="acme") as run:
            with pytest.raises(InputError, match="disk is full"):
                run.stage("fit", KEY, make)
            assert run.records == ()
        assert list((tmp_path / ".stages").iterdir()) == []

    @pytest.mark.parametrize("damage", ["change", "remove", "record"])
    def test_a_damaged_stage_is_made_again(self, tmp_path: Path, damage: str) -> None:
        with RunFolder.open(tmp_path, owner="acme") as run:
            place = run.stage("fit", KEY, _touch)
            if damage == "change":
                (place / "x").write_text("y")
            elif damage == "remove":
                (place / "x").unlink()
            else:
                (place / "stage.json").write_text("{")
            assert run.finished("fit", KEY) is None
            assert run.stage("fit", KEY, _touch) == place
            assert (place / "x").read_text() == "x"

    def test_leftovers_of_a_killed_run_are_cleaned(self, tmp_path: Path) -> None:
        with RunFolder.open(tmp_path, owner="acme") as run:
            run.stage("fit", KEY, _touch)
        (tmp_path / ".stages" / ".tmp-plan-1").mkdir()
        (tmp_path / ".stages" / ".tmp-plan-1" / "half").write_text("half")
        with RunFolder.open(tmp_path, owner="acme"):
            assert [p.name for p in (tmp_path / ".stages").iterdir()] == [f"fit-{KEY}"]

    def test_only_the_newest_stages_and_those_in_use_are_kept(self, tmp_path: Path) -> None:
        with RunFolder.open(tmp_path, owner="acme") as run:
            for n in range(8):
                place = run.stage("fit", f"{n:016x}", _touch)
                os.utime(place, (1000 + n, 1000 + n))
            os.utime(place, (1, 1))  # the one in use, as old as can be
            _publish(run, {"roi.csv": "1"})
            kept = sorted(int(p.name.split("-")[1], 16) for p in (tmp_path / ".stages").glob("fit-*"))
        assert kept == [2, 3, 4, 5, 6, 7]


class TestPublish:
    def test_what_is_published_is_there_listed_and_whole(self, tmp_path: Path) -> None:
        written = _published(tmp_path / "r", {"roi.csv": "1", "report.html": "<p>"})
        assert verify(tmp_path / "r") == written
        assert set(written.artefacts) == {"roi.csv", "report.html"}
        assert [stage.name for stage in written.stages] == ["made"]
        assert written.owner == "acme"
        assert _visible(tmp_path / "r") == {"roi.csv", "report.html", "manifest.json"}

    def test_manifest_and_tables_of_the_earlier_run_are_kept(self, tmp_path: Path) -> None:
        first = _published(tmp_path, {"roi.csv": "1", "plan.json": "{}", "report.html": "old"})
        second = _published(tmp_path, {"roi.csv": "2", "plan.json": "[]", "report.html": "new"})
        kept = tmp_path / "history" / first.run_id
        assert {path.name: path.read_text() for path in kept.iterdir() if path.suffix != ".json"} == {
            "roi.csv": "1"
        }
        assert (kept / "plan.json").read_text() == "{}"
        assert read_manifest(kept) == first
        assert verify(tmp_path) == second
        assert (tmp_path / "report.html").read_text() == "new"

    def test_a_file_the_new_run_does_not_have_moves_to_history(self, tmp_path: Path) -> None:
        first = _published(tmp_path, {"roi.csv": "1", "plan.csv": "1", "report.html": "old"})
        _published(tmp_path, {"roi.csv": "2"})
        assert _visible(tmp_path) == {"roi.csv", "manifest.json", "history"}
        kept = tmp_path / "history" / first.run_id
        assert (kept / "report.html").read_text() == "old"
        assert (kept / "plan.csv").read_text() == "1"

    def test_files_in_a_folder_come_and_go_with_their_run(self, tmp_path: Path) -> None:
        first = _published(tmp_path, {"roi.csv": "1", "figures/a.svg": "a1", "figures/b.svg": "b1"})
        assert verify(tmp_path) == first
        _published(tmp_path, {"roi.csv": "2", "figures/a.svg": "a2"})
        verify(tmp_path)
        assert {path.name: path.read_text() for path in (tmp_path / "figures").iterdir()} == {"a.svg": "a2"}
        assert (tmp_path / "history" / first.run_id / "figures" / "b.svg").read_text() == "b1"
        _published(tmp_path, {"roi.csv": "3"})
        assert not (tmp_path / "figures").exists()

    def test_a_file_of_the_users_keeps_its_folder(self, tmp_path: Path) -> None:
        _published(tmp_path, {"roi.csv": "1", "figures/a.svg": "a1"})
        (tmp_path / "figures" / "mine.txt").write_text("mine")
        _published(tmp_path, {"roi.csv": "2"})
        assert [path.name for path in (tmp_path / "figures").iterdir()] == ["mine.txt"]

    def test_a_file_where_a_folder_of_results_belongs_is_refused(self, tmp_path: Path) -> None:
        first = _published(tmp_path, {"roi.csv": "1"})
        (tmp_path / "figures").write_text("mine")
        with pytest.raises(InputError, match="there is a file where a folder is needed"):
            _published(tmp_path, {"roi.csv": "2", "figures/a.svg": "a"})
        assert verify(tmp_path) == first

    def test_every_run_before_stays(self, tmp_path: Path) -> None:
        ids = [_published(tmp_path, {"roi.csv": str(n)}).run_id for n in range(4)]
        assert {path.name for path in (tmp_path / "history").iterdir()} == set(ids[:3])
        assert len(set(ids)) == 4

    @pytest.mark.parametrize(
        "name",
        [
            *("../roi.csv", "a/b/c", "a/../b", "a/", "/b", "a/.b", ".stages/b", ".lock"),
            *("manifest.json", "manifest.json/a", "history", "history/a", "draft", "draft/a"),
        ],
    )
    def test_a_name_that_is_not_an_artefact_is_refused(self, tmp_path: Path, name: str) -> None:
        with (
            RunFolder.open(tmp_path / "r", owner="acme") as run,
            pytest.raises(ValueError, match="not names"),
        ):
            _ = run.publish(
                {name: tmp_path},
                run.manifest(command="run", config_text="", config_hash="", inputs={}, seed=1),
            )

    def test_a_full_disk_leaves_the_last_good_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = _published(tmp_path, {"roi.csv": "1", "report.html": "old"})
        copyfile = shutil.copyfile

        def full(source: Path, target: Path) -> None:
            if Path(target).name == "report.html":
                Path(target).write_text("ha")
                raise OSError(errno.ENOSPC, "No space left on device", str(target))
            copyfile(source, target)

        monkeypatch.setattr("mmm.runs.store.shutil.copyfile", full)
        with pytest.raises(InputError, match="disk is full"):
            _published(tmp_path, {"roi.csv": "2", "report.html": "new"})
        assert verify(tmp_path) == first
        assert not list(tmp_path.glob(".tmp-*"))
        assert not (tmp_path / ".publish").exists()

    def test_an_interrupt_while_making_the_files_leaves_the_last_good_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = _published(tmp_path, {"roi.csv": "1"})

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("mmm.runs.store.shutil.copyfile", interrupted)
        with pytest.raises(KeyboardInterrupt):
            _published(tmp_path, {"roi.csv": "2"})
        assert verify(tmp_path) == first
        assert not (tmp_path / ".lock").exists()


class TestDraft:
    def test_a_draft_stands_beside_the_published_run(self, tmp_path: Path) -> None:
        first = _published(tmp_path / "r", {"roi.csv": "1"})
        (tmp_path / "d.json").write_text("{}")
        with RunFolder.open(tmp_path / "r", owner="acme") as run:
            draft = run.draft({"diagnostics.json": tmp_path / "d.json"})
        assert draft == tmp_path / "r" / "draft"
        assert (draft / "diagnostics.json").read_text() == "{}"
        assert verify(tmp_path / "r") == first

    def test_a_run_that_is_published_sets_the_draft_aside_and_deletes_nothing(self, tmp_path: Path) -> None:
        folder = tmp_path / "r"
        ids = []
        for n in range(2):
            (tmp_path / "d.json").write_text(str(n))
            with RunFolder.open(folder, owner="acme") as run:
                run.draft({"diagnostics.json": tmp_path / "d.json"})
                ids.append(run.run_id)
        _published(folder, {"roi.csv": "1"})
        assert not (folder / "draft").exists()
        kept = [(folder / "history" / run_id / "draft" / "diagnostics.json").read_text() for run_id in ids]
        assert kept == ["0", "1"]

    def test_history_of_a_run_keeps_its_draft_and_its_tables(self, tmp_path: Path) -> None:
        (tmp_path / "d.json").write_text("d")
        with RunFolder.open(tmp_path / "r", owner="acme") as run:
            run.draft({"d.json": tmp_path / "d.json"})
            _publish(run, {"roi.csv": "1"})
        _published(tmp_path / "r", {"roi.csv": "2"})
        kept = tmp_path / "r" / "history" / run.run_id
        assert (kept / "draft" / "d.json").read_text() == "d"
        assert (kept / "roi.csv").read_text() == "1"


class TestOpen:
    def test_a_folder_of_another_config_is_refused_published_or_not(self, tmp_path: Path) -> None:
        with RunFolder.open(tmp_path, owner="acme"):
            pass
        with pytest.raises(InputError, match=r"another config \(acme\), not to other.*--out"):
            RunFolder.open(tmp_path, owner="other")
        _published(tmp_path, {"roi.csv": "1"})
        (tmp_path / ".owner").unlink()
        with pytest.raises(InputError, match=r"another config \(acme\)"):
            RunFolder.open(tmp_path, owner="other")
        assert not (tmp_path / ".lock").exists()

    def test_a_folder_with_other_files_is_refused_and_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "report.html").write_text("mine")
        with pytest.raises(InputError, match=r"no run of mmm wrote \(report\.html\)"):
            RunFolder.open(tmp_path, owner="acme")
        assert [path.name for path in tmp_path.iterdir()] == ["report.html"]

    def test_an_empty_folder_and_one_with_hidden_files_only_are_taken(self, tmp_path: Path) -> None:
        (tmp_path / ".gitkeep").touch()
        with RunFolder.open(tmp_path, owner="acme") as run:
            assert run.folder == tmp_path

    def test_a_damaged_manifest_stops_the_run_before_anything_is_changed(self, tmp_path: Path) -> None:
        _published(tmp_path, {"roi.csv": "1"})
        (tmp_path / "manifest.json").write_text('{"format": 1, "run')
        before = sorted(p.name for p in tmp_path.iterdir())
        with pytest.raises(InputError, match=r"damaged.*--out"):
            RunFolder.open(tmp_path, owner="acme")
        assert sorted(p.name for p in tmp_path.iterdir()) == before

    def test_a_file_in_the_place_of_the_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "r").write_text("a file")
        with pytest.raises(InputError, match="a file where a folder is needed"):
            RunFolder.open(tmp_path / "r", owner="acme")
        with pytest.raises(InputError, match="is a file, not a folder"):
            RunFolder.open(tmp_path / "r" / "deeper", owner="acme")

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_without_leave_to_write_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "r").mkdir(mode=0o500)
        with pytest.raises(InputError, match="may not write"):
            RunFolder.open(tmp_path / "r", owner="acme")

    @pytest.mark.parametrize(("code", "said"), [(errno.EROFS, "read-only"), (errno.ENOSPC, "full")])
    def test_a_disk_that_takes_nothing_is_refused_in_words(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str
    ) -> None:
        def refuse(self: Path, *_: object, **__: object) -> None:
            raise OSError(code, os.strerror(code), str(self))

        monkeypatch.setattr(Path, "write_text", refuse)
        with pytest.raises(InputError, match=said):
            RunFolder.open(tmp_path / "r", owner="acme")
        assert not list((tmp_path / "r").iterdir())

    def test_a_folder_in_use_is_refused_until_it_is_given_back(self, tmp_path: Path) -> None:
        with (
            RunFolder.open(tmp_path, owner="acme"),
            pytest.raises(InputError, match="another run is at work"),
        ):
            RunFolder.open(tmp_path, owner="acme")
        with RunFolder.open(tmp_path, owner="acme"):
            pass


# The child counts its deeds on the disk and kills itself before the n-th: every place a kill can fall.
KILLED = """
import os, signal, sys
from pathlib import Path
from mmm.runs.store import RunFolder, stage_key

folder, source, fatal = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
deeds = 0
def watch(event, arguments):
    global deeds
    if event in ("os.rename", "os.mkdir", "os.link", "os.remove", "os.rmdir", "shutil.copyfile"):
        deeds += 1
        if deeds == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)

def make(place):
    (place / "figures").mkdir()
    for name in ("roi.csv", "report.html", "figures/a.svg"):
        (place / name).write_bytes((source / name).read_bytes())
with RunFolder.open(folder, owner="acme") as run:
    made = run.stage("made", stage_key("new", [], {}, "0"), make)
    manifest = run.manifest(command="run", config_text="", config_hash="", inputs={}, seed=1)
    run.publish({name: made / name for name in ("roi.csv", "report.html", "figures/a.svg")}, manifest)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_wherever_a_kill_falls_the_old_run_or_the_new_one_is_whole(tmp_path: Path) -> None:
    source, before = tmp_path / "source", tmp_path / "before"
    source.mkdir()
    (source / "roi.csv").write_text("2")
    (source / "report.html").write_text("new")
    (source / "figures").mkdir()
    (source / "figures" / "a.svg").write_text("new")
    first = _published(before, {"roi.csv": "1", "report.html": "old", "plan.csv": "1", "old/b.svg": "1"})
    whole_at_once = 0
    outcomes = []
    for fatal in range(1, 80):
        folder = tmp_path / f"killed-{fatal}"
        shutil.copytree(before, folder)
        child = subprocess.run(
            [sys.executable, "-c", KILLED, str(folder), str(source), str(fatal)],
            capture_output=True,
            text=True,
            check=False,
        )
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL, child.stderr
        assert read_manifest(folder).owner == "acme"  # readable at once, whatever was going on
        try:
            verify(folder)
            whole_at_once += 1
        except InputError as error:  # between two files: the kept tables are named
            assert str(folder / "history" / first.run_id) in str(error)  # noqa: PT017 - both ends are right
            assert read_manifest(folder / "history" / first.run_id) == first
        with RunFolder.open(folder, owner="acme"):  # takes over the lock and finishes or forgets
            pass
        now = verify(folder)
        texts = ((folder / "roi.csv").read_text(), (folder / "report.html").read_text())
        assert texts == (("1", "old") if now.run_id == first.run_id else ("2", "new"))
        assert (folder / "plan.csv").exists() == (now.run_id == first.run_id)
        assert (folder / "old").exists() == (now.run_id == first.run_id)
        assert (folder / "figures").exists() == (now.run_id != first.run_id)
        assert not list(folder.rglob(".tmp-*"))
        assert not (folder / ".publish").exists()
        outcomes.append(now.run_id == first.run_id)
    else:
        pytest.fail("the child never finished")
    assert len(outcomes) >= 10
    assert whole_at_once >= len(outcomes) - 10
    assert outcomes == sorted(outcomes, reverse=True)  # old up to some point, new from there on
    assert set(outcomes) == {True, False}
