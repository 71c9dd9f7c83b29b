"""What the report says of how good replies are: the corrected rate first, the judge's own beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatmon.report._html import sentence

if TYPE_CHECKING:
    from chatmon.analysis import QualityRate
    from chatmon.estimates import Estimate


def told(one: QualityRate) -> dict[str, Any]:
    """Return what the page says of one rubric: a title, a sentence, and pairs of a name and a text."""
    name = sentence(one.name.replace("_", " "))
    if one.rate is None:
        title, plain = "not measured", "No reply has a label. How wrong the judge is, nobody knows."
    elif not one.judged.n:
        title, plain = (
            f"{percent(one.rate)}, by labels alone",
            f"{one.rate.n:,} replies have a label, none has a verdict.",
        )
    else:
        title = f"{percent(one.rate)}, with the judge's errors taken out"
        plain = f"{one.rate.n:,} labels put {one.judged.n:,} verdicts right."
    return {"title": f"{name}: {title}", "plain": plain, "rows": _rows(one)}


def _rows(one: QualityRate) -> list[tuple[str, str]]:
    rows = [] if one.rate is None else [("corrected rate", percent(one.rate))]
    if one.judged.n:
        rows.append(("the judge's own rate", percent(one.judged)))
    if one.corrected is not None:
        rows.append(("labels alone", percent(one.corrected.labelled)))
    if one.agreement is not None:
        chance = "unknown" if one.agreement.by_chance is None else f"{100 * one.agreement.by_chance:.0f} %"
        rows += [
            ("judge and labels agree", f"{percent(one.agreement.agree)}; by chance {chance}"),
            ("kappa", one.agreement.kappa.text()),
            ("sensitivity", f"{percent(one.agreement.sensitivity)} of the good are called good"),
            ("specificity", f"{percent(one.agreement.specificity)} of the bad are called bad"),
        ]
    whose = f"{one.whose or 'unknown'}{f', rubric version {one.version}' if one.version else ''}"
    return [*rows, *([("judge", whose)] if one.judged.n else []), *(("note", note) for note in one.notes)]


def percent(rate: Estimate) -> str:
    """Return a rate in percent with its interval and the number behind it."""
    if rate.value is None:
        return "unknown"
    low, high = ("?" if end is None else f"{100 * end:.0f}" for end in (rate.low, rate.high))
    return f"{100 * rate.value:.0f} % ({low} to {high} %, n = {rate.n:,})"
