"""What the local service asks of its speech engines.

Everything here is plain: bytes, strings, small dataclasses. Audio is little-endian
PCM16, mono. The methods block; the service runs them off its event loop, so an engine
that several sessions share must be safe to call from several threads at once. Only
voice activity detectors keep a session's state, and so one is made per session. One that
waits for others, such as a language model across the network, is better written as an
:class:`AsyncResponder`: it takes no thread, and is stopped the moment the user barges in.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from ..._public import public_in

__all__ = [
    "VAD_RATE",
    "VAD_WINDOW_BYTES",
    "VAD_WINDOW_MS",
    "AnyResponder",
    "AsyncResponder",
    "ConversationTurn",
    "EngineUnavailableError",
    "FileSearch",
    "FunctionCall",
    "FunctionCallTurn",
    "FunctionOutputTurn",
    "Incomplete",
    "LightDetector",
    "MessageTurn",
    "Responder",
    "ResponderError",
    "ResponderOutput",
    "ResponderRequest",
    "Synthesizer",
    "TextChunk",
    "Transcriber",
    "Transcript",
    "VoiceActivityDetector",
    "WebSearch",
    "Word",
]

VAD_RATE = 16000
"""Sample rate, in Hz, of the audio that voice activity detectors take."""

VAD_WINDOW_MS = 32
"""Length, in milliseconds, of the window that one speech probability stands for."""

VAD_WINDOW_BYTES = VAD_RATE * VAD_WINDOW_MS // 1000 * 2
"""Bytes of PCM16 in one window (1024)."""


@public_in("voicelive.local.engines")
class EngineUnavailableError(ImportError):
    """A speech engine cannot be used here; the message says why and what to install."""


@public_in("voicelive.local.engines")
class ResponderError(Exception):
    """An answer cannot be given, or not to its end.

    The response ends with status ``failed``, and its ``status_details`` carry the error
    as it is given here. Any other exception of a responder ends the response too, but
    tells the client nothing about what it says.
    """

    def __init__(self, message: str, *, code: str | None = None, type: str = "server_error") -> None:
        """Fail with `message`; ``code`` and ``type`` are those of the error on the wire."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.type = type


@public_in("voicelive.local.engines")
class VoiceActivityDetector(Protocol):
    """Tells speech from silence in one stream of audio; not shared between sessions."""

    def feed(self, pcm: bytes) -> list[float]:
        """Take 16 kHz PCM16 in chunks of any even length.

        Returns the probability of speech, 0 to 1, of each 32 ms window that this chunk
        completes; the rest is kept for the next call.
        """
        ...

    def reset(self) -> None:
        """Forget everything heard so far, and any incomplete window."""
        ...


@public_in("voicelive.local.engines")
@runtime_checkable
class LightDetector(VoiceActivityDetector, Protocol):
    """A detector so light that a thread and a resampler would cost more than it does.

    It is fed in the event loop, with audio at the rate at which it came; a second of it must not take over a
    millisecond.
    """

    def listen_at(self, rate: int) -> None:
        """Take PCM16 at ``rate`` Hz from now on; windows stay 32 ms, an incomplete one is forgotten."""
        ...


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class Word:
    """One word and where it is spoken, in milliseconds from the start of the audio."""

    text: str
    offset_ms: int
    duration_ms: int


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class Transcript:
    """What was heard: ``text`` is empty when nothing was understood."""

    text: str
    words: Sequence[Word] = ()


@public_in("voicelive.local.engines")
class Transcriber(Protocol):
    """Turns a whole utterance into text."""

    def transcribe(
        self,
        pcm: bytes,
        rate: int,
        language: str | None = None,
        phrases: Sequence[str] = (),
    ) -> Transcript:
        """Transcribe PCM16 sampled at ``rate`` Hz.

        ``language`` is a BCP 47 tag or None for the engine's own; ``phrases`` are
        hints that an engine may ignore.
        """
        ...


@public_in("voicelive.local.engines")
class Synthesizer(Protocol):
    """Turns text into speech."""

    @property
    def sample_rate(self) -> int:
        """Sample rate, in Hz, of the audio that :meth:`synthesize` yields."""
        ...

    def synthesize(
        self,
        text: str,
        voice: str | None = None,
        rate: float = 1.0,
        on_word: Callable[[Word], None] | None = None,
    ) -> Iterator[bytes]:
        """Yield the PCM16 of ``text`` in chunks of any even length.

        ``voice`` is the name the session asked for (unknown names get the default
        voice); ``rate`` is the speaking rate, 1.0 being normal. ``on_word`` is called
        with each word before the chunk its sound begins in is yielded.
        """
        ...


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class MessageTurn:
    """Something said: by the user, by the assistant, or put in by the system."""

    role: Literal["user", "assistant", "system"]
    text: str


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class FunctionCallTurn:
    """A function call that the assistant made earlier."""

    call_id: str
    name: str
    arguments: str
    """The arguments as JSON text."""


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class FunctionOutputTurn:
    """What the application answered to a function call."""

    call_id: str
    output: str


ConversationTurn: TypeAlias = MessageTurn | FunctionCallTurn | FunctionOutputTurn


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class ResponderRequest:
    """What a responder gets to answer from, oldest turn first."""

    conversation: Sequence[ConversationTurn]
    instructions: str | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    """The session's tools as on the wire: ``{"type": "function", "name": …}``."""
    tool_choice: str | Mapping[str, Any] | None = "auto"
    """``"auto"``, ``"none"``, ``"required"`` or ``{"type": "function", "name": …}``."""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class TextChunk:
    """A piece of the answer's text; the pieces joined are the whole answer."""

    text: str


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class FunctionCall:
    """A function the responder wants called, with its arguments as JSON text."""

    name: str
    arguments: str


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class Incomplete:
    """The answer ends here, unfinished; what follows is not asked for."""

    reason: Literal["max_output_tokens", "content_filter"]


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class FileSearch:
    """A search in the agent's files that the responder has made; it shows as an item of the response."""

    queries: Sequence[str]
    results: Sequence[Mapping[str, Any]] = ()
    """What was found, as on the wire: ``{"filename": …, "text": …, "score": …}``."""


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class WebSearch:
    """A search in the web that the responder has made; it shows as an item of the response."""


ResponderOutput: TypeAlias = TextChunk | FunctionCall | FileSearch | WebSearch | Incomplete


@public_in("voicelive.local.engines")
class Responder(Protocol):
    """Answers a conversation."""

    def respond(self, request: ResponderRequest) -> Iterator[ResponderOutput]:
        """Yield the answer: text in pieces, function calls, or both.

        Raises ResponderError where there is none, or no rest of it. The iterator is
        closed as soon as the answer is not wanted any more.
        """
        ...


@public_in("voicelive.local.engines")
class AsyncResponder(Protocol):
    """Answers a conversation in the event loop of the service, without ever blocking it."""

    def respond(self, request: ResponderRequest) -> AsyncIterator[ResponderOutput]:
        """Yield the answer as :meth:`Responder.respond` does.

        Is cancelled where it waits as soon as the answer is not wanted any more.
        """
        ...


@public_in("voicelive.local.engines")
class AnyResponder(Protocol):
    """What a service takes as its responder: one of either kind, or one that decides by the request."""

    def respond(self, request: ResponderRequest) -> Iterator[ResponderOutput] | AsyncIterator[ResponderOutput]:
        """Yield the answer."""
        ...
