"""Privacy: what is masked before it is stored, who users become, and how one is erased or told what is held.

Give a store ``protect=Protection(open_keys())``; then ``chatmon erase`` and ``chatmon export-user`` find what is
stored of a user by the same keys.
"""

from chatmon.store.privacy._erasure import Receipt, erase
from chatmon.store.privacy._holdings import export_user
from chatmon.store.privacy._proof import search
from chatmon.store.privacy._protection import Protection
from chatmon.store.privacy._pseudonyms import Pseudonyms, key_file, known_keys, open_keys, rotate
from chatmon.store.privacy._waiting import Waiting
from chatmon.store.privacy.redaction import find, redact

__all__ = [
    "Protection",
    "Pseudonyms",
    "Receipt",
    "Waiting",
    "erase",
    "export_user",
    "find",
    "key_file",
    "known_keys",
    "open_keys",
    "redact",
    "rotate",
    "search",
]
