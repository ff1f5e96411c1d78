"""Calls over WebRTC: the caller's sound goes into the session, and the session's sound to the caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..._audio.wire_formats import AudioDecoder, input_format, output_format
from ..._base import encode_base64
from ..._generated import models
from ..ids import new_id
from .context import Context
from .error_details import ErrorDetails, RefusedError
from .input_audio import InputFormat

if TYPE_CHECKING:
    from ..peer import Peer

__all__ = ["Calls"]

_EXTRA = 'pip install "voicelive[webrtc]"'


class Calls:
    """The call of one session, if it has one."""

    def __init__(
        self,
        context: Context,
        format_now: Callable[[], InputFormat],
        append: Callable[[models.ClientEventInputAudioBufferAppend], Awaitable[None]],
        configure: Callable[[models.ClientEventSessionUpdate], Awaitable[None]],
    ) -> None:
        """Prepare for it.

        Args:
            context: the session.
            format_now: returns the format of the session's input audio.
            append: takes audio as if the client had sent it.
            configure: takes settings as if the client had sent them.
        """
        self._context = context
        self._format = format_now
        self._append = append
        self._configure = configure
        self._peer: Peer | None = None
        self._decoder: tuple[str, AudioDecoder] | None = None
        self._id = ""
        self._full = False

    async def create(self, event: models.ClientEventRtcCallSdpCreate) -> None:
        """Answer ``rtc.call.sdp.create``: with the answer in SDP, or with ``rtc.call.error``."""
        if self._peer is not None:
            self._fail("sdp.create", "call_exists", "This session has a call already.")
            return
        try:
            from ..peer import RATE, Peer
        except ImportError as error:
            self._fail("sdp.create", "webrtc_not_available", f"WebRTC needs aiortc: {_EXTRA} ({error}).")
            return
        self._rate = RATE
        peer = Peer(lambda: self._format().rate, self._hear)
        try:
            answer = await peer.answer(event.sdp_offer)
        except ValueError as error:
            await peer.close()
            self._fail("sdp.create", "invalid_sdp", f"The offer cannot be answered: {error}.")
            return
        self._peer, self._id = peer, new_id("rtc")
        if event.session is not None:
            try:
                await self._configure(models.ClientEventSessionUpdate(session=event.session))
            except RefusedError as refusal:
                self._fail("session", refusal.details.code or "", refusal.details.message)
        self._context.send(models.ServerEventRtcCallSdpCreated(rtc_call_id=self._id, sdp_answer=answer))

    def carries(self, event: models.ServerEvent) -> bool:
        """Take the sound out of an event that goes to the client; return whether it need not be sent then."""
        if self._peer is None:
            return False
        if isinstance(event, models.ServerEventResponseAudioDelta):
            self._play(event.delta_bytes)
            return True
        if isinstance(event, models.ServerEventInputAudioBufferSpeechStarted):
            detection = self._context.session["turn_detection"] or {}
            if detection.get("interrupt_response", True):
                self.clear()
        return False

    def clear(self) -> None:
        """Play nothing of what waits to be played."""
        if self._peer is not None:
            self._peer.clear()

    async def close(self) -> None:
        """Hang up."""
        peer, self._peer = self._peer, None
        if peer is not None:
            await peer.close()

    def _play(self, audio: bytes) -> None:
        assert self._peer is not None
        name = str(self._context.session["output_audio_format"])
        if self._decoder is None or self._decoder[0] != name:
            self._decoder = name, AudioDecoder(output_format(name), self._rate)
        if not self._peer.play(self._decoder[1].feed(audio)) and not self._full:
            self._full = True
            text = "More sound waits to be played in the call than is kept; the rest is left out."
            self._context.warn(ErrorDetails(text, code="call_audio_left_out"))

    async def _hear(self, pcm: bytes) -> None:
        wanted = self._format()
        audio = input_format(wanted.name, wanted.rate).encode(pcm)
        try:
            await self._append(models.ClientEventInputAudioBufferAppend(audio=encode_base64(audio)))
        except RefusedError as refusal:
            self._fail("audio", refusal.details.code or "", refusal.details.message)

    def _fail(self, operation: str, code: str, message: str) -> None:
        error = models.RtcCallErrorDetails(type="server_error", code=code, message=message)
        self._context.send(
            models.ServerEventRtcCallError(operation=operation, rtc_call_id=self._id or None, error=error)
        )
