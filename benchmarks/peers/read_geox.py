"""Geo tests read by meridian-geox: `python read_geox.py IN.json OUT.json`.

`meridian_geox.analyze` with its defaults. The regions are ours, so its design says who was treated and that they were
drawn at random; the two arms in regions that the design would not have allowed make no difference to the reading.
"""

from __future__ import annotations

import datetime
import json
import logging
import sys
import time
import warnings
from pathlib import Path

import meridian_geox as geox
import numpy as np
import pandas as pd
from meridian_geox import api


def read(outcome: np.ndarray, treated: np.ndarray, window: int) -> dict[str, float]:
    """Lift of the window, its range, CPU seconds."""
    began = time.process_time()
    days, regions = outcome.shape
    dates = pd.date_range("2024-01-01", periods=days)
    names = np.array([f"region {g:02d}" for g in range(regions)])
    table = pd.DataFrame(
        {
            "date": np.repeat(dates, regions),
            "location": np.tile(names, days),
            "conversions": outcome.ravel().astype(float),
        }
    )
    design = geox.Design(
        designs={
            "cell_1": api.PerCellDesign(
                treatment_geos=set(names[treated]),
                minimum_detectable_effect=0.0,
                design_implied_cpic=1.0,
                p_value=1.0,
                budget=0.0,
            )
        },
        control_geos=set(names[~treated]),
        excluded_geos=set(),
        design_config=geox.DesignConfig(
            experiment_duration=datetime.timedelta(days=window),
            geo_assignment_rule=geox.GeoAssignmentRule.RANDOM,
            experiment_types=geox.ExperimentType.HEAVY_UP,
        ),
        constraints=geox.Constraints(),
        data=table[table["date"] < dates[-window]],
    )
    asked = geox.AnalysisConfig(
        design=design, analysis_start_date=dates[-window], analysis_end_date=dates[-1], alpha=0.1
    )
    try:
        lift = geox.analyze(table, asked).results["cell_1"].lift
        told = {"effect": lift.point_estimate, "lo": lift.lower_bound, "hi": lift.upper_bound}
    except ValueError as error:  # what it refuses to read
        print(f"no answer: {error}", file=sys.stderr)
        told = dict.fromkeys(("effect", "lo", "hi"), float("nan"))
    return told | {"seconds": time.process_time() - began}


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    source, target = map(Path, sys.argv[1:])
    told = [
        read(np.array(case["outcome"]), np.array(case["treated"]), case["window"])
        for case in json.loads(source.read_text())
    ]
    target.write_text(json.dumps(told))


if __name__ == "__main__":
    main()
