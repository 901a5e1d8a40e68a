"""A finished test: its design found, its result written as figures and a page, and added to the table."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmm.config import Config
from mmm.data.names import fold
from mmm.data.panel import Panel
from mmm.data.source_settings import file_of
from mmm.errors import GateRefused
from mmm.experiments.arms import place
from mmm.experiments.ledger import Event, read_ledger, record
from mmm.experiments.readout import Readout, read_out
from mmm.experiments.table import append_row, result_row
from mmm.finance.economics import unit_economics
from mmm.runs.manifest import package_version
from mmm.runs.store import stage_key
from mmm.stages.check import labels_of
from mmm.stages.tables import write_csv, write_json
from mmm.stages.trials import find_test, has_result, known_tests, ledger_path, own_table

READOUT = "readout"
"""Stages and files of a test are called `readout-<id>`."""


@dataclass(frozen=True, slots=True)
class Found:
    """A test as it was read, before it is written anywhere."""

    readout: Readout
    figures: dict[str, Any]
    stage: str
    key: str

    @property
    def is_result(self) -> bool:
        """Whether no flag says that this is none."""
        return all(flag.severity != "fail" for flag in self.readout.flags)


@dataclass(frozen=True, slots=True)
class ReadTest:
    """What `mmm tests read` leaves behind.

    Attributes
    ----------
    figures
        As in `readout-<id>.json`.
    page
        The page.
    table, added
        Table of experiments that has the result now; whether this reading added it.
    is_named
        Whether the config reads this table.
    """

    figures: dict[str, Any]
    page: Path
    table: Path
    added: bool
    is_named: bool


def read_panel(config: Config, name: str, folder: Path, panel: Panel) -> Found:
    """Read a test on a panel.

    Parameters
    ----------
    folder
        The run folder, where proposed tests are.
    """
    ledger = read_ledger(ledger_path(config))
    design = find_test(config, name, ledger, folder)
    arms, told = place(design, panel, config.channels, known_tests(config, ledger))
    readout = read_out(design, arms, told)
    figures = {
        **figures_of(readout),
        "preview": {"state": "none", "why": "this is no result"},
        "controls": list(arms.names[len(arms.treated) :]),
        "name": config.name,
        "currency": config.currency,
        "gross_margin": unit_economics(config.finance).margin_of(design.channel),
        "data_until": str(panel.data_until),
        "config_hash": config.digest,
        "version": package_version(),
    }
    slug = re.sub(r"\W+", "-", fold(design.id)).strip("-") or "test"
    return Found(readout, figures, f"{READOUT}-{slug}", _key(figures))


def foreseen(found: Found, preview: dict[str, Any]) -> Found:
    """A result with what it would make of the finished fit (`mmm.stages.preview`)."""
    figures = found.figures | {"preview": preview}
    return replace(found, figures=figures, key=_key(figures | {"preview": preview | {"seconds": None}}))


def _key(figures: dict[str, Any]) -> str:
    return stage_key(json.dumps(figures, default=str), [], {}, package_version())


def figures_of(readout: Readout) -> dict[str, Any]:
    """A readout as figures that JSON holds: money where the outcome has a money value, None where there is nothing."""
    design, spend, back = readout.design, readout.spend, readout.back
    worth = readout.unit_value
    ends = {"": readout.effect, "_lo": readout.lo, "_hi": readout.hi}
    return {
        "id": design.id,
        "channel": design.channel,
        "audience": design.audience,
        "message": design.message,
        "geos": list(design.geos),
        "start": str(design.start),
        "end": str(design.end),
        "cooldown": design.cooldown,
        **{f"lift{end}": value for end, value in ends.items()},
        "lift_se": readout.se,
        "df": readout.df,
        "percent": _number(readout.percent),
        "in_money": worth is not None,
        "unit_value": worth,
        **{f"value{end}": None if worth is None else worth * value for end, value in ends.items()},
        "spend_change": spend.used,
        "spend_planned": _number(spend.planned),
        "spend_seen": spend.seen,
        "spend_seen_se": spend.seen_se,
        "roi": None if back is None else back.roi,
        "roi_lo": None if back is None else _number(back.lo),
        "roi_hi": None if back is None else _number(back.hi),
        "error": readout.error,
        "placebos": readout.placebos,
        "widened": readout.widened,
        "r2": readout.r2,
        "adjusted_for": list(readout.adjusted_for),
        "p_value": readout.randomization.p_value,
        "assignments": readout.randomization.assignments,
        "beside": [
            {"method": other.method, "lift": other.effect, "lift_se": _number(other.se)}
            for other in readout.beside
        ],
        "flags": [asdict(flag) for flag in readout.flags],
    }


def write_readout(folder: Path, config: Config, found: Found) -> None:
    from mmm.reporting.readout import write_readout_page  # draws

    course = found.readout.course
    table = pd.DataFrame(
        {
            "date": np.datetime_as_string(course.dates, unit="D"),
            "part": course.part,
            **{name: getattr(course, name) for name in ("actual", "expected", "expected_lo", "expected_hi")},
            "effect": np.where(np.array(course.part) == "history", np.nan, course.actual - course.expected),
            **{name: getattr(course, name) for name in ("cumulative", "cumulative_lo", "cumulative_hi")},
        }
    )
    write_csv(table, folder / f"{found.stage}.csv")
    created = {"created": datetime.now(UTC).isoformat(timespec="seconds")}
    write_json({**found.figures, **created}, folder / f"{found.stage}.json")
    write_readout_page(folder, found.stage, config.report.language, labels_of(config, config.report.language))


def add_result(config: Config, found: Found, page: Path) -> ReadTest:
    """Add a result to the table of experiments, and to the ledger.

    Raises
    ------
    GateRefused
        A flag says that this is no result.
    """
    readout = found.readout
    if failed := [flag for flag in readout.flags if flag.severity == "fail"]:
        told = "; ".join(f"{flag.value}. {flag.remedy}" for flag in failed)
        raise GateRefused(f"{readout.design.id} gives no result: {told} Nothing was added. The page: {page}")
    row = result_row(readout)
    named = None if config.experiments is None else config.folder / file_of(config.experiments.source)
    table, added = named or own_table(config), False
    if not has_result(config, readout.design.id):
        wrote = append_row(table, row)
        if wrote is None:  # a workbook, or columns of its own
            table = own_table(config)
            wrote = append_row(table, row)
        added = bool(wrote)
    design = readout.design
    ledger = read_ledger(ledger_path(config))
    state = ledger.state(design.id)
    if state in (None, "approved"):
        first = None if state else design
        event = Event(design.id, "read", date.today(), lift=readout.effect, lift_se=readout.se, design=first)
        record(ledger, event)
    return ReadTest(found.figures, page, table, added, table == named)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
