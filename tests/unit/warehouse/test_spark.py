"""A Spark in this machine's Java adds up raw logs to what DuckDB makes of them; skipped where there is neither."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm.data.source_settings import Database
from mmm.errors import DataError
from mmm.warehouse.database import fetch

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("spark")]

DUCKDB = """SELECT date_trunc('week', clicked)::DATE AS week, channel, count(*) AS clicks,
  sum(cost)::DECIMAL(18, 2) AS spend
FROM read_csv('raw-*.csv', types = {'cost': 'DECIMAL(18, 2)'}) GROUP BY ALL ORDER BY ALL"""
SPARK = """SELECT CAST(date_trunc('week', CAST(clicked AS TIMESTAMP)) AS DATE) AS week, channel, count(*) AS clicks,
  sum(CAST(cost AS DECIMAL(18, 2))) AS spend
FROM csv.`raw-*.csv` WITH (`header` = 'true') GROUP BY ALL ORDER BY ALL"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty thousand clicks of ten weeks in two files, and skipped where nobody could read them."""
    lost = []
    if importlib.util.find_spec("pyspark") is None:
        lost.append("pyspark is not installed (pip install 'mmm-planner[spark]')")
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        lost.append("there is no Java on this machine")
    if lost:
        if os.environ.get("MMM_REQUIRE_SERVERS") == "1":
            pytest.fail(lost[0], pytrace=False)
        pytest.skip(lost[0])
    folder = tmp_path_factory.mktemp("logs")
    rng = np.random.default_rng(7)
    for part in range(2):
        seconds = rng.integers(0, 70 * 86_400, 15_000)
        clicks = {"clicked": pd.Timestamp("2025-01-06") + pd.to_timedelta(seconds, unit="s")}
        clicks |= {
            "channel": rng.choice(["search", "social"], 15_000),
            "cost": rng.integers(1, 400, 15_000) / 100,
        }
        pd.DataFrame(clicks).to_csv(folder / f"raw-{part}.csv", index=False)
    return folder


def asked(url: str, query: str, folder: Path, timeout: float = 200.0) -> pd.DataFrame:
    return fetch(Database(url=url, query=query, timeout=timeout), folder, "data.media[1].source")


def test_spark_adds_up_raw_logs_to_the_panel_that_duckdb_makes_of_them(logs: Path) -> None:
    ours, theirs = asked("duckdb://", DUCKDB, logs), asked("spark://local[1]", SPARK, logs)
    assert len(ours) == 20
    assert ours["clicks"].sum() == 30_000
    pd.testing.assert_frame_equal(ours, theirs)
    assert not Path("spark-warehouse").exists()


def test_times_are_those_of_the_log_whatever_the_zone_of_the_machine(logs: Path) -> None:
    found = asked(
        "spark://local[1]", "SELECT TIMESTAMP '2025-03-30 02:30:00' AS at, CAST(NULL AS INT) AS nothing", logs
    )
    assert found["at"].tolist() == [pd.Timestamp("2025-03-30 02:30:00")]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("DROP TABLE clicks", "this is no SELECT"),
        ("INSERT OVERWRITE DIRECTORY 'out' USING csv SELECT 1", "this is no SELECT"),
        ("SELECT 1) AS a; DROP TABLE (b", "this is no SELECT"),
        ("SELECT nothing FROM csv.`raw-*.csv`", "nothing"),
        ("SELECT 1 AS one, 2 AS one", 'two columns "one"'),
        ("SELECT * FROM csv.`not-there-*.csv`", "not-there"),
    ],
)
def test_what_is_no_query_and_what_is_not_there_is_said_with_its_key(
    logs: Path, query: str, said: str
) -> None:
    with pytest.raises(DataError, match=said) as refused:
        asked("spark://local[1]", query, logs)
    assert "`data.media[1].source`" in str(refused.value)
    assert not (logs / "out").exists()


def test_a_query_that_takes_too_long_is_stopped_and_said(logs: Path) -> None:
    slow = "SELECT sum(a.id * b.id) AS s FROM range(3000000) a CROSS JOIN range(3000000) b"
    with pytest.raises(DataError, match="took more than 2 s"):
        asked("spark://local[1]", slow, logs, timeout=2.0)
