"""What the stages said in English, said again in another language.

Tables of a run hold English sentences, so that files and pages of any language agree. Here a sentence is recognized by
its template, its numbers and names are taken out, and the template's translation takes them in. What a person wrote
(a reason, the name of a scenario) matches nothing and stays as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from mmm.reporting.results import Results

if TYPE_CHECKING:
    from mmm.reporting.voice import Voice

FROM_THE_LEFT, FROM_ITS_OWN, END = "\u2066", "\u2068", "\u2069"
"""A stretch that runs from left to right; one that runs as its first letter does; the end of either."""

SAID: Mapping[str, tuple[str, ...]] = {
    "moves": ("why", "flip"),
    "scenarios": ("scenario", "note"),
    "scenario_plans": ("scenario",),
    "scenario_pairs": ("scenario", "against"),
    "tests": ("test",),
    "checks": ("check", "where"),
    "reviews": ("check", "where"),
    "stress": ("spec",),
    "stress_summary": ("lowest_spec", "highest_spec"),
}
"""Columns that hold what a stage says, by table."""

FOUND = ("rows", "value", "remedy")
"""Columns of checks: what is found is told in so many ways that not all are known in every language."""

_SLOT = re.compile(r"{([a-z]+)(\d*)}")
_FORMS = {
    "n": r"[-+\u2212]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?",
    "day": r"\d{4}-\d\d-\d\d",
    "names": r".+?",
    "any": r".+",
    "w": r".+?",
}
"""What may stand in a slot, by its kind."""


@dataclass(frozen=True, slots=True)
class _Template:
    """A sentence of the source with its slots as a pattern, and its translation."""

    pattern: re.Pattern[str]
    said: str


@cache
def _templates(language: str) -> tuple[dict[str, str], tuple[_Template, ...]]:
    """Fixed phrases, and templates: those with the most fixed text first, as they say the most."""
    source = files("mmm.reporting") / "words" / f"retold-{language}.toml"
    told: dict[str, str] = tomllib.loads(source.read_text(encoding="utf-8"))
    fixed = {key: said for key, said in told.items() if not _SLOT.search(key)}
    slotted = sorted((key for key in told if key not in fixed), key=lambda key: -len(_SLOT.sub("", key)))
    return fixed, tuple(_Template(_pattern(key), told[key]) for key in slotted)


def _pattern(key: str) -> re.Pattern[str]:
    parts, end = [], 0
    for slot in _SLOT.finditer(key):
        parts += [re.escape(key[end : slot.start()]), f"(?P<{slot[1]}{slot[2]}>{_FORMS[slot[1]]})"]
        end = slot.end()
    return re.compile("".join([*parts, re.escape(key[end:])]), re.DOTALL)


def retold(text: str, language: str, names: Mapping[str, str]) -> str:
    """The text in a language; as it is where nothing of it is known, and in English.

    Parameters
    ----------
    text
        One sentence of a stage, or several.
    names
        How the report calls what the text calls by its plain name.
    """
    if language == "en" or not text:
        return text
    said = _said(text, language, names)
    return text if said is None else said


def _said(text: str, language: str, names: Mapping[str, str]) -> str | None:
    """A text as one template, else as a run of them; None where it is neither."""
    fixed, templates = _templates(language)
    if text in fixed:
        return fixed[text]
    for template in templates:
        found = template.pattern.fullmatch(text)
        if found and (said := _filled(template, found, language, names)) is not None:
            return said
    for cut in _cuts(text):
        first = _said(text[:cut].rstrip(), language, names)
        rest = None if first is None else _said(text[cut:].lstrip(), language, names)
        if first is not None and rest is not None:
            return f"{first}{'' if text[cut] in ';.' else ' '}{rest}"
    return None


def _cuts(text: str) -> list[int]:
    """Where a sentence may end and another, a clause or the full stop begins."""
    ends = [at + 1 for at in (found.start() for found in re.finditer(r"[.?] ", text))]
    clauses = [found.start() for found in re.finditer(r"; ", text)]
    return [*ends, *clauses, *([len(text) - 1] if text.endswith(".") and len(text) > 1 else [])]


def _filled(template: _Template, found: re.Match[str], language: str, names: Mapping[str, str]) -> str | None:
    """The translation with its values; None where a phrase among them is not known."""
    values = {}
    for slot, value in found.groupdict().items():
        kind = slot.rstrip("0123456789")
        if kind == "w":
            if (said := _said(value, language, names)) is None:
                return None
            values[slot] = said
        elif kind == "names":
            values[slot] = _names(value, names)
        else:
            values[slot] = f"{FROM_THE_LEFT if kind == 'n' else FROM_ITS_OWN}{value}{END}"
    return template.said.format(**values).replace(f"{END}%", f"%{END}")  # the sign belongs to its number


def _names(text: str, names: Mapping[str, str]) -> str:
    """A list in words with the names that the report has for what it lists."""
    if text in names:
        return names[text]
    first, joint, last = text.rpartition(" and ")
    listed = [*first.split(", "), last] if joint else text.split(", ")
    return ", ".join(names.get(name, f"{FROM_ITS_OWN}{name}{END}") for name in listed)


def results_retold(results: Results, voice: Voice) -> Results:
    """The results with what stages said in the language of the report; the same in English."""
    if voice.catalogue.language == "en":
        return results
    told = voice.retold
    frames = {
        name: getattr(results, name).assign(
            **{column: [told(text) for text in getattr(results, name)[column]] for column in columns}
        )
        for name, columns in SAID.items()
        if set(columns) <= set(getattr(results, name).columns)
    }
    for name in ("checks", "reviews"):
        frame = frames.get(name, getattr(results, name))
        frames[name] = frame.assign(
            **{
                column: [voice.retold_or_file(text, f"{name}.csv") for text in frame[column]]
                for column in FOUND
                if column in frame
            }
        )
    summary, designed = results.summary, dict(results.designed)
    if "notes" in designed:
        designed["notes"] = [told(note) for note in designed["notes"]]
    return replace(
        results,
        summary=replace(
            summary,
            gave_way=tuple(told(text) for text in summary.gave_way),
            assumptions=tuple(told(text) for text in summary.assumptions),
            method=told(summary.method),
        ),
        designed=designed,
        **frames,
    )
