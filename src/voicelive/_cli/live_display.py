"""What a spoken conversation shows: what is said, as it comes, over a line of meters."""

from __future__ import annotations

from rich.live import Live
from rich.text import Text

from ..audio import AudioDevice
from ..models import AnyServerEvent, AudioDeviceChanged, ConversationInterrupted, ConversationState, ServerEventError
from .display import Display
from .turns import BENIGN_ERRORS, Turn, describe_error

__all__ = ["LiveDisplay"]

_CELLS = 16
_QUIETEST_DB = -60.0

_ECHO = {
    "client": "removed by the service, with what is played as its reference",
    "server": "removed by the service",
    "half_duplex": "the microphone is off while something plays, so answers cannot be interrupted by voice",
    "off": "nothing removes it: wear a headset",
}


class LiveDisplay(Display):
    """A :class:`Display` with a line of meters below, where the output is a terminal."""

    def __init__(self, *, json: bool = False) -> None:
        super().__init__(json=json)
        self._partial = ""
        self._state = "listening"
        self._echo: str | None = None
        self._live: Live | None = None

    def start(self) -> None:
        """Begin to show the meters."""
        if self._console.is_terminal:
            self._live = Live(console=self._console, transient=True, auto_refresh=False, redirect_stdout=False)
            self._live.start()

    def stop(self) -> None:
        """Take the meters away; what was half said stays."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._end_line()

    def meters(self, device: AudioDevice) -> None:
        """Show how loud it is now."""
        if self._live is None:
            return
        levels = device.levels
        microphone = "muted" if device.mute else "hold" if device.push_to_talk and not device.is_pressed else ""
        line = f"mic {bar(levels.input_db)} {microphone:<5}  answer {bar(levels.output_db)}  {self._state}"
        self._live.update(Text("\n".join(filter(None, [self._partial, line]))), refresh=True)

    def received(self, event: AnyServerEvent, turn: Turn | None) -> None:
        """Show what an event says."""
        super().received(event, turn)
        match event:
            case ConversationState():
                self._state = event.state
            case ConversationInterrupted():
                self._end_line()
                self._line("stopped", f"after {event.heard_ms / 1000:.1f} s; heard: {event.heard_text or 'nothing'}")
            case AudioDeviceChanged():
                self._device(event)
            case ServerEventError() if event.error.code not in BENIGN_ERRORS:
                self._line("error", describe_error(event))
            case _:
                pass

    def _device(self, event: AudioDeviceChanged) -> None:
        if event.state != "ready":
            self._line("device", f"{event.device}: {event.state}")
        if event.echo != self._echo:
            self._echo = event.echo
            self._line("echo", f"{event.echo}: {_ECHO[event.echo]}")

    def _stream(self, label: str, text: str) -> None:
        if self._live is None:
            super()._stream(label, text)
            return
        # Half a line cannot stand above the meters: it is part of what is drawn anew, until it is whole.
        self._partial = self._partial or f"{label:<8} "
        self._partial += "".join(character if character.isprintable() else " " for character in text)

    def _end_line(self) -> None:
        partial, self._partial = self._partial, ""
        if partial:
            self._console.print(partial)
        super()._end_line()


def bar(level_db: float) -> str:
    """Return a meter of a level in dB below full scale."""
    filled = round(_CELLS * max(0.0, min(1.0, 1 - level_db / _QUIETEST_DB)))
    return "█" * filled + "·" * (_CELLS - filled)
