"""A small company as files, run once through the command line; all end-to-end tests look at that run."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.cli import shell
from mmm.simulate.company import Company, simulate_company
from mmm.simulate.tables import company_tables

CELLS = (("tv", ""), ("search", "generic"), ("facebook", "prospecting"))
WEEKS, REGIONS = 80, 2
CONFIG = """\
name: acme
currency: USD
data:
  date: week
  geo: region
  outcome: {source: sales.csv, value: revenue, population: population}
  media: {source: media.csv, channel: channel, audience: audience, spend: spend, exposure: impressions}
  controls: {source: controls.csv, columns: [price_index, competitor, demand_index]}
finance: {gross_margin: 0.55}
model:
  max_lag: 6
  sampling: {draws: 200, tune: 200, chains: 2}
  gates: {rhat: 1.2, ess: 30, divergences: 0.05}
plan: {horizon: 8, budget: 300_000}
"""


@dataclass(frozen=True)
class Said:
    """What a command ended with and printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class SmallCompany:
    """A simulated company with three of its cells, as files in a folder; `index` are those cells' places."""

    company: Company
    index: tuple[int, ...]
    folder: Path
    config: Path

    def variant(self, name: str, *changes: tuple[str, str]) -> Path:
        """A config beside the first, of the same company, with some text replaced."""
        text = self.config.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = self.folder / f"{name}.yaml"
        path.write_text(text)
        return path


@dataclass(frozen=True)
class Finished:
    """The run that everybody looks at and nobody changes."""

    small: SmallCompany
    folder: Path
    said: Said

    def copy(self, place: Path) -> Path:
        """The run folder once more, to be changed."""
        return Path(shutil.copytree(self.folder, place))


def _execute(*arguments: str | Path) -> Said:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = shell.execute([str(argument) for argument in arguments])
    return Said(code, out.getvalue(), err.getvalue())


def _spawn(*arguments: str | Path, script: str | None = None, cwd: Path | None = None) -> Said:
    start = ["-m", "mmm"] if script is None else ["-c", script]
    done = subprocess.run(
        [sys.executable, *start, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(autouse=True)
def one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that a test makes draws its first chart only: all of them take longer than many a test.

    The run that all tests look at is made before, and has every picture.
    """
    from mmm.reporting.pictures import pictures

    def first(charts: Any, voice: Any) -> Any:
        return pictures(dict(list(charts.items())[:1]), voice)

    monkeypatch.setattr("mmm.reporting.report.pictures", first)


@pytest.fixture(scope="session")
def execute() -> Callable[..., Said]:
    """Runs a command in this process, as `mmm ...` would."""
    return _execute


@pytest.fixture(scope="session")
def spawn() -> Callable[..., Said]:
    """Runs a command, or a script, in a process of its own."""
    return _spawn


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallCompany:
    """80 weeks, two regions, three cells whose true curves are Hill; what the other cells sold is taken out."""
    company = simulate_company(7, weeks=WEEKS, regions=REGIONS)
    names = [(cell.channel, cell.audience) for cell in company.cells]
    others = [i for i, name in enumerate(names) if name not in CELLS]
    tables = company_tables(company)
    sales, media = tables["sales"], tables["media"]
    sales["revenue"] -= np.round(company.effect[company.shown][:, :, others].sum(axis=2)).ravel().astype(int)
    media = media[[name in CELLS for name in zip(media["channel"], media["audience"], strict=True)]]
    folder = tmp_path_factory.mktemp("acme")
    for name, table in (("sales", sales), ("media", media), ("controls", tables["controls"])):
        table.to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    (folder / "acme.yaml").write_text(CONFIG)
    return SmallCompany(company, tuple(names.index(name) for name in CELLS), folder, folder / "acme.yaml")


@pytest.fixture(scope="session")
def finished(small: SmallCompany, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The company's main job, done once per session."""
    folder = tmp_path_factory.mktemp("reports") / "acme"
    said = _execute("run", small.config, "--out", folder)
    assert said.code == 0, said.err
    return Finished(small, folder, said)


@pytest.fixture
def no_sampling(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A sampler that notes that it was asked, and gives nothing."""
    asked: list[str] = []

    def refuse(*_: object, **__: object) -> None:
        asked.append("fit")
        raise KeyboardInterrupt

    monkeypatch.setattr("mmm.inference.fit.fit", refuse)
    return asked


@pytest.fixture(scope="session")
def read() -> Callable[[Path], pd.DataFrame]:
    """Reads a table as a stranger would: no help from the package."""
    return lambda path: pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values={})


@pytest.fixture(scope="session")
def weekly_csv() -> Callable[[Path], None]:
    """Writes the one table of a national company: 60 weeks of revenue, television and search."""
    rng = np.random.default_rng(3)
    tv = np.round(rng.uniform(5e3, 15e3, 60) * (rng.random(60) < 0.6)).astype(int)
    search = np.round(rng.uniform(4e3, 9e3, 60)).astype(int)
    revenue = np.round(2e5 + 2 * tv + 1.5 * search + rng.normal(0, 8e3, 60)).astype(int)
    week = pd.date_range("2025-01-06", periods=60, freq="7D").strftime("%Y-%m-%d")
    table = pd.DataFrame({"week": week, "revenue": revenue, "tv_spend": tv, "search_spend": search})
    return lambda path: table.to_csv(path, index=False)


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    """Runs commands on broken inputs: each ends with 1, 2 or 3, says where the fault is, and writes nothing."""

    def go(arguments: Sequence[str | Path], *says: str, codes: tuple[int, ...] = (1,)) -> str:
        before = _files(tmp_path)
        said = _execute(*arguments)
        told = said.out + said.err
        assert said.code in codes, told
        assert "Traceback" not in told
        for part in says:
            assert part in told
        assert _files(tmp_path) == before
        return told

    return go


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder below one, with its size and its time."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_size,
            0 if path.is_dir() else path.lstat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }
