"""Telephone numbers in a text: valid by the plan of their country, and written as such or called one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

REGIONS: Final = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "AT", "CH", "BE", "PL", "IN", "AU", "BR", "CN", "RU", "JP")
"""Where a number without a country's code may be from."""
# Its first sign comes before what must not be before that: so it is searched for by that sign.
_CANDIDATE: Final = re.compile(
    r"(?a:[+(\d](?<![\w.,+#/].)(?<!\w-.)(?:(?<=\+) ?\d|(?<=\()\d|(?<=\d))[\d ()./-]{4,24}\d(?!\w|[.,:/-]\d))"
)
_WRITTEN: Final = re.compile(
    r"\(0?\d{2,5}\)[ -]?\d[\d -]{4,}\d"  # (212) 555-0123
    r"|\d{3}([-.])\d{3}\1\d{4}"  # 212-555-0123
    r"|0[1-9](?:\.\d\d){4}"  # 01.42.68.53.00
    r"|0[1-9]\d{0,4}(?:[ /-]| / )\d[\d -]{4,}\d"  # 030 1234567
    r"|8[ -]?\(?\d{3,5}\)?[ -]\d{1,3}-\d\d-\d\d"  # 8 (912) 345-67-89
    r"|1[3-9]\d[ -]\d{4}[ -]\d{4}"  # 139 1234 5678
    r"|[1-9]\d 9?\d{4}-\d{4}"  # 11 98765-4321
    r"|0[1-9]\d{8,9}"  # 0612345678
)
_NO_NUMBER: Final = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}([-/. ])\d{1,2}\1(?:19|20)\d\d.*|\d{1,2}-\d{1,2}-\d{2}"
)
"""Dates."""
_CALLED: Final = re.compile(
    r"phone|\btel\b|tel[eé]?fon|téléphone|teléfono|mobile?\b|móvil|\bcell|cellulare|handy|\bfax|\bcall|\bring\b|\btext\b"
    r"|\bsms|whatsapp|\breach|contact|anruf|rückruf|\bruf\b|\bappel|\brappel|llám|hotline|portable"
    r"|celular|\bcontato|\bliga(?:r|me)?\b|\bтел|\bмоб|звон|手机|手機|电话|電話|微信|联系|聯繫|拨打|携帯|連絡",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(r"\bnumbers?\b|num[eéè]ro?\b|número|nummer|номер|号码|番号", re.IGNORECASE)
_OTHERWISE: Final = re.compile(
    r"order|ticket|invoice|\bref|\bcase\b|\bitem|arti[ck]|\bsku\b|serial|\bpart\b|product|customer|kunden|bestell"
    r"|rechnung|facture|policy|\btax|steuer|\bvat\b|tracking|parcel|\bisbn|\bean\b|\bimei|model|version|\brow\b|account|konto|batch|\bid\b"
    r"|code|licen[sc]e|error|commande|pedido|заказ|накладн|артикул|订单|运单|快递|卡号|注文|伝票|商品",
    re.IGNORECASE,
)
_GAP: Final = re.compile(r" +(?=[\d(])")
_BEFORE: Final = 60
"""Characters before a number that say what it is."""


def phones_in(text: str, regions: tuple[str, ...] = REGIONS) -> Iterator[tuple[int, int]]:
    """Yield where telephone numbers stand.

    With a country's code the number itself decides. Without one it must be valid in one of the regions, and either be
    written as people write telephone numbers, or follow a word such as "call"; one after "order" is none.

    Example:
        >>> text = "order 0171-2345678, call 0171 2345679 or +49 30 1234567, not before 05-10-2026"
        >>> [text[start:end] for start, end in phones_in(text)]
        ['0171 2345679', '+49 30 1234567']
    """
    found = _CANDIDATE.search(text)
    while found:
        resume = found.end()
        if length := _longest(found[0], _said(text[max(0, found.start() - _BEFORE) : found.start()]), regions):
            resume = found.start() + length
            yield found.start(), resume
        found = _CANDIDATE.search(text, resume)


@lru_cache(maxsize=16_384)
def _said(before: str) -> str:
    """Return what the words before a number call it: ``phone``, ``number``, ``other`` or nothing."""
    called = max((found.end() for found in _CALLED.finditer(before)), default=-1)
    otherwise = max((found.end() for found in _OTHERWISE.finditer(before)), default=-1)
    if otherwise > called:
        return "other"
    return "phone" if called >= 0 else "number" if _NAMED.search(before) else ""


@lru_cache(maxsize=16_384)
def _longest(candidate: str, said: str, regions: tuple[str, ...]) -> int:
    """Return how long the longest number is that a candidate begins with: a space may part it from what comes next."""
    ends = [len(candidate), *(found.start() for found in reversed(list(_GAP.finditer(candidate))))]
    return next((end for end in ends if _is_phone(candidate[:end], said, regions)), 0)


def _is_phone(number: str, said: str, regions: tuple[str, ...]) -> bool:
    if not 7 <= sum(character.isdigit() for character in number) <= 15 or not re.search(r"\d\d", number):
        return False
    if number.startswith("+"):
        return _valid(number, None) or (said == "phone" and _valid(number, None, by_length=True))
    if said == "other" or _NO_NUMBER.fullmatch(number):
        return False
    if number.startswith("00"):
        return _valid(f"+{number[2:]}", None)
    if not _WRITTEN.fullmatch(number) and ("." in number or not said):
        return False
    return any(_valid(number, region) for region in regions)


@lru_cache(maxsize=4096)
def _valid(number: str, region: str | None, *, by_length: bool = False) -> bool:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number.replace("(0)", ""), region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(parsed) if by_length else phonenumbers.is_valid_number(parsed)
