"""The terminal itself: colours, a progress line, a question."""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from mmm.console.words import (
    width_of,
)

if TYPE_CHECKING:
    pass

_BAR = 20
"""Characters of a full bar."""

_PAINTS = {"fail": "1;31", "review": "33", "pass": "32"}
"""How what a line begins with is written on a terminal: red, yellow, green."""

_PLAIN_EVERY = 10.0
"""Seconds between plain lines that differ in their numbers only."""


def painted(text: str, stream: TextIO) -> str:
    """The text with verdicts in colour where a person sees it: on a terminal, unless `NO_COLOR` is set."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    verdict = re.compile(rf"^({'|'.join(_PAINTS)})(?= )", re.MULTILINE)
    return verdict.sub(lambda found: f"\x1b[{_PAINTS[found[1]]}m{found[1]}\x1b[0m", text)


class ProgressLine:
    """Where long work stands: one line that renews itself on a terminal, plain lines elsewhere.

    Parameters
    ----------
    stream
        Where to write; standard error, so that results can be piped.
    clock
        Seconds that only grow.
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._clock = clock
        self._began = clock()
        self._live = self._stream.isatty()
        self._shape = ""
        self._said_at = -math.inf
        self._shown = ""

    @property
    def live(self) -> bool:
        """Whether it renews itself."""
        return self._live

    def __call__(self, message: str) -> None:
        """Say what is going on now."""
        now = self._clock()
        if self._live:
            line = f"{message}{_bar(message)}  {now - self._began:.0f} s{self._left(message, now)}"
            line = line[: self._room()]
            padding = " " * (width_of(self._shown) - width_of(line))
            self._stream.write(f"\r{line}{padding}")
            self._shown = line
        else:
            shape = re.sub(r"[\d.,]+", "#", message)
            if shape == self._shape and now - self._said_at < _PLAIN_EVERY:
                return
            self._shape, self._said_at = shape, now
            self._stream.write(f"{message}\n")
        self._stream.flush()

    def _left(self, message: str, now: float) -> str:
        """The time left of work that tells its share, once a twentieth of it says how fast it goes."""
        found = re.search(r"(\d+) %", message)
        shape = re.sub(r"[\d.,]+", "#", message)
        if found is None or shape != self._shape:
            self._shape, self._said_at = shape, now
            return ""
        share, taken = int(found[1]) / 100, now - self._said_at
        return f", {taken * (1 - share) / share:.0f} s left" if 0.05 <= share < 1 else ""

    def _room(self) -> int:
        """Characters that fit one line: a longer one would be left standing."""
        return max(20, shutil.get_terminal_size().columns - 1)

    def close(self) -> None:
        """Wipe the line of a terminal, so that what comes next stands alone."""
        if self._live and self._shown:
            self._stream.write("\r" + " " * width_of(self._shown) + "\r")
            self._stream.flush()
            self._shown = ""


def _bar(message: str) -> str:
    """The share that a message tells, as a bar; nothing where it tells none."""
    found = re.search(r"(\d+) %", message)
    if found is None:
        return ""
    full = round(_BAR * min(int(found[1]), 100) / 100)
    return f"  [{'#' * full}{'.' * (_BAR - full)}]"


def ask(prompt: str, default: str) -> str:
    """Ask a person; Enter, or the end of what they type, takes the default."""
    try:
        answer = input(f"{prompt} [{default or 'leave open'}]: ").strip()
    except EOFError:
        print()
        return default
    return answer or default
