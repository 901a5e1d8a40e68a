"""Simulation-based calibration as a picture: companies drawn from the model, fitted, and where their truth ranks.

The slow tests judge the same ranks and pass or fail; here they are seen. Every company is a line of `out/sbc.jsonl`,
so a measurement that was stopped goes on where it was. After a change of the model, delete the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstest, kstwo

from benchmarks.environments import HERE, OUT
from benchmarks.tables import markdown
from mmm.config import load_config
from mmm.data.experiments import Experiment
from mmm.data.panel import Panel
from mmm.inference.sbc import calibrate
from mmm.model.layout import Layout, lay_out
from mmm.model.settings import ModelSettings, SamplingSettings
from mmm.runs.engines import Workers
from mmm.simulate.world_kinds import WorldKind
from mmm.simulate.worlds import simulate_world
from mmm.simulate.write import write_world
from mmm.stages.prepare import prepare

Floats = NDArray[np.float64]

LINES = OUT / "sbc.jsonl"
PICTURE = HERE / "sbc.svg"
SAMPLING = SamplingSettings(draws=300, tune=300, chains=2)
KEPT = 99
KINDS = {
    "national": WorldKind("sbc", "for calibration", cells=(2, 2), weeks=(78,)),
    "three regions, one test": WorldKind(
        "sbc", "for calibration", by_geo=True, regions=(3, 3), cells=(2, 2), weeks=(65,)
    ),
}
WORDS = {
    "roi": "ROI",
    "theta": "carry-over",
    "half": "half-saturation",
    "slope": "Hill exponent",
    "sigma": "noise",
    "rho": "memory of noise",
    "week_shock": "week shock",
}


def measure(companies: int, workers: Workers) -> Path:
    """Draw and fit so many companies of each kind, those of earlier calls counted; one at fault is named."""
    done = {(line["kind"], line["seed"]) for line in _lines()}
    for name, kind in KINDS.items():
        layout, geos = _layout(kind)
        seeds = [seed for seed in range(companies) if (name, seed) not in done]
        for found in calibrate(layout, geos, seeds, SAMPLING, kept=KEPT, workers=workers):
            if found.fault:
                print(f"{name}, company {found.seed}: {found.fault}", flush=True)
                continue
            ranked = {k: v.ravel().tolist() for k, v in found.ranks.items()}
            with LINES.open("a", encoding="utf-8") as handle:
                handle.write(json.dumps({"kind": name, "seed": found.seed, "ranks": ranked}) + "\n")
        print(f"{name}: {companies} companies", flush=True)
    return LINES


def _layout(kind: WorldKind) -> tuple[Layout, tuple[str, ...]]:
    """Spend and calendar of a small company; one with regions has a past test of its first cell in one of them."""
    config = load_config(
        write_world(simulate_world(kind, 1), OUT / "worlds" / f"sbc-{len(kind.weeks)}-{kind.by_geo}")
    )
    panel = prepare(config).panel
    tests = (_past_test(panel),) if kind.by_geo else ()
    return lay_out(panel, ModelSettings(max_lag=6), experiments=tests), panel.geos


def _past_test(panel: Panel) -> Experiment:
    first, weeks = 30, 6
    spent = panel.exposure[first : first + weeks, :1, :1]
    lift = float(spent.sum())
    return Experiment(
        id="half",
        start=panel.dates[first],
        end=panel.dates[first + weeks],
        cooldown=2,
        spend_change=0.5 * lift,
        df=8.0,
        cells=(0,),
        geos=(0,),
        first=first,
        stop=first + weeks,
        last=first + weeks + 2,
        bau=0.5 * spent,
        lift=lift,
        lift_se=0.3 * lift,
        within=True,
    )


def _lines() -> list[dict[str, Any]]:
    if not LINES.exists():
        return []
    return [json.loads(row) for row in LINES.read_text(encoding="utf-8").splitlines()]


def found() -> dict[str, dict[str, Floats]]:
    """Ranks on [0, 1] by kind and quantity, both cells of a quantity together; each anywhere on its step."""
    rng = np.random.default_rng(1)
    out: dict[str, dict[str, Floats]] = {}
    for name in KINDS:
        lines = [line["ranks"] for line in _lines() if line["kind"] == name]
        if lines:
            out[name] = {
                quantity: _spread_out(np.concatenate([line[quantity] for line in lines]), rng)
                for quantity in WORDS
                if quantity in lines[0] and not (quantity == "week_shock" and name == "national")
            }
    return out


def _spread_out(values: Floats, rng: np.random.Generator) -> Floats:
    return (values * KEPT + rng.random(len(values))) / (KEPT + 1)


def table(kinds: Mapping[str, Mapping[str, Floats]]) -> str:
    """Ranks, the largest distance from uniform, and the chance of a larger one, as Markdown."""
    rows = []
    for name, quantities in kinds.items():
        for quantity, values in quantities.items():
            judged = kstest(values, "uniform")
            inside = float(np.mean((values > 0.05) & (values < 0.95)))
            rows.append(
                [name, WORDS[quantity], str(len(values)), f"{judged.statistic:.3f}", f"{judged.pvalue:.2f}",
                 f"{inside:.0%}"]
            )  # fmt: skip
    head = [
        "companies",
        "quantity",
        "ranks",
        "largest distance",
        "chance of a larger one",
        "in the 90 % range",
    ]
    return markdown(head, rows)


def picture(kinds: Mapping[str, Mapping[str, Floats]], path: Path = PICTURE) -> Path:
    """Distance of the ranks' distribution from uniform, by quantity, inside the band of 95 in 100 calibrated models."""
    charts = [_chart(name, quantities) for name, quantities in kinds.items()]
    alt.vconcat(*charts).configure_view(stroke=None).save(str(path))
    return path


def _chart(name: str, quantities: Mapping[str, Floats]) -> alt.FacetChart:
    rows = [row for quantity, values in quantities.items() for row in _steps(WORDS[quantity], values)]
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("share:Q", title="rank of the truth"))
    band = base.mark_area(opacity=0.2, color="#6b7280").encode(
        y=alt.Y("low:Q", title="ranks below it - expected"), y2="high:Q"
    )
    line = base.mark_line(color="#1d4ed8", interpolate="step-after").encode(y="away:Q")
    return (
        alt.layer(band, line)
        .properties(width=130, height=110)
        .facet(facet=alt.Facet("quantity:N", title=name, sort=None), columns=4)
    )


def _steps(quantity: str, values: Floats) -> Sequence[dict[str, Any]]:
    """The empirical distribution less the uniform one, on a grid, and a band that holds all of it at once."""
    grid = np.linspace(0.0, 1.0, 101)
    away = np.searchsorted(np.sort(values), grid, side="right") / len(values) - grid
    reach = float(kstwo.ppf(0.95, len(values)))
    return [
        {"quantity": quantity, "share": float(x), "away": float(y), "low": -reach, "high": reach}
        for x, y in zip(grid, away, strict=True)
    ]
