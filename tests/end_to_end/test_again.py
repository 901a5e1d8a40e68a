"""The same folder again: what is reused, what is made anew, and what a kill, a gate or Ctrl-C leave behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from mmm.config import parse_config
from mmm.runs.manifest import read_manifest, verify
from mmm.stages.view import Run

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

Command = Callable[..., Any]
BUDGET = ("budget: 300_000", "budget: 330_000")


def _stages(folder: Path) -> dict[str, str]:
    return {stage.name: stage.key for stage in read_manifest(folder).stages}


def _tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in [*folder.glob("*.csv"), folder / "plan.json"]}


def _leftovers(folder: Path) -> list[str]:
    inside = [*folder.iterdir(), *(folder / ".stages").iterdir()]
    return sorted(p.name for p in inside if p.name.startswith(".") and p.name not in {".owner", ".stages"})


def test_a_second_run_reuses_every_stage(
    finished: Any, execute: Command, no_sampling: list[str], tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    said = execute("run", finished.small.config, "--out", folder)
    assert (said.code, no_sampling) == (0, [])
    assert _stages(folder) == _stages(finished.folder)
    assert _tables(folder) == _tables(finished.folder)
    assert (folder / "history" / read_manifest(finished.folder).run_id / "manifest.json").is_file()


def test_another_budget_plans_anew_from_the_same_fit(
    finished: Any, execute: Command, no_sampling: list[str], tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    said = execute("run", finished.small.variant("budget", BUDGET), "--out", folder)
    assert (said.code, no_sampling) == (0, [])
    before, after = _stages(finished.folder), _stages(folder)
    assert after["fit"] == before["fit"]
    assert after["plan"] != before["plan"]
    assert after["report"] != before["report"]
    assert Run(folder).plan.summary.budget == 330_000
    old = folder / "history" / read_manifest(finished.folder).run_id
    assert json.loads((old / "plan.json").read_text(encoding="utf-8"))["budget"] == 300_000


def test_a_changed_byte_in_the_data_asks_for_a_new_fit(
    finished: Any, execute: Command, no_sampling: list[str], tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    sales = finished.small.folder / "sales.csv"
    kept = sales.read_bytes()
    try:
        last = kept.rstrip(b"\n")
        sales.write_bytes(last[:-1] + bytes([ord("0") + (last[-1] - ord("0") + 1) % 10]) + b"\n")
        said = execute("run", finished.small.config, "--out", folder)
    finally:
        sales.write_bytes(kept)
    assert (said.code, no_sampling) == (130, ["fit"])
    assert "stopped" in said.err
    assert _tables(folder) == _tables(finished.folder)
    assert _leftovers(folder) == []


def test_another_seed_asks_for_a_new_fit(
    finished: Any, execute: Command, no_sampling: list[str], tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    assert execute("run", finished.small.config, "--out", folder, "--seed", 2).code == 130
    assert no_sampling == ["fit"]


def test_a_damaged_stage_is_made_again(
    finished: Any, execute: Command, no_sampling: list[str], tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    (stage,) = (folder / ".stages").glob("plan-*")
    with (stage / "plan.csv").open("r+b") as file:
        file.truncate(40)
    (folder / "posterior.nc").write_bytes(b"gone")  # the published copy; the stage's own is whole
    said = execute("run", finished.small.config, "--out", folder)
    assert (said.code, no_sampling) == (0, [])
    verify(folder)
    assert (folder / "plan.csv").read_bytes() == (finished.folder / "plan.csv").read_bytes()


def test_a_truncated_posterior_is_never_planned_on(
    finished: Any, execute: Command, no_sampling: list[str], tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    (stage,) = (folder / ".stages").glob("fit-*")
    with (stage / "posterior.nc").open("r+b") as file:
        file.truncate(10_000)
    assert execute("plan", finished.small.variant("budget", BUDGET), "--out", folder).code == 130
    assert no_sampling == ["fit"]
    assert _tables(folder) == _tables(finished.folder)


def test_the_same_seed_gives_the_same_tables_in_another_process(
    finished: Any, spawn: Command, tmp_path: Path
) -> None:
    """The first run of a session compiles; what it compiles and what later runs read from disk is the same code."""
    one, other = finished.folder, tmp_path / "other"
    said = spawn("run", finished.small.config, "--out", other, "--quiet")
    assert (said.code, said.err) == (0, "")
    assert said.out == f"{other / 'report.html'}\n"
    for path in finished.folder.glob("*.csv"):
        left, right = (pd.read_csv(folder / path.name, encoding="utf-8-sig") for folder in (one, other))
        pd.testing.assert_frame_equal(left, right, rtol=1e-9, atol=1e-9)
    left, right = (json.loads((folder / "plan.json").read_text(encoding="utf-8")) for folder in (one, other))
    for key in set(left) - {"seconds"}:
        if isinstance(left[key], float):
            np.testing.assert_allclose(right[key], left[key], rtol=1e-9, atol=1e-9, err_msg=key)


def test_plan_and_report_stand_alone_and_keep_what_is_still_true(
    finished: Any, execute: Command, no_sampling: list[str], tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    planned = execute("plan", finished.small.config, "--out", folder)
    assert planned.code == 0
    assert "Gap to the best possible plan" in planned.out
    assert planned.out.splitlines()[-1] == f"Next: mmm report {finished.small.config}"
    assert (folder / "report.html").is_file()  # it is about this very plan

    config = finished.small.variant("budget", BUDGET)
    assert execute("plan", config, "--out", folder).code == 0
    assert not (folder / "report.html").exists()  # it was about another plan
    verify(folder)
    reported = execute("report", config, "--out", folder)
    assert reported.out.splitlines() == [
        str(folder / name) for name in ("report.html", "report.pdf", "plan.xlsx")
    ]
    fitted = execute("fit", config, "--out", folder)
    assert fitted.code == 0
    assert "facebook / prospecting" in fitted.out
    assert (folder / "plan.json").is_file()
    assert no_sampling == []


def test_a_killed_run_leaves_the_last_good_one_and_the_next_finishes(
    finished: Any, execute: Command, spawn: Command, tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    config = finished.small.variant("budget", BUDGET)
    script = (
        "import os, signal, sys\n"
        "import mmm.reporting.report\n"
        "from mmm.cli import shell\n"
        "def die(results, settings, folder, *rest):\n"
        "    (folder / 'report.html').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "mmm.reporting.report.write_report = die\n"
        "shell.execute(sys.argv[1:])\n"
    )
    killed = spawn("run", config, "--out", folder, script=script)
    assert killed.code == -signal.SIGKILL
    assert (folder / ".lock").exists()
    verify(folder)
    assert _tables(folder) == _tables(finished.folder)
    assert Run(folder).plan.summary.budget == 300_000

    said = execute("run", config, "--out", folder)
    assert said.code == 0, said.err
    verify(folder)
    assert Run(folder).plan.summary.budget == 330_000
    assert _leftovers(folder) == []


def test_a_gate_keeps_what_it_refused_apart_and_says_three_repairs(
    finished: Any, execute: Command, tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    config = finished.small.variant(
        "gates",
        ("draws: 200, tune: 200", "draws: 100, tune: 100"),
        ("rhat: 1.2, ess: 30", "rhat: 1.2, ess: 1_000_000"),
    )
    said = execute("run", config, "--out", folder)
    assert said.code == 3
    assert "gate 1e+06" in said.err
    assert str(folder / "draft") in said.err
    assert _tables(folder) == _tables(finished.folder)
    verify(folder)
    diagnostics = json.loads((folder / "draft" / "diagnostics.json").read_text())
    assert diagnostics["attempts"] == 3
    lines = (folder / "draft" / "repairs.txt").read_text().splitlines()
    repairs = [YAML(typ="safe").load(line) for line in lines if line.strip().startswith("model:")]
    assert len(repairs) == 3
    whole = YAML(typ="safe").load(finished.small.config.read_text())
    for repair in repairs:
        parse_config(whole | repair, finished.small.config)  # each is a line the config takes
    assert all(line.strip() in said.err for line in lines)


def test_ctrl_c_ends_with_130_and_leaves_no_half_fit(finished: Any, tmp_path: Path) -> None:
    config = finished.small.variant("long", ("draws: 200", "draws: 20_000"))
    folder = tmp_path / "acme"
    process = subprocess.Popen(
        [sys.executable, "-m", "mmm", "run", str(config), "--out", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a background shell ignores Ctrl-C
    )
    try:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith("sampling"):
                break
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, said + rest
    assert out == ""
    assert "Traceback" not in said + rest
    assert rest.splitlines()[-1] == f"mmm: stopped; what was finished is kept in {folder}"
    assert [path.name.split("-")[0] for path in (folder / ".stages").iterdir()] == ["check"]
    assert _leftovers(folder) == []
    assert not (folder / "manifest.json").exists()


def test_a_damaged_manifest_is_said_and_nothing_is_touched(
    finished: Any, execute: Command, tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    (folder / "manifest.json").write_text('{"format": 1, "run')
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for command in ("run", "fit", "plan", "report"):
        said = execute(command, finished.small.config, "--out", folder)
        assert said.code == 1
        assert "manifest is damaged" in said.err
        assert "--out" in said.err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_of_another_config_is_refused(finished: Any, execute: Command, tmp_path: Path) -> None:
    folder = finished.copy(tmp_path / "acme")
    config = finished.small.variant("other", ("name: acme", "name: other"))
    said = execute("run", config, "--out", folder)
    assert said.code == 1
    assert "belongs to another config (acme in" in said.err
    assert _tables(folder) == _tables(finished.folder)


def test_a_run_without_its_folder_makes_it_below_the_current_one(
    finished: Any, execute: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished.folder, tmp_path / "reports" / "acme")
    said = execute("run", finished.small.config)
    assert (said.code, said.out) == (0, f"{Path('reports/acme/report.html')}\n")
