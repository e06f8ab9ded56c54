"""What a picture of a browser's window shows: how many colours. One or two are a page that shows nothing.

Source: PNG specification (third edition), "Datastream structure", "Filtering".
"""

import struct
import zlib
from collections.abc import Callable, Mapping

_PIXEL = {2: 3, 6: 4}
"""Bytes of a pixel by type of colour: RGB, RGBA."""
_SIGNATURE, _HEAD = 8, 13


def colours(png: bytes, enough: int) -> int:
    """Return how many colours a picture has; rows after `enough` were found are not looked at."""
    head, data = _parts(png)
    width, height, depth, kind, *_, interlaced = struct.unpack(">IIBBBBB", head)
    assert (depth, interlaced) == (8, 0), "a browser writes 8 bits a channel, row by row"
    pixel, found, row = _PIXEL[kind], set[bytes](), bytes(width * _PIXEL[kind])
    for start in range(0, height * (len(row) + 1), len(row) + 1):
        row = _row(data[start], data[start + 1 : start + 1 + len(row)], row, pixel)
        found.update(row[at : at + pixel] for at in range(0, len(row), pixel))
        if len(found) >= enough:
            break
    return len(found)


def _parts(png: bytes) -> tuple[bytes, bytes]:
    """Return the header and the filtered rows."""
    at, head, data = _SIGNATURE, b"", b""
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        head, data = (body if name == b"IHDR" else head), (data + body if name == b"IDAT" else data)
        at += 12 + length
    return head[:_HEAD], zlib.decompress(data)


def _row(by: int, written: bytes, above: bytes, pixel: int) -> bytes:
    guess, row = _GUESSES[by], bytearray(written)
    for at, value in enumerate(written):
        left, corner = (row[at - pixel], above[at - pixel]) if at >= pixel else (0, 0)
        row[at] = (value + guess(left, above[at], corner)) % 256
    return bytes(row)


def _nearest(left: int, above: int, corner: int) -> int:
    """Paeth's guess."""
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))


_GUESSES: Mapping[int, Callable[[int, int, int], int]] = {
    0: lambda left, above, corner: 0,
    1: lambda left, above, corner: left,
    2: lambda left, above, corner: above,
    3: lambda left, above, corner: (left + above) // 2,
    4: _nearest,
}
