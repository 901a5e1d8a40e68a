"""The command line: what is printed last, and the exit code, whatever happens."""

from __future__ import annotations

import errno
import inspect
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import mmm
from mmm.cli import shell, start, trust
from mmm.config import load_config
from mmm.data.panel import Check
from mmm.errors import DataError, Infeasible, InputError, NotConverged
from mmm.inference.backtest import ORIGINS

CONFIG = """
name: acme
currency: USD
data:
  source: weekly.csv
  date: week
  outcome: {value: revenue}
  media: {tv: tv_spend}
"""


class _Summary:
    def to_json(self) -> dict[str, Any]:
        return {"budget": 1200.0, "core": 1080.0, "reserve": 120.0, "revenue": 900.0, "gap": 0.0}


class _Run:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report_path = folder / "report.html"
        self.report_paths = (self.report_path,)
        self.plan = SimpleNamespace(summary=_Summary(), gap=0.0)

    def roi(self) -> pd.DataFrame:
        return pd.DataFrame({"level": ["total"], "channel": [""], "spend": [1.0], "roi": [2.0]})

    @property
    def backtest(self) -> dict[str, Any]:
        sampling, gates = {"chains": 2, "draws": 500}, {"rhat": 1.05, "ess": 100, "divergences": 0.01}
        told = {"origins": 2, "scored": 1, "sampling": sampling, "gates": gates}
        return told | {"refused": [{"origin": "2026-03-29", "reason": "R-hat 1.3"}]}

    def other_outcomes(self) -> pd.DataFrame:
        return pd.DataFrame()

    def experiments(self) -> pd.DataFrame:
        return pd.DataFrame()

    def table(self, name: str) -> pd.DataFrame:
        assert name == "backtest_summary"
        rows = {"horizon": [*map(str, range(1, 14)), "total"], "forecasts": 1.0, "wmape": 0.05, "bias": -0.02}
        return pd.DataFrame(rows | {"coverage_90": 1.0, "wmape_last_year": float("nan"), "wmape_last_4": 0.1})

    def reviews(self) -> pd.DataFrame:
        row = {"check": "demand chasing", "severity": "review", "where": "tv", "rows": "", "value": "0.41"}
        passed = {
            "check": "odd periods",
            "severity": "pass",
            "where": "",
            "rows": "",
            "value": "",
            "remedy": "",
        }
        return pd.DataFrame([row | {"remedy": "test the cell"}, passed])

    def moves(self) -> pd.DataFrame:
        return pd.DataFrame({"level": ["total"], "current_spend": [1080.0], "planned_spend": [1080.0]})


class _Pipeline(ModuleType):
    """Stands in for the pipeline: notes the calls, does what it is told."""

    def __init__(self) -> None:
        super().__init__("mmm.pipeline")
        self.calls: list[tuple[str, str, Path | None, int | None]] = []
        self.checks = [Check("dates", "pass", "weekly.csv", "", "156 weeks", "")]
        self.error: BaseException | None = None
        self.strict = False

    def check(self, config: Any) -> list[Check]:
        self.calls.append(("check", config.name, None, None))
        if self.error is not None:
            raise self.error
        return self.checks

    def _do(self, name: str, config: Any, out: Path | None, seed: int | None, progress: Any) -> _Run:
        self.calls.append((name, config.name, out, seed))
        if progress is not None:
            progress("sampling")
        if self.error is not None:
            raise self.error
        folder = out or Path("reports") / config.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.html").touch()
        return _Run(folder)

    def fit(self, config: Any, *, strict: bool, **usual: Any) -> _Run:
        self.strict = strict
        return self._do("fit", config, usual["out"], usual["seed"], usual["progress"])

    def plan(self, config: Any, *, strict: bool, **usual: Any) -> _Run:
        self.strict = strict
        return self._do("plan", config, usual["out"], usual["seed"], usual["progress"])

    def report(self, config: Any, *, strict: bool, **usual: Any) -> _Run:
        self.strict = strict
        return self._do("report", config, usual["out"], usual["seed"], usual["progress"])

    def backtest(
        self, config: Any, *, jobs: int, engine: str, origins: int, horizon: int | None, **usual: Any
    ) -> _Run:
        self.asked = (jobs, origins, horizon)
        return self._do("backtest", config, usual["out"], usual["seed"], usual["progress"])

    def run(self, config: Any, *, strict: bool, **usual: Any) -> _Run:
        self.strict = strict
        return self._do("run", config, usual["out"], usual["seed"], usual["progress"])


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Pipeline:
    """A stand-in pipeline, in an empty working folder with a config `acme.yaml`."""
    fake = _Pipeline()
    monkeypatch.setitem(sys.modules, "mmm.pipeline", fake)
    monkeypatch.setattr(mmm, "pipeline", fake, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme.yaml").write_text(CONFIG)
    return fake


def _last(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.splitlines()[-1]


class TestCommands:
    @pytest.mark.parametrize("command", ["fit", "plan", "report", "run"])
    def test_strict_reaches_the_pipeline_and_is_off_by_default(
        self, pipeline: _Pipeline, command: str
    ) -> None:
        pipeline.error = InputError("enough")  # nothing needs to be printed
        for asked in ([], ["--strict"]):
            shell.execute([command, "acme.yaml", *asked])
            assert pipeline.strict is bool(asked)

    def test_run_prints_the_path_of_the_report_last(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert shell.execute(["run", "acme.yaml", "--seed", "7"]) == 0
        assert pipeline.calls == [("run", "acme", None, 7)]
        assert Path(_last(capsys)) == Path("reports/acme/report.html")

    def test_run_goes_where_out_says(self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
        assert shell.execute(["run", "acme.yaml", "--out", "elsewhere"]) == 0
        assert pipeline.calls == [("run", "acme", Path("elsewhere"), None)]
        assert Path(_last(capsys)) == Path("elsewhere/report.html")

    def test_backtest_prints_error_and_coverage_beside_rivals_and_who_was_refused(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert shell.execute(["backtest", "acme.yaml", "--origins", "2", "--jobs", "3"]) == 0
        assert pipeline.asked == (3, 2, None)
        assert inspect.signature(trust.backtest).parameters["origins"].default == ORIGINS
        said = capsys.readouterr().out.splitlines()
        assert said[0].split()[:2] == ["periods", "ahead"]
        assert [line.split()[0] for line in said[1:9]] == ["1", "3", "5", "7", "9", "11", "13", "all"]
        assert said[8].split()[3:] == ["5.0", "%", "-2.0", "%", "100", "%", "-", "10.0", "%"]
        assert "Refused: 2026-03-29: R-hat 1.3" in said
        assert said[-1].endswith("backtest.csv")

    def test_fit_prints_what_is_to_review_with_its_next_step(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert shell.execute(["fit", "acme.yaml"]) == 0
        said = capsys.readouterr().out
        assert "review  demand chasing - tv: 0.41\n        -> test the cell\n" in said
        assert "Checks of the fit: 1 pass, 1 review" in said

    def test_several_configs_run_one_by_one_and_one_at_fault_does_not_stop_the_others(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path("b.yaml").write_text(CONFIG.replace("acme", "b"))
        Path("bad.yaml").write_text(CONFIG.replace("currency", "curency"))
        assert shell.execute(["run", "acme.yaml", "bad.yaml", "b.yaml", "--jobs", "1"]) == 1
        assert [call[1] for call in pipeline.calls] == ["acme", "b"]
        said = capsys.readouterr()
        assert "bad.yaml" in said.err
        assert "`currency`" in said.err
        words = [line.split() for line in said.out.splitlines()[1:]]
        assert [(line[0], line[1]) for line in words] == [
            ("acme.yaml", "done"),
            ("bad.yaml", "input"),
            ("b.yaml", "done"),
        ]
        assert words[0][-1] == str(Path("reports/acme/report.html"))

    def test_the_worst_of_several_configs_is_the_exit_code(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path("b.yaml").write_text(CONFIG.replace("acme", "b"))
        pipeline.error = NotConverged("R-hat 1.2")
        assert shell.execute(["run", "acme.yaml", "no-such.yaml", "b.yaml", "-j", "1", "-q"]) == 3
        said = capsys.readouterr().err.splitlines()
        assert [line for line in said if "R-hat 1.2" in line] == [
            "mmm: acme.yaml: R-hat 1.2",
            "mmm: b.yaml: R-hat 1.2",
        ]

    def test_several_configs_do_not_share_one_folder(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert shell.execute(["run", "acme.yaml", "acme.yaml", "--out", "x"]) == 2
        assert pipeline.calls == []
        assert "--out names one folder" in capsys.readouterr().err

    def test_fit_prints_the_roi_table_and_the_next_step(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert shell.execute(["fit", "acme.yaml"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert "ROI" in lines[0]
        assert lines[1].startswith("total")
        assert lines[-1] == "Next: mmm plan acme.yaml"

    def test_plan_prints_plan_gap_and_what_binds(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert shell.execute(["plan", "acme.yaml"]) == 0
        out = capsys.readouterr().out
        assert "Budget 1,200 USD: 1,080 planned, 120 kept for tests" in out
        assert "Gap to the best possible plan" in out
        assert "Binds:" in out

    def test_report_prints_the_files_that_are_there(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert shell.execute(["report", "acme.yaml"]) == 0
        assert capsys.readouterr().out.splitlines() == [str(Path("reports/acme/report.html"))]

    def test_check_ends_with_1_on_a_fail_and_0_on_a_review(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pipeline.checks.append(Check("scale", "review", "", "", "", "look"))
        assert shell.execute(["check", "acme.yaml"]) == 0
        pipeline.checks.append(Check("gaps", "fail", "", "", "", "fill"))
        assert shell.execute(["check", "acme.yaml"]) == 1
        assert "1 pass, 1 review, 1 fail" in capsys.readouterr().out

    def test_progress_is_on_standard_error_and_quiet_keeps_it_away(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shell.execute(["run", "acme.yaml"])
        assert capsys.readouterr().err == "sampling\n"
        shell.execute(["run", "acme.yaml", "--quiet"])
        assert capsys.readouterr().err == ""

    def test_demo_runs_the_bundled_config_into_the_current_folder(
        self, pipeline: _Pipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(start, "_demo_config", lambda: Path("acme.yaml"))
        assert shell.execute(["demo"]) == 0
        assert Path(_last(capsys)) == Path("reports/demo/report.html")

    def test_demo_is_found_inside_a_wheel_and_in_the_source_tree(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(start, "__file__", str(tmp_path / "mmm" / "cli" / "start.py"))
        with pytest.raises(InputError, match="not in this installation"):
            start._demo_config()
        for place in (
            tmp_path / "configs" / "demo.yaml",
            tmp_path / "mmm" / "bundled" / "configs" / "demo.yaml",
        ):
            place.parent.mkdir(parents=True)
            place.touch()
            assert start._demo_config() == place.resolve()

    def test_only_what_works_now_is_listed(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert shell.execute(["--help"]) == 0
        listed = capsys.readouterr().out.split("Commands:")[1].splitlines()
        assert [line.split()[0] for line in listed if line] == [
            "demo",
            "init",
            "template",
            "check",
            "ingest",
            "scorecard",
            "reconcile",
            "fit",
            "stress",
            "plan",
            "scenarios",
            "report",
            "run",
            "approve",
            "backtest",
            "refresh",
            "export",
            "app",
            "runs",
            "tests",
        ]


class TestFailures:
    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (InputError("the disk is full"), 1),
            (DataError(["weekly.csv row 3: x", "weekly.csv row 4: y"]), 1),
            (NotConverged("R-hat 1.2"), 3),
            (Infeasible("bounds clash"), 3),
        ],
    )
    def test_an_error_of_ours_is_its_message_and_its_code(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str], error: Exception, code: int
    ) -> None:
        pipeline.error = error
        assert shell.execute(["run", "acme.yaml", "-q"]) == code
        assert capsys.readouterr().err == f"mmm: {error}\n"

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
    def test_a_disk_at_fault_is_1_and_no_traceback(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str], code: int
    ) -> None:
        pipeline.error = OSError(code, os.strerror(code))
        assert shell.execute(["run", "acme.yaml", "-q"]) == 1
        said = capsys.readouterr().err
        assert "--out" in said
        assert len(said.splitlines()) == 1

    def test_any_other_error_is_4_one_line_and_a_log_with_the_traceback(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pipeline.error = ZeroDivisionError("division by zero\nsecond line")
        Path("reports").mkdir()
        assert shell.execute(["run", "acme.yaml", "-q"]) == 4
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1
        assert "Traceback" not in said
        log = Path(said.rsplit(" ", 1)[1].strip())
        assert log.parent == Path("reports").resolve()
        told = log.read_text()
        assert "mmm run acme.yaml -q" in told
        assert "Traceback (most recent call last)" in told
        assert "ZeroDivisionError" in told

    def test_an_interrupt_is_130_and_says_what_is_kept(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pipeline.error = KeyboardInterrupt()
        assert shell.execute(["run", "acme.yaml", "-q"]) == 130
        assert capsys.readouterr().err.endswith("mmm: stopped\n")
        Path("reports/acme").mkdir(parents=True)
        assert shell.execute(["run", "acme.yaml", "-q"]) == 130
        assert f"kept in {Path('reports/acme')}" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["chek"],
            ["run"],
            ["run", "acme.yaml", "--seed", "x"],
            ["run", "acme.yaml", "--nope"],
            ["init"],
        ],
    )
    def test_wrong_usage_is_2(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str], arguments: list[str]
    ) -> None:
        assert shell.execute(arguments) == 2
        assert "Usage: mmm" in capsys.readouterr().err

    @pytest.mark.parametrize("command", ["check", "fit", "plan", "report", "run"])
    def test_a_missing_config_is_1_and_the_nearest_is_named(
        self, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str], command: str
    ) -> None:
        assert shell.execute([command, "acne.yaml"]) == 1
        assert "is it acme.yaml?" in capsys.readouterr().err
        assert pipeline.calls == []

    def test_a_reader_that_leaves_is_no_failure(self, pipeline: _Pipeline) -> None:
        code = "import sys; from mmm.cli import shell; sys.exit(shell.execute(['--help']))"
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, check=False)
        os.close(write)
        assert (done.returncode, done.stderr) == (0, b"")

    def test_what_a_terminal_cannot_show_is_no_failure(self, pipeline: _Pipeline) -> None:
        hebrew = "\u05de\u05db\u05d9\u05e8\u05d5\u05ea.yaml"
        done = subprocess.run(
            [sys.executable, "-m", "mmm", "check", hebrew],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )
        assert done.returncode == 1
        assert b"there is no such config" in done.stderr
        assert b"Traceback" not in done.stderr


@dataclass(frozen=True, slots=True)
class _Question:
    key: str
    prompt: str
    default: str


@dataclass(frozen=True, slots=True)
class _Guess:
    text: str
    guessed: tuple[str, ...]
    open_questions: tuple[_Question, ...]


@pytest.fixture
def guess(pipeline: _Pipeline, monkeypatch: pytest.MonkeyPatch) -> _Guess:
    """A stand-in for guessing: it sees everything but currency and margin."""
    guess = _Guess(
        CONFIG.replace("currency: USD\n", ""),
        ("date: week", "outcome: revenue"),
        (
            _Question("currency", "Which currency?", ""),
            _Question("finance.gross_margin", "Which margin?", ""),
        ),
    )
    fake = ModuleType("mmm.data.guess")

    def render(guess: _Guess, answers: dict[str, str]) -> str:
        text = guess.text
        if "currency" in answers:
            text += f"currency: {answers['currency']}\n"
        if "finance.gross_margin" in answers:
            text += f"finance: {{gross_margin: {answers['finance.gross_margin']}}}\n"
        return text

    fake.guess_config = lambda paths, *, out: guess  # type: ignore[attr-defined]
    fake.render = render  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mmm.data.guess", fake)
    return guess


class TestInit:
    def _at_a_terminal(self, monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> None:
        given = iter(answers)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda _: next(given))

    def test_without_a_terminal_nothing_is_asked_and_what_is_open_is_said(
        self, guess: _Guess, pipeline: _Pipeline, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert shell.execute(["init", "weekly.csv"]) == 0
        assert Path("weekly.yaml").read_text() == guess.text
        out = capsys.readouterr().out
        assert "Guessed:\n  date: week\n  outcome: revenue\n" in out
        assert "Open:\n  currency: Which currency?\n" in out
        assert "Asked:" not in out
        assert pipeline.calls == [("check", "acme", None, None)]
        assert out.endswith("Next: mmm run weekly.yaml\n")

    def test_at_a_terminal_answers_go_into_the_config_and_a_wrong_one_is_asked_again(
        self, guess: _Guess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._at_a_terminal(monkeypatch, ["shekel", "ILS", ""])
        assert shell.execute(["init", "weekly.csv", "--out", "configs/mine.yaml"]) == 0
        assert load_config("configs/mine.yaml").currency == "ILS"
        out = capsys.readouterr().out
        assert "`currency`" in out
        assert "Asked:\n  currency: ILS\n" in out
        assert "Open:\n  finance.gross_margin: Which margin?" in out

    def test_yes_asks_nothing_at_a_terminal(self, guess: _Guess, monkeypatch: pytest.MonkeyPatch) -> None:
        self._at_a_terminal(monkeypatch, [])
        assert shell.execute(["init", "weekly.csv", "--yes"]) == 0

    def test_a_config_that_is_there_is_never_overwritten(
        self, guess: _Guess, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert shell.execute(["init", "weekly.csv", "--out", "acme.yaml"]) == 1
        assert Path("acme.yaml").read_text() == CONFIG
        assert "never overwritten" in capsys.readouterr().err

    def test_the_exit_code_is_that_of_the_check(self, guess: _Guess, pipeline: _Pipeline) -> None:
        pipeline.checks = [Check("gaps", "fail", "", "", "", "fill")]
        assert shell.execute(["init", "weekly.csv"]) == 1
        assert Path("weekly.yaml").exists()


def test_where_nothing_may_be_kept_compiled_code_has_a_private_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Numba gives up where neither the package nor the home may be written."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not" / "there"))
    shell._keep_compiled_code()
    assert os.environ["NUMBA_CACHE_DIR"] == ""  # the home may be written
    monkeypatch.setattr(shell.os, "access", lambda *_: False)
    shell._keep_compiled_code()
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0
    shell._keep_compiled_code()
    assert Path(os.environ["NUMBA_CACHE_DIR"]) == folder
