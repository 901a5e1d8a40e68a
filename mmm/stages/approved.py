"""The plan of record: a plan of a finished run frozen beside the data, and looked up again."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmm.config import Config
from mmm.data.names import nearest
from mmm.data.settings import Grain
from mmm.dims import CELL_KEYS
from mmm.errors import ConfigError, InputError
from mmm.planning.months import months_table
from mmm.planning.settings import ApprovedPlan
from mmm.runs.approvals import Approval, freeze, of_window, read_approvals
from mmm.runs.files import sha256
from mmm.runs.manifest import NAME, verify
from mmm.stages.known import ROWS, SETTINGS
from mmm.stages.tables import write_csv, write_json

WITH_TESTS = ("tests.csv", "test_weeks.csv", "test_answers.csv")
KEYS = (*("date", "purpose", "geo"), *CELL_KEYS)
RECORD, BESIDE = "plan_of_record.json", "plan_of_record.csv"
FIGURES = ("objective", "data_until", "budget", "core", "reserve", "unspent")
RANGES = ("forecast", "revenue", "profit", "roi", "outcome", "gain")


def plans_folder(config: Config) -> Path:
    """Approved plans of a company: `data`, like `reports`, is a folder of where the command runs."""
    return Path("data") / f"{config.name}-plans"


def approve_plan(
    config: Config, *, folder: Path, by: str, why: str = "", scenario: str | None = None
) -> Approval:
    """Freeze the plan of a finished run, or one of its scenarios, as the plan of record of its window.

    Parameters
    ----------
    folder
        The run folder; its files are compared with its manifest first.
    by, why
        Who approves, and the reason.

    Raises
    ------
    InputError
        Nobody approves, there is no plan yet, it was changed since, or no scenario is called that.
    """
    if not by.strip():
        raise InputError('--by: nobody is named; say who approves the plan: --by "Dana Levi"')
    manifest = verify(folder)
    if "plan.csv" not in manifest.artefacts:
        raise InputError(f"{folder}: this run has no plan to approve; first: mmm run CONFIG")
    if "forecast.csv" not in manifest.artefacts:
        raise InputError(
            f"{folder}: this plan was made by an earlier mmm, without a forecast; first: mmm run CONFIG"
        )
    plan, forecast, figures = _planned(folder) if scenario is None else _of_scenario(folder, scenario)
    summary, about = _json(folder / "plan.json"), _json(folder / "about.json")
    start, end = summary["window"]["start"], summary["window"]["end"]
    grain: Grain = about["grain"]
    months = months_table(plan, grain, np.datetime64(start), np.datetime64(end))
    whole = forecast[(forecast["level"] == "total") & (forecast["date"] == "")]
    figures |= {"currency": about["currency"], "grain": grain, "config_hash": manifest.config_hash}
    figures |= {"forecast" + end: _value(whole, "expected" + end) for end in ("", "_lo", "_hi")}
    kept: dict[str, Path | str] = {name: folder / name for name in WITH_TESTS if name in manifest.artefacts}
    model = (
        "posterior.nc",
        "diagnostics.json",
        "roi.csv",
        ROWS,
        SETTINGS,
    )  # what judges the forecast one day
    kept |= {name: folder / name for name in model if name in manifest.artefacts}
    kept |= {
        "plan.csv": _text(plan),
        "months.csv": _text(months),
        "forecast.csv": _text(forecast),
        "spend.csv": _text(_spend(plan)),
        "config.yaml": manifest.config_text,
    }
    approval = Approval(
        folder=Path(),
        number=0,
        start=start,
        end=end,
        by=by.strip(),
        on=datetime.now(UTC).isoformat(timespec="seconds"),
        why=why,
        scenario=scenario or "",
        run_id=manifest.run_id,
        manifest=sha256(folder / NAME),
        figures=figures,
        files={},
    )
    return freeze(plans_folder(config), approval, kept)


def is_of_config(config: Config, approval: Approval) -> bool:
    """Whether the plan was made with the config as it is now."""
    return (approval.folder / "config.yaml").read_text(encoding="utf-8") == config.text


def with_plan_of_record(config: Config) -> Config:
    """The config with the approved plan's file where `plan.reference` asks for it.

    Raises
    ------
    ConfigError
        Nothing is approved yet.
    """
    if config.plan.reference != "plan_of_record":
        return config
    approvals = read_approvals(plans_folder(config))
    if not approvals:
        raise ConfigError(
            [
                f"`plan.reference: plan_of_record`: no plan of {config.name} is approved yet "
                f"({plans_folder(config)}). Take `recent` until one is, then: mmm approve CONFIG --by NAME"
            ]
        )
    window = config.plan.window
    same = None if window is None else of_window(approvals, str(window.start), str(window.end))
    found = same or approvals[-1]
    reference = ApprovedPlan(
        source=Path(os.path.relpath(found.folder.resolve() / "spend.csv", config.folder)),
        number=found.number,
        start=date.fromisoformat(found.start),
        end=date.fromisoformat(found.end),
    )
    return config.model_copy(update={"plan": config.plan.model_copy(update={"reference": reference})})


def record_of(config: Config, planned: Path) -> Approval | None:
    """The plan of record of the window of a finished plan."""
    window = _json(planned / "plan.json")["window"]
    return of_window(read_approvals(plans_folder(config)), window["start"], window["end"])


def write_record(folder: Path, approval: Approval, planned: Path) -> None:
    """The plan of record beside the plan of a run: `plan_of_record.json`, and by cell `plan_of_record.csv`."""
    write_json(approval.to_json(), folder / RECORD)
    write_csv(
        beside_record(read_plan(approval.folder / "plan.csv"), read_plan(planned / "plan.csv")),
        folder / BESIDE,
    )


def beside_record(approved: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """Approved and newly planned money by cell, tests in their cells; money for tests without one, and the total.

    Parameters
    ----------
    approved, planned
        Tables like `plan.csv`.
    """
    keys = [key for key in CELL_KEYS if key in approved or key in planned]
    sums = [
        table.reindex(columns=[*keys, "planned_spend"])
        .fillna(dict.fromkeys(keys, ""))
        .groupby(keys, sort=False)["planned_spend"]
        .sum()
        for table in (approved, planned)
    ]
    both = (
        pd.concat(sums, axis=1, keys=["approved_spend", "planned_spend"]).fillna(0.0).round(2).reset_index()
    )
    both.insert(0, "level", np.where(both["channel"] == "", "reserve", "cell"))
    total = both[["approved_spend", "planned_spend"]].sum().round(2)
    rows = pd.concat([both, pd.DataFrame([{"level": "total", **dict.fromkeys(keys, ""), **total}])])
    rows["change"] = (rows["planned_spend"] - rows["approved_spend"]).round(2)
    return rows.reset_index(drop=True)


def read_plan(path: Path) -> pd.DataFrame:
    """A table of money or forecasts with words as they stand and numbers as numbers; `date` stays a word."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    words = (*KEYS, "level", "month", "scenario")
    for name in table.columns:
        if name not in words:
            table[name] = pd.to_numeric(table[name].where(table[name] != ""))
    return table


def _planned(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """The plan of the run: money by period, its forecast, its figures."""
    summary = _json(folder / "plan.json")
    ranged = {name + end: summary[name + end] for name in RANGES for end in ("", "_lo", "_hi")}
    figures = {name: summary[name] for name in FIGURES} | ranged
    return _signed(read_plan(folder / "plan.csv")), read_plan(folder / "forecast.csv"), figures


def _of_scenario(folder: Path, name: str) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """The same of one scenario."""
    if not (folder / "scenario_weeks.csv").is_file():
        raise InputError(f"{folder}: this run has no scenarios; first: mmm scenarios CONFIG")
    weeks, forecasts = (read_plan(folder / f"scenario_{part}.csv") for part in ("weeks", "forecast"))
    known = list(dict.fromkeys(weeks["scenario"]))
    if name not in known:
        near = nearest(name, known)
        hint = f'did you mean "{near}"?' if near else f"there are {', '.join(known)}"
        raise InputError(f'--scenario: there is no scenario "{name}" with a plan in {folder}; {hint}')
    table = pd.read_csv(folder / "scenarios.csv", encoding="utf-8-sig", dtype={"scenario": str}).set_index(
        "scenario"
    )
    row: dict[str, Any] = {str(key): value for key, value in table.loc[name].items()}
    summary = _json(folder / "plan.json")
    ranged = {key + end: _plain(row.get(key + end)) for key in RANGES[1:-1] for end in ("", "_lo", "_hi")}
    figures = {
        "objective": summary["objective"],
        "data_until": summary["data_until"],
        "budget": _plain(row["budget"]),
    }
    figures |= {
        "core": round(float(row["budget"]) - float(row["reserve"]), 2),
        "reserve": _plain(row["reserve"]),
    }
    chosen, told = (part[part["scenario"] == name].drop(columns="scenario") for part in (weeks, forecasts))
    return _signed(chosen), told.reset_index(drop=True), figures | ranged


def _signed(plan: pd.DataFrame) -> pd.DataFrame:
    """What of `plan.csv` is signed: not what it was compared with."""
    return plan.drop(columns=["reference_spend", "current_spend"]).reset_index(drop=True)


def _spend(plan: pd.DataFrame) -> pd.DataFrame:
    """Money of what the data know, tests in their cells, as `plan.reference` and `plan.until_window` read it."""
    keys = [key for key in (*CELL_KEYS, "geo") if key in plan]
    cells = [key for key in CELL_KEYS if key in plan]
    usual = plan[plan["purpose"] != "test"]
    known = plan.merge(usual[cells].drop_duplicates(), on=cells)
    money = known.groupby(["date", *keys], sort=False)["planned_spend"].sum().round(2)
    return money.rename("spend").reset_index()


def _text(table: pd.DataFrame) -> str:
    return "\ufeff" + table.to_csv(index=False, lineterminator="\n")


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _value(rows: pd.DataFrame, name: str) -> float | None:
    return _plain(rows[name].iloc[0]) if len(rows) else None


def _plain(value: Any) -> float | None:
    number = np.nan if value is None else float(value)
    return number if np.isfinite(number) else None
