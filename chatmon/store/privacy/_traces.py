"""What of a user is looked for in bytes: names in every way a file may write them, ids in their fields, messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chatmon.store.privacy._forms import in_base64, written
from chatmon.store.privacy._ids import in_json, is_plain
from chatmon.store.privacy._needles import Needles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_WORD: Final = re.compile(b"[0-9A-Za-z_-]")


class Traces:
    """What must be in no file once a user is erased.

    Args:
        users: What stands for the user.
        conversations: Ids of their conversations.
        texts: Their messages, as files write them.
        alike: Names that other names contain: these are found as whole words only.

    Example:
        >>> traces = Traces({"ada@example.org"}, {"c1"}, {"my own message"}, set())
        >>> contents = (b"ADA%40example.org", b'{"thread_id": "c1"}', b"of my own message", b"c1 is a word")
        >>> [traces.are_in(content) for content in contents]
        [True, True, True, False]
    """

    def __init__(
        self, users: Iterable[str], conversations: Iterable[str], texts: Iterable[str], alike: Iterable[str]
    ) -> None:
        users, conversations, alike = set(users), set(conversations), set(alike)
        telling = {name for name in users | conversations if not is_plain(name)}
        # A name that is found anywhere is so also where another one, found as a word only, is written alike.
        self._anywhere = {way.lower() for name in telling - alike for way in written(name)}
        words = {way.lower() for name in telling & alike for way in written(name)}
        self._in_any_case = Needles(self._anywhere | words)
        encoded = {way for name in telling - alike for way in in_base64(name)}
        said = {text.encode(code, "surrogatepass") for text in texts for code in ("utf-8", "utf-16-le")}
        self._as_they_are = Needles(encoded | said)
        self._in_fields: list[Callable[[bytes], bool]] = [
            in_json({name for name in some if is_plain(name)}, of_users=of_users)
            for of_users, some in ((True, users), (False, conversations))
        ]

    def are_in(self, content: bytes) -> bool:
        """Return whether one of them is in a content."""
        for place, name in self._in_any_case.found_in(content.lower()):
            if name in self._anywhere or not (
                _WORD.match(content, place + len(name)) or (place and _WORD.match(content, place - 1))
            ):
                return True
        if next(self._as_they_are.found_in(content), None) is not None:
            return True
        return any(is_in(content) for is_in in self._in_fields)
