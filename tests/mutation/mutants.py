"""What can be changed in a module so that a test should notice: a pure function from a source to its mutants.

Python is mutated by its syntax tree, SQL by its words: half of an importer's decisions stand in strings, which the
well-kept mutation testers (mutmut, cosmic-ray) leave alone. Not mutated are annotations, decorators, docstrings, and
strings that are not SQL: messages are held where they are promised.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """One change: in the source, the text from ``start`` to ``end`` (offsets in characters) becomes ``new``."""

    start: int
    end: int
    line: int
    old: str
    new: str

    def __str__(self) -> str:
        """Show it in one line."""
        return f"{self.line}: {_short(self.old)} -> {_short(self.new)}"

    def applied(self, source: str) -> str:
        """Return the source with the change made."""
        return source[: self.start] + self.new + source[self.end :]


def mutants(source: str) -> list[Mutant]:
    """Return every mutant of a module that still compiles, in the order of the source.

    Example:
        >>> [str(mutant) for mutant in mutants("def f(a):\\n    return a < 1\\n")]
        ['2: < -> <=', '2: a < 1 -> None', '2: 1 -> 2']
    """
    places = _Places(source)
    found = set(_Python(places).found(ast.parse(source))) | set(_sql(places))
    return [
        mutant for mutant in sorted(found, key=lambda m: (m.line, m.end, m.start, m.new)) if _compiles(mutant, source)
    ]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _compiles(mutant: Mutant, source: str) -> bool:
    try:
        ast.parse(mutant.applied(source))
    except SyntaxError:
        return False
    return True


class _Places:
    """Offsets of lines and columns; the syntax tree counts columns in bytes, tokens in characters."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def of_token(self, place: tuple[int, int]) -> int:
        return self._starts[place[0] - 1] + place[1]

    def _of_bytes(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._of_bytes(node.lineno, node.col_offset), self._of_bytes(node.end_lineno, node.end_col_offset)

    def mutant(self, start: int, end: int, new: str) -> Mutant:
        return Mutant(start, end, self.source.count("\n", 0, start) + 1, self.source[start:end], new)


OPERATORS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "is": "is not", "is not": "is",
    "in": "not in", "not in": "in", "and": "or", "or": "and", "+": "-", "-": "+", "*": "/", "/": "*", "//": "*",
    "%": "*", "**": "*", "|": "&", "&": "|",
}  # fmt: skip
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any", "sum": "max", "sorted": "list"}
"""Functions that are called in each other's place."""


class _Python:
    """The mutants of the code itself."""

    def __init__(self, places: _Places) -> None:
        self._places = places

    def found(self, node: ast.AST) -> Iterator[Mutant]:
        if isinstance(node, (ast.JoinedStr, ast.Import, ast.ImportFrom)) or _type_checking(node):
            return
        yield from self._of(node)
        for child in _code_below(node):
            yield from self.found(child)

    def _of(self, node: ast.AST) -> Iterator[Mutant]:
        match node:
            case ast.Compare(left=left, comparators=rights):
                for one, two in zip([left, *rights], rights, strict=False):
                    yield from self._operator(one, two)
            case ast.BoolOp(values=values):
                for one, two in pairwise(values):
                    yield from self._operator(one, two)
            case ast.BinOp(left=left, right=right) if not (_is_text(left) or _is_text(right)):
                yield from self._operator(left, right)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield self._replaced(node, f"({self._text(operand)})")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                yield self._replaced(node, f"({self._text(operand)})")
            case ast.Constant(value=bool() as value):
                yield self._replaced(node, str(not value))
            case ast.Constant(value=int() as value):
                yield self._replaced(node, str(value + 1))
            case ast.Constant(value=float() as value):
                yield self._replaced(node, repr(value * 2 if value else 1.0))
            case ast.Subscript(slice=ast.Constant(value=0) as index):
                yield self._replaced(index, "-1")
            case ast.Subscript(slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)) as index):
                yield self._replaced(index, "0")
            case ast.Call(func=ast.Name(id=name) as function) if name in SWAPPED:
                yield self._replaced(function, SWAPPED[name])
            case ast.IfExp(test=test):
                yield self._replaced(test, f"not ({self._text(test)})")
            case ast.If(test=test) | ast.While(test=test):
                if not isinstance(test, (ast.Compare, ast.UnaryOp)):  # else its operator is mutated
                    yield self._replaced(test, f"not ({self._text(test)})")
                yield self._replaced(test, "False")
            case ast.Return(value=ast.expr() as value) if not _is_none(value):
                yield self._replaced(value, "None")
            case ast.Expr(value=ast.Call() | ast.Await()) | ast.AugAssign() | ast.Raise() | ast.Delete():
                yield self._replaced(node, "pass")
            case ast.Continue():
                yield self._replaced(node, "break")
            case ast.Break():
                yield self._replaced(node, "continue")
        if isinstance(node, ast.AugAssign) and not _is_text(node.value):
            yield from self._operator(node.target, node.value)

    def _operator(self, left: ast.expr, right: ast.expr) -> Iterator[Mutant]:
        """Yield the operator between two expressions, changed."""
        start, end = self._places.span(left)[1], self._places.span(right)[0]
        between = self._places.source[start:end]
        match = re.search(r"(?<!\w)(is not|not in|is|in|and|or)(?!\w)|//|\*\*|[<>=!]=|[<>+*/%|&-]", between)
        if match and match[0] in OPERATORS:
            yield self._places.mutant(start + match.start(), start + match.end(), OPERATORS[match[0]])

    def _replaced(self, node: ast.expr | ast.stmt, new: str) -> Mutant:
        return self._places.mutant(*self._places.span(node), new)

    def _text(self, node: ast.expr) -> str:
        start, end = self._places.span(node)
        return self._places.source[start:end]


def _code_below(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that run: no annotations, no decorators, no type of a variable."""
    for name, part in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params"}:
            continue
        yield from (child for child in (part if isinstance(part, list) else [part]) if isinstance(child, ast.AST))


def _type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


LOOKS_LIKE_SQL = re.compile(
    r"\b(?:SELECT|FROM|WHERE|FILTER|CASE|WHEN|END|AND|OR|IS NULL|IS NOT NULL|OVER|JOIN|ORDER BY|GROUP BY|HAVING)\b"
    r"|\b(?:coalesce|count|sum|min|max|avg|arg_max|arg_min|bool_or|bool_and|nullif|any_value|quantile_cont)\("
)
SQL = (
    (r"\bsum\(", "max("), (r"\bmin\(", "max("), (r"\bmax\(", "min("), (r"\bavg\(", "min("),
    (r"\barg_max\(", "arg_min("), (r"\barg_min\(", "arg_max("),
    (r"\bbool_or\(", "bool_and("), (r"\bbool_and\(", "bool_or("),
    (r"\bcount\(DISTINCT ", "count("), (r"\bSELECT DISTINCT ", "SELECT "),
    (r"\bAND\b", "OR"), (r"\bOR\b", "AND"),
    (r"\bIS NULL\b", "IS NOT NULL"), (r"\bIS NOT NULL\b", "IS NULL"),
    (r"\bIS DISTINCT FROM\b", "="), (r"\bIS NOT DISTINCT FROM\b", "<>"),
    (r"\bNOT (?=coalesce|IN\b|[a-z{(])", ""), (r"\bLEFT JOIN\b", "JOIN"), (r"\bUNION ALL\b", "UNION"),
    (r"\bUNION (?!ALL)", "UNION ALL "), (r" DESC\b", " ASC"), (r"\btrue\b", "false"), (r"\bfalse\b", "true"),
    (r"(?<![<>=!-])>=", ">"), (r"(?<![<>=!])<=", "<"), (r"(?<![<>=!-])>(?![<>=])", ">="),
    (r"(?<![<>=!])<(?![<>=])", "<="), (r"(?<![<>=!:])=(?![<>=])", "<>"), (r"<>|!=", "="),
    (r"(?<=[\w)]) \+ (?=[\w({])", " - "), (r"(?<=[\w)]) - (?=[\w({])", " + "),
    (r"(?<=[\w)]) \* (?=[\w({])", " / "), (r"(?<=[\w)]) / (?=[\w({])", " * "),
    (r"(?<![\w.'])0(?![\w.'])", "1"), (r"(?<![\w.'])1(?![\w.'])", "2"), (r"(?<![\w.'])0\.5(?![\w.'])", "0.75"),
)  # fmt: skip
"""What may be written for what in SQL. Expressions in braces of an f-string are Python, and left alone."""


def _sql(places: _Places) -> Iterator[Mutant]:
    documentation = {_first_line(node) for node in ast.walk(ast.parse(places.source)) if _is_documentation(node)}
    for token in tokenize.generate_tokens(io.StringIO(places.source).readline):
        if token.type != tokenize.STRING or token.start[0] in documentation or not LOOKS_LIKE_SQL.search(token.string):
            continue
        text = token.string
        if "f" in text[: text.index(text[-1])].lower():
            text = re.sub(r"\{[^{}]*\}", lambda braces: "{" + "·" * (len(braces[0]) - 2) + "}", text)
        begin = places.of_token(token.start)
        for pattern, new in SQL:
            for match in re.finditer(pattern, text):
                if not _in_quotes(text, match.start()):
                    yield places.mutant(begin + match.start(), begin + match.end(), new)


def _in_quotes(text: str, position: int) -> bool:
    """Say whether a place is inside a quoted word of the SQL, where the string itself has other quotes."""
    return text[-1] == '"' and text.count("'", 0, position) % 2 == 1


def _is_documentation(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and _is_text(node.value)


def _first_line(node: ast.AST) -> int:
    assert isinstance(node, ast.Expr)
    return node.lineno
