"""Prices turns that have tokens and a model but no cost, each at the time of its request."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from chatmon import turns
from chatmon.cost.prices import Price, PriceTable, price_by, prices_of
from chatmon.cost.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import pyarrow as pa

AT_ONCE: Final = 50_000
"""Turns that are priced between two looks at the table."""
_ASKED: Final = """SELECT turn_id, model, provider, epoch_us("timestamp"), input_tokens, cached_tokens,
        cache_write_tokens, output_tokens, reasoning_tokens, usage_details
    FROM turns WHERE cost IS NULL AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL)"""


def price_turns(connection: duckdb.DuckDBPyConnection, table: PriceTable | None) -> list[str]:
    """Give turns without a cost what their tokens cost; return what was priced, and what could not be and why.

    Args:
        connection: Holds the view ``turns``.
        table: One's own prices, which come before the public ones.
    """
    connection.execute("CREATE TABLE priced (turn_id VARCHAR, cost DECIMAL(38,18), price_source VARCHAR)")
    reasons: Counter[str] = Counter()
    count = 0
    for part in _priced(connection, table, reasons):
        connection.register("_part", part)
        connection.execute("INSERT INTO priced SELECT * FROM _part")
        connection.unregister("_part")
        count += part.num_rows
    told = {
        "cost": "coalesce(one.cost, priced.cost)",
        "price_source": "coalesce(one.price_source, priced.price_source)",
    }
    columns = ", ".join(f"{told.get(name, f'one.{name}')} AS {name}" for name in turns.COLUMNS)
    connection.execute("ALTER VIEW turns RENAME TO unpriced")
    connection.execute(f"CREATE VIEW turns AS SELECT {columns} FROM unpriced AS one LEFT JOIN priced USING (turn_id)")
    said = [f"priced here, by tokens and model at the time of the turn: {count:,} turns; price_source has each price"]
    return said + [f"not priced: {number:,} turns, {reason}" for reason, number in reasons.most_common(3)]


def _priced(
    connection: duckdb.DuckDBPyConnection, table: PriceTable | None, reasons: Counter[str]
) -> Iterator[pa.Table]:
    import pyarrow as pa

    prices = lru_cache(maxsize=None)(lambda model, provider: prices_of(model, provider=provider, table=table))
    found = connection.cursor().execute(_ASKED)
    while rows := found.fetchmany(AT_ONCE):
        made = [(row[0], _price(prices(row[1], row[2]), row)) for row in rows]
        reasons.update(one.reason for _, one in made if one.reason)
        known = [(turn_id, one.amount, one.source) for turn_id, one in made if one.amount is not None]
        types = [pa.string(), turns.schema().field("cost").type, pa.string()]
        columns = [pa.array([row[place] for row in known], kind) for place, kind in enumerate(types)]
        yield pa.table(columns, names=["turn_id", "cost", "price_source"])


def _price(prices: Any, row: tuple[Any, ...]) -> Price:
    if isinstance(prices, str):
        return Price(None, None, prices)
    try:
        usage = Usage.of_turn(row[4:9], row[9])
    except (TypeError, ValueError) as error:
        return Price(None, None, f"its usage cannot be: {error}")
    return price_by(prices, usage, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row[3]))
