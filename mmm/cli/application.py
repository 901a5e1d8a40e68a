"""What every command shares: the application, its options, the config read, a progress line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mmm.book.reading import Book
    from mmm.config import Config
    from mmm.console.terminal import ProgressLine

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
    Path,
    typer.Argument(
        metavar="CONFIG", help="the config: a YAML file, or a workbook of mmm template", show_default=False
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="where results go; else reports/<name>", show_default=False),
]
Bounds = Annotated[
    Path | None,
    typer.Option(
        "--bounds",
        metavar="PLAN.XLSX",
        help="limits written into the workbook of a run, in place of plan.bounds",
        show_default=False,
    ),
]
Language = Annotated[
    str | None,
    typer.Option("--language", metavar="L", help="en or he; else what the config says", show_default=False),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, help="seed of everything drawn", show_default=False),
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", metavar="N", min=1, help="fits or budgets at a time, a process each")
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="URL",
        help="dask://HOST:PORT or ray://HOST:PORT: its workers in place of processes here",
        show_default=False,
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="stop where a past test contradicts the rest, unsettled")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress, results only")]


@dataclass(slots=True)
class Workplace:
    """The run folder a command works in, for messages about what was kept; the workbook it reads, to name cells."""

    folder: Path | None = None
    book: Book | None = None


workplace = Workplace()


def load(path: Path, out: Path | None, bounds: Path | None = None, *, language: str | None = None) -> Config:
    """Read a config, with the limits of a workbook and a language if given, and note where its results go."""
    from mmm.config import load_config

    config = load_config(path)
    workplace.book = config.book
    if bounds is not None:
        config = config.with_bounds(bounds)
    if language is not None:
        config = config.with_report({"language": language})
    workplace.folder = out if out is not None else Path("reports") / config.name
    return config


@contextmanager
def progress(quiet: bool) -> Iterator[ProgressLine | None]:
    """A line that says how far a command is, or nothing."""
    from mmm.console.terminal import ProgressLine

    if quiet:
        yield None
        return
    line = ProgressLine()
    try:
        yield line
    finally:
        line.close()


def say(message: str) -> None:
    """Say something to the user beside the results."""
    print(f"mmm: {in_cells(message)}", file=sys.stderr)


def in_cells(message: str) -> str:
    """The message with the cells of the workbook that is read, if one is, in place of keys of a config."""
    return message if workplace.book is None else workplace.book.in_cells(message)
