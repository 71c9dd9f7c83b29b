"""LangSmith's filter language, from text to a tree: ``and(eq(run_type, "llm"), gt(latency, "5s"))``.

Calls may also be joined by ``and`` and ``or`` between them. A filter that cannot be read is refused with the place.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

from chatmon.lab.services.langsmith._values import RefusalError

Value: TypeAlias = "str | int | float | bool | list[Value] | None"

COMPARATORS: Final = ("eq", "neq", "gt", "gte", "lt", "lte", "in", "like", "has", "exists", "search")
_LONGEST_FILTER: Final = 20_000  # bytes
# SQLite takes an expression of a thousand levels, and a chain of conditions has a level for each.
_MOST_CONDITIONS: Final = 100
_DEEPEST: Final = 20
_DIGITS: Final = 300  # of a number
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][\w.]*)"""
    r"""|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<sign>[()\[\],]))""",
    re.DOTALL,
)
_WORDS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None, "none": None}


@dataclass(frozen=True, slots=True)
class Compare:
    """A condition on one field.

    Attributes:
        op: One of ``COMPARATORS``.
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
    return _Parser(text).whole()


class _Parser:
    """Reads tokens from the left, one rule of the grammar a method."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._depth = 0
        self._compared = 0
        self._next()

    def whole(self) -> Condition:
        found = self._joined("or")
        if self._kind is not None:
            self._refuse("nothing more, or 'and' or 'or'")
        return found

    def _joined(self, op: str) -> Condition:
        """Conditions with a word between them; ``and`` binds closer than ``or``."""
        parts = [self._joined("and") if op == "or" else self._condition()]
        while self._kind == "name" and self._word.lower() == op:
            self._next()
            parts.append(self._joined("and") if op == "or" else self._condition())
        return parts[0] if len(parts) == 1 else Logic(op, tuple(parts))

    def _condition(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._refuse(f"at most {_DEEPEST} levels")
        if self._word == "(":
            self._next()
            found = self._joined("or")
            self._expect(")")
        elif self._kind == "name" and self._word.lower() in ("and", "or", "not"):
            found = self._logic()
        elif self._kind == "name" and self._word.lower() in COMPARATORS:
            found = self._compare()
        else:
            self._refuse(f"one of and, or, not, {', '.join(COMPARATORS)}")
        self._depth -= 1
        return found

    def _logic(self) -> Condition:
        op = self._word.lower()
        self._next()
        self._expect("(")
        parts = [self._joined("or")]
        while self._word == "," and op != "not":
            self._next()
            parts.append(self._joined("or"))
        self._expect(")")
        return Logic(op, tuple(parts))

    def _compare(self) -> Condition:
        self._compared += 1
        if self._compared > _MOST_CONDITIONS:
            self._refuse(f"at most {_MOST_CONDITIONS} conditions")
        op = self._word.lower()
        self._next()
        self._expect("(")
        if op == "search" and self._kind == "text":
            field = None
        else:
            field = self._field()
            if op == "exists" and self._word == ")":
                self._next()
                return Compare(op, field)
            self._expect(",")
        value = self._value()
        if op == "in" and not isinstance(value, list):
            self._refuse("a list before this, such as [1, 2]")
        if op in ("search", "like") and not isinstance(value, str):
            self._refuse("a text before this")
        self._expect(")")
        return Compare(op, field, value)

    def _field(self) -> str:
        """A field's name, which some clients put in quotes."""
        field = self._word if self._kind == "name" else _unquoted(self._word) if self._kind == "text" else None
        if field is None:
            self._refuse("a field's name")
        self._next()
        return field

    def _value(self) -> Value:
        kind, word = self._kind, self._word
        if word == "[":
            self._next()
            items: list[Value] = []
            while self._word != "]":
                if self._word == "[":
                    self._refuse("texts and numbers in a list")
                items.append(self._value())
                if self._word != "]":
                    self._expect(",")
            self._next()
            return items
        if kind == "name" and word.lower() in _WORDS:
            self._next()
            return _WORDS[word.lower()]
        if kind == "number":
            if len(word) > _DIGITS:
                self._refuse(f"a number of at most {_DIGITS} digits")
            self._next()
            return float(word) if set(word) & set(".eE") else int(word)
        if kind == "text":
            text = _unquoted(word)
            if text is None:
                self._refuse("a text whose escapes are JSON's")
            self._next()
            return text
        return self._refuse("a text, a number, true, false, null or a list")

    def _expect(self, sign: str) -> None:
        if self._kind != "sign" or self._word != sign:
            self._refuse(repr(sign))
        self._next()

    def _next(self) -> None:
        self._begin = self._place
        found = _TOKEN.match(self._text, self._place)
        if found is None:
            self._kind, self._word = None, ""
            if self._text[self._place :].strip():
                self._refuse("a word, a text, a number or one of ( ) [ ] ,")
            return
        self._kind = found.lastgroup
        self._word = found[str(self._kind)]
        self._begin = found.start(str(self._kind))
        self._place = found.end()

    def _refuse(self, expected: str) -> NoReturn:
        rest = self._text[self._begin :].strip()
        at = f"at character {self._begin + 1}, {rest[:30]!r}" if rest else "at its end"
        raise RefusalError(400, f"the filter cannot be read {at}: expected {expected}")


def _unquoted(token: str) -> str | None:
    inner = token[1:-1]
    if token[0] == "'":
        inner = re.sub(
            r"""(\\.)|(")""", lambda found: found[1].replace("\\'", "'") if found[1] else '\\"', inner, flags=re.DOTALL
        )
    try:
        text = json.loads(f'"{inner}"', strict=False)
    except ValueError:
        return None
    return str(text)
