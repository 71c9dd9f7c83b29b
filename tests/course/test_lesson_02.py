"""The answers that the exercises of lesson 2 are tried with."""

import time
from uuid import uuid4

from cases import Cases

APOLOGY = "Sorry."


def recorded_inside(monitor, model, question):
    with monitor.track("c1", "ada") as turn:
        try:
            return model(question)
        except (ConnectionError, ValueError) as error:
            turn.record_error(error)
            return APOLOGY


def caught_outside(monitor, model, question):
    try:
        with monitor.track("another"):
            return model(question)
    except (ConnectionError, ValueError):
        return "We are sorry."


def hidden(monitor, model, question):
    with monitor.track("c1", "ada"):
        try:
            return model(question)
        except (ConnectionError, ValueError):
            return APOLOGY


def raised_on(monitor, model, question):
    with monitor.track("c1", "ada") as turn:
        try:
            return model(question)
        except (ConnectionError, ValueError) as error:
            turn.record_error(error)
            raise


def only_lost_connections(monitor, model, question):
    with monitor.track("c1", "ada") as turn:
        try:
            return model(question)
        except ConnectionError as error:
            turn.record_error(error)
            return APOLOGY


def records_a_text(monitor, model, question):
    with monitor.track("c1", "ada") as turn:
        try:
            return model(question)
        except (ConnectionError, ValueError) as error:
            turn.record_error(RuntimeError(str(error)))
            return APOLOGY


def says_nothing(monitor, model, question):
    with monitor.track("c1", "ada") as turn:
        try:
            return model(question)
        except (ConnectionError, ValueError) as error:
            turn.record_error(error)


def always_failed(monitor, model, question):
    with monitor.track("c1", "ada") as turn:
        turn.record_error(RuntimeError("?"))
        return model(question)


def untracked(monitor, model, question):
    try:
        return model(question)
    except (ConnectionError, ValueError):
        return APOLOGY


def tracked_only_when_it_worked(monitor, model, question):
    try:
        text = model(question)
    except (ConnectionError, ValueError):
        return APOLOGY
    with monitor.track("c1", "ada"):
        return text


def without_the_reply(monitor, model, question):
    with monitor.track("c1", "ada"):
        model(question)


def untouched_bot(monitor, model, question):
    return ...


def by_list(turns):
    known = [turn for turn in turns if turn.input_tokens is not None]
    words = sum(len(turn.question.split()) for turn in known)
    return sum(turn.input_tokens for turn in known) / (words * 1.3) if known else None


def by_loop(turns):
    tokens = words = 0
    for turn in turns:
        if turn.input_tokens is not None:
            tokens += turn.input_tokens
            words += len(turn.question.split())
    if words == 0:
        return None
    return tokens / words / 1.3


def unknown_as_zero(turns):
    return sum(turn.input_tokens or 0 for turn in turns) / sum(len(turn.question.split()) * 1.3 for turn in turns)


def upside_down(turns):
    return 1 / by_list(turns)


def without_the_rule(turns):
    return by_list(turns) * 1.3


def rule_applied_twice(turns):
    return by_list(turns) / 1.3


def mean_of_factors(turns):
    known = [turn for turn in turns if turn.input_tokens is not None]
    return sum(turn.input_tokens / len(turn.question.split()) / 1.3 for turn in known) / len(known)


def zero_for_unknown(turns):
    return by_list(turns) or 0


def untouched_of_turns(turns):
    return ...


def known_or_new(known=None):
    return known or str(uuid4())


def new_by_condition(known=None):
    if known:
        return known
    return f"conversation-{uuid4().hex}"


def from_the_second(known=None):
    return known or f"conv_{int(time.time())}_ada"


def always_new(known=None):
    return str(uuid4())


def keeps_an_empty_one(known=None):
    return str(uuid4()) if known is None else known


def no_text(known=None):
    return known or uuid4()


def untouched_id(known=None):
    return ...


def by_sets(turns):
    users = {turn.user_id for turn in turns if turn.user_id is not None}
    failed = {turn.user_id for turn in turns if turn.error_type is not None} & users
    return len(failed) / len(users) if users else None


def by_dict(turns):
    failed = {}
    for turn in turns:
        if turn.user_id is not None:
            failed[turn.user_id] = failed.get(turn.user_id, False) or turn.error_type is not None
    return sum(failed.values()) / len(failed) if failed else None


def share_of_turns(turns):
    return sum(turn.error_type is not None for turn in turns) / len(turns)


def share_of_known_turns(turns):
    return share_of_turns([turn for turn in turns if turn.user_id is not None])


def nobody_counts_as_a_user(turns):
    return len({t.user_id for t in turns if t.error_type}) / len({t.user_id for t in turns})


def failures_per_user(turns):
    known = [turn for turn in turns if turn.user_id is not None]
    return sum(turn.error_type is not None for turn in known) / len({turn.user_id for turn in known})


def last_turn_decides(turns):
    last = {turn.user_id: turn.error_type for turn in turns if turn.user_id is not None}
    return sum(error is not None for error in last.values()) / len(last)


def percentage(turns):
    return 100 * by_sets(turns)


def zero_for_nobody(turns):
    return by_sets(turns) or 0


CASES = {
    "2.1": Cases(
        right=recorded_inside,
        other_right=caught_outside,
        wrong=[
            (hidden, "looks like a success"),
            (raised_on, "reached the user"),
            (only_lost_connections, "ValueError reached the user"),
            (records_a_text, "the exception itself"),
            (says_nothing, "return `APOLOGY`"),
            (always_failed, "only where there was one"),
            (untracked, "made 0 turns"),
            (tracked_only_when_it_worked, "A question that failed made 0 turns"),
            (without_the_reply, "as it is"),
        ],
        stub=untouched_bot,
    ),
    "2.2": Cases(
        right=by_list,
        other_right=by_loop,
        wrong=[
            (unknown_as_zero, "leave it out"),
            (upside_down, "upside down"),
            (without_the_rule, "the factor is missing"),
            (rule_applied_twice, "once"),
            (mean_of_factors, "divide the sums"),
            (zero_for_unknown, "return `None`"),
            (lambda turns: 49, "not 49"),
            (lambda turns: 720 / (9 * 1.3), "another list"),
        ],
        stub=untouched_of_turns,
    ),
    "2.3": Cases(
        right=known_or_new,
        other_right=new_by_condition,
        wrong=[
            (from_the_second, "a clock cannot"),
            (always_new, "keep it"),
            (keeps_an_empty_one, "empty text"),
            (no_text, "`str(...)`"),
            (lambda known=None: known, "not None"),
        ],
        stub=untouched_id,
    ),
    "2.4": Cases(
        right=by_sets,
        other_right=by_dict,
        wrong=[
            (share_of_turns, "share of turns"),
            (share_of_known_turns, "share of turns"),
            (nobody_counts_as_a_user, "is no user"),
            (failures_per_user, "count each once"),
            (last_turn_decides, "one failed turn is enough"),
            (percentage, "not a percentage"),
            (zero_for_nobody, "return `None`"),
            (lambda turns: 0.25, "another list"),
            (lambda turns: "0.25", "not '0.25'"),
        ],
        stub=untouched_of_turns,
    ),
}
