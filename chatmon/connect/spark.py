"""The analyses on Spark, for logs past one machine: turns in Parquet, and the import of exports to it.

    with session("local[2]") as spark:
        analysis.summary(turns(spark, "s3a://logs/turns"))

The queries are the ones that DuckDB answers, with the numbers that it gives.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from chatmon import turns as table
from chatmon._tools.checks import COST_PLACES
from chatmon._tools.extras import wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

SPELLED: Final = {
    "epoch_us(": "unix_micros(",
    "TIMESTAMPTZ '": "TIMESTAMP '",
    "AS VARCHAR)": "AS STRING)",
    ", row(": ", struct(",
    "json_extract_string(": "get_json_object(",
}
"""What DuckDB and Spark spell differently in the queries of ``analysis``."""
LOCAL: Final = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
}
"""Settings for this machine alone: nobody else connects, and 200 parts would take longer to start than to run."""
TYPES: Final = {
    "str": "STRING", "int": "BIGINT", "float": "DOUBLE", "Decimal": f"DECIMAL(38,{COST_PLACES})",
    "datetime": "TIMESTAMP", "bool": "BOOLEAN", "Mapping[str, JSON]": "STRING",
    "Mapping[str, int | str]": "STRING",
}  # fmt: skip
"""Kind of a turn's column to its type in Spark."""


class SparkTurns:
    """A Spark DataFrame with the methods of DuckDB's relations that analyses call.

    Args:
        data: The DataFrame.
    """

    def __init__(self, data: Any) -> None:
        self._data = data

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._data.columns)

    def query(self, name: str, sql: str) -> SparkTurns:
        """Return the answer to a SELECT in which these turns have a name."""
        self._data.createOrReplaceTempView(name)  # the query holds on to it from here on
        return SparkTurns(self._data.sparkSession.sql(_spelled(sql)))

    def filter(self, condition: str) -> SparkTurns:
        """Return the rows of which a condition is true."""
        return SparkTurns(self._data.filter(_spelled(condition)))

    def order(self, by: str) -> SparkTurns:
        """Return the rows in order of some columns."""
        return SparkTurns(self._data.orderBy(*by.split(", ")))

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows."""
        return [tuple(row) for row in self._data.collect()]

    def to_arrow_table(self) -> pa.Table:
        """Return the rows as an Arrow table, whole numbers in 64 bits as DuckDB has them."""
        import pyarrow as pa

        rows = self._data.toArrow()
        wide = [one.with_type(pa.int64()) if one.type == pa.int32() else one for one in rows.schema]
        return rows.cast(pa.schema(wide))


@contextmanager
def session(master: str) -> Iterator[Any]:
    """Run a Spark session whose zone is UTC for as long as the block lasts.

    Args:
        master: A cluster's address, such as ``spark://host:7077``, or ``local[2]`` for two threads here.

    Raises:
        MissingPackageError: pyspark is missing. It needs a Java runtime too, 17 or later.
    """
    builder = wanted("pyspark.sql", "spark", "Spark").SparkSession.builder
    settings: dict[str, Any] = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.log.level": "ERROR",
    }
    if master.startswith("local"):
        settings |= LOCAL
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # pyspark asks the environment alone
    running = builder.master(master).appName("chatmon").config(map=settings).getOrCreate()
    try:
        yield running
    finally:
        running.stop()


def turns(spark: Any, paths: str | Path | Sequence[str | Path]) -> SparkTurns:
    """Return the turns in Parquet files or folders, with every column of ``turns.schema()``; absent ones are NULL.

    Args:
        spark: A session, whose zone is UTC.
        paths: What Spark can read: a path of this machine, or an address of the cluster's storage.

    Raises:
        ValueError: The session's zone is not UTC, or a column that a turn needs is missing.
    """
    zone = spark.conf.get("spark.sql.session.timeZone")
    if zone not in ("UTC", "Etc/UTC"):
        raise ValueError(f"the session's zone is {zone}: set spark.sql.session.timeZone to UTC, as turns have it")
    chosen = [paths] if not isinstance(paths, list | tuple) else paths
    data = spark.read.parquet(*map(str, chosen), mergeSchema=True)  # files of other releases have other columns
    missing = [name for name in table.REQUIRED if name not in data.columns]
    if missing:
        raise ValueError(f"turns need {', '.join(missing)}; these have {', '.join(data.columns)}")
    return SparkTurns(
        data.selectExpr(
            *(
                f"CAST({name if name in data.columns else 'NULL'} AS {TYPES[kind]}) AS {name}"
                for name, kind in table.KINDS.items()
            )
        )
    )


def import_logs(spark: Any, paths: Iterable[str | Path], folder: str | Path, tz: str | None = None) -> SparkTurns:
    """Read exported logs into Parquet, each file as a task of its own, and return the turns.

    Args:
        spark: A session, whose zone is UTC; chatmon is installed where its tasks run, and the files are there.
        paths: Files that ``open_logs`` reads.
        folder: The folder of Parquet to make, which must not be there yet.
        tz: The zone of times that name none.

    Raises:
        ValueError: There are no files, or a turn lies in two of them, where ``open_logs`` would make one of it.
    """
    files = [str(path) for path in paths]
    if not files:
        raise ValueError("there are 0 files to import: name at least one")

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from chatmon.importers import open_logs

        for batch in batches:
            for number in batch.column(0).to_pylist():
                with open_logs(files[number], tz=tz) as logs:
                    yield from logs.turns.to_arrow_table().cast(table.schema()).to_batches()

    columns = ", ".join(f"{name} {TYPES[kind]}" for name, kind in table.KINDS.items())
    spark.range(0, len(files), 1, len(files)).mapInArrow(read, columns).write.parquet(str(folder))
    imported = turns(spark, folder)
    rows, distinct = imported.query("turns", "SELECT count(*), count(DISTINCT turn_id) FROM turns").fetchall()[0]
    if rows != distinct:
        raise ValueError(
            f"{rows:,} turns have {distinct:,} ids in {folder}: some lie in several files; import these by open_logs"
        )
    return imported


def _spelled(sql: str) -> str:
    for ours, theirs in SPELLED.items():
        sql = sql.replace(ours, theirs)
    return sql
