"""What a report is made from: the tables of one run, read back as they were written.

The page and the workbook see nothing else, so every figure they print stands in a file of the run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from pathlib import Path
from typing import Any

import pandas as pd

from mmm.dims import CELL_KEYS, Cell
from mmm.errors import InputError

TABLES = (
    *("roi", "contributions", "curves", "fit", "checks", "plan", "moves", "adstock", "priors"),
    *("evidence", "hidden_driver"),
)
WHERE_MADE = (
    *("reviews", "backtest", "backtest_summary", "stress", "stress_summary", "experiments"),
    *("scenarios", "scenario_plans", "scenario_pairs", "frontier", "best_splits", "goals"),
    *("bridge", "claims", "sources", "customers", "pnl", "scorecard", "drivers", "owned"),
    *("creatives", "leads"),
    "other_roi",
    *("tests", "test_answers"),
    *("rollout", "rollout_actions", "rollout_steps", "learned"),
    "plan_of_record",
    *("held", "held_weeks", "pacing", "refresh"),
)
"""Tables that not every run has; without rows where it has not."""
TEXT = frozenset(
    {
        "market",
        "currency",
        *CELL_KEYS,
        *(
            "segment",
            "outcome_name",
            "geo",
            "level",
            "component",
            "purpose",
            "evidence",
            "binding",
            "why",
            "flip",
            "parameter",
        ),
        *("id", "geos", "start", "end", "settled", "reason"),
        *("scenario", "against", "note", "point"),
        *("period", "step", "known_by", "mix", "month", "line", "unit"),
        *("campaign", "creative", "factor", "medium"),
        *("first_day", "last_day", "allocated_by", "is_ripe"),
        *("source", "file", "data_from", "data_until"),
        *("state", "test", "units", "controls", "answers", "action"),
        *("tests", "evidence_without", "evidence_with"),
        *("decision", "action", "best_action", "why_not", "holdout"),
        *("goal", "kpi", "of", "owner", "under", "question"),
        *("check", "severity", "where", "rows", "value_text", "remedy"),
        *("origin", "horizon"),
        *("kind", "spec", "verdict", "refused", "lowest_spec", "highest_spec", "survives", "benchmark"),
    }
)
"""Columns that hold words. They are read as they stand: a channel may be called NA, None or =1+1."""

FLAGS = frozenset(
    {
        "held",
        "inside",
        "best",
        "observed",
        "extrapolated",
        "changes",
        "conflict",
        "follows_demand",
        "widened",
        "floor_driven",
    }
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 90 % range; all three empty where the figure does not exist (no margin, no money)."""

    mean: float | None = None
    lo: float | None = None
    hi: float | None = None

    @property
    def known(self) -> bool:
        """Whether there is a figure."""
        return self.mean is not None

    def times(self, factor: float | None) -> Estimate:
        """The figure in another unit; empty where the factor is unknown."""
        if factor is None:
            return Estimate()
        return Estimate(*(None if x is None else x * factor for x in (self.mean, self.lo, self.hi)))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one spend schedule is expected to bring; `outcome` is filled where it has no money value."""

    profit: Estimate
    revenue: Estimate
    roi: Estimate
    romi: Estimate
    outcome: Estimate
    npv: Estimate


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """The plan in figures, as `plan.json` states them. Money in currency units, probabilities in 0..1."""

    start: Date
    end: Date
    data_until: Date
    objective: str
    budget: float
    core: float
    reserve: float
    unspent: float
    spent: float
    free: float
    reference_spend: float | None
    plan: Outlook
    current: Outlook
    gain: Estimate
    forecast: Estimate
    probability_better: float | None
    expected_regret: float | None
    worst_tenth: float | None
    gap: float | None
    gap_money: float | None
    method: str
    seconds: float | None
    shadow_price: float | None
    reserve_price: float | None
    gave_way: tuple[str, ...]
    assumptions: tuple[str, ...]
    reverses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """Where the figures come from; `withheld` where margins and profit were taken out for the reader."""

    name: str
    currency: str | None
    gross_margin: float | None
    gross_margins: Mapping[str, float]
    fees: Mapping[str, float]
    vat: float
    labels: Mapping[str, str]
    channel_goals: Mapping[str, str]
    demand_capture: frozenset[str]
    data_from: Date
    data_until: Date
    modelled_from: Date
    n_periods: int
    n_geos: int
    grain: str
    outcome_kind: str
    has_money: bool
    config_hash: str
    limits_hash: str
    version: str
    seed: int
    config_text: str
    created: str
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """One finished run, ready to be shown.

    The frames have the columns of the contract; money is in currency units, dates are timestamps, words are
    text exactly as in the file and an absent level of the media tree is the empty string. `experiments` has no rows
    where the run had no past tests. Frames are about the whole outcome; `segments` has the returns of its segments,
    rows of `roi.csv`, and none where there are none.
    """

    about: About
    summary: PlanSummary
    diagnostics: Mapping[str, Any]
    roi: pd.DataFrame
    contributions: pd.DataFrame
    curves: pd.DataFrame
    fit: pd.DataFrame
    checks: pd.DataFrame
    plan: pd.DataFrame
    moves: pd.DataFrame
    adstock: pd.DataFrame
    priors: pd.DataFrame
    evidence: pd.DataFrame
    hidden_driver: pd.DataFrame
    reviews: pd.DataFrame
    backtest: pd.DataFrame
    backtest_summary: pd.DataFrame
    stress: pd.DataFrame
    stress_summary: pd.DataFrame
    experiments: pd.DataFrame
    scenarios: pd.DataFrame
    scenario_plans: pd.DataFrame
    scenario_pairs: pd.DataFrame
    frontier: pd.DataFrame
    best_splits: pd.DataFrame
    goals: pd.DataFrame
    bridge: pd.DataFrame
    claims: pd.DataFrame
    sources: pd.DataFrame
    customers: pd.DataFrame
    pnl: pd.DataFrame
    scorecard: pd.DataFrame
    drivers: pd.DataFrame
    owned: pd.DataFrame
    creatives: pd.DataFrame
    leads: pd.DataFrame
    other_roi: pd.DataFrame
    segments: pd.DataFrame
    tests: pd.DataFrame
    test_answers: pd.DataFrame
    designed: Mapping[str, Any]
    rollout: pd.DataFrame
    rollout_actions: pd.DataFrame
    rollout_steps: pd.DataFrame
    learned: pd.DataFrame
    plan_of_record: pd.DataFrame
    record: Mapping[str, Any]
    held: pd.DataFrame
    held_weeks: pd.DataFrame
    pacing: pd.DataFrame
    refresh: pd.DataFrame
    judged: Mapping[str, Any]

    @property
    def one_margin(self) -> float | None:
        """The gross margin of all channels; None without money or margin, or where channels have their own."""
        about = self.about
        return about.gross_margin if about.has_money and not about.gross_margins else None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the plan, in the order of `moves.csv`."""
        return tuple(cell_of(row) for row in records(at_level(self.moves, "cell")))


def load_results(*folders: Path) -> Results:
    """Read the tables of a run.

    Parameters
    ----------
    folders
        The run folder, or the folders of its finished stages. A file is taken from the first that has it.

    Raises
    ------
    InputError
        When a file is missing or cannot be read; names the file and the command that writes it.
    """
    tables = {name: read_table(_find(folders, f"{name}.csv")) for name in TABLES}
    for name in WHERE_MADE:
        there = next((folder for folder in folders if (folder / f"{name}.csv").is_file()), None)
        tables[name] = pd.DataFrame() if there is None else read_table(there / f"{name}.csv")
    roi = tables["roi"]
    segments = roi[roi["segment"] != ""].reset_index(drop=True) if "segment" in roi else pd.DataFrame()
    tables = {name: table if name == "pnl" else whole_of(table) for name, table in tables.items()}
    return Results(
        about=_read_as(_about, _find(folders, "about.json")),
        summary=_read_as(_summary, _find(folders, "plan.json")),
        diagnostics=_read_json(_find(folders, "diagnostics.json")),
        segments=segments,
        designed=_read_where_made(folders, "tests.json"),
        record=_read_where_made(folders, "plan_of_record.json"),
        judged=_read_where_made(folders, "held.json"),
        **tables,
    )


def whole_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows about all segments of the outcome together; all rows where it has none."""
    if "segment" not in frame:
        return frame
    return frame[frame["segment"] == ""].drop(columns="segment").reset_index(drop=True)


def at_level(frame: pd.DataFrame, level: str) -> pd.DataFrame:
    """Rows of one level, summed over geos by the stage that wrote them (geo empty or absent)."""
    rows = frame["level"] == level
    if "geo" in frame and level != "geo":
        rows &= frame["geo"] == ""
    return frame[rows].reset_index(drop=True)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as mappings from column to value."""
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in frame.itertuples(index=False, name=None)]


def cell_of(row: Mapping[str, Any]) -> Cell:
    """The cell a row is about."""
    return Cell(*(str(row.get(key, "") or "") for key in CELL_KEYS))


def number(value: Any) -> float | None:
    """A finite number, or None for what is empty."""
    if value is None or isinstance(value, str):
        return None
    value = float(value)
    return value if math.isfinite(value) else None


def estimate(row: Mapping[str, Any], name: str) -> Estimate:
    """The figure called `name` with its `_lo` and `_hi`."""
    return Estimate(number(row.get(name)), number(row.get(f"{name}_lo")), number(row.get(f"{name}_hi")))


def _find(folders: Sequence[Path], name: str) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    places = ", ".join(str(folder) for folder in folders) or "no folder"
    raise InputError(
        f"{name} is not in {places}, so there is nothing to report; run `mmm run CONFIG` to make it"
    )


def _read_where_made(folders: Sequence[Path], name: str) -> dict[str, Any]:
    """Figures that not every run has; nothing where it has not."""
    there = next((folder for folder in folders if (folder / name).is_file()), None)
    return {} if there is None else _read_json(there / name)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if not isinstance(found, dict):
        raise _unreadable(path, "it holds no object")
    return found


def _read_as[T](noun: Callable[[Mapping[str, Any]], T], path: Path) -> T:
    """Read a JSON file as a noun; a key that is missing or of the wrong kind is a fault of the file."""
    raw = _read_json(path)
    try:
        return noun(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, f"{type(error).__name__}: {error}") from None


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV of the run, with words kept apart from numbers."""
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        return pd.DataFrame({name: _typed(str(name), raw[name], path.stem) for name in raw.columns})
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def _typed(name: str, column: pd.Series, table: str) -> pd.Series:
    if (table, name) == ("scorecard", "benchmark"):  # a name elsewhere, and here a figure
        return pd.to_numeric(column.where(column != "")).astype("float64")
    if name in TEXT or table in ("checks", "reviews"):
        return column.astype(object)
    if name in FLAGS:
        return column.str.lower().isin(["true", "1"])
    if name == "date":
        return pd.to_datetime(column)
    return pd.to_numeric(column.where(column != "")).astype("float64")


def _unreadable(path: Path, why: object) -> InputError:
    return InputError(
        f"{path} cannot be read ({why}); delete its folder and run `mmm run CONFIG` to make it again"
    )


def _about(raw: Mapping[str, Any]) -> About:
    return About(
        name=str(raw["name"]),
        currency=raw.get("currency"),
        gross_margin=number(raw.get("gross_margin")),
        gross_margins=dict(raw.get("gross_margins") or {}),
        fees=dict(raw.get("fees") or {}),
        vat=number(raw.get("vat")) or 0.0,
        labels={str(key): str(value) for key, value in (raw.get("labels") or {}).items()},
        channel_goals=dict(raw.get("channel_goals") or {}),
        demand_capture=frozenset(str(name) for name in raw.get("demand_capture") or ()),
        data_from=_date(raw["data_from"]),
        data_until=_date(raw["data_until"]),
        modelled_from=_date(raw.get("modelled_from") or raw["data_from"]),
        n_periods=int(raw["n_periods"]),
        n_geos=int(raw["n_geos"]),
        grain=str(raw.get("grain", "week")),
        outcome_kind=str(raw.get("outcome_kind", "revenue")),
        has_money=bool(raw.get("has_money", True)),
        config_hash=str(raw["config_hash"]),
        limits_hash=str(raw.get("limits_hash") or ""),
        version=str(raw["version"]),
        seed=int(raw["seed"]),
        config_text=str(raw.get("config_text", "")),
        created=str(raw.get("created", "")),
    )


def _summary(raw: Mapping[str, Any]) -> PlanSummary:
    window = raw["window"]
    start, end = (window["start"], window["end"]) if isinstance(window, Mapping) else window
    return PlanSummary(
        start=_date(start),
        end=_date(end),
        data_until=_date(raw["data_until"]),
        objective=str(raw.get("objective", "profit")),
        budget=float(raw["budget"]),
        core=float(raw["core"]),
        reserve=float(raw["reserve"]),
        unspent=number(raw.get("unspent")) or 0.0,
        spent=number(raw.get("spent")) or 0.0,
        free=number(raw.get("free")) or 0.0,
        reference_spend=number(raw.get("reference_spend")),
        plan=_outlook(raw, ""),
        current=_outlook(raw, "current_"),
        gain=estimate(raw, "gain"),
        forecast=estimate(raw, "forecast"),
        probability_better=number(raw.get("probability_better")),
        expected_regret=number(raw.get("expected_regret")),
        worst_tenth=number(raw.get("worst_tenth")),
        gap=number(raw.get("gap")),
        gap_money=number(raw.get("gap_money")),
        method=str(raw.get("method") or ""),
        seconds=number(raw.get("seconds")),
        shadow_price=number(raw.get("shadow_price")),
        reserve_price=number(raw.get("reserve_price")),
        gave_way=tuple(str(sentence) for sentence in raw.get("gave_way") or ()),
        assumptions=tuple(str(sentence) for sentence in raw.get("assumptions") or ()),
        reverses=tuple(str(name) for name in raw.get("reverses") or ()),
    )


def _outlook(raw: Mapping[str, Any], prefix: str) -> Outlook:
    names = ("profit", "revenue", "roi", "romi", "outcome", "npv")
    return Outlook(*(estimate(raw, f"{prefix}{name}") for name in names))


def _date(value: object) -> Date:
    return Date.fromisoformat(str(value)[:10])
