"""The exercises of lesson 2: a recorded fallback, an honest factor, a conversation's id, and users let down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from chatmon.lab.course._exercises import Exercise, WrongError
from chatmon.lab.course._fresh import World, results_in
from chatmon.lab.course._reading import as_number, judge_number
from chatmon.live.monitor import ChatMonitor
from chatmon.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PER_WORD = 1.3
KNOWN_IDS: Final = ("c-42", "0", " Chat/7 ", "größe-1")
"""What clients send along."""
NEW_IDS: Final = 20_000
"""How many conversations begin in each process, in one moment."""


def _fails_with(error: Exception) -> Callable[[str], str]:
    def model(question: str) -> str:
        raise error

    return model


def judge_fallback(answer: Callable[..., Any]) -> str:
    """Judge exercise 2.1: a bot that apologises and records why."""
    monitor, asked = ChatMonitor(), []

    def model(question: str) -> str:
        asked.append(question)
        return f"You asked: {question}"

    said = answer(monitor, model, "Where is my bill?")
    if asked != ["Where is my bill?"]:
        raise WrongError(f"The model was asked {asked}: ask it once, what the user asks.")
    if said != "You asked: Where is my bill?":
        raise WrongError(f"The model answered, and your function returned {said!r}: return the model's reply as it is.")
    if len(monitor.turns()) != 1:
        raise WrongError(
            f"One question made {len(monitor.turns())} turns: put `with monitor.track(...)` around it once."
        )
    if monitor.turns()[0].error_type is not None:
        raise WrongError(
            "The model answered, and the turn says that it failed: record an error only where there was one."
        )
    for planned in (ConnectionError("the model hung up"), ValueError("the model wrote nonsense")):
        monitor, name = ChatMonitor(), type(planned).__name__
        try:
            said = answer(monitor, _fails_with(planned), "Where is my bill?")
        except Exception as error:
            if error is not planned:
                raise
            raise WrongError(f"The model's {name} reached the user: catch any `Exception`, and apologise.") from None
        turns = monitor.turns()
        if len(turns) != 1:
            raise WrongError(f"A question that failed made {len(turns)} turns: it is one turn, like any other.")
        if turns[0].error_type is None:
            raise WrongError(
                f"The user got an apology for a {name} and the turn looks like a success: record the error."
            )
        if turns[0].error_type != name:
            raise WrongError(f"The turn says {turns[0].error_type}, it was a {name}: record the exception itself.")
        if not isinstance(said, str) or not said.strip():
            raise WrongError(f"The user got {said!r}: return `APOLOGY` where the model failed.")
        if str(planned) in said or name in said:
            raise WrongError(f"The user got {said!r}: what went wrong belongs into the turn, the user gets `APOLOGY`.")
    return "The user reads an apology and the dashboard reads an error: both are told the truth."


def _turn(number: int, **columns: Any) -> Turn:
    moment = datetime(2026, 10, 5, 14, number, tzinfo=UTC)
    return Turn(turn_id=f"t{number}", conversation_id="c1", timestamp=moment, response_time=0.8, **columns)


def judge_undercount(undercount: Callable[[list[Turn]], Any]) -> str:
    """Judge exercise 2.2: by what factor words times 1.3 is too low."""
    turns = [
        _turn(1, question="Hello", input_tokens=300),
        _turn(2, question="Why is my bill so high this month", input_tokens=420),
        _turn(3, question="Is there anybody", input_tokens=None),
    ]
    words = [len((turn.question or "").split()) * PER_WORD for turn in turns]
    letters = sum(len(turn.question or "") for turn in turns[:2])
    tokens = [turn.input_tokens or 0 for turn in turns]
    right = sum(tokens) / sum(words[:2])
    number = as_number(undercount(list(turns)), "For three turns, one of them without tokens: ")
    judge_number(
        number,
        right,
        [
            (sum(tokens) / sum(words), "A turn without reported tokens still counts with its words: leave it out."),
            (1 / right, "The fraction is upside down: reported tokens over the rule's."),
            (right * PER_WORD, "The rule multiplies words by 1.3; the factor is missing below the line."),
            (right * PER_WORD**2, "Words times 1.3 stand below the line: in `a / b * 1.3` they stand above it."),
            (right / PER_WORD, "The rule multiplies words by 1.3 once."),
            (
                sum(t / w for t, w in zip(tokens[:2], words[:2], strict=True)) / 2,
                "That is the mean of the turns' own factors: divide the sums, or short questions weigh too much.",
            ),
            (100 * right, "Return the factor itself, not per cent of it."),
            (right - 1, "That is by how much it was too low: the factor is what the rule's tokens are multiplied by."),
            (sum(tokens) - sum(words[:2]), "That is a difference: divide what was reported by what the rule says."),
            (sum(tokens) / (letters * PER_WORD), "Those are letters: `question.split()` makes words of them."),
            (300 / words[0], "That is the first turn alone: add up all that are known."),
        ],
        f"For three turns, one of them without tokens, the factor is {right:.1f}, not {number:g}.",
        within=0.005 * right,
    )
    first = as_number(undercount(list(turns[:1])), "For one turn: ")
    if not first.near(300 / PER_WORD, within=1):
        raise WrongError("For another list of turns it is wrong: use the argument, not the lesson's own turns.")
    for what, none_known in (("one turn without tokens", [turns[2]]), ("no turns", [])):
        try:
            found = undercount(list(none_known))
        except ZeroDivisionError:
            raise WrongError(f"With {what} you divide by 0: the factor is unknown there, so return `None`.") from None
        if not _is_unknown(found):
            raise WrongError(f"With {what} the factor is unknown: return `None`, not {found!r}.")
    return "The factor differs from bot to bot and from prompt to prompt, so no constant can mend such a log."


def _is_unknown(found: Any) -> bool:
    return found is None or type(found).__name__ == "NAType"


def judge_conversation_id(conversation_id: Callable[..., Any]) -> str:
    """Judge exercise 2.3: an id that is kept where it is known, and new where it is not.

    It is called in two fresh processes whose clocks stand at the same moment, like two bots of one deployment.
    """
    calls = [*((known,) for known in KNOWN_IDS), ("",), *[(None,)] * NEW_IDS]
    first, second = (results_in(World(hash_seed=seed), conversation_id, calls) for seed in (1, 2))
    for known, kept in zip(KNOWN_IDS, first, strict=False):
        if kept != known:
            raise WrongError(
                f"The client sent {known!r} and got {kept!r}: the conversation goes on, so keep it as it is."
            )
    empty, made, others = first[len(KNOWN_IDS)], first[-NEW_IDS:], second[-NEW_IDS:]
    for one in made:
        if not isinstance(one, str) or not one:
            raise WrongError(f"A new id is a text with something in it, not {one!r}: `str(...)` makes one.")
    if empty == "" or not isinstance(empty, str):
        raise WrongError(
            f"A client that sends an empty text has no conversation yet, and got {empty!r}: give it a new id."
        )
    different = len(set(made))
    if different == 1:
        raise WrongError(
            f"{NEW_IDS:,} new conversations all got {made[0]!r}. They began in the same moment: "
            "neither a clock nor a fixed text can keep them apart."
        )
    if different < NEW_IDS:
        raise WrongError(
            f"{NEW_IDS:,} new conversations got {different:,} ids, such as {made[0]!r}: too little in them differs."
        )
    if both := len(set(made) & set(others)):
        one = next(one for one in made if one in set(others))
        raise WrongError(
            f"Two processes that began at the same moment made {both:,} ids alike, such as {one!r}. A clock, a counter "
            "and the number of a process begin alike on two machines, and few random digits meet by chance."
        )
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
    number = as_number(share_let_down(list(turns)), "For seven turns of four known users: ")
    once = "Ada failed twice and is one user, and whoever has no `user_id` is left out: count each once."
    turned = "That is the share of turns: Ada tried three times and is one user."
    nobody = "`None` is no user: leave turns without a `user_id` out, above and below the line."
    judge_number(
        number,
        1 / 4,
        [
            (3 / 7, turned),
            (2 / 6, turned),
            (2 / 4, once),
            (3 / 4, f"{once} Or, if those are the users who were never let down: give the share of the others."),
            (2 / 5, nobody),
            (1 / 5, nobody),
            (3 / 5, nobody),
            (2 / 7, turned),
            (1 / 7, "That is one user over all turns: divide users by users."),
            (
                1 / 6,
                "That is one user over six turns, or the mean of users' own error rates: divide users by users.",
            ),
            (0, "Ada got a reply at last, and had failed twice before: one failed turn is enough."),
            (25, "Return a share between 0 and 1, not a percentage."),
            (1, "That is how many users were let down: divide by how many are known."),
            (2, "Those are two users or two turns: a share is between 0 and 1."),
            (3, "That is a number of turns: give the share of users."),
            (4, "That is how many users are known, or the fraction upside down: give those let down over those known."),
        ],
        f"Of four known users one was let down, a share of 0.25, and not {number:g}.",
        within=0.001,
    )
    others = "For another list of turns it is wrong: use the argument, not the lesson's own turns."
    for part, right in ((turns[:3], 1), ([turns[3]], 0)):
        if not as_number(share_let_down(list(part)), "For turns of one user: ").near(right, within=0.001):
            raise WrongError(others)
    for what, unknown in (("one turn without a user", [turns[6]]), ("no turns", [])):
        try:
            found = share_let_down(list(unknown))
        except ZeroDivisionError:
            raise WrongError(f"With {what} you divide by 0: the share is unknown there, so return `None`.") from None
        if not _is_unknown(found):
            raise WrongError(f"With {what} no user is known, and the share is unknown: return `None`, not {found!r}.")
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
