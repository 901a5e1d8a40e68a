"""The sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mmm.reporting
from mmm.errors import InternalFault
from mmm.reporting.catalogue import Catalogue, catalogue_for

ROOM = Path(mmm.reporting.__path__[0])


LANGUAGES = ("en", "he")
ENGLISH = catalogue_for("en").sentences
KEPT = {
    *("CONFIG", "bounds"),
    *("CRM", "ROMI", "ROI", "MAPE", "JavaScript", "ESS", "adstock"),
    *(
        "mmm",
        "planner",
        "csv",
        "json",
        "xlsx",
        "plan",
        "rollout",
        "rollout_actions",
        "rollout_steps",
        "rollout_moves",
        "portfolio",
        "markets",
        "market_moves",
    ),
}
"""Latin words of the Hebrew sentences: abbreviations of the trade and names of files."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_sentences_with_the_same_values(language: str) -> None:
    sentences = catalogue_for(language).sentences
    assert sentences.keys() == ENGLISH.keys()
    for key, sentence in sentences.items():
        assert set(re.findall(r"{(\w+)}", sentence)) == set(re.findall(r"{(\w+)}", ENGLISH[key])), key
        assert sentence.count("*") == ENGLISH[key].count("*"), key


def test_a_sentence_stands_in_one_file_of_its_language() -> None:
    for language in LANGUAGES:
        keys = [
            re.match(r'"([^"]+)"', line).group(1)  # type: ignore[union-attr]
            for path in (ROOM / "words" / language).glob("*.toml")
            for line in path.read_text("utf-8").splitlines()
            if line.startswith('"')
        ]
        assert len(keys) == len(set(keys))


def test_no_hebrew_sentence_is_left_in_english() -> None:
    for key, sentence in catalogue_for("he").sentences.items():
        words = re.sub(r"{\w+}|`[^`]*`|R-hat|R²", "", sentence)
        assert set(re.findall(r"[A-Za-z_]{2,}", words)) - KEPT == set(), key


def test_every_sentence_the_pages_ask_for_is_there() -> None:
    asked = set()
    for path in (*ROOM.glob("*.py"), *ROOM.glob("templates/*.j2"), *ROOM.parent.glob("app/*.py")):
        source = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"""(?:\bt|\.text|\.html)\(\s*["']([\w.]+)["']""", source))
    asked = {key for key in asked if not key.endswith(".")}
    assert len(asked) > 60
    assert asked <= ENGLISH.keys()


def test_a_value_is_text_in_a_page_and_never_markup() -> None:
    catalogue = Catalogue({"k": "Approve *{name}*."})
    assert catalogue.html("k", {"name": "<b>*x*</b>"}) == "Approve <strong>&lt;b&gt;*x*&lt;/b&gt;</strong>."
    assert catalogue.text("k", {"name": "*x* {y}"}) == "Approve *x* {y}."


def test_a_sentence_nobody_wrote_is_our_fault() -> None:
    with pytest.raises(InternalFault, match="no sentence 'nothing'"):
        catalogue_for("en").text("nothing")
