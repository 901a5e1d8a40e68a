"""A Bayesian marketing-mix model, a budget plan with a proof, and a report finance can read.

Names resolve on first use, so `import mmm` loads neither NumPy nor PyMC.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmm.config import Config as Config
    from mmm.config import load_config as load_config
    from mmm.pipeline import backtest as backtest
    from mmm.pipeline import check as check
    from mmm.pipeline import fit as fit
    from mmm.pipeline import plan as plan
    from mmm.pipeline import read_test as read_test
    from mmm.pipeline import reconcile as reconcile
    from mmm.pipeline import refresh as refresh
    from mmm.pipeline import report as report
    from mmm.pipeline import run as run
    from mmm.pipeline import scenarios as scenarios
    from mmm.pipeline import scorecard as scorecard
    from mmm.pipeline import stress as stress
    from mmm.stages.view import Run as Run

_HOMES = {
    "Config": "mmm.config",
    "load_config": "mmm.config",
    "Run": "mmm.stages.view",
    "backtest": "mmm.pipeline",
    "check": "mmm.pipeline",
    "fit": "mmm.pipeline",
    "plan": "mmm.pipeline",
    "reconcile": "mmm.pipeline",
    "read_test": "mmm.pipeline",
    "refresh": "mmm.pipeline",
    "report": "mmm.pipeline",
    "run": "mmm.pipeline",
    "scenarios": "mmm.pipeline",
    "scorecard": "mmm.pipeline",
    "stress": "mmm.pipeline",
}
__all__ = [
    "Config",
    "Run",
    "backtest",
    "check",
    "fit",
    "load_config",
    "plan",
    "read_test",
    "reconcile",
    "refresh",
    "report",
    "run",
    "scenarios",
    "scorecard",
    "stress",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mmm' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
