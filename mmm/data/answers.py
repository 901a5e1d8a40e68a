"""What only the user can know: the questions, and the lines of the config that answers become."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmm.errors import ConfigError
from mmm.quantities import parse_money

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SIGNS = {
    "₪": "ILS",
    'ש"ח': "ILS",
    "NIS": "ILS",
    "ILS": "ILS",
    "$": "USD",
    "USD": "USD",
    "€": "EUR",
    "EUR": "EUR",
}
SIGNS |= {"£": "GBP", "GBP": "GBP"}


@dataclass(frozen=True, slots=True)
class Question:
    """Something files do not show.

    Attributes
    ----------
    key
        `currency`, `vat_included`, `gross_margin`, `window`, `budget` or `week_starts`.
    prompt
        What to ask on a terminal.
    default
        The answer taken without one; "" leaves the key out.
    """

    key: str
    prompt: str
    default: str


def quoted(text: str) -> str:
    """Text in quotes that YAML reads back as it is."""
    return json.dumps(text, ensure_ascii=False)


def fill(template: str, questions: Sequence[Question], answers: Mapping[str, str]) -> str:
    """Put answers into the marks `{{key}}` of a template; an empty answer is the question's default.

    Raises
    ------
    ConfigError
        Answers that cannot be meant, all at once.
    """
    text, faults = template, []
    for question in questions:
        answer = answers.get(question.key, "").strip() or question.default
        try:
            line = _LINES[question.key](answer)
        except ValueError as error:
            faults.append(f"`{question.key}`: {error}")
            continue
        text = text.replace("{{" + question.key + "}}", line)
    if faults:
        raise ConfigError(faults)
    text = re.sub(r"\{\{\w+\}\}\n", "", text)  # questions that do not arise for these data
    return _without_empty_sections(text)


def _without_empty_sections(text: str) -> str:
    """Turn `finance:` with nothing but comments below it into a comment that can be taken in as a whole."""

    def as_comment(match: re.Match[str]) -> str:
        lines = match.group().splitlines()
        return "".join(f"# {line.replace('# ', '', 1)}\n" for line in lines)

    return re.sub(r"^(?:calendar|finance|plan):\n(?:  # .*\n)*(?!  )", as_comment, text, flags=re.MULTILINE)


def _currency_line(answer: str) -> str:
    if not answer:
        return '# currency: "USD"    # say which; without it money has no sign'
    code = SIGNS.get(answer, answer).upper()
    code = SIGNS.get(code, code)
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ValueError(f"{answer!r} is not a currency; write its three letters, such as ILS, USD or EUR")
    return f"currency: {quoted(code)}"


def _share(answer: str) -> float:
    try:
        share = float(answer.rstrip("% ").replace(",", "."))
    except ValueError:
        raise ValueError(f"{answer!r} is not a share; write 0.42 or 42%") from None
    share = share / 100 if "%" in answer or share > 1 else share
    if not 0 <= share <= 1:
        raise ValueError(f"{answer!r} is not a share; write 0.42 or 42%")
    return share


def _vat_line(answer: str) -> str:
    rate = 0.0 if answer.casefold() in ("", "no", "net", "out", "לא") else _share(answer)
    if rate == 0:
        return "    # vat_included: 0.18    # if VAT is in the amounts; on media tables too"
    return f"    vat_included: {rate:g}    # taken out of the outcome; put it on media tables too"


def _margin_line(answer: str) -> str:
    if not answer:
        return "  # gross_margin: 0.42    # without it profit and ROMI stay empty"
    margin = _share(answer)
    if margin == 0:
        raise ValueError("a margin of 0 means that no sale pays for media; write 0.42 or 42%")
    return f"  gross_margin: {margin:g}"


def _window_line(answer: str) -> str:
    if not re.fullmatch(r"\d{4}-?[Qq][1-4]|\d{4}-(0?[1-9]|1[0-2])", answer):
        raise ValueError(f"{answer!r} is not a quarter or a month; write 2027Q1 or 2027-01")
    return f"  window: {quoted(answer.upper())}"


def _budget_line(answer: str) -> str:
    if not answer:
        return (
            "  # budget: 1_300_000    # for the WHOLE window, reserve included; without it as much as of late"
        )
    if parse_money(answer) <= 0:
        raise ValueError(f"{answer!r} is no budget; write an amount above 0, such as 1_300_000 or 1.3m")
    return f"  budget: {quoted(answer)}"


def _week_line(answer: str) -> str:
    near = [day for day in WEEKDAYS if answer and day.startswith(answer.casefold())]
    if len(near) != 1:
        raise ValueError(f"{answer!r} is not a day of the week; write sunday or monday")
    return f"  week_starts: {near[0]}"


_LINES = {
    "currency": _currency_line,
    "vat_included": _vat_line,
    "gross_margin": _margin_line,
    "window": _window_line,
    "budget": _budget_line,
    "week_starts": _week_line,
}
