"""What the README says of a run is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import mmm

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_the_readme_lists_the_files_a_run_leaves_and_no_other(finished) -> None:  # type: ignore[no-untyped-def]
    section = re.search(r"^## What a run leaves behind\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)
    assert section is not None
    rows = [line for line in section[1].splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`([\w.]+)`", row.split("|")[1])}
    assert told == {path.name for path in finished.folder.iterdir() if not path.name.startswith(".")}


def test_the_python_example_shows_what_a_run_has(finished) -> None:  # type: ignore[no-untyped-def]
    code = re.search(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert code is not None
    lines = [line.partition("#")[0].strip() for line in code[1].splitlines()]
    shown = {line: eval(line, {"run": mmm.Run(finished.folder)}) for line in lines if line.startswith("run.")}
    plan = json.loads((finished.folder / "plan.json").read_text("utf-8"))
    assert set(shown["run.roi()"]["level"]) >= {"cell", "channel", "total"}
    assert shown["run.plan.summary.profit"].mean == plan["profit"]
    assert shown["run.plan.gap"] == plan["gap"]
    assert shown["run.report_path"] == finished.folder / "report.html"
