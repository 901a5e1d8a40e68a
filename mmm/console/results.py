"""Checks, what a fit shows, and its returns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mmm.console.words import (
    aligned,
    in_100,
    label_of,
    money,
    number_of,
    ratio,
    rows_of,
    text_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from mmm.data.panel import Check


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
    numbers = re.fullmatch(r"[\d, -]+( and \d+ more)?", rows)
    place = " ".join(part for part in (where, f"rows {rows}" if numbers else rows) if part)
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
        lines += _finding(*(text_of(row[name]) for name in names))
    passed = int((reviews["severity"] == "pass").sum())
    return "\n".join([*lines, f"Checks of the fit: {passed} pass, {len(reviews) - passed} review"])


def roi_text(roi: pd.DataFrame, currency: str | None) -> str:
    """The ROI table as a person reads it: cells, then the total, then each segment; ranges hold 90 %."""
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
    parts = [roi] if "segment" not in roi else [part for _, part in roi.groupby("segment", sort=False)]
    for row in [row for part in parts for row in rows_of(part)]:
        segment = text_of(row.get("segment"))
        label = f"{segment}: {label_of(row)}" if segment else label_of(row)
        cells = [show(row.get(name)) for name, show in zip(names, style, strict=True)]
        low, high = (style[at - 1](row.get(f"{ranged}_{end}")) for end in ("lo", "hi"))
        rows.append([label, *cells[:at], f"({low} to {high})", *cells[at:], text_of(row.get("evidence"))])
    note = f"Money in {currency}." if currency else "Money without a currency: the config names none."
    return f"{aligned(rows, right=range(1, len(rows[0]) - 1))}\n{note}"


def others_text(table: pd.DataFrame, currency: str | None) -> str:
    """Returns of further outcomes, each under its name; empty where there are none."""
    if table.empty:
        return ""
    parts = []
    for name, rows in table.groupby("outcome_name", sort=False):
        parts.append(f"Beside it, {name}:\n{roi_text(rows, currency)}")
    return "\n".join(parts)


def experiments_text(table: pd.DataFrame) -> str:
    """Past tests beside the model, contradictions last, where they are seen; empty without tests."""
    lines = []
    rows = [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
    for row in sorted(rows, key=lambda row: bool(row["conflict"])):
        what = "roi" if number_of(row.get("roi")) is not None else "lift"
        show = ratio if what == "roi" else money
        said = [
            f"{show(row[f'{whose}{what}'])} ({show(row[f'{whose}{what}_lo'])} to {show(row[f'{whose}{what}_hi'])})"
            for whose in ("", "without_", "model_")
        ]
        kind, verb = ("Study", "says") if row["kind"] == "study" else ("Test", "measured")
        name = f"{kind} {text_of(row['id'])} of {label_of(row)}"
        measured = f"{verb} {said[0]}; the model without tests {said[1]}, with them {said[2]}"
        if not row["conflict"]:
            lines.append(f"{name}: {measured}. They agree.")
            continue
        if settled := text_of(row["settled"]):
            why = text_of(row["reason"]) or "no reason given"
            lines.append(f"{name}: {measured}. They disagree; settled, {settled}: {why}")
            continue
        lines.append(f"DISAGREE - {name}: {measured}. By chance alone: {in_100(row['tail_adjusted'])}.")
        lines.append(
            "  -> Its transport noise is doubled until that is settled: look at its dates, regions and money, then set "
            "its status, with a reason, to void (it was flawed), widened (it says less of other weeks) or kept "
            "(it is right); or test again."
        )
    return "\n".join(lines)
