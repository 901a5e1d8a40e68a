"""Texts of a workbook, which are written once and copied into every cell that shows them."""

from __future__ import annotations

import re
import zipfile
from array import array
from pathlib import Path

from mmm.data.workbook_parts import MOST_CELLS, Counted, local, parse, whole
from mmm.errors import DataError

MOST_LETTERS = 1 << 29
"""Letters of all cells of a sheet together, each shared text counted as often as it is shown."""

TEXTS = "xl/sharedstrings.xml"
"""Part of the shared texts, in small letters; a reader looks for no other."""

_SHORTEST_TEXT = len("<si/>")
_CHUNK, _LONGEST_CELL = 1 << 20, 1 << 12
_SHOWN = re.compile(
    rb"\bt\s*=\s*[\"']s[\"'][^<>]*>\s*<(?:\w+:)?v\b[^<>]*>(\d{1,9})</(?:\w+:)?v>\s*</(?:\w+:)?c>"
)
"""The end of a cell as every program writes it, with the number of its text."""


def refuse_copies(
    archive: zipfile.ZipFile, texts: zipfile.ZipInfo, shared: dict[str, int], path: Path
) -> None:
    """Refuse more texts than a sheet may have cells, and texts that are shown so often that they fill the memory."""
    most, size = max(shared.values(), default=0), texts.file_size
    if most * size <= MOST_LETTERS and size <= MOST_CELLS * _SHORTEST_TEXT:
        return
    with whole(archive, texts) as content:
        letters = _letters_of_texts(content, f"{path}, {texts.filename}")
    longest = max(letters, default=0)
    for part, cells in shared.items():
        if cells * longest > MOST_LETTERS:
            with whole(archive, archive.getinfo(part)) as content:
                _refuse_shown(content, letters, cells, f"{path}, {part}")


def _letters_of_texts(content: Counted, where: str) -> array[int]:
    """How long each shared text is, in the order in which cells name them."""
    found = array("Q")
    inside = False

    def begin(tag: str, _: dict[str, str]) -> None:
        nonlocal inside
        if local(tag) == "si":
            if inside:
                raise zipfile.BadZipFile("one of its texts begins inside another")
            if len(found) == MOST_CELLS:
                raise DataError(
                    [f"{where}: more than {MOST_CELLS:,} texts. Save its table as Parquet or CSV."]
                )
            inside = True
            found.append(0)

    def letters(text: str) -> None:
        if inside:
            found[-1] += len(text)

    def end(tag: str) -> None:
        nonlocal inside
        inside = inside and local(tag) != "si"

    parse(content, begin, letters, end)
    return found


def _refuse_shown(content: Counted, letters: array[int], cells: int, where: str) -> None:
    """Count the letters of a sheet's shared texts, each as often as a cell shows it.

    Every cell that is written otherwise than usual counts as the longest text: a reader may take any.
    """
    total, longest, kept = 0, max(letters), b""
    while chunk := content.read(_CHUNK):
        text, end = kept + chunk, 0
        for found in _SHOWN.finditer(text):
            number, end, cells = int(found[1]), found.end(), cells - 1
            total += letters[number] if number < len(letters) else longest
        kept = text[max(end, len(text) - _LONGEST_CELL) :]
        refuse_letters(total, where)
    refuse_letters(total + cells * longest, where)


def refuse_letters(total: int, where: str) -> None:
    """Refuse a sheet with too many letters."""
    if total > MOST_LETTERS:
        raise DataError(
            [
                f"{where}: the texts of its cells come to more than {MOST_LETTERS:,} letters, the same shown again and "
                "again. Save the table without long texts, and look at where the file comes from."
            ]
        )
