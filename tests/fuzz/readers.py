"""Coverage-guided fuzzing of the readers of configs and tables: `python tests/fuzz/readers.py yaml -max_total_time=60`.

Whatever the bytes are, a reader gives a value or an `MmmError`; anything else is a crash, and its input is kept as
`crash-*` in the current folder. It needs atheris, which is no part of the tests' environment; the suite draws its own
random inputs with Hypothesis and needs neither.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["mmm", "ruamel"]):
    from mmm.config import load_config
    from mmm.data.files import read_table
    from mmm.errors import MmmError
    from mmm.yaml_text import yaml_mapping

ROOT = Path(__file__).resolve().parents[2]
PLACE = Path(tempfile.mkdtemp(prefix="mmm-fuzz-"))


def _yaml(data: bytes) -> None:
    yaml_mapping(data.decode("utf-8", "replace"))


def _config(data: bytes) -> None:
    (PLACE / "acme.yaml").write_bytes(data)
    load_config(PLACE / "acme.yaml")


def _table(data: bytes) -> None:
    (PLACE / "table").write_bytes(data)
    read_table(PLACE / "table")


READERS: dict[str, tuple[Callable[[bytes], None], list[Path]]] = {
    "yaml": (_yaml, sorted((ROOT / "configs").glob("*.yaml"))),
    "config": (_config, sorted((ROOT / "configs").glob("*.yaml"))),
    "table": (_table, sorted((ROOT / "data" / "demo").glob("*.csv"))),
}
"""By name: the reader, and good files to begin with."""


def main(name: str, *flags: str) -> None:
    """Fuzz one reader; further flags are libFuzzer's, such as `-max_total_time=60`."""
    reader, seeds = READERS[name]
    corpus = PLACE / "corpus"
    corpus.mkdir()
    for path in seeds:
        (corpus / path.name).write_bytes(path.read_bytes()[:20_000])

    def one(data: bytes) -> None:
        with contextlib.suppress(MmmError):
            reader(data)

    atheris.Setup([sys.argv[0], "-timeout=30", "-rss_limit_mb=3000", *flags, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
