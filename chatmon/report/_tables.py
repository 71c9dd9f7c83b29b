"""The tables of the report: numbers of ``analysis`` as texts, with intervals, and a mark where turns are too few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatmon import analysis
from chatmon.analysis.source import on_the_clock, query
from chatmon.report._html import Column, Table, sentence
from chatmon.report._questions import top_questions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pandas as pd

    from chatmon.estimates import Estimate

TOO_FEW: Final = "too few"


CUT_BY: Final = ("intent", "model", "region", "channel", "prompt_version", "variant")
"""The dimensions that the page has a table of, where the log has them."""
TOP: Final = 10
"""Users, and questions, that a table of the most frequent ones shows."""


def tables(turns: duckdb.DuckDBPyRelation, by: Sequence[str] = (), tz: str = "UTC") -> list[Table]:
    """Return the tables that the turns have something for.

    Args:
        turns: At least one.
        by: Further dimensions to have a table of.
        tz: The zone of times.

    Raises:
        ValueError: A dimension is no text column of turns, and no turn's attributes have it.
    """
    known = [name for name in CUT_BY if not missing(turns, name)]
    found = [
        _percentiles(turns),
        *(_segments(turns, name) for name in dict.fromkeys([*known, *by])),
        _errors(turns),
        *(
            _cost(turns, name)
            for name in dict.fromkeys([*(name for name in ("model", "intent") if name in known), *by])
        ),
        _users(turns),
        top_questions(turns, TOP),
        _conversations(turns),
        _capacity(on_the_clock(turns, tz), tz),
    ]
    return [table for table in found if table is not None and table.rows]


def missing(turns: duckdb.DuckDBPyRelation, column: str) -> bool:
    """Return whether no turn has a value in a column."""
    return not query(turns, f"SELECT count({column}) FROM turns")[0][0]  # noqa: S608 - our own names


def number(value: Any, digits: int = 0) -> str | None:
    """Return a number with its thousands set apart; None where it is unknown.

    Example:
        >>> number(1234.5, 1), number(None), number(float("nan"))
        ('1,234.5', None, None)
    """
    import pandas as pd

    return None if pd.isna(value) else f"{float(value):,.{digits}f}"


def within(value: Any, low: Any, high: Any, digits: int = 2) -> str | None:
    """Return a number with its interval; ``?`` where an end is unknown.

    Example:
        >>> within(9.11, 8.92, None)
        '9.11 (8.92 to ?)'
    """
    ends = [number(end, digits) or "?" for end in (low, high)]
    said = number(value, digits)
    return None if said is None else f"{said} ({ends[0]} to {ends[1]})"


def _percentiles(turns: duckdb.DuckDBPyRelation) -> Table | None:
    if missing(turns, "response_time"):
        return None
    rows = [("all turns", *row) for row in _quantiles(analysis.percentiles(turns))]
    if not missing(turns, "time_to_first_token"):
        rows += [("first token", *row) for row in _quantiles(analysis.percentiles(turns, "time_to_first_token"))]
    if not missing(turns, "model"):
        by_model = analysis.percentiles(turns, qs=(0.5, 0.95), by="model")
        rows += [
            (str(model), *row)
            for model, group in by_model.groupby("model", dropna=False, sort=False)
            for row in _quantiles(group)
        ]
    return Table(
        "Response time by percentile, with 95 % intervals",
        [Column("Turns", number=False), Column("Percentile"), Column("Time (s)"), Column("Turns known (count)"),
         Column("Enough?", number=False)],
        rows,
        "An interval's ends are two of the values themselves; ? where there are too few values for one. "
        "Percentiles of parts do not average to that of the whole.",
    )  # fmt: skip


def _quantiles(found: pd.DataFrame) -> list[tuple[str | None, ...]]:
    return [
        (
            f"{100 * row['q']:g}th",
            within(row["value"], row["low"], row["high"]),
            number(row["n"]),
            "enough" if row["enough"] else TOO_FEW,
        )
        for row in found.to_dict("records")
    ]


def _segments(turns: duckdb.DuckDBPyRelation, by: str) -> Table:
    rows = [
        (
            _name(row[by]), number(row["turns"]), number(row["conversations"]),
            within(_hundred(row["error_rate"]), _hundred(row["error_rate_low"]), _hundred(row["error_rate_high"]), 1),
            number(row["median"], 2), number(row["p95"], 2) if row["enough"] else TOO_FEW,
            number(row["tokens"]), number(row["cost"], 2), number(row["satisfaction"], 1), number(row["rated"]),
        )
        for row in analysis.segments(turns, by).to_dict("records")
    ]  # fmt: skip
    return Table(
        f"Turns by {_said(by)}",
        [Column(sentence(_said(by)), number=False), Column("Turns (count)"), Column("Conversations (count)"),
         Column("Failed (%), 95 % interval"), Column("Median response (s)"), Column("95th percentile (s)"),
         Column("Tokens (count)"), Column("Cost (USD)"), Column("Rating (1 to 5)"), Column("Ratings (count)")],
        rows,
        "The dearest come first. Below 30 turns a percentile says little and is marked.",
    )  # fmt: skip


def _errors(turns: duckdb.DuckDBPyRelation) -> Table | None:
    rows = [
        (str(row["error_class"]), number(row["turns"]), number(100 * float(row["share"]), 2), str(row["example"]))
        for row in analysis.errors(turns).to_dict("records")
    ]
    columns = [Column("Class", number=False), Column("Turns (count)"), Column("Share of turns (%)")]
    return Table("Errors by class", [*columns, Column("Such as", number=False)], rows)


def _cost(turns: duckdb.DuckDBPyRelation, by: str) -> Table | None:
    if missing(turns, "cost"):
        return None
    rows = [
        (_name(row[by]), number(row["cost"], 4), _share(row["share"]), number(row["turns"]), number(row["unpriced"]),
         number(row["per_turn"], 5), number(row["per_conversation"], 5), number(row["per_user"], 5))
        for row in analysis.cost_by(turns, by).to_dict("records")
    ]  # fmt: skip
    return Table(
        f"Cost by {_said(by)}",
        [Column(sentence(_said(by)), number=False), Column("Cost (USD)"), Column("Share (%)"), Column("Turns (count)"),
         Column("Without a price (count)"), Column("A turn (USD)"), Column("A conversation (USD)"),
         Column("A user (USD)")],
        rows,
        "Turns without a price are in no sum, so a cost is a lower bound where there are any.",
    )  # fmt: skip


def _users(turns: duckdb.DuckDBPyRelation) -> Table | None:
    if missing(turns, "user_id"):
        return None
    rows = [
        (_name(row["user_id"]), number(row["turns"]), number(row["conversations"]),
         number(_hundred(row["error_rate"]), 1), number(row["tokens"]), number(row["cost"], 4),
         number(row["satisfaction"], 1))
        for row in analysis.segments(turns, "user_id").to_dict("records") if _name(row["user_id"]) is not None
    ]  # fmt: skip
    return Table(
        "Users who cost most",
        [Column("User", number=False), Column("Turns (count)"), Column("Conversations (count)"), Column("Failed (%)"),
         Column("Tokens (count)"), Column("Cost (USD)"), Column("Rating (1 to 5)")],
        rows[:TOP],
        f"The first {TOP} of {len(rows):,} users; where no cost is known, those with most turns.",
    )  # fmt: skip


def _conversations(turns: duckdb.DuckDBPyRelation) -> Table:
    found = analysis.conversations(turns)
    rows = [
        ("Length (turns)", *_row(found.length, 2)),
        ("Duration, median (s)", *_row(found.duration, 1)),
        ("Abandoned (%)", *_row(found.abandonment, 1, 100)),
        ("Resolved (%)", *_row(found.resolution, 1, 100)),
    ]
    definition = found.definition[:1].upper() + found.definition[1:]
    unknown = f" How {found.unknown:,} of the others ended is unknown." if found.unknown else ""
    return Table(
        "Conversations",
        [Column("What", number=False), Column("Value, 95 % interval"), Column("Conversations known (count)")],
        rows,
        f"{len(found.frame):,} conversations, of which {found.open:,} may go on.{unknown} {definition}.",
    )


def _row(estimate: Estimate, digits: int, scale: float = 1) -> tuple[str | None, str | None]:
    value, low, high = (None if one is None else scale * one for one in estimate[:3])
    return within(value, low, high, digits), number(estimate.n)


def _capacity(turns: duckdb.DuckDBPyRelation, tz: str) -> Table:
    found = analysis.capacity(turns)
    rows: list[Sequence[str | None]] = [
        (name, number(load.mean, 2), number(load.p95), number(load.peak), f"{load.at:%Y-%m-%d %H:%M}")
        for name, load in (("Turns in a minute", found.turns), ("Tokens in a minute", found.tokens))
        if load is not None
    ]
    if found.concurrent is not None:
        rows.append(("Turns in progress at once", "–", "–", number(found.concurrent), "–"))
    return Table(
        "Load",
        [Column("What", number=False), Column("Mean (count)"), Column("95th percentile of minutes (count)"),
         Column("Peak (count)"), Column(f"Peak at ({tz})")],
        rows,
    )  # fmt: skip


def _said(column: str) -> str:
    return column.replace("_", " ")


def _name(value: Any) -> str | None:
    import pandas as pd

    return None if pd.isna(value) else str(value)


def _hundred(share: Any) -> float | None:
    import pandas as pd

    return None if pd.isna(share) else 100 * float(share)


def _share(value: Any) -> str | None:
    import pandas as pd

    return None if pd.isna(value) else number(100 * float(value), 1)
