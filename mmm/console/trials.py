"""What a finished test says, in money, and the ledger of tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmm.console.words import aligned, in_100, label_of, money, percent, ranged_of, ratio, records_of
from mmm.data.names import fold

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mmm.experiments.ledger import Ledger


def readout_text(figures: Mapping[str, Any], currency: str | None) -> str:
    """A readout in a few lines: what was changed, what it brought, how sure, and what to be wary of.

    Parameters
    ----------
    figures
        As in `readout-<id>.json`.
    """
    change = figures["spend_change"]
    unit = f" {currency}" if currency else ""
    worth = figures["unit_value"] if figures["in_money"] else 1.0
    noun = f"{unit} of outcome" if figures["in_money"] else " units of the outcome"
    effect, low, high = (money(figures[f"lift{end}"] * worth) for end in ("", "_lo", "_hi"))
    geos = figures["geos"]
    places = ", ".join(geos) if len(geos) <= 4 else f"{', '.join(geos[:3])} and {len(geos) - 3} more regions"
    lines = [
        f"{figures['id']}: {money(abs(change))}{unit} {'more' if change > 0 else 'less'} for {label_of(figures)} in "
        f"{places}, {figures['start']} to {figures['end']}"
        + (f", {figures['cooldown']} weeks of cool-down" if figures["cooldown"] else ""),
        f"It brought {effect}{noun} (90 %: {low} to {high}), {percent(figures['percent'], 1)} of what would have been.",
    ]
    if figures["roi"] is None:
        lines.append("No return: the change of spend is not clear of its noise.")
    else:
        ends = f"90 %: {ratio(figures['roi_lo'])} to {ratio(figures['roi_hi'])}"
        margin = figures["gross_margin"]
        pays = f"; media pay from {ratio(1 / margin)} on" if margin and figures["in_money"] else ""
        lines.append(f"Return of the money changed: {ratio(figures['roi'])} ({ends}){pays}.")
    lines.append(
        f"Of {figures['assignments']:,} choices of regions, {in_100(figures['p_value'])} show as much."
    )
    beside = [
        [str(row["method"]), money(row["lift"] * worth), money((row["lift_se"] or float("nan")) * worth)]
        for row in (
            {"method": "time-based regression", "lift": figures["lift"], "lift_se": figures["lift_se"]},
            *figures["beside"],
        )
    ]
    lines += ["", aligned([["method", "effect", "standard error"], *beside], right=(1, 2))]
    for flag in figures["flags"]:
        place = f"{flag['rows']}: " if flag["rows"] else ""
        lines += [
            f"{flag['severity']:<8}{flag['check']} - {place}{flag['value']}",
            f"{'':<8}-> {flag['remedy']}",
        ]
    lines += ["", *_preview_lines(figures["preview"], currency)]
    return "\n".join(lines)


def _preview_lines(preview: Mapping[str, Any], currency: str | None) -> list[str]:
    """What a new fit would say, or why only a new fit can say it."""
    if preview["state"] == "refit":
        return [f"Refit needed to say what this changes: {preview['why']}."]
    if preview["state"] != "previewed":
        return [f"No preview of what this changes: {preview['why']}."]
    unit = f" {currency}" if currency else ""
    lines = ["A new fit would say, by the weights of the draws of the last one:"]
    for row in preview["cells"]:
        was, now = (
            f"{ratio(row[f'roi_{when}'])} ({ratio(row[f'roi_{when}_lo'])} to {ratio(row[f'roi_{when}_hi'])})"
            for when in ("before", "after")
        )
        pays = ""
        if row["p_pays_before"] is not None:
            pays = f"; pays for itself {in_100(row['p_pays_before'])} -> {in_100(row['p_pays_after'])}"
        planned = ""
        if row["before"] is not None:
            planned = f"; planned {money(row['before'])} -> {money(row['after'])}{unit}"
        lines.append(f"  {label_of(row)}: return {was} -> {now}{pays}{planned}")
    if preview["money"] is not None:
        told = preview["money"]
        lines.append(
            f"  The plan would move {money(told['moved'])}{unit}, worth {money(told['worth'])} {told['objective']}."
        )
    lines.append(f"  (worth {preview['effective']:.0f} independent draws; a refit says it for good)")
    return lines


def rollout_text(table: pd.DataFrame, steps: pd.DataFrame, currency: str | None, name: str) -> str:
    """What each test asks for: the decision, why, and the way there.

    Parameters
    ----------
    table, steps
        `rollout.csv` and `rollout_steps.csv`.
    name
        The test that is asked about; empty: all.
    """
    unit = f" {currency}" if currency else ""
    shown = [row for row in records_of(table) if not name or fold(row["id"]) == fold(name)]
    return "\n\n".join("\n".join(_asked(row, records_of(steps), unit)) for row in shown)


def _asked(row: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], unit: str) -> list[str]:
    """The lines of one test."""
    word, best = row["decision"], row["best_action"]
    moves = word in ("scale", "cut", "stop")
    what = {"iterate": "test again, and hold", "hold": "hold"}.get(word, row["action"])
    change = f"{money(row['hold_spend'])} -> {money(row['spend'])}" if moves else money(row["hold_spend"])
    up = best.startswith("scale")
    side = row["p_next_pays"] if up or best == "hold" else 1 - row["p_next_pays"]
    lines = [
        f"{row['id']}: {what.upper()} {label_of(row)} ({change}{unit} in the window; the plan has "
        f"{money(row['planned_spend'])})",
        f"  next unit: {ratio(row['next_roi'])} ({ratio(row['next_roi_lo'])} to {ratio(row['next_roi_hi'])}); "
        f"{in_100(side)} that it {'pays' if up or best == 'hold' else 'does not pay'}",
    ]
    if best == "hold":
        lines.append("  nothing is better than today's money")
    else:
        lines += [
            f"  best action: {best}, profit {ranged_of(row, 'gain')}{unit} against holding; "
            f"{in_100(row['probability_better'])} that it is better",
            f"  regret {money(row['expected_regret'])} (allowed {money(row['regret_allowed'])}); at risk "
            f"{money(row['money_at_risk'])}",
        ]
    lines.append(
        f"  the same test once more: worth {money(row['follow_up_value'])}, costs {money(row['follow_up_cost'])}, "
        f"net {money(row['follow_up_net'])}"
    )
    own = [step for step in steps if step["id"] == row["id"]]
    if own:
        way = ", ".join(f"{step['start']} {step['multiple']:.4g}x" for step in own)
        lines.append(f"  ramp: {way}")
    if moves:
        held = row["holdout"].replace(";", ", ")
        kept = (
            f"{held} ({percent(row['holdout_share'])} of the outcome)"
            if held
            else "5 to 10 % of people, by lot"
        )
        back = "does not pay" if word == "scale" else "pays"
        lines.append(f"  kept as it is: {kept}; back when a fit says 90 in 100 that the next unit {back}")
    return lines


def ledger_text(ledger: Ledger, today: np.datetime64) -> str:
    """Every test of a ledger with its state, its money and its result."""
    rows: list[Sequence[str]] = [["test", "state", "of", "from", "until", "money", "effect", "said"]]
    for name in ledger.ids:
        design = ledger.design(name)
        if design is None:
            continue
        lines = ledger.of(name)
        state: str = lines[-1].state
        if state == "approved" and today >= design.start:
            state = "running" if today <= design.counted else "to read"
        result = [line for line in lines if line.state == "read"]
        effect = f"{money(result[-1].lift)} +- {money(result[-1].lift_se)}" if result else "-"
        said = ": ".join(part for part in (lines[-1].choice, lines[-1].why) if part)
        cell = " / ".join(part for part in (design.channel, design.audience, design.message) if part)
        rows.append(
            [
                name,
                state,
                cell,
                str(design.start),
                str(design.counted),
                money(design.spend_change),
                effect,
                said or "-",
            ]
        )
    if len(rows) == 1:
        return "No test is in the ledger. A test enters it with: mmm tests approve CONFIG ID"
    return aligned(rows, right=(5,))
