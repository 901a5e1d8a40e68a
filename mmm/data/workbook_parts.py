"""Parts of a zipped workbook, read no further than they say."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO
from xml.parsers import expat

MOST_CELLS = 30_000_000
"""A sheet beyond this is refused before it fills the memory."""

MOST_UNPACKED = 1 << 30
"""Bytes a workbook may unpack to."""


class Counted:
    """What a part really unpacks to, which is no more than it says."""

    def __init__(self, content: IO[bytes], said: int, name: str) -> None:
        self._content, self._left, self._name = content, said, name

    def read(self, size: int = -1, /) -> bytes:
        found = self._content.read(size)
        self._left -= len(found)
        if self._left < 0:
            raise zipfile.BadZipFile(f"its part {self._name} holds more than it says")
        return found


@contextmanager
def whole(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[Counted]:
    """A part to read; `zipfile` by itself stops at the length that is said, and another reader may not."""
    said, entry.file_size = entry.file_size, MOST_UNPACKED + 1
    try:
        content = archive.open(entry)
    finally:
        entry.file_size = said
    with content:
        yield Counted(content, said, entry.filename)


def parse(
    content: Counted,
    begin: Callable[[str, dict[str, str]], None],
    letters: Callable[[str], None],
    end: Callable[[str], None],
) -> None:
    """Tell what begins, what stands between, and what ends."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.CharacterDataHandler = letters
    parser.EndElementHandler = end
    parser.ParseFile(content)


def local(tag: str) -> str:
    """A name without its prefix."""
    return tag.rpartition(":")[2]
