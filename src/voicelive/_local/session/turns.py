"""The user's spoken turns: from incoming audio to items of the conversation, and the answers they ask for."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

from ..._base import decode_base64
from ..._generated import models
from ..engines.protocols import Transcript
from ..faults.kinds import TranscriptionFailure
from . import error_details as errors
from .context import Context, item_model
from .conversation import Entry
from .defaults import is_openai_transcriber
from .error_details import ErrorDetails, RefusedError
from .fillers import without_fillers
from .input_audio import InputAudio, InputFormat, Turn, TurnStarted
from .responses import Responses
from .sequencer import Sequencer

__all__ = ["Turns"]

logger = logging.getLogger("voicelive.local")

_LISTEN_MS = 1000
"""How much audio is listened to in one go: between two such pieces the session can answer."""


class Turns:
    """Listens, finds or takes turns, and has them transcribed and answered."""

    def __init__(self, context: Context, audio: InputAudio, responses: Responses, sequencer: Sequencer) -> None:
        self._context = context
        self._audio = audio
        self._responses = responses
        self._sequencer = sequencer
        self._latest_turn_id: str | None = None
        self._unanswered: Turn | None = None
        self._committed: Entry | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._listening = False  # another thread may be at the audio
        self._due_ms: int | None = None
        responses.on_idle = self._wait_for_speech

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._idle is not None:
            self._idle.cancel()

    def _wait_for_speech(self, unheard_s: float) -> None:
        """Let the assistant go on by itself where the user stays silent for the session's ``idle_timeout_ms``."""
        self.close()
        timeout_ms = self._detection().get("idle_timeout_ms")
        if timeout_ms is not None:
            loop = asyncio.get_running_loop()
            heard_by_ms = self._audio.end_ms + int(unheard_s * 1000)
            self._idle = loop.call_later(unheard_s + timeout_ms / 1000, self._timed_out, heard_by_ms)

    def _timed_out(self, heard_by_ms: int) -> None:
        if self._listening:
            self._due_ms = heard_by_ms
            return
        if self._audio.speaking or self._responses.active_id is not None or not self._detection():
            return
        start_ms = min(heard_by_ms, self._audio.end_ms)
        turn = self._audio.take_silence(start_ms)
        self._context.send(
            models.ServerEventInputAudioBufferTimeoutTriggered(
                audio_start_ms=start_ms, audio_end_ms=turn.audio_end_ms or start_ms, item_id=turn.item_id
            )
        )
        self._take(turn, answer=True)

    @property
    def audio_format(self) -> InputFormat:
        """The format of the session's input audio."""
        return self._audio.format

    def user_speaks(self) -> bool:
        """Return whether a turn is going on that is not to be talked over."""
        return self._audio.speaking and self._detection().get("interrupt_response", True)

    async def append(self, event: models.ClientEventInputAudioBufferAppend) -> None:
        """Listen to more audio; send what voice activity finds in it.

        Raises:
            RefusedError: for audio that cannot be read, or a full buffer.
        """
        data = decode_base64(event.audio)
        self._audio.format.check(data)
        if data:
            self._repeat_committed()
            if not self._context.locks.input_audio:
                self._context.locks = replace(self._context.locks, input_audio=True)
        self._listening = True
        try:
            await self._listen(data)
        finally:
            self._listening = False
        due, self._due_ms = self._due_ms, None
        if due is not None:
            self._timed_out(due)

    async def _listen(self, data: bytes) -> None:
        piece = self._audio.format.rate * self._audio.format.frame_bytes * _LISTEN_MS // 1000
        for start in range(0, len(data), piece):
            if self._audio.judges:
                # What takes this long must not hold up the one thread that listens for all sessions.
                found = await self._context.workers.run(self._audio.feed, data[start : start + piece])
            elif self._audio.light:
                found = self._audio.feed(data[start : start + piece])
                if start + piece < len(data):
                    await asyncio.sleep(0)
            else:
                found = await self._context.workers.listen(self._audio.feed, data[start : start + piece])
            for event_found in found:
                if isinstance(event_found, TurnStarted):
                    await self._started(event_found)
                else:
                    self._stopped(event_found)

    async def _started(self, turn: TurnStarted) -> None:
        self.close()
        self._context.send(
            models.ServerEventInputAudioBufferSpeechStarted(audio_start_ms=turn.audio_start_ms, item_id=turn.item_id)
        )
        detection = self._detection()
        if not detection.get("interrupt_response", True):
            return
        playback = self._responses.playback()
        if self._responses.active_id is not None:
            await self._responses.cancel("turn_detected")
            playback = self._responses.playback()
        if detection.get("auto_truncate") and playback is not None:
            played_ms = playback.played_ms(asyncio.get_running_loop().time())
            if played_ms < playback.audio_ms:
                self._truncate(playback.item_id, played_ms, detection.get("appended_text_after_truncation") or "")

    def _truncate(self, item_id: str, audio_end_ms: int, appended: str) -> None:
        try:
            self._context.conversation.truncate(item_id, audio_end_ms, appended=appended)
        except RefusedError:
            return  # The client has deleted the item, or cut it shorter itself.
        self._context.send(
            models.ServerEventConversationItemTruncated(
                item_id=item_id,
                content_index=0,
                audio_end_ms=audio_end_ms,
                item=self._context.item(item_id),
            )
        )

    def _stopped(self, turn: Turn) -> None:
        assert turn.audio_end_ms is not None
        self._context.send(
            models.ServerEventInputAudioBufferSpeechStopped(audio_end_ms=turn.audio_end_ms, item_id=turn.item_id)
        )
        self._take(turn, answer=self._detection().get("create_response", True))

    def commit(self, answer: bool | None = None) -> None:
        """Take what is in the buffer as the user's turn.

        Args:
            answer: whether it is answered; by default where turn detection is on and creates responses.

        Raises:
            RefusedError: if there is too little.
        """
        turn = self._audio.commit()
        self._committed = None
        if answer is None:
            answer = bool(self._detection().get("create_response", False))
        self._take(turn, answer=answer)

    def clear(self) -> None:
        """Forget what is in the buffer and send ``input_audio_buffer.cleared``."""
        self._audio.clear()
        self._context.send(models.ServerEventInputAudioBufferCleared())

    def take_marked(self, pcm: bytes, rate: int) -> None:
        """Take a turn that the client marked out itself; it is answered unless the settings say otherwise."""
        answer = self._detection().get("create_response", True)
        self._take(Turn(self._context.new_spoken_id(), pcm, rate), answer=answer)

    def _detection(self) -> dict[str, Any]:
        return self._context.session["turn_detection"] or {}

    def _take(self, turn: Turn, *, answer: bool) -> None:
        if self._context.dialect.links_all_items:
            previous = self._context.conversation.link_for("speech")
        else:
            # Not the conversation's: the turn before may still be on its way into it.
            previous, self._latest_turn_id = self._latest_turn_id, turn.item_id
        self._context.send(models.ServerEventInputAudioBufferCommitted(previous_item_id=previous, item_id=turn.item_id))
        if answer:
            self._unanswered = turn
        self._sequencer.add(lambda: self._enter(turn))

    def _answer(self, turn: Turn, known: asyncio.Event | None = None) -> None:
        # Of several turns that were spoken while the first was still being transcribed, the last gets the answer.
        if self._unanswered is turn:
            self._unanswered = None
            self._responses.create_for_turn(known)

    async def _enter(self, turn: Turn) -> None:
        """Make a turn an item of the conversation, in the dialect's order, and have it answered."""
        context = self._context
        entry = Entry(_user_item(turn.item_id), origin="speech")
        if context.dialect.transcript_before_item:
            for event in await self._transcribe(entry, turn):
                context.send(event)
            self._announce(entry, turn)
            if not entry.only_fillers:
                self._answer(turn)
            return
        self._announce(entry, turn)
        during_answer = context.hears_by_itself and context.dialect.transcript_during_answer
        known = asyncio.Event()
        self._answer(turn, known)
        try:
            events = await self._transcribe(entry, turn)
            if not (during_answer and self._responses.accompany(known, events)):
                for event in events:
                    context.send(event)
        finally:
            known.set()

    def _announce(self, entry: Entry, turn: Turn) -> None:
        conversation = self._context.conversation
        previous = conversation.add(entry)
        conversation.store_audio(entry, turn.pcm, turn.duration_ms)
        self._context.announce(entry, previous)
        if self._context.hears_by_itself and self._context.dialect.says_item_done:
            self._context.send(
                models.ServerEventConversationItemDone(previous_item_id=previous, item=item_model(entry.payload))
            )
        if turn.audio_end_ms is None:
            self._committed = entry

    def _repeat_committed(self) -> None:
        entry, self._committed = self._committed, None
        if entry is None or "duplicate_transcription" not in self._context.quirks:
            return
        self._context.send(
            models.ServerEventConversationItemInputAudioTranscriptionCompleted(
                item_id=entry.id, content_index=0, transcript=""
            )
        )
        self._context.announce(entry, entry.id)

    async def _transcribe(self, entry: Entry, turn: Turn) -> list[models.ServerEvent]:
        """Find out what was said; return what is to be told of it where the session has input transcription."""
        context = self._context
        settings = context.session["input_audio_transcription"]
        await context.pacing.pause(context.pacing.transcription)
        ordered = context.faults.take_first(TranscriptionFailure) if settings is not None else None
        if ordered is not None:
            entry.heard = ""
            return [_failure(turn.item_id, errors.ordered(ordered.code, ordered.message))]
        try:
            heard = await self.hear(turn.pcm, turn.rate)
        except Exception:
            # Whatever an engine raises is reported for this item, as it would be by the service.
            logger.exception("transcription of %s failed", turn.item_id)
            entry.heard = ""
            details = errors.internal_error("transcribing the audio")
            return [] if settings is None else [_failure(turn.item_id, details)]
        text = entry.heard = self._said(heard.text)
        entry.only_fillers = bool(heard.text and not text)
        if settings is None:
            return []
        entry.payload["content"][0]["transcript"] = text
        events: list[models.ServerEvent] = []
        if text and context.dialect.passes_turns_through and is_openai_transcriber(settings["model"]):
            # Recorded: these models' transcript comes in one piece, and then as a whole.
            events.append(
                models.ServerEventConversationItemInputAudioTranscriptionDelta(
                    item_id=turn.item_id, content_index=0, delta=text
                )
            )
        events.append(
            models.ServerEventConversationItemInputAudioTranscriptionCompleted(
                item_id=turn.item_id,
                content_index=0,
                transcript=text,
                usage={"type": "duration", "seconds": -(-turn.duration_ms // 1000)},
            )
        )
        return events

    def _said(self, heard: str) -> str:
        if not self._detection().get("remove_filler_words"):
            return heard
        return without_fillers(heard, (self._context.session["input_audio_transcription"] or {}).get("language"))

    async def hear(self, pcm: bytes, rate: int) -> Transcript:
        """Transcribe mono PCM16 of `rate` Hz with the session's language and phrases."""
        settings = self._context.session["input_audio_transcription"] or {}
        return await self._context.workers.run(
            self._context.engines.transcriber.transcribe,
            pcm,
            rate,
            settings.get("language") or None,
            settings.get("phrase_list") or (),
        )


def _failure(item_id: str, details: ErrorDetails) -> models.ServerEvent:
    return models.ServerEventConversationItemInputAudioTranscriptionFailed(
        item_id=item_id,
        content_index=0,
        error={"type": details.type, "code": details.code, "message": details.message},
    )


def _user_item(item_id: str) -> dict[str, Any]:
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": None}],
    }
