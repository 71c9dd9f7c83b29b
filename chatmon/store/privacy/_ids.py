"""Which ids say of themselves whose they are, and which fields hold ids.

``customer-77`` in a sentence is a mention of that customer. ``42`` is a number, and ``true`` or ``anna`` a word: such
an id is one only where ids stand, as the whole value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SHORT: Final = 6
"""Characters below which an id may be anything."""
_PLAIN: Final = re.compile(r"[A-Za-zÀ-ÿ]{1,15}|\d{1,8}")
"""A word, or a number of fewer digits than a telephone's."""
_OWNER: Final = r"(?:end[._-]?)?(?:user|customer|client|account|member|person|login|uid)"
_GROUP: Final = r"(?:conversation|thread|session|chat|dialog(?:ue)?)"
_FIELD: Final = r"(?:[\w.-]*[._-])?{}(?:[._-]?(?:id|key|name))?"
_ENDS: Final = re.compile(r'[\s"\\,}\]]')
"""What ends an id in JSON, as text or as a number."""
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


def in_json(names: Iterable[str], *, of_users: bool) -> Callable[[bytes], bool]:
    """Return what says whether one of some ids is the value of a field that holds ids, in JSON or in JSON within JSON.

    Args:
        names: The ids.
        of_users: Whether they are a user's, or conversations.

    Example:
        >>> is_in = in_json({"42", "c1"}, of_users=False)
        >>> [is_in(text) for text in (b'{"chat_id": 42}', b'{"session": "c1"}', b'{"n": 42}', b'{"chat_id": 421}')]
        [True, True, False, False]
    """
    field = rf'(?i:"{_FIELD.format(_OWNER if of_users else _GROUP)}\\*")\s*:\s*'
    known = {name.encode("utf-8", "surrogatepass") for name in names if not _ENDS.search(name)}
    # An id with a sign that may end one is looked for by itself.
    odd = "|".join(re.escape(name) for name in names if _ENDS.search(name))
    value = re.compile(rf'{field}(?:\\*"([^"\\]+)\\*"|([^\s"\\,}}\]]+)\s*[,}}\]])'.encode())
    of_odd = re.compile(rf'{field}(?:\\*"(?:{odd})\\*"|(?:{odd})\s*[,}}\]])'.encode("utf-8", "surrogatepass"))

    def is_in(content: bytes) -> bool:
        if known and any((found[1] or found[2]) in known for found in value.finditer(content)):
            return True
        return bool(odd and of_odd.search(content))

    return is_in
