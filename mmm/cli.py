"""The command line: `mmm demo`, `init`, `check`, `fit`, `plan`, `report`, `run`, `stress`, `backtest`.

Only typer is imported at the top: `mmm --help` answers before NumPy would be loaded, and a wrong config is
said before PyMC would be. Exit codes: 0 done; 1 input or data at fault; 2 wrong usage; 3 a gate refused the
result; 4 a fault of ours; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmm.errors import ConfigError, InputError, MmmError, UsageError

if TYPE_CHECKING:
    from mmm.config import Config
    from mmm.console import ProgressLine
    from mmm.data.guess import Guess

_WIDTH = 100

app = typer.Typer(
    name="mmm",
    help="From spend and revenue history to next quarter's plan. Start with: mmm demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDTH},
)

Config_ = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="the config, a YAML file", show_default=False)
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="where results go; else reports/<name>", show_default=False),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, help="seed of everything drawn", show_default=False),
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", metavar="N", min=1, help="fits at a time, a process each")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress, results only")]


@dataclass(slots=True)
class _Place:
    """The run folder a command works in, for messages about what was kept."""

    folder: Path | None = None


_place = _Place()


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        What the user typed after `mmm`.

    Returns
    -------
    int
        The exit code; whatever went wrong has been said on standard error.
    """
    _prepare_streams()
    _place.folder = None
    try:
        ended = typer.main.get_command(app).main(args=list(arguments), prog_name="mmm", standalone_mode=False)
        sys.stdout.flush()
        code = int(ended or 0)
        if code != 130:  # typer ends so when the user interrupts
            return code
    except (KeyboardInterrupt, typer.Abort):
        pass
    except typer.TyperException as error:
        _say_usage(error)
        return error.exit_code
    except MmmError as error:
        _say(str(error))
        return error.exit_code
    except BrokenPipeError:  # the reader has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit:  # typer's own answer to the same, when it happens inside a command
        return 0
    except Exception as error:  # noqa: BLE001 - the last place where a traceback can be kept from the user
        return _say_fault(error, arguments)
    _say("stopped" + _what_is_kept())
    return 130


def _print_version(wanted: bool) -> None:
    if wanted:
        from mmm.runs.manifest import package_version

        print(package_version())
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool,
        typer.Option("--version", help="print the version and end", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    del version  # its callback has printed it


@app.command()
def demo(out: Out = None, seed: Seed = None, quiet: Quiet = False) -> None:
    """Run the main job on the bundled company."""
    config = _load(_demo_config(), out)
    _run_one(config, out or Path("reports") / "demo", seed, quiet)


@app.command()
def init(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="CSV, XLSX or Parquet", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="CONFIG", help="config to write; else <first file>.yaml here"),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="ask nothing; leave open what is not seen")
    ] = False,
) -> int:
    """Look at your files and write a commented config, then check it."""
    from mmm.data.guess import guess_config, render
    from mmm.runs.files import disk_faults_in_words, write_text

    place = out if out is not None else Path(f"{files[0].stem.strip() or 'config'}.yaml")
    if place.exists():
        raise InputError(
            f"{place}: this file exists and is never overwritten. Choose another with --out, or move it away"
        )
    guess = guess_config(files, out=place)
    interactive = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    answers = _answers(guess, place) if interactive else {}
    with disk_faults_in_words(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_text(place, render(guess, answers))
    for title, lines in (
        ("Guessed", list(guess.guessed)),
        ("Asked", [f"{key}: {answer}" for key, answer in answers.items()]),
        ("Open", [f"{q.key}: {q.prompt}" for q in guess.open_questions if q.key not in answers]),
    ):
        if lines:
            print(f"{title}:")
            print("".join(f"  {line}\n" for line in lines))
    print(f"Written: {place}\n")
    return _check(place)


@app.command()
def check(config: Config_, quiet: Quiet = False) -> int:
    """Read and check everything, fit nothing."""
    del quiet  # there is no progress to keep quiet about; accepted like everywhere
    return _check(config)


@app.command()
def fit(config: Config_, out: Out = None, seed: Seed = None, quiet: Quiet = False) -> None:
    """Check, fit, diagnose, and print returns."""
    settings = _load(config, out)
    from mmm import pipeline
    from mmm.console import experiments_text, reviews_text, roi_text

    with _progress(quiet) as progress:
        done = pipeline.fit(settings, out=out, seed=seed, progress=progress)
    print(roi_text(done.roi(), settings.currency))
    if told := experiments_text(done.experiments()):
        print(told)
    print(reviews_text(done.reviews()))
    print(f"Next: mmm plan {config}")


@app.command()
def stress(config: Config_, out: Out = None, seed: Seed = None, jobs: Jobs = 1, quiet: Quiet = False) -> None:
    """Fit again under other settings, other priors, and with placebos; print what survives."""
    settings = _load(config, out)
    from mmm import pipeline
    from mmm.console import stress_text

    with _progress(quiet) as progress:
        done = pipeline.stress(settings, out=out, seed=seed, progress=progress, jobs=jobs)
    tables = (done.table(name) for name in ("stress", "stress_summary", "hidden_driver"))
    print(stress_text(*tables))
    print(f"Next: mmm report {config}")


@app.command()
def plan(config: Config_, out: Out = None, seed: Seed = None, quiet: Quiet = False) -> None:
    """Plan the coming window from a finished fit."""
    settings = _load(config, out)
    from mmm import pipeline
    from mmm.console import plan_text

    with _progress(quiet) as progress:
        done = pipeline.plan(settings, out=out, seed=seed, progress=progress)
    print(plan_text(done.plan.summary.to_json(), done.moves(), settings.currency))
    print(f"Next: mmm report {config}")


@app.command()
def report(config: Config_, out: Out = None, seed: Seed = None, quiet: Quiet = False) -> None:
    """Write the page and the workbook from what is there."""
    settings = _load(config, out)
    from mmm import pipeline

    with _progress(quiet) as progress:
        done = pipeline.report(settings, out=out, seed=seed, progress=progress)
    for path in (done.report_path, done.folder / "plan.xlsx"):
        if path.exists():
            print(path)


@app.command()
def run(
    configs: Annotated[
        list[Path],
        typer.Argument(metavar="CONFIG", help="one or more configs", show_default=False),
    ],
    out: Out = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> int:
    """Check, fit, plan and report."""
    if out is not None and len(configs) > 1:
        raise UsageError(
            "--out names one folder, and there are several configs. Leave --out away, or run one"
        )
    if len(configs) == 1:
        _run_one(_load(configs[0], out), out, seed, quiet)
        return 0
    worst = 0
    for config in configs:  # one company at fault is no reason to leave the others undone
        try:
            _run_one(_load(config, out), out, seed, quiet)
        except MmmError as error:
            _say(f"{config}: {error}")
            worst = max(worst, error.exit_code)
    return worst


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
    out: Out = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Forecast from earlier days and compare with what happened."""
    settings = _load(config, out)
    from mmm import pipeline
    from mmm.console import backtest_text

    with _progress(quiet) as progress:
        done = pipeline.backtest(
            settings, out=out, seed=seed, progress=progress, jobs=jobs, origins=origins, horizon=horizon
        )
    print(backtest_text(done.table("backtest_summary"), done.backtest))
    print(f"Every forecast: {done.folder / 'backtest.csv'}")


def _run_one(config: Config, out: Path | None, seed: int | None, quiet: bool) -> None:
    from mmm import pipeline

    if out is not None:
        _place.folder = out
    with _progress(quiet) as progress:
        done = pipeline.run(config, out=out, seed=seed, progress=progress)
    print(done.report_path)


def _load(path: Path, out: Path | None) -> Config:
    from mmm.config import load_config

    config = load_config(path)
    _place.folder = out if out is not None else Path("reports") / config.name
    return config


def _check(path: Path) -> int:
    from mmm.config import load_config

    config = load_config(path)
    from mmm import pipeline
    from mmm.console import checks_text

    checks = pipeline.check(config)
    print(checks_text(checks, str(path)))
    return int(any(found.severity == "fail" for found in checks))


def _demo_config() -> Path:
    """The bundled config: inside the installed package, or in the source tree beside it."""
    package = Path(__file__).resolve().parent
    for place in (package / "bundled" / "configs" / "demo.yaml", package.parent / "configs" / "demo.yaml"):
        if place.is_file():
            return place
    raise InputError(
        "the bundled company is not in this installation (configs/demo.yaml). Install mmm-planner again, or "
        "start with your own files: mmm init FILE..."
    )


def _answers(guess: Guess, place: Path) -> dict[str, str]:
    """Ask what files cannot show; an answer that makes no valid config is asked again."""
    from mmm.config import parse_config
    from mmm.console import ask
    from mmm.data.guess import render

    answers: dict[str, str] = {}
    for question in guess.open_questions:
        while (answer := ask(question.prompt, question.default)) != "":
            try:
                parse_config(_mapping(render(guess, {**answers, question.key: answer})), place)
            except ConfigError as error:
                print(f"  {error.faults[0]}")
                continue
            answers[question.key] = answer
            break
    return answers


def _mapping(text: str) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    from mmm.config import json_like

    try:
        return dict(json_like(YAML(typ="safe", pure=True).load(text)))
    except YAMLError:
        raise ConfigError(["this answer cannot be written into the config; try other words"]) from None


@contextmanager
def _progress(quiet: bool) -> Iterator[ProgressLine | None]:
    from mmm.console import ProgressLine

    if quiet:
        yield None
        return
    line = ProgressLine()
    try:
        yield line
    finally:
        line.close()


def _prepare_streams() -> None:
    """Print what the terminal cannot show as `?`, and keep libraries' warnings from the user."""
    import warnings

    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _what_is_kept() -> str:
    if _place.folder is None or not _place.folder.exists():
        return ""
    return f"; what was finished is kept in {_place.folder}"


def _say(message: str) -> None:
    print(f"mmm: {message}", file=sys.stderr)


def _say_usage(error: typer.TyperException) -> None:
    show = getattr(error, "show", None)  # usage, and what was wrong with it
    if show is not None:
        show()
    else:
        _say(error.format_message())


def _say_fault(error: Exception, arguments: Sequence[str]) -> int:
    """Say a disk fault as one of the input, anything else in one line with the path of a log."""
    if isinstance(error, OSError):
        from mmm.runs.files import disk_fault

        fault = disk_fault(error, _place.folder or Path())
        if fault is not None:
            _say(str(fault))
            return fault.exit_code
    told = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    _say(f"a fault of ours, not of your data ({told}). The details are in {_log(error, arguments)}")
    return 4


def _log(error: Exception, arguments: Sequence[str]) -> Path:
    """Write the traceback beside the run folder, or where temporary files go."""
    import tempfile
    import traceback
    from datetime import UTC, datetime

    from mmm.runs.manifest import installed_versions

    text = (
        f"mmm {' '.join(arguments)}\n{installed_versions()}\n\n{''.join(traceback.format_exception(error))}"
    )
    name = f"mmm-fault-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.log"
    if _place.folder is not None and _place.folder.parent.is_dir():
        try:
            (_place.folder.parent / name).write_text(text, encoding="utf-8")
            return (_place.folder.parent / name).resolve()
        except OSError:
            pass
    place = Path(tempfile.gettempdir()) / name
    place.write_text(text, encoding="utf-8")
    return place
