"""What a form gives away: keys by their prefix, cards and accounts by check digits, addresses of machines by range."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from chatmon.store.privacy._keys import keys_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEM: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:.*?-----END [A-Z ]{0,40}PRIVATE KEY-----|.*)", re.DOTALL
)
_ASKED_FOR: Final = (
    r"pass(?:word|wd|phrase|wort|code)|pwd|kennwort|mot de passe|mdp|contraseña|clave|senha|парол[ья]|密[码碼]|口令"
    r"|パスワード|parola(?: d'ordine)?|wachtwoord|hasło|heslo|lösenord|adgangskode|passord|salasana|şifre|비밀번호"
    r"|पासवर्ड|كلمة المرور"
)
_VALUE: Final = r"[^\s\"'<>\[\]{},;\u3000-\u30ff\u3400-\u9fff]{6,256}"
"""What is given after such a word: it ends where Chinese or Japanese go on without a space."""
_NAME: Final = re.compile(
    rf"(?P<login>{_ASKED_FOR}|\bpw\b)|(?P<pass>\bpass\b)"
    r"|(?P<other>(?:api|access|secret|private|account|shared)[-_ ]?key|secret|token)|(?P<key>\bkey\b)",
    re.IGNORECASE,
)
_GIVEN: Final = re.compile(
    rf"[\"']?\s{{0,3}}(?:=|:|是|为|は|\b(?:is|ist|lautet|est|es|é)\b)\s{{0,3}}[\"']?(?P<value>{_VALUE})", re.IGNORECASE
)
_BESIDE: Final = re.compile(
    rf"(?:(?:\s[^\W\d_]{{1,15}}){{0,3}}?(?::|\s(?:is|ist|est|es|é|lautet)\b))?\s{{1,3}}(?![\w-]+[=:])(?P<value>{_VALUE})",
    re.IGNORECASE,
)
_LONG: Final = re.compile(r"\s(?P<value>[A-Za-z0-9]{16,256})\b")
_SET: Final = re.compile(r"(?:=[\"']?|[\"']\s?:\s?[\"'])(?P<value>[^\W\d_]{6,64})(?![\w.(\[-])")
_WORDS: Final = (
    "pass", "pwd", "pw", "kennwort", "mot de passe", "mdp", "contraseña", "clave", "senha", "парол", "密", "口令",
    "パスワード", "parola", "wachtwoord", "hasło", "heslo", "lösenord", "adgangskode", "salasana", "şifre", "비밀번호",
    "पासवर्ड", "كلمة المرور", "secret", "token", "api", "access", "private", "account", "shared", "key",
)  # fmt: skip
"""How what comes before a secret begins, in small letters."""
_NO_PASSWORD: Final = frozenset(
    {"password", "passwort", "string", "hidden", "invalid", "incorrect", "missing", "expired", "required", "optional",
     "undefined", "redacted", "masked"}
)  # fmt: skip
"""Words after ``password=`` that say something about one."""
_DIGIT: Final = re.compile(r"\d")
_SECRET_MAY_BE: Final = re.compile(r"[\d=\"']")
"""Without one of these a text has no secret that a word announces."""
_FAR: Final = 320
"""Characters after such a word in which a secret ends."""
_MIXED: Final = re.compile(r"\d.*[^\W\d_]|[^\W\d_].*\d")
_CODED: Final = re.compile(r"\d|[a-z][A-Z]|=$")
"""Signs by which what is sent as a secret is no word: a digit, a capital within, or what base64 is filled up with."""
_SENT: Final = re.compile(r"\b(?:bearer|basic)\s{1,3}(?P<value>[\w.~+/-]{8,4096}=*)", re.IGNORECASE)
_IN_ADDRESS: Final = re.compile(r"://[^\s/:@]{0,64}:(?P<value>[^\s/@\[\]]{1,256})@")
# What these begin with comes before what must not be before that: so they are searched for by their first sign.
_DIGITS: Final = re.compile(r"(?a:\d(?<![\w.]\d)(?<!\w-\d)(?:[ -]?\d){12,}(?!\w|-\w|\.\d))")
_GROUPS: Final = re.compile(
    r"(?a:\d(?<![\w./]\d)\d{3}(?P<apart> - |[._/])"
    r"(?:\d{4}(?P=apart)\d{4}(?P=apart)\d{4}(?:(?P=apart)\d{1,3})?|\d{6}(?P=apart)\d{4,5})(?!\w|[./-]\d))"
)
"""The groups of a card with other signs between them."""
_BRAND: Final = re.compile(
    r"4\d{15}(?:\d{3})?|5[1-5]\d{14}"  # Visa, Mastercard
    r"|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}"  # American Express, Diners, JCB
    r"|(?:5[06-8]|6\d)\d{14,17}|8[12]\d{14}"  # Maestro, Discover, UnionPay, Elo, RuPay
    r"|220[0-4]\d{12,15}"  # Mir
)
_CARD_BEGINS: Final = re.compile(r"(?<!\d)[2-68]")
_SHORTEST_CARD: Final = 14
_LONGEST_CARD: Final = 19
_IBAN: Final = re.compile(r"[A-Za-z](?<![A-Za-z0-9][A-Za-z])[A-Za-z]\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_V4: Final = re.compile(r"(?a:(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d))")
_V6: Final = re.compile(
    r"(?a:(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,8}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{1,4})?(?![\w:]))"
)
_NUMBERED: Final = re.compile(
    r"(?:\bv|version|release|firmware|build|section|chapter|clause|figure|kapitel|abschnitt|§)[\s.:]{0,2}$",
    re.IGNORECASE,
)
"""What comes before four numbers that are no address."""
_BEFORE: Final = 20


_FOLLOWS: Final = {
    "login": ((_GIVEN, _DIGIT), (_BESIDE, _MIXED), (_SET, re.compile(""))),
    "pass": ((_GIVEN, _DIGIT),),
    "other": ((_GIVEN, _DIGIT), (_LONG, _MIXED)),
    "key": ((_LONG, _MIXED),),
}
"""What follows a word, and what is in a secret and in no plain word."""


def secrets_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where keys, tokens and passwords stand in a text, as start and end.

    Of what only a word before it gives away it wants a digit: "the password is wrong" holds none. What is set, as in
    ``password=swordfish``, may be a word.

    Example:
        >>> text = "the password is wrong, it is not my password: hunter22"
        >>> [text[start:end] for start, end in secrets_in(text)]
        ['hunter22']
    """
    for found in _PEM.finditer(text) if "-----BEGIN" in text else ():
        yield found.span()
    yield from keys_in(text)
    small = _small(text)
    end = digit = 0
    words = [word for word in _WORDS if word in small] if _SECRET_MAY_BE.search(text) else ()
    for place in sorted({place for word in words for place in _places(word, small)}):
        if place >= end and (name := _NAME.match(text, place)):
            if digit < name.end():
                found_digit = _DIGIT.search(text, name.end())
                digit = found_digit.start() if found_digit else len(text)
            value, end = _after(text, name, has_digit=digit < min(name.end() + _FAR, len(text)))
            if value:
                yield value
    for found in _SENT.finditer(text) if "bearer" in small or "basic" in small else ():
        if value := _value(found, _CODED):
            yield value
    for found in _IN_ADDRESS.finditer(text) if "://" in text else ():
        yield found.span("value")


def _after(text: str, name: re.Match[str], *, has_digit: bool) -> tuple[tuple[int, int] | None, int]:
    """Return where the secret stands that a word announces, if it does, and up to where the text is read."""
    end = name.end()
    for rule, sign in _FOLLOWS[str(name.lastgroup)]:
        if (has_digit or rule is _SET) and (found := rule.match(text, name.end())):
            if value := _value(found, sign):
                return value, found.end()
            end = max(end, found.end() if rule is _GIVEN else 0)
    return None, end


def _value(found: re.Match[str], sign: re.Pattern[str]) -> tuple[int, int] | None:
    value = found["value"].rstrip(".:?)")
    if not sign.search(value) or value.casefold() in _NO_PASSWORD:
        return None
    return found.start("value"), found.start("value") + len(value)


def _small(text: str) -> str:
    """Return a text in small letters, each where it was."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in text)


def _places(word: str, text: str) -> Iterator[int]:
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, place + len(word))


def cards_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where numbers of payment cards stand: of a brand's beginning and length, and right by Luhn's rule.

    Example:
        >>> text = "not 4111 1111 1111 1112, but 4111 1111 1111 1111 10/27"
        >>> [text[start:end] for start, end in cards_in(text)]
        ['4111 1111 1111 1111']
    """
    for found in _DIGITS.finditer(text):
        end = found.start()
        while group := _CARD_BEGINS.search(text, end, found.end()):
            start = group.start()
            # One character more than the longest card shows whether its last group of digits has ended.
            length = _card(text[start : min(start + 2 * _LONGEST_CARD, found.end())])
            end = start + (length or 1)
            if length:
                yield start, end
    for found in _GROUPS.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if _BRAND.fullmatch(digits) and _right_by_luhn(digits):
            yield found.span()


@lru_cache(maxsize=16_384)
def _card(window: str) -> int:
    """Return how long the longest card is that a text begins with and that ends with a group of digits; 0 for none."""
    for end in reversed([group.end() for group in re.finditer(r"\d+", window)]):
        digits = re.sub(r"\D", "", window[:end])
        if _SHORTEST_CARD <= len(digits) <= _LONGEST_CARD and _BRAND.fullmatch(digits) and _right_by_luhn(digits):
            return end
    return 0


def _right_by_luhn(digits: str) -> bool:
    from stdnum import luhn

    return luhn.is_valid(digits)


def ibans_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where account numbers stand (ISO 13616), right in their country's length and check digits.

    Example:
        >>> text = "from BE68 5390 0754 7034 to me, not from BE68 5390 0754 7035"
        >>> [text[start:end] for start, end in ibans_in(text)]
        ['BE68 5390 0754 7034']
    """
    found = _IBAN.search(text)
    while found:
        start = resume = found.start()
        length = _iban(text[start : found.end() + 1])
        if length:
            yield start, start + length
        resume += length or 1
        found = _IBAN.search(text, resume)


@lru_cache(maxsize=16_384)
def _iban(window: str) -> int:
    """Return how long the account number is that a text begins with, by country and check digits; 0 for none."""
    from stdnum import iban

    length = _length_of_iban(window[:2].upper())
    # Words that follow look like more of it.
    places = [place.start() for place in re.finditer(r"[A-Za-z0-9]", window)]
    if not length or length > len(places):
        return 0
    end = places[length - 1] + 1
    after = window[end : end + 1]
    ends_here = not (after.isascii() and after.isalnum())
    return end if ends_here and iban.is_valid(re.sub(r"[ -]", "", window[:end]), check_country=False) else 0


@cache
def _length_of_iban(country: str) -> int:
    """Return how many letters and digits a country's account numbers have; 0 where it has none."""
    from stdnum import numdb

    _, told = numdb.get("iban").info(f"{country}00")[0]
    return 4 + sum(map(int, re.findall(r"\d+", told["bban"]))) if "bban" in told else 0


def addresses_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where IP addresses stand, of version 4 and 6; not those that every machine has, such as 127.0.0.1.

    Example:
        >>> text = "version 10.0.19.1 at 203.0.113.7, 2001:db8::1 and ::1, 12:30:45"
        >>> [text[start:end] for start, end in addresses_in(text)]
        ['2001:db8::1', '203.0.113.7']
    """
    for mark, rule in ((":", _V6), (".", _V4)):
        for found in rule.finditer(text) if mark in text else ():
            if not _is_somebodys(found[0]):
                continue
            if not _is_numbered(text[max(0, found.start() - _BEFORE) : found.start()]):
                yield found.span()


@lru_cache(maxsize=4096)
def _is_numbered(before: str) -> bool:
    return _NUMBERED.search(before) is not None


@lru_cache(maxsize=4096)
def _is_somebodys(text: str) -> bool:
    if not any(character.isdigit() for character in text):
        return False
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)
