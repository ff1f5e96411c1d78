"""What is played when, what counts as played, and what an answer that runs dry waits for."""

from __future__ import annotations

import random
from array import array

import pytest

from voicelive._core.devices.play_queue import PlayQueue

RATE = 24_000
BLOCK = RATE // 50 * 2
"""20 ms in bytes."""


def sound(ms: int, value: int = 1000) -> bytes:
    return array("h", [value] * (RATE * ms // 1000)).tobytes()


def play(queue: PlayQueue, ms: int) -> bytes:
    """Take so much sound as a callback does."""
    made = bytearray()
    for _ in range(ms // 20):
        block = bytearray(BLOCK)
        queue.fill(memoryview(block))
        made += block
    return bytes(made)


def test_the_first_piece_plays_at_once() -> None:
    """There is no prebuffer: what arrives first is in the next block."""
    queue = PlayQueue(RATE)
    assert play(queue, 40) == bytes(2 * BLOCK)
    queue.add(sound(200))
    assert play(queue, 20) == sound(20)


def test_only_sound_counts_as_played() -> None:
    """Silence before, after and within an answer is not counted."""
    queue = PlayQueue(RATE)
    play(queue, 100)
    queue.add(sound(50))
    play(queue, 100)
    assert queue.take_played() == len(sound(50))
    assert queue.take_played() == 0


@pytest.mark.parametrize("seed", range(20))
def test_every_sample_plays_once_and_in_order(seed: int) -> None:
    """However an answer is cut, and whatever blocks it is taken in, it comes out as it went in."""
    chance = random.Random(seed)
    answer = chance.randbytes(chance.randrange(1, 40_000) * 2)
    queue = PlayQueue(RATE)
    start, out = 0, bytearray()
    while len(out) < len(answer):
        if start < len(answer):
            size = chance.randrange(1, 12_000)
            queue.add(answer[start : start + size])
            start += size
            if start >= len(answer):
                queue.end_item()
        block = bytearray(chance.choice([960, 2, 1764]))
        filled = queue.fill(memoryview(block))
        assert block[filled:] == bytes(len(block) - filled)
        out += block[:filled]
    assert bytes(out) == answer
    assert queue.take_played() == len(answer)


def test_an_answer_that_ran_dry_waits_longer_each_time() -> None:
    """After an underrun 120 ms have to be there before it plays on, then 240, then 480 and no more."""
    queue = PlayQueue(RATE)
    queue.add(sound(20))
    play(queue, 20)
    for number, wait in enumerate((120, 240, 480, 480), start=1):
        play(queue, 20)
        for _ in range(wait // 20 - 1):
            queue.add(sound(20))
            assert play(queue, 20) == bytes(BLOCK)
        queue.add(sound(20))
        assert play(queue, wait) == sound(wait)
        assert queue.underruns == number


def test_the_end_of_an_item_is_not_an_underrun() -> None:
    """Nothing after the last piece is missing, and the next item plays at once, with the shortest wait again."""
    queue = PlayQueue(RATE)
    queue.add(sound(20))
    queue.end_item()
    play(queue, 100)
    queue.add(sound(20))
    assert play(queue, 20) == sound(20)
    assert queue.underruns == 0


def test_what_waits_for_more_plays_when_nothing_more_comes() -> None:
    """The rest of an answer that ran dry is not held back once its end is known."""
    queue = PlayQueue(RATE)
    queue.add(sound(20))
    play(queue, 40)
    assert queue.add(sound(40))
    assert play(queue, 20) == bytes(BLOCK)
    queue.end_item()
    assert play(queue, 40) == sound(40)


def test_what_is_flushed_is_neither_played_nor_counted() -> None:
    """The block after a flush is silent, and what comes next plays at once."""
    queue = PlayQueue(RATE)
    queue.add(sound(1000))
    play(queue, 100)
    assert queue.take_played() == len(sound(100))
    queue.flush()
    assert queue.waiting == 0
    assert play(queue, 40) == bytes(2 * BLOCK)
    queue.add(sound(60, 7))
    assert play(queue, 60) == sound(60, 7)
    assert queue.take_played() == len(sound(60))


def test_what_was_flushed_can_play_on() -> None:
    """A false interruption: the rest plays from where it stopped."""
    answer = bytes(random.Random(1).randbytes(len(sound(500))))
    queue = PlayQueue(RATE)
    queue.add(answer)
    queue.end_item()
    heard = play(queue, 100)
    queue.take_played()
    queue.flush()
    play(queue, 60)
    queue.resume()
    assert heard + play(queue, 400) == answer
    assert queue.take_played() == len(sound(400))
    assert queue.underruns == 0


@pytest.mark.parametrize(("volume", "expected"), [(0.0, 0), (0.5, 500), (1.0, 1000), (4.0, 4000)])
def test_volume_holds_for_what_waits_too(volume: float, expected: int) -> None:
    """A change is heard in the next block."""
    queue = PlayQueue(RATE)
    queue.add(sound(100))
    play(queue, 20)
    queue.volume = volume
    assert play(queue, 20) == sound(20, expected)
    queue.add(sound(20))
    assert play(queue, 80) == sound(80, expected)


def test_too_loud_is_cut_not_turned_around() -> None:
    """Samples above full scale stay at full scale."""
    queue = PlayQueue(RATE)
    queue.volume = 4.0
    queue.add(array("h", [30_000, -30_000] * 480).tobytes())
    assert array("h", play(queue, 20))[:2].tolist() == [32767, -32768]


def test_what_waits_is_bounded() -> None:
    """Half an hour fits; more is refused and counted."""
    queue = PlayQueue(RATE)
    minute = bytes(RATE * 2 * 60)
    for _ in range(31):
        queue.add(minute)
    assert queue.waiting == 30 * len(minute)
    assert queue.refused == len(minute)
