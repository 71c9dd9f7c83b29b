"""Bodies of requests: read up to a limit, decompressed up to a limit, and taken apart into their parts."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from chatmon.lab.services.langsmith._values import RefusalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANNOUNCED: Final = 20 * 2**20
"""Bytes of a batch that clients are told to keep to; a single large run may be more."""
LIMIT: Final = 64 * 2**20
"""Bytes of a body, also once it is decompressed."""
_HEAD: Final = 8192  # bytes above a part's data
_TOO_MUCH: Final = f"the body has over {LIMIT:,} bytes once decompressed: send smaller batches"
_WINDOW: Final = 2**27  # bytes that a zstd frame may make the reader remember
_BOUNDARY: Final = re.compile(r'multipart/form-data;.*\bboundary="?([^";,]{1,200})"?', re.IGNORECASE)
_NAME: Final = re.compile(rb'content-disposition:\s*form-data;.*?\bname="([^"\r\n]*)"', re.IGNORECASE)
_FILENAME: Final = re.compile(rb'\bfilename="([^"\r\n]*)"', re.IGNORECASE)
_TYPE: Final = re.compile(rb"content-type:\s*([^;\r\n]*)", re.IGNORECASE)


class Part(NamedTuple):
    """One part of a multipart body.

    Attributes:
        name: Its name.
        mime_type: Its type, without parameters.
        data: Its bytes.
        filename: Of the file that it is; empty where it is none.
    """

    name: str
    mime_type: str
    data: bytes
    filename: str = ""


async def read(chunks: AsyncIterator[bytes], encoding: str | None, *, gzip: bool = False) -> bytes:
    """Return a whole body, decompressed.

    Args:
        chunks: The body as it arrives.
        encoding: What the header ``Content-Encoding`` says.
        gzip: Whether it may be gzip, as OpenTelemetry's exporters send it and LangSmith's clients never do.

    Raises:
        RefusalError: It is too large, before or after decompression, or not compressed as it says.
    """
    body = bytearray()
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        # What is too large is still read to its end: a client in the midst of sending would not hear the answer.
        if size <= LIMIT:
            body += chunk
    if size > LIMIT:
        raise RefusalError(413, f"the body has {size:,} bytes, {LIMIT:,} are taken: send smaller batches")
    if encoding in (None, "", "identity"):
        return bytes(body)
    if gzip and encoding == "gzip":
        return _unzipped(bytes(body))
    if encoding != "zstd":
        raise RefusalError(
            415, f"Content-Encoding is {encoding!r}: send {'gzip, ' if gzip else ''}zstd, or nothing compressed"
        )
    return _decompressed(bytes(body))


def parts(body: bytes, content_type: str) -> list[Part]:
    r"""Take a multipart body apart.

    Args:
        body: All of it.
        content_type: The header, which names the boundary.

    Raises:
        RefusalError: It is none, or cut off.

    Example:
        >>> body = b'--x\r\nContent-Disposition: form-data; name="post.1"\r\n\r\n{}\r\n--x--\r\n'
        >>> parts(body, "multipart/form-data; boundary=x")
        [Part(name='post.1', mime_type='application/json', data=b'{}', filename='')]
    """
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise RefusalError(422, f"Content-Type is {content_type[:80]!r}, not multipart/form-data with a boundary")
    delimiter = b"\r\n--" + found[1].encode()
    first, *pieces = (b"\r\n" + body).split(delimiter)
    if first or not pieces or not pieces[-1].startswith(b"--"):
        raise RefusalError(400, f"the multipart body is cut off: it does not end with --{found[1]}--")
    return [_part(piece) for piece in pieces[:-1]]


def _part(piece: bytes) -> Part:
    head, gap, data = piece.partition(b"\r\n\r\n")
    name = _NAME.search(head[:_HEAD])
    if len(head) > _HEAD or not gap or name is None:
        raise RefusalError(400, f"a part of the multipart body has no name in the first {_HEAD:,} bytes")
    kind = _TYPE.search(head)
    mime_type = kind[1].strip().decode("latin-1") if kind else "application/json"
    file = _FILENAME.search(head)
    filename = file[1].decode("utf-8", "replace") if file else ""
    return Part(name[1].decode("utf-8", "replace"), mime_type, data, filename)


def _unzipped(body: bytes) -> bytes:
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        found = reader.decompress(body, LIMIT + 1)
    except zlib.error as error:
        raise RefusalError(400, f"the body is no gzip: {error}") from None
    if len(found) > LIMIT:
        raise RefusalError(413, _TOO_MUCH)
    if not reader.eof:
        raise RefusalError(400, f"the gzip is cut off after {len(found):,} bytes")
    return found


def _decompressed(body: bytes) -> bytes:
    import zstandard

    # The client does not write the size into its frames, so only reading tells; one byte more than allowed is enough.
    reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(body, read_across_frames=True)
    found = bytearray()
    try:
        while len(found) <= LIMIT and (chunk := reader.read(2**20)):
            found += chunk
    except zstandard.ZstdError as error:
        raise RefusalError(400, f"the body is no zstd: {error}") from None
    if len(found) > LIMIT:
        raise RefusalError(413, _TOO_MUCH)
    return bytes(found)
