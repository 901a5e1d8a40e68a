"""What a column probably is, from its name (English and Hebrew) and its values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmm.data.files import RawTable
from mmm.data.names import fold
from mmm.data.readings import looks_like_date
from mmm.data.settings import Grain
from mmm.data.values import parse_dates, parse_numbers

Role = Literal[
    "date",
    "end",
    "outcome",
    "count",
    "unit value",
    "spend",
    "exposure",
    "geo",
    "population",
    "channel",
    "audience",
    "message",
    "organic",
    "control",
    "event",
    "holiday flag",
    "mediator",
    "unknown",
]

WORDS: dict[str, str] = {
    "date": "date week day month period time ds wk datum woche start תאריך שבוע יום חודש תקופה התחלה",
    "end": "end until סיום סוף",
    "outcome": "revenue sale turnover income gmv umsatz הכנסה הכנסות מכירה מכירות מחזור פדיון",
    "count": "conversion order purchase lead signup install subscription kpi "
    "הזמנה הזמנות ליד לידים המרה המרות רכישה רכישות",
    "spend": "spend spending spent cost investment invest inv expense expenditure mdsp kosten "
    "הוצאה הוצאות עלות עלויות השקעה תקציב",
    "exposure": "impression impr imp click view grp trp mdip חשיפה חשיפות קליק קליקים הקלקה הקלקות צפיות",
    "geo": "geo geography region dma city market state area store location country district province "
    "אזור מחוז עיר סניף מדינה",
    "population": "population pop inhabitant residents אוכלוסייה אוכלוסיה תושבים",
    "channel": "channel media medium platform publisher network outlet ערוץ מדיה פלטפורמה",
    "audience": "audience targeting adset קהל קהלים",
    "message": "creative message מסר קריאייטיב",
    "organic": "newsletter organic owned seo sms email em ניוזלטר דיוור אורגני",
    "control": "price competitor competition sentiment weather temperature rain distribution promo promotion "
    "discount markdown index cpi demand inflation unemployment "
    "מחיר מחירים מתחרה מתחרים מבצע מבצעים הנחה מזג ביקוש מדד",
    "event": "event holiday hldy occasion אירוע אירועים חג חגים",
    "mediator": "awareness consideration session visit traffic visitor מודעות ביקורים תנועה",
    "claim": "platform analytics crm claimed attributed",
    "medium": "tv television ctv bvod radio audio podcast ooh dooh billboard print newspaper "
    "magazine cinema facebook fb meta instagram ig google gads youtube yt tiktok snapchat pinterest linkedin "
    "twitter reddit bing criteo taboola outbrain dv360 programmatic display banner video search sem ppc "
    "social affiliate influencer pmax shopping "
    "טלוויזיה רדיו שילוט חוצות עיתונות דפוס פייסבוק אינסטגרם גוגל יוטיוב טיקטוק חיפוש מטא באנרים וידאו "
    "דיגיטל לינקדאין טאבולה משפיענים",
    "kind of people": "prospecting prosp retargeting retarg remarketing rmkt rtg broad lookalike lal brand "
    "generic nonbrand new existing loyal חדשים קיימים רימרקטינג",
}
"""Words by what they tell. Plural s and the Hebrew article are taken off before they are compared."""

_ROBYN: dict[str, Role] = {"S": "spend", "I": "exposure", "P": "exposure", "B": "control"}
_BY_NUMBERS: tuple[Role, ...] = (
    *("population", "spend", "organic", "exposure"),
    *("control", "outcome", "count", "geo"),
)
_NEVER_NEGATIVE: tuple[Role, ...] = ("population", "organic", "exposure")
_BY_TEXT: tuple[Role, ...] = ("event", "geo", "channel", "audience", "message")


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its likely role.

    Attributes
    ----------
    stem
        What is left of the name without the word that told the role: `tv` of `tv_spend`.
    numbers
        Its values, or None where it is no column of numbers.
    """

    name: str
    role: Role
    stem: str
    numbers: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class Looked:
    """A table with the likely role of each column.

    Attributes
    ----------
    days
        Day of each row, NaT where it has none; `reading` is how the dates were read.
    date_fault
        Why the date column cannot be read yet; "" when it can.
    """

    raw: RawTable
    date: str
    days: NDArray[np.datetime64]
    reading: str
    date_fault: str
    columns: tuple[Column, ...]

    @property
    def is_of_tests(self) -> bool:
        """Whether the rows are results of past tests, with a lift and its error."""
        names = {fold(column.name) for column in self.columns}
        return "lift" in names and bool(names & {"lift se", "lift lo", "level"})

    def having(self, *roles: Role) -> list[Column]:
        """The columns with one of the roles, in the order of the file."""
        return [column for column in self.columns if column.role in roles]

    def first(self, role: Role) -> str | None:
        """Name of the first column with a role."""
        return next((column.name for column in self.columns if column.role == role), None)


def tokens(name: str) -> list[str]:
    """The words of a name, in lower case, without plural s and the Hebrew article."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[^\w]+|_", fold(spaced)) if word]


def _is_word(token: str, words: Sequence[str]) -> bool:
    forms = {token, token.removesuffix("s"), token.removeprefix("ה")}
    return bool(forms & set(words))


def says(name: str, what: str) -> bool:
    """Whether a name holds one of the words that tell something (a key of `WORDS`)."""
    words = WORDS[what].split()
    return any(_is_word(token, words) for token in tokens(name))


def stem_of(name: str, role: Role) -> str:
    """The name without the words of a role and the marks around them: `tv` of `tv_spend` and of `tv_S`."""
    if re.search(r"_[SIP]$", name):
        name = name[:-2]
    words = WORDS[role].split()
    parts = re.split(r"([\s_\-./]+|(?<=[a-z])(?=[A-Z]))", name)
    kept = [part for part in parts if part and not (tokens(part) and _is_word(tokens(part)[0], words))]
    return "".join(kept).strip(" _-./()₪$€£")


def look_at(raw: RawTable) -> Looked:
    """Guess the role of every column of a table."""
    date_column, days, reading, fault = _find_date(raw)
    robyn = any(re.search(r"[A-Za-z]_S$", str(name)) for name in raw.frame.columns)
    columns = []
    for name in map(str, raw.frame.columns):
        if name == date_column:
            continue
        read = parse_numbers(raw.frame[name], where="", column=name)
        numbers = None if read.faults or np.isnan(read.values).all() else read.values
        role = _role_of_numbers(name, numbers, robyn) if numbers is not None else _role_of_text(raw, name)
        stem = stem_of(name, role) if role in ("spend", "exposure") else name
        columns.append(Column(name, role, stem, numbers))
    if all(column.numbers is None for column in columns):  # a list of days: `name` is what happened
        columns = [replace(c, role="event") if fold(c.name) in ("name", "שם") else c for c in columns]
    return Looked(raw, date_column, days, reading, fault, tuple(columns))


def _find_date(raw: RawTable) -> tuple[str, NDArray[np.datetime64], str, str]:
    """The date column: it reads as dates, has a date's name, and many different days."""
    best: tuple[tuple[bool, bool, int], str] | None = None
    found: dict[str, tuple[NDArray[np.datetime64], str, str]] = {}
    for name in map(str, raw.frame.columns):
        named = says(name, "date") and not says(name, "end")
        cells = raw.frame[name]
        if not named and not any(looks_like_date(cell) for cell in cells.head(20)):
            continue
        read = parse_dates(cells, where=raw.where, column=name)
        found[name] = (read.values, read.reading, read.faults[0] if read.faults else "")
        score = (not read.faults, named, len(np.unique(read.values)))
        if best is None or score > best[0]:
            best = (score, name)
    if best is None:
        return "", np.full(len(raw.frame), np.datetime64("NaT"), "datetime64[D]"), "", ""
    return best[1], *found[best[1]]


def _role_of_numbers(name: str, numbers: NDArray[np.float64], robyn: bool) -> Role:
    if robyn and (match := re.search(r"_([SIPB])$", name)):
        return _ROBYN[match[1]]
    words = tokens(name)
    if says(name, "event"):
        return "holiday flag"
    if says(name, "mediator"):
        return "mediator"
    if words == ["aov"] or ("per" in words and (says(name, "outcome") or "value" in words)):
        return "unit value"
    if says(name, "claim") and (says(name, "outcome") or says(name, "count") or "customers" in words):
        return "unknown"  # what a platform claims is not what the company sold
    if words and words[0] in ("competitor", "competition"):
        return "control"
    negative = bool((numbers[~np.isnan(numbers)] < 0).any())
    ratio = "per" in words or "share" in words
    for role in _BY_NUMBERS:
        possible = not (ratio and role in ("spend", "exposure", "outcome", "count"))
        if possible and not (negative and role in _NEVER_NEGATIVE) and says(name, role):
            return role
    if words == ["y"]:
        return "outcome"
    return "unknown"


def _role_of_text(raw: RawTable, name: str) -> Role:
    distinct = raw.frame[name].dropna().nunique()
    if says(name, "end") and any(looks_like_date(cell) for cell in raw.frame[name].head(20)):
        return "end"
    for role in _BY_TEXT:
        if distinct and says(name, role):
            return role
    return "unknown"


def grain_of(days: NDArray[np.datetime64]) -> Grain:
    """The period of a date column, by the usual gap between its days."""
    unique = np.unique(days[~np.isnat(days)])
    if len(unique) < 2:
        return "week"
    gap = float(np.median(np.diff(unique).astype(int)))
    return "day" if gap < 4 else "week" if gap < 20 else "month"


def next_quarter(last: date) -> str:
    """The calendar quarter after the one of a day, as 2027Q1."""
    quarter = (last.month - 1) // 3 + 1
    return f"{last.year}Q{quarter + 1}" if quarter < 4 else f"{last.year + 1}Q1"
