"""A first config from the files alone: what the columns probably are, and what only the user can know."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmm.data.answers import SIGNS, WEEKDAYS, Question, fill, quoted
from mmm.data.files import read_table, table_sheets
from mmm.data.names import fold
from mmm.data.roles import Column, Looked, Role, grain_of, look_at, next_quarter, says, tokens
from mmm.errors import DataError

_HEBREW = re.compile("[א-ת]")


@dataclass(frozen=True, slots=True)
class Guess:
    """A config guessed from files.

    Attributes
    ----------
    text
        YAML with comments, every open question answered by its default.
    guessed
        One line for each thing that was guessed.
    open_questions
        What the files do not show.
    template
        The text with a mark in place of each answer, for `render`.
    """

    text: str
    guessed: tuple[str, ...]
    open_questions: tuple[Question, ...]
    template: str


@dataclass(frozen=True, slots=True)
class _Cell:
    channel: str
    audience: str
    spend: Column
    exposure: str | None
    doubt: str


def guess_config(paths: Sequence[Path], *, out: Path) -> Guess:
    """Look at tables and write the config they probably need.

    Parameters
    ----------
    paths
        CSV, XLSX or Parquet files; every sheet of a workbook is looked at.
    out
        Where the config will be written: paths inside it are relative to its folder.

    Raises
    ------
    DataError
        A file cannot be read, or no column looks like the outcome or like paid media.
    """
    looked = [look_at(read_table(path, sheet)) for path in paths for sheet in table_sheets(Path(path))]
    tables = [table for table in looked if not table.is_of_tests]
    outcome_table, outcome = _find_outcome(tables)
    writer = _Writer(out, outcome_table)
    for table in looked:
        if table.is_of_tests:
            writer.say(table, "results of past tests; not used yet")
    data = _data_lines(tables, outcome_table, outcome, writer)
    questions = _questions(tables, outcome_table, outcome, writer)
    name = re.sub(r"[^\w.-]+", "-", out.stem).strip("-") or "company"
    lines = [
        "# Written by `mmm init` from the names and values of the columns. Read it once, line by line.",
        f"name: {quoted(name)}    # the company, never the quarter",
        "{{currency}}",
        "data:",
        *data,
        "calendar:",
        "{{week_starts}}",
        _holiday_line(tables),
        "finance:",
        "{{gross_margin}}",
        "plan:",
        "{{window}}",
        "{{budget}}",
    ]
    template = "\n".join(line for line in lines if line) + "\n"
    draft = Guess("", tuple(writer.guessed), tuple(questions), template)
    return Guess(render(draft, {}), draft.guessed, draft.open_questions, template)


def render(guess: Guess, answers: Mapping[str, str]) -> str:
    """The text of the config with answers in place; a missing or empty answer is the question's default.

    Raises
    ------
    ConfigError
        Answers that cannot be meant; each fault names the key, the answer and the remedy.
    """
    return fill(guess.template, guess.open_questions, answers)


def _questions(tables: Sequence[Looked], main: Looked, outcome: Column, writer: _Writer) -> list[Question]:
    days = main.days[~np.isnat(main.days)]
    weekly = writer.grain == "week"
    currency = _seen_currency(tables)
    spent = writer.recent_spend(days)
    last = days.max().item() if len(days) else None
    questions = [
        Question("currency", "Currency of all amounts (ILS, USD, EUR)", currency),
        Question("vat_included", "VAT rate inside the amounts (0.18), or 0 when they are net", "0"),
        Question("gross_margin", "Gross margin of a unit of revenue (0.42); empty leaves profit out", ""),
    ]
    if last is not None:
        questions.append(
            Question("window", "Which quarter or month to plan (2027Q1, 2027-01)", next_quarter(last))
        )
    of_late = f"; about {spent:,.0f} went out in the last quarter" if spent else ""
    questions.append(
        Question("budget", f"Budget of that whole window{of_late}; empty takes as much as of late", "")
    )
    if writer.grain != "month":
        weekdays = Counter((days.astype("datetime64[D]").astype(int) + 3) % 7)
        first = WEEKDAYS[weekdays.most_common(1)[0][0]] if weekly and weekdays else ""
        default = first or ("sunday" if currency == "ILS" else "monday")
        questions.append(Question("week_starts", "First day of the week", default))
    return questions


def _seen_currency(tables: Sequence[Looked]) -> str:
    """The currency whose sign stands in a header or in the first cells; Hebrew headers are shekels."""
    seen: Counter[str] = Counter()
    for table in tables:
        for column in table.having("spend", "outcome"):
            cells = [cell for cell in table.raw.frame[column.name].head(20) if isinstance(cell, str)]
            for text in (column.name, *cells):
                seen.update({code for sign, code in SIGNS.items() if sign in text})
    if seen:
        return seen.most_common(1)[0][0]
    return "ILS" if _in_hebrew(tables) else ""


# --- data ----------------------------------------------------------------------------------------------


def _holiday_line(tables: Sequence[Looked]) -> str:
    if _in_hebrew(tables):
        return '  holidays: ["IL"]    # for the names are Hebrew; country codes such as IL, US, DE'
    return '  # holidays: ["US"]    # country codes such as IL, US, DE; without it holidays are not modelled'


def _in_hebrew(tables: Sequence[Looked]) -> bool:
    return any(_HEBREW.search(str(name)) for table in tables for name in table.raw.frame.columns)


def _find_outcome(tables: Sequence[Looked]) -> tuple[Looked, Column]:
    """Revenue before counts, plain names before long ones."""
    candidates = [
        (column.role != "outcome", says(column.name, "medium"), len(tokens(column.name)), i, column, table)
        for i, table in enumerate(tables)
        if table.date
        for column in table.having("outcome", "count")
    ]
    if not candidates:
        raise DataError(
            [
                "no column beside a date looks like revenue, sales or a count of orders. Rename that column, "
                f"or write the config by hand. {_columns_there(tables)}"
            ]
        )
    *_, column, table = min(candidates, key=lambda found: found[:4])
    return table, column


def _columns_there(tables: Sequence[Looked]) -> str:
    listed = []
    for table in tables:
        names = [f'"{name}"' for name in table.raw.frame.columns]
        listed.append(f"{table.raw.where}: {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}")
    return f"Columns there: {'; '.join(listed)}."


class _Writer:
    """Lines of the config about tables, and what is said of each guess."""

    def __init__(self, out: Path, main: Looked) -> None:
        self.out, self.main = out, main
        self.guessed: list[str] = []
        self.grain = grain_of(main.days)
        self.spends: list[tuple[Looked, Column]] = []

    def path(self, table: Looked) -> str:
        relative = os.path.relpath(table.raw.path.resolve(), self.out.resolve().parent)
        return Path(relative).as_posix()

    def say(self, table: Looked, what: str) -> None:
        self.guessed.append(f"{table.raw.path.name}: {what}")

    def place(self, table: Looked, indent: str) -> list[str]:
        """source, sheet, date and geo of a table, as far as they differ from what `data` hands down."""
        lines = []
        if table.raw.path != self.main.raw.path or table.raw.sheet != self.main.raw.sheet:
            lines.append(f"{indent}source: {quoted(self.path(table))}")
            if table.raw.sheet is not None:
                lines.append(f"{indent}sheet: {quoted(table.raw.sheet)}")
        if table.date and table.date != self.main.date:
            lines.append(f"{indent}date: {quoted(table.date)}")
        geo = table.first("geo")
        if geo is not None and geo != self.main.first("geo"):
            lines.append(f"{indent}geo: {quoted(geo)}")
        return lines

    def recent_spend(self, days: np.ndarray) -> float:
        """Money of the last quarter of the data."""
        if not len(days):
            return 0.0
        since = days.max() - np.timedelta64(91, "D")
        return sum(
            float(np.nansum(column.numbers[table.days > since]))
            for table, column in self.spends
            if column.numbers is not None
        )


def _data_lines(tables: Sequence[Looked], main: Looked, outcome: Column, writer: _Writer) -> list[str]:
    geo = main.first("geo")
    lines = [f"  source: {quoted(writer.path(main))}"]
    if main.raw.sheet is not None:
        lines.append(f"  sheet: {quoted(main.raw.sheet)}")
    days = main.days[~np.isnat(main.days)]
    span = (
        f"{days.min()} to {days.max()}, read as {main.reading}"
        if len(days)
        else "cannot be read yet, see check"
    )
    lines.append(f"  date: {quoted(main.date)}    # {span}")
    writer.say(main, f'date is "{main.date}" ({span}), one row a {writer.grain}')
    if geo:
        lines.append(f"  geo: {quoted(geo)}")
        writer.say(main, f'region is "{geo}"')
    if writer.grain == "month":
        lines.append("  grain: month")
    lines += _outcome_lines(main, outcome, writer)
    media = [line for table in tables for line in _media_lines(table, writer)]
    if not media:
        raise DataError(
            [
                "no column looks like money spent on media. Name it like tv_spend, or write the config by "
                f"hand. {_columns_there(tables)}"
            ]
        )
    lines += ["  media:", *media]
    lines += _owned_lines(tables, writer, "organic", "owned media, no money")
    lines += _owned_lines(tables, writer, "control", "moves the outcome; take out what media themselves move")
    lines += _event_lines(tables, writer)
    return [*lines, *_unused_lines(tables, "\n".join(lines))]


def _outcome_lines(main: Looked, outcome: Column, writer: _Writer) -> list[str]:
    others = [c.name for c in main.having("outcome", "count") if c.name != outcome.name]
    or_these = f"    # or {', '.join(map(quoted, others))}?" if others else ""
    lines = ["  outcome:", f"    value: {quoted(outcome.name)}{or_these}"]
    writer.say(main, f'outcome is "{outcome.name}"' + (f" (or {', '.join(others)}?)" if others else ""))
    if outcome.role == "count":
        lines.append("    kind: count")
        unit = main.first("unit value")
        if unit:
            lines.append(f"    value_per_unit: {quoted(unit)}")
            writer.say(main, f'money per unit is "{unit}"')
        else:
            lines.append("    # value_per_unit: 54.0    # money per unit, a number or a column")
    if (population := main.first("population")) and main.first("geo"):
        lines.append(f"    population: {quoted(population)}")
        writer.say(main, f'population is "{population}"')
    return [*lines, "{{vat_included}}"]


def _media_lines(table: Looked, writer: _Writer) -> list[str]:
    if not table.date:
        return []
    channel, spends = table.first("channel"), table.having("spend")
    if channel and spends:
        return _long_lines(table, channel, spends, writer)
    cells = _wide_cells(table)
    if not cells:
        return []
    place = writer.place(table, "      ")
    lines = [*place, "      cells:"]
    for cell in cells:
        audience = f", audience: {quoted(cell.audience)}" if cell.audience else ""
        exposure = f", exposure: {quoted(cell.exposure)}" if cell.exposure else ""
        doubt = f"    # {cell.doubt}" if cell.doubt else ""
        columns = f"spend: {quoted(cell.spend.name)}{exposure}"
        lines.append(f"        - {{channel: {quoted(cell.channel)}{audience}, {columns}}}{doubt}")
        with_exposure = f', exposure "{cell.exposure}"' if cell.exposure else ""
        name = " / ".join(part for part in (cell.channel, cell.audience) if part)
        writer.say(table, f'channel {name}: spend "{cell.spend.name}"{with_exposure}')
        writer.spends.append((table, cell.spend))
    return _as_item(lines)


def _long_lines(table: Looked, channel: str, spends: Sequence[Column], writer: _Writer) -> list[str]:
    spend = spends[0]
    lines = [*writer.place(table, "      "), f"      channel: {quoted(channel)}"]
    levels: tuple[Role, ...] = ("audience", "message")
    for role in levels:
        if (name := table.first(role)) is not None:
            lines.append(f"      {role}: {quoted(name)}")
    others = ", ".join(quoted(column.name) for column in spends[1:])
    lines.append(f"      spend: {quoted(spend.name)}" + (f"    # or {others}?" if others else ""))
    exposures = [column.name for column in table.having("exposure")]
    if exposures:
        others = ", ".join(map(quoted, exposures[1:]))
        lines.append(f"      exposure: {quoted(exposures[0])}" + (f"    # or {others}?" if others else ""))
    names = table.raw.frame[channel].dropna().astype(str).unique()
    shown = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
    writer.say(table, f'media by rows: channel "{channel}" ({shown}), spend "{spend.name}"')
    writer.spends.append((table, spend))
    return _as_item(lines)


def _as_item(lines: list[str]) -> list[str]:
    """The lines of a mapping as an item of a list."""
    return ["    - " + lines[0].lstrip(), *lines[1:]]


def _wide_cells(table: Looked) -> list[_Cell]:
    """One cell a spend column, its exposure by the same stem; names of media where no column says spend."""
    spends, doubt = table.having("spend"), ""
    if not spends:
        spends = [
            column
            for column in table.having("unknown")
            if column.numbers is not None and says(column.name, "medium") and not (column.numbers < 0).any()
        ]
        doubt = "is this money?"
    exposures: dict[str, list[str]] = {}
    for column in table.having("exposure"):
        exposures.setdefault(fold(column.stem), []).append(column.name)
    stems = Counter(fold(column.stem) for column in spends)
    cells = []
    for column in spends:
        if column.numbers is None or not np.nansum(column.numbers):
            continue
        unclear = stems[fold(column.stem)] > 1
        channel = column.name if unclear else column.stem or "media"
        channel, audience = _split_audience(channel)
        matched = [] if unclear else exposures.get(fold(column.stem), [])
        matched = sorted(matched, key=lambda name: "click" in name.casefold())
        remark = doubt if len(matched) < 2 else f"or exposure {', '.join(map(quoted, matched[1:]))}?"
        cells.append(_Cell(channel, audience, column, matched[0] if matched else None, remark))
    return cells


def _split_audience(stem: str) -> tuple[str, str]:
    """`facebook_prospecting` into channel and audience, where both words are known as such."""
    parts = [part for part in re.split(r"[\s_\-./]+", stem) if part]
    if len(parts) == 2 and says(parts[0], "medium") and says(parts[1], "kind of people"):
        return parts[0], parts[1]
    return stem, ""


def _owned_lines(tables: Sequence[Looked], writer: _Writer, role: Role, remark: str) -> list[str]:
    """Columns of the table that has most of them: the config takes one table for each role."""
    key = "organic" if role == "organic" else "controls"
    by_table = [(table.having(role), table) for table in tables if table.date]
    columns, table = max(by_table, key=lambda found: len(found[0]), default=([], writer.main))
    if not columns:
        return []
    writer.say(table, f"{key}: " + ", ".join(f'"{column.name}"' for column in columns))
    listed = ", ".join(quoted(column.name) for column in columns)
    return [f"  {key}:", *writer.place(table, "    "), f"    columns: [{listed}]    # {remark}"]


def _event_lines(tables: Sequence[Looked], writer: _Writer) -> list[str]:
    for table in tables:
        name, end = table.first("event"), table.first("end")
        if table.date and name:
            writer.say(table, f'events are in "{name}"')
            ends = [f"    end: {quoted(end)}"] if end else []
            return ["  events:", *writer.place(table, "    "), *ends, f"    name: {quoted(name)}"]
    return []


def _unused_lines(tables: Sequence[Looked], text: str) -> list[str]:
    """Comments on the columns that no key names."""
    lines = []
    for table in tables:
        flags = [quoted(column.name) for column in table.having("holiday flag")]
        if flags:
            listed = ", ".join(flags[:6]) + (" ..." if len(flags) > 6 else "")
            lines.append(f"  # Days marked in {listed}: name the country under calendar.holidays instead.")
        mediators = [quoted(column.name) for column in table.having("mediator")]
        if mediators:
            lines.append(f"  # Left out, for media may move them: {', '.join(mediators)}.")
        told = ("holiday flag", "mediator")
        rest = [quoted(c.name) for c in table.columns if c.role not in told and quoted(c.name) not in text]
        if rest:
            lines.append(f"  # Not used of {table.raw.path.name}: {', '.join(rest)}.")
    return lines
