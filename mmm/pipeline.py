"""The line, and the only place that joins stages: data -> panel -> model -> posterior -> curves -> plan -> report.

Each stage writes one folder under `.stages/`, named by all it depends on, so a finished one is reused and a run
can be resumed. `Run` is a view on a run folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.config import Config
from mmm.data.align import align_tables
from mmm.data.calendar import next_periods
from mmm.data.checks import check_panel
from mmm.data.experiments import Experiment, read_experiments
from mmm.data.future import future_features
from mmm.data.panel import Check, Panel, checks_frame
from mmm.data.settings import Settings
from mmm.data.tables import Tables, input_files, load_tables
from mmm.errors import ConfigError, DataError, Infeasible
from mmm.finance.economics import unit_economics
from mmm.inference.backtest import ORIGINS, QUARTER, Forecast, choose_origins, forecast, join, lighter
from mmm.inference.jobs import side_by_side
from mmm.inference.posterior import Posterior
from mmm.inference.residuals import residuals
from mmm.model.layout import Layout, first_modelled, lay_out
from mmm.model.names import refuse_unknown_channels
from mmm.planning.allocation import check_limits
from mmm.planning.plan import Plan, optimize
from mmm.planning.settings import SpendFile
from mmm.planning.window import PlanWindow, plan_window, window_curves
from mmm.response.beliefs import belief_checks, beliefs_table
from mmm.response.carry import check_carry
from mmm.response.decomposition import adstock_table, decompose, forecast_baseline
from mmm.response.experiments import experiments_table
from mmm.response.hidden_driver import hidden_driver_table
from mmm.response.returns import returns, roi_table
from mmm.response.reviews import is_chasing, review_fit
from mmm.runs.files import sha256
from mmm.runs.manifest import package_version
from mmm.runs.store import RunFolder, stage_key

Progress = Callable[[str], None]
Dates = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What every stage starts from: tables, panel, the model's arrays, findings, and what they were read from."""

    tables: Tables
    panel: Panel
    layout: Layout
    checks: list[Check]
    inputs: dict[str, str]


def check(config: Config) -> list[Check]:
    """Read and check everything, the coming window and its limits included; fit nothing.

    Raises
    ------
    DataError, ConfigError
        Faults that leave nothing to check.
    """
    prepared = prepare(config, refuse=False)
    return [*prepared.checks, *_check_plan(prepared.panel, config)]


def fit(
    config: Config, *, out: Path | None = None, seed: int | None = None, progress: Progress | None = None
) -> Run:
    """Check, fit, diagnose, decompose; publish the fit's tables."""
    return _go(config, "fit", out, seed, progress)


def plan(
    config: Config, *, out: Path | None = None, seed: int | None = None, progress: Progress | None = None
) -> Run:
    """Optimize the coming window; the fit is reused where it is finished."""
    return _go(config, "plan", out, seed, progress)


def report(
    config: Config, *, out: Path | None = None, seed: int | None = None, progress: Progress | None = None
) -> Run:
    """Write the page and the workbook; fit and plan are reused where they are finished."""
    return _go(config, "report", out, seed, progress)


def run(
    config: Config, *, out: Path | None = None, seed: int | None = None, progress: Progress | None = None
) -> Run:
    """The main job: check, fit, plan, report."""
    return _go(config, "run", out, seed, progress)


def stress(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
) -> Run:
    """Many small fits under other settings, priors and with placebos; the fit is reused where it is finished.

    Parameters
    ----------
    jobs
        Processes; the result is the same for any number.
    """
    config = config if seed is None else _seeded(config, seed)
    say = progress or (lambda text: None)

    def refit(store: RunFolder, prepared: Prepared) -> None:
        key = _fit_key(config, prepared)
        fitted = store.stage("fit", key, lambda to: _write_fit(to, config, prepared, store, say))
        store.stage(
            "stress", _stress_key(key), lambda to: _write_stress(to, config, prepared, fitted, jobs, say)
        )

    return _go(config, "stress", out, seed, progress, refit)


def backtest(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    origins: int = ORIGINS,
    horizon: int | None = None,
) -> Run:
    """Forecast from earlier days and compare with what happened; origins that are finished are reused.

    Parameters
    ----------
    jobs
        Processes; the result is the same for any number.
    origins
        How many earlier days, at most.
    horizon
        Periods ahead; None: a quarter.
    """
    config = config if seed is None else _seeded(config, seed)
    ahead = QUARTER[config.data.grain] if horizon is None else horizon

    def refit(store: RunFolder, prepared: Prepared) -> None:
        _backtest(store, prepared, config, (jobs, origins, ahead), progress or (lambda text: None))

    return _go(config, "backtest", out, seed, progress, refit)


def prepare(config: Config, *, refuse: bool = True) -> Prepared:
    """Read the tables, align them, check them, and lay out the model.

    Raises
    ------
    DataError, ConfigError
        Faults that leave nothing to check; with `refuse`, a check that fails.
    """
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    aligned = align_tables(
        tables, name=config.name, currency=config.currency, data=config.data, calendar=config.calendar
    )
    captured = {name for name, channel in config.channels.items() if channel.role == "demand_capture"}
    panel = replace(aligned.panel, demand_capture=frozenset(captured))
    refuse_unknown_channels(panel.cells, config.model)
    margin = config.finance.gross_margin
    found = check_panel(panel, margin=margin, max_lag=config.model.max_lag)
    experiments, told = _experiments(config, panel)
    checks = [*aligned.checks, *found, *told]
    failed = [
        f"{c.where}: {c.check}, {c.value} {f'({c.rows})' if c.rows else ''}. {c.remedy}".replace(" .", ".")
        for c in checks
        if c.severity == "fail"
    ]
    if failed and refuse:
        raise DataError(failed)
    economics = unit_economics(config.finance)
    layout = (
        lay_out(panel, config.model, break_even=economics.break_even_roi, experiments=experiments)
        if not failed
        else None
    )
    if layout is not None:
        checks += check_carry(layout, panel)
        has_money = panel.unit_value is not None
        checks += belief_checks(layout, margin=config.finance.gross_margin, has_money=has_money)
    files = input_files(config.data, config.calendar, config.folder)
    if config.experiments:
        files = (*files, config.folder / config.experiments.source)
    return Prepared(tables, panel, layout, checks, {str(path): sha256(path) for path in files})  # type: ignore[arg-type]


def _experiments(config: Config, panel: Panel) -> tuple[tuple[Experiment, ...], list[Check]]:
    if config.experiments is None:
        return (), []
    first = first_modelled(panel, config.model)
    return read_experiments(
        config.experiments, config.data, config.channels, config.folder, panel, first=first
    )


_MADE = {
    "fit": {"fit"},
    "plan": {"fit", "plan"},
    "report": {"fit", "plan", "report"},
    "run": {"fit", "plan", "report"},
    "stress": {"fit", "report"},  # where there is a plan to report
    "backtest": {"report"},
}
"""What a command makes of the line; the rest is published where it is finished and still true."""


def _go(
    config: Config,
    command: str,
    out: Path | None,
    seed: int | None,
    progress: Progress | None,
    aside: Callable[[RunFolder, Prepared], object] | None = None,
) -> Run:
    """Make the stages of a command, and publish them with all that is finished; `aside` works beside the line."""
    say = progress or (lambda text: None)
    folder = out if out is not None else Path("reports") / config.name
    config = config if seed is None else _seeded(config, seed)
    say("reading and checking the data")
    prepared = prepare(config)
    _refuse_plan(prepared.panel, config)  # before the long fit
    version, inputs = package_version(), prepared.inputs
    with RunFolder.open(folder, owner=f"{config.name} in {config.folder}") as store:
        about = stage_key(_json(config, checks=prepared.checks), [], inputs, version)
        stages = [store.stage("check", about, lambda to: _write_checks(to, config, prepared))]
        if aside is not None:
            aside(store, prepared)
        tried = store.latest("backtest", _backtest_key(config, prepared))
        fit_key = _fit_key(config, prepared)
        stressed = store.finished("stress", _stress_key(fit_key))
        beside = [place for place in (tried, stressed) if place is not None]
        plan_key = stage_key(_plan_settings(config), [fit_key], _plan_inputs(config), version)
        shown = [about, fit_key, plan_key, *(place.name for place in beside)]
        report_key = stage_key(config.report.model_dump_json(), shown, {}, version)
        line: tuple[tuple[str, str, Callable[[Path], None]], ...] = (
            ("fit", fit_key, lambda to: _write_fit(to, config, prepared, store, say)),
            ("plan", plan_key, lambda to: _write_plan(to, config, prepared, stages[1], say)),
            ("report", report_key, lambda to: _write_report(to, config, [*stages, *beside], say)),
        )
        for name, key, make in line:
            wanted = name in _MADE[command]
            done = store.stage(name, key, make) if wanted else store.finished(name, key)
            if done is None:
                break
            stages.append(done)
        manifest = store.manifest(
            command=command,
            config_text=config.text or _json(config),
            config_hash=config.digest,
            inputs=inputs,
            seed=config.model.sampling.seed,
        )
        store.publish(_artefacts([*stages, *beside]), manifest)
    return Run(folder)


def _artefacts(stages: list[Path]) -> dict[str, Path]:
    """What the stages made, by name."""
    return {
        path.name: path for stage in stages for path in sorted(stage.iterdir()) if path.name != "stage.json"
    }


def _refuse_plan(panel: Panel, config: Config) -> PlanWindow:
    """Refuse a plan that no fit can help: names no cell has, a window that is past, limits that clash."""
    window = plan_window(panel, config.plan, folder=config.folder)
    check_limits(window, config.plan)
    return window


def _check_plan(panel: Panel, config: Config) -> list[Check]:
    """The faults of the plan as findings, one each."""
    try:
        window = _refuse_plan(panel, config)
    except (ConfigError, DataError) as error:
        faults = error.faults
    except Infeasible as error:
        faults = (str(error),)
    else:
        return [Check("plan", "pass", "config", "", f"{window.start} to {window.end}", "")]
    return [Check("plan", "fail", "config", "", fault, "Mend that, then check again.") for fault in faults]


def _write_checks(folder: Path, config: Config, prepared: Prepared) -> None:
    panel = prepared.panel
    _csv(checks_frame(prepared.checks), folder / "checks.csv")
    labels = {
        name: found.label if isinstance(found.label, str) else found.label.get(config.report.language, name)
        for name, found in config.channels.items()
        if found.label
    }
    about = {
        "name": config.name,
        "currency": config.currency,
        "gross_margin": config.finance.gross_margin,
        "labels": labels,
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
        "version": package_version(),
        "seed": config.model.sampling.seed,
        "config_text": config.text or _json(config),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    _write_json(about, folder / "about.json")


def _write_fit(folder: Path, config: Config, prepared: Prepared, store: RunFolder, say: Progress) -> None:
    from mmm.inference.fit import Refused, fit_without_tests
    from mmm.inference.fit import fit as sample
    from mmm.inference.repairs import repairs

    panel, layout, settings = prepared.panel, prepared.layout, config.model
    seed = settings.sampling.seed
    try:
        fitted = sample(layout, panel.geos, settings.sampling, settings.gates, progress=say)
    except Refused as refused:
        _write_json(_diagnostics(refused.fitted), folder / "diagnostics.json")
        text = repairs(refused.fitted.convergence, settings)
        (folder / "repairs.txt").write_text(text, encoding="utf-8")
        kept = store.draft({name: folder / name for name in ("diagnostics.json", "repairs.txt")})
        raise type(refused)(f"{refused}.\n{text}Kept: {kept}", refused.fitted) from None
    rest = None
    if layout.experiments:
        rest = fit_without_tests(layout, panel.geos, settings.sampling, progress=say)
    say("decomposing")
    posterior = fitted.posterior
    left = residuals(posterior, layout, panel)
    alone = rest.posterior if rest else None
    found = returns(posterior, layout, panel, seed=seed, chasing=is_chasing(left), rest=alone)
    split = decompose(posterior, layout, panel, seed=seed)
    posterior.save(folder / "posterior.nc")
    _csv(roi_table(found, config.finance.gross_margin), folder / "roi.csv")
    _csv(split.contributions, folder / "contributions.csv")
    _csv(split.fit, folder / "fit.csv")
    _csv(adstock_table(posterior, layout, panel), folder / "adstock.csv")
    _csv(beliefs_table(posterior, layout, found, seed=seed), folder / "priors.csv")
    if rest is not None:
        _csv(experiments_table(posterior, rest.posterior, layout, panel), folder / "experiments.csv")
    _csv(checks_frame(review_fit(left, split.negative_baseline, layout, panel)), folder / "reviews.csv")
    unexplained = {f"residual_autocorrelation_{lag}": value for lag, value in left.autocorrelation.items()}
    unexplained |= {"one_step_coverage_90": left.coverage_90}
    unexplained |= {"negative_baseline": float(split.negative_baseline.mean())}
    _csv(hidden_driver_table(posterior, layout, panel.cells), folder / "hidden_driver.csv")
    figures = {"r2": split.r2, "mape": split.mape, "coverage_90": split.coverage_90}
    notes = {"prior_scaled": layout.roi_priors.scaled}
    told = _diagnostics(fitted) | figures | unexplained | notes
    if rest is not None:
        told["rhat_without_tests"] = rest.convergence.rhat_max
        told["seconds"] |= rest.seconds
    _write_json(told, folder / "diagnostics.json")


def _write_plan(folder: Path, config: Config, prepared: Prepared, fitted: Path, say: Progress) -> None:
    say("optimizing the plan")
    panel, layout = prepared.panel, prepared.layout
    seed = config.model.sampling.seed
    posterior = Posterior.load(fitted / "posterior.nc")
    window = plan_window(panel, config.plan, folder=config.folder)
    curves = window_curves(window, panel, posterior.media(layout, panel.geos))
    future = future_features(
        prepared.tables, panel, config.data, config.calendar, _until_and_window(panel, window.dates)
    )
    baseline = forecast_baseline(posterior, layout, panel, future, seed=seed)[:, -len(window.dates) :]
    roi = pd.read_csv(fitted / "roi.csv", encoding="utf-8-sig", keep_default_na=False)
    optimize(
        curves,
        window,
        unit_economics(config.finance),
        roi.loc[roi["level"] == "cell", "evidence"].tolist(),
        config.plan,
        baseline,
        seed=seed,
        prior_roi=layout.roi_priors.median.tolist(),
    ).save(folder)


def _write_stress(
    folder: Path, config: Config, prepared: Prepared, fitted: Path, jobs: int, say: Progress
) -> None:
    from mmm.inference.specs import specs
    from mmm.inference.stress import Task, small, stress_table, survival_table

    panel, layout, settings = prepared.panel, prepared.layout, config.model
    has_money = panel.unit_value is not None
    break_even = unit_economics(config.finance).break_even_roi if has_money else None
    sampling, gates = small(settings.sampling, settings.gates)
    found = specs(panel, settings, layout, seed=settings.sampling.seed)
    table = stress_table(
        Posterior.load(fitted / "posterior.nc"),
        layout,
        [Task(spec, break_even, sampling, gates, layout.experiments) for spec in found],
        has_money=has_money,
        break_even=break_even,
        jobs=jobs,
        progress=say,
    )
    _csv(table, folder / "stress.csv")
    _csv(survival_table(table), folder / "stress_summary.csv")


def _until_and_window(panel: Panel, window: Dates) -> Dates:
    """Periods from the panel's end to the window's, so that owned media carry over."""
    span = int((window[-1] - panel.dates[-1]).astype(int))
    after = next_periods(panel.dates[-1], span, panel.grain)
    return after[after <= window[-1]]


def _write_report(folder: Path, config: Config, stages: list[Path], say: Progress) -> None:
    from mmm.reporting.report import write_report  # draws: a second that check, fit and plan need not wait
    from mmm.reporting.results import load_results

    say("writing the report")
    write_report(load_results(*stages), config.report, folder)


def _backtest_key(config: Config, prepared: Prepared) -> str:
    return stage_key(_fit_settings(config), ["backtest"], prepared.inputs, package_version())


def _backtest(
    store: RunFolder, prepared: Prepared, config: Config, asked: tuple[int, int, int], say: Progress
) -> None:
    """Refit at every origin that is not finished, each a stage of its own, then join them."""
    jobs, count, horizon = asked
    key = _backtest_key(config, prepared)
    settings = lighter(config.model)
    break_even = unit_economics(config.finance).break_even_roi
    places = choose_origins(prepared.panel, config.model.max_lag, count, horizon)
    names = [f"origin-{prepared.panel.dates[at]}-{horizon}" for at in places]
    task = partial(
        forecast,
        tables=prepared.tables,
        panel=prepared.panel,
        horizon=horizon,
        data=config.data,
        calendar=config.calendar,
        settings=settings,
        break_even=break_even,
    )
    todo = [i for i, name in enumerate(names) if store.finished(name, key) is None]
    say(f"refitting at {len(todo)} earlier days")
    for done, found in enumerate(side_by_side(task, [int(places[i]) for i in todo], jobs), start=1):
        store.stage(names[todo[done - 1]], key, found.save)
        say(f"refitted at {done} of {len(todo)} earlier days")
    parts = [store.finished(name, key) for name in names]
    whole = join([Forecast.load(part) for part in parts if part is not None], horizon, settings)
    store.stage(f"backtest-{count}x{horizon}", key, whole.save)


def _diagnostics(fitted: Any) -> dict[str, Any]:
    convergence = fitted.convergence
    return {
        "rhat_max": convergence.rhat_max,
        "ess_bulk_min": convergence.ess_bulk_min,
        "ess_tail_min": convergence.ess_tail_min,
        "divergences": convergence.divergences,
        "draws": convergence.draws,
        "attempts": fitted.attempts,
        "seconds": {"fit": sum(fitted.seconds.values()), **fitted.seconds},
    }


def _seeded(config: Config, seed: int) -> Config:
    sampling = config.model.sampling.model_copy(update={"seed": seed})
    return config.model_copy(update={"model": config.model.model_copy(update={"sampling": sampling})})


def _json(*parts: Settings, checks: list[Check] | None = None) -> str:
    return "\n".join([*(part.model_dump_json() for part in parts), *map(str, checks or ())])


def _fit_settings(config: Config) -> str:
    names = json.dumps([config.name, config.currency, sorted(config.channels)])
    was = "".join(found.model_dump_json(include={"was", "role"}) for found in config.channels.values())
    tests = "" if config.experiments is None else config.experiments.model_dump_json()
    return _json(config.data, config.calendar, config.model, config.finance) + names + was + tests


def _fit_key(config: Config, prepared: Prepared) -> str:
    return stage_key(_fit_settings(config), [], prepared.inputs, package_version())


def _stress_key(fit_key: str) -> str:
    return stage_key("", [fit_key], {}, package_version())


def _plan_settings(config: Config) -> str:
    return _json(config.plan, config.finance)


def _plan_inputs(config: Config) -> dict[str, str]:
    asked = (config.plan.until_window, config.plan.reference)
    paths = [config.folder / found.source for found in asked if isinstance(found, SpendFile)]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise ConfigError([f"`plan`: there is no file {missing[0]}"])
    return {str(path): sha256(path) for path in paths}


def _csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, encoding="utf-8-sig", date_format="%Y-%m-%d")


def _write_json(value: Mapping[str, Any], path: Path) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


class Run:
    """A view on a run folder: the tables as data frames, the plan, the paths of the pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def roi(self) -> pd.DataFrame:
        """Returns by cell, channel, audience, geo and in total."""
        return self.table("roi")

    def contributions(self) -> pd.DataFrame:
        """The outcome by period and component."""
        return self.table("contributions")

    def fit(self) -> pd.DataFrame:
        """Actual and expected by period and geo."""
        return self.table("fit")

    def checks(self) -> pd.DataFrame:
        """Findings about the data."""
        return self.table("checks")

    def reviews(self) -> pd.DataFrame:
        """What the fit shows of its own weak points."""
        return self.table("reviews")

    def experiments(self) -> pd.DataFrame:
        """Past tests beside the model; without rows where the config names none."""
        return self.table("experiments") if (self.folder / "experiments.csv").is_file() else pd.DataFrame()

    def moves(self) -> pd.DataFrame:
        """Where the money moves, and why."""
        return self.plan.moves

    @cached_property
    def plan(self) -> Plan:
        """The plan, with its tables and figures."""
        return Plan.load(self.folder)

    @property
    def diagnostics(self) -> dict[str, Any]:
        """How the fit went."""
        return self._read_json("diagnostics.json")

    def _read_json(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return found

    @property
    def backtest(self) -> dict[str, Any]:
        """How the backtest was done, and which origins were refused."""
        return self._read_json("backtest.json")

    @property
    def report_path(self) -> Path:
        """The page."""
        return self.folder / "report.html"

    def table(self, name: str) -> pd.DataFrame:
        """One table of the run by its name in the contract, such as `roi`."""
        texts = ["level", "channel", "audience", "message", "geo", "component", "evidence", "check", "where"]
        texts += ["origin", "horizon"]
        texts += [
            "kind",
            "spec",
            "verdict",
            "refused",
            "lowest_spec",
            "highest_spec",
            "survives",
            "benchmark",
        ]
        texts += ["id", "geos", "start", "end"]
        path = self.folder / f"{name}.csv"
        if not path.is_file():
            raise ConfigError([f"{path} is not there; run `mmm run` on the config to make it"])
        head = pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
        return pd.read_csv(
            path,
            encoding="utf-8-sig",
            dtype={text: str for text in texts if text in head},
            keep_default_na=False,
            na_values={column: [""] for column in head if column not in texts},
            parse_dates=["date"] if "date" in head else None,
        )
