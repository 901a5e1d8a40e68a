"""The registry: a view over manifests, and one append-only table of champions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mmm.errors import InputError
from mmm.runs.manifest import Manifest, write_manifest
from mmm.runs.registry import name_champion, read_champion, read_registry

MANIFEST = Manifest(
    "", "acme", "2026-01-01T00:00:00+00:00", "run", {"mmm-planner": "0.1.0"}, "", "c0ffee", {}, 7
)


def published(root: Path, name: str, run_id: str, *, earlier: bool = False) -> None:
    folder = root / name / "history" / run_id if earlier else root / name
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(folder, replace(MANIFEST, run_id=run_id))


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    root = tmp_path / "reports"
    published(root, "acme", "20260301T000000Z-aaaaaa")
    published(root, "acme", "20260101T000000Z-bbbbbb", earlier=True)
    published(root, "zeta", "20260201T000000Z-cccccc")
    return root


def test_every_run_is_listed_the_newest_first_and_the_latest_of_each_name_is_known(reports: Path) -> None:
    found = read_registry(reports)
    assert [(e.name, e.manifest.run_id[-6:], e.is_latest) for e in found.entries] == [
        ("acme", "aaaaaa", True),
        ("zeta", "cccccc", True),
        ("acme", "bbbbbb", False),
    ]
    assert found.faults == ()


def test_a_run_is_found_by_name_and_by_the_beginning_of_its_id(reports: Path) -> None:
    found = read_registry(reports)
    assert found.find("acme").manifest.run_id == "20260301T000000Z-aaaaaa"
    assert found.find("202601").folder == reports / "acme" / "history" / "20260101T000000Z-bbbbbb"
    for wanted, words in (("2026", "could be 3 runs"), ("none", "the names are acme, zeta"), ("", "no run")):
        with pytest.raises(InputError, match=words):
            found.find(wanted)


def test_a_damaged_manifest_is_said_and_the_others_are_listed(reports: Path) -> None:
    (reports / "zeta" / "manifest.json").write_text("{")
    found = read_registry(reports)
    assert [entry.name for entry in found.entries] == ["acme", "acme"]
    assert "damaged" in found.faults[0]


def test_a_folder_without_runs_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mmm run CONFIG"):
        read_registry(tmp_path / "none").find("acme")


def test_the_account_of_champions_only_grows(reports: Path, tmp_path: Path) -> None:
    found, path = read_registry(reports), tmp_path / "data" / "acme-champions.csv"
    assert read_champion(path) is None
    name_champion(path, found.find("202601"), by="Dana", why="signed, with a comma")
    before = path.read_text()
    name_champion(path, found.find("202601"), by="Noa", why="again")
    assert path.read_text() == before
    name_champion(path, found.find("acme"), by="Noa", why="new data")
    assert path.read_text().startswith(before)
    champion = read_champion(path)
    assert champion is not None
    assert (champion["run_id"], champion["by"]) == ("20260301T000000Z-aaaaaa", "Noa")
    path.write_text("nothing of the kind\nx\n")
    with pytest.raises(InputError, match="restore it"):
        read_champion(path)
