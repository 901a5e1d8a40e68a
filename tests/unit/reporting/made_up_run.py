"""A made-up run whose tables agree: every figure comes from one set of draws of known curves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmm.dims import Cell

CELLS = (
    Cell("tv"),
    Cell("outdoor"),
    Cell("search", "brand"),
    Cell("search", "generic"),
    Cell("facebook", "prospecting"),
    Cell("facebook", "retargeting"),
    Cell("facebook", "lookalike"),
    Cell("tiktok", "18-24"),
    Cell("tiktok", "25-34"),
    Cell("tiktok", "35-44"),
)
MONEY = np.array([310.0, 140, 120, 190, 150, 60, 70, 45, 55, 30]) * 1e3
MOVES = np.array([-0.28, -0.22, 0.0, 0.18, 0.27, 0.10, -0.05, 0.40, 0.35, 0.20])
RETURNS = np.array([2.6, 2.2, 6.0, 4.4, 4.6, 4.9, 3.4, 4.7, 4.4, 3.7])
GRADES = ("data", "prior", "experiment", "data", "experiment", "data", "prior", "prior", "data", "prior")
LABELS = {"tv": "TV", "outdoor": "Outdoor", "search": "Search", "facebook": "Facebook", "tiktok": "TikTok"}


@dataclass(frozen=True, slots=True)
class Options:
    """What a test wants otherwise."""

    cells: tuple[Cell, ...] = CELLS
    labels: tuple[tuple[str, str], ...] = tuple(LABELS.items())
    margin: float | None = 0.55
    has_money: bool = True
    currency: str | None = "USD"
    size: float = 1.0
    weeks: int = 156
    periods: int = 13
    draws: int = 400
    name: str = "acme"
    gave_way: tuple[str, ...] = ()
    tried: bool = True
    stressed: bool = False
    compared: bool = True
    captured: tuple[str, ...] = ()
    moves: bool = True
    config_text: str = "name: acme\ncurrency: USD\nfinance: {gross_margin: 0.55}\n"


def write_run(folder: Path, options: Options | None = None) -> Path:
    """Write every table a report reads into `folder`."""
    options = options or Options()
    folder.mkdir(parents=True, exist_ok=True)
    world = _World(options)
    tables = {
        "roi": world.roi(),
        "contributions": world.contributions(),
        "curves": world.curves(),
        "fit": world.fit(),
        "checks": world.checks(),
        "plan": world.plan(),
        "moves": world.moves(),
        "adstock": world.adstock(),
        "priors": world.priors(),
        "evidence": world.evidence(),
        "hidden_driver": world.hidden_driver(),
    }
    if options.tried:
        tables |= {"reviews": world.reviews(), "backtest": world.backtest()}
        tables["backtest_summary"] = world.backtest_summary(tables["backtest"])
    if options.stressed:
        tables |= {"stress": world.stress(), "stress_summary": world.stress_summary()}
    if options.compared:
        tables |= world.scenarios()
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig")
    for name, content in (
        ("plan", world.summary()),
        ("about", world.about()),
        ("diagnostics", world.diagnostics()),
    ):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


class _World:
    """Draws of concave curves `a * (1 - exp(-x / b))` per cell, and the tables that follow from them."""

    def __init__(self, options: Options) -> None:
        self.o = options
        n = len(options.cells)
        pick = np.arange(n) % len(MONEY)
        rng = np.random.default_rng(4)
        self.current = MONEY[pick] * options.size
        moved = self.current * (1 + MOVES[pick] * options.moves)
        self.planned = moved * self.current.sum() / moved.sum()
        self.grades = [GRADES[i] for i in pick]
        self.core = float(self.current.sum())
        self.reserve = self.core / 9
        self.budget = self.core + self.reserve
        spread = np.where(np.array(self.grades) == "prior", 0.55, 0.22)
        unit = 1.0 if options.has_money else 1 / 40
        noise = np.exp(rng.normal(size=(options.draws, n)) * spread - spread**2 / 2)
        self.half = self.current * 1.6
        self.top = RETURNS[pick] * noise * self.half * unit
        self.rng = rng

    # what any spend brings, per draw
    @property
    def unit(self) -> str:
        return "of revenue" if self.o.has_money else "outcomes"

    def brings(self, spend: np.ndarray) -> np.ndarray:
        return self.top * (1 - np.exp(-spend / self.half))

    def next_unit(self, spend: np.ndarray) -> np.ndarray:
        return self.top / self.half * np.exp(-spend / self.half)

    def keys(self, cell: Cell) -> dict[str, str]:
        return {"channel": cell.channel, "audience": cell.audience}

    @property
    def worth(self) -> float:
        return self.o.margin if self.o.margin is not None and self.o.has_money else 1.0

    def value(self, spend: np.ndarray) -> np.ndarray:
        total = self.brings(spend).sum(axis=1)
        return self.worth * total - (self.budget if self.o.margin and self.o.has_money else 0.0)

    def summary(self) -> dict[str, Any]:
        profit = self.o.margin is not None and self.o.has_money
        found: dict[str, Any] = {
            "window": {"start": "2027-01-01", "end": "2027-03-31"},
            "data_until": "2026-11-15",
            "objective": "profit" if profit else "revenue" if self.o.has_money else "outcome",
            "budget": self.budget,
            "core": self.core,
            "reserve": self.reserve,
            "reference_spend": self.budget * 0.97,
            "gap": 0.0004,
            "gap_money": 0.0004 * self.worth * float(self.brings(self.planned).sum(axis=1).mean()),
            "method": "dynamic program, certified",
            "seconds": 2.4,
            "shadow_price": 0.31,
            "reserve_price": 0.24,
            "gave_way": list(self.o.gave_way),
            "reverses": ["search / brand"],
            "assumptions": ["Price in the window as in the same weeks of last year."],
        }
        for prefix, spend in (("", self.planned), ("current_", self.current)):
            brought = self.brings(spend).sum(axis=1)
            empty = np.full(self.o.draws, np.nan)
            made = {
                "revenue": brought if self.o.has_money else empty,
                "profit": self.value(spend) if profit else empty,
                "roi": brought / self.budget if self.o.has_money else empty,
                "romi": self.value(spend) / self.budget if profit else empty,
                "outcome": empty if self.o.has_money else brought,
            }
            for name, draws in made.items():
                found |= _named(prefix + name, draws)
        gain = self.value(self.planned) - self.value(self.current)
        found |= _named("gain", gain) | _named("forecast", 18.2e6 * self.o.size * np.exp(gain * 0 + 0.0))
        found["forecast_lo"], found["forecast_hi"] = 17.4e6 * self.o.size, 19.0e6 * self.o.size
        found["probability_better"] = float((gain > 0).mean())
        found["expected_regret"] = float(np.maximum(-gain, 0).mean())
        found["worst_tenth"] = float(np.sort(gain)[: max(1, self.o.draws // 10)].mean())
        return found

    def scenarios(self) -> dict[str, pd.DataFrame]:
        """Today's mix, the plan, and the plan's mix at other budgets; the best of these counts as break-even."""
        profit = self.o.margin is not None and self.o.has_money
        mixes = {"keep": self.current, "-20 %": 0.8 * self.planned, "optimum": self.planned}
        mixes["+20 %"] = 1.2 * self.planned
        steps = {step: step * self.planned for step in (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6)}
        size = self.budget / self.core

        def value(spend: np.ndarray) -> np.ndarray:
            brought = self.brings(spend).sum(axis=1)
            return self.worth * brought - (spend.sum() * size if profit else 0.0)

        def figures(spend: np.ndarray) -> dict[str, Any]:
            brought, money = self.brings(spend).sum(axis=1), spend.sum() * size
            empty = np.full(self.o.draws, np.nan)
            found = {"budget": money, "spend": money, "reserve": money - spend.sum()}
            found |= _named("revenue", brought if self.o.has_money else empty)
            found |= _named("profit", value(spend) if profit else empty)
            found |= _named("roi", brought / money if self.o.has_money else empty)
            if not self.o.has_money:
                found |= _named("outcome", brought) | {"cost_per_outcome": money / brought.mean()}
            return found

        draws = {name: value(spend) for name, spend in mixes.items()}
        best = np.max(list(draws.values()), axis=0)
        rows, splits, pairs = [], [], []
        for name, spend in mixes.items():
            rows.append(
                {"scenario": name, **figures(spend)}
                | {"probability_better": np.nan if name == "keep" else (draws[name] > draws["keep"]).mean()}
                | {"expected_regret": (best - draws[name]).mean(), "note": "today" if name == "keep" else ""}
            )
            for cell, now, then in zip(self.o.cells, self.current, spend, strict=True):
                splits.append(
                    {"scenario": name, "level": "cell", **self.keys(cell)}
                    | {"current_spend": now, "planned_spend": then}
                )
            for level, now, then in (
                ("reserve", self.reserve, spend.sum() * (size - 1)),
                ("total", self.budget, spend.sum() * size),
            ):
                splits.append(
                    {"scenario": name, "level": level, "channel": "", "audience": ""}
                    | {"current_spend": now, "planned_spend": then}
                )
            for other in mixes.keys() - {name}:
                gain = draws[name] - draws[other]
                pairs.append(
                    {"scenario": name, "against": other, "probability_better": (gain > 0).mean()}
                    | _named("difference", gain)
                    | {"expected_regret": np.maximum(-gain, 0).mean()}
                )
        rows.append({"scenario": "tiny", "note": "no plan meets the limits"})
        means = {step: value(spend).mean() for step, spend in steps.items()}
        others = [step for step in steps if step != 1.0]
        turn = max(others, key=lambda step: means[step]) if profit else None
        frontier = [
            {"point": "plan" if step == 1.0 else "break_even" if step == turn else "", **figures(spend)}
            | {"next_unit": 2 - step}
            for step, spend in steps.items()
        ]
        best = self.planned * np.linspace(0.9, 1.1, len(self.planned))
        ends = [
            {"level": "cell", **self.keys(cell), "current_spend": now, "planned_spend": then}
            | {"best_spend": middle, "best_spend_lo": 0.7 * middle, "best_spend_hi": 1.3 * middle}
            | {"probability_more": 0.5 if middle <= now else 0.9}
            for cell, now, then, middle in zip(self.o.cells, self.current, self.planned, best, strict=True)
        ]
        ends.append(
            {"level": "total", "channel": "", "audience": "", "moved": 0.1 * self.core, "worth_knowing": 31e3}
            | {"current_spend": self.core, "planned_spend": self.core}
        )
        made = {
            "best_splits": ends,
            "scenarios": rows,
            "scenario_plans": splits,
            "scenario_pairs": pairs,
            "frontier": frontier,
        }
        return {name: pd.DataFrame(found) for name, found in made.items()} | {"goals": self.goals()}

    def goals(self) -> pd.DataFrame:
        """Three targets: one in reach, one that needs more money, one out of reach."""
        kpi = "revenue" if self.o.has_money else "outcome"
        plan = {"kpi": kpi, "of": "total", "owner": "marketing", "under": "", "budget": self.budget}
        rows = [
            {
                "goal": name,
                **plan,
                "target": target * 1e6,
                "reached_80": 17.6e6,
                "question": "Can it be done?",
            }
            | {
                "probability": likely,
                "budget_80": budget,
                "best_probability": best,
                "best_budget": 1.6 * self.budget,
            }
            for name, target, likely, budget, best in (
                ("Base", 17.0, 0.93, 0.7 * self.budget, 0.99),
                ("Q1 revenue", 18.5, 0.38, 1.25 * self.budget, 0.91),
                ("Stretch", 21.0, 0.04, np.nan, 0.31),
            )
        ]
        return pd.DataFrame(rows)

    def moves(self) -> pd.DataFrame:
        rows = []
        now, then = self.next_unit(self.current), self.next_unit(self.planned)
        brought = self.brings(self.planned)
        for i, cell in enumerate(self.o.cells):
            up = self.planned[i] > self.current[i]
            rows.append(
                {"level": "cell", **self.keys(cell), "reference_spend": self.current[i] * 0.97}
                | {"current_spend": self.current[i], "planned_spend": self.planned[i]}
                | {"change": self.planned[i] / self.current[i] - 1}
                | _named("response", brought[:, i])
                | self.returns(brought[:, i].mean(), self.planned[i], now[:, i].mean(), then[:, i].mean())
                | {"evidence": self.grades[i], "binding": "upper" if i == 7 else "guard" if i == 9 else ""}
                | {"least": self.current[i] * 0.5, "most": self.current[i] * 1.5}
                | {"asked_least": np.nan if i else 1000.0, "asked_most": np.nan}
                | {"binding_price": 0.42 if i == 7 else 0.15 if i == 9 else np.nan, "extrapolated": i == 7}
                | {
                    "why": f"Goes {'up' if up else 'down'}: the next unit of money brings "
                    f"{now[:, i].mean():.2f} {self.unit} here against {now.mean():.2f} elsewhere.",
                    "flip": "At the middle of its range (1.20) it would already go down."
                    if i % 4 == 1
                    else "",
                }
            )
        total = brought.sum(axis=1)
        share = self.planned / self.planned.sum()
        rows.append(
            {"level": "reserve", "channel": "", "audience": "", "reference_spend": 0.0, "change": 0.0}
            | {"current_spend": self.reserve, "planned_spend": self.reserve, "extrapolated": False}
        )
        rows.append(
            {"level": "total", "channel": "", "audience": "", "reference_spend": self.core * 0.97}
            | {"current_spend": self.budget, "planned_spend": self.budget, "change": 0.0}
            | _named("response", total)
            | self.returns(
                total.mean(), self.budget, (now * share).sum(axis=1).mean(), (then * share).sum(axis=1).mean()
            )
            | {"evidence": "", "binding": "", "binding_price": np.nan, "extrapolated": False}
            | {"why": "", "flip": ""}
        )
        return pd.DataFrame(rows)

    def returns(self, brings: float, spend: float, now: float, then: float) -> dict[str, float]:
        if self.o.has_money:
            return {"roi": brings / spend, "mroi_current": now, "mroi_planned": then}
        return {
            "cost_per_outcome": spend / brings,
            "marginal_cost_per_outcome_current": 1 / now,
            "marginal_cost_per_outcome_planned": 1 / then,
        }

    def plan(self) -> pd.DataFrame:
        dates = pd.date_range("2026-12-28", periods=self.o.periods, freq="7D")
        rows = [
            {"date": date, "purpose": "core", **self.keys(cell)}
            | {"reference_spend": self.current[i] * 0.97 / len(dates)}
            | {"current_spend": self.current[i] / len(dates), "planned_spend": self.planned[i] / len(dates)}
            for date in dates
            for i, cell in enumerate(self.o.cells)
        ]
        rows += [
            {"date": date, "purpose": "test", "channel": "", "audience": "", "reference_spend": 0.0}
            | {"current_spend": self.reserve / len(dates), "planned_spend": self.reserve / len(dates)}
            for date in dates
        ]
        return pd.DataFrame(rows)

    def roi(self) -> pd.DataFrame:
        rows = []
        for i, cell in enumerate(self.o.cells):
            brought = self.brings(self.current)[:, i] * 11.4
            spend = self.current[i] * 11.4
            following = self.next_unit(self.current)[:, i]
            row = {"level": "cell", **self.keys(cell), "spend": spend} | _named("contribution", brought)
            if self.o.has_money:
                row |= _named("roi", brought / spend) | {"roi_median": float(np.median(brought / spend))}
                row |= _named("mroi", following)
                if self.o.margin is not None:
                    row |= _named("romi", self.o.margin * brought / spend - 1)
                    row |= {"p_pays": float((self.o.margin * brought / spend > 1).mean())}
                    row |= {"p_pays_prior": 0.5}
            else:
                row |= _named("cost_per_outcome", spend / brought)
                row |= _named("marginal_cost_per_outcome", 1 / following)
            row |= {"share_of_spend": self.current[i] / self.core, "share_of_contribution": 0.1}
            rows.append(row | {"evidence": self.grades[i]})
        return pd.DataFrame(rows)

    def curves(self) -> pd.DataFrame:
        rows = []
        for i, cell in enumerate(self.o.cells):
            most = max(self.current[i], self.planned[i])
            for spend in np.linspace(0, 1.5 * most, 30):
                brought = self.top[:, i] * (1 - np.exp(-spend / self.half[i]))
                slope = float((self.top[:, i] / self.half[i] * np.exp(-spend / self.half[i])).mean())
                rows.append(
                    {**self.keys(cell), "spend": spend}
                    | _named("response", brought)
                    | {"mroi": slope if self.o.has_money else np.nan}
                    | {"observed": bool(spend <= self.current[i] * (1.35 if i != 7 else 1.1))}
                )
        return pd.DataFrame(rows)

    def weeks(self) -> pd.DatetimeIndex:
        return pd.date_range(end="2026-11-09", periods=self.o.weeks, freq="7D")

    def components(self) -> dict[tuple[str, int], np.ndarray]:
        t = np.arange(self.o.weeks)
        size = self.o.size if self.o.has_money else self.o.size / 40
        rng = np.random.default_rng(9)
        parts = {
            ("baseline", -1): np.full(len(t), 0.95e6),
            ("trend", -1): 900.0 * t,
            ("seasonality", -1): 120e3 * np.sin(2 * np.pi * t / 52),
            ("holidays", -1): np.where(t % 52 == 3, 260e3, 0.0),
            ("organic:newsletter", -1): 30e3 + 6e3 * np.sin(t / 5),
            ("control:price", -1): -25e3 * np.cos(t / 9),
            ("residual", -1): rng.normal(0, 45e3, len(t)),
        }
        for i in range(len(self.o.cells)):
            wave = 1 + 0.4 * np.sin(t / (6 + i) + i)
            parts["media", i] = wave * self.brings(self.current)[:, i].mean() / 13 / size
        return {key: value * size for key, value in parts.items()}

    def contributions(self) -> pd.DataFrame:
        rows = []
        for (name, i), values in self.components().items():
            keys = self.keys(self.o.cells[i]) if i >= 0 else {"channel": "", "audience": ""}
            for date, value in zip(self.weeks(), values, strict=True):
                low, high = sorted((value * 0.8, value * 1.2))
                rows.append(
                    {"date": date, "component": name, **keys, "value": value}
                    | {"value_lo": low, "value_hi": high}
                )
        return pd.DataFrame(rows)

    def fit(self) -> pd.DataFrame:
        parts = self.components()
        expected = sum(value for (name, _), value in parts.items() if name != "residual")
        base = sum(value for (name, _), value in parts.items() if name not in ("residual", "media"))
        return pd.DataFrame(
            {"date": self.weeks(), "geo": "", "actual": expected + parts["residual", -1]}
            | {"expected": expected, "expected_lo": expected * 0.94, "expected_hi": expected * 1.06}
            | {"baseline": base}
        )

    def checks(self) -> pd.DataFrame:
        names = ("dates", "duplicates", "gaps", "negative spend", "units", "share of media")
        rows = [
            {"check": name, "severity": "pass", "where": "media.csv", "rows": "", "value": "", "remedy": ""}
            for name in names
        ]
        rows.append(
            {"check": "spend without exposure", "severity": "review", "where": "media.csv, tv"}
            | {"rows": "14-16", "value": "3", "remedy": "Fill in the impressions of these weeks."}
        )
        return pd.DataFrame(rows)

    def reviews(self) -> pd.DataFrame:
        rows = [
            {
                "check": "one-step coverage",
                "severity": "pass",
                "where": "fit",
                "rows": "",
                "value": "91%",
                "remedy": "",
            },
            {"check": "demand chasing", "severity": "review", "where": "tv", "rows": ""}
            | {"value": "correlation 0.41", "remedy": "Give what the buyers look at as a control."},
        ]
        return pd.DataFrame(rows)

    def backtest(self) -> pd.DataFrame:
        """Two origins, two weeks each and their sum; the second week of the first lies outside its range."""
        rows = []
        for origin, first in (("2026-06-28", "2026-06-29"), ("2026-09-27", "2026-09-28")):
            weeks = [str(np.datetime64(first) + 7 * week) for week in range(2)]
            expected = np.array([100.0, 110.0]) * 1e3 * self.o.size
            actual = expected * ([1.02, 1.25] if origin < "2026-08" else [0.97, 1.01])
            for date, horizon, a, e in (
                (weeks[0], "1", actual[0], expected[0]),
                (weeks[1], "2", actual[1], expected[1]),
                (weeks[0], "total", actual.sum(), expected.sum()),
            ):
                rows.append(
                    {"origin": origin, "date": date, "horizon": horizon, "actual": a, "expected": e}
                    | {"expected_lo": 0.9 * e, "expected_hi": 1.1 * e}
                    | {"naive_last_year": np.nan, "naive_last_4": 0.8 * a}
                )
        return pd.DataFrame(rows)

    def backtest_summary(self, rows: pd.DataFrame) -> pd.DataFrame:
        found = []
        for horizon, of in rows.groupby("horizon"):
            error, size = of["expected"] - of["actual"], of["actual"].sum()
            inside = (of["actual"] >= of["expected_lo"]) & (of["actual"] <= of["expected_hi"])
            found.append(
                {"horizon": horizon, "forecasts": len(of), "mape": (error / of["actual"]).abs().mean()}
                | {
                    "wmape": error.abs().sum() / size,
                    "bias": error.sum() / size,
                    "coverage_90": inside.mean(),
                }
                | {"interval_score": 0.3, "wmape_last_year": np.nan, "relative_last_year": np.nan}
                | {"wmape_last_4": 0.2, "relative_last_4": 0.5}
            )
        return pd.DataFrame(found)

    def adstock(self) -> pd.DataFrame:
        rows = []
        for i, cell in enumerate(self.o.cells):
            weights = np.exp(-np.arange(9) / (0.6 + 0.35 * (i % 5)))
            weights /= weights.sum()
            rows += [
                {**self.keys(cell), "lag": lag, "weight": weight}
                | {"weight_lo": weight * 0.7, "weight_hi": min(1.0, weight * 1.35)}
                for lag, weight in enumerate(weights)
            ]
        return pd.DataFrame(rows)

    def priors(self) -> pd.DataFrame:
        rows = []
        average = self.brings(self.current) / self.current
        for i, cell in enumerate(self.o.cells):
            low, middle, high = np.quantile(average[:, i], [0.05, 0.5, 0.95])
            rows.append(
                {**self.keys(cell), "parameter": "roi", "prior_lo": 0.3, "prior_median": 1.8}
                | {"prior_hi": 11.0, "lo": low, "median": middle, "hi": high}
            )
            for name in ("half_life", "half_saturation", "slope"):
                rows.append(
                    {**self.keys(cell), "parameter": name, "prior_lo": 0.3, "prior_median": 1.0}
                    | {"prior_hi": 3.1, "lo": 0.6, "median": 1.1, "hi": 2.0}
                )
        return pd.DataFrame(rows)

    def evidence(self) -> pd.DataFrame:
        return pd.DataFrame(
            [
                {**self.keys(cell), "evidence": ("data", "prior")[i % 2], "sd_ratio": 0.31 + 0.4 * (i % 2)}
                | {"vif": np.inf if i == 2 else 2.5, "prior_sensitivity": 0.012 + 0.1 * (i % 2)}
                | {"follows_demand": i == 1, "narrowed": 1.0, "tests_alone": 1.0}
                for i, cell in enumerate(self.o.cells)
            ]
        )

    def hidden_driver(self) -> pd.DataFrame:
        return pd.DataFrame(
            [
                {**self.keys(cell), "robustness": 0.06 + 0.02 * i}
                | {"benchmark": "price" if i else "", "times_benchmark": 1.4 * i if i else np.nan}
                for i, cell in enumerate(self.o.cells)
            ]
        )

    def stress(self) -> pd.DataFrame:
        name = "roi" if self.o.has_money else "cost_per_outcome"
        rows = []
        average = self.brings(self.current) / self.current
        specs = [("fit", "the fit", 1.0), ("setting", "geometric carry-over", 0.9)]
        specs += [("prior", "prior of ROI twice as high", 1.3), ("placebo", "tv, 60 weeks later", 0.97)]
        for kind, spec, factor in specs:
            for i, cell in enumerate(self.o.cells):
                draws = factor * average[:, i] if self.o.has_money else 1 / (factor * average[:, i])
                rows.append({"kind": kind, "spec": spec, **self.keys(cell)} | _named(name, draws))
        draws = 0.3 * average[:, 0] if self.o.has_money else 1 / (0.3 * average[:, 0])
        rows.append(
            {"kind": "placebo", "spec": "tv, 60 weeks later", "channel": "placebo", "audience": ""}
            | _named(name, draws)
        )
        pays = self.o.margin is not None and self.o.has_money
        for row in rows:
            row |= {"p_pays": 0.9 if pays else np.nan, "p_pays_prior": 0.5 if pays else np.nan}
            row |= {"share_of_outcome": 0.02, "share_of_outcome_prior": 0.05}
            row |= {"verdict": "pays" if pays else "", "changes": False, "refused": ""}
        rows.append({"kind": "setting", "spec": "history none", "channel": "", "audience": ""})
        rows[-1] |= {"verdict": "", "changes": False, "refused": "the sampler did not reach the gates"}
        return pd.DataFrame(rows)

    def stress_summary(self) -> pd.DataFrame:
        average = (self.brings(self.current) / self.current).mean(axis=0)
        value = average if self.o.has_money else 1 / average
        pays = self.o.margin is not None and self.o.has_money
        return pd.DataFrame(
            [
                {**self.keys(cell), "value": value[i], "lowest": 0.9 * value[i], "highest": 1.3 * value[i]}
                | {"lowest_spec": "geometric carry-over", "highest_spec": "prior of ROI twice as high"}
                | {"verdict": "pays" if pays else "", "survives": "holds" if pays else ""}
                for i, cell in enumerate(self.o.cells)
            ]
        )

    def about(self) -> dict[str, Any]:
        return {
            "name": self.o.name,
            "currency": self.o.currency,
            "gross_margin": self.o.margin,
            "labels": dict(self.o.labels),
            "demand_capture": list(self.o.captured),
            "data_from": "2023-11-20",
            "data_until": "2026-11-15",
            "modelled_from": "2024-02-19",
            "n_periods": self.o.weeks,
            "n_geos": 20,
            "grain": "week",
            "outcome_kind": "revenue" if self.o.has_money else "count",
            "has_money": self.o.has_money,
            "config_hash": "5f3a9c1e77b04d2a",
            "limits_hash": "a11ce",
            "version": "0.1.0",
            "seed": 1,
            "config_text": self.o.config_text,
            "created": "2026-11-22T09:00:00+00:00",
        }

    def diagnostics(self) -> dict[str, Any]:
        return {
            "rhat_max": 1.004,
            "ess_bulk_min": 812.0,
            "ess_tail_min": 903.0,
            "divergences": 0.0,
            "seconds": {"fit": 61.2, "build": 2.1},
            "r2": 0.93,
            "mape": 0.034,
            "coverage_90": 0.91,
        }


def _named(name: str, draws: np.ndarray) -> dict[str, float | None]:
    if not np.isfinite(draws).all():
        return {name: None, f"{name}_lo": None, f"{name}_hi": None}
    low, high = np.quantile(draws, [0.05, 0.95])
    return {name: float(draws.mean()), f"{name}_lo": float(low), f"{name}_hi": float(high)}
