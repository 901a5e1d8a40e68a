"""What each channel takes of the money, beside what it brings of all that paid media bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmm.reporting import figures
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.palette import PAPER
from mmm.reporting.results import Results, at_level, cell_of, estimate, number, records
from mmm.reporting.voice import Voice


def shares_figure(results: Results, voice: Voice) -> Figure | None:
    """Two bars a channel; none where there is one channel, or nothing brought to share."""
    found = _shares(results)
    if len(found) < 2:
        return None
    rows: list[dict[str, Any]] = []
    for channel, parts in found.items():
        for place, name in enumerate(("spend", "contribution")):
            colour = voice.colours[channel]
            rows.append(
                {
                    "name": voice.channel(channel),
                    "line": str(place),
                    "what": voice.text(f"column.share_{name}"),
                    "share": float(f"{parts[name]:.4g}"),
                    "text": voice.figures.percent(parts[name]),
                    "colour": colour,
                    "fill": colour if place else PAPER,
                }
            )
    label = voice.text("shares.chart")
    return Figure(label, figures.shares(rows, label))


def shares_table(results: Results, voice: Voice) -> Table:
    """Money and contribution of each channel over the modelled past, and their shares."""
    whole = {str(row["channel"]): row for row in records(at_level(results.roi, "channel"))}
    rows = []
    for channel, parts in _shares(results).items():
        brought: Mapping[str, Any] = whole.get(channel, {})
        known = "contribution_lo" in brought and number(brought["contribution_lo"]) is not None
        rows.append(
            (
                voice.channel(channel),
                voice.amounts.money(parts["money"]),
                voice.figures.percent(parts["spend"]),
                voice.amounts.outcome(parts["brought"]),
                voice.amounts.outcome_range(estimate(brought, "contribution")) if known else NOTHING,
                voice.figures.percent(parts["contribution"]),
            )
        )
    head = ("channel", "spend", "share_spend", "contribution", "range", "share_contribution")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))


def _shares(results: Results) -> dict[str, dict[str, float]]:
    """Money and mean contribution of each channel, which add up over its cells, and their shares; empty without any."""
    found = {channel: {"money": 0.0, "brought": 0.0} for channel in (cell.channel for cell in results.cells)}
    for row in records(at_level(results.roi, "cell")):
        parts = found.get(cell_of(row).channel)
        if parts is not None and "contribution" in row:
            parts["money"] += number(row["spend"]) or 0.0
            parts["brought"] += number(row["contribution"]) or 0.0
    money, brought = (sum(parts[name] for parts in found.values()) for name in ("money", "brought"))
    if money <= 0 or brought <= 0:
        return {}
    for parts in found.values():
        parts |= {"spend": parts["money"] / money, "contribution": parts["brought"] / brought}
    return found
