"""Keys, tokens and passwords in a text: by the prefix their maker gives them, or by the word before them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIXED: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk)[-_](?=[\w-]*\d)[\w-]{16,}"  # OpenAI, Anthropic, Langfuse, Stripe
    r"|gh[opsru]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abeoprs]-[\w-]{10,}|lsv2_(?:pt|sk)_\w{16,}"
    r"|A[KS]IA[A-Z0-9]{16}|AIza[\w-]{30,}|ya29\.[\w.-]{16,}|GOCSPX-[\w-]{16,}"
    r"|(?:hf|npm)_[A-Za-z0-9]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # a JSON web token
    r")(?![A-Za-z0-9])"
)
_PEM: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:.*?-----END [A-Z ]{0,40}PRIVATE KEY-----|.*)", re.DOTALL
)
_CALLED: Final = re.compile(
    r"(?:pass(?:word|wd|phrase|wort|code)|pwd|kennwort|mot de passe|contraseña|secret|token"
    r"|(?:api|access|secret|private|account|shared)[-_ ]?key)"
    r"[\"']?\s{0,3}(?:=|:|\bis\b|\bist\b|\best\b|\bes\b)\s{0,3}[\"']?(?P<value>[^\s\"'<>\[\]{},;]{6,256})",
    re.IGNORECASE,
)
_SENT: Final = re.compile(r"\b(?:bearer|basic)\s{1,3}(?P<value>[\w.~+/-]{8,4096}=*)", re.IGNORECASE)
_IN_ADDRESS: Final = re.compile(r"://[^\s/:@]{1,64}:(?P<value>[^\s/@\[\]]{1,256})@")


def secrets_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where keys, tokens and passwords stand in a text, as start and end.

    Of what only a word before it gives away it wants a digit: "the password is wrong" holds none.

    Example:
        >>> text = "the password is wrong, it is not my password: hunter22"
        >>> [text[start:end] for start, end in secrets_in(text)]
        ['hunter22']
    """
    for rule in (_PEM, _PREFIXED):
        for found in rule.finditer(text):
            yield found.span()
    for rule in (_CALLED, _SENT):
        for found in rule.finditer(text):
            value = found["value"].rstrip(".:?)")
            if any(character.isdigit() for character in value):
                start = found.start("value")
                yield start, start + len(value)
    for found in _IN_ADDRESS.finditer(text):
        yield found.span("value")
