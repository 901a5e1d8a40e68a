"""What a finished test says, in money, and the ledger of tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmm.console.words import aligned, in_100, label_of, money, percent, ratio

if TYPE_CHECKING:
    import numpy as np

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
    return "\n".join(lines)


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
