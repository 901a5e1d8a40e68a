"""What the planner's page asks for: a finished fit opened once, and the best plan of any budget and limits on it.

Plans are made by `mmm.planning.plan.optimize`, as those of `mmm plan` are: on all draws the numbers are the same.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mmm.config import Config, parse_config
from mmm.data.panel import Floats
from mmm.dims import Cell
from mmm.errors import ConfigError, InputError
from mmm.finance.economics import unit_economics
from mmm.planning.allocation import take_draws
from mmm.planning.plan import Plan, optimize
from mmm.planning.settings import CellBound, PlanSettings, RiskSettings
from mmm.quantities import Amount
from mmm.response.curves import WindowCurves
from mmm.runs.files import write_text
from mmm.runs.store import RunFolder
from mmm.stages.at_hand import at_hand
from mmm.stages.check import labels_of
from mmm.stages.keys import fit_key
from mmm.stages.plan import Outset, outset, prior_roi
from mmm.stages.prepare import prepare
from mmm.stages.tables import write_json
from mmm.yaml_text import yaml_mapping

QUICK = 300_000
"""Places x geos x periods x draws that two cores plan in under a second; above, a part of the draws is planned on."""
LEAST_DRAWS = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user sets on the page.

    Attributes
    ----------
    budget
        Money of the whole window, tests included.
    reserve
        Share of it kept for tests.
    margin
        Gross margin; None: what the config says, also by channel.
    risk
        What is maximized: the mean, or the mean of the worst tenth of the draws.
    limits
        Least and most money by line; equal ones lock it. A line without an entry keeps the config's limits.
    """

    budget: float
    reserve: float
    margin: float | None = None
    risk: str = "mean"
    limits: Mapping[Cell, tuple[float | None, float | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planner:
    """A finished fit, and the window it is planned on.

    Attributes
    ----------
    config
        As the run has it.
    begin
        The window, its curves and what is expected without paid media.
    fitted, folder
        Folders of the finished fit and of the run.
    priors
        ROI of each place assumed before the data.
    """

    config: Config
    begin: Outset
    fitted: Path
    folder: Path
    priors: Sequence[float]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """What money is placed on."""
        return self.begin.window.cells

    @property
    def quick_draws(self) -> int:
        """Draws that are planned on in under a second; all of them where that is so."""
        window, draws = self.begin.window, self.begin.curves.draws
        size = len(window.cells) * len(window.geos) * len(window.dates)
        return min(draws, max(LEAST_DRAWS, QUICK // size))

    def asked_now(self) -> Asked:
        """What the config asks."""
        settings = self.config.plan
        budget = settings.budget or float(self.begin.window.reference.total)
        return Asked(round(budget, 2), settings.reserve_for_tests, None, settings.risk.measure)

    def settings(self, asked: Asked) -> PlanSettings:
        """The config's settings with what is asked in their place.

        Raises
        ------
        ConfigError
            Amounts that cannot be; all at once.
        """
        now = self.config.plan
        risk = (
            now.risk
            if asked.risk == now.risk.measure
            else RiskSettings.model_validate({"measure": asked.risk})
        )
        changed = {
            "budget": asked.budget,
            "reserve_for_tests": asked.reserve,
            "risk": risk,
            "bounds": _limited(now.bounds, asked.limits),
            **dict.fromkeys(("target_roi", "target_mroi", "target_outcome")),
        }
        return now.model_copy(update=changed)

    def plan(self, asked: Asked, draws: int | None = None) -> Plan:
        """The best plan of what is asked, on all draws or on some of them.

        Raises
        ------
        ConfigError, Infeasible
            Limits that clash.
        """
        begin, seed = self.begin, self.config.model.sampling.seed
        finance = self.config.finance
        if asked.margin is not None:
            finance = finance.model_copy(update={"gross_margin": asked.margin})
        curves, baseline = some_draws(begin.curves, begin.baseline, draws)
        return optimize(
            curves,
            begin.window,
            unit_economics(finance),
            begin.grades,
            self.settings(asked),
            baseline,
            seed=seed,
            prior_roi=self.priors,
        )

    def workbook(self, plan: Plan) -> bytes:
        """`plan.xlsx` of a plan, without tables that stand on another."""
        from mmm.reporting.excel import write_workbook
        from mmm.reporting.results import load_results

        with tempfile.TemporaryDirectory() as place:
            here = Path(place)
            plan.save(here)
            shutil.copyfile(self.folder / "checks.csv", here / "checks.csv")
            about = json.loads((self.folder / "about.json").read_text(encoding="utf-8"))
            about["labels"] = labels_of(self.config, self.config.report.language)
            write_json(about, here / "about.json")
            write_workbook(load_results(here, self.fitted), self.config.report, here / "plan.xlsx")
            return (here / "plan.xlsx").read_bytes()


def open_planner(config: Config, out: Path | None = None) -> Planner:
    """Open the finished fit of a config.

    Raises
    ------
    InputError
        No fit of these data and settings is finished.
    """
    folder = out if out is not None else Path("reports") / config.name
    told = InputError(f"{folder} has no finished fit of these data and settings; first: mmm run CONFIG")
    if not (folder / "about.json").is_file():
        raise told
    config = at_hand(config).config
    prepared = prepare(config)
    with RunFolder.open(folder, owner=f"{config.name} in {config.folder}") as store:
        fitted = store.finished("fit", fit_key(config, prepared))
        if fitted is None:
            raise told
        begin = outset(config, prepared, fitted)
    return Planner(config, begin, fitted, folder, prior_roi(prepared, begin.window))


def some_draws(curves: WindowCurves, baseline: Floats, draws: int | None) -> tuple[WindowCurves, Floats]:
    """Curves and baseline of some of the draws, evenly spaced; all of them for None."""
    if draws is None or draws >= curves.draws:
        return curves, baseline
    index = np.linspace(0, curves.draws - 1, draws).round().astype(np.int64)
    return take_draws(curves, index), baseline[index]


def save_plan(path: Path, planner: Planner, asked: Asked) -> Path:
    """Write what is asked into the config; its comments stay, and the file as it was is kept beside it.

    Returns
    -------
    Path
        Where the earlier file is kept.

    Raises
    ------
    InputError
        A workbook, or a file that was changed since the page was opened.
    ConfigError
        What would be written is no config; nothing is written then.
    """
    from io import StringIO

    from ruamel.yaml import YAML

    if planner.config.book is not None:
        raise InputError(
            f"{path}: a workbook is not written to, for it may be open. Copy the figures into it"
        )
    before = path.read_text(encoding="utf-8-sig")
    if before != planner.config.text:
        raise InputError(f"{path}: the file was changed since this page was opened; open the page again")
    yaml = YAML()
    yaml.preserve_quotes = True
    told = yaml.load(before)
    for key, value in _as_keys(planner, asked).items():
        section, _, name = key.partition(".")
        told.setdefault(section, {})[name] = value
    for name in ("target_roi", "target_mroi", "target_outcome"):
        told["plan"].pop(name, None)
    text = StringIO()
    yaml.dump(told, text)
    parse_config(yaml_mapping(text.getvalue(), str(path)), path)
    kept = path.with_name(f"{path.name}.bak")
    write_text(kept, before)
    write_text(path, text.getvalue())
    return kept


def _as_keys(planner: Planner, asked: Asked) -> dict[str, Any]:
    """What is asked as keys of a config; what it says already is left alone."""
    now = planner.asked_now()
    keys: dict[str, Any] = {}
    if asked.budget != planner.config.plan.budget:
        keys["plan.budget"] = int(asked.budget) if asked.budget == int(asked.budget) else asked.budget
    if asked.reserve != now.reserve:
        keys["plan.reserve_for_tests"] = asked.reserve
    if asked.risk != now.risk:
        keys["plan.risk"] = {"measure": asked.risk}
    if asked.margin is not None and asked.margin != planner.config.finance.gross_margin:
        keys["finance.gross_margin"] = asked.margin
    if asked.limits:
        keys["plan.bounds"] = [_entry(bound) for bound in _limited(planner.config.plan.bounds, asked.limits)]
    return keys


def _entry(bound: CellBound) -> dict[str, Any]:
    """A bound as a config has it."""
    told: dict[str, Any] = {}
    for name in CellBound.model_fields:
        value = getattr(bound, name)
        if isinstance(value, Amount):
            value = str(value) if value.times_reference else round(value.value, 2)
        if value not in (None, ""):
            told[name] = value
    return told


def _limited(
    bounds: Sequence[CellBound], limits: Mapping[Cell, tuple[float | None, float | None]]
) -> tuple[CellBound, ...]:
    """The config's bounds with the limits of some lines in place of what it says of just these lines."""
    own = {cell for cell, sides in limits.items() if sides != (None, None)}
    kept = []
    for bound in bounds:
        if Cell(bound.channel, bound.audience or "", bound.message or "", bound.geo or "") not in own:
            kept.append(bound)
        elif {"min_if_on", "lot", "cost_if_on"} & bound.model_dump(exclude_none=True).keys():
            kept.append(bound.model_copy(update={"min": None, "max": None}))
    return (*kept, *_bounds(limits))


def _bounds(limits: Mapping[Cell, tuple[float | None, float | None]]) -> tuple[CellBound, ...]:
    """Limits of lines as entries of a config."""
    faults = [
        f"{cell.name}: the least, {low:,.0f}, is above the most, {high:,.0f}"
        for cell, (low, high) in limits.items()
        if low is not None and high is not None and low > high
    ]
    if faults:
        raise ConfigError(faults)
    return tuple(
        CellBound.model_validate(
            {"channel": cell.channel, "audience": cell.audience, "message": cell.message}
            | ({"geo": cell.geo} if cell.geo else {})
            | {name: value for name, value in (("min", low), ("max", high)) if value is not None}
        )
        for cell, (low, high) in limits.items()
        if low is not None or high is not None
    )
