"""What all tests share: one thread per process, a small company, and a browser or a word about its absence."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

# Before NumPy is loaded anywhere: two cores are shared by the workers of pytest-xdist.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

# A first example pays for compiling kernels; the same examples every time, so that a red test is red again.
settings.register_profile("mmm", deadline=None, derandomize=True)
settings.load_profile("mmm")


def _shared(name: str) -> Any:
    """A file beside this one, which tests import by its name."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


small_company = _shared("small_company")
browsing = _shared("browsing")


class FittedCompany(NamedTuple):
    """A panel, its layout, and what the sampler found (`mmm.inference.fit.Fitted`)."""

    panel: Any
    layout: Any
    fitted: Any


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Any]:
    """Builds the panel of a small company; see `tests/small_company.py`."""
    return small_company.make_panel


@pytest.fixture(scope="session")
def make_future() -> Callable[..., Any]:
    """Builds the features of the coming weeks of a small company."""
    return small_company.make_future


def _fitted(panel: Any, **choices: Any) -> FittedCompany:
    from mmm.inference import diagnostics
    from mmm.inference.fit import fit
    from mmm.model.layout import lay_out
    from mmm.model.settings import GateSettings, ModelSettings, SamplingSettings

    layout = lay_out(panel, ModelSettings(max_lag=8, **choices), break_even=2.0)
    sampling = SamplingSettings(draws=200, tune=200, chains=2, seed=1)
    gates = GateSettings(rhat=2.0, ess=1, divergences=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagnostics, "NUISANCE_RHAT", 10.0)  # few draws are enough for arithmetic
        return FittedCompany(panel, layout, fit(layout, panel.geos, sampling, gates))


@pytest.fixture(scope="session")
def fit_panel() -> Callable[..., FittedCompany]:
    """Fits a panel with a few draws; further arguments are choices of the model."""
    return _fitted


@pytest.fixture(scope="session")
def fitted_company() -> FittedCompany:
    """A national company with three cells (two of one channel) and one owned medium, fitted; two weeks left out."""
    return _fitted(small_company.make_panel(excluded=(40, 41)))


@pytest.fixture(scope="session")
def fitted_regions() -> FittedCompany:
    """The same in three regions, fitted."""
    return _fitted(small_company.make_panel(2, geos=("north", "south", "west")))


@pytest.fixture(scope="session")
def posterior_at() -> Callable[..., Any]:
    """Builds the posterior of given draws: `phi` (draw, n) as the kernel has it, `b` (draw, column)."""
    import numpy as np
    import xarray as xr

    from mmm.inference.posterior import DIMS, Posterior, derive

    def build(layout: Any, phi: Any, b: Any) -> Any:
        spread = np.full((len(phi), max(0, int(layout.siblings.max()) + 1)), 0.3)
        values = derive(phi, spread, layout, np.random.default_rng(0)) | {"b": b}
        shaped = {name: (("chain", "draw", *DIMS[name]), array[None]) for name, array in values.items()}
        return Posterior(xr.DataTree.from_dict({"posterior": xr.Dataset(shaped)}))

    return build


@pytest.fixture(scope="session")
def fitted_families() -> FittedCompany:
    """The national company with a carry-over and a saturation of its own for every channel, fitted."""
    return _fitted(
        small_company.make_panel(),
        adstock={"default": "weibull_density", "tv": "delayed", "search": "weibull_survival"},
        saturation={"default": "michaelis_menten", "tv": "logistic", "search": "power"},
    )


def _chromium() -> str | None:
    return next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium of this machine; for tests marked `browser`."""
    path = _chromium()
    assert path is not None, "mark this test `browser`"
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """A browser of the tests of one file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=chromium, args=browsing.FLAGS)
        yield one
        one.close()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a browser where there is none; fail it where CI promised one."""
    if item.get_closest_marker("browser") is None or _chromium() is not None:
        return
    if os.environ.get("MMM_REQUIRE_SERVERS") == "1":
        pytest.fail("no Chromium on this machine, and MMM_REQUIRE_SERVERS=1 asks for one", pytrace=False)
    pytest.skip("no Chromium on this machine (on Debian: apt install chromium)")


def _postgres_folder() -> Path | None:
    """The folder with PostgreSQL's own programs; Debian keeps them off the PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = str(places[-1]) if places else shutil.which("initdb")
    return None if found is None else Path(found).parent


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL of our own: a new data folder, loopback only, gone after the tests."""
    programs = _postgres_folder()
    missing = "no PostgreSQL on this machine" if programs is None else ""
    if importlib.util.find_spec("psycopg") is None:
        missing = "psycopg is not installed (pip install 'mmm-planner[postgres]')"
    if missing or programs is None:
        if os.environ.get("MMM_REQUIRE_SERVERS") == "1":
            pytest.fail(f"{missing}, and MMM_REQUIRE_SERVERS=1 asks for one", pytrace=False)
        pytest.skip(f"{missing} (on Debian: apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="mmm-postgres-"))
    become: list[str] = []
    if os.geteuid() == 0:  # initdb refuses root
        shutil.chown(folder, "postgres")
        become = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def go(program: str, *arguments: str) -> None:
        command = [*become, str(programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=60)

    data = str(folder / "data")
    password = folder / "password"
    password.write_text("owner's word\n")
    if become:
        shutil.chown(password, "postgres")
    go(
        "initdb",
        "-D",
        data,
        "-U",
        "owner",
        "--auth=scram-sha-256",
        f"--pwfile={password}",
        "-E",
        "UTF8",
        "--no-sync",
    )
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    go("pg_ctl", "-D", data, "-o", settings, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"postgres://owner:owner%27s%20word@127.0.0.1:{port}/postgres"
    finally:
        go("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


_GROUP = re.compile(r"xdist_group\(\"(\w+)\"\)|\b(fitted)_(?:company|regions|families)\b")
"""A file's group by its mark, else by the fits it shares with other files."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Send the files of one group to one worker, so that what they share is made once.

    pytest-xdist 3.8 writes groups into the names of tests, and since pytest 9.2 nobody reads them there.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from functools import cache

    from xdist.scheduler import LoadScopeScheduling

    @cache
    def group_of(file: str) -> str | None:
        found = _GROUP.search((config.rootpath / file).read_text(encoding="utf-8"))
        return found and (found[1] or found[2])

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.partition("::")[0]) or nodeid

    return ByGroup(config, log)
