"""Texts of an old workbook (XLS), which are written once and copied into every cell that shows them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from mmm.data.workbook_texts import MOST_LETTERS

LONGEST = 0xFFFF
"""Letters a text of an XLS may say it has."""


def too_many_letters(texts: Sequence[bytes], shown: Iterable[Sequence[int]]) -> bool:
    """Whether the cells of all sheets, each text counted as often as it is shown, hold more than the most letters.

    Parameters
    ----------
    texts
        Content of the record of shared texts behind its two counts, and of the records that continue it.
    shown
        Of each sheet, as often as it is listed: the number of the text in each cell that shows one.

    Raises
    ------
    ValueError
        Where that matters and the texts do not hold together.
    """
    cells = list(shown)
    if sum(map(len, cells)) * min(LONGEST, sum(map(len, texts))) <= MOST_LETTERS:
        return False
    letters = _letters(texts)
    most = max(letters, default=0)
    total = 0
    for sheet in cells:
        total += sum(letters[number] if number < len(letters) else most for number in sheet)
    return total > MOST_LETTERS


def _letters(texts: Sequence[bytes]) -> array[int]:
    """How long each text is; one that goes on in the next record says there anew how wide its letters are (MS-XLS)."""
    found = array("Q")
    at = _Place(texts)
    while at.more():
        count, flags = at.number(2), at.number(1)
        runs = at.number(2) if flags & 8 else 0
        extra = at.number(4) if flags & 4 else 0
        at.letters(count, wide=bool(flags & 1))
        at.skip(4 * runs + extra)
        found.append(count)
    return found


class _Place:
    """A place in records that continue each other."""

    def __init__(self, records: Sequence[bytes]) -> None:
        self._records, self._record, self._byte = records, 0, 0

    def more(self) -> bool:
        """Whether bytes are left; moves on to the record that has them."""
        while self._record < len(self._records) and self._byte >= len(self._records[self._record]):
            self._record, self._byte = self._record + 1, 0
        return self._record < len(self._records)

    def number(self, size: int) -> int:
        """A whole number, the smallest byte first."""
        content = self._records[self._record][self._byte : self._byte + size]
        if len(content) < size:
            raise ValueError("its texts do not hold together")
        self._byte += size
        return int.from_bytes(content, "little")

    def letters(self, count: int, *, wide: bool) -> None:
        """Move behind so many letters."""
        while count:
            here = min(count, (len(self._records[self._record]) - self._byte) // (2 if wide else 1))
            self._byte += here * (2 if wide else 1)
            count -= here
            if count:
                self._byte = len(self._records[self._record])
                if not self.more():
                    raise ValueError("its texts do not hold together")
                wide = bool(self.number(1) & 1)

    def skip(self, size: int) -> None:
        """Move behind so many bytes."""
        while size and self.more():
            here = min(size, len(self._records[self._record]) - self._byte)
            self._byte, size = self._byte + here, size - here
