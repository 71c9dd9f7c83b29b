"""Plain data as YAML: blocks for tables and lists, JSON for what is in them."""

from __future__ import annotations

import json
import re
from typing import Any, Final

# What YAML takes within quotes only as an escape.
_UNPRINTABLE: Final = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def to_yaml(value: Any) -> str:
    r"""Return tables, lists and JSON values as YAML. Every text is quoted, so that none is taken for something else.

    Example:
        >>> print(to_yaml({"on": "no", "list": [{"a": 1, "b": []}, "x"]}), end="")
        on: "no"
        list:
          - a: 1
            b: []
          - "x"
    """
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict) and value:
        lines = []
        for name, inner in value.items():
            below = _lines(inner)
            nested = isinstance(inner, dict | list) and inner
            lines += [f"{name}:", *(f"  {one}" for one in below)] if nested else [f"{name}: {below[0]}"]
        return lines
    if isinstance(value, list) and value:
        return [f"{'- ' if not n else '  '}{line}" for inner in value for n, line in enumerate(_lines(inner))]
    # No pairs of escapes for what lies beyond 16 bits, which JSON has and YAML has not.
    text = json.dumps(value, ensure_ascii=False)
    return [_UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)]
