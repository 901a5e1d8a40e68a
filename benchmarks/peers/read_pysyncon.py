"""Geo tests read by pysyncon: `python read_pysyncon.py IN.json OUT.json`.

Its synthetic control of the treated regions' mean index (each region over its mean before the test), weights chosen on
the daily outcomes before the test. Its interval is conformal and of single rows, so the rows are totals of windows:
the test's own, and those before it, where they are ten or more (fewer cannot say 90 %).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from pysyncon import Synth

LEVEL = 0.1


def read(outcome: np.ndarray, treated: np.ndarray, window: int) -> dict[str, float]:
    """Lift of the window, its range, CPU seconds."""
    began = time.process_time()
    pre = len(outcome) - window
    index = outcome / outcome[:pre].mean(axis=0)
    size = outcome[:pre, treated].mean(axis=0)
    target = index[:, treated] @ size / size.sum()
    days = pd.DataFrame(index[:, ~treated]), pd.Series(target, name="treated")
    x0, x1 = (side.iloc[:pre] for side in days)
    plain = pd.concat([x0, x1], axis=1).std(axis=1).to_numpy() ** 2  # takes its scaling of rows back
    first = pre % window
    blocks = np.arange(len(outcome) - first) // window
    z0, z1 = (side.iloc[first:].groupby(blocks).sum() for side in days)
    z1.name = "treated"
    synth = Synth()
    synth.fit(X0=x0, X1=x1, Z0=z0, Z1=z1, custom_V=plain)
    last = int(blocks[-1])
    effect = float((z1 - z0 @ synth.W)[last])
    lo = hi = float("nan")
    before = list(range(last))
    if 1.0 / (len(before) + 1) <= LEVEL:
        try:
            found = synth.confidence_interval(
                alpha=LEVEL, time_periods=[last], pre_periods=before, X0=x0, X1=x1, Z0=z0, Z1=z1,
                custom_V=plain, tol=0.001, max_iter=500, step_sz=0.01, verbose=False,
            )  # fmt: skip
            lo, hi = (float(found.loc[last, name]) for name in ("lower_ci", "upper_ci"))
        except Exception as error:  # noqa: BLE001  # it raises a plain Exception where its search does not end
            print(f"no range: {error}", file=sys.stderr)
    seconds = time.process_time() - began
    return {name: value * size.sum() for name, value in (("effect", effect), ("lo", lo), ("hi", hi))} | {
        "seconds": seconds
    }


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    told = [
        read(np.array(case["outcome"]), np.array(case["treated"]), case["window"])
        for case in json.loads(source.read_text())
    ]
    target.write_text(json.dumps(told))


if __name__ == "__main__":
    main()
