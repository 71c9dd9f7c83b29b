"""A queue of many users before a few slots: nobody waits behind more than one request of another."""

from __future__ import annotations

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
def test_while_a_user_s_oldest_request_waits_each_other_user_is_served_once_at_most(events, slots):
    room = Class(slots)
    passed = {}  # by user with something waiting: who was served since the oldest of it was next
    for event in events:
        for ticket in room.happens(event):
            passed.pop(ticket.user, None)
            for others in passed.values():
                assert ticket.user not in others
                others.add(ticket.user)
        waiting = {ticket.user for ticket in room.waits}
        passed = {user: passed.get(user, set()) for user in waiting}


@examples(100)
@given(EVENTS, st.integers(1, 3))
def test_no_slot_is_empty_while_somebody_waits_and_no_more_are_served_than_there_are(events, slots):
    room = Class(slots)
    for event in events:
        room.happens(event)
        assert len(room.served) <= slots
        assert not room.waits or len(room.served) == slots
        assert set(room.served) == room.queue.served
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
@given(EVENTS, st.integers(1, 3), st.sampled_from("abcde"))
def test_how_many_are_ahead_is_what_comes_about_when_nobody_else_joins(events, slots, user):
    room = Class(slots)
    for event in events:
        room.happens(event)
    said = room.queue.ahead(user)
    mine = room.queue.join(user)
    before = 0
    while mine not in room.queue.served:
        ticket = room.queue.start()
        if ticket is None:
            room.queue.leave(next(iter(room.queue.served)))
        else:
            before += ticket != mine
    assert before == said


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
    assert queue.seconds_until("bob") == 0
    second = queue.join("ada")
    queue.start()
    assert queue.seconds_until("bob") is None
    queue.leave(first)  # it broke off: how long it took says nothing
    queue.join("ada")
    queue.start()
    assert queue.seconds_until("bob") is None
    queue.leave(second, seconds=3.0)
    queue.join("ada")
    queue.start()
    assert queue.seconds_until("bob") == 1.5  # two slots, a reply of 3 s in each: the first is free after half of that


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
