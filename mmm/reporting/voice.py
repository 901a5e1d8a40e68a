"""How one report speaks: its language, its way with figures, and its name and colour for each cell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from mmm.dims import Cell
from mmm.reporting.amounts import Amounts, Figures, amounts_for
from mmm.reporting.catalogue import Catalogue, catalogue_for
from mmm.reporting.figures import Spec
from mmm.reporting.mirrored import mirrored
from mmm.reporting.palette import channel_colours
from mmm.reporting.results import Results
from mmm.reporting.retold import END, FROM_ITS_OWN, retold
from mmm.reporting.settings import ReportSettings

_WORD = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True)
class Voice:
    """Language, figures, names and colours of one report; `company` is what it calls the company.

    `names` are its names of cells and channels by their plain ones.
    """

    company: str
    catalogue: Catalogue
    amounts: Amounts
    labels: Mapping[str, str]
    colours: Mapping[str, str]
    names: Mapping[str, str]

    def text(self, key: str, values: Mapping[str, object] | None = None) -> str:
        """A sentence as plain text."""
        return self.catalogue.text(key, values)

    def html(self, key: str, values: Mapping[str, object] | None = None) -> Markup:
        """A sentence for a page, its values escaped."""
        return self.catalogue.html(key, values)

    @property
    def figures(self) -> Figures:
        """How its language writes figures, dates and lists."""
        return self.amounts.figures

    def channel(self, channel: str) -> str:
        """The channel's name as the user wants it read."""
        return self.apart(self.labels.get(channel, channel))

    def cell(self, cell: Cell) -> str:
        """The cell's name as the user wants it read."""
        return self.apart(Cell(self.labels.get(cell.channel, cell.channel), cell.audience, cell.message).name)

    def chart(self, spec: Spec) -> Spec:
        """A chart as a page in this language shows it."""
        return mirrored(spec, self.catalogue)

    def retold(self, text: object) -> str:
        """What a stage said in English, in the language of the report."""
        return retold(str(text or ""), self.catalogue.language, self.names)

    def retold_or_file(self, text: object, file: str) -> str:
        """The same; where it is not known in the language, the file that has it in English."""
        said = self.retold(text)
        known = self.catalogue.language == "en" or said != str(text or "") or not _WORD.search(said)
        return said if known else self.text("appendix.elsewhere", {"file": file})

    def apart(self, name: str) -> str:
        """A name whose letters run their own way, whatever line it stands in."""
        return f"{FROM_ITS_OWN}{name}{END}" if name and self.catalogue.from_the_right else name

    def colour(self, cell: Cell) -> str:
        """The channel's colour."""
        return self.colours[cell.channel]


def voice_for(results: Results, settings: ReportSettings) -> Voice:
    """The voice of the report of these results."""
    about, words = results.about, catalogue_for(settings.language)
    channels = list(dict.fromkeys(cell.channel for cell in results.cells))
    labels = _distinct({name: about.labels.get(name) or name for name in channels})
    shown = {
        cell.name: Cell(labels[cell.channel], cell.audience, cell.message).name for cell in results.cells
    }
    return Voice(
        company=settings.brand.name or about.name,
        catalogue=words,
        amounts=amounts_for(Figures(words), results.summary.budget, about.currency, about.has_money),
        labels=labels,
        colours=channel_colours(channels),
        names=labels | shown,
    )


def voice_of_page(
    company: str,
    language: str,
    labels: Mapping[str, str],
    *,
    largest: float,
    currency: str | None,
    in_money: bool,
) -> Voice:
    """The voice of a page that is not the report of a run.

    Parameters
    ----------
    labels
        Of channels, by their plain names; a channel without one keeps its name.
    largest
        The amount that decides how many decimals the page writes.
    """
    words, own = catalogue_for(language), _distinct(labels)
    amounts = amounts_for(Figures(words), largest, currency, in_money)
    return Voice(company, words, amounts, labels=own, colours={}, names=own)


def _distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """Channels that share a label carry their own name too, or a chart would take them for one."""
    shared = Counter(labels.values())
    return {name: f"{label} ({name})" if shared[label] > 1 else label for name, label in labels.items()}
