"""Every sentence of the report, by language: the files of `words/`, one folder a language.

A sentence is a template: `{name}` takes a value, `*...*` marks what stands out on a page. Values are escaped
where they enter a page, so a name from the data is text and nothing else. A language is one more folder with
the same keys; a test compares them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from mmm.errors import InternalFault

_STRONG = re.compile(r"\*([^*]+)\*")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language."""

    sentences: Mapping[str, str]
    language: str = "en"

    @property
    def from_the_right(self) -> bool:
        """Whether the language is written from right to left."""
        return self.language == "he"

    def text(self, key: str, values: Mapping[str, object] | None = None) -> str:
        """The sentence as plain text."""
        return _STRONG.sub(r"\1", self._template(key)).format(**(values or {}))

    def html(self, key: str, values: Mapping[str, object] | None = None) -> Markup:
        """The sentence for a page: what stands out in `<strong>`, values escaped, a key name in `<code>`."""
        marked = _STRONG.sub(r"<strong>\1</strong>", self._template(key))
        marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", marked)
        return Markup(marked).format(**(values or {}))

    def _template(self, key: str) -> str:
        try:
            return self.sentences[key]
        except KeyError:
            raise InternalFault(
                f"the catalogue has no sentence {key!r}; add it to mmm/reporting/words/"
            ) from None


@cache
def catalogue_for(language: str) -> Catalogue:
    """The sentences of a language that the settings allow."""
    sentences: dict[str, str] = {}
    for path in sorted((files("mmm.reporting") / "words" / language).iterdir(), key=lambda file: file.name):
        sentences |= tomllib.loads(path.read_text(encoding="utf-8"))
    return Catalogue(sentences, language)
