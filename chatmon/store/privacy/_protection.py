"""What of a turn may be stored: no content unless asked for, no user but a pseudonym, no text without redaction."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from chatmon._tools.checks import as_json
from chatmon.store.privacy._ids import is_plain
from chatmon.store.privacy.redaction import need_packages, redact
from chatmon.turns import check_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chatmon.live.turn import LiveTurn
    from chatmon.store.privacy._pseudonyms import Pseudonyms
    from chatmon.store.privacy.redaction import Redactor
    from chatmon.turns import JSON, Turn


_SECRET: Final = re.compile(
    r"(?:.*[._-])?(?:pass(?:word|wd|phrase|code)|pwd|secret|credentials?|authorization|token"
    r"|(?:api|access|private|secret|auth|signing)[._-]?(?:key|token|secret))",
    re.IGNORECASE,
)
"""Names of attributes whose text is a secret, whatever it looks like."""
_DIMENSIONS: Final = ("intent", "region", "channel")
_CONTENT: Final = ("question", "answer")
_TOLD: Final = (*_DIMENSIONS, "error_message", "attributes", *_CONTENT)
"""Columns with what people, or their bots, have put into words."""


@dataclass(frozen=True, slots=True)
class Protection:
    """Makes of a turn what may be stored: call it with one. Give it to a store as ``protect``.

    Errors, dimensions and attributes, their names too, are redacted whether content is on or not: a service may quote a
    message in an error. A conversation's id that says whose it is becomes a pseudonym that groups as it did. What
    was measured stays, so every operational figure is the same. A turn that was protected stays as it is.

    Attributes:
        pseudonyms: Who users become.
        content: Whether question and answer are kept, redacted.
        redactor: What redacts.

    Raises:
        MissingPackageError: The packages of the extra ``privacy`` are missing: a turn must not be lost for that.

    Example:
        >>> from datetime import UTC, datetime
        >>> from chatmon.store.privacy._pseudonyms import Pseudonyms
        >>> from chatmon.turns import Turn
        >>> turn = Turn(turn_id="t1", conversation_id="c1", user_id="ada", timestamp=datetime(2026, 10, 5, tzinfo=UTC),
        ...             question="I am ada@example.org", error_message="no account ada@example.org")
        >>> protect = Protection(Pseudonyms(b"1" * 32))
        >>> stored = protect(turn)
        >>> stored.user_id, stored.question, stored.error_message
        ('user-5293f99a-7ac8e6ea8ad6b2ad2ea3c936ebd2023e', None, 'no account [email]')
        >>> Protection(Pseudonyms(b"1" * 32), content=True)(turn).question
        'I am [email]'
    """

    pseudonyms: Pseudonyms
    content: bool = False
    redactor: Redactor = redact
    _short: Redactor = field(init=False, repr=False, compare=False)
    """The redactor for ids and dimensions, which come again and again."""
    _user: Callable[[str], str] = field(init=False, repr=False, compare=False)
    """The pseudonym of a user, who comes again and again, too."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_short", lru_cache(maxsize=4096)(self.redactor))
        object.__setattr__(self, "_user", lru_cache(maxsize=4096)(self.pseudonyms.of))
        if self.redactor is redact:
            need_packages()

    def __call__(self, turn: Turn) -> Turn:
        """Return what of a turn may be stored."""
        columns = {name: value for name in _TOLD if (value := getattr(turn, name)) is not None}
        return replace(turn, **self._hidden(turn.conversation_id, turn.user_id, columns))

    def live(self, turn: LiveTurn) -> LiveTurn:
        """Return what of a turn may be stored, as the monitor has it: twice as quick as by way of a ``Turn``."""
        columns = turn.columns
        told = {name: value for name in _TOLD if (value := columns.get(name)) is not None}
        if "attributes" in told:
            told["attributes"] = json.loads(as_json(told["attributes"]))
        hidden = self._hidden(turn.conversation_id, turn.user_id, told)
        if self.redactor is not redact:  # somebody else's may return anything
            check_columns(hidden)
        return turn.restated(hidden.pop("conversation_id"), hidden.pop("user_id"), {**columns, **hidden})

    def _hidden(self, conversation: str, user: str | None, told: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns that may say who somebody is, as they may be stored."""
        hidden: dict[str, Any] = {
            "conversation_id": self._conversation(conversation, user),
            "user_id": None if user is None else self._user(user),
        }
        for name, value in told.items():
            if name == "attributes":
                hidden[name] = {self._short(inner): self._value(one, inner) for inner, one in value.items()}
            elif name in _CONTENT and not self.content:
                hidden[name] = None
            else:
                hidden[name] = (self._short if name in _DIMENSIONS else self.redactor)(value)
        return hidden

    def _conversation(self, said: str, user: str | None) -> str:
        """Return the conversation's id, or where it says whose it is, a pseudonym that groups the same turns."""
        named = user is not None and not is_plain(user) and user in said
        return self.pseudonyms.of_conversation(said) if named or self._short(said) != said else said

    def _value(self, value: JSON, name: str) -> JSON:
        if isinstance(value, list):
            return [self._value(one, name) for one in value]
        if isinstance(value, dict):
            return {self._short(inner): self._value(one, inner) for inner, one in value.items()}
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and _SECRET.fullmatch(name):
            return "[key]"
        text = str(value)
        # Its name may say what a number is, such as a telephone's.
        told = self.redactor(f"{name}: {text}")
        shown = told[len(name) + 2 :] if told.startswith(f"{name}: ") else self.redactor(text)
        return value if shown == text else shown
