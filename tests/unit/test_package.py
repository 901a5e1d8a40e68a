"""The package and what it stands on: the lock files, the bill of materials, the audit, no pickle anywhere."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import mmm

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

LOCK = """\
altair==6.3.0 \\
    --hash=sha256:7d
    # via mmm-planner (pyproject.toml)
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:08
    # via
    #   altair
    #   typer
"""


@pytest.fixture(scope="module")
def supply() -> ModuleType:
    """The script of `make sbom` and `make audit`."""
    spec = importlib.util.spec_from_file_location("supply", ROOT / ".ci" / "supply.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["supply"] = module
    spec.loader.exec_module(module)
    return module


def test_a_lock_file_is_read_with_who_asked(supply: ModuleType) -> None:
    told = [(each.name, each.version, each.via) for each in supply.locked(LOCK)]
    assert told == [("altair", "6.3.0", ("mmm-planner",)), ("colorama", "0.4.6", ("altair", "typer"))]


def test_every_locked_package_is_in_the_bill_and_every_dependency_of_ours_is_named(
    supply: ModuleType,
) -> None:
    text = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
    found = supply.bill(supply.locked(text), PRODUCT)
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
    assert {part["name"] for part in found["components"]} == pinned
    refs = {part["bom-ref"] for part in found["components"]}
    (ours,) = (
        row for row in found["dependencies"] if row["ref"] == f"pkg:pypi/mmm-planner@{PRODUCT['version']}"
    )
    names = {re.split(r"[>=<\[ ]", line)[0].replace(".", "-") for line in PRODUCT["dependencies"]}
    assert {re.sub(r"pkg:pypi/(.*)@.*", r"\1", ref) for ref in ours["dependsOn"]} == names
    assert {ref for row in found["dependencies"] for ref in row["dependsOn"]} <= refs
    assert found == supply.bill(supply.locked(text), PRODUCT)


def test_an_audit_names_what_is_known_and_says_when_nobody_answers(supply: ModuleType) -> None:
    packages = supply.locked(LOCK)
    asked = []

    def ask(body: bytes) -> bytes:
        asked.extend(json.loads(body)["queries"])
        return json.dumps({"results": [{"vulns": [{"id": "PYSEC-2"}, {"id": "CVE-1"}]}, {}]}).encode()

    code, told = supply.audit(packages, ask)
    assert (code, told.splitlines()[1:]) == (1, ["altair 6.3.0: CVE-1, PYSEC-2"])
    assert asked[1] == {"package": {"name": "colorama", "ecosystem": "PyPI"}, "version": "0.4.6"}
    assert supply.audit(packages, lambda body: b'{"results": [{}, {}]}')[0] == 0

    def silent(body: bytes) -> bytes:
        raise OSError("no route to host")

    code, told = supply.audit(packages, silent)
    assert code == 0
    assert told.startswith("Nothing was compared: the advisory source")


def test_the_package_says_that_it_is_typed_and_carries_one_version() -> None:
    assert (Path(mmm.__file__).parent / "py.typed").is_file()
    assert re.fullmatch(r"\d+\.\d+\.\d+", PRODUCT["version"])
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{PRODUCT['version']}]" in changes


FORBIDDEN = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}


def test_nothing_is_read_or_written_that_can_run_a_program() -> None:
    """No pickle in any input or artefact: what workers send each other in memory is joblib's own matter."""
    for place in Path(mmm.__file__).parent.rglob("*.py"):
        tree = ast.parse(place.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert FORBIDDEN.isdisjoint(alias.name.partition(".")[0] for alias in node.names), place
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] not in FORBIDDEN, place
            elif isinstance(node, ast.keyword):
                assert node.arg != "allow_pickle", place
            elif isinstance(node, ast.Attribute):
                assert node.attr not in {"read_pickle", "to_pickle", "unsafe_load", "full_load"}, place
                of_joblib = isinstance(node.value, ast.Name) and node.value.id == "joblib"
                assert not (of_joblib and node.attr in {"load", "dump", "Memory"}), place
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if place.name == "engines.py":  # its own probe, run where this package may not be there yet
                    continue
                assert node.func.id not in {"eval", "exec"}, place


def test_yaml_is_read_in_one_place_and_safely() -> None:
    for place in Path(mmm.__file__).parent.rglob("*.py"):
        text = place.read_text(encoding="utf-8")
        assert not re.search(r"^\s*import yaml\b", text, re.MULTILINE), place
        if re.search(r"\.load\(text\)|YAML\(typ=", text):
            assert place.name == "yaml_text.py", place
