"""Pseudonyms of users: HMAC-SHA256 with a key that lies outside the log, so that the log alone leads to nobody.

The same user has the same pseudonym for as long as the key is the same. ``rotate`` puts a new key before the old ones,
which stay to find, and erase, what was stored with them. Who has a key can try names: keep it where the log is not.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatmon._tools.paths import made, private_folder, rewritten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEYS: Final = "CHATMON_PSEUDONYM_KEYS"
"""The environment variable with the keys themselves, separated by spaces, the newest first."""
KEY_FILE: Final = "CHATMON_PSEUDONYM_KEY_FILE"
"""The environment variable with the path of the file of keys."""
_LENGTH: Final = 32
_PSEUDONYM: Final = re.compile(r"user-([0-9a-f]{8})-[0-9a-f]{32}")
_CONVERSATION: Final = re.compile(r"conversation-([0-9a-f]{8})-[0-9a-f]{32}")


class Pseudonyms:
    """Pseudonyms under one key, and what they would have been under older ones.

    Args:
        key: The secret: 32 bytes, as `secrets.token_bytes` makes them.
        *older: Keys of former times.

    Attributes:
        key_ids: What the keys are called, the present one first; a key's name says nothing about it.

    Raises:
        ValueError: A key is shorter than 32 bytes.

    Example:
        >>> before = Pseudonyms(b"1" * 32)
        >>> before.of("ada")
        'user-5293f99a-7ac8e6ea8ad6b2ad2ea3c936ebd2023e'
        >>> after = Pseudonyms(b"2" * 32, b"1" * 32)
        >>> after.of("ada") == before.of("ada"), before.of("ada") in after.all_of("ada")
        (False, True)
    """

    def __init__(self, key: bytes, *older: bytes) -> None:
        for one in (key, *older):
            if len(one) < _LENGTH:
                raise ValueError(f"a key of pseudonyms has {len(one)} bytes: it needs {_LENGTH}")
        self._keys = {_id_of(one): one for one in (key, *older)}
        self.key_ids: tuple[str, ...] = tuple(self._keys)

    def of(self, user_id: str) -> str:
        """Return a user's pseudonym; one that was made with a key of ours is its own."""
        named = _PSEUDONYM.fullmatch(user_id)
        return user_id if named and named[1] in self._keys else self._under(self.key_ids[0], user_id)

    def of_conversation(self, conversation_id: str) -> str:
        """Return a conversation's pseudonym; one that was made with a key of ours is its own."""
        named = _CONVERSATION.fullmatch(conversation_id)
        if named and named[1] in self._keys:
            return conversation_id
        return self._under(self.key_ids[0], f"conversation {conversation_id}").replace("user-", "conversation-", 1)

    def all_of(self, user_id: str) -> tuple[str, ...]:
        """Return a user's pseudonyms under every key, the present one first."""
        return tuple(self._under(key_id, user_id) for key_id in self.key_ids)

    def _under(self, key_id: str, user_id: str) -> str:
        mac = hmac.new(self._keys[key_id], user_id.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"user-{key_id}-{mac.hexdigest()[:32]}"

    def __repr__(self) -> str:
        return f"Pseudonyms(keys {', '.join(self.key_ids)})"


def open_keys(path: Path | None = None, environment: Mapping[str, str] = os.environ) -> Pseudonyms:
    """Return the pseudonyms of the keys in the environment, else in a file; where there is none, it is made.

    Args:
        path: The file, one key a line in hexadecimal digits, the newest first; `key_file` if not given.
        environment: Where to look for ``CHATMON_PSEUDONYM_KEYS``, which goes before a file that is not named.

    Raises:
        PermissionError: Others may read the file.
        ValueError: It holds what is no key.
    """
    if path is None and environment.get(KEYS):
        return Pseudonyms(*_parsed(environment[KEYS].split(), KEYS))
    file = path or key_file(environment)
    if not file.exists():
        _make(file)
    return Pseudonyms(*_parsed(_read(file), str(file)))


def known_keys(path: Path | None = None, environment: Mapping[str, str] = os.environ) -> Pseudonyms | None:
    """Return what ``open_keys`` does, but None where there are no keys.

    Raises:
        FileNotFoundError: The file that was named is not there.
    """
    if path is not None and not path.exists():
        raise FileNotFoundError(f"no keys of pseudonyms at {path}: name the file that the bot's keys are in")
    if path is None and not environment.get(KEYS) and not key_file(environment).exists():
        return None
    return open_keys(path, environment)


def rotate(path: Path) -> Pseudonyms:
    """Put a new key before those of a file: from now on users have new pseudonyms, and the old are still found.

    Args:
        path: The file.
    """
    _write(path, [secrets.token_hex(_LENGTH), *_read(path)])
    return open_keys(path)


def key_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the keys lie, unless somebody says otherwise: in the user's configuration, never beside a log."""
    named = environment.get(KEY_FILE)
    if named:
        return Path(named).expanduser()
    base = environment.get("APPDATA") if sys.platform == "win32" else environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "chatmon" / "pseudonym_keys"


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"chatmon pseudonym key" + key).hexdigest()[:8]


def _parsed(lines: Sequence[str], where: str) -> list[bytes]:
    try:
        keys = [bytes.fromhex(line) for line in lines]
    except ValueError:
        keys = []
    if not keys:  # the text is not shown: it may be a key with a typing error
        raise ValueError(f"{where} holds what is no key: give {2 * _LENGTH} hexadecimal digits for each")
    return keys


def _read(path: Path) -> list[str]:
    if sys.platform != "win32" and path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} has mode {path.stat().st_mode & 0o777:o}: others may read it; set it to 600")
    return path.read_text(encoding="utf-8").split()


def _make(path: Path) -> None:
    """Make a file with a new key, unless another process has made one meanwhile: that one's key is everybody's.

    The file gets its name with all of it in it, and only where no file has it.
    """
    private_folder(path.parent)
    with suppress(FileExistsError), made(path) as file:
        file.write(f"{secrets.token_hex(_LENGTH)}\n".encode())


def _write(path: Path, keys: Sequence[str]) -> None:
    private_folder(path.parent)
    with rewritten(path) as file:
        file.write(("\n".join(keys) + "\n").encode())
