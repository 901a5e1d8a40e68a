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
from mmm.reporting.catalogue import Catalogue
from mmm.reporting.html import environment, source
from mmm.reporting.portfolio_words import SENTENCES
from mmm.reporting.results import Estimate, cell_of, estimate, number, read_table, records

Row = Mapping[str, Any]

_text, _html = Catalogue(SENTENCES).text, Catalogue(SENTENCES).html

MOST_MOVES = 24
"""Cells on the page; all of them are in the table."""


def write_portfolio_page(folder: Path) -> Path:
    """Write `report.html` from `portfolio.json`, `markets.csv` and `market_moves.csv` of the same folder."""
    told = json.loads((folder / "portfolio.json").read_text(encoding="utf-8"))
    tables = {name: records(read_table(folder / f"{name}.csv")) for name in ("markets", "market_moves")}
    pooled = folder / "pooled.csv"
    tables["pooled"] = records(read_table(pooled)) if pooled.is_file() else []
    place = folder / "report.html"
    place.write_text(render_portfolio(told, tables), encoding="utf-8")
    return place


def render_portfolio(told: Mapping[str, Any], tables: Mapping[str, list[Any]]) -> str:
    """The page as one HTML document that fetches nothing and runs nothing."""
    start, end = (date.fromisoformat(told[name]) for name in ("start", "end"))
    trace = {"hash": told["config_hash"][:12], "last": _day(date.fromisoformat(told["data_until"]))}
    return (
        environment()
        .get_template("portfolio.html.j2")
        .render(
            t=_html,  # blocks of other pages ask for it
            say=_html,
            language="en",
            name=told["name"],
            window=_text("window", {"start": _day(start), "end": _day(end)}),
            money_note=_html("money", {"currency": told["currency"]}),
            css=Markup(source("report.css")),
            headline=_headline(told),
            keys=_keys(told),
            verdicts=_verdicts(told, tables["markets"]),
            markets=_markets_table(told, tables["markets"]),
            limits=_limits_table(told, tables["markets"]),
            moves=_moves_table(tables["market_moves"]),
            moves_note=_html(
                "moves.note",
                {"shown": min(MOST_MOVES, len(tables["market_moves"])), "all": len(tables["market_moves"])},
            ),
            pooled=_pooled_table(tables["pooled"]),
            gave_way=told["gave_way"],
            footer=_html("footer", trace | {"version": told["version"]}),
        )
    )


def _headline(told: Row) -> Markup:
    gain = estimate(told, "gain")
    values = {
        "budget": _money(told["budget"]),
        "gain": _money(gain.mean, signed=True),
        "range": _span(gain, signed=True),
        "what": _text(f"what.{told['objective']}"),
    }
    return _html("headline", values)


def _keys(told: Row) -> list[tuple[str, str, str]]:
    value = estimate(told, "value")
    what = _text(f"what.{told['objective']}")
    found = [
        (_money(value.mean), what, _span(value)),
        (
            _odds(told["probability_better"]),
            _text("key.better"),
            _text("key.better.note"),
        ),
        (
            f"{100 * told['gap']:.2f} %",
            _text("key.gap"),
            _text("key.gap.note", {"money": _money(told["gap_money"])}),
        ),
    ]
    if told["shadow_price"] is not None:
        note = _text("key.next.note", {"what": what.lower()})
        found.append((_ratio(told["shadow_price"]), _text("key.next"), note))
    return found


def _verdicts(told: Row, markets: list[Any]) -> list[Markup]:
    found = []
    if told["gain_between"] is not None:
        values = {name: _money(told[name], signed=True) for name in ("gain_within", "gain_between")}
        found.append(_html("apart", values))
    rows = [row for row in markets if row["level"] == "market"]
    most, least = (pick(rows, key=lambda row: number(row["change"]) or 0.0) for pick in (max, min))
    for row, key in ((most, "more"), (least, "less")):
        change = number(row["change"]) or 0.0
        if abs(change) >= 0.005:
            values = {"market": row["market"], "money": _money(abs(change))}
            found.append(_html(key, values))
    found.append(_html("independent"))
    return found


def _head(*names: str) -> tuple[str, ...]:
    return tuple(_text(f"column.{name}") for name in names)


def _markets_table(told: Row, rows: list[Any]) -> Table:
    """Money today and planned, what it brings, and the odds that the change pays, by market."""
    body = []
    for row in rows:
        gain = estimate(row, "gain")
        rate = number(row["rate"])
        local = number(row["planned_local"])
        body.append(
            (
                row["market"] or _text("total"),
                _money(number(row["current_budget"])),
                _money(number(row["planned_budget"])),
                _money(number(row["change"]), signed=True),
                "" if local is None or rate == 1 else f"{local:,.0f} {row['currency']}",
                _money(number(row["revenue"])),
                _money(number(row["value"])),
                _money(gain.mean, signed=True),
                _span(gain, signed=True),
                _odds(number(row["probability_better"])),
            )
        )
    names = ("market", "today", "planned", "change", "local", "revenue", f"value.{told['objective']}")
    return Table(_head(*names, "gain", "range", "better"), tuple(body))


def _limits_table(told: Row, rows: list[Any]) -> Table | None:
    """Floors, caps and groups: where they stand and what a unit of looser limit would bring; None without any."""
    body = [
        (
            row["market"],
            _money(number(row["planned_budget"])),
            _or_none(number(row["lower"])),
            _or_none(number(row["upper"])),
            _text(f"binding.{row['binding'] or 'none'}"),
            _ratio(number(row["price"])) if row["binding"] else "",
        )
        for row in rows
        if row["level"] == "market" and (number(row["lower"]), number(row["upper"])) != (None, None)
    ]
    body += [
        (
            group["name"],
            _money(group["spend"]),
            _or_none(group["lower"] or None),
            _or_none(group["upper"]),
            _text(f"binding.{group['binding'] or 'none'}"),
            _ratio(group["price"]) if group["binding"] else "",
        )
        for group in told["groups"]
    ]
    if not body:
        return None
    return Table(_head("limit", "planned", "lower", "upper", "binds", "price"), tuple(body))


def _or_none(value: float | None) -> str:
    return "" if value is None else _money(value)


def _moves_table(rows: list[Any]) -> Table:
    """Where money moves, largest first."""
    order = sorted(rows, key=lambda row: -abs(number(row["change"]) or 0.0))[:MOST_MOVES]
    body = tuple(
        (
            row["market"],
            _name(cell_of(row)),
            row["evidence"],
            _money(number(row["current_spend"])),
            _money(number(row["planned_spend"])),
            _money(number(row["change"]), signed=True),
            _ratio(number(row["mroi"])),
            _ratio(number(row["planned_mroi"])),
        )
        for row in order
    )
    head = _head("market", "cell", "evidence", "today", "planned", "change", "mroi", "mroi_planned")
    return Table(head, body, words=3)


def _pooled_table(rows: list[Any]) -> Table | None:
    """What returns of a market were believed to be before its own data, from the others; None without pooling."""
    if not rows:
        return None
    body = tuple(
        (
            row["market"],
            row["channel"],
            f"{_ratio(number(row['prior_median']))} ({_ratio(number(row['prior_sigma']))})",
            f"{_ratio(number(row['pooled_median']))} ({_ratio(number(row['pooled_sigma']))})",
            f"{int(number(row['others']) or 0)}",
            _ratio(number(row["roi_alone"])),
            _ratio(number(row["roi_pooled"])),
        )
        for row in rows
    )
    head = _head("market", "channel", "prior", "pooled", "others", "roi_alone", "roi_pooled")
    return Table(head, body, words=2)


def _money(value: float | None, *, signed: bool = False) -> str:
    """An amount in thousands; empty where there is none."""
    if value is None:
        return ""
    written = f"{abs(value) / 1000:,.0f} k"
    if written == "0 k":
        return written
    return f"\u2212{written}" if value < 0 else f"+{written}" if signed else written


def _span(figure: Estimate, *, signed: bool = False) -> str:
    return f"{_money(figure.lo, signed=signed)} to {_money(figure.hi, signed=signed)}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".replace("-", "\u2212")


def _odds(value: float | None) -> str:
    """Chances in a hundred, never 0 or 100 where it is neither."""
    if value is None:
        return ""
    if 0 < value < 0.01:
        return "under 1 in 100"
    return "over 99 in 100" if 0.99 < value < 1 else f"{100 * value:.0f} in 100"


def _day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"


def _name(cell: Cell) -> str:
    return cell.name
