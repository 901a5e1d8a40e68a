"""What loads what: the command line stays quick, and rooms stay apart when they run, too.

Who may import whom is in pyproject.toml, `[tool.importlinter]`; `make check` runs it. Here stands what only a
running process shows.
"""

from __future__ import annotations

import ast
import json
import os
import pkgutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import mmm

PACKAGE = Path(mmm.__file__).parent
HEAVY = ("numpy", "pandas", "scipy", "numba", "xarray", "duckdb", "altair", "pymc", "rich")
SAMPLER = ("pymc", "pytensor", "nutpie")


def _loaded(code: str) -> set[str]:
    """Top-level modules that a fresh process has loaded after running some code."""
    told = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", told],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


def _modules(*rooms: str) -> list[str]:
    """Every module of some rooms, by dotted name."""
    return sorted(
        ".".join(("mmm", *path.relative_to(PACKAGE).with_suffix("").parts))
        for room in rooms
        for path in (PACKAGE / room).rglob("*.py")
        if path.name != "__init__.py"
    )


@pytest.mark.parametrize(
    "code",
    [
        "import mmm; dir(mmm)",
        "import mmm.config",
        "from mmm.cli import shell; assert shell.execute(['--help']) == 0",
        "from mmm.cli import shell; assert shell.execute(['run', '--help']) == 0",
        "from mmm.cli import shell; assert shell.execute(['check', 'no-such.yaml']) == 1",
    ],
)
def test_what_has_to_be_quick_loads_nothing_heavy(code: str) -> None:
    assert _loaded(code).isdisjoint(HEAVY)


def test_the_probe_sees_what_is_loaded() -> None:
    assert "numpy" in _loaded("import mmm.data.panel")


def test_the_whole_of_planning_finance_response_and_reporting_loads_no_sampler() -> None:
    modules = _modules("response", "finance", "planning", "reporting", "data", "runs", "simulate")
    assert len(modules) > 10
    assert _loaded("\n".join(f"import {name}" for name in modules)).isdisjoint(SAMPLER)


def test_the_number_stages_load_nothing_that_draws_or_serves() -> None:
    modules = _modules("response", "finance", "planning", "data", "runs", "simulate")
    assert _loaded("\n".join(f"import {name}" for name in modules)).isdisjoint(
        {"altair", "jinja2", "xlsxwriter", "typer"}
    )


def test_no_public_name_is_also_a_sub_package() -> None:
    rooms = {module.name for module in pkgutil.iter_modules([str(PACKAGE)])}
    assert {"data", "model", "planning"} <= rooms
    assert rooms.isdisjoint(mmm.__all__)


def test_every_public_name_has_a_home() -> None:
    assert set(mmm._HOMES) == set(mmm.__all__)
    for name, home in mmm._HOMES.items():
        assert find_spec(home) is not None, f"{name} is to come from {home}, which is not there"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nope"):
        mmm.nope  # noqa: B018 - reading it is the test


@pytest.mark.parametrize(
    "place", sorted(PACKAGE.rglob("*settings.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_settings_import_the_standard_library_and_pydantic_only(place: Path) -> None:
    allowed = {"mmm.quantities", "mmm.errors"}
    for name in _imported(place):
        ours = name in allowed or (name.startswith("mmm.") and name.endswith("settings"))
        top = name.partition(".")[0]
        assert ours or top in sys.stdlib_module_names or top == "pydantic", f"{place} imports {name}"


@pytest.mark.parametrize(
    "place", sorted(PACKAGE.rglob("__init__.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_room_begins_with_a_paragraph_and_no_import(place: Path) -> None:
    tree = ast.parse(place.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    if place.parent != PACKAGE:  # the top one resolves its names lazily
        assert len(tree.body) == 1


def test_nobody_reaches_for_a_drawer_called_utils() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [path for path in PACKAGE.rglob("*") if path.stem in drawers] == []


def _imported(place: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(place.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
