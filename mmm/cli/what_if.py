"""Other budgets and other splits: `mmm scenarios`."""

from __future__ import annotations

from mmm.cli.application import Config_, Out, Quiet, Seed, app, load, progress


@app.command()
def scenarios(config: Config_, out: Out = None, seed: Seed = None, quiet: Quiet = False) -> None:
    """Compare budgets and splits with the plan, all on the same draws."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.scenarios import goals_text, scenarios_text

    with progress(quiet) as line:
        done = pipeline.scenarios(settings, out=out, seed=seed, progress=line)
    pairs, frontier = done.table("scenario_pairs"), done.frontier()
    print(scenarios_text(done.scenarios(), pairs, frontier, settings.currency))
    if told := goals_text(done.goals()):
        print(told)
    print(f"Next: mmm report {config}")
