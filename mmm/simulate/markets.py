"""Small markets of one group: the same channels, returns that are alike but not the same, money of their own."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from mmm.simulate.world_kinds import KINDS
from mmm.simulate.worlds import World, simulate_world

KIND = replace(
    KINDS[0],
    name="market",
    about="a market of a group: what a channel returns lies between the same ends everywhere",
    cells=(3, 3),
    weeks=(104,),
    returns=((0.9, 1.7), (2.2, 3.4), (1.4, 2.4)),
)


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """A market: its number among the worlds of the kind, and its size in money of its own over that of a world."""

    name: str
    number: int
    currency: str
    size: float


MARKETS = (
    MarketFacts("germany", 1, "EUR", 1.0),
    MarketFacts("britain", 2, "GBP", 0.6),
    MarketFacts("israel", 3, "ILS", 1.5),
)

_README = """# Three markets of a group that does not exist

Germany (euros), Britain (pounds) and Israel (shekels): 104 weeks each from {first}, one table a market, the same
three channels. Written by `python -m mmm.simulate`; the true returns are in `truth.json`. Part of this project, under
its licence (MIT). A row is a week: `date`, `revenue`, a column `CHANNEL_spend` a channel, the controls `price` and
`competitor`. Used by `configs/portfolio.yaml`.
"""


def market_world(number: int) -> World:
    """A market of the group; any whole number gives one."""
    return simulate_world(KIND, number)


def market_table(facts: MarketFacts) -> pd.DataFrame:
    """The table of a market in money of its own."""
    table = market_world(facts.number).table.copy()
    money = ["revenue", *(name for name in table.columns if name.endswith("_spend"))]
    table[money] = (table[money] * facts.size).round(0).astype(int)
    return table


def write_demo_markets(folder: str | Path) -> None:
    """Write a table a market, the truth and a README."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    truth = {}
    for facts in MARKETS:
        table = market_table(facts)
        table.to_csv(folder / f"{facts.name}.csv", index=False, lineterminator="\n", date_format="%Y-%m-%d")
        rows = market_world(facts.number).truth.to_dict("records")
        truth[facts.name] = {str(row["channel"]): {"roi": row["roi"], "mroi": row["mroi"]} for row in rows}
    text = json.dumps(truth, indent=1) + "\n"
    (folder / "truth.json").write_text(text, encoding="utf-8", newline="\n")
    first = market_table(MARKETS[0])["date"].iloc[0]
    readme = _README.format(first=pd.Timestamp(first).date())
    (folder / "README.md").write_text(readme, encoding="utf-8", newline="\n")
