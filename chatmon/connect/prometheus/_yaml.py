"""Plain data as YAML, by PyYAML: names such as ``on``, ``no`` and ``null`` are quoted, so that they stay texts."""

from __future__ import annotations

from typing import Any, cast

from chatmon._tools.extras import wanted


def to_yaml(value: Any) -> str:
    """Return tables, lists and JSON values as YAML, in their order.

    Raises:
        MissingPackageError: PyYAML is missing.

    Example:
        >>> print(to_yaml({"on": "no", "list": [{"a": 1, "b": []}, "x"]}), end="")
        'on': 'no'
        list:
        - a: 1
          b: []
        - x
    """
    yaml = wanted("yaml", "exporters", "a file of rules for Prometheus")
    return cast("str", yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10_000))
