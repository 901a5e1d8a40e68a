"""Commands on a real Dask cluster of two workers on loopback: their tables are those of one process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

Command = Callable[..., Any]
SWEPT = ("scenarios", "scenario_plans", "scenario_pairs", "frontier", "best_splits")


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    """A scheduler with two workers, each a process with one thread; its address as a user writes it."""
    pytest.importorskip("distributed", reason="Dask is not installed (pip install 'mmm-planner[dask]')")
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield str(cluster.scheduler_address).replace("tcp://", "dask://")


def _again(finished: Any, folder: Path, *stages: str) -> Path:
    """The finished run without some of its stages."""
    copied = Path(finished.copy(folder))
    for stage in stages:
        for place in (copied / ".stages").glob(f"{stage}-*"):
            shutil.rmtree(place)
    return copied


def test_scenarios_on_an_engine_are_those_of_one_process(
    finished: Any, execute: Command, engine: str, tmp_path: Path, read: Callable[[Path], pd.DataFrame]
) -> None:
    folder = _again(finished, tmp_path / "acme", "scenarios", "report")
    said = execute("scenarios", finished.small.config, "--out", folder, "--engine", engine)
    assert said.code == 0, said.err
    made = list((folder / ".stages").glob("scenarios-*"))
    assert len(made) == 1
    for name in SWEPT:
        pd.testing.assert_frame_equal(
            read(made[0] / f"{name}.csv"), read(finished.folder / f"{name}.csv"), rtol=1e-9
        )


def test_a_backtest_on_an_engine_is_that_of_one_process(
    finished: Any, execute: Command, engine: str, tmp_path: Path, read: Callable[[Path], pd.DataFrame]
) -> None:
    tables = []
    for number, extra in enumerate(((), ("--engine", engine))):
        folder = finished.copy(tmp_path / f"acme-{number}")
        asked = ("--origins", "2", "--horizon", "4", *extra)
        said = execute("backtest", finished.small.config, "--out", folder, *asked)
        assert said.code == 0, said.err
        tables.append(read(folder / "backtest.csv"))
    pd.testing.assert_frame_equal(*tables, rtol=1e-9)


def test_an_engine_that_is_not_there_leaves_the_run_as_it_was(
    finished: Any, execute: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed (pip install 'mmm-planner[dask]')")
    monkeypatch.setattr("mmm.runs.engines.CONNECT_SECONDS", 0.5)
    folder = _again(finished, tmp_path / "acme", "scenarios", "report")
    before = {path: path.read_bytes() for path in folder.glob("*.*") if path.is_file()}
    said = execute("scenarios", finished.small.config, "--out", folder, "--engine", "dask://127.0.0.1:9")
    assert said.code == 1
    assert "dask://127.0.0.1:9 cannot be reached" in said.err
    assert {path: path.read_bytes() for path in folder.glob("*.*") if path.is_file()} == before
