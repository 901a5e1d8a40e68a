"""The main job and its parts: `mmm check`, `fit`, `plan`, `report`, `run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmm.cli.answer import show
from mmm.cli.application import (
    Bounds,
    Config_,
    Engine,
    Language,
    Out,
    Quiet,
    Seed,
    Strict,
    app,
    in_cells,
    load,
    progress,
    say,
    workplace,
)
from mmm.errors import UsageError

if TYPE_CHECKING:
    from mmm.config import Config
    from mmm.runs.engines import Workers


@app.command()
def check(config: Config_, quiet: Quiet = False) -> int:
    """Read and check everything, fit nothing."""
    del quiet  # there is no progress to keep quiet about; accepted like everywhere
    return check_config(config)


@app.command()
def fit(
    config: Config_, out: Out = None, seed: Seed = None, strict: Strict = False, quiet: Quiet = False
) -> None:
    """Check, fit, diagnose, and print returns."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.results import experiments_text, others_text, reviews_text, roi_text

    with progress(quiet) as line:
        done = pipeline.fit(settings, out=out, seed=seed, progress=line, strict=strict)
    roi, others, experiments, reviews = done.roi(), done.other_outcomes(), done.experiments(), done.reviews()
    show(roi_text(roi, settings.currency), folder=done.folder, roi=roi)
    if told := others_text(others, settings.currency):
        show(told, other_roi=others)
    if told := experiments_text(experiments):
        show(told, experiments=experiments)
    show(reviews_text(reviews), reviews=reviews)
    print(f"Next: mmm plan {config}")


@app.command()
def plan(
    config: Config_,
    out: Out = None,
    bounds: Bounds = None,
    seed: Seed = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Plan the coming window from a finished fit."""
    settings = load(config, out, bounds)
    from mmm import pipeline
    from mmm.console.plans import plan_text

    with progress(quiet) as line:
        done = pipeline.plan(settings, out=out, seed=seed, progress=line, strict=strict)
    summary, moves = done.plan.summary.to_json(), done.moves()
    show(plan_text(summary, moves, settings.currency), folder=done.folder, plan=summary, moves=moves)
    with_bounds = "" if bounds is None else f" --bounds {bounds}"
    print(f"Next: mmm report {config}{with_bounds}")


@app.command()
def report(
    config: Config_,
    out: Out = None,
    bounds: Bounds = None,
    seed: Seed = None,
    strict: Strict = False,
    audience: Annotated[
        list[str] | None,
        typer.Option(
            "--audience",
            metavar="WHO",
            help="cfo, marketing, analyst or agency; again for more; else what the config says",
            show_default=False,
        ),
    ] = None,
    language: Language = None,
    quiet: Quiet = False,
) -> None:
    """Write the page, the two pages to sign and the workbook from what is there."""
    settings = load(config, out, bounds, language=language)
    if audience:
        settings = settings.with_report({"audiences": audience})
    from mmm import pipeline

    with progress(quiet) as line:
        done = pipeline.report(settings, out=out, seed=seed, progress=line, strict=strict)
    show("\n".join(map(str, done.report_paths)), folder=done.folder, files=done.report_paths)


@app.command()
def run(
    configs: Annotated[
        list[Path],
        typer.Argument(metavar="CONFIG", help="one or more configs", show_default=False),
    ],
    out: Out = None,
    bounds: Bounds = None,
    seed: Seed = None,
    strict: Strict = False,
    tests: Annotated[
        bool, typer.Option("--tests/--no-tests", help="design tests for the reserve, or leave it a line")
    ] = True,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            metavar="N",
            min=1,
            help="configs at a time, a process each; else one a core",
            show_default=False,
        ),
    ] = None,
    engine: Engine = "",
    language: Language = None,
    quiet: Quiet = False,
) -> int:
    """Check, fit, plan, design tests and report; several configs side by side, each on its own."""
    from mmm.portfolio.config import is_portfolio

    if portfolios := [config for config in configs if is_portfolio(config)]:
        if len(configs) > 1:
            raise UsageError(f"{portfolios[0]} is a portfolio: it names its markets itself. Run it alone")
        return _run_portfolio(portfolios[0], out, seed, language, jobs, engine, quiet)
    if len(configs) == 1 and not engine:
        settings = load(configs[0], out, bounds, language=language)
        run_one(settings, out, seed, quiet, strict=strict, tests=tests)
        return 0
    if out is not None or bounds is not None:
        what = "--out names one folder" if out is not None else "--bounds names one workbook"
        raise UsageError(
            f"{what}, and there are several configs or an engine. Leave it away, or run one here"
        )
    from mmm.runs.engines import Workers, one_a_core

    workers = Workers(min(jobs or one_a_core(), len(configs)), engine)
    return _run_many(configs, workers, seed, language, quiet, strict=strict, tests=tests)


def _run_portfolio(
    path: Path,
    out: Path | None,
    seed: int | None,
    language: str | None,
    jobs: int | None,
    engine: str,
    quiet: bool,
) -> int:
    """One budget over the markets of a portfolio; the path of its page is printed last."""
    import json

    from mmm.console.many import finished_text, portfolio_text
    from mmm.portfolio.many import Status
    from mmm.portfolio.run import run_portfolio
    from mmm.reporting.results import read_table
    from mmm.runs.engines import Workers, one_a_core

    with progress(quiet) as line:

        def note(status: Status) -> None:
            if line is not None:
                line.close()
            if status.message or not quiet:
                say(status.message or finished_text(status))

        live = line if line is not None and line.live else None
        workers = Workers(jobs or one_a_core(), engine)
        page = run_portfolio(
            path, out=out, seed=seed, language=language, workers=workers, progress=live, finished=note
        )
    told = json.loads((page.parent / "portfolio.json").read_text(encoding="utf-8"))
    markets = read_table(page.parent / "markets.csv")
    text = f"{portfolio_text(told, markets)}\n{page}"
    show(text, folder=page.parent, files=[page], portfolio=told, markets=markets)
    return 0


def _run_many(
    configs: list[Path],
    workers: Workers,
    seed: int | None,
    language: str | None,
    quiet: bool,
    *,
    strict: bool,
    tests: bool,
) -> int:
    """The main job for several companies; a table of what became of each is printed last."""
    from mmm.console.many import finished_text, many_text
    from mmm.portfolio.many import Status, run_many, worst

    with progress(quiet) as line:

        def note(status: Status) -> None:
            if line is not None:
                line.close()
            if status.message:
                say(status.message)
            elif not quiet:
                say(finished_text(status))

        live = line if line is not None and line.live else None
        found = run_many(
            configs,
            seed=seed,
            strict=strict,
            tests=tests,
            language=language,
            workers=workers,
            progress=live,
            finished=note,
        )
    show(many_text(found, Path.cwd()), configs=found)
    return worst(found)


def run_one(
    config: Config,
    out: Path | None,
    seed: int | None,
    quiet: bool,
    *,
    strict: bool = False,
    tests: bool = True,
) -> None:
    """The main job for one company; the path of its page is printed last."""
    from mmm import pipeline

    if out is not None:
        workplace.folder = out
    with progress(quiet) as line:
        done = pipeline.run(config, out=out, seed=seed, progress=line, strict=strict, tests=tests)
    show(str(done.report_path), folder=done.folder, files=[done.report_path])


def check_config(path: Path) -> int:
    """Check a config and print what was found; 1 where something fails."""
    config = load(path, None)
    from mmm import pipeline
    from mmm.console.results import checks_text

    checks = pipeline.check(config)
    show(in_cells(checks_text(checks, str(path))), checks=checks)
    return int(any(found.severity == "fail" for found in checks))
