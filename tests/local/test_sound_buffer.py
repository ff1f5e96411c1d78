"""The buffer of what a session hears."""

from __future__ import annotations

import random

from voicelive._local.session.sound_buffer import SoundBuffer


def test_it_holds_what_a_run_of_bytes_would() -> None:
    """Whatever is added, forgotten and cut out, in whatever sizes, length and parts are those of plain bytes."""
    chance = random.Random(7)
    buffer, plain = SoundBuffer(), bytearray()
    for _ in range(2000):
        step = chance.choice(
            ["append", "append", "append", "drop", "clear"] if len(plain) < 10**6 else ["drop", "clear"]
        )
        if step == "append":
            data = chance.randbytes(chance.choice([0, 2, 320, 4800, 32 * 1024, 96_000]))
            buffer.append(data)
            plain += data
        elif step == "drop":
            count = chance.choice([0, 2, 4800, 32 * 1024, 100_000, len(plain), len(plain) + 2])
            buffer.drop(count)
            del plain[:count]
        elif chance.random() < 0.1:
            buffer.clear()
            plain.clear()
        start, end = sorted(chance.randrange(-10, len(plain) + 10) for _ in range(2))
        assert len(buffer) == len(plain)
        assert buffer.part(start, end) == plain[max(0, start) : max(0, end)]

    assert buffer.part(0, len(buffer)) == plain


def test_a_part_that_ends_before_it_begins_is_empty() -> None:
    """Cutting from a place to one before it takes nothing."""
    buffer = SoundBuffer()
    buffer.append(bytes(100_000))

    assert buffer.part(50_000, 10) == b""
