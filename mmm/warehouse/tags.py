"""From the names people give to sources, media and campaigns to channels, by rules; the first that fits wins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.count_settings import TAGGED, TagRule
from mmm.data.names import fold

Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Channel, audience and message of each row.

    Attributes
    ----------
    caught
        Whether a rule fits the row, shape (row,).
    used
        Which rules fitted any row, by position.
    """

    channel: Texts
    audience: Texts
    message: Texts
    caught: NDArray[np.bool_]
    used: frozenset[int]


def tag(rules: Sequence[TagRule], adapter: str, names: Mapping[str, Texts], rows: int) -> Tagged:
    """Apply the rules to rows.

    Parameters
    ----------
    adapter
        Whose export the rows are from.
    names
        Of `TAGGED`, what the rows have; each of shape (row,). A pattern of what they do not have fits no row.
    """
    out = {name: np.full(rows, "", object) for name in ("channel", "audience", "message")}
    number = np.full(rows, -1, np.int64)
    if rows and rules:
        table = pd.DataFrame(dict(names), index=range(rows))
        groups = (
            table.groupby(list(table.columns), sort=False).indices
            if len(table.columns)
            else {(): range(rows)}
        )
        for key, place in groups.items():
            values = key if isinstance(key, tuple) else (key,)
            said = {name: fold(value) for name, value in zip(table.columns, values, strict=True)}
            number[np.asarray(place)] = _first(rules, adapter, said)
    for at, rule in enumerate(rules):
        for name in out:
            out[name][number == at] = getattr(rule, name)
    return Tagged(**out, caught=number >= 0, used=frozenset(number[number >= 0].tolist()))


def _first(rules: Sequence[TagRule], adapter: str, said: Mapping[str, str]) -> int:
    """Position of the first rule that fits, or -1."""
    for at, rule in enumerate(rules):
        if rule.adapter is not None and fold(rule.adapter) != fold(adapter):
            continue
        wanted = {name: getattr(rule, name) for name in TAGGED if getattr(rule, name) is not None}
        if all(name in said and fits(pattern, said[name]) for name, pattern in wanted.items()):
            return at
    return -1


def fits(pattern: str, folded: str) -> bool:
    """Whether a folded name fits a pattern: `*` is any letters, `?` one, case and dashes aside."""
    parts = re.split(r"([*?])", fold(pattern))
    read = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in parts)
    return re.fullmatch("".join(read), folded) is not None
