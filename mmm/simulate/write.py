"""Write companies: `data/demo`, `data/demo-he` as an Israeli office would have it, and small worlds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmm.simulate.company import Company, simulate_company
from mmm.simulate.exports import company_exports
from mmm.simulate.facts import GROSS_MARGIN
from mmm.simulate.hebrew import media_in_hebrew, sales_in_hebrew, truth_in_hebrew, write_workbook
from mmm.simulate.tables import company_tables, truth_mapping
from mmm.simulate.worlds import World

SEED = 2026
"""Seed of the company that comes with the package."""

SHEKELS_PER_DOLLAR = 3.7
VAT = 0.18

_README = """# The bundled company

An online and shop retailer that does not exist: {weeks} weeks from {first} to {last}, {regions} regions,
{cells} media cells, US dollars. Written by `python -m mmm.simulate` with seed {seed}; the truth is in
`truth.json`. Part of this project, under its licence (MIT).

| file | a row is | columns |
| --- | --- | --- |
| `sales.csv` | a week and region | population, revenue, orders |
| `media.csv` | a week, region and cell | spend; impressions (tv and outdoor record none) |
| `controls.csv` | a week and region | price_index, competitor, demand_index (search follows it) |
| `organic.csv` | a week and region | newsletter: mails delivered |
| `events.csv` | a one-off event | start, end (last day), name |
| `experiments.csv` | a past geo test | regions, dates, cooldown in weeks, change of spend, lift, its error |
| `attribution.csv` | a week and cell | what platforms claim, what analytics sees, who is in the CRM |
| `exports/` | | the same, of the whole country, as seven systems export it |
| `truth.json` | | returns, carry-over, curves, effects by region, noise, true lift of the tests |

Weeks start on Monday. The company was running before the first row: what was spent then still sells in the
first weeks and is not in the tables. Gross margin {margin:.0%}. `truth.json` gives returns over all weeks and
from week 13 on: the contribution is the expected revenue lost had the cell spent nothing in that window,
all else as it was; `mroi` is the same for one per cent more.
"""

_README_HE = """# The bundled company, as an Israeli office has it

The company of `../demo` in one table of the whole country: Hebrew names, shekels ({rate} to the dollar),
{vat:.0%} VAT inside revenue and media, weeks from Sunday to Saturday. Written by `python -m mmm.simulate`
with seed {seed}. Part of this project, under its licence (MIT).

- `sales.csv`: Windows-1255, dates dd/mm/yyyy; revenue, orders, price, competitor, demand and newsletter.
- `media.xlsx`: a sheet of media with a title above the header and a total below, and a sheet of events.
- `truth.json`: returns in shekels without VAT.
"""


def write_demo(folder: str | Path, seed: int = SEED) -> Company:
    """Write the tables, the truth and a README of the company with this seed; returns the company."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    company = simulate_company(seed)
    for name, table in company_tables(company).items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", date_format="%Y-%m-%d")
    (folder / "exports").mkdir(exist_ok=True)
    for name, content in company_exports(company).items():
        (folder / "exports" / name).write_text(content, encoding="utf-8", newline="\n")
    _write_json(folder / "truth.json", truth_mapping(company) | {"currency": "USD"})
    text = _README.format(
        weeks=company.weeks,
        first=company.dates[company.lead_in],
        last=company.dates[-1] + np.timedelta64(6, "D"),
        regions=len(company.geos),
        cells=len(company.cells),
        seed=seed,
        margin=GROSS_MARGIN,
    )
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
    return company


def write_demo_he(folder: str | Path, seed: int = SEED) -> Company:
    """Write the same company as one national table in Hebrew, shekels with VAT, Sunday weeks."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    company = simulate_company(seed)
    gross = SHEKELS_PER_DOLLAR * (1 + VAT)
    sales: pd.DataFrame = sales_in_hebrew(company, gross)
    sales.to_csv(
        folder / "sales.csv",
        index=False,
        encoding="windows-1255",
        lineterminator="\r\n",
        date_format="%d/%m/%Y",
    )
    write_workbook(folder / "media.xlsx", media_in_hebrew(company, gross), company)
    _write_json(folder / "truth.json", truth_in_hebrew(company, SHEKELS_PER_DOLLAR) | {"currency": "ILS"})
    text = _README_HE.format(rate=SHEKELS_PER_DOLLAR, vat=VAT, seed=seed)
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
    return company


def write_world(world: World, folder: str | Path) -> Path:
    """Write a small company: `world.csv`, `truth.csv` and `config.yaml`; returns the path of the config."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    world.table.to_csv(folder / "world.csv", index=False, lineterminator="\n", date_format="%Y-%m-%d")
    world.truth.to_csv(folder / "truth.csv", index=False, lineterminator="\n")
    by_geo = world.kind.by_geo
    lines = [
        f"# {world.kind.about}",
        f"name: {world.name}",
        "currency: USD",
        "data:",
        "  source: world.csv",
        "  date: date",
        *(["  geo: geo"] if by_geo else []),
        f"  outcome: {{value: revenue{', population: population' if by_geo else ''}}}",
        f"  media: {{{', '.join(f'{name}: {name}_spend' for name in world.channels)}}}",
        f"  controls: [{', '.join(world.controls)}]",
        *(["model: {history: none}"] if world.kind.cold else []),
    ]
    path = folder / "config.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return path


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
