"""What the audio callbacks cost: they only copy."""

from __future__ import annotations

import gc
import time
import tracemalloc
from typing import Any

from voicelive._core.devices.play_queue import PlayQueue
from voicelive._devices.backend import DeviceInfo
from voicelive._devices.streams import BLOCK_MS, Streams

CALLBACKS = 10_000
BLOCK = bytes(range(240)) * 4


def streams() -> Streams:
    """Both directions without a device, with half an hour to play."""
    made = Streams(DeviceInfo(index=0, name="microphone"), DeviceInfo(index=1, name="loudspeaker"))
    made.queue = PlayQueue(24_000)
    made.queue.volume = 0.5
    for _ in range(CALLBACKS // 25):
        made.queue.add(BLOCK * 25)
    return made


def test_callbacks_keep_no_memory_and_trigger_no_collection() -> None:
    """Over 10,000 callbacks of each direction, memory grows by less than 1 KiB, and the collector never runs."""
    both = streams()
    out = memoryview(bytearray(len(BLOCK)))
    heard = memoryview(BLOCK)
    ran: list[Any] = []

    def note(phase: str, info: dict[str, int]) -> None:
        ran.append(phase)

    def call(count: int) -> None:
        for _ in range(count):
            both._fill(out)
            both._deliver(heard)

    tracemalloc.start()
    try:
        # Fills the bounded queues of what waits, which are taken by the connection's side otherwise.
        call(210)
        gc.collect()
        gc.callbacks.append(note)
        before = tracemalloc.get_traced_memory()[0]
        call(CALLBACKS - 210)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        if note in gc.callbacks:
            gc.callbacks.remove(note)
    assert ran == []
    assert grown < 1024


def test_callbacks_take_a_small_part_of_a_block() -> None:
    """99 of 100 take less than a tenth of the 20 ms that a block lasts; measured in time of the processor."""
    both = streams()
    out = memoryview(bytearray(len(BLOCK)))
    heard = memoryview(BLOCK)
    taken: list[float] = []
    for _ in range(CALLBACKS):
        began = time.thread_time()
        both._fill(out)
        both._deliver(heard)
        taken.append(time.thread_time() - began)
    p99 = sorted(taken)[CALLBACKS * 99 // 100]
    assert p99 < BLOCK_MS / 1000 / 10
