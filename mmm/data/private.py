"""Personal data: columns that hold it by their name, values that are an e-mail address or a telephone number.

A model needs none of it. Columns of people are not read, a value of a person where a name of a channel or a campaign
belongs is refused, and a message never quotes one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from mmm.data.names import fold

Kind = Literal["e-mail", "telephone", "name", "address", "identity number", "birth date"]

_HEADERS: dict[Kind, str] = {
    "e-mail": r"(?:.* )?e ?mails?(?: address(?:es)?)?(?: \d)?|(?:.* )?mail address|"
    r'כתובת (?:מייל|אימייל|דוא"ל)|מייל|אי?מייל|דוא"ל|דואל|דואר אלקטרוני',
    "telephone": r"(?:.* )?(?:tele)?phones?(?: (?:number|no|nr))?(?: \d)?|mobile(?: (?:phone|number|no|nr))?|"
    r"cellular(?: (?:phone|number))?|tel|fax(?: number)?|whats ?app(?: (?:phone )?number)?|msisdn|"
    r"(?:מספר )?(?:ה)?(?:טלפון|נייד|סלולרי|פלאפון)(?: (?:נייד|בבית|בעבודה|סלולרי))?",
    "name": r"(?:first|last|middle|full|family|given|sur|contact|customer|client|lead|person|billing|shipping) ?name|"
    r"name of (?:the )?(?:customer|client|contact|lead|person)|surname|contact|customer|client|"
    r"(?:contact|lead|deal|opportunity|account) owner|"
    r"שם (?:פרטי|משפחה|מלא|(?:ה)?לקוח(?:ה)?|איש קשר)|איש קשר|לקוח|לקוחה",
    "address": r"(?:(?:street|home|mailing|billing|shipping|postal|ip) )?address(?: line)?(?: \d)?|"
    r"(?:(?:mailing|billing|shipping) )?street(?: address)?(?: \d)?|"
    r"(?:(?:mailing|billing|shipping) )?(?:zip|postal|post) ?code|zip|"
    r"כתובת(?: (?:מגורים|משלוח|למשלוח|בית))?|רחוב|מיקוד",
    "identity number": r"(?:national )?id (?:card )?number|identity (?:card|number)|passport(?: (?:number|no))?|ssn|"
    r"social security(?: number)?|ת ?ז|תעודת זהות|מספר (?:תעודת )?זהות|דרכון",
    "birth date": r"(?:date of birth|birth ?date|birth ?day|dob)|תאריך לידה",
}
_BY_HEADER = {kind: re.compile(pattern) for kind, pattern in _HEADERS.items()}

_MAIL = r"[\w.%+'-]+@[\w-]+(?:\.[\w-]+)+"
_SEP = r"[\s.\-–/]?"
_PHONES = (
    # +972 50-123-4567, 00 44 20 7946 0958: an international sign and eight digits or more
    r"(?<![\w.])(?:\+|00)[1-9]\d{0,2}(?:[\s.\-–/()]{0,2}\d){7,12}(?!\d)",
    # 050-123-4567, 03-1234567, 077 123 4567, with the code of Israel or without
    rf"(?<![\w.])(?:972{_SEP}\(?0?\)?|0)(?:5\d|7\d|[23489]){_SEP}\d{{3}}{_SEP}\d{{4}}(?!\d)",
    # (212) 555-0123, 212-555-0123
    r"(?<![\w.])(?:1[\s.-])?(?:\(\d{3}\)\s?|\d{3}[-.\s])\d{3}[-.]\d{4}(?!\d)",
)
_VALUES: dict[Kind, re.Pattern[str]] = {
    "e-mail": re.compile(_MAIL),
    "telephone": re.compile("|".join(_PHONES)),
}


def kind_of_column(name: object) -> Kind | None:
    """What a column of this name holds about a person; None where nothing."""
    folded = re.sub(r"\s*\([^)]*\)$", "", fold(name)).strip()
    return next((kind for kind, pattern in _BY_HEADER.items() if pattern.fullmatch(folded)), None)


def kind_of_value(value: object) -> Kind | None:
    """Whether a text holds an e-mail address or a telephone number."""
    if not isinstance(value, str) or len(value) < 6:
        return None
    return next((kind for kind, pattern in _VALUES.items() if pattern.search(value)), None)


def masked(text: str) -> str:
    """A text with what it quotes of people taken out."""
    for kind, pattern in _VALUES.items():
        text = pattern.sub(f"<{kind}>", text)
    return text


def people_among(values: Iterable[object]) -> dict[object, Kind]:
    """The values that hold an e-mail address or a telephone number, once each."""
    return {value: kind for value in dict.fromkeys(values) if (kind := kind_of_value(value)) is not None}
