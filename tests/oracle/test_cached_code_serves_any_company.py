"""Compiled code on disk holds no company: another process with the same cache and other data gets its own density."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmm.model.pack import pack

CHILD = """
import json, sys
import numpy as np
import pymc as pm
import pytensor

from mmm.model.op import MarginalDensity

arrays = np.load(sys.argv[1])
with pm.Model() as model:
    phi = pm.Flat("phi", shape=arrays["phi"].size)
    data = pm.Data("packed", arrays["packed"])
    pm.Potential("panel", MarginalDensity()(phi, data)[0])
value = model.compile_logp()({"phi": arrays["phi"]})
slope = model.compile_dlogp()({"phi": arrays["phi"]})
print(json.dumps([float(value), slope.tolist(), str(pytensor.config.base_compiledir)]))
"""


def compiled_code(cache: Path) -> set[str]:
    return {str(path.relative_to(cache)) for path in cache.rglob("*.nbc")}


def test_two_companies_of_one_shape_share_compiled_code_and_nothing_else(tmp_path, random_data, dense):
    cache = tmp_path / "cache"
    script = tmp_path / "child.py"
    script.write_text(CHILD, encoding="utf-8")
    environment = os.environ | {"PYTENSOR_FLAGS": f"base_compiledir={cache}", "OMP_NUM_THREADS": "1"}
    found, expected, code = [], [], []
    for seed in (1, 2):
        data = random_data(seed, masked=(9, 10))
        phi = 0.3 * np.random.default_rng(seed).normal(size=data.n_phi)
        arrays = tmp_path / f"company-{seed}.npz"
        np.savez(arrays, phi=phi, packed=pack(data))
        done = subprocess.run(
            [sys.executable, str(script), str(arrays)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        value, slope, folder = json.loads(done.stdout.splitlines()[-1])
        assert Path(folder) == cache
        found.append(value)
        assert np.abs(slope).max() > 0.1
        code.append(compiled_code(cache))
        r, Z, U, prior = dense(phi, data)
        P = np.linalg.inv(U)
        A = Z.T @ P @ Z + np.diag(prior)
        left = r @ P @ r - (Z.T @ P @ r) @ np.linalg.solve(A, Z.T @ P @ r)
        logs = len(r) * np.log(2 * np.pi) + np.linalg.slogdet(U)[1] + np.linalg.slogdet(A)[1]
        expected.append(-0.5 * (logs - np.log(prior[prior > 0]).sum() + left))
    assert code[0], "nothing was cached: this test would prove nothing"
    assert code[0] == code[1], "the second company compiled anew: this test would prove nothing"
    assert found == pytest.approx(expected, rel=1e-10)
    assert found[0] != pytest.approx(found[1], rel=1e-3)
