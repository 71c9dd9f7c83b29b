"""Requests that wait for their turn in an event loop, with a clock that the test moves."""

from __future__ import annotations

import asyncio

import pytest

from chatmon.lab.services._fair_queue import FairQueue
from chatmon.lab.services._waiting import NoTurnError, WaitingRoom


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def room(*, longest=60.0, per_user=9):
    clock = Clock()
    return WaitingRoom(FairQueue(slots=1, per_user=per_user), longest, clock), clock


async def served(room, user, order, go_on=None):
    """Take a turn, note it, and keep it until told."""
    async with room.turn(user):
        order.append(user)
        if go_on is not None:
            await go_on.wait()


async def begun(*work):
    """Start some work, each as far as it comes."""
    tasks = []
    for one in work:
        tasks.append(asyncio.ensure_future(one))
        await asyncio.sleep(0)
    return tasks


def test_users_take_turns_whoever_came_first():
    async def scene():
        here, _ = room()
        order, go_on = [], asyncio.Event()
        tasks = await begun(*(served(here, user, order, go_on) for user in ["ada", "ada", "ada", "bob", "eve"]))
        assert order == ["ada"]
        assert here.state("bob") == {"slots": 1, "served": 1, "waiting": 4, "users_waiting": 3, "seconds": None}
        go_on.set()
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(scene()) == ["ada", "bob", "eve", "ada", "ada"]


def test_how_long_a_wait_is_is_learnt_from_how_long_replies_took():
    async def scene():
        here, clock = room(longest=30)
        async with here.turn("ada"):
            assert here.state("bob")["seconds"] is None
            clock.now += 20
        async with here.turn("ada"):
            assert here.state("bob")["seconds"] == 20
            (waits,) = await begun(served(here, "eve", []))
            with pytest.raises(NoTurnError, match=r"about 40 s, 30 s are the longest: try again in 40 s") as refused:
                async with here.turn("bob"):
                    raise AssertionError
            assert (refused.value.own, refused.value.retry_after) == (False, 40)
        await waits

    asyncio.run(scene())


def test_a_reply_that_broke_off_teaches_nothing_and_frees_its_slot():
    async def scene():
        here, clock = room()

        async def broken():
            async with here.turn("ada"):
                clock.now += 500
                raise ConnectionError

        with pytest.raises(ConnectionError):
            await broken()
        async with here.turn("bob"):
            assert here.state("ada")["seconds"] is None

    asyncio.run(scene())


def test_who_has_too_many_waiting_is_refused_and_who_has_none_is_not():
    async def scene():
        here, _ = room(per_user=1)
        order, go_on = [], asyncio.Event()
        tasks = await begun(*(served(here, "ada", order, go_on) for _ in range(2)))
        with pytest.raises(NoTurnError, match="1 requests of yours wait already") as refused:
            async with here.turn("ada"):
                raise AssertionError
        assert (refused.value.own, refused.value.retry_after) == (True, 1)
        tasks += await begun(served(here, "bob", order))
        go_on.set()
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(scene()) == ["ada", "bob", "ada"]


def test_a_wait_that_was_not_foreseen_ends_all_the_same():
    async def scene():
        here, _ = room(longest=0.01)
        async with here.turn("ada"):
            with pytest.raises(NoTurnError, match=r"no slot of the model was free within 0\.01 s"):
                async with here.turn("bob"):
                    raise AssertionError
            assert here.state("bob")["waiting"] == 0

    asyncio.run(scene())


def test_who_is_cancelled_leaves_the_queue_and_the_next_goes_on():
    async def scene():
        here, _ = room()
        order, go_on = [], asyncio.Event()
        first, second, third = await begun(*(served(here, user, order, go_on) for user in ("ada", "bob", "eve")))
        second.cancel()
        first.cancel()
        await asyncio.wait([first, second])
        go_on.set()
        await third
        return order

    assert asyncio.run(scene()) == ["ada", "eve"]
