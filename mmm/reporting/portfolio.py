"""The page of a portfolio: one budget over several markets, from its tables and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from markupsafe import Markup

from mmm.dims import Cell
from mmm.reporting.blocks import Table
from mmm.reporting.html import environment, stylesheet
from mmm.reporting.results import cell_of, estimate, number, read_table, records
from mmm.reporting.voice import Voice, voice_of_page

Row = Mapping[str, Any]

Labels = Mapping[str, Mapping[str, str]]
"""What pages call the channels of each market, by its name."""

MOST_MOVES = 24
"""Cells on the page; all of them are in the table."""


def write_portfolio_page(folder: Path, language: str, labels: Labels) -> Path:
    """Write `report.html` from `portfolio.json`, `markets.csv` and `market_moves.csv` of the same folder."""
    told = json.loads((folder / "portfolio.json").read_text(encoding="utf-8"))
    tables = {name: records(read_table(folder / f"{name}.csv")) for name in ("markets", "market_moves")}
    pooled = folder / "pooled.csv"
    tables["pooled"] = records(read_table(pooled)) if pooled.is_file() else []
    place = folder / "report.html"
    place.write_text(render_portfolio(told, tables, language, labels), encoding="utf-8")
    return place


def render_portfolio(told: Row, tables: Mapping[str, list[Any]], language: str, labels: Labels) -> str:
    """The page as one HTML document that fetches nothing and runs nothing."""
    voice = voice_of_page(
        told["name"], language, {}, largest=told["budget"], currency=told["currency"], in_money=True
    )
    start, end = (date.fromisoformat(told[name]) for name in ("start", "end"))
    trace = {
        "hash": told["config_hash"][:12],
        "last": voice.figures.day(date.fromisoformat(told["data_until"])),
    }
    return (
        environment()
        .get_template("portfolio.html.j2")
        .render(
            t=voice.html,
            language=language,
            direction="rtl" if voice.catalogue.from_the_right else "ltr",
            name=voice.company,
            window=voice.figures.window(start, end),
            money_note=voice.html("masthead.money", {"currency": told["currency"]}),
            css=stylesheet(),
            headline=_headline(told, voice),
            keys=_keys(told, voice),
            verdicts=_verdicts(told, tables["markets"], voice),
            markets=_markets_table(told, tables["markets"], voice),
            limits=_limits_table(told, tables["markets"], voice),
            moves=_moves_table(tables["market_moves"], voice, labels),
            moves_note=voice.html(
                "portfolio.moves.note",
                {"shown": min(MOST_MOVES, len(tables["market_moves"])), "all": len(tables["market_moves"])},
            ),
            pooled=_pooled_table(tables["pooled"], voice, labels),
            gave_way=[_gave_way(line, tables["markets"], voice) for line in told["gave_way"]],
            footer=voice.html("portfolio.footer", trace | {"version": told["version"]}),
        )
    )


def _headline(told: Row, voice: Voice) -> Markup:
    gain = estimate(told, "gain")
    values = {
        "budget": voice.amounts.money(told["budget"]),
        "gain": voice.amounts.money(gain.mean, signed=True),
        "range": voice.amounts.money_range(gain, signed=True),
        "what": voice.text(f"portfolio.what.{told['objective']}"),
    }
    return voice.html("portfolio.headline", values)


def _keys(told: Row, voice: Voice) -> list[tuple[str, str, str]]:
    value = estimate(told, "value")
    what = voice.text(f"portfolio.what.{told['objective']}")
    found = [
        (voice.amounts.money(value.mean), what, voice.amounts.money_range(value)),
        (
            voice.figures.odds(told["probability_better"]),
            voice.text("portfolio.key.better"),
            voice.text("portfolio.key.better.note"),
        ),
        (
            voice.figures.percent(told["gap"], decimals=2),
            voice.text("portfolio.key.gap"),
            voice.text("portfolio.key.gap.note", {"money": voice.amounts.money(told["gap_money"])}),
        ),
    ]
    if told["shadow_price"] is not None:
        note = voice.text("portfolio.key.next.note", {"what": what.lower()})
        found.append((voice.figures.ratio(told["shadow_price"]), voice.text("portfolio.key.next"), note))
    return found


def _verdicts(told: Row, markets: list[Any], voice: Voice) -> list[Markup]:
    found = []
    if told["gain_between"] is not None:
        values = {
            name: voice.amounts.money(told[name], signed=True) for name in ("gain_within", "gain_between")
        }
        found.append(voice.html("portfolio.apart", values))
    rows = [row for row in markets if row["level"] == "market"]
    most, least = (pick(rows, key=lambda row: number(row["change"]) or 0.0) for pick in (max, min))
    for row, key in ((most, "more"), (least, "less")):
        change = number(row["change"]) or 0.0
        if abs(change) >= 0.005:
            values = {"market": voice.apart(row["market"]), "money": voice.amounts.money(abs(change))}
            found.append(voice.html(f"portfolio.{key}", values))
    found.append(voice.html("portfolio.independent"))
    return found


def _head(voice: Voice, *names: str) -> tuple[str, ...]:
    return tuple(voice.text(f"portfolio.column.{name}") for name in names)


def _channel(market: str, channel: str, labels: Labels) -> str:
    return labels.get(market, {}).get(channel, channel)


def _gave_way(line: str, markets: list[Any], voice: Voice) -> str:
    """What gave way, in one market or over all of them."""
    market, colon, said = line.partition(": ")
    if colon and market in {row["market"] for row in markets}:
        return f"{voice.apart(market)}: {voice.retold_or_file(said, 'portfolio.json')}"
    return voice.retold_or_file(line, "portfolio.json")


def _markets_table(told: Row, rows: list[Any], voice: Voice) -> Table:
    """Money today and planned, what it brings, and the odds that the change pays, by market."""
    body = []
    for row in rows:
        gain = estimate(row, "gain")
        rate = number(row["rate"])
        local = number(row["planned_local"])
        body.append(
            (
                voice.apart(row["market"]) or voice.text("portfolio.total"),
                voice.amounts.money(number(row["current_budget"])),
                voice.amounts.money(number(row["planned_budget"])),
                voice.amounts.money(number(row["change"]), signed=True),
                "" if local is None or rate == 1 else _local(local, row["currency"], voice),
                voice.amounts.money(number(row["revenue"])),
                voice.amounts.money(number(row["value"])),
                voice.amounts.money(gain.mean, signed=True),
                voice.amounts.money_range(gain, signed=True),
                voice.figures.odds(number(row["probability_better"])),
            )
        )
    names = ("market", "today", "planned", "change", "local", "revenue", f"value.{told['objective']}")
    return Table(_head(voice, *names, "gain", "range", "better"), tuple(body))


def _limits_table(told: Row, rows: list[Any], voice: Voice) -> Table | None:
    """Floors, caps and groups: where they stand and what a unit of looser limit would bring; None without any."""
    body = [
        (
            voice.apart(row["market"]),
            voice.amounts.money(number(row["planned_budget"])),
            voice.amounts.money(number(row["lower"])),
            voice.amounts.money(number(row["upper"])),
            voice.text(f"portfolio.binding.{row['binding'] or 'none'}"),
            voice.figures.ratio(number(row["price"])) if row["binding"] else "",
        )
        for row in rows
        if row["level"] == "market" and (number(row["lower"]), number(row["upper"])) != (None, None)
    ]
    body += [
        (
            voice.apart(group["name"]),
            voice.amounts.money(group["spend"]),
            voice.amounts.money(group["lower"] or None),
            voice.amounts.money(group["upper"]),
            voice.text(f"portfolio.binding.{group['binding'] or 'none'}"),
            voice.figures.ratio(group["price"]) if group["binding"] else "",
        )
        for group in told["groups"]
    ]
    if not body:
        return None
    return Table(_head(voice, "limit", "planned", "lower", "upper", "binds", "price"), tuple(body))


def _moves_table(rows: list[Any], voice: Voice, labels: Labels) -> Table:
    """Where money moves, largest first."""
    order = sorted(rows, key=lambda row: -abs(number(row["change"]) or 0.0))[:MOST_MOVES]
    body = tuple(
        (
            voice.apart(row["market"]),
            _cell(row, voice, labels),
            voice.text(f"evidence.grade.{row['evidence']}"),
            voice.amounts.money(number(row["current_spend"])),
            voice.amounts.money(number(row["planned_spend"])),
            voice.amounts.money(number(row["change"]), signed=True),
            voice.figures.ratio(number(row["mroi"])),
            voice.figures.ratio(number(row["planned_mroi"])),
        )
        for row in order
    )
    head = _head(voice, "market", "cell", "evidence", "today", "planned", "change", "mroi", "mroi_planned")
    return Table(head, body, words=3)


def _pooled_table(rows: list[Any], voice: Voice, labels: Labels) -> Table | None:
    """What returns of a market were believed to be before its own data, from the others; None without pooling."""
    if not rows:
        return None
    body = tuple(
        (
            voice.apart(row["market"]),
            voice.apart(_channel(row["market"], row["channel"], labels)),
            f"{voice.figures.ratio(number(row['prior_median']))} ({voice.figures.ratio(number(row['prior_sigma']))})",
            f"{voice.figures.ratio(number(row['pooled_median']))} ({voice.figures.ratio(number(row['pooled_sigma']))})",
            f"{int(number(row['others']) or 0)}",
            voice.figures.ratio(number(row["roi_alone"])),
            voice.figures.ratio(number(row["roi_pooled"])),
        )
        for row in rows
    )
    head = _head(voice, "market", "channel", "prior", "pooled", "others", "roi_alone", "roi_pooled")
    return Table(head, body, words=2)


def _cell(row: Row, voice: Voice, labels: Labels) -> str:
    cell = cell_of(row)
    return voice.apart(Cell(_channel(row["market"], cell.channel, labels), cell.audience, cell.message).name)


def _local(amount: float, currency: str, voice: Voice) -> str:
    return voice.text("portfolio.local", {"n": voice.figures.number(amount), "currency": currency})
