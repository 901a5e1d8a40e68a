"""The design of a test: what is changed where and when, fixed before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmm.data.names import clean_name


@dataclass(frozen=True, slots=True)
class Design:
    """One test, as it was agreed.

    Attributes
    ----------
    id, where
        Name of the test; where it is written down, for messages.
    channel, audience, message
        What is tested; an empty level means all of it.
    geos, controls
        Treated regions, and those they are compared with; no controls: all others.
    pairs
        Treated and control region of each randomized pair; none: regions were not paired.
    start, end
        First and last day of the changed spend.
    cooldown
        Weeks after the end that count in the effect.
    spend_change
        Money to be added, negative where it is taken away; nan where it was not written down.
    kind
        As in `tests.csv`: geo split, go-dark, heavy-up, ...
    seed
        Of the assignment of regions.
    """

    id: str
    where: str
    channel: str
    audience: str
    message: str
    geos: tuple[str, ...]
    controls: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    start: np.datetime64
    end: np.datetime64
    cooldown: int
    spend_change: float
    kind: str = ""
    seed: int = 1

    @property
    def counted(self) -> np.datetime64:
        """Last day that counts, cool-down included."""
        return self.end + np.timedelta64(7 * self.cooldown, "D")

    def cells(self) -> dict[str, str]:
        """The design as cells of a table, by column."""
        return {
            "channel": self.channel,
            "audience": self.audience,
            "message": self.message,
            "kind": self.kind,
            "geos": ";".join(self.geos),
            "controls": ";".join(self.controls),
            "pairs": ";".join(f"{a}={b}" for a, b in self.pairs),
            "start": str(self.start),
            "end": str(self.end),
            "cooldown": str(self.cooldown),
            "spend_change": "" if np.isnan(self.spend_change) else f"{self.spend_change:.10g}",
            "seed": str(self.seed),
        }


def design_columns() -> tuple[str, ...]:
    """Columns of a table of designs, without the id."""
    day = np.datetime64("1970-01-01")
    return tuple(Design("", "", "", "", "", (), (), (), day, day, 0, np.nan).cells())


def design_from(row: Mapping[str, str], where: str) -> Design:
    """The design that `cells` wrote; columns that are missing are empty.

    Raises
    ------
    ValueError
        A number or a date that is none.
    """
    start, end = (np.datetime64(row[name], "D") for name in ("start", "end"))
    if np.isnat(start) or np.isnat(end):
        raise ValueError("start or end is empty")
    return Design(
        id=row["id"],
        where=where,
        channel=row["channel"],
        audience=row.get("audience") or "",
        message=row.get("message") or "",
        kind=row.get("kind") or "",
        geos=names_in(row.get("geos") or ""),
        controls=names_in(row.get("controls") or ""),
        pairs=pairs_in(row.get("pairs") or ""),
        start=start,
        end=end,
        cooldown=int(row.get("cooldown") or 0),
        spend_change=float(row.get("spend_change") or "nan"),
        seed=int(row.get("seed") or 1),
    )


def names_in(cell: str) -> tuple[str, ...]:
    """Names of a cell, with ; between them."""
    return tuple(clean_name(part) for part in cell.split(";") if part.strip())


def pairs_in(cell: str) -> tuple[tuple[str, str], ...]:
    """Pairs of a cell: treated=control;treated=control.

    Raises
    ------
    ValueError
        A part that is no pair.
    """
    pairs = [tuple(clean_name(side) for side in part.split("=")) for part in names_in(cell)]
    if bad := [part for part in pairs if len(part) != 2 or not all(part)]:
        raise ValueError(f"a pair is written treated=control, not {'='.join(bad[0])}")
    return tuple((a, b) for a, b in pairs)
