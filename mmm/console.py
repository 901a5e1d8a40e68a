"""What a person at a terminal reads: aligned tables, a progress line, questions. Plain text, no colours."""

from __future__ import annotations

import math
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import pandas as pd

    from mmm.data.panel import Check

_GOALS = {
    "profit": "Profit after media",
    "revenue": "Revenue from media",
    "outcome": "Outcome from media",
}
_NAMED = {"reserve": "for tests", "total": "total"}
_PLAIN_EVERY = 10.0
"""Seconds between plain lines that differ in their numbers only."""


def aligned(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """Lay rows out in columns, two spaces apart; the first row is the header.

    Parameters
    ----------
    rows
        Text of each cell; all rows of one length.
    right
        Columns that end on one line: numbers.
    """
    flush_right = set(right)
    widths = [max(_width(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            " " * (widths[k] - _width(text)) + text
            if k in flush_right
            else text + " " * (widths[k] - _width(text))
            for k, text in enumerate(row)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def money(value: object) -> str:
    """An amount with thousands: `1,300,000`; `-` where there is none."""
    number = _number(value)
    if number is None:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 100 or number == round(number) else f"{number:,.2f}"


def ratio(value: object) -> str:
    """A return with two decimals; `-` where there is none."""
    number = _number(value)
    return "-" if number is None else f"{number:.2f}"


def percent(value: object, digits: int = 0) -> str:
    """A share as a percentage with its sign where it is a change; `-` where there is none."""
    number = _number(value)
    return "-" if number is None else f"{100 * number:.{digits}f} %"


def in_100(value: object) -> str:
    """A probability as chances in a hundred, never 0 or 100 where it is neither."""
    number = _number(value)
    if number is None:
        return "-"
    if 0 < number < 0.01:
        return "under 1 in 100"
    if 0.99 < number < 1:
        return "over 99 in 100"
    return f"{100 * number:.0f} in 100"


def checks_text(checks: Sequence[Check], config: str) -> str:
    """The findings of the data checks, the worst first, each with its next step."""
    order = {"fail": 0, "review": 1, "pass": 2}
    lines = []
    for found in sorted(checks, key=lambda check: order[check.severity]):
        lines += _finding(found.check, found.severity, found.where, found.rows, found.value, found.remedy)
    count = {kind: sum(check.severity == kind for check in checks) for kind in order}
    lines.append("")
    lines.append(f"{count['pass']} pass, {count['review']} review, {count['fail']} fail")
    if count["fail"]:
        lines.append(f"Next: mend what fails, then mmm check {config}")
    elif count["review"]:
        lines.append(f"Next: read what is to review, then mmm run {config}")
    else:
        lines.append(f"Next: mmm run {config}")
    return "\n".join(lines)


def _finding(check: str, severity: str, where: str, rows: str, value: str, remedy: str) -> list[str]:
    """A finding in a line, and its next step in another."""
    place = " ".join(part for part in (where, f"rows {rows}" if rows else "") if part)
    told = ": ".join(part for part in (place, value) if part)
    lines = [f"{severity:<8}{check}{' - ' + told if told else ''}"]
    if remedy and severity != "pass":
        lines.append(f"{'':<8}-> {remedy}")
    return lines


def reviews_text(reviews: pd.DataFrame) -> str:
    """What the fit shows of its own weak points: what is to review, each with its next step, and how many passed.

    Parameters
    ----------
    reviews
        The table `reviews.csv`.
    """
    names = ("check", "severity", "where", "rows", "value", "remedy")
    lines = []
    for row in reviews[reviews["severity"] == "review"].to_dict("records"):
        lines += _finding(*(_text(row[name]) for name in names))
    passed = int((reviews["severity"] == "pass").sum())
    return "\n".join([*lines, f"Checks of the fit: {passed} pass, {len(reviews) - passed} review"])


def roi_text(roi: pd.DataFrame, currency: str | None) -> str:
    """The ROI table as a person reads it: cells, then the total; ranges hold 90 %."""
    by_unit = "roi" not in roi or roi["roi"].isna().all()
    if by_unit and "cost_per_outcome" in roi:
        head = ["spend", "outcomes", "cost per outcome", "cost of the next"]
        names = ["spend", "contribution", "cost_per_outcome", "marginal_cost_per_outcome"]
        style: list[Callable[[object], str]] = [money, money, money, money]
        ranged = "contribution"
    else:
        head = ["spend", "contribution", "ROI", "next unit", "pays for itself"]
        names = ["spend", "contribution", "roi", "mroi", "p_pays"]
        style = [money, money, ratio, ratio, in_100]
        ranged = "roi"
    at = names.index(ranged) + 1
    rows = [["", *head[:at], "(90 % range)", *head[at:], "evidence"]]
    for row in _rows(roi):
        cells = [show(row.get(name)) for name, show in zip(names, style, strict=True)]
        low, high = (style[at - 1](row.get(f"{ranged}_{end}")) for end in ("lo", "hi"))
        rows.append([_label(row), *cells[:at], f"({low} to {high})", *cells[at:], _text(row.get("evidence"))])
    note = f"Money in {currency}." if currency else "Money without a currency: the config names none."
    return f"{aligned(rows, right=range(1, len(rows[0]) - 1))}\n{note}"


def experiments_text(table: pd.DataFrame) -> str:
    """Past tests beside the model, contradictions last, where they are seen; empty without tests."""
    lines = []
    rows = [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
    for row in sorted(rows, key=lambda row: bool(row["conflict"])):
        kind = "roi" if _number(row.get("roi")) is not None else "lift"
        show = ratio if kind == "roi" else money
        said = [
            f"{show(row[f'{whose}{kind}'])} ({show(row[f'{whose}{kind}_lo'])} to {show(row[f'{whose}{kind}_hi'])})"
            for whose in ("", "without_", "model_")
        ]
        name = f"Test {_text(row['id'])} of {_label(row)}"
        measured = f"measured {said[0]}; the model without tests {said[1]}, with them {said[2]}"
        if not row["conflict"]:
            lines.append(f"{name}: {measured}. They agree.")
            continue
        lines.append(f"DISAGREE - {name}: {measured}. By chance alone: {in_100(row['tail_adjusted'])}.")
        lines.append(
            "  -> Look at its dates, regions and money; set its status to void if it was flawed; widen its error "
            "if it says less of other weeks; or test again."
        )
    return "\n".join(lines)


def moves_text(moves: pd.DataFrame) -> str:
    """Where the money goes: every cell, the money for tests, and the total."""
    counted = "marginal_cost_per_outcome_planned" in moves and moves["mroi_planned"].isna().all()
    following = "marginal_cost_per_outcome_planned" if counted else "mroi_planned"
    title = "cost of the next" if counted else "next unit"
    rows = [["", "reference", "today's mix", "plan", "change", title, "binds"]]
    for row in _rows(moves):
        current, planned = _number(row.get("current_spend")), _number(row.get("planned_spend"))
        change = "-" if not current or planned is None else f"{100 * (planned / current - 1):+.0f} %"
        rows.append(
            [
                _label(row),
                money(row.get("reference_spend")),
                money(current),
                money(planned),
                change,
                ratio(row.get(following)),
                _text(row.get("binding")),
            ]
        )
    return aligned(rows, right=range(1, 6))


def stress_text(stress: pd.DataFrame, summary: pd.DataFrame, hidden: pd.DataFrame) -> str:
    """What survives other settings and priors, what a placebo is given, what a hidden driver could do.

    Parameters
    ----------
    stress, summary, hidden
        The tables `stress.csv`, `stress_summary.csv` and `hidden_driver.csv`.
    """
    by_cost = bool(stress["roi"].isna().all())
    cells = _records(summary)
    title = "cost per outcome" if by_cost else "ROI"
    rows = [["", title, "lowest", "highest", "verdict", "survives", "hidden driver"]]
    for row, driver in zip(cells, _records(hidden), strict=True):
        rows.append(
            [
                _label(row),
                *(ratio(row[name]) for name in ("value", "lowest", "highest")),
                *(_text(row["verdict"]) or "-", _text(row["survives"]) or "-"),
                percent(driver["robustness"]),
            ]
        )
    lines = [aligned(rows, right=(1, 2, 3, 6)), ""]
    lines += [
        "Survives: holds in every fit; shifts between open and decided in some; turns into its opposite in some.",
        "Hidden driver: share of what is left of outcome and of spend that it must explain to halve the return.",
        "",
    ]
    known = {_label(row) for row in cells}
    for row in _records(stress):
        if row["refused"]:
            lines.append(f"Not fitted: {row['spec']}. {row['refused']}")
        elif row["kind"] == "placebo" and _label(row) not in known:
            lines.append(_placebo_line(row, by_cost))
    return "\n".join(lines)


def _placebo_line(row: Mapping[str, Any], by_cost: bool) -> str:
    """What the model gives a channel that does nothing."""
    name = "cost_per_outcome" if by_cost else "roi"
    low, high = ratio(row.get(f"{name}_lo")), ratio(row.get(f"{name}_hi"))
    given = f"{'costs' if by_cost else 'is given'} {ratio(row.get(name))} (90 %: {low} to {high})"
    pays = ""
    if _number(row.get("p_pays")) is not None:
        pays = f"; before the data {in_100(row['p_pays_prior'])} to pay, after {in_100(row['p_pays'])}"
    share, before = (percent(row[key], 1) for key in ("share_of_outcome", "share_of_outcome_prior"))
    return f"Placebo ({_text(row['spec'])}) {given}{pays}; {share} of the outcome, before the data {before}"


def plan_text(summary: Mapping[str, Any], moves: pd.DataFrame, currency: str | None) -> str:
    """The plan in a few lines: money, what it brings, how sure that is, what binds.

    Parameters
    ----------
    summary
        The keys of `plan.json`.
    moves
        The table `moves.csv`.
    currency
        ISO code, or None.
    """
    unit = f" {currency}" if currency else ""
    goal = next((key for key in _GOALS if _number(summary.get(key)) is not None), "outcome")
    says = _GOALS[goal]
    window = summary.get("window") or {}
    lines = [moves_text(moves), ""]
    if window:
        lines.append(
            f"Window {window.get('start')} to {window.get('end')}; data until {summary.get('data_until')}"
        )
    lines.append(
        f"Budget {money(summary.get('budget'))}{unit}: {money(summary.get('core'))} planned, "
        f"{money(summary.get('reserve'))} kept for tests"
        + (f", {money(summary['unspent'])} left unspent" if _number(summary.get("unspent")) else "")
    )
    lines.append(f"{says}: {_ranged(summary, goal)}; today's mix: {_ranged(summary, 'current_' + goal)}")
    if _number(summary.get("gain")) is not None:
        lines.append(f"Gain over today's mix at equal money: {_ranged(summary, 'gain')}")
    lines.append(f"Better than today's mix: {in_100(summary.get('probability_better'))}")
    worth_unit = " outcomes" if summary.get("objective") == "outcome" else unit
    gap = _number(summary.get("gap"))
    gap_money = _number(summary.get("gap_money"))
    lines.append(
        f"Gap to the best possible plan: at most {percent(gap, 3)}"
        + (f" ({money(gap_money)}{worth_unit})" if gap_money is not None else "")
    )
    binding = [row for row in _rows(moves) if row.get("level") == "cell" and _text(row.get("binding"))]
    for row in binding:
        price = _number(row.get("binding_price"))
        worth = (
            "" if price is None else f": one more{unit or ' unit'} of room is worth {price:.2f}{worth_unit}"
        )
        lines.append(f"Binds: {_label(row)} ({_text(row['binding'])}){worth}")
    if not binding:
        lines.append("Binds: nothing but the budget")
    lines += [f"Gave way: {sentence}" for sentence in summary.get("gave_way") or ()]
    return "\n".join(lines)


def backtest_text(summary: pd.DataFrame, about: Mapping[str, Any]) -> str:
    """How forecasts from earlier days did, by horizon: some horizons, then their sum.

    Parameters
    ----------
    summary
        The table `backtest_summary.csv`.
    about
        The keys of `backtest.json`.
    """
    rows = [{str(key): value for key, value in row.items()} for row in summary.to_dict("records")]
    by_period = [row for row in rows if row["horizon"] != "total"]
    shown = {round(k * (len(by_period) - 1) / 6) for k in range(7)}
    kept = [row for k, row in enumerate(by_period) if k in shown] + rows[len(by_period) :]
    head = ["periods ahead", "forecasts", "error", "bias", "in 90 % range", "last year's", "mean of last 4"]
    table = [head]
    for row in kept:
        table.append(
            [
                "all together" if row["horizon"] == "total" else str(row["horizon"]),
                money(row["forecasts"]),
                percent(row["wmape"], 1),
                f"{100 * row['bias']:+.1f} %",
                percent(row["coverage_90"]),
                percent(row["wmape_last_year"], 1),
                percent(row["wmape_last_4"], 1),
            ]
        )
    sampling, gates = about["sampling"], about["gates"]
    lines = [
        aligned(table, right=range(len(head))),
        "Error: mean absolute, over the mean outcome; on the right the same of two forecasts without a model.",
        f"{about['scored']} of {about['origins']} origins; each fit {sampling['chains']} chains of {sampling['draws']} "
        f"draws, gates R-hat {gates['rhat']:g}, ESS {gates['ess']:g}, divergences {gates['divergences']:.1%}.",
    ]
    lines += [f"Refused: {one['origin']}: {one['reason']}" for one in about["refused"]]
    return "\n".join(lines)


class ProgressLine:
    """Where long work stands: one line that renews itself on a terminal, plain lines elsewhere.

    Parameters
    ----------
    stream
        Where to write; standard error, so that results can be piped.
    clock
        Seconds that only grow.
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._clock = clock
        self._began = clock()
        self._live = self._stream.isatty()
        self._shape = ""
        self._said_at = -math.inf
        self._shown = ""

    def __call__(self, message: str) -> None:
        """Say what is going on now."""
        now = self._clock()
        if self._live:
            line = f"{message}  {now - self._began:.0f} s"[:100]
            padding = " " * (_width(self._shown) - _width(line))
            self._stream.write(f"\r{line}{padding}")
            self._shown = line
        else:
            shape = re.sub(r"[\d.,]+", "#", message)
            if shape == self._shape and now - self._said_at < _PLAIN_EVERY:
                return
            self._shape, self._said_at = shape, now
            self._stream.write(f"{message}\n")
        self._stream.flush()

    def close(self) -> None:
        """Wipe the line of a terminal, so that what comes next stands alone."""
        if self._live and self._shown:
            self._stream.write("\r" + " " * _width(self._shown) + "\r")
            self._stream.flush()
            self._shown = ""


def ask(prompt: str, default: str) -> str:
    """Ask a person; Enter, or the end of what they type, takes the default."""
    try:
        answer = input(f"{prompt} [{default or 'leave open'}]: ").strip()
    except EOFError:
        print()
        return default
    return answer or default


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Cells in the order of the table, then money for tests, then the total."""
    told = _records(table)
    return [row for level in ("cell", "reserve", "total") for row in told if row.get("level") == level]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _label(row: Mapping[str, Any]) -> str:
    if row.get("level") in _NAMED:
        return _NAMED[row["level"]]
    return " / ".join(
        part for part in (_text(row.get(key)) for key in ("channel", "audience", "message")) if part
    )


def _ranged(summary: Mapping[str, Any], name: str) -> str:
    low, high = summary.get(f"{name}_lo"), summary.get(f"{name}_hi")
    return f"{money(summary.get(name))} (90 %: {money(low)} to {money(high)})"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]  # anything that is no number is caught
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _width(text: str) -> int:
    """Columns a text takes on a terminal."""
    return sum(
        0
        if unicodedata.combining(mark) or unicodedata.category(mark) == "Cf"
        else 1 + (unicodedata.east_asian_width(mark) in "WF")
        for mark in text
    )
