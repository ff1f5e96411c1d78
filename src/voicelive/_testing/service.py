"""The scripted service: what a test tells it to answer, and what it says about its client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, Self

from typing_extensions import Unpack

from .._audio.wire_formats import AudioDecoder, AudioEncoder, input_format
from .._local.engines.protocols import FunctionCall, Incomplete, ResponderError, ResponderOutput, ResponderRequest
from .._local.engines.scripted import Script
from .._local.faults.schedule import Faults
from .._local.options import LocalServiceOptions
from .._public import public_in
from ..local import Engines, LocalService
from .answers import Answers
from .expectations import Expectations

__all__ = ["ScriptedService"]

_TURN_SILENCE_MS = 800
_PCM16 = "pcm16"


@public_in("voicelive.testing")
class ScriptedService(Expectations):
    """A local service in a thread of its own, whose answers a test writes.

    Turns are answered in the order in which they are scripted, one a response. As long as nothing is scripted, the
    engines' own responder answers: with the built-in engines, one that goes by rules.

    The methods ``assert_…`` and the property :attr:`session` wait up to :attr:`timeout` seconds for what they expect,
    because the service works in a thread of its own; they return at once where it is so already. They block: in an
    asynchronous test, where what they wait for depends on the test's own event loop, call them by
    ``await asyncio.to_thread(…)``.

    Takes the arguments of :class:`~voicelive.local.LocalService` too. By default it waits for nothing
    (``pacing="fast"``), and hears and speaks in tones.

    Args:
        strict: whether the pytest fixture fails a test that does not use up its script, or asks for more.
        timeout: seconds that an expectation may take to come true.
    """

    def __init__(
        self,
        *,
        strict: bool = True,
        timeout: float = 5.0,
        **options: Unpack[LocalServiceOptions],
    ) -> None:
        engines = options.pop("engines", None) or Engines.basic()
        self._answers = Answers(engines.responder)
        self._engines = replace(engines, responder=self._answers)
        options["engines"] = self._engines
        super().__init__(LocalService.in_thread(**options), timeout)
        self.strict = strict
        """Whether the pytest fixture complains of turns unused and of requests without a turn."""

    def start(self) -> Self:
        """Start the service; raises what :meth:`LocalService.start` raises."""
        self._running.start()
        return self

    def stop(self) -> None:
        """Close every session with 1001 and stop."""
        self._running.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """The address to give to the client under test, such as ``http://127.0.0.1:40123``."""
        return self._running.endpoint

    # --- what is answered --------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Let the next response say `text`."""
        self.answer(text)

    def call_tool(self, name: str, arguments: Mapping[str, Any] | str | None = None, *, say: str | None = None) -> None:
        """Let the next response call a function.

        Args:
            name: the function.
            arguments: its arguments, as a mapping or as JSON text; text goes out as it is, valid or not.
            say: what the assistant says before the call.
        """
        self.call_tools((name, arguments or {}), say=say)

    def call_tools(self, *calls: tuple[str, Mapping[str, Any] | str], say: str | None = None) -> None:
        """Let the next response call several functions at once, each given as name and arguments."""
        parts: list[str | ResponderOutput] = [] if say is None else [say]
        for name, arguments in calls:
            written = arguments if isinstance(arguments, str) else json.dumps(dict(arguments), separators=(",", ":"))
            parts.append(FunctionCall(name, written))
        self.answer(parts)

    def fail(
        self,
        message: str = "The model could not answer.",
        *,
        code: str | None = "server_error",
        type: str = "server_error",
        say: str | None = None,
    ) -> None:
        """Let the next response end with status ``failed`` and this error, after having said `say`."""
        error = ResponderError(message, code=code, type=type)
        self.answer(error if say is None else [say, error])

    def break_off(self, say: str, reason: Literal["max_output_tokens", "content_filter"]) -> None:
        """Let the next response end with status ``incomplete`` after having said `say`."""
        self.answer([say, Incomplete(reason)])

    def answer(self, turn: Script) -> None:
        """Let the next response be any turn: texts, calls, an early end, an error, or several of these in a list.

        A function is called with the :class:`~voicelive.local.engines.ResponderRequest` and returns such a turn.
        """
        self._answers.add(turn)

    @property
    def faults(self) -> Faults:
        """What is to go wrong beside the answers: ``service.faults.add("close:1011@events=20")`` and the like."""
        return self._running.faults

    @property
    def requests(self) -> list[ResponderRequest]:
        """What the assistant was asked, oldest first: conversation, instructions and tools of each response."""
        return list(self._answers.requests)

    def complaints(self) -> list[str]:
        """Say what did not fit: turns that nobody asked for, requests without a turn, faults never committed."""
        never = [planned.fault for planned in self.faults if not planned.committed and planned.fault.chance >= 1]
        missed = [f"{len(never)} fault(s) never happened: {', '.join(map(str, never))}"] if never else []
        return [*self._answers.complaints(), *missed]

    # --- sound -------------------------------------------------------------------------------------------------------

    def speech(
        self, text: str, *, silence_ms: int = _TURN_SILENCE_MS, audio_format: str = _PCM16, rate: int = 24000
    ) -> bytes:
        """Return `text` spoken so that this service understands it, to send in the user's name.

        Args:
            text: what the user says.
            silence_ms: milliseconds of silence after it; the default is enough to end the turn.
            audio_format: the session's ``input_audio_format``.
            rate: the session's ``input_audio_sampling_rate``, in Hz; G.711 is always at 8000.
        """
        synthesizer = self._engines.synthesizer
        pcm = b"".join(synthesizer.synthesize(text))
        silence = bytes(synthesizer.sample_rate * silence_ms // 1000 * 2)
        return b"".join(
            AudioEncoder(synthesizer.sample_rate, input_format(audio_format, rate)).stream(iter([pcm, silence]))
        )

    def silence(self, milliseconds: int) -> bytes:
        """Return silence as PCM16 at 24,000 Hz."""
        return bytes(24 * milliseconds * 2)

    def understand(self, audio: bytes, *, audio_format: str = _PCM16, rate: int = 24000) -> str:
        """Return what is said in audio, such as what the client under test has played.

        Args:
            audio: mono, in `audio_format`, at `rate` Hz.
            audio_format: ``pcm16``, ``g711_ulaw`` or ``g711_alaw``.
            rate: its sampling rate; G.711 is always at 8000.
        """
        decoder = AudioDecoder(input_format(audio_format, rate), 16000)
        return self._engines.transcriber.transcribe(decoder.feed(audio) + decoder.flush(), 16000).text

    # --- time --------------------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Let the service's clock jump ahead, for what takes its time: a session's end of life, delays by pacing."""
        self._running.advance(seconds)
