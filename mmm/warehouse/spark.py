"""A query asked of Spark: of a cluster, or of a Spark in this machine's Java, over files beside the config."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import Any

import pandas as pd

from mmm.errors import InputError
from mmm.warehouse.engines import Query, Refused, SlowQuery, frame_of, left_after, needed

SETTINGS = {
    "spark.ui.enabled": "false",  # no page on a port of this machine
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
}
ASIDE = "mmm-spark"
"""Folder, among temporary files, for the tables that nobody makes: else Spark makes one where the command runs."""
LOCAL = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def ask_spark(query: Query) -> pd.DataFrame:
    """The rows that Spark answers; the session stays for further queries of this process.

    `spark://local` or `spark://local[2]` (so many cores) runs Spark in this machine's Java; `spark://HOST:7077` asks a
    cluster. Paths in the query (``csv.`raw-*.csv` ``) are relative to the config.

    Raises
    ------
    InputError
        No pyspark, or no Java.
    SlowQuery
        It took longer than it may.
    """
    spark = _session(query)
    jvm = spark._jvm
    files = jvm.org.apache.hadoop.fs.FileSystem.getLocal(spark._jsc.hadoopConfiguration()).getRaw()
    for system in (files, jvm.org.apache.hadoop.fs.FileSystem.get(spark._jsc.hadoopConfiguration())):
        system.setWorkingDirectory(jvm.org.apache.hadoop.fs.Path(str(query.folder.resolve())))
    _refuse_commands(spark, query.sql)
    late = threading.Event()
    try:
        with left_after(query.timeout, spark.sparkContext.cancelAllJobs, late):
            table = _without_zones(spark.sql(query.sql))
            rows = table.collect()
    except Exception:
        if late.is_set():
            raise SlowQuery from None
        raise
    if late.is_set():
        raise SlowQuery
    return frame_of(table.columns, [tuple(row) for row in rows])


def _session(query: Query) -> Any:
    sql = needed("pyspark.sql", "spark")
    named = query.url.partition("://")[2].rstrip("/")
    is_local = named.startswith("local")
    master = (named if "[" in named else "local[*]") if is_local else f"spark://{named}"
    builder = sql.SparkSession.builder.appName("mmm").master(master)
    aside = {"spark.sql.warehouse.dir": str(Path(tempfile.gettempdir()) / ASIDE)}
    for name, value in (aside | SETTINGS | (LOCAL if is_local else {})).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as error:
        if "JAVA_GATEWAY" in str(error) or "JAVA_HOME" in str(error):
            raise InputError(
                "Spark needs Java (17 or 21) on this machine: install it (on Debian: apt install "
                "default-jre-headless), or set JAVA_HOME"
            ) from None
        raise


def _refuse_commands(spark: Any, sql: str) -> None:
    """Refuse what is no query: only a query can stand inside another one."""
    try:
        spark._jsparkSession.sessionState().sqlParser().parsePlan(f"SELECT * FROM (\n{sql}\n) AS asked")
    except Exception as error:  # noqa: BLE001 - Java's faults come in several wrappings
        raise Refused(f"this is no SELECT, or not Spark's SQL: {error}") from None


def _without_zones(table: Any) -> Any:
    """Times by their reading in UTC, whatever the zone of this machine."""
    functions, types = needed("pyspark.sql.functions", "spark"), needed("pyspark.sql.types", "spark")
    zoned = {field.name for field in table.schema.fields if isinstance(field.dataType, types.TimestampType)}
    if not zoned or len(set(table.columns)) < len(table.columns):
        return table  # two columns of one name are refused later, with that name
    quoted = ((name, functions.col(f"`{name.replace('`', '``')}`")) for name in table.columns)
    return table.select(
        *(column.cast("timestamp_ntz").alias(name) if name in zoned else column for name, column in quoted)
    )
