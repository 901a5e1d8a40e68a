"""From a quarter to the next: `mmm approve`, `mmm refresh`, `mmm export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmm.cli.answer import show
from mmm.cli.application import Config_, Out, Quiet, Seed, app, load, progress, say


@app.command()
def approve(
    config: Config_,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="who approves", show_default=False)],
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", metavar="S", help="a scenario instead of the plan", show_default=False),
    ] = None,
    why: Annotated[str, typer.Option("--why", metavar="REASON", help="the reason, kept with it")] = "",
    out: Out = None,
) -> None:
    """Freeze the plan of the last run as the plan of record; it is never changed or overwritten."""
    settings = load(config, out)
    from mmm.console.quarter import approval_text
    from mmm.stages.approved import approve_plan, is_of_config

    folder = out or Path("reports") / settings.name
    found = approve_plan(settings, folder=folder, by=by, why=why, scenario=scenario)
    if not is_of_config(settings, found):
        say(f"{config} has changed since run {found.run_id}; what is approved is the plan of that run")
    show(approval_text(found.to_json()), approved=found.to_json())
    print(found.folder / "approved.json")


@app.command()
def refresh(config: Config_, out: Out = None, seed: Seed = None, quiet: Quiet = False) -> None:
    """New data: fit again, say what moved and why, and whether the approved plan held."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.quarter import held_text, moved_text, pacing_text

    with progress(quiet) as line:
        done = pipeline.refresh(settings, out=out, seed=seed, progress=line)
    if (done.folder / "refresh.csv").is_file():
        moved, changes = done.table("refresh"), done.table("data_changes")
        show(moved_text(moved, changes, done.told("refresh")), refresh=moved, data_changes=changes)
    if (done.folder / "held.csv").is_file():
        held, pacing, told = done.table("held"), done.table("pacing"), done.told("held")
        show(held_text(held, told), held=held)
        show(pacing_text(pacing, told), pacing=pacing)
        print(f"Period by period: {done.folder / 'held_weeks.csv'}, {done.folder / 'pacing.csv'}")
    else:
        print(f"No window with an approved plan has begun; to approve one: mmm approve {config} --by NAME")


@app.command()
def export(
    config: Config_,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="URL", help="postgres://, sqlite:///FILE or duckdb:///FILE", show_default=False
        ),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="keep no earlier run of this company there")
    ] = False,
    out: Out = None,
) -> None:
    """Write the tables of the last run to a database; the same run twice changes nothing."""
    settings = load(config, out)
    from mmm.stages.hand_over import export_run
    from mmm.warehouse.handover import shown

    folder = out or Path("reports") / settings.name
    tables, rows = export_run(folder, settings.name, to, replace=replace)
    show(f"{tables} tables, {rows:,} rows, as mmm_... in {shown(to)}", tables=tables, rows=rows)
