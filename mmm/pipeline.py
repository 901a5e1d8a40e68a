"""The line, and the only place that joins stages: data -> panel -> model -> posterior -> curves -> plan -> report.

Each stage writes one folder under `.stages/`, named by all it depends on, so a finished one is reused and a run
can be resumed. What a stage reads and writes is in `mmm/stages/`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mmm.config import Config
from mmm.data.panel import Check
from mmm.errors import ConfigError, InputError
from mmm.inference.backtest import ORIGINS, QUARTER
from mmm.runs.approvals import read_approvals
from mmm.runs.engines import HERE, Workers
from mmm.runs.manifest import package_version
from mmm.runs.store import RunFolder, stage_key
from mmm.stages.approved import plans_folder, record_of, write_record
from mmm.stages.at_hand import at_hand
from mmm.stages.backtest import backtest_origins
from mmm.stages.check import check_plan, refuse_plan, write_checks
from mmm.stages.designs import write_designs
from mmm.stages.fit import Progress, refuse_contradictions, write_fit
from mmm.stages.held import begun, held_key, write_held
from mmm.stages.keys import (
    as_json,
    backtest_key,
    fit_key,
    money_key,
    page_key,
    plan_key,
    pnl_key,
    scenario_settings,
    stress_key,
    tests_key,
)
from mmm.stages.money import write_money
from mmm.stages.other_outcomes import checks_of, fit_others, fitted_others, prepare_others
from mmm.stages.plan import write_plan
from mmm.stages.pnl import write_pnl
from mmm.stages.prepare import Prepared, prepare
from mmm.stages.preview import preview_figures
from mmm.stages.readout import READOUT, ReadTest, add_result, foreseen, read_panel, write_readout
from mmm.stages.refresh import changes, last_fit, refit, refresh_key, write_refresh
from mmm.stages.report import report_inputs, write_report
from mmm.stages.rollout import (
    PROPOSALS,
    ROLLOUT,
    refuse_rollout,
    rollout_key,
    write_proposals,
    write_rollout,
)
from mmm.stages.scenarios import write_scenarios
from mmm.stages.segments import refuse_segments, write_segments
from mmm.stages.stress import write_stress
from mmm.stages.view import Run


def check(config: Config) -> list[Check]:
    """Read and check everything, the coming window and its limits included; fit nothing.

    Raises
    ------
    DataError, ConfigError
        Faults that leave nothing to check.
    """
    report_inputs(config)
    brought = at_hand(config)
    config = brought.config
    prepared = prepare(config, refuse=False)
    beside = checks_of(prepare_others(config, refuse=False), prepared.checks)
    return [*brought.checks, *prepared.checks, *beside, *check_plan(prepared.panel, config)]


def fit(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    strict: bool = False,
) -> Run:
    """Check, fit, diagnose, decompose; publish the fit's tables.

    Parameters
    ----------
    strict
        Whether to stop where a past test contradicts the rest and nobody has decided about it.
    """
    return _go(config, "fit", out, seed, progress, strict=strict)


def fit_market(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    strict: bool = False,
) -> Run:
    """`fit` for a market of a portfolio: it is planned with others, so its own window and budget are not looked at."""
    return _go(config, "market", out, seed, progress, strict=strict)


def scorecard(config: Config, *, out: Path | None = None, progress: Progress | None = None) -> Run:
    """From activity to result without a fit: `scorecard.csv`, `sources.csv`; nothing is fitted."""
    return _go(config, "scorecard", out, None, progress)


def reconcile(config: Config, *, out: Path | None = None, progress: Progress | None = None) -> Run:
    """The money bridge, as far as counts go, and to what media caused where a fit is finished; nothing is fitted."""
    return _go(config, "reconcile", out, None, progress)


def plan(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    strict: bool = False,
) -> Run:
    """Optimize the coming window; the fit is reused where it is finished."""
    return _go(config, "plan", out, seed, progress, strict=strict)


def scenarios(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    engine: str = "",
) -> Run:
    """Compare budgets and splits on the same draws; fit and plan are reused where they are finished.

    Parameters
    ----------
    jobs, engine
        Who shares the budgets that are planned, as for `stress`.
    """
    return _go(config, "scenarios", out, seed, progress, workers=Workers(jobs, engine))


def report(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    strict: bool = False,
) -> Run:
    """Write the page and the workbook; fit, plan and scenarios are reused where they are finished."""
    return _go(config, "report", out, seed, progress, strict=strict)


def run(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    strict: bool = False,
    tests: bool = True,
) -> Run:
    """The main job: check, fit, plan, tests, scenarios, report.

    Parameters
    ----------
    tests
        Whether to design tests for the reserve; without them it stays one line of the plan.
    """
    return _go(config, "run", out, seed, progress, strict=strict, tests=tests)


def design_tests(
    config: Config, *, out: Path | None = None, seed: int | None = None, progress: Progress | None = None
) -> Run:
    """Design tests for the reserve, and plan around them; fit and plan are reused where they are finished."""
    return _go(config, "tests", out, seed, progress)


def stress(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    engine: str = "",
) -> Run:
    """Many small fits under other settings, priors and with placebos; the fit is reused where it is finished.

    Parameters
    ----------
    jobs
        Processes; the result is the same for any number.
    engine
        `dask://HOST:PORT` or `ray://HOST:PORT`, whose workers take the place of processes here.
    """
    workers = Workers(jobs, engine)
    refuse_segments(config, "a stress test")
    say = progress or (lambda text: None)

    def refit(store: RunFolder, config: Config, prepared: Prepared) -> None:
        key = fit_key(config, prepared)
        fitted = store.stage("fit", key, lambda to: write_fit(to, config, prepared, store, say))
        store.stage(
            "stress", stress_key(key), lambda to: write_stress(to, config, prepared, fitted, workers, say)
        )

    return _go(config, "stress", out, seed, progress, refit)


def backtest(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    engine: str = "",
    origins: int = ORIGINS,
    horizon: int | None = None,
) -> Run:
    """Forecast from earlier days and compare with what happened; origins that are finished are reused.

    Parameters
    ----------
    jobs, engine
        As for `stress`.
    origins
        How many earlier days, at most.
    horizon
        Periods ahead; None: a quarter.
    """
    workers = Workers(jobs, engine)
    refuse_segments(config, "a backtest")
    ahead = QUARTER[config.data.grain] if horizon is None else horizon

    def refit(store: RunFolder, config: Config, prepared: Prepared) -> None:
        backtest_origins(store, prepared, config, (workers, origins, ahead), progress or (lambda text: None))

    return _go(config, "backtest", out, seed, progress, refit)


def refresh(
    config: Config, *, out: Path | None = None, seed: int | None = None, progress: Progress | None = None
) -> Run:
    """New data: fit them, say what moved each return and why, and whether the approved plan's forecast held.

    Raises
    ------
    InputError
        There is no earlier fit to compare with, and no approved plan that has begun.
    """
    refuse_segments(config, "a refresh")
    say = progress or (lambda text: None)

    def compare(store: RunFolder, config: Config, prepared: Prepared) -> None:
        key = fit_key(config, prepared)
        approval = begun(read_approvals(plans_folder(config)), prepared.panel.data_until)
        try:
            last = last_fit(store, config, prepared)
        except InputError:
            if approval is None or store.finished("fit", key) is None:
                raise
        else:
            table, steps = changes(config, prepared, last)
            fits = refit(store, config, prepared, last, steps, say)
            until = prepared.panel.data_until
            store.stage(
                "refresh",
                refresh_key(key),
                lambda to: write_refresh(to, last, table, steps, fits, until),
            )
        fitted = store.finished("fit", key)
        if approval is not None and fitted is not None:
            judged = held_key(key, approval)
            store.stage("held", judged, lambda to: write_held(to, config, prepared, fitted, approval, say))

    return _go(config, "refresh", out, seed, progress, compare)


def read_test(
    config: Config, name: str, *, out: Path | None = None, progress: Progress | None = None
) -> ReadTest:
    """Read a finished test, publish its page, and add its result to the table of experiments.

    Raises
    ------
    InputError
        A test that nobody knows, is void, or cannot be compared.
    GateRefused
        What was read is no result; its page is kept and nothing is added.
    """
    refuse_segments(config, "reading a test")
    say = progress or (lambda text: None)
    folder = out if out is not None else Path("reports") / config.name
    config = at_hand(config, say).config
    say("reading and checking the data")
    prepared = prepare(config)
    say("reading the test")
    found = read_panel(config, name, folder, prepared.panel)
    with RunFolder.open(folder, owner=f"{config.name} in {config.folder}") as store:
        if found.is_result:
            say("what a new fit would say")
            found = foreseen(found, preview_figures(store, config, prepared, found.readout))
        place = store.stage(
            found.stage, page_key(config, found.key), lambda to: write_readout(to, config, found)
        )
        manifest = store.manifest(
            command="tests read",
            config_text=config.text or as_json(config),
            config_hash=config.digest,
            inputs=prepared.inputs,
            seed=config.model.sampling.seed,
        )
        store.add(_artefacts([place]), manifest)
    return add_result(config, found, folder / f"{found.stage}.html")


def rollout(
    config: Config, name: str | None = None, *, out: Path | None = None, progress: Progress | None = None
) -> Run:
    """Propose what to do after every test about which nothing was decided; the report shows it where there is one.

    Parameters
    ----------
    name
        The test that is asked about; all are proposed together.

    Raises
    ------
    InputError
        Nothing can be proposed, or no fit and plan of these data are finished.
    """
    say = progress or (lambda text: None)
    folder = out if out is not None else Path("reports") / config.name

    def weigh(store: RunFolder, config: Config, prepared: Prepared) -> None:
        refuse_rollout(config, prepared, name, folder)
        fitted_key = fit_key(config, prepared)
        planned_key = plan_key(config, fitted_key)
        designed_key = tests_key(config, planned_key)
        fitted, designed = store.finished("fit", fitted_key), store.finished("tests", designed_key)
        planned = designed or store.finished("plan", planned_key)
        if fitted is None or planned is None:
            raise InputError(
                "these data and settings have no finished fit and plan yet; first: mmm run CONFIG"
            )
        key = rollout_key(config, prepared, planned_key if designed is None else designed_key)
        store.stage(ROLLOUT, key, lambda to: write_rollout(to, config, prepared, fitted, planned, key, say))

    return _go(config, "tests rollout", out, None, progress, weigh)


_MADE = {
    "scorecard": {"money"},
    "reconcile": {"money"},
    "fit": {"fit", "money"},
    "market": {"fit", "money"},
    "plan": {"fit", "money", "plan", "pnl"},
    "tests": {"fit", "money", "plan", "tests", "pnl"},
    "scenarios": {"fit", "money", "plan", "pnl", "scenarios"},
    "report": {"fit", "money", "plan", "pnl", "scenarios", "report"},
    "run": {"fit", "money", "plan", "tests", "pnl", "scenarios", "report"},
    "stress": {"fit", "money", "report"},  # where there is a plan to report
    "backtest": {"report"},
    "refresh": {"fit", "money", "report"},
    "tests rollout": {"report"},
}
"""What a command makes of the line; the rest is published where it is finished and still true."""


def _go(
    config: Config,
    command: str,
    out: Path | None,
    seed: int | None,
    progress: Progress | None,
    aside: Callable[[RunFolder, Config, Prepared], object] | None = None,
    *,
    strict: bool = False,
    tests: bool = True,
    workers: Workers = HERE,
) -> Run:
    """Make the stages of a command, and publish them with all that is finished; `aside` works beside the line.

    A plan whose tests are designed takes the place of the plan that they were designed from.
    """
    say = progress or (lambda text: None)
    folder = out if out is not None else Path("reports") / config.name
    config = config if seed is None else _seeded(config, seed)
    if config.plan.flighting is not None:  # a test sets weeks of its own
        if command == "tests":
            raise ConfigError(
                [
                    "`plan.flighting`: no tests are designed beside weeks as decisions yet; take it out to design some"
                ]
            )
        tests = False
    printed = report_inputs(config)
    brought = at_hand(config, say)
    config = brought.config
    say("reading and checking the data")
    prepared = prepare(config)
    others = prepare_others(config)
    found = [*brought.checks, *prepared.checks, *checks_of(others, prepared.checks)]
    prepared = replace(prepared, checks=found)
    if command not in ("refresh", "market") and ("fit" in _MADE[command] or aside is not None):
        refuse_plan(prepared.panel, config)  # before the long fit
    version, inputs = package_version(), prepared.inputs
    with RunFolder.open(folder, owner=f"{config.name} in {config.folder}") as store:
        about = stage_key(as_json(config, checks=prepared.checks), [], inputs, version)
        stages = [store.stage("check", about, lambda to: write_checks(to, config, prepared))]
        if aside is not None:
            aside(store, config, prepared)
        tried = store.latest("backtest", backtest_key(config, prepared))
        fitted_key = fit_key(config, prepared)
        stressed = store.finished("stress", stress_key(fitted_key))

        def done(name: str, key: str, make: Callable[[Path], None]) -> Path | None:
            return store.stage(name, key, make) if name in _MADE[command] else store.finished(name, key)

        sample = write_segments if prepared.segments else write_fit
        fitted = done("fit", fitted_key, lambda to: sample(to, config, prepared, store, say))
        if strict and fitted is not None:
            refuse_contradictions(fitted)
        further = fit_others(store, others, say, make="fit" in _MADE[command])
        fits = ["no fit" if fitted is None else fitted_key]
        fits += [] if further is None else [further.name]
        beside_it = {} if further is None else fitted_others(store, others)
        counted = money_key(config, prepared, fits)
        money = done("money", counted, lambda to: write_money(to, config, prepared, fitted, beside_it))
        record = begun(read_approvals(plans_folder(config)), prepared.panel.data_until)
        moved = store.finished("refresh", refresh_key(fitted_key))
        judged = None if record is None else store.finished("held", held_key(fitted_key, record))
        done_before = (money, tried, stressed, further, moved, judged)
        beside = [place for place in done_before if place is not None]
        planned_key = plan_key(config, fitted_key)
        designed_key = tests_key(config, planned_key)
        planned = designed = None
        if fitted is not None:
            stages.append(fitted)
            planned = done("plan", planned_key, lambda to: write_plan(to, config, prepared, fitted, say))
        if fitted is not None and planned is not None and tests:
            before = planned
            designed = done(
                "tests", designed_key, lambda to: write_designs(to, config, prepared, fitted, before, say)
            )
        final, final_key = designed or planned, planned_key if designed is None else designed_key
        if fitted is not None and final is not None:
            plan_made = final
            profit = done(
                "pnl",
                pnl_key(config, prepared, final_key),
                lambda to: write_pnl(to, config, prepared, fitted, plan_made, say),
            )
            beside += [] if profit is None else [profit]
        approved = None if final is None else record_of(config, final)
        if approved is not None and final is not None:
            against, signed = final, approved
            key = stage_key("", [final_key, signed.manifest, str(signed.number)], {}, version)
            beside.append(store.stage("record", key, lambda to: write_record(to, signed, against)))
        asked = store.finished(ROLLOUT, rollout_key(config, prepared, final_key))
        if asked is not None:
            tables, spoken = asked, page_key(config, asked.name)
            pages = store.stage(PROPOSALS, spoken, lambda to: write_proposals(to, config, tables))
            beside += [asked, pages]
        beside_key = stage_key(scenario_settings(config), [final_key], {}, version)
        shown = [about, fitted_key, final_key, beside_key, *(place.name for place in beside)]
        report_key = stage_key(config.report.model_dump_json(), shown, printed, version)
        line: tuple[tuple[str, str, Callable[[Path], None]], ...] = (
            (
                "scenarios",
                beside_key,
                lambda to: write_scenarios(to, config, prepared, (stages[1], stages[2]), workers, say),
            ),
            ("report", report_key, lambda to: write_report(to, config, [*stages, *beside], say)),
        )
        stages += [] if final is None else [final]
        for name, key, make in line if final is not None else ():
            if (made := done(name, key, make)) is None:
                break
            stages.append(made)
        manifest = store.manifest(
            command=command,
            config_text=config.text or as_json(config),
            config_hash=config.digest,
            inputs=inputs
            | prepared.counted
            | dict(brought.inputs)
            | {k: v for one in others for k, v in one.prepared.inputs.items()},
            seed=config.model.sampling.seed,
        )
        store.publish(_artefacts([*stages, *beside, *store.kept(READOUT)]), manifest)
    return Run(folder)


def _artefacts(stages: list[Path]) -> dict[str, Path]:
    """What the stages made, by name."""
    return {
        name: path
        for stage in stages
        for path in sorted(stage.rglob("*"))
        if path.is_file() and (name := path.relative_to(stage).as_posix()) != "stage.json"
    }


def _seeded(config: Config, seed: int) -> Config:
    sampling = config.model.sampling.model_copy(update={"seed": seed})
    return config.model_copy(update={"model": config.model.model_copy(update={"sampling": sampling})})
