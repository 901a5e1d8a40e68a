"""How raw logs become a weekly panel: seconds and peak memory at 0.1, 1 and 10 million rows, as CSV and as Parquet.

Each size in a fresh process: the query is asked (DuckDB over the files), its answer kept, read and aligned. Money of
the panel is checked against that of the rows.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.environments import OUT
from benchmarks.speed import machine
from benchmarks.tables import markdown

LINES = OUT / "ingest.json"
ROWS = (100_000, 1_000_000, 10_000_000)
DAYS, REGIONS, CHANNELS = 7 * 156, 20, 10

RAW = f"""SELECT TIMESTAMP '2023-01-02' + to_seconds(CAST(n AS BIGINT) * {DAYS * 86_400} // $1) AS clicked,
  'region ' || (hash(n) % {REGIONS}) AS region, 'channel ' || (hash(n + 1) % {CHANNELS}) AS channel,
  'campaign ' || (hash(n + 2) % 200) AS campaign, (hash(n + 3) % 1000) / 100 AS cost,
  1 + hash(n + 4) % 50 AS impressions FROM range($1) AS raw(n)"""
CONFIG = """name: logs
currency: USD
data:
  date: week
  geo: region
  outcome: {{source: sales.csv, value: revenue}}
  media:
    source:
      url: "duckdb://"
      query: >
        SELECT CAST(date_trunc('week', clicked) AS DATE) AS week, region, channel, sum(cost) AS spend,
        sum(impressions) AS impressions FROM 'raw.{suffix}' GROUP BY ALL
      timeout: 600
    channel: channel
    spend: spend
    exposure: impressions
calendar: {{week_starts: monday}}
"""


def measure(sizes: Sequence[int] = ROWS) -> Path:
    """Measure each size and write `out/ingest.json`."""
    lines = []
    for rows in sizes:
        for suffix in ("csv", "parquet"):
            folder = _write(rows, suffix)
            command = [sys.executable, "-m", "benchmarks.ingest", str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=1800)
            lines.append({"rows": rows, "files": suffix, **json.loads(done.stdout.splitlines()[-1])})
            print(_row(lines[-1]), flush=True)
            LINES.write_text(json.dumps({"machine": machine(), "runs": lines}, indent=1))
            shutil.rmtree(folder)
    return LINES


def _write(rows: int, suffix: str) -> Path:
    """Logs of so many rows, a table of sales, and a config."""
    folder = OUT / "logs" / f"{rows}-{suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY ({RAW.replace('$1', str(rows))}) TO '{folder / f'raw.{suffix}'}'")
    duckdb.sql(
        f"""COPY (SELECT DATE '2023-01-02' + CAST(7 * w AS INTEGER) AS week, 'region ' || r AS region,
        1000 + w + r AS revenue FROM range({DAYS // 7}) a(w), range({REGIONS}) b(r)) TO '{folder / "sales.csv"}'"""
    )
    (folder / "logs.yaml").write_text(CONFIG.format(suffix=suffix), "utf-8")
    return folder


def _run(folder: Path) -> dict[str, Any]:
    """From the config to the panel, in this process."""
    import os

    os.chdir(folder)
    from mmm.config import load_config
    from mmm.data.align import build_panel
    from mmm.data.tables import load_tables
    from mmm.stages.at_hand import at_hand

    clock = time.perf_counter()
    asked = load_config("logs.yaml")
    config = at_hand(asked).config
    answered = time.perf_counter()
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    told = {
        "name": config.name,
        "currency": config.currency,
        "data": config.data,
        "calendar": config.calendar,
    }
    panel = build_panel(tables, **told)
    done = time.perf_counter()
    (raw,) = folder.glob("raw.*")
    ((cost,),) = duckdb.sql(f"SELECT sum(cost) FROM '{raw}'").fetchall()
    assert abs(panel.spend.sum() - cost) < 1e-6 * cost, "money was lost"
    return {"query": answered - clock, "panel": done - answered, "peak_mib": _peak()}


def _peak() -> int:
    """Most memory of this process in MiB; `getrusage` would count what its parent had."""
    (line,) = (row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def table(path: Path = LINES) -> str:
    """Seconds and memory by rows and kind of file, as Markdown, with the machine under it."""
    told = json.loads(path.read_text())
    head = ["raw rows", "files", "s to ask", "s to the panel", "s in all", "peak MiB"]
    on = told["machine"]
    under = f"One run each; {on['cores']} cores, {on['processor']}, {on['system']}; load at the end {on['load']:.1f}."
    return f"{markdown(head, [_row(line) for line in told['runs']])}\n\n{under}"


def _row(line: dict[str, Any]) -> list[str]:
    steps = [line["query"], line["panel"], line["query"] + line["panel"]]
    return [f"{line['rows']:,}", line["files"], *(f"{s:.1f}" for s in steps), f"{line['peak_mib']:,}"]


if __name__ == "__main__":
    print(json.dumps(_run(Path(sys.argv[1]))))
