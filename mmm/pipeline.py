"""What a program or the command line can ask for: each command of the line, and the work that stands beside it."""

from __future__ import annotations

from pathlib import Path

from mmm.config import Config
from mmm.data.panel import Check
from mmm.errors import InputError
from mmm.inference.backtest import ORIGINS, QUARTER
from mmm.line import artefacts, carry_out
from mmm.runs.approvals import read_approvals
from mmm.runs.engines import Workers
from mmm.runs.store import RunFolder
from mmm.stages.approved import plans_folder
from mmm.stages.at_hand import at_hand
from mmm.stages.backtest import backtest_origins
from mmm.stages.check import check_plan
from mmm.stages.fit import Progress, write_fit
from mmm.stages.held import begun, held_key, write_held
from mmm.stages.keys import as_json, fit_key, page_key, plan_key, stress_key, tests_key
from mmm.stages.other_outcomes import checks_of, prepare_others
from mmm.stages.prepare import Prepared, prepare
from mmm.stages.preview import preview_figures
from mmm.stages.readout import ReadTest, add_result, foreseen, read_panel, write_readout
from mmm.stages.refresh import changes, last_fit, refit, refresh_key, write_refresh
from mmm.stages.report import report_inputs
from mmm.stages.rollout import ROLLOUT, refuse_rollout, rollout_key, write_rollout
from mmm.stages.segments import refuse_segments
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
    return carry_out(config, "fit", out, seed, progress, strict=strict)


def fit_market(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    strict: bool = False,
) -> Run:
    """`fit` for a market of a portfolio: it is planned with others, so its own window and budget are not looked at."""
    return carry_out(config, "market", out, seed, progress, strict=strict)


def scorecard(config: Config, *, out: Path | None = None, progress: Progress | None = None) -> Run:
    """From activity to result without a fit: `scorecard.csv`, `sources.csv`; nothing is fitted."""
    return carry_out(config, "scorecard", out, None, progress)


def reconcile(config: Config, *, out: Path | None = None, progress: Progress | None = None) -> Run:
    """The money bridge, as far as counts go, and to what media caused where a fit is finished; nothing is fitted."""
    return carry_out(config, "reconcile", out, None, progress)


def plan(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    strict: bool = False,
) -> Run:
    """Optimize the coming window; the fit is reused where it is finished."""
    return carry_out(config, "plan", out, seed, progress, strict=strict)


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
    return carry_out(config, "scenarios", out, seed, progress, workers=Workers(jobs, engine))


def report(
    config: Config,
    *,
    out: Path | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    strict: bool = False,
) -> Run:
    """Write the page and the workbook; fit, plan and scenarios are reused where they are finished."""
    return carry_out(config, "report", out, seed, progress, strict=strict)


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
    return carry_out(config, "run", out, seed, progress, strict=strict, tests=tests)


def design_tests(
    config: Config, *, out: Path | None = None, seed: int | None = None, progress: Progress | None = None
) -> Run:
    """Design tests for the reserve, and plan around them; fit and plan are reused where they are finished."""
    return carry_out(config, "tests", out, seed, progress)


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

    return carry_out(config, "stress", out, seed, progress, refit)


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

    return carry_out(config, "backtest", out, seed, progress, refit)


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

    return carry_out(config, "refresh", out, seed, progress, compare)


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
        store.add(artefacts([place]), manifest)
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

    return carry_out(config, "tests rollout", out, None, progress, weigh)
