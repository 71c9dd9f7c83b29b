"""The one secret of a class, from which every student's incident follows: the teacher keeps nothing else."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from chatmon._tools.errors import Error
from chatmon._tools.paths import private_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEAD: Final = "chatmon class key 1"
BYTES: Final = 32
Choice = TypeVar("Choice")


class ClassKeyError(Error):
    """A class key cannot be read, or is not the one with which something was made."""


def same_name(student: str) -> str:
    """Return a student's name as the key sees it: case, spaces and ways to write an accent make no difference.

    Raises:
        ClassKeyError: Nothing of the name is left.

    Example:
        >>> same_name("  Ada   Lovelace ") == same_name("ada lovelace")
        True
    """
    name = " ".join(unicodedata.normalize("NFKC", student).casefold().split())
    if not name:
        raise ClassKeyError(f"the student's name ({student!r}) is empty: give a name or a number, one for each student")
    return name


@dataclass(frozen=True, slots=True, repr=False)
class ClassKey:
    """A secret, and what follows from it for a purpose (HMAC-SHA-256, RFC 2104): nothing leads back to it.

    Attributes:
        secret: 32 bytes.

    Example:
        >>> key = ClassKey(bytes(32))
        >>> key.digest("seed", "ada") != key.digest("seed", "bo")
        True
    """

    secret: bytes

    def digest(self, *what: object) -> bytes:
        """Return 32 bytes for a purpose; its parts are kept apart by their lengths."""
        parts = [str(part).encode() for part in what]
        return hmac.digest(self.secret, b"".join(b"%d:%s" % (len(part), part) for part in parts), hashlib.sha256)

    @classmethod
    def new(cls) -> ClassKey:
        """Return a key that nobody has had before."""
        return cls(secrets.token_bytes(BYTES))

    @classmethod
    def read(cls, path: Path) -> ClassKey:
        """Read a key that ``write`` wrote.

        Raises:
            ClassKeyError: The file is missing or no class key.
        """
        try:
            head, _, digits = path.read_text(encoding="utf-8").strip().partition(": ")
            secret = bytes.fromhex(digits)
        except FileNotFoundError:
            raise ClassKeyError(
                f"no class key at {path}: `chatmon simulate --student` with --class makes one"
            ) from None
        except (ValueError, OSError) as error:
            raise ClassKeyError(f"{path} is no class key: {error}") from None
        if head != HEAD or len(secret) != BYTES:
            raise ClassKeyError(
                f"{path} is no class key: it wants one line, {HEAD!r}, a colon and {2 * BYTES} hex digits"
            )
        return cls(secret)

    def write(self, path: Path) -> None:
        """Write the key to a file that only its owner may read."""
        private_file(path)
        path.write_text(f"{HEAD}: {self.secret.hex()}\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Chances:
    """Choices that follow from a class key, each addressed by what it is for.

    Attributes:
        key: The class's.
        what: Whose choices they are.
    """

    key: ClassKey
    what: tuple[object, ...]

    def uniform(self, *purpose: object) -> float:
        """Return a number from 0, included, to 1, excluded."""
        return (int.from_bytes(self.key.digest(*self.what, *purpose)[:8], "big") >> 11) * 2.0**-53

    def between(self, low: float, high: float, *purpose: object) -> float:
        """Return a number from low, included, to high, excluded."""
        return low + (high - low) * self.uniform(*purpose)

    def one(self, choices: Sequence[Choice], *purpose: object) -> Choice:
        """Return one of the choices."""
        return choices[int(self.uniform(*purpose) * len(choices))]
