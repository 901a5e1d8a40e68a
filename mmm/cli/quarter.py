"""From a quarter to the next: `mmm approve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmm.cli.application import Config_, Out, app, load, say


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
    print(approval_text(found.to_json()))
    print(found.folder / "approved.json")
