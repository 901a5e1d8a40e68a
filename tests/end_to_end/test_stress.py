"""`mmm stress` on the small company: what it leaves, what it prints, and that a run keeps it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmm.inference import specs
from mmm.stages.view import Run

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]
TABLES = ("stress.csv", "stress_summary.csv")


@pytest.fixture
def two_specs(monkeypatch: pytest.MonkeyPatch) -> None:
    """One setting and one placebo stand for all."""
    every = specs.specs

    def some(*arguments: Any, **options: Any) -> tuple[specs.Spec, ...]:
        found = every(*arguments, **options)
        return (found[0], found[-1])

    monkeypatch.setattr(specs, "specs", some)


@pytest.mark.usefixtures("two_specs")
def test_what_survives_is_printed_published_and_kept(
    finished: Any, execute: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished.copy(tmp_path / "acme")
    said = execute("stress", finished.small.config, "--out", folder, "--jobs", 1)
    assert said.code == 0, said.err
    assert "survives" in said.out.splitlines()[0]
    assert said.out.count("Placebo (") == 1
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert {*TABLES, "report.html", "roi.csv", "plan.csv"} <= set(manifest["artefacts"])
    assert "What survives" in (folder / "report.html").read_text("utf-8")
    run = Run(folder)
    assert len(run.table("stress_summary")) == 3
    fitted = run.table("stress").query("kind == 'fit'")
    cells = run.roi().query("level == 'cell'")
    for name in ("roi", "roi_lo", "roi_hi", "p_pays"):
        assert fitted[name].tolist() == pytest.approx(cells[name].tolist())

    before = {name: (folder / name).read_bytes() for name in TABLES}
    monkeypatch.setattr("mmm.inference.fit.fit", None)  # nothing is fitted again
    for command in ("stress", "run"):
        assert execute(command, finished.small.config, "--out", folder).code == 0
        assert {name: (folder / name).read_bytes() for name in TABLES} == before
        assert "What survives" in (folder / "report.html").read_text("utf-8")


def test_a_run_that_was_not_stressed_has_nothing_of_it(finished: Any) -> None:
    assert not [name for name in TABLES if (finished.folder / name).exists()]
    assert "What survives" not in (finished.folder / "report.html").read_text("utf-8")
