"""Text files: which code page, which delimiter, and the rows with their line numbers."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from mmm.data.grid import Row
from mmm.data.panel import Check
from mmm.errors import DataError

DELIMITERS = (";", "\t", "|", ",")
"""In the order in which they win a tie: a comma may also stand inside numbers."""

_NAMES = {
    "cp1255": "Windows-1255",
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1256": "Windows-1256",
}
_WESTERN = ("cp1252", "cp1250", "cp1254", "cp1257")
_PAGES = (*_NAMES, "cp1257", "cp1258", "cp874", "cp932", "cp949", "gb18030", "big5", "koi8_r", "euc_jp")
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_HIGH = re.compile(rb"[\x80-\xff]+")
_HEBREW_LETTERS = range(0xE0, 0xFB)
_FINAL_INSIDE = re.compile(rb"[\xea\xed\xef\xf3\xf5](?=[\xe0-\xfa]{2})")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file and the code page it was in."""

    text: str
    encoding: str
    notes: tuple[Check, ...] = ()


def decode(content: bytes, where: str) -> Decoded:
    """Turn the bytes of a text file into text: a byte order mark, UTF-8, then code pages by what fits.

    Raises
    ------
    DataError
        When the bytes are no text.
    """
    for mark, codec, name in _BOMS:
        if content.startswith(mark):
            try:
                return _decoded(content.decode(codec), name, where)
            except UnicodeDecodeError:
                raise DataError([f"{where}: marked as {name} and damaged. Export the file again."]) from None
    if (unmarked := _utf16_without_mark(content)) is not None:
        return _decoded(content.decode(unmarked, errors="replace"), "UTF-16", where)
    try:
        return _decoded(content.decode("utf-8"), "UTF-8", where)
    except UnicodeDecodeError:
        pass
    _refuse_binary(content, where)
    return _nearly_utf8(content, where) or _code_page(content, where)


def _decoded(text: str, name: str, where: str, severity: str = "pass") -> Decoded:
    controls = sum(text.count(chr(code)) for code in (*range(9), 14, 15, 16, 127))
    if controls > 0 and controls * 100 > len(text):
        raise _not_text(where)
    if re.match(r"\s*<(!doctype|html|\?xml|table)", text[:200], re.IGNORECASE):
        raise DataError([f"{where}: this is a web page or XML. Open it in Excel and save it as XLSX or CSV."])
    if name == "UTF-8":
        return Decoded(text, name)
    remedy = f"Read as {name}." + (
        "" if severity == "pass" else " Check the names, or save the file as UTF-8."
    )
    check = Check("encoding", "review" if severity == "review" else "pass", where, "", name, remedy)
    return Decoded(text, name, (check,))


def _not_text(where: str) -> DataError:
    return DataError([f"{where}: this is not a table of text. Save it as CSV in UTF-8, XLSX or Parquet."])


def _refuse_binary(content: bytes, where: str) -> None:
    sample = content[:100_000]
    odd = sum(sample.count(code) for code in (*range(9), 14, 15, 16, 17, 18, 19, 20, 127))
    if odd * 100 > len(sample) or b"\x00" in sample:
        raise _not_text(where)


def _utf16_without_mark(content: bytes) -> str | None:
    sample = content[:2000]
    half = max(len(sample) // 2, 1)
    for offset, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = sample[offset::2].count(0), sample[1 - offset :: 2].count(0)
        if len(content) % 2 == 0 and zeros > 0.4 * half and others == 0:
            return codec
    return None


def _nearly_utf8(content: bytes, where: str) -> Decoded | None:
    """UTF-8 with a few damaged characters: kept, the lines named."""
    text = content.decode("utf-8", errors="replace")
    bad, good = text.count("\ufffd"), sum(1 for c in text if ord(c) > 127)
    if good - bad < 10 * bad:
        return None
    lines = [str(i) for i, line in enumerate(text.splitlines(), 1) if "\ufffd" in line]
    more = "" if len(lines) <= 5 else f" and {len(lines) - 5} more"
    note = Check(
        "encoding",
        "review",
        where,
        ", ".join(lines[:5]) + more,
        f"{bad} damaged characters",
        "Export the file again as UTF-8.",
    )
    return Decoded(text, "UTF-8", (note,))


def _code_page(content: bytes, where: str) -> Decoded:
    """A code page of one byte a letter. Short Hebrew and Western tables are told by their own marks."""
    if _is_hebrew(content):
        return _decoded(content.decode("cp1255", errors="replace"), "Windows-1255", where)
    from charset_normalizer import from_bytes

    best = from_bytes(content[:200_000], cp_isolation=list(_PAGES)).best()
    codec = best.encoding if best is not None else "cp1252"
    if _is_western(content) and (codec not in _WESTERN or _is_plain_1252(content)):
        codec = "cp1252"
    text = content.decode(codec, errors="replace")
    return _decoded(text, _NAMES.get(codec, codec), where, severity="review")


def _is_hebrew(content: bytes) -> bool:
    """Words of the letters E0-FA, not joined to Latin ones, and no final letter inside a word."""
    runs = _HIGH.findall(content)
    letters = [byte for run in runs for byte in run if byte >= 0xC0]
    if not letters or any(byte not in _HEBREW_LETTERS for byte in letters):
        return False
    words = [run for run in runs if any(byte >= 0xC0 for byte in run)]
    joined = len(re.findall(rb"[A-Za-z][\xe0-\xfa]|[\xe0-\xfa][A-Za-z]", content))
    single = sum(len(run) == 1 for run in words)
    return 4 * (joined + single) < len(words) + 1 and not _FINAL_INSIDE.search(content)


def _is_western(content: bytes) -> bool:
    """Letters with accents stand alone among plain ones, or only signs such as the pound and the euro."""
    runs = _HIGH.findall(content)
    return sum(len(run) <= 2 for run in runs) >= 0.9 * len(runs)


def _is_plain_1252(content: bytes) -> bool:
    """Too few accents to tell Western from Central European, and none that is a sign in Windows-1252.

    In Windows-1250 many letters stand where 1252 has signs: the l with a stroke is B3, a superscript three.
    """
    signs = re.search(rb"[A-Za-z][\xa1-\xbf]|[\xa1\xa5-\xaf\xb1-\xbf][A-Za-z]", content)
    return signs is None and sum(map(len, _HIGH.findall(content))) < 100


def split_rows(text: str, where: str) -> list[Row]:
    """The rows of delimited text with the line on which each begins.

    Raises
    ------
    DataError
        When a quote is left open or a row cannot be split.
    """
    skipped = 0
    if match := re.match(r"sep=(.)\r?\n", text, re.IGNORECASE):  # Excel's own hint
        delimiter, text, skipped = match.group(1), text[match.end() :], 1
    else:
        delimiter = sniff_delimiter(text)
    rows = []
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=delimiter != "\t"
    )
    begins = skipped + 1
    try:
        for cells in reader:
            rows.append(Row(begins, tuple(cells)))
            begins = skipped + reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            [f"{where}: line {begins} cannot be split into cells ({error}). Is a quote left open there?"]
        ) from None
    return rows


def sniff_delimiter(text: str) -> str:
    """The delimiter that gives most of the first rows one width, from the header on.

    A comma also splits decimals and titles, but not the header between them: the delimiter whose usual width
    begins in an earlier row, and holds in the next one, wins; then the one with more rows of that width.
    """
    sample = "".join(text[:60_000].splitlines(keepends=True)[:100])
    best, delimiter = (False, -len(sample), 0.0), ","
    for candidate in DELIMITERS:
        try:
            widths = [
                len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=candidate) if row
            ]
        except csv.Error:
            continue
        wide = Counter(width for width in widths if width > 1)
        if not wide:
            continue
        width, count = wide.most_common(1)[0]
        pairs = (i for i, pair in enumerate(pairwise(widths)) if pair == (width, width))
        begins = next(pairs, widths.index(width))
        score = (2 * count >= len(widths), -begins, count / len(widths))
        if score > best:
            best, delimiter = score, candidate
    return delimiter
