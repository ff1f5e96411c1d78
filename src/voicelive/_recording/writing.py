"""Writes a recording: the lines, the sound of both directions, and both sides as they were heard."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .._core.json_values import mapping, read_json
from .._public import public_in
from .._wire_values import decode_standard
from ..errors import ConfigurationError
from .lines import CALL_LINES, Direction, HeardStretch, RecordingHeader, line
from .redaction import Redaction, patterns_of, without_content
from .session_sound import input_of, output_of
from .sound_fields import ANSWER_AUDIO, USER_AUDIO, take_out
from .sounds import SoundReference
from .tape import Tape
from .wav_files import Stream

__all__ = ["RecordingWriter"]

_HELD = 1 << 16
"""Bytes of lines that are held at most before everything is written: a system call for each would cost more than the
lines."""
_SOUND = USER_AUDIO | ANSWER_AUDIO
_STREAMS: dict[Direction, str] = {"sent": "sent", "received": "received", "local": "received"}


@public_in("voicelive.recording")
class RecordingWriter:
    """Writes one recording into a folder of its own, by whatever there is to write. Not safe for threads by itself.

    :class:`Recorder` does that beside a call. Times are in seconds from the beginning of the recording. Every method
    but :meth:`close` may raise ``OSError``, as from a full disk: what was written before can be read.

    Example::

        writer = RecordingWriter("calls/one", RecordingHeader(started="2026-11-28T12:00:00Z", model="gpt-realtime"))
        writer.event("received", b'{"type":"session.created","session":{}}', 0.1)
        writer.close(1.0)
    """

    def __init__(
        self,
        folder: str | Path,
        header: RecordingHeader,
        *,
        redact: Iterable[str | re.Pattern[str]] = (),
        call_sound: bool = True,
        hide: Callable[[str], str] = str,
    ) -> None:
        """Make the folder and write the header.

        Args:
            folder: it must not hold a recording.
            header: the first line; ``header.content`` says whether text and sound are recorded.
            redact: regular expressions; what fits one is replaced in every text.
            call_sound: whether to write ``call.wav`` beside the sound of each direction.
            hide: takes the connection's credential out of a text.

        Raises:
            ConfigurationError: if there is a recording already, or for what is not a pattern.
            OSError: if the folder cannot be written to.
        """
        self.folder: Path = Path(folder)
        self._patterns = patterns_of(redact)
        self._hide = hide
        self._redaction = Redaction(self._patterns, hide)
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lines = (self.folder / CALL_LINES).open("xb")
        except FileExistsError:
            raise ConfigurationError(f"there is a recording in {self.folder} already: choose another name") from None
        self._content = header.content
        self._input, self._output = header.input, header.output
        self._streams = {name: Stream(self.folder, name) for name in ("sent", "received")}
        self._tape: Tape | None = None
        if call_sound and header.content:
            self._tape = Tape(self.folder, "call", read=self._streams["received"].read, settled=self._stretch)
        self._held = bytearray()
        self._last = 0.0
        try:
            self._lines.write(header.write())
            self._lines.flush()
        except OSError:
            self.abandon()
            raise

    def event(self, direction: Direction, data: bytes | Mapping[str, Any], time: float) -> None:
        """Write an event, given as its text or as plain values."""
        event = _read(data)
        if event is None:
            text = self._hide(bytes(data).decode("utf-8", "replace")) if isinstance(data, bytes) else repr(data)
            for pattern in self._patterns:
                text = pattern.sub("(redacted)", text)
            self._write(time, direction, raw=text if self._content else f"({len(text)} characters)")
            return
        kind = str(event.get("type"))
        self._follow(direction, kind, event, time)
        is_user, is_answer = direction == "sent" and kind in USER_AUDIO, direction != "sent" and kind in ANSWER_AUDIO
        sound = self._input if direction == "sent" else self._output
        stream = self._streams[_STREAMS[direction]]
        found: list[tuple[bytes, SoundReference]] = []

        def replace(text: str) -> object:
            # Only what, written again, gives the same text.
            raw = decode_standard(text)
            if not raw:
                return text
            if not self._content:
                return SoundReference(None, 0, len(raw), sound.ms(len(raw))).write()
            start = stream.append(raw, sound)
            found.append((raw, SoundReference(stream.name, start, len(raw), sound.ms(len(raw)))))
            return found[-1][1].write()

        take_out(event, replace)
        kept = self._redaction.of(event)
        self._write(time, direction, event=kept if self._content else without_content(kept))
        if self._tape is not None and found:
            raw, reference = found[0]
            if is_user:
                self._tape.user(raw, self._input, self._output, time)
            elif is_answer and reference.file is not None:
                piece = reference.file, reference.start, reference.size
                self._tape.answered(event, piece, self._output, self._input, time)

    def heard(self, item_id: str, content_index: int, ms: int, time: float) -> None:
        """Write that a part of an item has been played up to `ms` of its sound."""
        if self._tape is not None:
            self._tape.heard(item_id, content_index, ms, time)
        else:
            self._write(time, "played", item_id=item_id, content_index=content_index, to_ms=ms)

    def lost(self, count: int, time: float) -> None:
        """Write that `count` events were not recorded, because too many waited."""
        self._write(time, "lost", count=count)

    def flush(self, time: float) -> None:
        """Have everything up to now be readable, also if the process is killed."""
        if self._tape is not None:
            self._tape.tick(time)
        for stream in self._streams.values():
            stream.flush()
        self._settle()

    def close(self, time: float, *, code: int | None = None, reason: str = "", initiator: str | None = None) -> None:
        """Write how the call ended, and close the files; raises ``OSError`` once everything is closed."""
        try:
            if self._tape is not None:
                self._tape.close(time)
            told = self._hide(reason) if self._content else ""
            self._write(time, "end", code=code, reason=told, initiator=initiator)
            for stream in self._streams.values():
                stream.flush()
            self._settle()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the files without an end, as after a failure; does nothing once they are closed."""
        closers = [stream.close for stream in self._streams.values()]
        if self._tape is not None:
            closers.append(self._tape.abandon)
        for close in (*closers, self._write_held, self._lines.close):
            # What was not written yet cannot be, where that is why it is called.
            with suppress(OSError):
                close()

    def _follow(self, direction: Direction, kind: str, event: Mapping[str, Any], time: float) -> None:
        """Keep the session's formats, which sound that follows is in, and what is heard no more."""
        if kind in ("session.created", "session.updated", "session.update"):
            session, before = mapping(event.get("session")), (self._input, self._output)
            self._input, self._output = input_of(session, self._input), output_of(session, self._output)
            if before != (self._input, self._output):
                self._write(time, "format", input=vars(self._input), output=vars(self._output))
        if self._tape is not None and kind not in _SOUND:
            (self._tape.sent if direction == "sent" else self._tape.received)(event, time)

    def _stretch(self, stretch: HeardStretch) -> None:
        values = {name: value for name, value in vars(stretch).items() if value is not None and name != "side"}
        if stretch.side == "user":
            del values["content_index"]
        self._write(stretch.at, "user" if stretch.side == "user" else "heard", **values)

    def _write(self, time: float, kind: str, **values: Any) -> None:
        if self._lines.closed:
            raise ValueError(f"the recording in {self.folder} is closed: nothing more can be written to it")
        self._last = max(self._last, time)
        self._held += line({"t": round(time, 6), "kind": kind, **values})
        if len(self._held) > _HELD:
            self._settle()

    def _settle(self) -> None:
        """Write what is held: the sound first, so that no line refers to sound that a killed process did not write."""
        for stream in self._streams.values():
            stream.settle()
        if self._tape is not None:
            self._tape.settle()
        self._write_held()

    def _write_held(self) -> None:
        held, self._held = self._held, bytearray()
        if held:
            self._lines.write(held)
            self._lines.flush()


def _read(data: bytes | Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        # A copy of what is given as values: what becomes of it here is not the caller's.
        event = read_json(data) if isinstance(data, bytes) else json.loads(json.dumps(data))
    except (ValueError, RecursionError, TypeError):
        return None
    return event if isinstance(event, dict) else None
