"""Decides that the colours of a picture are counted, by whatever filter its rows were written."""

import struct
import zlib

import pytest

from tests.support.pictures import colours

Rows = list[bytes]
PIXEL = 3
NONE, SUB, UP, AVERAGE, PAETH = range(5)


def png(rows: Rows, by: int, *, depth: int = 8, kind: int = 2, pixel: int = PIXEL) -> bytes:
    """Write rows as PNG, each by the same filter. Source: PNG specification, "Filter type"."""
    written, above = b"", bytes(len(rows[0]))
    for row in rows:
        left, corner = bytes(pixel) + row[:-pixel], bytes(pixel) + above[:-pixel]
        guesses = {
            NONE: bytes(len(row)),
            SUB: left,
            UP: above,
            AVERAGE: bytes((a + b) // 2 for a, b in zip(left, above, strict=True)),
            PAETH: bytes(nearest(*around) for around in zip(left, above, corner, strict=True)),
        }
        written += bytes([by, *((value - guess) % 256 for value, guess in zip(row, guesses[by], strict=True))])
        above = row
    head = struct.pack(">IIBBBBB", len(rows[0]) // pixel, len(rows), depth, kind, 0, 0, 0)
    data = zlib.compress(written)
    chunks = (b"IHDR", head), (b"tEXt", b"by hand"), (b"IDAT", data[:9]), (b"IDAT", data[9:]), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def nearest(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))


def shades(number: int, width: int = 7, height: int = 9) -> Rows:
    """Return a picture of so many colours, in no order that a filter would like."""
    values = [(position * 37 + 11) % number for position in range(width * height)]
    pixels = [bytes([value * 5 % 256, value * 7 % 256, value]) for value in values]
    return [b"".join(pixels[start : start + width]) for start in range(0, len(pixels), width)]


@pytest.mark.parametrize("by", [NONE, SUB, UP, AVERAGE, PAETH])
@pytest.mark.parametrize("number", [1, 2, 40])
def test_it_counts_the_colours(by: int, number: int) -> None:
    assert colours(png(shades(number), by), enough=100) == number


def test_it_counts_no_further_than_is_enough() -> None:
    assert 5 <= colours(png(shades(40), PAETH), enough=5) <= 7, "the rest of the row that was enough"


def test_a_picture_with_an_alpha_channel_is_read_too() -> None:
    rows = [bytes([9, 9, 9, alpha]) * 4 for alpha in (0, 128, 255)]
    assert colours(png(rows, PAETH, kind=6, pixel=4), enough=100) == len(rows)


def test_a_picture_of_another_kind_is_refused() -> None:
    with pytest.raises(AssertionError, match="8 bits"):
        colours(png(shades(2), NONE, depth=16), enough=2)
