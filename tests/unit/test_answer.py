"""`--json`: one object on standard output for every command, with the same exit code; text stays for people."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.cli import shell, trials
from mmm.cli.answer import show
from mmm.console.as_json import json_text
from mmm.data.panel import Check
from mmm.errors import NotConverged

CONFIG = """
name: acme
currency: USD
data:
  source: weekly.csv
  date: week
  outcome: {value: revenue}
  media: {tv: tv_spend}
"""


def _leaves(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    for word, inner in getattr(command, "commands", {}).items():
        yield from _leaves(inner, f"{name} {word}".strip())
    if not hasattr(command, "commands"):
        yield name, command


COMMANDS = dict(_leaves(shell.commands()))


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """Runs a command with `--json`: its exit code, its object, and what stands on standard error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme.yaml").write_text(CONFIG)

    def go(*arguments: str) -> tuple[int, dict[str, Any], str]:
        code = shell.execute([*arguments, "--json"])
        said = capsys.readouterr()
        assert said.out.count("\n") == 1
        return code, json.loads(said.out), said.err

    return go


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_json_and_says_so(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.execute([*name.split(), "--help"]) == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if any(p.name == "config" for p in COMMANDS[name].params)]
)
def test_a_command_that_fails_answers_with_the_exit_code_and_the_message(
    told: Callable[..., tuple[int, dict[str, Any], str]], name: str
) -> None:
    more = ["t"] if any(p.name == "name" for p in COMMANDS[name].params) else []
    more += ["--by", "Dana"] if name == "approve" else []
    more += ["--to", "sqlite:///x.db"] if name == "export" else []
    more += ["--why", "late"] if name in ("tests resolve", "tests void") else []
    more += ["--choice", "keep"] if name == "tests resolve" else []
    code, found, said = told(*name.split(), "acme.yml", *more)
    assert code == found["exit_code"] == 1
    assert found["command"] == name
    assert "there is no such config" in found["error"]
    assert found["error"] in said
    assert found["text"] == []


def test_wrong_usage_answers_too(told: Callable[..., tuple[int, dict[str, Any], str]]) -> None:
    code, found, said = told("plan", "--seed", "-4", "acme.yaml")
    assert (code, found["exit_code"], found["text"]) == (2, 2, [])
    assert "--seed" in said


def test_what_a_command_shows_are_tables_and_figures_and_its_text(
    told: Callable[..., tuple[int, dict[str, Any], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = [Check("scale", "review", "a.csv", "3", "7", "look"), Check("gaps", "fail", "", "", "", "fill")]
    monkeypatch.setattr("mmm.pipeline.check", lambda config: checks)
    code, found, _ = told("check", "acme.yaml")
    assert (code, found["exit_code"], found["command"]) == (1, 1, "check")
    assert [row["check"] for row in found["checks"]] == ["scale", "gaps"]
    assert found["checks"][0]["remedy"] == "look"
    assert found["text"][-1].startswith("Next: mend")
    assert "error" not in found


def test_a_gate_that_refuses_is_3_in_the_object(
    told: Callable[..., tuple[int, dict[str, Any], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotConverged("R-hat 1.2")

    monkeypatch.setattr("mmm.pipeline.plan", refuse)
    code, found, said = told("plan", "acme.yaml", "--quiet")
    assert (code, found["exit_code"], found["error"]) == (3, 3, "R-hat 1.2")
    assert said == "mmm: R-hat 1.2\n"


def test_the_list_of_tests_is_rows(told: Callable[..., tuple[int, dict[str, Any], str]]) -> None:
    code, found, _ = told("tests", "ledger", "acme.yaml")
    assert code == 0
    assert "ledger" in found


def test_without_json_nothing_is_held_back(capsys: pytest.CaptureFixture[str]) -> None:
    show("words", table=[1])
    assert capsys.readouterr().out == "words\n"
    assert hasattr(trials, "design")


def test_json_has_no_value_that_is_none_of_json() -> None:
    table = pd.DataFrame(
        {"date": [pd.Timestamp("2025-01-06"), pd.NaT], "roi": [1.5, math.nan], "name": ["ב", None]}
    )
    values = {
        "table": table,
        "figures": {"inf": math.inf, "seven": np.int64(7), "share": np.float64(0.5), "flag": np.bool_(True)},
        "array": np.array([1.0, np.nan]),
        "day": date(2025, 1, 6),
        "path": Path("reports/acme"),
        "finding": Check("a", "pass", "", "", "", ""),
        "other": SimpleNamespace,
    }
    found = json.loads(json_text(values))
    assert found["table"] == [
        {"date": "2025-01-06T00:00:00", "roi": 1.5, "name": "ב"},
        {"date": None, "roi": None, "name": None},
    ]
    assert found["figures"] == {"inf": None, "seven": 7, "share": 0.5, "flag": True}
    assert (found["array"], found["day"], found["path"]) == ([1.0, None], "2025-01-06", "reports/acme")
    assert found["finding"]["severity"] == "pass"
