"""The exercises of lesson 2: a recorded fallback, an honest factor, a conversation's id, and users let down."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chatmon.course.exercises import Exercise, Wrong
from chatmon.monitor import ChatMonitor
from chatmon.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PER_WORD = 1.3


def _fails_with(error: Exception) -> Callable[[str], str]:
    def model(question: str) -> str:
        raise error

    return model


def judge_fallback(answer: Callable[..., Any]) -> str:
    """Judge exercise 2.1: a bot that apologises and records why."""
    monitor = ChatMonitor()
    said = answer(monitor, lambda question: f"You asked: {question}", "Where is my bill?")
    if said != "You asked: Where is my bill?":
        raise Wrong(f"The model answered, and your function returned {said!r}: return the model's reply as it is.")
    if len(monitor.turns()) != 1:
        raise Wrong(f"One question made {len(monitor.turns())} turns: put `with monitor.track(...)` around it once.")
    if monitor.turns()[0].error_type is not None:
        raise Wrong("The model answered, and the turn says that it failed: record an error only where there was one.")
    for planned in (ConnectionError("the model hung up"), ValueError("the model wrote nonsense")):
        monitor, name = ChatMonitor(), type(planned).__name__
        try:
            said = answer(monitor, _fails_with(planned), "Where is my bill?")
        except Exception as error:
            if error is not planned:
                raise
            raise Wrong(f"The model's {name} reached the user: catch any `Exception`, and apologise.") from None
        turns = monitor.turns()
        if len(turns) != 1:
            raise Wrong(f"A question that failed made {len(turns)} turns: it is one turn, like any other.")
        if turns[0].error_type is None:
            raise Wrong(f"The user got an apology for a {name} and the turn looks like a success: record the error.")
        if turns[0].error_type != name:
            raise Wrong(f"The turn says {turns[0].error_type}, it was a {name}: record the exception itself.")
        if not isinstance(said, str) or not said.strip():
            raise Wrong(f"The user got {said!r}: return `APOLOGY` where the model failed.")
    return "The user reads an apology and the dashboard reads an error: both are told the truth."


def _turn(number: int, **columns: Any) -> Turn:
    moment = datetime(2026, 10, 5, 14, number, tzinfo=UTC)
    return Turn(turn_id=f"t{number}", conversation_id="c1", timestamp=moment, response_time=0.8, **columns)


def _close(found: Any, wanted: float) -> bool:
    return not isinstance(found, bool) and isinstance(found, int | float) and math.isclose(found, wanted, rel_tol=0.005)


def judge_undercount(undercount: Callable[[list[Turn]], Any]) -> str:
    """Judge exercise 2.2: by what factor words times 1.3 is too low."""
    turns = [
        _turn(1, question="Hello", input_tokens=300),
        _turn(2, question="Why is my bill so high this month", input_tokens=420),
        _turn(3, question="Is there anybody", input_tokens=None),
    ]
    known = turns[:2]
    words = [len((turn.question or "").split()) * PER_WORD for turn in turns]
    tokens = [turn.input_tokens or 0 for turn in turns]
    right = sum(tokens) / sum(words[:2])
    found = undercount(list(turns))
    if not _close(found, right):
        for wrong, reason in (
            (sum(tokens) / sum(words), "A turn without reported tokens still counts with its words: leave it out."),
            (1 / right, "The fraction is upside down: reported tokens over the rule's."),
            (right * PER_WORD, "The rule multiplies words by 1.3; the factor is missing below the line."),
            (right / PER_WORD, "The rule multiplies words by 1.3 once."),
            (
                sum(t / w for t, w in zip(tokens, words, strict=True) if t) / len(known),
                "That is the mean of the turns' own factors: divide the sums, or short questions weigh too much.",
            ),
        ):
            if _close(found, wrong):
                raise Wrong(reason)
        raise Wrong(f"For {len(turns)} turns, one of them without tokens, the factor is {right:.1f}, not {found!r}.")
    if not _close(undercount(known[:1]), 300 / PER_WORD):
        raise Wrong("For another list of turns it is wrong: use the argument, not the lesson's own turns.")
    for none_known in ([turns[2]], []):
        found = undercount(list(none_known))
        if found is not None:
            raise Wrong(f"Where no turn reported tokens the factor is unknown: return `None`, not {found!r}.")
    return "The factor differs from bot to bot and from prompt to prompt, so no constant can mend such a log."


def judge_conversation_id(conversation_id: Callable[..., Any]) -> str:
    """Judge exercise 2.3: an id that is kept where it is known, and new where it is not."""
    if conversation_id("c-42") != "c-42":
        raise Wrong(
            f"The client sent 'c-42' and got {conversation_id('c-42')!r}: the conversation goes on, so keep it."
        )
    made = [conversation_id(None) for _ in range(1000)]
    if not all(isinstance(one, str) and one for one in made):
        raise Wrong(f"A new id is a text with something in it, not {made[0]!r}: `str(...)` makes one.")
    if len(set(made)) < len(made):
        raise Wrong(f"{len(made)} new conversations got {len(set(made))} ids: a clock cannot keep them apart.")
    if conversation_id("") == "":
        raise Wrong("A client that sends an empty text has no conversation yet: give it a new id.")
    return "Whoever starts a conversation makes its id, and everybody else passes it on."


def judge_let_down(share_let_down: Callable[[list[Turn]], Any]) -> str:
    """Judge exercise 2.4: the share of users with a failed turn."""
    plan: Sequence[tuple[str | None, str | None]] = (
        ("ada", "Timeout"),
        ("ada", "Timeout"),
        ("ada", None),
        ("bob", None),
        ("eve", None),
        ("joe", None),
        (None, "Timeout"),
    )
    turns = [_turn(number, user_id=user, error_type=error) for number, (user, error) in enumerate(plan)]
    found = share_let_down(list(turns))
    if not _close(found, 1 / 4):
        for wrong, reason in (
            (3 / 7, "That is the share of turns: Ada tried three times and is one user."),
            (2 / 6, "That is the share of turns: Ada tried three times and is one user."),
            (2 / 4, "Ada failed twice and is one user, and whoever has no `user_id` is left out: count each once."),
            (3 / 4, "Ada failed twice and is one user, and whoever has no `user_id` is left out: count each once."),
            (2 / 5, "`None` is no user: leave turns without a `user_id` out, above and below the line."),
            (1 / 5, "`None` is no user: leave turns without a `user_id` out, above and below the line."),
            (0.0, "Ada got a reply at last, and had failed twice before: one failed turn is enough."),
            (25.0, "Return a share between 0 and 1, not a percentage."),
        ):
            if _close(found, wrong) or (wrong == 0 and found == 0):
                raise Wrong(reason)
        raise Wrong(f"Of four known users one was let down, a share of 0.25, and not {found!r}.")
    if not _close(share_let_down(turns[:3]), 1) or share_let_down([turns[3]]) != 0:
        raise Wrong("For another list of turns it is wrong: use the argument, not the lesson's own turns.")
    for nobody in ([turns[6]], []):
        if (found := share_let_down(list(nobody))) is not None:
            raise Wrong(f"Where no user is known the share is unknown: return `None`, not {found!r}.")
    return "Three tries by one user are three turns: say of every rate whether it is of turns or of people."


EXERCISES = [
    Exercise(
        "2.1",
        hints=(
            '`with monitor.track("c1", "ada") as turn:` is the block; a `try` and an `except` go inside it.',
            "In the `except Exception as error:` call `turn.record_error(error)`, then return `APOLOGY`.",
        ),
        judge=judge_fallback,
    ),
    Exercise(
        "2.2",
        hints=(
            "Make a list of the turns whose `input_tokens` is not `None` first, and use only that list afterwards.",
            "Add up `turn.input_tokens`, and add up `len(turn.question.split())`. Divide once, at the end.",
        ),
        judge=judge_undercount,
    ),
    Exercise(
        "2.3",
        hints=(
            "`known or something` is `known` unless that is `None` or empty.",
            "`str(uuid4())` is a text that nobody else has, however often you call it.",
        ),
        judge=judge_conversation_id,
    ),
    Exercise(
        "2.4",
        hints=(
            "A set counts everybody once: `{turn.user_id for turn in turns if ...}`.",
            "One set of known users, one of those with an error; divide their lengths, unless the first is empty.",
        ),
        judge=judge_let_down,
    ),
]
