"""What the data can carry, before a fit: rows, parameters, and how much each cell moves on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Check, Panel
from mmm.dims import Cell
from mmm.model.layout import Layout, prior_median_weights
from mmm.response.returns import LARGEST_VIF, learned_from, variance_inflation

Floats = NDArray[np.float64]

THIN_ROWS = 3.0
"""Rows a free parameter below which ranges stay close to the assumptions."""
SWING, VARIED, TURN = 0.2, 13, 3
"""A small deliberate variation: up and down by so much, for so many periods, in turns of so many."""
CONDITION = 30.0
"""Condition number of standardized columns from which they depend on each other (Belsley, Kuh & Welsch 1980)."""
TOGETHER = 0.9
"""Correlation of carried-over exposure from which two cells are better joined."""


def check_carry(layout: Layout, panel: Panel) -> list[Check]:
    """Rows and parameters; cells that move together, with config lines that join them; own variation by cell."""
    joined = list(_together(layout, panel))
    return [_rows(layout, panel), *(joined or [_condition(layout)]), *_own_variation(layout, panel)]


def free_parameters(layout: Layout) -> tuple[int, int]:
    """Parameters that are free, and those that share a scale and shrink together (trend, season, holidays).

    A medium adds its return, its carry-over, and the half-saturation and slope that its family has.
    """
    data, curves = layout.data, layout.curve_priors
    shrunk = int((data.group >= 0).sum())
    G, _, M, _, columns = data.shape
    noise = 2 if G == 1 else 3  # size and memory; the shock that all geos share
    bends = int((curves.kappa[1] > 0).sum() + (curves.slope[1] > 0).sum())
    return columns - shrunk + 2 * M + bends + noise, shrunk + (M * G if G > 1 else 0)


def _rows(layout: Layout, panel: Panel) -> Check:
    periods, geos = int(layout.data.live.sum()), len(panel.geos)
    free, shrunk = free_parameters(layout)
    each = periods * geos / free
    regions = f" x {geos} regions" if geos > 1 else ""
    return Check(
        "what the data carry",
        "review" if each < THIN_ROWS else "pass",
        "panel",
        "",
        f"{periods} {panel.grain}s{regions}: {each:.1f} rows for each of {free} free parameters; {shrunk} more are "
        "held together",
        f"Under {THIN_ROWS:g} rows each returns stay close to the assumptions. Join small cells, or load more history."
        if each < THIN_ROWS
        else "",
    )


def _together(layout: Layout, panel: Panel) -> Iterator[Check]:
    """Groups of cells that move as one, each with what joins them."""
    media, _ = learned_from(layout)
    moving = np.flatnonzero(media[:, : layout.n_paid].std(axis=0) > 0)
    if moving.size < 2:
        return
    correlation = np.asarray(np.corrcoef(media[:, moving], rowvar=False))
    for group in _groups(correlation > TOGETHER):
        weakest = correlation[np.ix_(group, group)].min()
        cells = [panel.cells[moving[i]] for i in group]
        yield Check(
            "collinear cells",
            "review",
            " and ".join(cell.name for cell in cells),
            "all",
            f"correlation {weakest:.3f}{' or more' if len(group) > 2 else ''}",
            f"Only their sum can be told. {joining(cells, panel.cells)} Or vary or test one alone.",
        )


def _condition(layout: Layout) -> Check:
    """Whether several cells together move as one where no two do: the condition number of their exposure."""
    media, _ = learned_from(layout)
    own = media[:, : layout.n_paid]
    own = own[:, own.std(axis=0) > 0]
    number = float(np.linalg.cond(own / own.std(axis=0))) if own.shape[1] > 1 else 1.0
    odd = number > CONDITION
    remedy = "Several cells together move as one. Look at their own variation below, and join or vary them."
    told = f"no two cells beyond {TOGETHER}; condition number {number:.0f}, to look at from {CONDITION:g} on"
    return Check("collinear cells", "review" if odd else "pass", "panel", "", told, remedy if odd else "")


def _groups(near: NDArray[np.bool_]) -> Iterator[list[int]]:
    """Sets of at least two that hang together, in order."""
    seen: set[int] = set()
    for start in range(len(near)):
        group = {start}
        new = {start}
        while new and start not in seen:
            new = {int(j) for i in new for j in np.flatnonzero(near[i])} - group
            group |= new
        if start not in seen and len(group) > 1:
            yield sorted(group)
        seen |= group


def joining(cells: Sequence[Cell], everything: Sequence[Cell]) -> str:
    """How to make one cell of several, as a config line where one does it."""
    channels = list(dict.fromkeys(cell.channel for cell in cells))
    inside = [cell for cell in everything if cell.channel in channels]
    if len(channels) == len(cells) == len(inside):
        name = "_and_".join(channels)
        was = ", ".join(map(_quoted, channels))
        return f"Join them: `channels: {{{_quoted(name)}: {{was: [{was}]}}}}`."
    if len(channels) == 1 and len(inside) == len(cells):
        return f"Join them: leave `audience` of {channels[0]} out of `data.media`."
    return "Join them: write one channel and audience for them in the media table."


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][\w-]*", name) else '"' + name.replace('"', '\\"') + '"'


def _own_variation(layout: Layout, panel: Panel) -> Iterator[Check]:
    rows = int(layout.data.live.sum()) * len(panel.geos)
    media, _ = learned_from(layout)
    bought = deliberate_variation(layout)
    for index, inflation in enumerate(variance_inflation(layout)):
        own = 1.0 / inflation
        few = inflation >= LARGEST_VIF
        yield Check(
            "own variation",
            "review" if few else "pass",
            panel.cells[index].name,
            "",
            f"{own:.0%} of its movement is its own: as good as {own * rows:,.0f} of {rows:,} rows. Varied on "
            f"purpose by {SWING:.0%} for {VARIED} {panel.grain}s, its error would be {_share(bought[index])} smaller",
            _remedy(index, media, panel) if few else "",
        )


def _share(value: float) -> str:
    return f"{value:.0%}" if value >= 0.01 else "under 1%"


def deliberate_variation(layout: Layout) -> Floats:
    """How much smaller the error of each cell's slope would be after a small variation of its own, shape (cell,).

    Its exposure goes up and down by `SWING` of its usual amount in turns of `TURN` periods, in half of the regions the
    other way round, for `VARIED` periods, and carries over as the prior's median says. A slope's error falls with the
    root of what its exposure moves apart from everything else, in sums of squares: what the history has
    (`learned_from`, less what others explain), and what this adds.
    """
    data = layout.data
    media, _ = learned_from(layout)
    n = layout.n_paid
    had = (media[:, :n] ** 2).sum(axis=0) / variance_inflation(layout)
    w = prior_median_weights(data.adstock, layout.curve_priors, layout.lags, data.weeks_per_period)[:n]
    swing = SWING * np.where(np.arange(VARIED) // TURN % 2 == 0, 1.0, -1.0)
    carried = np.stack([np.convolve(swing, weights)[:VARIED] for weights in w])
    usual = data.x[layout.lags :][data.live][:, :, :n].mean(axis=0)
    added = (usual**2).sum(axis=0) * ((carried - carried.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    both = had + added
    return np.asarray(1.0 - np.sqrt(np.divide(had, both, out=np.ones(n), where=both > 0)))


def _remedy(index: int, media: Floats, panel: Panel) -> str:
    """What a cell that hardly moves on its own needs."""
    own = media[:, index]
    if own.std() == 0:
        return "It is the same in every region: give its spend by region, or vary it between regions."
    with np.errstate(invalid="ignore"):
        correlation = np.asarray(np.corrcoef(media, rowvar=False))
    others = np.nan_to_num(correlation[index, : len(panel.cells)])
    others[index] = 0.0
    nearest = int(np.argmax(others))
    with_whom = (
        f" It moves most with {panel.cells[nearest].name} ({others[nearest]:.2f})." if others.any() else ""
    )
    return f"Its return stays an assumption.{with_whom} Vary it on its own for some weeks, or test it."
