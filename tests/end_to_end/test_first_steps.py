"""A stranger's first steps: the configs that come with the project, and `mmm init` on files of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmm.config import load_config

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).parents[2]
CONFIGS = sorted({*(ROOT / "configs").rglob("*.yaml")} - {ROOT / "configs" / "portfolio.yaml"})
FILES = {
    "demo": [f"demo/{name}.csv" for name in ("sales", "media", "controls", "organic", "events")],
    "demo-he": ["demo-he/sales.csv", "demo-he/media.xlsx"],
    "robyn": ["samples/robyn_weekly.csv"],
    "meridian": ["samples/meridian_national.csv"],
}
CHANNELS = {
    "demo": {"tv", "outdoor", "search", "facebook", "tiktok"},
    "demo-he": {"טלוויזיה", "שילוט חוצות", "חיפוש", "פייסבוק", "טיקטוק"},
    "robyn": {"tv", "ooh", "print", "search", "facebook"},
    "meridian": {"Channel0", "Channel1", "Channel2", "Channel3"},
}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_config_that_comes_along_passes_the_check(execute: Callable[..., Any], config: Path) -> None:
    said = execute("check", config)
    assert (said.code, said.err) == (0, "")
    assert " 0 fail" in said.out
    assert "pass    plan - config" in said.out
    assert said.out.splitlines()[-1].endswith(f"mmm run {config}")


@pytest.mark.parametrize("name", FILES)
def test_init_writes_a_config_that_passes_the_check(
    execute: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    config = tmp_path / "first.yaml"
    said = execute("init", *(ROOT / "data" / file for file in FILES[name]), "--out", config, "--yes")
    assert (said.code, said.err) == (0, "")
    assert " 0 fail" in said.out
    assert "gross_margin" in said.out.split("Open:")[1]
    assert execute("check", config).code == 0

    from mmm.stages.prepare import prepare

    panel = prepare(load_config(config)).panel
    assert {cell.channel for cell in panel.cells} == CHANNELS[name]


def test_init_never_overwrites(execute: Callable[..., Any], tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("precious")
    said = execute("init", ROOT / "data/samples/robyn_weekly.csv", "--out", config, "--yes")
    assert said.code == 1
    assert "never overwritten" in said.err
    assert config.read_text() == "precious"


def test_init_on_a_file_that_is_not_there_writes_nothing(execute: Callable[..., Any], tmp_path: Path) -> None:
    said = execute("init", tmp_path / "no.csv", "--out", tmp_path / "new.yaml", "--yes")
    assert said.code == 1
    assert "no.csv" in said.err
    assert list(tmp_path.iterdir()) == []
