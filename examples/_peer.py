"""The caller's end of a WebRTC call: says a recording, and keeps what it hears. Needs aiortc (`voicelive[webrtc]`)."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Protocol, TypeVar

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, AudioResampler

HEARD_RATE = 24000
T = TypeVar("T")


class Microphone(MediaStreamTrack):
    """A recording, then silence, in real time."""

    kind = "audio"

    def __init__(self, pcm: bytes, rate: int) -> None:
        super().__init__()
        self._pcm, self._rate, self._frames, self._began = pcm, rate, 0, 0.0

    async def recv(self) -> AudioFrame:
        """Return the next 20 ms when it is time for them."""
        samples = self._rate // 50
        if self._frames == 0:
            self._began = time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._frames * 0.02 - time.monotonic()))
        piece, self._pcm = self._pcm[: samples * 2], self._pcm[samples * 2 :]
        frame = AudioFrame(format="s16", layout="mono", samples=samples)
        frame.planes[0].update(piece.ljust(samples * 2, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._frames * samples, Fraction(1, self._rate)
        self._frames += 1
        return frame


class Caller:
    """One call."""

    def __init__(self, pcm: bytes, rate: int) -> None:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._microphone = Microphone(pcm, rate)
        self._connection.addTrack(self._microphone)
        self._connection.on("track", self._listen)
        self._tasks: list[asyncio.Task[None]] = []
        self._more = asyncio.Event()
        self._silent_s: float | None = None
        self.heard = bytearray()
        """What was heard, as 16-bit mono samples at HEARD_RATE."""

    async def offer(self) -> str:
        """Return the offer to send, as SDP."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._connection.localDescription.sdp

    async def accept(self, answer: str) -> None:
        """Take the service's answer; the call begins."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))

    async def silence(self, seconds: float, deadline: float = 60.0) -> None:
        """Wait until somebody has spoken, and has then been silent for some time."""
        async with asyncio.timeout(deadline):
            while self._silent_s is None or self._silent_s < seconds:
                self._more.clear()
                await self._more.wait()

    async def hang_up(self) -> None:
        """End the call."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._microphone.stop()
        await self._connection.close()

    def _listen(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.create_task(self._hear(track)))

    async def _hear(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=HEARD_RATE)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if not isinstance(frame, AudioFrame):
                continue
            for piece in resampler.resample(frame):
                pcm = bytes(piece.planes[0])[: piece.samples * 2]
                self.heard += pcm
                if any(abs(sample) > 500 for sample in memoryview(pcm).cast("h")):
                    self._silent_s = 0.0
                elif self._silent_s is not None:
                    self._silent_s += piece.samples / HEARD_RATE
            self._more.set()


class Run(Protocol):
    """Runs what is awaited on the thread of a call."""

    def __call__(self, work: Coroutine[Any, Any, T], /) -> T: ...


@contextmanager
def calling(pcm: bytes, rate: int) -> Generator[tuple[Caller, Run], None, None]:
    """Yield a call that lives in a thread, and what runs its methods there; hang up at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=90)

    async def make() -> Caller:
        return Caller(pcm, rate)

    try:
        caller = run(make())
        try:
            yield caller, run
        finally:
            run(caller.hang_up())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
