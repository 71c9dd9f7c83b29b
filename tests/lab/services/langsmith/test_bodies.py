"""Bodies: what is small on the wire and large in memory is given up in time; parts come out as they went in."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from chatmon.lab.services.langsmith import _bodies as bodies
from chatmon.lab.services.langsmith._values import RefusalError


async def chunks(*parts):
    for part in parts:
        yield part


def test_a_zip_bomb_is_given_up_at_the_limit_and_not_after(monkeypatch):
    monkeypatch.setattr(bodies, "LIMIT", 2**20)
    bomb = zstandard.compress(bytes(200 * 2**20))
    tracemalloc.start()
    with pytest.raises(RefusalError, match="once decompressed"):
        asyncio.run(bodies.read(chunks(bomb), "zstd"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_what_is_too_large_is_read_to_its_end_but_not_kept(monkeypatch):
    monkeypatch.setattr(bodies, "LIMIT", 10)
    left = []

    async def sender():
        for number in range(5):
            yield b"1234"
            left.append(number)

    with pytest.raises(RefusalError, match="has 20 bytes, 10 are taken"):
        asyncio.run(bodies.read(sender(), None))
    assert left == [0, 1, 2, 3, 4]


def test_frames_without_a_size_and_one_after_another_are_read():
    frames = b"".join(zstandard.ZstdCompressor(write_content_size=False).compress(text) for text in (b"one ", b"two"))
    assert asyncio.run(bodies.read(chunks(frames[:7], frames[7:]), "zstd")) == b"one two"


@given(st.lists(st.binary(max_size=40).filter(lambda data: b"--b" not in data), max_size=5))
def test_parts_come_out_as_they_went_in(datas):
    heads = [
        b'--b\r\nContent-Disposition: form-data; name="p%d"\r\nContent-Type: image/png; length=1\r\n\r\n' % n
        for n in range(len(datas))
    ]
    body = b"".join(head + data + b"\r\n" for head, data in zip(heads, datas, strict=True)) + b"--b--\r\n"
    found = bodies.parts(body, 'multipart/form-data; boundary="b"')
    assert [(part.name, part.mime_type, part.data) for part in found] == [
        (f"p{n}", "image/png", data) for n, data in enumerate(datas)
    ]
