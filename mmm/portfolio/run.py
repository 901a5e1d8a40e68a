"""`mmm run` on a portfolio: every market fitted on its own, then one budget over all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from mmm.portfolio.config import Portfolio, load_portfolio
from mmm.portfolio.joint import Joint, plan_jointly
from mmm.portfolio.many import Say, Status
from mmm.portfolio.pool import Belief, Result, beliefs_of, pooled_table
from mmm.portfolio.ready import (
    REPORTS,
    Ready,
    as_markets,
    fit_missing,
    read_market,
    ready_markets,
    results_of,
)
from mmm.portfolio.tables import markets_table, moves_table, summary_of
from mmm.reporting.portfolio import write_portfolio_page
from mmm.runs.engines import HERE, Workers
from mmm.runs.manifest import package_version
from mmm.runs.store import RunFolder, stage_key
from mmm.stages.check import labels_of
from mmm.stages.keys import as_json, plan_inputs
from mmm.stages.tables import write_csv, write_json


def run_portfolio(
    path: Path,
    *,
    out: Path | None = None,
    seed: int | None = None,
    language: str | None = None,
    workers: Workers = HERE,
    progress: Say | None = None,
    finished: Callable[[Status], None] = lambda status: None,
) -> Path:
    """Fit every market that is not fitted yet, split one budget over all of them, and write tables and page.

    Parameters
    ----------
    out
        Folder of the portfolio; default `reports/<name>`. Markets have folders of their own, `reports/<market>`.
    language
        Of the page; None: as the config says.
    workers
        Who shares the fits.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        Faults of the configs or of the data, of all markets at once.
    UsageError
        A language that no page has.
    GateRefused
        A market whose fit was refused, or limits that leave no plan.
    """
    say = progress or (lambda text: None)
    portfolio, configs = load_portfolio(path)
    if language is not None:
        portfolio = portfolio.in_language(language)
    say("reading and checking the data of all markets")
    markets = ready_markets(portfolio, configs, seed)
    fit_missing(markets, workers, progress, finished)
    told = None
    if portfolio.pool:
        markets, told = _pooled(
            portfolio, markets, lambda asked: fit_missing(asked, workers, progress, finished)
        )
    folder = out if out is not None else REPORTS / portfolio.name
    settings = portfolio.model_dump_json() + "".join(
        as_json(m.config.plan, m.config.finance, *m.config.channels.values()) for m in markets
    )
    inputs = {name: digest for m in markets for name, digest in plan_inputs(m.config).items()}
    first = markets[0].config.model.sampling.seed
    key = stage_key(f"{settings}{first}", [market.key for market in markets], inputs, package_version())
    with RunFolder.open(folder, owner=f"{portfolio.name} in {portfolio.folder}") as store:
        place = store.stage("portfolio", key, lambda to: _write(to, portfolio, markets, told, first, say))
        manifest = store.manifest(
            command="run",
            config_text=portfolio.text,
            config_hash=_digest(portfolio),
            inputs={f"{m.config.name}: {name}": d for m in markets for name, d in m.prepared.inputs.items()},
            seed=first,
        )
        files = {found.name: found for found in sorted(place.iterdir()) if found.name != "stage.json"}
        store.publish(files, manifest)
    return folder / "report.html"


def _digest(portfolio: Portfolio) -> str:
    """Hash of what the portfolio is; the language it is told in is no part of it."""
    return hashlib.sha256(portfolio.model_dump_json(exclude={"report"}).encode()).hexdigest()


def _pooled(
    portfolio: Portfolio, markets: Sequence[Ready], fit: Callable[[Sequence[Ready]], None]
) -> tuple[list[Ready], pd.DataFrame]:
    """The markets fitted again with ROI priors from the others, in folders of their own, and the table of both."""
    found = [results_of(market) for market in markets]
    results = [result for told, _ in found for result in told]
    beliefs: dict[str, dict[str, Belief]] = {m.task.name: beliefs_of(m.task.name, results) for m in markets}
    again = []
    for market in markets:
        told = tuple((name, b.median, b.sd) for name, b in sorted(beliefs[market.task.name].items()))
        folder = (REPORTS / f"{portfolio.name}.pooled" / market.task.name).resolve()
        plain = replace(market.task, folder=folder, beliefs=told)
        again.append(read_market(plain, market.config) if told else market)
    fit(again)
    alone, pooled = (
        _by_channel(markets, found),
        _by_channel(again, [results_of(market) for market in again]),
    )
    return again, pooled_table(results, beliefs, alone, pooled)


def _by_channel(
    markets: Sequence[Ready], found: Sequence[tuple[list[Result], dict[str, float]]]
) -> dict[tuple[str, str], float]:
    """Mean ROI of each market and channel."""
    return {
        (market.task.name, channel): roi
        for market, (_, by_channel) in zip(markets, found, strict=True)
        for channel, roi in by_channel.items()
    }


def _write(
    folder: Path,
    portfolio: Portfolio,
    markets: Sequence[Ready],
    told: pd.DataFrame | None,
    seed: int,
    say: Say,
) -> None:
    """The stage: one problem of all cells, its tables and its page."""
    say("one budget over all markets")
    joint = plan_jointly(as_markets(portfolio, markets), portfolio.plan, seed=seed)
    write_csv(markets_table(joint), folder / "markets.csv")
    write_csv(moves_table(joint), folder / "market_moves.csv")
    if told is not None:
        write_csv(told, folder / "pooled.csv")
    write_json(_figures(portfolio, joint, markets), folder / "portfolio.json")
    language = portfolio.report.language
    labels = {market.config.name: labels_of(market.config, language) for market in markets}
    write_portfolio_page(folder, language, labels)


def _figures(portfolio: Portfolio, joint: Joint, markets: Sequence[Ready]) -> dict[str, Any]:
    """What `portfolio.json` says."""
    head = {
        "name": portfolio.name,
        "currency": portfolio.currency,
        "config_hash": _digest(portfolio),
        "version": package_version(),
        "data_until": str(min(market.window.data_until for market in joint.markets)),
        "pool": portfolio.pool,
        "fits": {market.config.name: market.key for market in markets},
    }
    return head | summary_of(joint, portfolio.plan.objective)
