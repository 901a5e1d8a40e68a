"""The sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mmm.reporting
from mmm.errors import InternalFault
from mmm.reporting.catalogue import ENGLISH, LANGUAGES, Catalogue, catalogue_for

ROOM = Path(mmm.reporting.__path__[0])


def test_every_language_has_the_same_sentences_with_the_same_values() -> None:
    for sentences in LANGUAGES.values():
        assert sentences.keys() == ENGLISH.keys()
        for key, sentence in sentences.items():
            assert set(re.findall(r"{(\w+)}", sentence)) == set(re.findall(r"{(\w+)}", ENGLISH[key]))


def test_every_sentence_the_pages_ask_for_is_there() -> None:
    asked = set()
    for path in (*ROOM.glob("*.py"), *ROOM.glob("templates/*.j2")):
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
