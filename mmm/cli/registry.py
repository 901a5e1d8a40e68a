"""Every run that was published: `mmm runs list`, `show`, `compare`, `champion`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmm.cli.answer import show as answer
from mmm.cli.application import app

if TYPE_CHECKING:
    from mmm.runs.registry import Registry

runs = typer.Typer(
    name="runs",
    help="Runs that were published, those of the history included.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(runs)

Reports = Annotated[Path, typer.Option("--reports", metavar="DIR", help="where run folders are")]
Run_ = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="its id, the beginning of it, or a name: the latest", show_default=False
    ),
]
REPORTS = Path("reports")


@runs.command("list")
def list_runs(reports: Reports = REPORTS) -> None:
    """List every run, the newest first."""
    from mmm.console.registry import runs_text
    from mmm.runs.registry import read_registry

    registry = read_registry(reports)
    champions = _champions(registry)
    answer(runs_text(registry, champions), runs=registry.entries, champions=champions)


@runs.command()
def show(run: Run_, reports: Reports = REPORTS) -> None:
    """Show what one run was made from and what it holds."""
    from mmm.console.registry import run_text
    from mmm.runs.registry import read_registry

    found = read_registry(reports).find(run)
    answer(run_text(found), run=found)


@runs.command()
def compare(
    before: Annotated[str, typer.Argument(metavar="RUN", help="the earlier one", show_default=False)],
    after: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="else the latest of the same name", show_default=False),
    ] = None,
    reports: Reports = REPORTS,
) -> None:
    """Compare two runs: inputs, config, returns and plan."""
    from mmm.console.registry import comparison_text
    from mmm.runs.registry import read_registry
    from mmm.stages.comparison import compare_runs

    registry = read_registry(reports)
    first = registry.find(before)
    second = registry.find(after or first.name)
    found = compare_runs(first, second)
    ids = first.manifest.run_id, second.manifest.run_id
    answer(comparison_text(found, *ids), runs=ids, comparison=found)


@runs.command()
def champion(
    run: Run_,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="who says so")] = "",
    why: Annotated[str, typer.Option("--why", metavar="REASON", help="the reason, kept with it")] = "",
    reports: Reports = REPORTS,
) -> None:
    """Name the run that stands for its company; the account of it is append-only."""
    from mmm.runs.registry import name_champion, read_registry

    found = read_registry(reports).find(run)
    name_champion(_champions_of(found.name), found, by=by, why=why)
    print(f"{found.manifest.run_id} is the champion of {found.name}")
    print(f"Written: {_champions_of(found.name)}")


def _champions(registry: Registry) -> dict[str, str]:
    from mmm.runs.registry import read_champion

    names = dict.fromkeys(entry.name for entry in registry.entries)
    told = {name: read_champion(_champions_of(name)) for name in names}
    return {name: line["run_id"] for name, line in told.items() if line is not None}


def _champions_of(name: str) -> Path:
    """Champions are named where tests and plans are written down, outside of `reports`."""
    return Path("data") / f"{name}-champions.csv"
