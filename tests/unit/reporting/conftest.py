"""One made-up run for all tests of the room, and a way to make others."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmm.reporting.results import Results, load_results

_spec = importlib.util.spec_from_file_location("made_up_run", Path(__file__).with_name("made_up_run.py"))
assert _spec is not None
assert _spec.loader is not None
made_up_run = importlib.util.module_from_spec(_spec)
sys.modules["made_up_run"] = made_up_run
_spec.loader.exec_module(made_up_run)

Make = Callable[..., Results]


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of ten cells in five channels and thirteen weeks."""
    return made_up_run.write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def results(run_folder: Path) -> Results:
    """The same run, read."""
    return load_results(run_folder)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a run with other options and read it; `name=` and the like as in `Options`."""

    def made(**options: Any) -> Results:
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        return load_results(made_up_run.write_run(folder, replace(made_up_run.Options(), **options)))

    return made
