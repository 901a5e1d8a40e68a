"""What the three sides share: the sample's columns, a stopwatch, and the JSON line they print.

Standard library, NumPy and pandas only, as it is imported in three environments.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

CHANNELS = ("Channel0", "Channel1", "Channel2", "Channel3")
CONTROLS = ("competitor_activity_score_control", "sentiment_score_control")


class Stopwatch:
    """Seconds by name, added up; entering a name inside another counts it in the inner one only."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._open: list[list[float]] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        self._open.append([0.0])
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            (inner,) = self._open.pop()
            self.seconds[name] = self.seconds.get(name, 0.0) + spent - inner
            if self._open:
                self._open[-1][0] += spent


def arguments(tune: int) -> argparse.Namespace:
    """What the harness says to a script; `tune` is the library's default."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="the Meridian sample as CSV, national or geo")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=1000, help="kept draws per chain")
    parser.add_argument("--tune", type=int, default=tune, help="discarded draws per chain")
    return parser.parse_args()


def emit(
    *,
    library: str,
    versions: Mapping[str, str],
    settings: argparse.Namespace,
    model: str,
    seconds: Mapping[str, float],
    ess: Mapping[str, float],
    rhat_max: float,
    divergences: int,
    roi: Mapping[str, Sequence[float]],
    attempts: int = 1,
    refused: str = "",
) -> None:
    """Print the one JSON line a side hands back.

    Parameters
    ----------
    seconds
        `import`, `build`, `compile`, `sample`, `draw` (b drawn back) and `after` (ROI and ESS); see
        `benchmarks/speed.py` for which of them count.
    ess
        Smallest bulk ESS of each group of quantities: `roi`, `mroi`, `noise`.
    roi
        Mean, 5 % and 95 % quantile by channel.
    attempts, refused
        Times the sampler ran until the library's own gates held (all of them are in `sample`), and what the
        gates said in the end; the peers have none.
    """
    line: dict[str, Any] = {
        "library": library,
        "versions": {"python": sys.version.split()[0], **versions},
        "model": model,
        "chains": settings.chains,
        "draws": settings.draws,
        "tune": settings.tune,
        "seed": settings.seed,
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "ess": {name: round(float(value), 1) for name, value in ess.items()},
        "rhat_max": round(float(rhat_max), 4),
        "divergences": int(divergences),
        "attempts": attempts,
        "refused": refused,
        "roi": {channel: [round(float(v), 4) for v in values] for channel, values in roi.items()},
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(line), flush=True)
