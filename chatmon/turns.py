"""The turn: one user message and the reply to it, and the table of them that everything else reads.

A ``Turn`` checks itself when it is made, so a table of turns never holds an impossible row. The table has one schema
(``schema()``), and pandas, Parquet, DuckDB and JSON lines are four ways to hold it, each without loss.
"""

from __future__ import annotations

import json
from collections.abc import Mapping  # noqa: TC003 - Turn's annotations are read when it is made
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from chatmon._tools.checks import COST_PLACES, as_json, check_value
from chatmon._tools.outcomes import failed
from chatmon._tools.paths import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb
    import pandas as pd
    import pyarrow as pa

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One user message and the reply to it. Unknown is ``None``, never 0.

    Attributes:
        turn_id: Unique; a UUIDv7 for turns of our own monitor.
        conversation_id: Groups the turns of one conversation.
        user_id: Whose message it was; a keyed pseudonym once stored.
        timestamp: When the request started, in UTC; an aware time of another zone is converted.
        response_time: Seconds from the request to the complete reply, from a monotonic clock; None where an export
            does not say.
        time_to_first_token: Seconds to the first token; None where the reply was not streamed.
        provider: Who served the model, such as ``openai``.
        model: The model that the provider says answered.
        input_tokens: All input tokens, cached ones included.
        cached_tokens: The part of ``input_tokens`` read from the provider's cache.
        cache_write_tokens: The part of ``input_tokens`` written to the provider's cache.
        output_tokens: All output tokens, reasoning included.
        reasoning_tokens: The part of ``output_tokens`` spent on reasoning.
        usage_details: What else the provider counted, such as ``{"input_audio_tokens": 900, "service_tier": "flex"}``
            (see ``chatmon.cost.Usage``); None where nothing beyond the five counts is known.
        usage_source: ``reported`` by the provider or ``estimated``.
        cost: US dollars; None where the price is unknown.
        price_source: Where the price came from, with its date.
        error_type: The exception's name; None where the turn succeeded, or where nothing says (see ``failed``).
        error_message: The exception's text.
        finish_reason: Why the model stopped; ``cancelled`` where nobody waited for the reply to its end.
        attempts: Requests sent to the model for this turn, retries included.
        intent: What the user wanted.
        context_relevance: 0 to 1.
        user_satisfaction: 1 to 5, as the user gave it.
        task_completed: Whether the reply did what the user came for.
        prompt_version: Version of the prompt that was used.
        variant: Arm of an experiment.
        experiment: The experiment's name.
        region: Free dimension.
        channel: Free dimension.
        attributes: Further dimensions, as JSON; ``{"failed": None}`` where an export says nothing of failures.
        question: The user's text, only where content is captured.
        answer: The reply's text, only where content is captured.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is impossible; the message names the column and the numbers.

    Example:
        >>> Turn(
        ...     turn_id="t1", conversation_id="c1", timestamp=datetime(2026, 10, 5, tzinfo=UTC), response_time=0.8,
        ...     input_tokens=10, cached_tokens=40,
        ... )
        Traceback (most recent call last):
        ValueError: cached_tokens (40) cannot exceed input_tokens (10): input_tokens counts all input, cached included
    """

    turn_id: str
    conversation_id: str
    user_id: str | None = None
    timestamp: datetime
    response_time: float | None = None
    time_to_first_token: float | None = None
    provider: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    usage_details: Mapping[str, int | str] | None = None
    usage_source: str | None = None
    cost: Decimal | None = None
    price_source: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    finish_reason: str | None = None
    attempts: int | None = None
    intent: str | None = None
    context_relevance: float | None = None
    user_satisfaction: float | None = None
    task_completed: bool | None = None
    prompt_version: str | None = None
    variant: str | None = None
    experiment: str | None = None
    region: str | None = None
    channel: str | None = None
    attributes: Mapping[str, JSON] = field(default_factory=dict)
    question: str | None = None
    answer: str | None = None

    def __post_init__(self) -> None:
        for name in REQUIRED:
            if getattr(self, name) is None:
                raise ValueError(f"{name} is missing: a turn needs {', '.join(REQUIRED)}")
        known = {name: value for name in COLUMNS if (value := getattr(self, name)) is not None}
        check_columns(known)
        object.__setattr__(self, "timestamp", self.timestamp.astimezone(UTC))
        object.__setattr__(self, "attributes", json.loads(as_json(dict(self.attributes))) if self.attributes else {})
        object.__setattr__(self, "usage_details", dict(self.usage_details) if self.usage_details else None)
        for name, value in known.items():
            if type(value) is int and KINDS[name] == "float":
                object.__setattr__(self, name, float(value))

    @property
    def failed(self) -> bool | None:
        """Whether the turn failed; None where its export says nothing of failures, and where it was cancelled.

        A rate of failures leaves a cancelled turn out, above and below its line. Its times stay: who leaves after 30 s
        has waited 30 s.
        """
        return failed(self.error_type, self.finish_reason, self.attributes)


COLUMNS: Final[tuple[str, ...]] = tuple(f.name for f in fields(Turn))
"""The columns of the table, in order."""
REQUIRED: Final = ("turn_id", "conversation_id", "timestamp")
NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "response times": ("response_time",),
    "time to first token": ("time_to_first_token",),
    "tokens": ("input_tokens", "output_tokens"),
    "what the cache saves": ("cached_tokens",),
    "cost": ("cost",),
    "users": ("user_id",),
    "satisfaction": ("user_satisfaction",),
    "resolution and abandonment": ("task_completed",),
    "segments by intent": ("intent",),
    "prompt versions": ("prompt_version",),
}
"""A question to the columns without which it has no answer."""
KINDS: Final[dict[str, str]] = {f.name: str(f.type).removesuffix(" | None") for f in fields(Turn)}
DUCKDB_TYPES: Final = {
    "str": "VARCHAR", "int": "BIGINT", "float": "DOUBLE", "Decimal": f"DECIMAL(38,{COST_PLACES})", "bool": "BOOLEAN",
    "datetime": "TIMESTAMPTZ", "Mapping[str, JSON]": "VARCHAR", "Mapping[str, int | str]": "VARCHAR",
}  # fmt: skip
"""Kind of a column to its type in DuckDB."""
SAME: Final = ("turn_id", "timestamp", "conversation_id", "user_id", "model")
"""Columns in which a row agrees with another one that is the same turn, exported twice."""
FLOAT_COST: Final = "stated, as a float"
PARTS: Final = (
    (("cached_tokens", "cache_write_tokens"), "input_tokens", "input_tokens counts all input, cached included"),
    (("reasoning_tokens",), "output_tokens", "output_tokens counts all output, reasoning included"),
)


def check_columns(columns: Mapping[str, Any]) -> None:
    """Check values of some of a turn's columns, alone and against each other; ``None`` passes as unknown.

    Args:
        columns: Values by column name.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A name is no column, or a value is impossible.

    Example:
        >>> check_columns({"intent": "billing", "user_satisfaction": 4})
        >>> check_columns({"user_satisfaction": 9})
        Traceback (most recent call last):
        ValueError: user_satisfaction (9) is outside 1 to 5
    """
    for name, value in columns.items():
        kind = KINDS.get(name)
        if kind is None:
            raise ValueError(f"{name!r} is no column of turns: use attributes={{{name!r}: ...}}, or one of {COLUMNS}")
        if value is not None:
            check_value(kind, name, value)
    for parts, whole, convention in PARTS:
        known = [(name, columns[name]) for name in parts if columns.get(name) is not None]
        total = columns.get(whole)
        if total is not None and sum(count for _, count in known) > total:
            named = " + ".join(f"{name} ({count})" for name, count in known)
            raise ValueError(f"{named} cannot exceed {whole} ({total}): {convention}")


def schema() -> pa.Schema:
    """Return the table's Arrow schema, which Parquet files and DuckDB tables of turns have too.

    Example:
        >>> schema().field("cost").type
        Decimal128Type(decimal128(38, 18))
    """
    import pyarrow as pa

    types = {
        "str": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "Decimal": pa.decimal128(38, COST_PLACES),
        "datetime": pa.timestamp("us", tz="UTC"),
        "bool": pa.bool_(),
        "Mapping[str, JSON]": pa.string(),
        "Mapping[str, int | str]": pa.string(),
    }
    return pa.schema([pa.field(name, types[kind], nullable=name not in REQUIRED) for name, kind in KINDS.items()])


def to_arrow(turns: Iterable[Turn]) -> pa.Table:
    """Return turns as an Arrow table with ``schema()``; ``attributes`` and ``usage_details`` become JSON text."""
    import pyarrow as pa

    rows = list(turns)
    columns: dict[str, list[object]] = {name: [getattr(turn, name) for turn in rows] for name in COLUMNS}
    columns["attributes"] = [as_json(dict(turn.attributes)) for turn in rows]
    columns["usage_details"] = [as_json(dict(turn.usage_details)) if turn.usage_details else None for turn in rows]
    return pa.table(columns, schema=schema())


def from_arrow(table: pa.Table) -> list[Turn]:
    """Return the turns of an Arrow table; columns that are not there are unknown.

    Args:
        table: Has the required columns, and no column that ``schema()`` lacks.

    Raises:
        ValueError: A column is missing, unknown or of a type that does not convert without loss, or a row is
            impossible; the message names the row, counted from 0.
    """
    import pyarrow as pa

    strangers = [name for name in table.column_names if name not in COLUMNS]
    if strangers:
        raise ValueError(f"no columns of turns: {', '.join(strangers)}: put them into attributes, or drop them")
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise ValueError(f"a table of turns needs {', '.join(missing)}; it has {', '.join(table.column_names)}")
    columns = {}
    for name in table.column_names:
        wanted, found = schema().field(name).type, table.schema.field(name).type
        if pa.types.is_timestamp(wanted) and pa.types.is_timestamp(found) and found.tz is None:
            raise ValueError(f"{name} has no time zone: say which, such as frame[{name!r}].dt.tz_localize('UTC')")
        if pa.types.is_decimal(wanted) and pa.types.is_floating(found):
            raise ValueError(f"{name} is {found}: money is Decimal, a float has lost cents already")
        try:
            columns[name] = table[name].cast(wanted).to_pylist()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise ValueError(f"{name} is {found} and does not become {wanted} without loss: {error}") from None
    turns = []
    for position in range(table.num_rows):
        row = {name: values[position] for name, values in columns.items()}
        row["attributes"] = json.loads(row.get("attributes") or "{}")
        row["usage_details"] = json.loads(row.get("usage_details") or "null")
        try:
            turns.append(Turn(**row))
        except (TypeError, ValueError) as error:
            raise ValueError(f"row {position}: {error}") from error
    return turns


def to_frame(turns: Iterable[Turn]) -> pd.DataFrame:
    """Return turns as a pandas frame: nullable integers, floats with NaN for unknown, exact decimals for ``cost``.

    Example:
        >>> turn = Turn(turn_id="t1", conversation_id="c1", timestamp=datetime(2026, 10, 5, tzinfo=UTC),
        ...             response_time=0.8, cost=Decimal("0.0021"))
        >>> to_frame([turn, turn])["cost"].sum()
        Decimal('0.004200000000000000')
    """
    return as_frame(to_arrow(turns))


def as_frame(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table of turns as the pandas frame that ``to_frame`` makes."""
    import pandas as pd
    import pyarrow as pa

    cost = schema().field("cost").type
    dtypes = {
        pa.int64(): pd.Int64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
        pa.string(): pd.StringDtype(),
        cost: pd.ArrowDtype(cost),
    }
    frame: pd.DataFrame = table.to_pandas(types_mapper=dtypes.get)
    return frame


def from_frame(frame: pd.DataFrame) -> list[Turn]:
    """Return the turns of a pandas frame; NaN, NaT and NA are unknown. The index is not read.

    A float's cost, as ``pandas.read_csv`` gives it, is read as the decimal that it is written as, and ``price_source``
    says so where it says nothing else. Rows that agree in id, time, conversation, user and model are one turn.

    Raises:
        ValueError: As ``from_arrow``.

    Example:
        >>> import pandas as pd
        >>> rows = {"turn_id": ["t1"], "conversation_id": ["c1"], "timestamp": ["2026-10-05T09:00:00Z"], "cost": [0.1]}
        >>> [(turn.cost, turn.price_source) for turn in from_frame(pd.DataFrame(rows))]
        [(Decimal('0.100000000000000000'), 'stated, as a float')]
    """
    import pandas as pd
    import pyarrow as pa

    if "cost" in frame and pd.api.types.is_float_dtype(frame["cost"].dtype):
        frame = _with_written_cost(frame)
    frame = frame.drop_duplicates([name for name in SAME if name in frame])
    arrays = {}
    for name in frame.columns:
        kind, values = KINDS.get(name), frame[name]
        typed = kind in ("str", "Decimal", "Mapping[str, JSON]", "Mapping[str, int | str]") and values.dtype == object
        try:
            arrays[name] = pa.array(values, type=schema().field(name).type if typed else None, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ValueError(f"{name} cannot be read as {kind}: {error}") from None
    return from_arrow(pa.table(arrays))


def _with_written_cost(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its floats of money as the shortest decimals that they are, which a file was read from."""
    import pandas as pd

    places = Decimal(1).scaleb(-COST_PLACES)
    cost = [None if pd.isna(one) else Decimal(repr(float(one))).quantize(places) for one in frame["cost"]]
    source = pd.Series([None if one is None else FLOAT_COST for one in cost], frame.index, dtype=object)
    if "price_source" in frame:
        source = frame["price_source"].fillna(source)
    return frame.assign(cost=pd.Series(cost, frame.index, dtype=object), price_source=source)


def write_parquet(turns: Iterable[Turn], path: Path) -> None:
    """Write turns to a Parquet file that only its owner may read."""
    import pyarrow.parquet as pq

    with whole_file(path) as unfinished:
        pq.write_table(to_arrow(turns), unfinished, compression="zstd")


def read_parquet(path: Path) -> list[Turn]:
    """Read the turns of a Parquet file."""
    import pyarrow.parquet as pq

    return from_arrow(pq.read_table(path))


def write_jsonl(turns: Iterable[Turn], path: Path) -> None:
    """Write turns to a file of JSON lines of its owner's only: a turn a line, no unknowns, ``cost`` as text."""
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="\n") as file:
        for turn in turns:
            row: dict[str, Any] = {name: getattr(turn, name) for name in COLUMNS if getattr(turn, name) is not None}
            row["timestamp"] = turn.timestamp.isoformat()
            row["attributes"] = dict(turn.attributes)
            if turn.cost is not None:
                row["cost"] = str(turn.cost)
            file.write(as_json(row) + "\n")


def read_jsonl(path: Path) -> list[Turn]:
    """Read the turns of a file of JSON lines that ``write_jsonl`` wrote.

    Raises:
        ValueError: A line is no turn; the message has the file, the line and the reason.
    """
    turns = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                row = json.loads(line)
                row["timestamp"] = datetime.fromisoformat(row["timestamp"])
                if "cost" in row:
                    row["cost"] = Decimal(row["cost"])
                turns.append(Turn(**row))
            except (ArithmeticError, KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from error
    return turns


def to_duckdb(turns: Iterable[Turn], connection: duckdb.DuckDBPyConnection, table: str = "turns") -> None:
    """Make a DuckDB table of turns, replacing one of that name.

    Args:
        turns: What to store.
        connection: An open connection.
        table: The table's name.
    """
    rows = to_arrow(turns)
    connection.register("_turns_to_store", rows)
    quoted = table.replace('"', '""')
    connection.execute(f'CREATE OR REPLACE TABLE "{quoted}" AS SELECT * FROM _turns_to_store')  # noqa: S608 - quoted
    connection.unregister("_turns_to_store")


def from_duckdb(relation: duckdb.DuckDBPyRelation) -> list[Turn]:
    """Return the turns of a DuckDB relation, such as ``connection.table("turns")`` or a query's result."""
    return from_arrow(relation.to_arrow_table())
