"""A class's keys of one server: each is made from the server's own, says whose it is, and nobody can make another's."""

from __future__ import annotations

import hmac
from urllib.parse import quote, unquote


def user_key(user: str, server_key: str) -> str:
    """Return the key that a user sends.

    Args:
        user: The user's name, not empty.
        server_key: The server's own key, which no user is told.

    Raises:
        ValueError: The name is empty.

    Example:
        >>> user_of(user_key("ada@school", "secret"), "secret")
        'ada@school'
    """
    if not user:
        raise ValueError("the user's name is empty: a key says whose it is")
    name = quote(user, safe="")
    return f"{name}:{hmac.digest(server_key.encode(), name.encode(), 'sha256').hex()}"


def user_of(key: str, server_key: str) -> str | None:
    """Return whose key it is: the empty string for the server's own, None where it is neither that nor made from it.

    Args:
        key: What a client sent.
        server_key: The server's own key.

    Example:
        >>> user_of("secret", "secret"), user_of("ada:0123", "secret")
        ('', None)
    """
    if hmac.compare_digest(key.encode(), server_key.encode()):
        return ""
    user = unquote(key.partition(":")[0])
    return user if user and hmac.compare_digest(key.encode(), user_key(user, server_key).encode()) else None
