"""Privacy: what is masked before it is stored, who users become, and how one is erased or told what is held.

Give a store ``protect=Protection(open_keys())``; then ``chatmon erase`` and ``chatmon export-user`` find what is
stored of a user by the same keys.
"""

from chatmon.privacy.erasure import Receipt, erase
from chatmon.privacy.holdings import export_user
from chatmon.privacy.protection import Protection
from chatmon.privacy.pseudonyms import Pseudonyms, known_keys, open_keys, rotate
from chatmon.privacy.redaction import find, redact

__all__ = [
    "Protection",
    "Pseudonyms",
    "Receipt",
    "erase",
    "export_user",
    "find",
    "known_keys",
    "open_keys",
    "redact",
    "rotate",
]
