"""Names as people type them: cleaned for lookup, folded for comparison, and the nearest one for a message."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

_INVISIBLE = re.compile("[\u200b\u200c\u200d\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u061c\ufeff\u00ad]")
_QUOTES = str.maketrans({"״": '"', "“": '"', "”": '"', "׳": "'", "’": "'", "‘": "'", "`": "'"})


def clean_name(name: object) -> str:
    """The name in NFC, without bidi marks and other invisible characters, single spaces, stripped."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", str(name)))
    return " ".join(text.split())  # split() knows non-breaking spaces and line breaks


def fold(name: object) -> str:
    """What two spellings of one name have in common: case, quotes, spaces, dashes and underscores aside."""
    text = unicodedata.normalize("NFKC", clean_name(name)).casefold().translate(_QUOTES)
    return re.sub(r"[\s_\-–—.]+", " ", text).strip()


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant, or None when nothing is close."""
    by_fold: dict[str, str] = {}
    for candidate in candidates:
        by_fold.setdefault(fold(candidate), candidate)
    near = difflib.get_close_matches(fold(name), list(by_fold), n=1, cutoff=0.6)
    if near:
        return by_fold[near[0]]
    words = set(fold(name).split())
    # `spend tv` for `tv_spend`: the same words, or most of them, in another order
    scored = [(len(words & set(key.split())) / max(len(words | set(key.split())), 1), key) for key in by_fold]
    best = max(scored, default=(0.0, ""))
    return by_fold[best[1]] if best[0] >= 0.5 else None
