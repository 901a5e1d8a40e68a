"""The manifest: what is read is what was written, and what is damaged is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mmm.errors import InputError
from mmm.runs.files import sha256
from mmm.runs.manifest import (
    Manifest,
    StageRecord,
    installed_versions,
    is_file_name,
    read_manifest,
    verify,
    write_manifest,
)

MANIFEST = Manifest(
    run_id="20260101T000000Z-abcdef",
    owner="acme",
    created="2026-01-01T00:00:00+00:00",
    command="run",
    versions={"mmm-planner": "0.1.0"},
    config_text="name: acme  # \u05e9\u05dc\u05d5\u05dd\n",
    config_hash="c0ffee",
    inputs={"data/weekly.csv": "ab"},
    seed=7,
    stages=(StageRecord("fit", "k1", "2026-01-01T00:00:00+00:00", "2026-01-01T00:01:00+00:00", 60.0),),
    artefacts={},
)


def _written(folder: Path) -> Manifest:
    (folder / "roi.csv").write_text("a,b\n1,2\n")
    manifest = replace(MANIFEST, artefacts={"roi.csv": sha256(folder / "roi.csv")})
    write_manifest(folder, manifest)
    return manifest


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    written = _written(tmp_path)
    assert read_manifest(tmp_path) == written


def test_the_file_holds_what_the_contract_lists(tmp_path: Path) -> None:
    _written(tmp_path)
    told = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert told["config"] == {"hash": "c0ffee", "text": MANIFEST.config_text}
    assert told["inputs"] == {"data/weekly.csv": "ab"}
    assert told["seed"] == 7
    assert told["stages"][0] == {
        "name": "fit",
        "key": "k1",
        "start": "2026-01-01T00:00:00+00:00",
        "end": "2026-01-01T00:01:00+00:00",
        "seconds": 60.0,
    }
    assert list(told["artefacts"]) == ["roi.csv"]


def test_a_whole_run_is_verified(tmp_path: Path) -> None:
    written = _written(tmp_path)
    assert verify(tmp_path) == written


def test_a_changed_and_a_missing_file_are_named(tmp_path: Path) -> None:
    manifest = _written(tmp_path)
    write_manifest(tmp_path, replace(manifest, artefacts={**manifest.artefacts, "plan.csv": "00"}))
    (tmp_path / "roi.csv").write_text("edited")
    with pytest.raises(InputError, match=r"missing: plan\.csv; changed: roi\.csv"):
        verify(tmp_path)


def test_a_folder_without_a_run_says_how_to_start_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match=r"no finished run here.*mmm run"):
            read_manifest(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}', "\x00\xff", "null"])
def test_a_damaged_manifest_is_said_and_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"damaged.*Move the folder away.*--out"):
        read_manifest(tmp_path)


def test_a_manifest_cannot_point_out_of_its_folder(tmp_path: Path) -> None:
    for key, value in (("artefacts", {"../secret.csv": "00"}), ("run_id", "../../x")):
        _written(tmp_path)
        told = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
        (tmp_path / "manifest.json").write_text(json.dumps({**told, key: value}))
        with pytest.raises(InputError, match="damaged"):
            read_manifest(tmp_path)


def test_a_manifest_of_a_later_format_asks_for_an_update(tmp_path: Path) -> None:
    _written(tmp_path)
    told = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "manifest.json").write_text(json.dumps({**told, "format": 2}))
    with pytest.raises(InputError, match="newer mmm"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "/a", "C:a", ".hidden", "a\0"])
def test_a_way_out_of_the_folder_is_not_a_file_name(name: str) -> None:
    assert not is_file_name(name)
    assert is_file_name("roi.csv")


def test_versions_name_python_and_what_the_numbers_depend_on() -> None:
    versions = installed_versions()
    assert {"mmm-planner", "python", "pymc", "nutpie", "numpy"} <= set(versions)
    assert "absent" not in versions.values()
