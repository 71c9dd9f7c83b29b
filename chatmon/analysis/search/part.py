"""A part of a long log's conversations, drawn by chance: what a search reads where all would tell no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon.analysis.source import query, relation

if TYPE_CHECKING:
    import duckdb

    from chatmon.analysis.source import Turns

MOST: Final = 1_000_000
"""Turns above which changes are looked for in a part of the conversations: their number no longer limits what shows."""
_PARTS: Final = 16**4


class Part(NamedTuple):
    """Turns of some conversations.

    Attributes:
        turns: The turns.
        number: How many they are.
        whole: All turns of the log.
        among: How many these are.
    """

    turns: duckdb.DuckDBPyRelation
    number: int
    whole: duckdb.DuckDBPyRelation
    among: int

    @property
    def times(self) -> float:
        """What a sum over the part is multiplied by to be one over the log."""
        return self.among / self.number if self.number else 1.0

    def times_of(self, condition: str) -> float:
        """Return ``times`` for the turns of which a condition is true: how many of them were drawn is left to chance.

        Args:
            condition: SQL.
        """
        if self.number == self.among:
            return 1.0
        counted = f"SELECT count(*) FROM turns WHERE {condition}"  # noqa: S608 - our own expressions
        own, all_ = (query(one, counted)[0][0] for one in (self.turns, self.whole))
        return all_ / own if own else self.times

    @property
    def said(self) -> str:
        """The part in words; empty where it is all."""
        if self.number == self.among:
            return ""
        return f"{self.number:,} of {self.among:,} turns: those of conversations drawn by chance"

    @staticmethod
    def drawn(name: str, share: float) -> str:
        """Return the SQL of whether a row is of those drawn: a share of the values of a text, by their hash.

        Args:
            name: The text.
            share: The share, above 0 and below 1.

        Example:
            >>> Part.drawn("conversation_id", 0.25)
            "substr(md5(conversation_id), 9, 4) < '4000'"
        """
        return f"substr(md5({name}), 9, 4) < '{max(1, round(share * _PARTS)):04x}'"


def part_of(turns: Turns, most: int = MOST) -> Part:
    """Return all turns, or where they are too many those of some conversations; always the same ones.

    Args:
        turns: Any holder of turns.
        most: About how many turns are wanted at most.

    Example:
        >>> part_of([]).number
        0
    """
    source = relation(turns)
    among = query(source, "SELECT count(*) FROM turns")[0][0]
    if among <= most:
        return Part(source, among, source, among)
    some = source.filter(Part.drawn("conversation_id", most / among))
    return Part(some, query(some, "SELECT count(*) FROM turns")[0][0], source, among)
