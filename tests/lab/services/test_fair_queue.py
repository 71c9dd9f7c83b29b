"""A queue of many users before a few slots: each has one at a time, and nobody waits for more than one of another."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.lab.services._fair_queue import FairQueue

EVENTS = st.lists(st.one_of(st.sampled_from("abcd"), st.integers(0, 9)), max_size=80)
"""A letter: a request of that user comes. A number: one of those that are served or wait goes."""


class Class:
    """A queue under a sequence of events, beside a plain list of what waits."""

    def __init__(self, slots, per_user=100):
        self.queue = FairQueue(slots, per_user)
        self.waits, self.served, self.refused = [], [], []

    def happens(self, event):
        """Let one thing happen, and give each free slot away; return the tickets that got one."""
        if isinstance(event, str):
            ticket = self.queue.join(event)
            (self.refused if ticket is None else self.waits).append(ticket)
        elif here := self.served + self.waits:
            gone = here[event % len(here)]
            self.queue.leave(gone)
            (self.served if gone in self.served else self.waits).remove(gone)
        began = []
        while ticket := self.queue.start():
            self.waits.remove(ticket)
            self.served.append(ticket)
            began.append(ticket)
        return began


@examples(200)
@given(EVENTS, st.integers(1, 3))
def test_who_waits_and_has_no_slot_sees_each_other_user_served_once_at_most(events, slots):
    room = Class(slots)
    passed = {}  # by user in line: who was served since they stand there
    for event in events:
        for ticket in room.happens(event):
            passed.pop(ticket.user, None)
            for others in passed.values():
                assert ticket.user not in others
                others.add(ticket.user)
        in_line = {ticket.user for ticket in room.waits} - {ticket.user for ticket in room.served}
        passed = {user: passed.get(user, set()) for user in in_line}


@examples(100)
@given(EVENTS, st.integers(1, 3))
def test_each_user_has_one_slot_at_most_and_none_is_empty_while_another_waits(events, slots):
    room = Class(slots)
    for event in events:
        room.happens(event)
        users = [ticket.user for ticket in room.served]
        assert len(users) == len(set(users)) <= slots
        assert len(users) == slots or {ticket.user for ticket in room.waits} <= set(users)
        assert set(room.served) == set(room.queue.served.values())
        assert room.queue.waiting.total() == len(room.waits)


@examples(100)
@given(EVENTS, st.integers(1, 3))
def test_a_user_s_own_requests_are_served_in_their_order(events, slots):
    room = Class(slots)
    began = [ticket for event in events for ticket in room.happens(event)]
    for user in "abcd":
        numbers = [ticket.number for ticket in began if ticket.user == user]
        assert numbers == sorted(numbers)


@examples(200)
@given(EVENTS, st.integers(1, 3))
def test_a_newcomer_waits_as_long_as_was_said_where_each_reply_takes_a_second(events, slots):
    room = Class(slots)
    room.queue.leave(room.queue.join("x"))
    taught = room.queue.join("x")
    room.queue.start()
    room.queue.leave(taught, seconds=1.0)
    for event in events:
        room.happens(event)
    said = room.queue.seconds_until("new")
    mine = room.queue.join("new")
    passed = 0
    while True:
        while room.queue.start():
            pass
        if mine in room.queue.served.values():
            break
        passed += 1  # all slots end their replies, a second later
        for ticket in list(room.queue.served.values()):
            room.queue.leave(ticket)
    assert passed == math.ceil(said)


def test_a_user_may_have_so_many_waiting_and_another_still_joins():
    queue = FairQueue(slots=1, per_user=2)
    assert all(queue.join("ada") for _ in range(2))
    assert queue.join("ada") is None
    assert queue.join("bob")


def test_the_wait_is_unknown_until_a_reply_has_ended_and_nothing_where_a_slot_is_free():
    queue = FairQueue(slots=2, per_user=9)
    assert queue.seconds_until("ada") == 0
    first = queue.join("ada")
    queue.start()
    assert (queue.seconds_until("bob"), queue.seconds_until("ada")) == (0, None)
    queue.leave(first)  # it broke off: how long it took says nothing
    second = queue.join("ada")
    queue.start()
    assert queue.seconds_until("ada") is None
    queue.leave(second, seconds=3.0)
    for user in ("ada", "bob", "cleo"):
        queue.join(user)
        queue.start()
    # Two slots, a reply of 3 s in each. Dan comes after Cleo, who has the next free one; Ada after a round of three.
    assert (queue.seconds_until("dan"), queue.seconds_until("ada")) == (3.0, 4.5)


def test_what_has_left_already_leaves_the_queue_as_it_is():
    queue = FairQueue(slots=1, per_user=1)
    ticket = queue.join("ada")
    queue.leave(ticket)
    queue.leave(ticket, seconds=1.0)
    assert (queue.start(), queue.seconds_until("ada"), queue.waiting.total()) == (None, 0, 0)


@pytest.mark.parametrize("numbers", [{"slots": 0, "per_user": 1}, {"slots": 1, "per_user": 0}])
def test_no_slots_or_no_place_to_wait_is_refused(numbers):
    with pytest.raises(ValueError, match=r"\(0\) must be at least 1"):
        FairQueue(**numbers)
