"""What is masked in texts before they leave: addresses, numbers of cards, accounts and telephones, keys."""

from __future__ import annotations

import re
from typing import Final

_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_KEY: Final = re.compile(r"\b(?:sk|pk|lsv2|ghp|xox[abp])[-_][\w-]{16,}\b")
_BEARER: Final = re.compile(r"(?i)\b(bearer)\s+[\w.~+/-]{8,}=*")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_CARD: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
_PHONE: Final = re.compile(
    r"(?<![\w.+-])(?:\+\d{1,3}[ /-]?(?:\(0?\d{1,5}\)[ /-]?)?|\(?0\d{2,5}\)?[ /-])\d(?:[ /-]?\d){5,11}(?!\w)"
)


def redact(text: str) -> str:
    """Return a text with what identifies people, or lets into accounts, replaced by its kind.

    It finds what has a form: e-mail addresses, cards (by their check digit), IBANs, telephone numbers written with
    ``+`` or a leading 0, API keys. It does not find names, streets or what was told in words.

    Args:
        text: Any text.

    Example:
        >>> redact("I am ada@example.org, my card is 4111 1111 1111 1111, ring +49 30 1234567")
        'I am [email], my card is [card], ring [phone]'
    """
    text = _EMAIL.sub("[email]", text)
    text = _BEARER.sub(r"\1 [key]", _KEY.sub("[key]", text))
    text = _IBAN.sub("[iban]", text)
    text = _CARD.sub(lambda found: "[card]" if _checks(found[0]) else found[0], text)
    return _PHONE.sub("[phone]", text)


def _checks(number: str) -> bool:
    """Return whether the last digit is right by Luhn's rule (ISO/IEC 7812)."""
    digits = [int(character) for character in reversed(number) if character.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
