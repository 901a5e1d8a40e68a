"""What a page is laid out from: tables of ready-written figures, and charts with their tables."""

from __future__ import annotations

from dataclasses import dataclass

from mmm.reporting.figures import Spec


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is read: every figure is written already.

    `words` counts the leading columns that hold words; the rest hold figures and are set right.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    prose: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its name in words; `title` and `colour` where it is one of many."""

    label: str
    spec: Spec
    title: str = ""
    colour: str = ""
