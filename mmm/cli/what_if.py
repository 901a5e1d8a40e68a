"""Other budgets and other splits: `mmm scenarios`."""

from __future__ import annotations

from mmm.cli.answer import show
from mmm.cli.application import Config_, Engine, Jobs, Out, Quiet, Seed, app, load, progress


@app.command()
def scenarios(
    config: Config_,
    out: Out = None,
    seed: Seed = None,
    jobs: Jobs = 1,
    engine: Engine = "",
    quiet: Quiet = False,
) -> None:
    """Compare budgets and splits with the plan, all on the same draws."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.scenarios import goals_text, scenarios_text

    with progress(quiet) as line:
        done = pipeline.scenarios(settings, out=out, seed=seed, progress=line, jobs=jobs, engine=engine)
    compared, pairs, frontier = done.scenarios(), done.table("scenario_pairs"), done.frontier()
    text = scenarios_text(compared, pairs, frontier, settings.currency)
    show(text, folder=done.folder, scenarios=compared, scenario_pairs=pairs, frontier=frontier)
    if told := goals_text(done.goals()):
        show(told, goals=done.goals())
    print(f"Next: mmm report {config}")
