"""How one report speaks: its language, its way with figures, and its name and colour for each cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from mmm.dims import Cell
from mmm.reporting.amounts import Amounts, amounts_for
from mmm.reporting.catalogue import Catalogue, catalogue_for
from mmm.reporting.palette import channel_colours
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings


@dataclass(frozen=True, slots=True)
class Voice:
    """Language, figures, names and colours of one report; `company` is what it calls the company."""

    company: str
    catalogue: Catalogue
    amounts: Amounts
    labels: Mapping[str, str]
    colours: Mapping[str, str]

    def text(self, key: str, values: Mapping[str, object] | None = None) -> str:
        """A sentence as plain text."""
        return self.catalogue.text(key, values)

    def html(self, key: str, values: Mapping[str, object] | None = None) -> Markup:
        """A sentence for a page, its values escaped."""
        return self.catalogue.html(key, values)

    def channel(self, channel: str) -> str:
        """The channel's name as the user wants it read."""
        return self.labels.get(channel, channel)

    def cell(self, cell: Cell) -> str:
        """The cell's name as the user wants it read."""
        return Cell(self.channel(cell.channel), cell.audience, cell.message).name

    def colour(self, cell: Cell) -> str:
        """The channel's colour."""
        return self.colours[cell.channel]


def voice_for(results: Results, settings: ReportSettings) -> Voice:
    """The voice of the report of these results."""
    about = results.about
    channels = list(dict.fromkeys(cell.channel for cell in results.cells))
    return Voice(
        company=settings.brand.name or about.name,
        catalogue=catalogue_for(settings.language),
        amounts=amounts_for(results.summary.budget, about.currency, about.has_money),
        labels=_distinct({name: about.labels.get(name) or name for name in channels}),
        colours=channel_colours(channels),
    )


def _distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """Channels that share a label carry their own name too, or a chart would take them for one."""
    shared = Counter(labels.values())
    return {name: f"{label} ({name})" if shared[label] > 1 else label for name, label in labels.items()}
