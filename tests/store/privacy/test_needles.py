"""Many texts looked for at once are found where each by itself is, and no others."""

import random

import pytest

from chatmon.store.privacy._needles import Needles


def one_by_one(texts, content):
    return {
        (place, text)
        for text in texts
        for place in range(len(content) - len(text) + 1)
        if content[place : place + len(text)] == text
    }


@pytest.mark.parametrize("signs", [b"ab", b"abc-0123", bytes(range(256))])
@pytest.mark.parametrize("shortest", [1, 2, 6, 9])
def test_every_place_of_every_text_is_found(signs, shortest):
    chance = random.Random(f"{signs!r} {shortest}")

    def some(length):
        return bytes(chance.choices(signs, k=length))

    for _ in range(30):
        texts = {some(chance.randrange(shortest, shortest + 20)) for _ in range(20)}
        content = some(60).join([*texts, some(3)])
        assert set(Needles(texts).found_in(content)) == one_by_one(texts, content)


def test_a_text_that_lies_across_two_pieces_of_what_is_read_is_found():
    for before in range((1 << 20) - 20, (1 << 20) + 2):
        content = b"-" * before + b"a text of twenty ch." + b"-" * 30
        assert list(Needles([b"a text of twenty ch."]).found_in(content)) == [(before, b"a text of twenty ch.")]


def test_nothing_is_found_where_nothing_is_looked_for_or_nothing_is_there():
    assert list(Needles([]).found_in(b"anything")) == []
    assert list(Needles([b"anything"]).found_in(b"any")) == list(Needles([b"a"]).found_in(b"")) == []
