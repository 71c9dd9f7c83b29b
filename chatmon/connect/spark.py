"""The analyses on Spark, for logs past one machine: turns in Parquet, and the import of exports to it.

    with session("local[2]") as spark:
        analysis.summary(turns(spark, "s3a://logs/turns"))

The queries are the ones that DuckDB answers, with the numbers that it gives.
"""

from __future__ import annotations

import os
import re
import socket
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
    "unnest(json_keys(": "explode(json_object_keys(",
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

_PATIENCE: Final = 5.0
"""Seconds in which a master answers."""


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
        with _said_plainly():
            return [tuple(row) for row in self._data.collect()]

    def to_arrow_table(self) -> pa.Table:
        """Return the rows as an Arrow table, whole numbers in 64 bits as DuckDB has them."""
        import pyarrow as pa

        with _said_plainly():
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
        ConnectionError: No master answers at the address.
    """
    builder = wanted("pyspark.sql", "spark", "Spark").SparkSession.builder
    _reach(master)
    settings: dict[str, Any] = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.log.level": "OFF",  # what fails is raised, and said once
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
        ValueError: The session's zone is not UTC, a column that a turn needs is missing, or a file is damaged.
    """
    zone = spark.conf.get("spark.sql.session.timeZone")
    if zone not in ("UTC", "Etc/UTC"):
        raise ValueError(f"the session's zone is {zone}: set spark.sql.session.timeZone to UTC, as turns have it")
    chosen = [paths] if not isinstance(paths, list | tuple) else paths
    with _said_plainly():
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
        ValueError: There are no files, or a turn lies in two of them, where ``open_logs`` would make one of it; the
            folder is gone then.
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
        _remove(spark, folder)
        raise ValueError(
            f"{rows:,} turns have {distinct:,} ids in {folder}: some lie in several files, so nothing is "
            "kept; import these by open_logs"
        )
    return imported


def _spelled(sql: str) -> str:
    for ours, theirs in SPELLED.items():
        sql = sql.replace(ours, theirs)
    return sql


def _reach(master: str) -> None:
    """Refuse an address at which nobody listens; Spark itself would try for a minute."""
    found = re.match(r"spark://([^,]+):(\d+)", master)
    if not found:
        return
    host, port = found[1], int(found[2])
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except OSError as error:
        raise ConnectionError(
            f"no Spark master answers at {host}:{port} ({error}): start it, or name local[2] to run on this machine"
        ) from None


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Raise what fails in Spark's Java as one sentence."""
    java = wanted("py4j.protocol", "spark", "Spark").Py4JError
    python = wanted("pyspark.errors", "spark", "Spark").PySparkException
    try:
        yield
    except (java, python) as error:
        raise ValueError(_plain(str(error))) from error


def _plain(said: str) -> str:
    """Return what there is to know of a failure that comes with Java's stack.

    Example:
        >>> _plain("SparkException: Encountered error while reading file s3a://a/b.parquet. Could not read footer")
        's3a://a/b.parquet is damaged: put a sound copy in its place, or take it away and the report lacks its turns'
    """
    file = re.search(r"error while reading file (\S+)\.\s", said)
    if file:
        return f"{file[1]} is damaged: put a sound copy in its place, or take it away and the report lacks its turns"
    lines = [
        line.strip(": ") for line in said.splitlines() if line.strip() and not line.startswith("An error occurred")
    ]
    return f"Spark failed: {lines[0] if lines else said}"


def _remove(spark: Any, folder: str | Path) -> None:
    """Remove a folder wherever Spark wrote it: on this machine or in the cluster's storage."""
    path = spark._jvm.org.apache.hadoop.fs.Path(str(folder))  # pyspark has no other way
    path.getFileSystem(spark._jsc.hadoopConfiguration()).delete(path, True)
