"""The answers that the exercises of lesson 2 are tried with."""

import itertools
import os
import random
import secrets
import threading
import time
import uuid
from collections import defaultdict
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial
from statistics import mean
from uuid import uuid4

import numpy as np
import pandas as pd
from cases import Cases, returning

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


def by_frame(turns):
    table = pd.DataFrame([(turn.question, turn.input_tokens) for turn in turns], columns=["question", "tokens"])
    known = table.dropna()
    return (known["tokens"].sum() / known["question"].str.split().str.len().sum() / 1.3) if len(known) else None


def by_array(turns):
    pairs = [(turn.input_tokens, len(turn.question.split())) for turn in turns if turn.input_tokens is not None]
    tokens, words = np.array(pairs, dtype=float).reshape(-1, 2).sum(axis=0)
    return tokens / (1.3 * words) if words else None


def exactly(turns):
    known = [turn for turn in turns if turn.input_tokens is not None]
    words = sum(len(turn.question.split()) for turn in known)
    return Fraction(10 * sum(turn.input_tokens for turn in known), 13 * words) if words else None


def above_instead_of_below(turns):
    known = [turn for turn in turns if turn.input_tokens is not None]
    words = sum(len(turn.question.split()) for turn in known)
    return sum(turn.input_tokens for turn in known) / words * 1.3 if known else None


def of_letters(turns):
    known = [turn for turn in turns if turn.input_tokens is not None]
    return sum(turn.input_tokens for turn in known) / sum(len(turn.question) * 1.3 for turn in known)


def forgets_to_return(turns):
    by_list(turns)


def difference(turns):
    known = [turn for turn in turns if turn.input_tokens is not None]
    return sum(turn.input_tokens - len(turn.question.split()) * 1.3 for turn in known)


def divides_by_nothing(turns):
    known = [turn for turn in turns if turn.input_tokens is not None]
    return sum(turn.input_tokens for turn in known) / (sum(len(turn.question.split()) for turn in known) * 1.3)


def before_the_try(monitor, model, question):
    turn = monitor.track("c2", "eve")
    with turn as open_turn:
        reply = APOLOGY
        try:
            reply = model(question)
        except Exception as error:  # noqa: BLE001 - the exercise asks for any
            open_turn.record_error(error)
    return reply


def by_suppression(monitor, model, question):
    with suppress(Exception), monitor.track("c3", "bob"):
        return model(question)
    return "Please forgive us."


class Bot:
    def __call__(self, monitor, model, question):
        return recorded_inside(monitor, model, question)


def in_another_function(monitor, model, question):
    def asked(turn):
        try:
            return True, model(question)
        except Exception as error:  # noqa: BLE001
            return False, turn.record_error(error)

    with monitor.track(str(uuid4()), user_id="ada") as turn:
        worked, reply = asked(turn)
    return reply if worked else APOLOGY


def in_german(monitor, model, question):
    return recorded_inside(monitor, model, question).replace(APOLOGY, "Das tut uns leid.")


def by_finally(monitor, model, question):
    text = APOLOGY
    with monitor.track("c5") as turn:
        try:
            text = model(question)
        except Exception as error:  # noqa: BLE001
            turn.record_error(error)
        finally:
            reply = text
    return reply


def shows_the_error(monitor, model, question):
    with monitor.track("c1", "ada") as turn:
        try:
            return model(question)
        except Exception as error:  # noqa: BLE001
            turn.record_error(error)
            return f"Sorry: {error}"


def asks_twice(monitor, model, question):
    model(question)
    return recorded_inside(monitor, model, question)


def asks_something_else(monitor, model, question):
    return recorded_inside(monitor, model, question.upper())


def two_turns(monitor, model, question):
    with monitor.track("c1"):
        pass
    return recorded_inside(monitor, model, question)


def empty_apology(monitor, model, question):
    return recorded_inside(monitor, model, question).replace(APOLOGY, "  ")


def returns_a_pair(monitor, model, question):
    return recorded_inside(monitor, model, question), True


def plain_uuid(known):
    return known or str(uuid.uuid4())


def random_bytes(known=None):
    return known or secrets.token_hex(16)


def random_letters(known=None):
    return known or "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=24))


def time_and_chance(known=None):
    return known or f"{time.time_ns()}-{uuid4().hex}"


def by_system(known=None):
    return known or os.urandom(12).hex()


def many_bits(known=None):
    return known or str(random.getrandbits(100))


def by_uuid1(known=None):
    return known or str(uuid.uuid1())


def with_memory(known=None, seen=set()):  # noqa: B006 - kept between calls on purpose
    while not known or (known not in seen and known is None):
        known = str(uuid4())
    seen.add(known)
    return known


def from_nanoseconds(known=None):
    return known or str(time.time_ns())


def from_date(known=None):
    return known or datetime.now().isoformat()  # noqa: DTZ005


def from_timer(known=None):
    return known or f"c-{time.perf_counter_ns()}"


COUNTER = itertools.count(1)


def counted(known=None):
    return known or f"c-{next(COUNTER)}"


def process_and_counter(known=None):
    return known or f"{os.getpid()}-{next(COUNTER)}"


def time_and_counter(known=None):
    return known or f"{time.time_ns()}-{next(COUNTER)}"


DICE = random.Random(7)


def seeded(known=None):
    return known or str(DICE.getrandbits(128))


def six_digits(known=None):
    return known or str(random.randint(0, 999_999))


def by_name(known=None):
    return known or str(uuid.uuid5(uuid.NAMESPACE_DNS, str(time.time_ns())))


@cache
def remembered(known=None):
    return known or str(uuid4())


def in_lower_case(known=None):
    return known.strip() if known else str(uuid4())


LOCK = threading.Lock()


def locked(known=None):
    with LOCK:
        return known or str(next(COUNTER))


def none_for_empty(known=None):
    return None if known == "" else known_or_new(known)


def by_intersection(turns):
    known = {turn.user_id for turn in turns} - {None}
    failed = known.intersection(turn.user_id for turn in turns if turn.error_type)
    return Fraction(len(failed), len(known)) if known else None


def by_groups(turns):
    table = pd.DataFrame([(turn.user_id, turn.error_type is not None) for turn in turns], columns=["user", "failed"])
    per_user = table.dropna(subset="user").groupby("user")["failed"].any()
    return per_user.mean() if len(per_user) else None


def by_default_dict(turns):
    errors = defaultdict(list)
    for turn in turns:
        if turn.user_id:
            errors[turn.user_id].append(bool(turn.error_type))
    return mean(map(float, map(any, errors.values()))) if errors else None


def by_unique(turns):
    pairs = np.array([(turn.user_id, str(turn.error_type)) for turn in turns if turn.user_id], dtype=str).reshape(-1, 2)
    users = np.unique(pairs[:, 0])
    failed = np.unique(pairs[pairs[:, 1] != "None", 0])
    return np.float32(failed.size / users.size) if users.size else None


def mean_of_rates(turns):
    table = pd.DataFrame([(turn.user_id, turn.error_type is not None) for turn in turns], columns=["user", "failed"])
    return table.groupby("user")["failed"].mean().mean()


def how_many(turns):
    return len({turn.user_id for turn in turns if turn.user_id and turn.error_type})


def never_let_down(turns):
    return None if by_sets(turns) is None else 1 - by_sets(turns)


def upside_down_users(turns):
    return 1 / by_sets(turns)


def users_over_turns(turns):
    return how_many(turns) / len(turns)


def divides_by_nobody(turns):
    known = {turn.user_id for turn in turns if turn.user_id}
    return len({turn.user_id for turn in turns if turn.user_id and turn.error_type}) / len(known)


def nan_for_nobody(turns):
    return float("nan") if by_sets(turns) is None else by_sets(turns)


CASES = {
    "2.1": Cases(
        right=[
            recorded_inside,
            caught_outside,
            before_the_try,
            by_suppression,
            Bot(),
            in_another_function,
            in_german,
            by_finally,
            partial(recorded_inside),
            lambda monitor, model, question: recorded_inside(monitor, model, question),
        ],
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
            (shows_the_error, "belongs into the turn"),
            (asks_twice, "ask it once"),
            (asks_something_else, "what the user asks"),
            (two_turns, "made 2 turns"),
            (empty_apology, "return `APOLOGY`"),
            (returns_a_pair, "as it is"),
            (lambda monitor, model, question: APOLOGY, "The model was asked []"),
        ],
        stub=untouched_bot,
    ),
    "2.2": Cases(
        right=[
            by_list,
            by_loop,
            by_frame,
            by_array,
            exactly,
            returning(by_list, lambda factor: round(factor, 2)),
            returning(by_list, lambda factor: Decimal(str(factor))),
            returning(by_list, np.float32),
            returning(by_list, np.array),
            returning(by_list, lambda factor: pd.Series([factor])),
        ],
        wrong=[
            (unknown_as_zero, "leave it out"),
            (upside_down, "upside down"),
            (without_the_rule, "the factor is missing"),
            (above_instead_of_below, "they stand above it"),
            (rule_applied_twice, "once"),
            (mean_of_factors, "divide the sums"),
            (of_letters, "Those are letters"),
            (difference, "That is a difference"),
            (lambda turns: 100 * by_list(turns), "not per cent"),
            (lambda turns: by_list(turns) - 1, "by how much it was too low"),
            (lambda turns: by_list(turns[:1]), "the first turn alone"),
            (zero_for_unknown, "return `None`"),
            (divides_by_nothing, "you divide by 0"),
            (lambda turns: by_list(turns) or float("nan"), "return `None`, not nan"),
            (lambda turns: 49, "not 49"),
            (lambda turns: 720 / (9 * 1.3), "another list"),
            (lambda turns: str(by_list(turns)), "is no number"),
            (forgets_to_return, "is something returned"),
        ],
        stub=untouched_of_turns,
    ),
    "2.3": Cases(
        right=[
            known_or_new,
            new_by_condition,
            plain_uuid,
            random_bytes,
            random_letters,
            time_and_chance,
            by_system,
            many_bits,
            by_uuid1,
            with_memory,
        ],
        wrong=[
            (from_the_second, "all got 'conv_1791208800_ada'"),
            (from_nanoseconds, "neither a clock"),
            (from_date, "neither a clock"),
            (from_timer, "neither a clock"),
            (counted, "made 20,000 ids alike, such as 'c-"),
            (process_and_counter, "the number of a process begin alike"),
            (time_and_counter, "A clock, a counter"),
            (seeded, "begin alike on two machines"),
            (six_digits, "too little in them differs"),
            (by_name, "neither a clock"),
            (remembered, "all got"),
            (always_new, "keep it"),
            (in_lower_case, "keep it as it is"),
            (keeps_an_empty_one, "empty text"),
            (none_for_empty, "empty text has no conversation yet, and got None"),
            (no_text, "`str(...)`"),
            (lambda known=None: known, "not None"),
            (locked, "cannot be carried into another process"),
        ],
        stub=untouched_id,
    ),
    "2.4": Cases(
        right=[
            by_sets,
            by_dict,
            by_intersection,
            by_groups,
            by_default_dict,
            by_unique,
            returning(by_sets, Decimal),
            returning(by_sets, np.array),
            returning(by_sets, lambda share: pd.Series([share], dtype="Float32")),
        ],
        wrong=[
            (share_of_turns, "share of turns"),
            (share_of_known_turns, "share of turns"),
            (nobody_counts_as_a_user, "is no user"),
            (failures_per_user, "count each once"),
            (last_turn_decides, "one failed turn is enough"),
            (percentage, "not a percentage"),
            (mean_of_rates, "the mean of users' own error rates"),
            (how_many, "how many users were let down"),
            (never_let_down, "give the share of the others"),
            (upside_down_users, "upside down"),
            (users_over_turns, "divide users by users"),
            (zero_for_nobody, "return `None`"),
            (divides_by_nobody, "you divide by 0"),
            (nan_for_nobody, "return `None`, not nan"),
            (lambda turns: 0.25, "another list"),
            (lambda turns: 0.3, "and not 0.3"),
            (lambda turns: "0.25", "'0.25' is no number"),
        ],
        stub=untouched_of_turns,
    ),
}
