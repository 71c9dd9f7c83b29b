"""What of a turn may be stored: no content unless asked for, no user but a pseudonym, no text without redaction."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from chatmon.store.privacy._ids import is_plain
from chatmon.store.privacy.redaction import need_packages, redact

if TYPE_CHECKING:
    from chatmon.store.privacy._pseudonyms import Pseudonyms
    from chatmon.store.privacy.redaction import Redactor
    from chatmon.turns import JSON, Turn


_SECRET: Final = re.compile(
    r"(?:.*[._-])?(?:pass(?:word|wd|phrase|code)|pwd|secret|credentials?|authorization|token"
    r"|(?:api|access|private|secret|auth|signing)[._-]?(?:key|token|secret))",
    re.IGNORECASE,
)
"""Names of attributes whose text is a secret, whatever it looks like."""


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "_short", lru_cache(maxsize=4096)(self.redactor))
        if self.redactor is redact:
            need_packages()

    def __call__(self, turn: Turn) -> Turn:
        """Return what of a turn may be stored."""
        return replace(
            turn,
            user_id=None if turn.user_id is None else self.pseudonyms.of(turn.user_id),
            conversation_id=self._conversation(turn),
            intent=self._dimension(turn.intent),
            region=self._dimension(turn.region),
            channel=self._dimension(turn.channel),
            error_message=self._text(turn.error_message),
            attributes={self._short(name): self._value(value, name) for name, value in turn.attributes.items()},
            question=self._text(turn.question) if self.content else None,
            answer=self._text(turn.answer) if self.content else None,
        )

    def _dimension(self, text: str | None) -> str | None:
        return None if text is None else self._short(text)

    def _text(self, text: str | None) -> str | None:
        return None if text is None else self.redactor(text)

    def _conversation(self, turn: Turn) -> str:
        """Return the conversation's id, or where it says whose it is, a pseudonym that groups the same turns."""
        said, user = turn.conversation_id, turn.user_id
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
