"""Stress and backtest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmm.console.words import (
    aligned,
    in_100,
    label_of,
    money,
    number_of,
    percent,
    ratio,
    records_of,
    text_of,
)

if TYPE_CHECKING:
    import pandas as pd


def stress_text(stress: pd.DataFrame, summary: pd.DataFrame, hidden: pd.DataFrame) -> str:
    """What survives other settings and priors, what a placebo is given, what a hidden driver could do.

    Parameters
    ----------
    stress, summary, hidden
        The tables `stress.csv`, `stress_summary.csv` and `hidden_driver.csv`.
    """
    by_cost = bool(stress["roi"].isna().all())
    cells = records_of(summary)
    title = "cost per outcome" if by_cost else "ROI"
    rows = [["", title, "lowest", "highest", "verdict", "survives", "hidden driver"]]
    for row, driver in zip(cells, records_of(hidden), strict=True):
        rows.append(
            [
                label_of(row),
                *(ratio(row[name]) for name in ("value", "lowest", "highest")),
                *(text_of(row["verdict"]) or "-", text_of(row["survives"]) or "-"),
                percent(driver["robustness"]),
            ]
        )
    lines = [aligned(rows, right=(1, 2, 3, 6)), ""]
    lines += [
        "Survives: holds in every fit; shifts between open and decided in some; turns into its opposite in some.",
        "Hidden driver: share of what is left of outcome and of spend that it must explain to halve the return.",
        "",
    ]
    known = {label_of(row) for row in cells}
    for row in records_of(stress):
        if row["refused"]:
            lines.append(f"Not fitted: {row['spec']}. {row['refused']}")
        elif row["kind"] == "placebo" and label_of(row) not in known:
            lines.append(_placebo_line(row, by_cost))
    return "\n".join(lines)


def _placebo_line(row: Mapping[str, Any], by_cost: bool) -> str:
    """What the model gives a channel that does nothing."""
    name = "cost_per_outcome" if by_cost else "roi"
    low, high = ratio(row.get(f"{name}_lo")), ratio(row.get(f"{name}_hi"))
    given = f"{'costs' if by_cost else 'is given'} {ratio(row.get(name))} (90 %: {low} to {high})"
    pays = ""
    if number_of(row.get("p_pays")) is not None:
        pays = f"; before the data {in_100(row['p_pays_prior'])} to pay, after {in_100(row['p_pays'])}"
    share, before = (percent(row[key], 1) for key in ("share_of_outcome", "share_of_outcome_prior"))
    return f"Placebo ({text_of(row['spec'])}) {given}{pays}; {share} of the outcome, before the data {before}"


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
