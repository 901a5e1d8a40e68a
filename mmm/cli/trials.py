"""The life of a test: `mmm tests design`, `approve`, `read`, `resolve`, `void`, `ledger`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mmm.cli.answer import show
from mmm.cli.application import Config_, Language, Out, Quiet, Seed, app, load, progress
from mmm.errors import UsageError

tests = typer.Typer(
    name="tests",
    help="Tests of media: agree on them, read them, keep account of them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(tests)

Id = Annotated[str, typer.Argument(metavar="ID", help="the test", show_default=False)]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="who says so")]
Why = Annotated[str, typer.Option("--why", metavar="REASON", help="the reason, kept in the ledger")]


@tests.command()
def design(config: Config_, out: Out = None, seed: Seed = None, quiet: Quiet = False) -> None:
    """Propose what the reserve buys: tests with their regions, weeks, money and worth."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.designs import designs_text

    with progress(quiet) as line:
        done = pipeline.design_tests(settings, out=out, seed=seed, progress=line)
    found = done.tests()
    text = designs_text(found, done.reserve, settings.currency)
    show(text, folder=done.folder, tests=found, reserve=done.reserve)
    if found.empty:
        return
    print(f"Calendar: {done.folder / 'tests.ics'}")
    print(f"Next: mmm tests approve {config} {found['id'].iloc[0]}")


@tests.command()
def approve(config: Config_, name: Id, by: By = "", why: Why = "", out: Out = None) -> None:
    """Freeze a test: its regions, dates and money never change again."""
    settings = load(config, out)
    from mmm.stages.trials import approve, ledger_path

    design = approve(settings, name, folder=_folder(settings.name, out), by=by, why=why)
    where = f"{len(design.geos)} regions treated" if design.geos else "the whole country"
    print(f"{design.id} is approved: {design.start} to {design.end}, {where}")
    print(f"Written: {ledger_path(settings)}")
    print(f'Next, when it is over: mmm tests read {config} "{design.id}"')


@tests.command()
def read(config: Config_, name: Id, out: Out = None, language: Language = None, quiet: Quiet = False) -> None:
    """Read a finished test, and add its result to the table of experiments."""
    settings = load(config, out, language=language)
    from mmm import pipeline
    from mmm.console.trials import readout_text
    from mmm.stages.trials import shown

    with progress(quiet) as line:
        done = pipeline.read_test(settings, name, out=out, progress=line)
    show(readout_text(done.figures, settings.currency), readout=done.figures, page=done.page)
    print()
    if done.added:
        print(f"Written: a row of {shown(done.table)}")
    else:
        print("A table of experiments has a result of this test already; nothing was added")
    if not done.is_named:
        print(
            f"No fit reads {shown(done.table)} yet: name it in the config as `experiments: {{source: ...}}`, or copy"
        )
        print("the row into the table that is named there")
    print(done.page)


@tests.command()
def resolve(
    config: Config_,
    name: Id,
    choice: Annotated[
        str,
        typer.Option("--choice", metavar="WORD", help="keep the result, widen its error, or void the test"),
    ],
    why: Why = "",
    by: By = "",
    out: Out = None,
) -> None:
    """Settle a result that contradicts the model, and say why."""
    words: dict[str, Literal["keep", "widen", "void"]] = {"keep": "keep", "widen": "widen", "void": "void"}
    if choice not in words:
        raise UsageError(f'--choice is "{choice}"; it is keep, widen or void')
    _settle(config, name, words[choice], why, by, out)


@tests.command()
def rollout(
    config: Config_,
    name: Annotated[str, typer.Argument(metavar="[ID]", help="the test; none: all", show_default=False)] = "",
    word: Annotated[
        str,
        typer.Option(
            "--decide", metavar="WORD", help="write the decision down: scale, cut, stop, iterate or hold"
        ),
    ] = "",
    by: By = "",
    why: Why = "",
    out: Out = None,
    language: Language = None,
    quiet: Quiet = False,
) -> None:
    """Propose what to do after a test: scale, cut, stop, test again or hold."""
    words = ("scale", "cut", "stop", "iterate", "hold")
    if word and word not in words:
        raise UsageError(f'--decide is "{word}"; it is {", ".join(words[:-1])} or {words[-1]}')
    if word and not (name and by.strip() and why.strip()):
        raise UsageError(
            'a decision names its test, who decided and why: ID --decide WORD --by NAME --why "..."'
        )
    settings = load(config, out, language=language)
    from mmm import pipeline
    from mmm.console.trials import rollout_text
    from mmm.stages.rollout import decide_rollout, pages_of

    with progress(quiet) as line:
        run = pipeline.rollout(settings, name or None, out=out, progress=line)
    found, steps = run.rollout(), run.table("rollout_steps")
    show(rollout_text(found, steps, settings.currency, name), rollout=found, rollout_steps=steps)
    print()
    if word:
        print(decide_rollout(settings, name, word, run.rollout(), folder=run.folder, by=by, why=why))
    for page in pages_of(run.rollout(), run.folder, name):
        print(page)


@tests.command()
def void(config: Config_, name: Id, why: Why = "", by: By = "", out: Out = None) -> None:
    """Drop a test: it gives no result, and its weeks are history again."""
    _settle(config, name, "void", why, by, out)


@tests.command()
def ledger(config: Config_) -> None:
    """List every test with its state, its money and its result."""
    settings = load(config, None)
    import numpy as np

    from mmm.console.trials import ledger_text
    from mmm.experiments.ledger import read_ledger
    from mmm.stages.trials import ledger_path

    ledger = read_ledger(ledger_path(settings))
    show(ledger_text(ledger, np.datetime64("today", "D")), ledger=ledger)


def _settle(
    config: Path, name: str, choice: Literal["keep", "widen", "void"], why: str, by: str, out: Path | None
) -> None:
    if not why.strip():
        raise UsageError('say why, for those who read the ledger later: --why "..."')
    settings = load(config, out)
    from mmm.stages.trials import settle

    for line in settle(settings, name, choice, folder=_folder(settings.name, out), by=by, why=why):
        print(line)
    print(f"Next: mmm run {config}")


def _folder(name: str, out: Path | None) -> Path:
    return out if out is not None else Path("reports") / name
