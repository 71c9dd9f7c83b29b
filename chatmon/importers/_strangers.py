"""What a record of no known shape looks like, and the way out: once a file, in one sentence for all its records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chatmon.importers._dialect import Dialect

LOOKS: Final[tuple[tuple[str, frozenset[str]], ...]] = tuple(
    (name, frozenset(keys.split()))
    for name, keys in (
        ("a usage page of OpenAI, which holds no turns", "object data has_more next_page"),
        ("a usage report of Anthropic, which holds no turns", "data has_more next_page"),
        ("OpenRouter's activity by day, which holds no turns", "date model_permaslug byok_usage_inference"),
        ("metrics of OpenTelemetry, which hold no turns", "resourceMetrics"),
        ("logs of OpenTelemetry: the spans are what is read", "resourceLogs"),
        ("ratings of a ChatGPT export", "conversation_id rating create_time"),
        ("an export of Claude's chats", "uuid chat_messages"),
        ("events that codex exec prints: the files in its sessions folder are what is read", "type thread_id"),
        ("events of CloudTrail", "eventSource eventName"),
    )
)
"""What is met and not read, and the keys that give it away."""
NAMED: Final = 6
"""Keys of an unknown shape that are named."""


def refusal(keys: Mapping[str, Any], dialects: Iterable[Dialect], what: str = "keys") -> str:
    """Return why a record is not read: what it looks like, what is read, and what else can be done.

    Args:
        keys: The record, or the columns of a table.
        dialects: Those that it was held against.
        what: What the keys are called.

    Example:
        >>> refusal({"object": "page", "data": [], "has_more": False, "next_page": None}, ())[:51]
        'no known shape: it looks like a usage page of OpenA'
    """
    look = next((name for name, marks in LOOKS if marks <= keys.keys()), None)
    said = f"it looks like {look}" if look else f"its {what} are {', '.join(map(str, list(keys)[:NAMED]))}"
    tools = sorted({dialect.tool for dialect in dialects})
    if tools == ["columns"]:
        return f"no known shape: {said}"
    return (
        f"no known shape: {said}. Read are {', '.join(tools)}; a flat table of any tool is read with a map of its "
        "columns (--columns)"
    )
