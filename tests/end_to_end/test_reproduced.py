"""A run is made again from what its manifest says: the same tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.runs.files import sha256
from mmm.runs.manifest import read_manifest

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]


@pytest.mark.slow
def test_config_inputs_and_seed_of_a_manifest_give_the_same_tables(
    finished: Any, spawn: Callable[..., Any], read: Callable[[Path], pd.DataFrame], tmp_path: Path
) -> None:
    manifest = read_manifest(finished.folder)
    assert {path: sha256(Path(path)) for path in manifest.inputs} == dict(manifest.inputs)
    config = finished.small.folder / "reproduced.yaml"
    config.write_text(manifest.config_text)
    said = spawn("run", config, "--seed", str(manifest.seed), "--out", tmp_path / "again")
    assert said.code == 0, said.err
    again = read_manifest(tmp_path / "again")
    assert (again.config_hash, again.versions) == (manifest.config_hash, manifest.versions)
    tables = [name for name in manifest.artefacts if name.endswith(".csv")]
    assert [name for name in again.artefacts if name.endswith(".csv")] == tables
    for name in tables:
        one, two = read(finished.folder / name), read(tmp_path / "again" / name)
        assert list(one) == list(two), name
        for column in one:
            values = [pd.to_numeric(table[column], errors="coerce").to_numpy(float) for table in (one, two)]
            np.testing.assert_allclose(*values, rtol=1e-9, atol=1e-9, err_msg=f"{name}: {column}")
            words = [
                table[column].where(np.isnan(found)) for table, found in zip((one, two), values, strict=True)
            ]
            assert words[0].equals(words[1]), (name, column)
