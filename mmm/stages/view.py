"""A finished run as its user sees it: tables as data frames, the plan, the paths of the pages."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from mmm.errors import ConfigError
from mmm.planning.plan import Plan


class Run:
    """A view on a run folder: the tables as data frames, the plan, the paths of the pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def roi(self) -> pd.DataFrame:
        """Returns by cell, channel, audience, geo and in total."""
        return self.table("roi")

    def contributions(self) -> pd.DataFrame:
        """The outcome by period and component."""
        return self.table("contributions")

    def fit(self) -> pd.DataFrame:
        """Actual and expected by period and geo."""
        return self.table("fit")

    def checks(self) -> pd.DataFrame:
        """Findings about the data."""
        return self.table("checks")

    def reviews(self) -> pd.DataFrame:
        """What the fit shows of its own weak points."""
        return self.table("reviews")

    def experiments(self) -> pd.DataFrame:
        """Past tests beside the model; without rows where the config names none."""
        return self.table("experiments") if (self.folder / "experiments.csv").is_file() else pd.DataFrame()

    def other_outcomes(self) -> pd.DataFrame:
        """Returns of further outcomes; without rows where the config names none."""
        return self.table("other_roi") if (self.folder / "other_roi.csv").is_file() else pd.DataFrame()

    def moves(self) -> pd.DataFrame:
        """Where the money moves, and why."""
        return self.plan.moves

    def scenarios(self) -> pd.DataFrame:
        """Budgets and splits beside each other, on the same draws."""
        return self.table("scenarios")

    def frontier(self) -> pd.DataFrame:
        """The best mix of every budget."""
        return self.table("frontier")

    def goals(self) -> pd.DataFrame:
        """Targets with their odds; without rows where the config names none."""
        return self.table("goals") if (self.folder / "goals.csv").is_file() else pd.DataFrame()

    def tests(self) -> pd.DataFrame:
        """Tests that the reserve buys; without rows where none were designed."""
        return self.table("tests") if (self.folder / "tests.csv").is_file() else pd.DataFrame()

    @property
    def reserve(self) -> dict[str, Any]:
        """What the tests use of the reserve and are worth together."""
        return self._read_json("tests.json")

    def rollout(self) -> pd.DataFrame:
        """What is proposed after each test about which nothing was decided; without rows before it was asked."""
        return self.table("rollout") if (self.folder / "rollout.csv").is_file() else pd.DataFrame()

    @cached_property
    def plan(self) -> Plan:
        """The plan, with its tables and figures."""
        return Plan.load(self.folder)

    @property
    def diagnostics(self) -> dict[str, Any]:
        """How the fit went."""
        return self._read_json("diagnostics.json")

    def _read_json(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return found

    def told(self, name: str) -> dict[str, Any]:
        """Figures of the run by the name of their file, such as `held`."""
        return self._read_json(f"{name}.json")

    @property
    def backtest(self) -> dict[str, Any]:
        """How the backtest was done, and which origins were refused."""
        return self._read_json("backtest.json")

    @property
    def money(self) -> dict[str, Any]:
        """Whether scorecard and bridge stand on a fit, and why there is no bridge."""
        return self._read_json("money.json")

    @property
    def report_path(self) -> Path:
        """The page."""
        return self.folder / "report.html"

    @property
    def report_paths(self) -> tuple[Path, ...]:
        """What the report wrote: pages, pages to sign and workbooks, those of the first reader first."""
        found = [
            (path.stem.partition("-")[2], order, path)
            for order, kind in enumerate(("report*.html", "report*.pdf", "plan*.xlsx"))
            for path in self.folder.glob(kind)
        ]
        return tuple(path for _, _, path in sorted(found))

    def table(self, name: str) -> pd.DataFrame:
        """One table of the run by its name in the contract, such as `roi`."""
        texts = [
            "segment",
            "outcome_name",
            "level",
            "channel",
            "audience",
            "message",
            "geo",
            "component",
            "evidence",
            "check",
            "where",
        ]
        texts += ["origin", "horizon"]
        texts += [
            "kind",
            "spec",
            "verdict",
            "refused",
            "lowest_spec",
            "highest_spec",
            "survives",
            "benchmark",
        ]
        texts += ["id", "geos", "start", "end", "scenario", "against", "note", "point"]
        texts += ["goal", "kpi", "of", "owner", "under", "question"]
        texts += [
            "period",
            "step",
            "known_by",
            "medium",
            "factor",
            "mix",
            "month",
            "line",
            "unit",
            "campaign",
            "creative",
            "source",
            "file",
            "data_from",
            "data_until",
        ]
        texts += ["state", "test", "units", "controls", "answers"]
        texts += ["tests", "evidence_without", "evidence_with"]
        texts += ["table", "series", "first", "last"] + (["change"] if name == "data_changes" else [])
        texts += ["decision", "action", "best_action", "why_not", "holdout"]
        if name == "scorecard":
            texts.remove("benchmark")  # a figure there, and a name elsewhere
        path = self.folder / f"{name}.csv"
        if not path.is_file():
            raise ConfigError([f"{path} is not there; run `mmm run` on the config to make it"])
        head = pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
        return pd.read_csv(
            path,
            encoding="utf-8-sig",
            dtype={text: str for text in texts if text in head},
            keep_default_na=False,
            na_values={column: [""] for column in head if column not in texts},
            parse_dates=["date"] if "date" in head else None,
        )
