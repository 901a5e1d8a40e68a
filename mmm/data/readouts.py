"""Results of past tests, and of studies by others, as people write them: fixed column names, every fault at once.

The lift is in the outcome's unit (`lift`), or in per cent of what the treated regions would have had without the test
(`lift_percent`); a study has the return instead (`roi`). The error is a standard error (`..._se`), or an interval
(`..._lo`, `..._hi`) and its `level`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from mmm.data.files import RawTable
from mmm.data.names import clean_name, fold
from mmm.data.panel import Check
from mmm.data.reader import Reader
from mmm.data.settings import DataSettings, ExperimentsTable, StudiesTable
from mmm.data.source_settings import file_of
from mmm.data.values import require_columns

Floats = NDArray[np.float64]

HEBREW = {
    "מזהה": "id",
    "ערוץ": "channel",
    "קהל": "audience",
    "מסר": "message",
    "אזורים": "geos",
    "התחלה": "start",
    "סיום": "end",
    "צינון": "cooldown",
    "שינוי הוצאה": "spend_change",
    "תוספת": "lift",
    "שגיאת תקן": "lift_se",
    "שיטה": "method",
    "מצב": "status",
    "סיבה": "reason",
}
"""The names of columns in Hebrew; a table may have either."""

NEEDED = ("id", "channel", "start", "end", "spend_change")
NEEDED_OF_STUDY = ("id", "channel")
READ, VOID, KEPT, WIDENED = ("", "read"), "void", "kept", "widened"
SETTLED = (KEPT, WIDENED)
"""What a user may decide of a result that contradicts the rest: use it as it is, or with twice its transport noise."""
COMING = ("planned", "approved", "running")
USUAL_DF = 10.0
"""Degrees of freedom behind an error where the table has no `df`: a test of some ten regions."""
USUAL_TRUST = 0.25
"""Share of a study's precision that counts where the table has no `trust`: its error counts twice."""


@dataclass(frozen=True, slots=True)
class Readout:
    """One result as its file has it.

    Attributes
    ----------
    id, where
        Name of the test; file and row, for messages.
    channel, audience, message
        What was tested; an empty level means all of it.
    geos
        Treated regions; none: the whole country.
    start, end
        First and last day of the changed spend; of a study the days it is about, NaT for all that is modelled.
    cooldown
        Weeks after the end that count in the lift.
    spend_change
        Money added, negative where it was taken away; nan of a study.
    lift, lift_se
        What it brought and its standard error, in the outcome's unit or in per cent; of a study the return.
    percent
        Whether they are in per cent.
    trust
        Share of the result's precision that counts: 1 of a test.
    df
        Degrees of freedom behind the error.
    method
        How it was read.
    settled, reason
        What was decided about a contradiction, one of `SETTLED` or empty, and why.
    """

    id: str
    where: str
    channel: str
    audience: str
    message: str
    geos: tuple[str, ...]
    start: np.datetime64
    end: np.datetime64
    cooldown: int
    spend_change: float
    lift: float
    lift_se: float
    percent: bool
    trust: float
    df: float
    method: str
    settled: str
    reason: str


def read_readouts(
    table: ExperimentsTable | StudiesTable, data: DataSettings, folder: Path, *, studies: bool = False
) -> tuple[tuple[Readout, ...], list[Check], list[str]]:
    """Results that count, findings, and faults (one sentence each).

    A table only ever grows, so a later row settles an earlier one of the same test: `void` takes the test out, the last
    of `kept` and `widened` replaces its result. Tests not read yet (`planned`, `approved`, `running`) are left out and
    listed.

    Parameters
    ----------
    studies
        Whether the rows are returns that others found, not results of tests.
    """
    reader = Reader(data, folder)
    raw = reader.read(file_of(table.source), table.sheet)
    if raw is None:
        return (), [], reader.faults
    raw = replace(raw, frame=raw.frame.rename(columns=HEBREW))
    columns = {str(name) for name in raw.frame.columns}
    lift = "lift" if "lift" in columns or "lift_percent" not in columns else "lift_percent"
    states = {fold(cell) for cell in reader.text(raw, "status")} if "status" in columns else {""}
    results = bool(states - {*COMING, VOID})
    what, lift, needed = ("studies", "roi", NEEDED_OF_STUDY) if studies else ("experiments", lift, NEEDED)
    needed = (*needed, lift) if results else needed[:-1]
    faults = require_columns(raw, {f"{what}: {name}": name for name in needed})
    if results and not {f"{lift}_se", f"{lift}_lo", f"{lift}_hi"} & columns:
        faults += require_columns(raw, {f"{what}: {lift}_se": f"{lift}_se"})
    if faults or reader.faults:
        return (), [], [*reader.faults, *faults]
    rows = _Rows(reader, raw, lift)
    found = [rows.readout(i) for i in range(len(raw.frame)) if rows.counts(i)]
    faults = [*reader.faults, *rows.faults]
    notes = [note for note in reader.notes if note.severity != "pass" and note.check != "empty column"]
    return tuple(readout for readout in found if readout is not None), notes + rows.notes, faults


class _Rows:
    """The rows of one table, column by column; faults as they are met."""

    def __init__(self, reader: Reader, raw: RawTable, lift: str) -> None:
        self.faults: list[str] = []
        self.notes: list[Check] = []
        self._raw = raw
        self._lift = lift
        self._study = lift == "roi"
        n = len(raw.frame)
        there = {str(name) for name in raw.frame.columns}

        def text(name: str) -> list[str]:
            return [str(v) for v in reader.text(raw, name).tolist()] if name in there else [""] * n

        def numbers(name: str) -> Floats:
            return reader.numbers(raw, name) if name in there else np.full(n, np.nan)

        names = ("id", "channel", "audience", "message", "geos", "method", "status", "reason")
        self._text = {name: text(name) for name in names}
        never = np.full(n, np.datetime64("NaT"), dtype="datetime64[D]")
        self._days = {
            name: reader.dates(raw, name, allow_empty=self._study) if name in there else never
            for name in ("start", "end")
        }
        measured = {"lift": lift, **{end: f"{lift}_{end}" for end in ("se", "lo", "hi")}}
        plain = {name: name for name in ("spend_change", "cooldown", "level", "df", "trust")}
        self._number = {key: numbers(name) for key, name in (measured | plain).items()}
        self._sound = not reader.faults  # else an empty value may be one that could not be read
        self._seen: set[str] = set()
        self._status = {
            status: {fold(self._text["id"][i]) for i in range(n) if fold(self._text["status"][i]) == status}
            for status in (*READ, VOID, *SETTLED)
        }
        self._decided = {
            fold(self._text["id"][i]): i for i in range(n) if fold(self._text["status"][i]) in SETTLED
        }

    def counts(self, i: int) -> bool:
        """Whether the row is a result to be used; its status says so, and that of later rows of the same test."""
        status, name = fold(self._text["status"][i]), self._text["id"][i]
        if status == VOID:
            why = self._text["reason"][i]
            told = f"left out: its status is void{f' ({why})' if why else ''}"
            self.notes.append(Check("studies" if self._study else "experiments", "pass", name, "", told, ""))
        elif status in COMING:
            if fold(name) not in set().union(*self._status.values()):
                told = f"left out: its status is {status}, and it has no result yet"
                self.notes.append(
                    Check("experiments", "pass", name, "", told, "When it is over: mmm tests read CONFIG ID")
                )
        elif status not in (*READ, *SETTLED):
            known = "read, void to leave the row out, or kept or widened to settle it"
            self._fault(i, f'status "{status}" is not known; write {known}')
        if fold(name) in self._status[VOID] or status not in (*READ, *SETTLED):
            return False
        decided = self._decided.get(fold(name), i)
        return i == decided or (status in READ and fold(name) not in self._decided)

    def readout(self, i: int) -> Readout | None:
        """The row, or None where it has a fault."""
        before = len(self.faults)
        text = {name: values[i] for name, values in self._text.items()}
        number = {name: float(values[i]) for name, values in self._number.items()}
        start, end = (self._days[name][i] for name in ("start", "end"))
        if not text["id"]:
            self._fault(i, "no id; give each test a name")
        if fold(text["id"]) in self._seen:
            self._fault(i, f'id "{text["id"]}" is there twice; take out the copy, or name it apart')
        self._seen.add(fold(text["id"]))
        if not text["channel"]:
            self._fault(i, "no channel; name the one that was tested")
        if end < start:
            self._fault(i, f"ends {end} before it starts {start}; mend the dates")
        if np.isnat(start) != np.isnat(end) and self._sound:
            self._fault(i, "has one of start and end; give both, or neither for all that is modelled")
        cooldown = 0.0 if np.isnan(number["cooldown"]) else number["cooldown"]
        if cooldown < 0 or cooldown != round(cooldown):
            self._fault(i, f"cooldown is {cooldown:g}; write whole weeks, 0 or more")
        if self._sound:
            if not self._study and (np.isnan(number["spend_change"]) or number["spend_change"] == 0):
                self._fault(i, "spend_change is empty or 0; write the money added, negative if taken away")
            if np.isnan(number["lift"]):
                what = "roi" if self._study else "lift"
                self._fault(i, f"no {what}; write what was found, 0 and less are results too")
        trust = number["trust"]
        if np.isnan(trust):
            trust = USUAL_TRUST if self._study else 1.0
        if not 0 < trust <= 1:
            self._fault(i, f"trust is {trust:g}; write the share of its precision that counts, up to 1")
        settled = fold(text["status"])
        df = USUAL_DF if np.isnan(number["df"]) else number["df"]
        if df <= 0:
            self._fault(i, f"df is {df:g}; write the degrees of freedom behind the error, or leave it empty")
        error = self._error(i, number)
        if len(self.faults) > before or not self._sound:
            return None
        return Readout(
            id=text["id"],
            where=self._place(i),
            channel=text["channel"],
            audience=text["audience"],
            message=text["message"],
            geos=tuple(clean_name(part) for part in text["geos"].split(";") if part.strip()),
            start=start,
            end=end,
            cooldown=int(cooldown),
            spend_change=number["spend_change"],
            lift=number["lift"],
            lift_se=error,
            percent=self._lift == "lift_percent",
            trust=trust,
            df=df,
            method=text["method"],
            settled=settled if settled in SETTLED else "",
            reason=text["reason"],
        )

    def _error(self, i: int, number: dict[str, float]) -> float:
        """Standard error, from the interval where none is given; nan where it has a fault."""
        se, lo, hi, level = (number[name] for name in ("se", "lo", "hi", "level"))
        name = self._lift
        if not np.isnan(se):
            if not se > 0:
                self._fault(i, f"{name}_se is {se:g}; an error is above 0. Without one the row says nothing")
            return se
        if np.isnan(lo) or np.isnan(hi):
            if self._sound:
                self._fault(i, f"neither {name}_se nor {name}_lo and {name}_hi; say how sure the result is")
            return np.nan
        share = level / 100 if level > 1 else level
        if not 0 < share < 1:
            self._fault(i, "an interval without its level; write 0.9 for one that holds 90 in 100 times")
            return np.nan
        if not lo <= number["lift"] <= hi or lo == hi:
            self._fault(
                i, f"{name} {number['lift']:,g} is not inside {lo:,g} to {hi:,g}; mend the three values"
            )
        return (hi - lo) / (2.0 * NormalDist().inv_cdf(0.5 + share / 2.0))

    def _place(self, i: int) -> str:
        return f"{self._raw.where}, row {self._raw.frame.index[i]}"

    def _fault(self, i: int, what: str) -> None:
        self.faults.append(f"{self._place(i)}: {what}")
