"""A warehouse in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmm.warehouse.merge import Change, Load, merge
from mmm.warehouse.store import Warehouse, changing


@pytest.fixture
def place(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "data" / "acme.duckdb", tmp_path / "data" / "acme")


@pytest.fixture
def loaded(place: Warehouse) -> Callable[..., list[Change]]:
    """Bring loads into the warehouse, and say what changed."""

    def bring(*loads: Load) -> list[Change]:
        with changing(place) as connection:
            return merge(connection, loads)

    return bring
