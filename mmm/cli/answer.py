"""What a command answers: text for a person, or with `--json` one object for a program.

Every command has `--json`: the tables and figures behind its text, and the text itself, as one JSON object on standard
output, with the exit code; messages stay on standard error.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

import typer

from mmm.console.terminal import painted


@dataclass(slots=True)
class _Answer:
    """What the command at work has to tell, while somebody asked for JSON."""

    wanted: bool = False
    command: str = ""
    error: str = ""
    parts: dict[str, object] = field(default_factory=dict)


_answer = _Answer()


def show(text: str, **parts: object) -> None:
    """Print a text; `parts` are the tables and figures behind it, by the names they have in `--json`."""
    _answer.parts |= parts
    print(painted(text, sys.stdout))


def note_error(message: str) -> None:
    """Keep what went wrong for `--json`; it is said on standard error in any case."""
    _answer.error = message


@contextmanager
def answering() -> Iterator[list[int]]:
    """Around one command: holds back what it prints when JSON is wanted, and prints one object at the end.

    The caller appends the exit code to the list.
    """
    _answer.wanted, _answer.command, _answer.error, _answer.parts = False, "", "", {}
    code: list[int] = []
    out = sys.stdout
    try:
        yield code
    finally:
        held, sys.stdout = sys.stdout, out
        if _answer.wanted and isinstance(held, io.StringIO):
            print(_object(held.getvalue(), code))


def _object(printed: str, code: list[int]) -> str:
    from mmm.console.as_json import json_text

    told: dict[str, object] = {"command": _answer.command, "exit_code": code[-1] if code else 4}
    if _answer.error:
        told["error"] = _answer.error
    return json_text(told | _answer.parts | {"text": printed.splitlines()})


def _begin(context: typer.Context, wanted: bool) -> None:
    if wanted:
        _answer.wanted = True
        _answer.command = context.command_path.removeprefix("mmm ")
        sys.stdout = io.StringIO()


_holder = typer.Typer(add_completion=False)


@_holder.command()
def _option(
    json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="one JSON object on standard output instead of text",
            is_eager=True,
            expose_value=False,
            callback=_begin,
        ),
    ] = False,
) -> None:
    del json


def with_json(command: object) -> None:
    """Give `--json` to a command, or to every command below a group."""
    below = getattr(command, "commands", None)
    if isinstance(below, Mapping):
        for inner in below.values():
            with_json(inner)
    else:
        command.params.append(typer.main.get_command(_holder).params[0])  # type: ignore[attr-defined]
