"""Many configs in one call: isolated, retried once, resumed; what kills a process harms itself only."""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

import mmm
from mmm.errors import InputError
from mmm.portfolio import many
from mmm.portfolio.many import Status, Task, run_many, run_one, worst
from mmm.runs import executor, lock
from mmm.runs.engines import Workers

CONFIG = """
name: {name}
currency: USD
data:
  source: weekly.csv
  date: week
  outcome: {{value: revenue}}
  media: {{tv: tv_spend}}
"""


class _Pipeline:
    """A pipeline that fails as its script says, then makes a page."""

    def __init__(self, *errors: BaseException | None) -> None:
        self.errors = list(errors)
        self.calls: list[str] = []
        self.languages: list[str] = []

    def run(self, config, *, out, seed, progress, strict, tests):
        self.calls.append(config.name)
        self.languages.append(config.report.language)
        out.mkdir(parents=True, exist_ok=True)
        progress("sampling 40 %")
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        return SimpleNamespace(report_path=out / "report.html")


@pytest.fixture
def companies(tmp_path, monkeypatch):
    """Writes configs with these names into an empty working folder; gives their paths."""
    monkeypatch.chdir(tmp_path)

    def write(*names):
        for name in names:
            Path(f"{name}.yaml").write_text(CONFIG.format(name=name))
        return [Path(f"{name}.yaml") for name in names]

    return write


@pytest.fixture
def pipeline(monkeypatch):
    """Puts a stand-in in the place of the pipeline."""

    def put(*errors):
        fake = _Pipeline(*errors)
        monkeypatch.setitem(sys.modules, "mmm.pipeline", fake)
        monkeypatch.setattr(mmm, "pipeline", fake, raising=False)
        return fake

    return put


def test_every_report_is_in_the_language_that_was_asked_for(companies, pipeline):
    fake = pipeline()
    assert worst(run_many(companies("a", "b"), language="he")) == 0
    assert worst(run_many(companies("a"))) == 0
    assert fake.languages == ["he", "he", "en"]


def test_a_fault_of_ours_is_tried_once_more(companies, pipeline):
    fake = pipeline(ZeroDivisionError("x"))
    (status,) = run_many(companies("a"))
    assert (status.exit_code, status.attempts, fake.calls) == (0, 2, ["a", "a"])


def test_a_fault_of_ours_that_comes_again_names_its_log_and_leaves_the_others(companies, pipeline):
    fake = pipeline(ZeroDivisionError("x"), ZeroDivisionError("x"))
    first, second = run_many(companies("a", "b"))
    assert (first.exit_code, second.exit_code) == (4, 0)
    log = Path(first.message.rsplit(" ", 1)[1])
    assert "mmm run a.yaml" in log.read_text()
    assert fake.calls == ["a", "a", "b"]
    assert worst([first, second]) == 4


def test_data_at_fault_are_not_tried_again(companies, pipeline):
    fake = pipeline(InputError("no rows"))
    first, second = run_many(companies("a", "b"))
    assert (first.exit_code, first.message, first.attempts) == (1, "a.yaml: no rows", 1)
    assert second.exit_code == 0
    assert fake.calls == ["a", "b"]


def test_a_config_that_cannot_be_read_leaves_the_others(companies, pipeline):
    fake = pipeline()
    files = companies("a", "b")
    files[0].write_text("name: a\ncurency: USD\n")
    first, second = run_many([*files, Path("a.yaml")])  # named twice, run once
    assert (first.exit_code, second.exit_code, fake.calls) == (1, 0, ["b"])


def test_two_configs_of_one_name_are_both_refused_before_anything_runs(companies, pipeline):
    fake = pipeline()
    files = companies("a", "b", "c")
    files[1].write_text(CONFIG.format(name="a"))
    found = run_many(files)
    assert [status.exit_code for status in found] == [1, 1, 0]
    assert "b.yaml has it too" in found[0].message
    assert fake.calls == ["c"]


def test_what_all_are_doing_is_told_while_they_work(companies, pipeline, monkeypatch):
    monkeypatch.setattr(many, "LOOK_EVERY", 0.01)
    fake = pipeline()
    told: list[str] = []

    def slow(config, **usual):
        usual["out"].mkdir(parents=True, exist_ok=True)
        usual["progress"]("sampling 40 %")
        while f"{'0' if config.name == 'a' else '1'} of 2 done; {config.name}: sampling 40 %" not in told:
            time.sleep(0.01)
        return SimpleNamespace(report_path=usual["out"] / "report.html")

    fake.run = slow
    assert worst(run_many(companies("a", "b"), progress=told.append)) == 0
    assert not Path("reports/a/.progress").exists()


def _work(task: Task, ledger: Path) -> Status:
    """What `run_one` does as far as locks go; `killer` ends its process, `once` only the first time."""
    with (ledger / task.name).open("a") as log:
        log.write("x")
    task.folder.mkdir(parents=True, exist_ok=True)
    mine = lock.take(task.folder)
    times = len((ledger / task.name).read_text())
    if task.name == "killer" or (task.name == "once" and times == 1):
        time.sleep(0.3)  # neighbours are at work by then
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    lock.release(task.folder, mine)
    return Status(task.config, task.name, 0)


def test_killed_processes_cost_nobody_else_anything(companies, monkeypatch, tmp_path):
    ledger = tmp_path / "ledger"
    ledger.mkdir()
    monkeypatch.setattr(many, "run_one", partial(_work, ledger=ledger))
    names = ["killer", "once", "a", "b", "c"]
    killer, once, *rest = run_many(companies(*names), workers=Workers(2))
    assert (killer.exit_code, killer.attempts, once.exit_code) == (4, 2, 0)
    assert [status.exit_code for status in rest] == [0, 0, 0]
    tries = {name: len((ledger / name).read_text()) for name in names}
    assert tries["killer"] == tries["once"] == 2  # once more, and alone
    assert max(tries.values()) == 2


def test_a_run_that_is_done_is_not_begun_again(companies, tmp_path):
    def status(name):
        return Status(f"{name}.yaml", name, 0)

    done = {"a.yaml": status("a")}
    many._fan_out([Task("a.yaml", tmp_path, tmp_path, "a")], Workers(2), done, pytest.fail)
    assert done == {"a.yaml": status("a")}


def test_a_task_says_what_happened_and_raises_nothing(companies, pipeline, tmp_path):
    pipeline(MemoryError(), MemoryError())
    (file,) = companies("a")
    status = run_one(Task("a.yaml", file.resolve(), tmp_path / "reports" / "a", "a"))
    assert status.exit_code == 4
    assert executor.WorkerLost.exit_code == 1
