"""Other reasonable settings of one model, each differing from it in one thing, and channels that do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mmm.data.panel import Panel
from mmm.dims import Cell
from mmm.model.layout import Layout
from mmm.model.settings import ChannelPrior, MarginalPrior, ModelSettings, RoiPrior
from mmm.model.shapes import GEOMETRIC

SHORT_LAG = 8
PLACEBOS = 3
"""Largest cells whose spend, moved in time, is given to the model as a channel of its own."""
WIDEST = 3.0
"""Largest sd of log ROI that the settings take."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One more fit of the same company.

    Attributes
    ----------
    kind
        Another setting of the model, another prior of ROI, or a placebo.
    name
        What is different, in words.
    """

    kind: Literal["setting", "prior", "placebo"]
    name: str
    panel: Panel
    settings: ModelSettings


def specs(panel: Panel, settings: ModelSettings, layout: Layout, *, seed: int) -> tuple[Spec, ...]:
    """Every other fit that a return should survive.

    Parameters
    ----------
    layout
        As `panel` and `settings` make it: says what their automatic choices came to.
    seed
        Of the placebos' shifts in time.
    """
    changed = [Spec("setting", name, panel, found) for name, found in _settings(settings, layout)]
    plain = _without_precision(panel)
    if plain is not panel:
        changed.append(Spec("setting", "no controls of role precision", plain, settings))
    changed += [Spec("prior", name, panel, found) for name, found in _priors(settings, layout)]
    changed += [Spec("placebo", name, found, settings) for name, found in _placebos(panel, seed)]
    return tuple(changed)


def _settings(settings: ModelSettings, layout: Layout) -> Iterator[tuple[str, ModelSettings]]:
    def but(**update: object) -> ModelSettings:
        return settings.model_copy(update=update)

    if settings.max_lag != SHORT_LAG:
        yield f"carry-over up to {SHORT_LAG} weeks", but(max_lag=SHORT_LAG)
    order = layout.baseline.order
    if order > 1:
        yield f"season of order {order - 1}", but(seasonality=order - 1)
    yield f"season of order {order + 1}", but(seasonality=order + 1)
    if layout.structural_sd.any():
        yield "structural error off", but(structural_error=0.0)
    if (layout.data.adstock != GEOMETRIC).any():
        yield "geometric carry-over", but(adstock={"default": "geometric"})
    if settings.history == "unknown":
        yield "history none", but(history="none")


def _without_precision(panel: Panel) -> Panel:
    keep = [i for i, role in enumerate(panel.control_roles) if role != "precision"]
    if len(keep) == len(panel.control_roles):
        return panel
    return replace(
        panel,
        control_names=tuple(panel.control_names[i] for i in keep),
        control_roles=tuple(panel.control_roles[i] for i in keep),
        controls=panel.controls[:, :, keep],
    )


def _priors(settings: ModelSettings, layout: Layout) -> Iterator[tuple[str, ModelSettings]]:
    yield "prior of ROI half as wide", _with_roi(settings, layout, sigma=0.5)
    yield "prior of ROI twice as wide", _with_roi(settings, layout, sigma=2.0)
    yield "prior of ROI half as high", _with_roi(settings, layout, median=0.5)
    yield "prior of ROI twice as high", _with_roi(settings, layout, median=2.0)


def _with_roi(
    settings: ModelSettings, layout: Layout, *, median: float = 1.0, sigma: float = 1.0
) -> ModelSettings:
    """Priors of ROI, or of what else a channel's prior is on, times a factor, from what they came to."""
    channels = dict(settings.priors.channels)
    for i, cell in enumerate(layout.media[: layout.n_paid]):
        own = channels.get(cell.channel, ChannelPrior())
        middle = median * float(layout.roi_priors.median[i])
        spread = min(WIDEST, sigma * float(layout.roi_priors.sigma[i]))
        prior = (
            {"mroi": MarginalPrior(median=middle, sigma=spread)}
            if own.mroi
            else {"roi": RoiPrior(median=middle, sigma=spread), "contribution": None}
        )
        channels[cell.channel] = own.model_copy(update=prior)
    return settings.model_copy(update={"priors": settings.priors.model_copy(update={"channels": channels})})


def _placebos(panel: Panel, seed: int) -> Iterator[tuple[str, Panel]]:
    rng = np.random.default_rng([seed, 23])
    periods = len(panel.dates)
    largest = np.argsort(-panel.spend.sum(axis=(0, 1)), kind="stable")[:PLACEBOS]
    for source in largest:
        shift = int(rng.integers(periods // 4, periods - periods // 4))
        name = f"{panel.cells[source].name}, {shift} {panel.grain}s later"
        yield name, with_placebo(panel, int(source), shift)


def placebo_cell(cells: Sequence[Cell]) -> Cell:
    """The made-up cell, called as no channel is."""
    name = "placebo"
    while any(cell.channel == name for cell in cells):
        name += "'"
    return Cell(name)


def with_placebo(panel: Panel, source: int, shift: int) -> Panel:
    """The panel with one more channel, whose money and exposure are a cell's moved in time.

    The series is moved around the end of the panel, in all geos alike: it keeps level, bursts and memory, and
    nothing of what the outcome did then.
    """

    def more(values: np.ndarray) -> np.ndarray:
        moved = np.roll(values[:, :, source : source + 1], shift, axis=0)
        return np.concatenate([values, moved], axis=2)

    return replace(
        panel,
        cells=(*panel.cells, placebo_cell(panel.cells)),
        spend=more(panel.spend),
        exposure=more(panel.exposure),
        has_exposure=np.append(panel.has_exposure, panel.has_exposure[source]),
        national_cells=np.append(panel.national_cells, panel.national_cells[source]),
    )
