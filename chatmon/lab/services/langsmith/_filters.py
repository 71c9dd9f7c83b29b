"""LangSmith's filter language, from text to a tree: ``and(eq(run_type, "llm"), gt(latency, "5s"))``.

Calls may also be joined by ``and`` and ``or`` between them; ``and`` binds closer. A filter that cannot be read is
refused with the place.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args

from chatmon.lab.services.langsmith._values import RefusalError

Value: TypeAlias = "str | int | float | bool | list[Value] | None"

_LONGEST_FILTER: Final = 20_000  # bytes
# SQLite takes an expression of a thousand levels, and a chain of conditions has a level for each.
_MOST_CONDITIONS: Final = 100
_DEEPEST: Final = 20
_GRAMMAR: Final = r"""
    ?either: both (OR both)*
    ?both: condition (AND condition)*
    ?condition: "(" either ")"
        | (AND | OR) "(" either ("," either)* ")" -> joined
        | NOT "(" either ")"                      -> joined
        | COMPARE "(" field "," value ")"         -> compared
        | IN "(" field "," list ")"               -> compared
        | LIKE "(" field "," text ")"             -> compared
        | EXISTS "(" field ["," value] ")"        -> compared
        | SEARCH "(" name "," text ")"            -> compared
        | SEARCH "(" text ")"                     -> searched
    ?field: name | text
    name: NAME
    ?value: scalar | list
    list: "[" [scalar ("," scalar)*] "]"
    ?scalar: text | number | word
    text: TEXT
    number: NUMBER
    word: WORD

    AND: /and(?![\w.])/i
    OR: /or(?![\w.])/i
    NOT: /not(?![\w.])/i
    COMPARE: /(eq|neq|gte?|lte?|has)(?![\w.])/i
    IN: /in(?![\w.])/i
    LIKE: /like(?![\w.])/i
    EXISTS: /exists(?![\w.])/i
    SEARCH: /search(?![\w.])/i
    NAME: /[A-Za-z_][\w.]*/
    WORD: /(true|false|null|none)(?![\w.])/i
    NUMBER: /-?\d{1,300}(\.\d{1,300})?(e[+-]?\d{1,9})?(?!\d)/i
    TEXT: /"([^"\\]|\\(["\\\/bfnrt]|u[0-9a-f]{4}))*"|'([^'\\]|\\(["'\\\/bfnrt]|u[0-9a-f]{4}))*'/is
    %ignore /\s+/
"""
# What a reader is told is expected, in this order.
_EXPECTED: Final = {
    "AND": "and", "OR": "or", "NOT": "not", "COMPARE": "eq, neq, gt, gte, lt, lte, has", "IN": "in", "LIKE": "like",
    "EXISTS": "exists", "SEARCH": "search", "NAME": "a field's name", "TEXT": "a text with JSON's escapes",
    "NUMBER": "a number of at most 300 digits",
    "WORD": "true, false, null", "LSQB": "'['", "RSQB": "']'", "LPAR": "'('", "RPAR": "')'", "COMMA": "','",
    "$END": "nothing more",
}  # fmt: skip
_WORDS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None, "none": None}


@dataclass(frozen=True, slots=True)
class Compare:
    """A condition on one field.

    Attributes:
        op: ``eq``, ``neq``, ``gt``, ``gte``, ``lt``, ``lte``, ``in``, ``like``, ``has``, ``exists`` or ``search``.
        field: The field's name; None where ``search`` looks everywhere.
        value: What it is compared with.
    """

    op: str
    field: str | None
    value: Value = None


@dataclass(frozen=True, slots=True)
class Logic:
    """Conditions joined.

    Attributes:
        op: ``and``, ``or`` or ``not``, which has one condition.
        parts: The conditions.
    """

    op: str
    parts: tuple[Compare | Logic, ...]


Condition: TypeAlias = "Compare | Logic"


def parse_filter(text: str) -> Condition:
    """Return what a filter says.

    Args:
        text: The filter.

    Raises:
        RefusalError: It is no filter; the message has the place.

    Example:
        >>> parse_filter('and(eq(run_type, "llm"), gt(latency, 5))').parts[1]
        Compare(op='gt', field='latency', value=5)
    """
    size = len(text.encode("utf-8", "replace"))
    if size > _LONGEST_FILTER:
        raise RefusalError(400, f"the filter has {size:,} bytes, {_LONGEST_FILTER:,} are taken")
    try:
        found: Condition = _parser().parse(text)  # type: ignore[assignment]  # with its transformer: no tree
    except UnexpectedInput as error:
        raise RefusalError(
            400, f"the filter cannot be read {_place(text, error)}: expected {_expected(error)}"
        ) from None
    levels, conditions = _size(found)
    for counted, number, most in (("conditions", conditions, _MOST_CONDITIONS), ("levels", levels, _DEEPEST)):
        if number > most:
            raise RefusalError(400, f"the filter has {number:,} {counted}, {most} are taken")
    return found


@v_args(inline=True)
class _Meaning(Transformer[Token, Condition]):
    """What each rule of the grammar stands for; called while the text is read, so that no depth exhausts the stack."""

    def either(self, *parts: Any) -> Logic:
        return Logic("or", parts[::2])

    def both(self, *parts: Any) -> Logic:
        return Logic("and", parts[::2])

    def joined(self, op: Token, *parts: Condition) -> Logic:
        return Logic(op.lower(), parts)

    def compared(self, op: Token, field: str, value: Value = None) -> Compare:
        return Compare(op.lower(), field, value)

    def searched(self, op: Token, words: str) -> Compare:
        return Compare(op.lower(), None, words)

    def list(self, *items: Value) -> list[Value]:
        return [*items]

    def name(self, token: Token) -> str:
        return str(token)

    def word(self, token: Token) -> Value:
        return _WORDS[token.lower()]

    def number(self, token: Token) -> int | float:
        return float(token) if set(token) & set(".eE") else int(token)

    def text(self, token: Token) -> str:
        inner = token[1:-1]
        if token[0] == "'":
            inner = re.sub(r"""(\\.)|(")""", lambda found: (found[1] or '\\"').replace("\\'", "'"), inner)
        return str(json.loads(f'"{inner}"', strict=False))


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, start="either", parser="lalr", transformer=_Meaning(), maybe_placeholders=False)


def _place(text: str, error: UnexpectedInput) -> str:
    at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    rest = "" if at_end else text[error.pos_in_stream :].strip()
    return f"at character {(error.pos_in_stream or 0) + 1}, {rest[:30]!r}" if rest else "at its end"


def _expected(error: UnexpectedInput) -> str:
    if isinstance(error, UnexpectedToken):
        terminals = error.accepts or error.expected
    else:
        terminals = error.allowed if isinstance(error, UnexpectedCharacters) else set()
    said = [phrase for terminal, phrase in _EXPECTED.items() if terminal in terminals]
    return said[0] if len(said) == 1 else f"one of {', '.join(said)}"


def _size(condition: Condition) -> tuple[int, int]:
    """The levels of a filter, and its conditions on fields."""
    level, levels, conditions = [condition], 0, 0
    while level:
        levels += 1
        conditions += sum(isinstance(one, Compare) for one in level)
        level = [part for one in level if isinstance(one, Logic) for part in one.parts]
    return levels, conditions
