"""Which ids say of themselves whose they are, and which fields hold ids.

``customer-77`` in a sentence is a mention of that customer. ``42`` is a number, and ``true`` or ``anna`` a word: such
an id is one only where ids stand, as the whole value.
"""

from __future__ import annotations

import re
from typing import Final

_SHORT: Final = 6
"""Characters below which an id may be anything."""
_PLAIN: Final = re.compile(r"[A-Za-zÀ-ÿ]{1,15}|\d{1,8}")
"""A word, or a number of fewer digits than a telephone's."""
_OWNER: Final = r"(?:end[._-]?)?(?:user|customer|client|account|member|person|login|uid)"
_GROUP: Final = r"(?:conversation|thread|session|chat|dialog(?:ue)?)"
_FIELD: Final = r"(?:[\w.-]*[._-])?{}(?:[._-]?(?:id|key|name))?"
_OWNERS: Final = re.compile(_FIELD.format(_OWNER), re.IGNORECASE)
_GROUPS: Final = re.compile(_FIELD.format(_GROUP), re.IGNORECASE)


def is_plain(name: str) -> bool:
    """Say whether an id may stand for something else in a text.

    Example:
        >>> [name for name in ("42", "true", "u1", "customer-77", "4915112345678", "ada@example.org") if is_plain(name)]
        ['42', 'true', 'u1']
    """
    return len(name) < _SHORT or bool(_PLAIN.fullmatch(name))


def holds_users(field: str) -> bool:
    """Say whether a field, a column, or a key of JSON, holds ids of users, by its name.

    Example:
        >>> [field for field in ("user_id", "enduser.id", "customerId", "n", "used") if holds_users(field)]
        ['user_id', 'enduser.id', 'customerId']
    """
    return bool(_OWNERS.fullmatch(field))


def holds_conversations(field: str) -> bool:
    """Say whether a field holds ids of conversations, by its name.

    Example:
        >>> [field for field in ("thread_id", "sessionId", "conversation", "question") if holds_conversations(field)]
        ['thread_id', 'sessionId', 'conversation']
    """
    return bool(_GROUPS.fullmatch(field))


def in_json(name: str, *, of_users: bool) -> re.Pattern[bytes]:
    """Return the pattern of an id as the value of a field that holds ids, in JSON or in JSON that is text of JSON.

    Args:
        name: The id.
        of_users: Whether it is a user's, or a conversation's.
    """
    field, id_ = _FIELD.format(_OWNER if of_users else _GROUP), re.escape(name)
    pattern = rf'(?i:"{field}\\*")\s*:\s*(?:\\*"{id_}\\*"|{id_}\s*[,}}\]])'
    return re.compile(pattern.encode("utf-8", "surrogatepass"))
