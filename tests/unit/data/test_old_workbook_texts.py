"""Shared texts of an XLS, counted as the published layout (MS-XLS) has them."""

from __future__ import annotations

import struct

import pytest

from mmm.data import old_workbook_texts
from mmm.data.old_workbook_texts import _letters, too_many_letters


def _text(text: str, *, wide: bool = False, runs: int = 0, extra: int = 0) -> bytes:
    flags = wide | 8 * bool(runs) | 4 * bool(extra)
    head = struct.pack("<HB", len(text), flags)
    head += struct.pack("<H", runs) if runs else b""
    head += struct.pack("<I", extra) if extra else b""
    return head + text.encode("utf-16-le" if wide else "latin-1") + bytes(4 * runs + extra)


WHOLE = (
    _text("seven o")
    + _text("")
    + _text("wide", wide=True, runs=3)
    + _text("a phone", extra=9)
    + _text("both", wide=True, runs=1, extra=2)
)


def test_texts_are_as_long_as_they_say_whatever_stands_behind_them():
    assert _letters([WHOLE]).tolist() == [7, 0, 4, 7, 4]


def test_letters_that_go_on_in_the_next_record_say_anew_how_wide_they_are():
    first = struct.pack("<HB", 9, 1) + "abc".encode("utf-16-le")
    assert _letters([first, b"\0defg", b"\1" + "hi".encode("utf-16-le") + _text("xy")]).tolist() == [9, 2]


@pytest.mark.parametrize("cut", [23, 27, 35])
def test_what_stands_behind_a_text_goes_on_without_a_word(cut):
    """Between letters and their formats, inside of the formats, and at the edge of the next text."""
    content = _text("seven o") + _text("wide", wide=True, runs=3) + _text("end")
    assert _letters([content[:cut], content[cut:]]).tolist() == [7, 4, 3]


def test_texts_that_end_too_early_do_not_hold_together():
    for broken in (WHOLE[:5], WHOLE[:-9] + _text("x" * 50)[:20]):
        with pytest.raises(ValueError, match="do not hold together"):
            _letters([broken])


def test_each_text_counts_as_often_as_it_is_shown_in_every_sheet(monkeypatch):
    shown = [[0, 0, 3], [2], [2], [99]]  # 7 + 7 + 7, 4, 4, and a number that names none: the longest
    for most, refused in ((36, False), (35, True)):
        monkeypatch.setattr(old_workbook_texts, "MOST_LETTERS", most)
        assert too_many_letters([WHOLE], shown) is refused
    assert not too_many_letters([WHOLE], [])
    assert not too_many_letters([], [])
