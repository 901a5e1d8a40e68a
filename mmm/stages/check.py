"""What is checked before anything expensive runs, the limits of the plan included."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from mmm.config import Config
from mmm.data.panel import Check, Panel, checks_frame
from mmm.errors import ConfigError, DataError, Infeasible
from mmm.experiments.recipes import check_names
from mmm.finance.economics import unit_economics
from mmm.planning.allocation import check_limits, check_objective
from mmm.planning.flighting import check_weeks
from mmm.planning.goals import check_goals
from mmm.planning.window import PlanWindow, plan_window
from mmm.runs.manifest import package_version
from mmm.stages.keys import as_json
from mmm.stages.prepare import Prepared
from mmm.stages.tables import write_csv, write_json


def refuse_plan(panel: Panel, config: Config) -> PlanWindow:
    """Refuse a plan that no fit can help: names no cell has, a window that is past, limits that clash."""
    window = plan_window(panel, config.plan, folder=config.folder)
    check_names(config.tests, panel.cells)
    check_limits(window, config.plan)
    if config.plan.flighting is not None:
        check_weeks(window, config.plan)
    economics = unit_economics(config.finance)
    check_objective(config.plan, economics, has_money=window.has_money)
    check_goals(config.goals, economics, has_money=window.has_money)
    return window


def check_plan(panel: Panel, config: Config) -> list[Check]:
    """The faults of the plan as findings, one each."""
    try:
        window = refuse_plan(panel, config)
    except (ConfigError, DataError) as error:
        faults = error.faults
    except Infeasible as error:
        faults = (str(error),)
    else:
        return [Check("plan", "pass", "config", "", f"{window.start} to {window.end}", "")]
    return [Check("plan", "fail", "config", "", fault, "Mend that, then check again.") for fault in faults]


def labels_of(config: Config, language: str) -> dict[str, str]:
    """What pages in a language call each channel that has a label."""
    return {
        name: found.label if isinstance(found.label, str) else found.label.get(language, name)
        for name, found in config.channels.items()
        if found.label
    }


def write_checks(folder: Path, config: Config, prepared: Prepared) -> None:
    panel = prepared.panel
    write_csv(checks_frame(prepared.checks), folder / "checks.csv")
    about = {
        "name": config.name,
        "currency": config.currency,
        "gross_margin": config.finance.margin,
        "gross_margins": config.finance.margins | config.finance.margin_by_segment,
        "fees": config.finance.buying.fees,
        "vat": config.finance.buying.vat,
        "labels": labels_of(config, config.report.language),
        "channel_goals": config.goals.channels,
        "demand_capture": sorted(panel.demand_capture),
        "data_from": str(panel.dates[panel.first]),
        "data_until": str(panel.data_until),
        "modelled_from": str(panel.dates[prepared.layout.window]),
        "n_periods": len(panel.dates) - prepared.layout.window,
        "n_geos": len(panel.geos),
        "grain": panel.grain,
        "outcome_kind": config.data.outcome.kind,
        "has_money": panel.unit_value is not None,
        "config_hash": config.digest,
        "limits_hash": config.digest_but_bounds,
        "version": package_version(),
        "seed": config.model.sampling.seed,
        "config_text": config.text or as_json(config),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(about, folder / "about.json")
