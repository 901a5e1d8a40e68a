"""How far a fit can be trusted: `mmm stress`, `mmm backtest`."""

from __future__ import annotations

from typing import Annotated

import typer

from mmm.cli.answer import show
from mmm.cli.application import Config_, Engine, Jobs, Out, Quiet, Seed, app, load, progress


@app.command()
def stress(
    config: Config_,
    out: Out = None,
    seed: Seed = None,
    jobs: Jobs = 1,
    engine: Engine = "",
    quiet: Quiet = False,
) -> None:
    """Fit again under other settings, other priors, and with placebos; print what survives."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.trust import stress_text

    with progress(quiet) as line:
        done = pipeline.stress(settings, out=out, seed=seed, progress=line, jobs=jobs, engine=engine)
    tables = {name: done.table(name) for name in ("stress", "stress_summary", "hidden_driver")}
    show(stress_text(*tables.values()), folder=done.folder, **tables)
    print(f"Next: mmm report {config}")


@app.command()
def backtest(
    config: Config_,
    origins: Annotated[int, typer.Option("--origins", metavar="N", min=1, help="earlier days, at most")] = 4,
    horizon: Annotated[
        int | None,
        typer.Option(
            "--horizon", metavar="N", min=1, help="periods ahead; else a quarter", show_default=False
        ),
    ] = None,
    jobs: Jobs = 1,
    engine: Engine = "",
    out: Out = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Forecast from earlier days and compare with what happened."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.trust import backtest_text

    with progress(quiet) as line:
        done = pipeline.backtest(
            settings,
            out=out,
            seed=seed,
            progress=line,
            jobs=jobs,
            engine=engine,
            origins=origins,
            horizon=horizon,
        )
    summary = done.table("backtest_summary")
    show(
        backtest_text(summary, done.backtest),
        folder=done.folder,
        backtest_summary=summary,
        backtest=done.backtest,
    )
    print(f"Every forecast: {done.folder / 'backtest.csv'}")
