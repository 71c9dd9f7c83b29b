"""Rules from a TOML file: one ``[[rule]]`` table each. What cannot be is refused with file, rule, key and value."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from chatmon.alerts.notification import Severity
from chatmon.alerts.rules import DURATIONS, GROUPS, KINDS, Rule, RuleError, check_names, toml_key

if TYPE_CHECKING:
    from pathlib import Path

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def load_rules(path: Path) -> list[Rule]:
    """Read the rules of a TOML file: one ``[[rule]]`` each, its keys those of ``Rule`` (``for`` for ``for_``).

    Args:
        path: The file.

    Raises:
        RuleError: The file is no TOML, holds no rules, or one of them is impossible.
        OSError: The file cannot be read.
    """
    try:
        return parse_rules(path.read_text(encoding="utf-8-sig"))
    except RuleError as error:
        raise RuleError(f"{path.name}: {error}") from None
    except UnicodeDecodeError as error:
        raise RuleError(f"{path.name}: no UTF-8 text: {error}") from None


def parse_rules(text: str) -> list[Rule]:
    r"""Read rules from TOML text.

    Raises:
        RuleError: As ``load_rules``.

    Example:
        >>> parse_rules('[[rule]]\nname = "slow"\nmeasure = "response_time"\nwindow = "15 min"\nabove = 5')
        Traceback (most recent call last):
        chatmon.alerts.rules.RuleError: rule 'slow', key 'window': '15 min' is not a duration such as "90s", "5m", "1h"
    """
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"no TOML: {error}") from None
    tables = whole.pop("rule", None)
    if whole:
        raise RuleError(f"key {next(iter(whole))!r} is unknown: a file of rules has [[rule]] tables only")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables) or not tables:
        raise RuleError("there are no rules: write one or more [[rule]] tables")
    return check_names([_from_table(number, table) for number, table in enumerate(tables, start=1)])


def duration(text: str) -> timedelta:
    """Return the duration that a text such as ``90s``, ``5m``, ``1h``, ``3d`` or ``1w`` says.

    Raises:
        ValueError: It says none.

    Example:
        >>> duration("90s") + duration("1h")
        datetime.timedelta(seconds=3690)
    """
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or unit not in _UNITS or len(number) > 9:
        raise ValueError(f'{text!r} is not a duration such as "90s", "5m", "1h"')
    return timedelta(seconds=int(number) * _UNITS[unit])


def _from_table(number: int, table: dict[str, Any]) -> Rule:
    name = table.get("name")
    where = f"rule {name!r}" if isinstance(name, str) else f"rule {number}"
    if not isinstance(name, str):
        raise RuleError(f"{where}, key 'name': {name!r} is not a name; every rule needs one")
    kind = str(table.get("kind", "threshold"))
    of_kinds = {key for keys in KINDS.values() for key in keys}
    known = [f.name for f in fields(Rule) if f.name not in of_kinds or f.name in KINDS.get(kind, of_kinds)]
    values: dict[str, Any] = {}
    for key, given in table.items():
        python = "for_" if key == "for" else key
        if python not in known or key == "for_":
            allowed = ", ".join(toml_key(one) for one in known)
            raise RuleError(f"{where}, key {key!r}: a rule of kind {kind!r} has no such key; it has {allowed}")
        values[python] = _value(where, key, python, given)
    return Rule(**values)


def _value(where: str, key: str, python: str, given: Any) -> Any:
    try:
        if python in DURATIONS:
            return duration(given) if isinstance(given, str) else _refuse(given, 'a duration in quotes, such as "5m"')
        if python == "severity":
            return Severity(given) if given in list(Severity) else _refuse(given, f"one of {', '.join(Severity)}")
        if python == "by":
            listed = [given] if isinstance(given, str) else given
            return tuple(listed) if isinstance(listed, list) else _refuse(given, f"some of {', '.join(GROUPS)}")
        if python == "labels" and not isinstance(given, dict):
            return _refuse(given, "a table of text")
    except ValueError as error:
        raise RuleError(f"{where}, key {key!r}: {error}") from None
    return given


def _refuse(given: object, allowed: str) -> None:
    raise ValueError(f"{given!r} is not {allowed}")
