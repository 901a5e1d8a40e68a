"""Environments of the peers: pinned, hashed, byte-compiled, each in a folder that git ignores."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "out"
SCRIPTS = {
    "ours": HERE / "peers" / "fit_ours.py",
    "pymc-marketing": HERE / "peers" / "fit_pymc_marketing.py",
    "meridian": HERE / "peers" / "fit_meridian.py",
}
WANTED = {
    "pymc-marketing": ("pymc-marketing", "nutpie"),
    "meridian": ("google-meridian",),
    "meridian-geox": ("meridian-geox",),
    "pysyncon": ("pysyncon",),
}
"""Packages of each peer's environment."""


def python_of(side: str) -> Path:
    """Interpreter of a side; a peer's environment is made, or made again, where its requirements changed."""
    if side == "ours":
        return Path(sys.executable)
    folder = HERE / f".env-{side}"
    requirements = HERE / f"requirements-{side}.txt"
    stamp = folder / ".installed"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    python = folder / "bin" / "python"
    if not (stamp.exists() and stamp.read_text() == digest):
        print(f"installing {side} into {folder.name} (once; some minutes)", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _uv("venv", "--quiet", "--python", sys.executable, str(folder), python=Path(sys.executable))
        _uv("pip", "install", "--quiet", "--require-hashes", "-r", str(requirements), python=python)
        stamp.write_text(digest)
    return python


def lock(sides: Iterable[str] = WANTED) -> None:
    """Renew the requirements of the peers to their latest versions: names, versions and hashes only."""
    for side in sides:
        subprocess.run(
            [*_UV, "pip", "compile", "--quiet", "--upgrade", "--universal", "--python-version", "3.12",
             "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url",
             "--output-file", str(HERE / f"requirements-{side}.txt"), "-"],
            input="\n".join(WANTED[side]), text=True, check=True, env=_environment(Path(sys.executable)),
        )  # fmt: skip


def environment_of(side: str) -> dict[str, str]:
    """Variables of a measured process: bytecode may be written, caches are the side's own and stay warm."""
    caches = OUT / "caches" / side
    caches.mkdir(parents=True, exist_ok=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX"}
        and not name.endswith("_NUM_THREADS")
    }
    return kept | {
        "PYTENSOR_FLAGS": f"base_compiledir={caches / 'pytensor'}",
        "NUMBA_CACHE_DIR": str(caches / "numba"),
        "JAX_COMPILATION_CACHE_DIR": str(caches / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


_UV = (sys.executable, "-m", "uv")


def _uv(*arguments: str, python: Path) -> None:
    subprocess.run([*_UV, *arguments], check=True, env=_environment(python))


def _environment(python: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "CONDA_PREFIX"}}
    return kept | {
        "UV_PYTHON": str(python),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_COMPILE_BYTECODE": "1",
    }
