"""Scenarios beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmm.console.words import aligned, in_100, money, number_of, ratio, records_of, text_of

if TYPE_CHECKING:
    import pandas as pd

_TITLES = {
    "npv": "present value",
    "profit": "profit after media",
    "revenue": "revenue",
    "outcome": "outcomes",
}


def scenarios_text(
    scenarios: pd.DataFrame, pairs: pd.DataFrame, frontier: pd.DataFrame, currency: str | None
) -> str:
    """Every scenario in a line, the odds of each against each, and where the next unit of budget stops paying.

    Parameters
    ----------
    scenarios, pairs, frontier
        The tables `scenarios.csv`, `scenario_pairs.csv` and `frontier.csv`.
    currency
        ISO code, or None.
    """
    measure = next(
        (name for name in _TITLES if name in scenarios and scenarios[name].notna().any()), "profit"
    )
    shown = [row for row in records_of(scenarios) if number_of(row.get("spend")) is not None]
    left_out = [row for row in records_of(scenarios) if number_of(row.get("spend")) is None]
    head = ["", "spend", _TITLES[measure], "(90 % range)", "ROI", "beats today's mix", "expected regret"]
    rows = [head]
    for row in shown:
        span = " to ".join(money(row.get(f"{measure}_{end}")) for end in ("lo", "hi"))
        rows.append(
            [
                text_of(row["scenario"]),
                money(row["spend"]),
                money(row.get(measure)),
                f"({span})",
                ratio(row.get("roi")),
                in_100(row.get("probability_better")),
                money(row.get("expected_regret")),
            ]
        )
    lines = [aligned(rows, right=range(1, len(head)))]
    lines += [f"No plan: {text_of(row['scenario'])}: {text_of(row['note'])}." for row in left_out]
    lines += ["", _odds(pairs), ""] if len(shown) > 1 else [""]
    lines.append(_turn(frontier))
    lines.append(f"Money in {currency}." if currency else "Money without a currency: the config names none.")
    return "\n".join(lines)


def goals_text(goals: pd.DataFrame) -> str:
    """Every target with its odds, in a sentence; empty without targets.

    Parameters
    ----------
    goals
        The table `goals.csv`.
    """
    lines = []
    for row in records_of(goals):
        target = money(row["target"])
        said = (
            f"Goal {text_of(row['goal'])}: {in_100(row['probability'])} to reach {target}; "
            f"{money(row['reached_80'])} can be promised with 80 in 100"
        )
        if number_of(row["budget_80"]) is None:
            far = f"{in_100(row['best_probability'])}, with {money(row['best_budget'])}"
            said += f"; no budget looked at has 80 in 100 for {target}: the best is {far}"
        elif row["budget_80"] > row["budget"]:
            said += f"; 80 in 100 for {target} needs about {money(row['budget_80'])}"
        lines.append(f"{said}.")
    return "\n".join(lines)


def _odds(pairs: pd.DataFrame) -> str:
    """How many times in a hundred the scenario of a line beats that of a column."""
    names = list(dict.fromkeys(pairs["scenario"]))
    odds = {(row["scenario"], row["against"]): row["probability_better"] for row in records_of(pairs)}
    rows = [["beats, in 100", *names]]
    for name in names:
        rows.append([name, *("-" if name == other else f"{100 * odds[name, other]:.0f}" for other in names)])
    return aligned(rows, right=range(1, len(names) + 1))


def _turn(frontier: pd.DataFrame) -> str:
    """Where the next unit of budget brings what it costs."""
    for row in records_of(frontier):
        if row["point"] == "break_even":
            return f"The next unit of budget pays for itself up to about {money(row['budget'])}."
    return "No budget was found at which the next unit brings just what it costs."
