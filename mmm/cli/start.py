"""A first run: `mmm demo` on the bundled company, `mmm init` from files alone to a config."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmm.cli.answer import show
from mmm.cli.application import Out, Quiet, Seed, app, load
from mmm.errors import ConfigError, InputError, UsageError

if TYPE_CHECKING:
    from mmm.data.guess import Guess


class Language_(StrEnum):  # noqa: N801 - as the other types of arguments
    """Languages of a workbook."""

    en = "en"
    he = "he"


@app.command()
def demo(out: Out = None, seed: Seed = None, quiet: Quiet = False) -> None:
    """Run the main job on the bundled company."""
    from mmm.cli.main_job import run_one

    config = load(_demo_config(), out)
    run_one(config, out or Path("reports") / "demo", seed, quiet)


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
    from mmm.cli.main_job import check_config
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
    show(f"Written: {place}\n", config=place, guessed=guess.guessed)
    return check_config(place)


@app.command()
def template(
    book: Annotated[
        Path, typer.Argument(metavar="BOOK", help="workbook to write: book.xlsx", show_default=False)
    ],
    language: Annotated[
        Language_, typer.Option("--language", help="of its sheets and headings; it is read in either")
    ] = Language_.en,
) -> None:
    """Write a workbook to fill in, for those who will not write YAML; every command reads it as a config."""
    from mmm.book.template import write_template
    from mmm.runs.files import disk_faults_in_words

    if book.suffix.lower() != ".xlsx":
        raise UsageError(f"{book}: a workbook ends in .xlsx; call it {book.with_suffix('.xlsx')}")
    if book.exists():
        raise InputError(
            f"{book}: this file exists and is never overwritten. Choose another name, or move it away"
        )
    with disk_faults_in_words(book):
        book.parent.mkdir(parents=True, exist_ok=True)
        write_template(book, language.value)
    print(f"Written: {book}\nFill it in, then: mmm check {book}")


def _answers(guess: Guess, place: Path) -> dict[str, str]:
    """Ask what files cannot show; an answer that makes no valid config is asked again."""
    from mmm.config import parse_config
    from mmm.console.terminal import ask
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
    from mmm.yaml_text import yaml_mapping

    try:
        return yaml_mapping(text)
    except ConfigError:
        raise ConfigError(["this answer cannot be written into the config; try other words"]) from None


def _demo_config() -> Path:
    """The bundled config: inside the installed package, or in the source tree beside it."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "bundled" / "configs" / "demo.yaml", package.parent / "configs" / "demo.yaml"):
        if place.is_file():
            return place
    raise InputError(
        "the bundled company is not in this installation (configs/demo.yaml). Install mmm-planner again, or "
        "start with your own files: mmm init FILE..."
    )
