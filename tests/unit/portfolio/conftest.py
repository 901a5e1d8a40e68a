"""Markets made of arrays, as the tests of plans have companies."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from mmm.finance.economics import Economics
from mmm.planning.settings import PlanSettings
from mmm.planning.window import plan_window, window_curves
from mmm.portfolio.config import MarketEntry, PortfolioPlan
from mmm.portfolio.joint import Market

_spec = importlib.util.spec_from_file_location(
    "small_plans", Path(__file__).parents[1] / "planning" / "conftest.py"
)
_small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_small)

CELLS = _small.CELLS[:3]


@pytest.fixture
def make_market():
    """Builds a market of three cells: how large, how strong, at which rate, within which limits."""

    def build(name, *, seed=1, size=1.0, rate=1.0, margin=0.6, draws=40, entry=(), plan=None, slope=1.0):
        rng = np.random.default_rng(seed)
        spend = np.round(rng.uniform(50, 150, (97, 3)) * np.array([8, 4, 2]) * size, 2)
        panel = _small._panel(spend, cells=CELLS)
        media = _small._media(panel, draws=draws, seed=seed)
        object.__setattr__(media, "slope", media.slope * slope)
        chosen = PlanSettings.model_validate({"window": "2027Q1", "spend": "at_most", **(plan or {})})
        window = plan_window(panel, chosen)
        where = MarketEntry.model_validate({"config": f"{name}.yaml", **dict(entry)})
        curves = window_curves(window, panel, media)
        grades = ("data",) * len(window.cells)
        return Market(name, "USD", rate, where, window, curves, Economics(margin), chosen, grades)

    return build


@pytest.fixture
def make_plan():
    """Builds the plan of a portfolio."""

    def build(**keys):
        return PortfolioPlan.model_validate({"window": "2027Q1", **keys})

    return build
