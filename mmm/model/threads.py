"""Draws shared out over the cores: compiled functions that release the interpreter lock, each on its own draws.

numba's own loops over cores do the same and take three times as long to compile.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

CORES = int(os.environ.get("NUMBA_NUM_THREADS") or os.cpu_count() or 1)


def share_out(count: int, work: Callable[[int, int], object]) -> None:
    """Call `work(start, stop)` for stretches that cover 0 to `count`, side by side; it writes to arrays of its own."""
    edges = [count * i // CORES for i in range(CORES + 1)]
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))
