"""What `voicelive talk` shows: the conversation as it goes, a table at the end, or every event as JSON lines."""

from __future__ import annotations

import json as json_text
import sys
from collections.abc import Sequence
from typing import IO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from ..conversation import TurnMetrics
from ..models import (
    AnyServerEvent,
    ServerEventConversationItemInputAudioTranscriptionCompleted,
    ServerEventResponseAudioTranscriptDelta,
    ServerEventResponseDone,
    ServerEventResponseTextDelta,
    ServerEventWarning,
)
from .failures import error_line
from .output import Output, discard
from .recording import Recording
from .turns import Turn

__all__ = ["REPLY_BYTES_PER_SECOND", "REPLY_RATE", "Display", "notice"]

REPLY_RATE = 24_000
"""Sample rate, in Hz, of the answers: ``output_audio_format`` is ``pcm16``."""

REPLY_BYTES_PER_SECOND = REPLY_RATE * 2

_LABEL_WIDTH = 8

_OWN_EVENTS = "voicelive."
"""How the types of the connection's own events begin: the service did not send them."""

_WIDTH_FOR_TOKENS = 100
"""In a narrower terminal the headings of the times would be cut short."""
_FIGURES = {
    "detect": "endpointing_ms",
    "heard": "transcription_ms",
    "think": "thinking_ms",
    "text": "first_text_ms",
    "audio": "first_audio_ms",
    "to ear": "voice_to_voice_ms",
    "tools": "tool_ms",
    "answer": "generated_ms",
    "played": "heard_ms",
}
"""The columns of the table and the figures of a turn that they show."""


def notice(text: str) -> None:
    """Tell the user something that is not part of the conversation, on standard error; if that fails, nobody."""
    try:
        print(f"voicelive: {_printable(text)}", file=sys.stderr, flush=True)
    except OSError:
        discard(sys.stderr)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # Rich would end the process from whatever task is printing; an error can be passed on to the one in charge.
        self.quiet = True
        raise BrokenPipeError


class Display:
    """Shows a conversation. With `json`, standard output gets the events and standard error the rest."""

    def __init__(self, *, json: bool = False) -> None:
        self._events = Output(sys.stdout, "standard output") if json else None
        shown = Output(sys.stderr, "standard error") if json else Output(sys.stdout, "standard output")
        # Text comes from outside: nothing in it is markup, and none of it is to be coloured.
        self._console = _Console(file=cast("IO[str]", shown), markup=False, highlight=False, soft_wrap=True)
        self._progress: Progress | None = None
        self._held_back: list[tuple[str, str]] = []
        self._open_line: str | None = None

    def begin(self, turn: Turn, recording: Recording | None) -> None:
        """Begin to show a turn, with a progress bar if it is spoken."""
        if recording is None:
            self._line("asked", turn.label)
            return
        self._line("speaking", f"{turn.label} ({turn.input_ms / 1000:.1f} s, {recording.format_name})")
        self._progress = Progress(
            TextColumn(" " * _LABEL_WIDTH),
            BarColumn(40),
            TextColumn("{task.completed:.1f} of {task.total:.1f} s"),
            console=self._console,
            transient=True,
            # A file or a pipe gets no bar.
            disable=not self._console.is_terminal,
            # All that is written to standard output goes through this object, which knows of the bar.
            redirect_stdout=False,
        )
        self._progress.add_task("speaking", total=turn.input_ms / 1000)
        self._progress.start()

    def speaking(self, spoken_ms: int) -> None:
        """Move the progress bar; the end of the recording takes it away."""
        progress = self._progress
        if progress is None:
            return
        task = progress.tasks[0]
        progress.update(task.id, completed=spoken_ms / 1000)
        if task.finished:
            self._end_progress()

    def received(self, event: AnyServerEvent, turn: Turn | None) -> None:
        """Show what an event says."""
        if self._events is not None and not event.type.startswith(_OWN_EVENTS):
            self._events.write_line(_json_line(event))
        match event:
            case ServerEventConversationItemInputAudioTranscriptionCompleted():
                if event.transcript:
                    self._line("heard", event.transcript.strip())
            case ServerEventResponseTextDelta() | ServerEventResponseAudioTranscriptDelta():
                self._stream("answer", event.delta or "")
            case ServerEventResponseDone():
                self._end_line()
            case ServerEventWarning():
                self._line("warning", event.warning.message or "")
            case _:
                pass
        if turn is not None:
            self._show_notices(turn)

    def end(self, turn: Turn) -> None:
        """End a turn, however it ended."""
        self._end_progress()
        self._end_line()
        self._show_notices(turn)

    def table(self, turns: Sequence[TurnMetrics]) -> None:
        """Show how long everything took; what is not known of any turn is left out."""
        figures = {
            "turn": [str(turn.number) for turn in turns],
            **{
                heading: [_seconds(getattr(turn, name)) for turn in turns]
                for heading, name in _FIGURES.items()
                if any(getattr(turn, name) is not None for turn in turns)
            },
        }
        if self._console.width >= _WIDTH_FOR_TOKENS:
            figures["tokens in"] = [_count(turn.tokens.input) for turn in turns]
            figures["tokens out"] = [_count(turn.tokens.output) for turn in turns]
        table = Table(title="the turns, in seconds", title_justify="left")
        for heading in figures:
            table.add_column(heading, justify="right")
        for row in zip(*figures.values(), strict=True):
            table.add_row(*row)
        self._console.print()
        self._console.print(table)

    def saved(self, path: object, seconds: float) -> None:
        """Say where the answers were saved."""
        self._line("saved", f"{path} ({seconds:.1f} s, {REPLY_RATE // 1000} kHz PCM16)")

    def _line(self, label: str, text: str) -> None:
        if self._progress is not None:
            self._held_back.append((label, text))
            return
        self._end_line()
        self._console.print(f"{label:<{_LABEL_WIDTH}} {_printable(text)}")

    def _stream(self, label: str, text: str) -> None:
        if self._progress is not None:
            # Half a line cannot stand above a moving bar.
            if self._held_back and self._held_back[-1][0] == label:
                text = self._held_back.pop()[1] + text
            self._held_back.append((label, text))
            return
        if self._open_line != label:
            self._end_line()
            self._open_line = label
            self._console.print(f"{label:<{_LABEL_WIDTH}} ", end="")
        self._console.print(_printable(text), end="")

    def _end_line(self) -> None:
        if self._open_line is not None:
            self._open_line = None
            self._console.print()

    def _end_progress(self) -> None:
        if self._progress is None:
            return
        self._progress.stop()
        self._progress = None
        held_back, self._held_back = self._held_back, []
        for label, text in held_back:
            if label == "answer":
                self._stream(label, text)
            else:
                self._line(label, text)

    def _show_notices(self, turn: Turn) -> None:
        for text in turn.notices:
            self._line("note", text)
        turn.notices.clear()


def _seconds(ms: float | None) -> str:
    return "-" if ms is None else f"{ms / 1000:.2f}"


def _count(number: int | None) -> str:
    return "-" if number is None else str(number)


def _json_line(event: AnyServerEvent) -> bytes:
    """Return the event as JSON; of one that cannot be written, its type and id, and why."""
    try:
        return event.to_json()
    except (ValueError, RecursionError):  # halves of surrogate pairs, or nested too deeply
        pass
    try:
        return json_text.dumps(event.to_dict(), separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        rest = {"type": event.type, "event_id": event.event_id, "unwritable": error_line(error)}
        return json_text.dumps(rest, separators=(",", ":")).encode("ascii")


def _printable(text: str) -> str:
    """Return the text without what could steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
