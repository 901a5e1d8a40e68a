"""What the key of each stage is made of: its settings, the keys before it, the files it reads."""

from __future__ import annotations

import json
from collections.abc import Sequence

from mmm.config import Config
from mmm.data.panel import Check
from mmm.data.source_settings import file_of
from mmm.errors import ConfigError
from mmm.planning.settings import SpendFile
from mmm.runs.files import sha256
from mmm.runs.manifest import package_version
from mmm.runs.store import stage_key
from mmm.settings import Settings
from mmm.stages.prepare import Prepared
from mmm.stages.trials import ledger_path


def as_json(*parts: Settings, checks: list[Check] | None = None) -> str:
    return "\n".join([*(part.model_dump_json() for part in parts), *map(str, checks or ())])


def fit_settings(config: Config) -> str:
    names = json.dumps([config.name, config.currency, sorted(config.channels)])
    was = "".join(found.model_dump_json(include={"was", "role"}) for found in config.channels.values())
    tests = "".join(told.model_dump_json() for told in (config.experiments, config.studies) if told)
    data = config.data.model_dump_json(
        exclude=dict.fromkeys(
            ("attribution", "creatives", "leads", "other_outcomes", "exports", "rules", "owner"), True
        )
        | {name: {"owner"} for name in ("controls", "events", "future")}
        | {"organic": {"owner", "costs"}}
        | {"outcome": {"orders", "new_customers", "owner"}, "media": {"__all__": {"owner"}}}
    )
    finance = config.finance.model_dump_json(include={"gross_margin", "margin_by_segment", "rates"})
    return "\n".join([data, as_json(config.calendar, config.model), finance]) + names + was + tests


def fit_key(config: Config, prepared: Prepared) -> str:
    return stage_key(fit_settings(config), [], prepared.inputs, package_version())


def segment_key(config: Config, prepared: Prepared, segment: str) -> str:
    return stage_key(fit_settings(config), [f"segment {segment}"], prepared.inputs, package_version())


def money_key(config: Config, prepared: Prepared, fits: Sequence[str]) -> str:
    settings = as_json(config.data, config.calendar, config.finance) + json.dumps(sorted(config.channels))
    inputs = prepared.inputs | prepared.counted
    return stage_key(settings, list(fits), inputs, package_version())


def stress_key(fit_key: str) -> str:
    return stage_key("", [fit_key], {}, package_version())


def plan_settings(config: Config) -> str:
    override = config.tests.reserve_override
    return as_json(config.plan, config.finance, *([] if override is None else [override]))


def tests_key(config: Config, plan_key: str) -> str:
    """Tests depend on the plan, their own settings, and on what was approved: an approved test is never changed."""
    path = ledger_path(config)
    written = {str(path): sha256(path)} if path.is_file() else {}
    return stage_key(as_json(config.tests), [plan_key], written, package_version())


def plan_key(config: Config, fit_key: str) -> str:
    made = [fit_key, "with forecast.csv"]  # a plan of an earlier version has none
    return stage_key(plan_settings(config), made, plan_inputs(config), package_version())


def pnl_key(config: Config, prepared: Prepared, plan_key: str) -> str:
    return stage_key(plan_settings(config), ["pnl", plan_key], prepared.counted, package_version())


def scenario_settings(config: Config) -> str:
    return as_json(*config.scenarios, config.goals)


def plan_inputs(config: Config) -> dict[str, str]:
    asked = (config.plan.until_window, config.plan.reference)
    paths = [config.folder / file_of(found.source) for found in asked if isinstance(found, SpendFile)]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise ConfigError([f"`plan`: there is no file {missing[0]}"])
    return {str(path): sha256(path) for path in paths}


def backtest_key(config: Config, prepared: Prepared) -> str:
    return stage_key(fit_settings(config), ["backtest"], prepared.inputs, package_version())


def page_key(config: Config, key: str) -> str:
    """Of a page of a test: its tables and how it is told."""
    labels = json.dumps({name: found.label for name, found in config.channels.items()})
    return stage_key(config.report.language + labels, [key], {}, package_version())
