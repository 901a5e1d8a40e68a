"""A company written as files: a config, and tables beside it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmm.config import Config, load_config


@pytest.fixture
def write_company(tmp_path: Path) -> Callable[..., Config]:
    """Write tables (name -> text) and a config's lines, and load the config."""

    def write(tables: dict[str, str], *lines: str) -> Config:
        for name, text in tables.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        path = tmp_path / "company.yaml"
        path.write_text("\n".join(["name: acme", "currency: USD", *lines]) + "\n", encoding="utf-8")
        return load_config(path)

    return write
