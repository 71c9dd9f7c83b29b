"""What of a turn may be stored: no content unless asked for, no user but a pseudonym, no text without redaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chatmon.store.privacy.redaction import need_packages, redact

if TYPE_CHECKING:
    from chatmon.store.privacy._pseudonyms import Pseudonyms
    from chatmon.store.privacy.redaction import Redactor
    from chatmon.turns import JSON, Turn


@dataclass(frozen=True, slots=True)
class Protection:
    """Makes of a turn what may be stored: call it with one. Give it to a store as ``protect``.

    Errors and attributes are redacted whether content is on or not: a service may quote a message in an error. Numbers
    and dimensions stay, so every operational figure is the same. A turn that was protected stays as it is.

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

    def __post_init__(self) -> None:
        if self.redactor is redact:
            need_packages()

    def __call__(self, turn: Turn) -> Turn:
        """Return what of a turn may be stored."""
        return replace(
            turn,
            user_id=None if turn.user_id is None else self.pseudonyms.of(turn.user_id),
            error_message=self._text(turn.error_message),
            attributes={name: self._value(value) for name, value in turn.attributes.items()},
            question=self._text(turn.question) if self.content else None,
            answer=self._text(turn.answer) if self.content else None,
        )

    def _text(self, text: str | None) -> str | None:
        return None if text is None else self.redactor(text)

    def _value(self, value: JSON) -> JSON:
        if isinstance(value, str):
            return self.redactor(value)
        if isinstance(value, list):
            return [self._value(one) for one in value]
        if isinstance(value, dict):
            return {name: self._value(one) for name, one in value.items()}
        return value
