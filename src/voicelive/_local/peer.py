"""The service's end of a call over WebRTC (package ``aiortc``, extra ``webrtc``): sound in, sound out.

Without aiortc this module cannot be imported; who needs it imports it when a call comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from fractions import Fraction

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, AudioResampler

__all__ = ["RATE", "Peer"]

RATE = 24000
"""Samples a second of the sound that goes out."""

MAX_UNPLAYED_BYTES = 600 * RATE * 2
"""Ten minutes of sound may wait to be played."""

_FRAME_S = 0.02
_FRAME_SAMPLES = RATE // 50
_FRAME_BYTES = _FRAME_SAMPLES * 2
_OPENING_S = 15.0
"""Seconds that the exchange of descriptions may take."""


class _Voice(MediaStreamTrack):
    """What the service says: silence, and what waits to be played, in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()
        self._frames = 0
        self._began = 0.0

    async def recv(self) -> AudioFrame:
        """Return the next 20 ms when it is time for them."""
        if self.readyState != "live":
            raise MediaStreamError
        if self._frames == 0:
            self._began = time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._frames * _FRAME_S - time.monotonic()))
        piece = bytes(self.waiting[:_FRAME_BYTES])
        del self.waiting[:_FRAME_BYTES]
        frame = AudioFrame(format="s16", layout="mono", samples=_FRAME_SAMPLES)
        frame.planes[0].update(piece.ljust(_FRAME_BYTES, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._frames * _FRAME_SAMPLES, Fraction(1, RATE)
        self._frames += 1
        return frame


class Peer:
    """One peer connection."""

    def __init__(self, rate: Callable[[], int], heard: Callable[[bytes], Awaitable[None]]) -> None:
        """Prepare it.

        Args:
            rate: returns the sampling rate at which the caller's sound is wanted.
            heard: takes the caller's sound, as mono PCM16.
        """
        # No servers: it is for this machine and its network.
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._voice = _Voice()
        self._rate, self._heard = rate, heard
        self._listening: list[asyncio.Task[None]] = []
        self._connection.on("track", self._listen)

    async def answer(self, offer: str) -> str:
        """Return the answer to a caller's offer, both as SDP.

        Raises:
            ValueError: if the offer cannot be answered.
        """
        try:
            async with asyncio.timeout(_OPENING_S):
                await self._connection.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
                if not any(transceiver.kind == "audio" for transceiver in self._connection.getTransceivers()):
                    raise ValueError("the offer has no audio")
                self._connection.addTrack(self._voice)
                await self._connection.setLocalDescription(await self._connection.createAnswer())
        except Exception as error:
            # Whatever the library stumbles over in a foreign text.
            raise ValueError(str(error) or type(error).__name__) from error
        return self._connection.localDescription.sdp

    def play(self, pcm: bytes) -> bool:
        """Let PCM16 at :data:`RATE` be played after what waits; return whether all of it found room."""
        room = MAX_UNPLAYED_BYTES - len(self._voice.waiting)
        self._voice.waiting += pcm[: max(0, room)]
        return len(pcm) <= room

    def clear(self) -> None:
        """Play nothing of what waits."""
        self._voice.waiting.clear()

    async def close(self) -> None:
        """Hang up."""
        for task in self._listening:
            task.cancel()
        if self._listening:
            await asyncio.wait(self._listening)
        self._voice.stop()
        await self._connection.close()

    def _listen(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._listening.append(asyncio.create_task(self._hear(track)))

    async def _hear(self, track: MediaStreamTrack) -> None:
        resampler, rate = None, 0
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return  # The caller has hung up.
            if not isinstance(frame, AudioFrame):
                continue
            if resampler is None or rate != self._rate():
                rate = self._rate()
                resampler = AudioResampler(format="s16", layout="mono", rate=rate)
            for piece in resampler.resample(frame):
                await self._heard(bytes(piece.planes[0])[: piece.samples * 2])
