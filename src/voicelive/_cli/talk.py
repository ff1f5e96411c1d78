"""`voicelive talk`: settings in, a conversation held, the answers saved."""

from __future__ import annotations

import asyncio
import os
import wave
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from azure.core.credentials import AzureKeyCredential

from .._environment import ENDPOINT_VARIABLES
from ..aio import connect
from ..conversation import TurnMetrics
from ..errors import InvalidEventError, VoiceLiveError
from ..local import LocalService
from ..models import AudioInputTranscriptionOptions, OpenAIVoiceName, RequestSession, ServerVad
from .background import in_background
from .conversation import Conversation
from .display import REPLY_BYTES_PER_SECOND, REPLY_RATE, Display, notice
from .engines import EngineChoice, loaded_engines
from .failures import CommandError, ConversationFailed, error_line
from .live import DeviceChoice, hold_live_conversation
from .live_display import LiveDisplay
from .recording import Recording, read_recording
from .turns import Turn, TurnKind

__all__ = ["DEFAULT_MODEL", "Spoken", "TalkSettings", "Typed", "hold_conversation", "talk_live"]

DEFAULT_MODEL = "gpt-4o"

_NEVER_BLANK = (
    "endpoint",
    "model",
    "api_version",
    "agent_name",
    "project_name",
    "voice",
    "language",
    "transcription_model",
)


@dataclass(frozen=True)
class Spoken:
    """A turn given as a WAV file."""

    path: Path


@dataclass(frozen=True)
class Typed:
    """A turn given as text."""

    text: str


@dataclass(frozen=True)
class TalkSettings:
    """Everything `voicelive talk` can be told."""

    turns: tuple[Spoken | Typed, ...]
    save: Path | None = None
    json: bool = False
    endpoint: str | None = None
    model: str | None = None
    api_version: str | None = None
    agent_name: str | None = None
    project_name: str | None = None
    voice: str | None = None
    instructions: str | None = None
    language: str | None = None
    transcription_model: str | None = None
    silence_ms: int = 500
    chunk_ms: int = 50
    pace: float = 1.0
    timeout: float = 30.0
    engines: EngineChoice = EngineChoice.AUTO


async def hold_conversation(settings: TalkSettings) -> None:
    """Hold the whole conversation, show it, and save the answers.

    What was answered before a failure or an interruption is saved too.

    Raises:
        CommandError: for bad input, or when no connection can be made.
        ConversationFailed: if the conversation began and did not come to its end.
    """
    _check(settings)
    # Elsewhere: what is a pipe may take its time, and Ctrl-C is to end the command meanwhile.
    recordings = await in_background(lambda: _read_recordings(settings.turns))
    display = Display(json=settings.json)
    turns: list[Turn] = []
    try:
        measured = await _converse(settings, recordings, display, turns)
    finally:
        if settings.save is not None:
            _save(settings.save, turns, display)
    display.table(measured)


async def talk_live(settings: TalkSettings, choice: DeviceChoice) -> None:
    """Talk by microphone and loudspeaker until Ctrl-C, show it, and save the answers.

    Raises:
        CommandError: for bad input, without a sound device, or when no connection can be made.
        ConversationFailed: if the connection ends by itself.
    """
    _check(settings)
    display = LiveDisplay(json=settings.json)
    spoken = Turn(1, TurnKind.SPOKEN, "microphone")
    try:
        find = partial(_find_service, settings, needs_speech=True)
        session = _session(settings, {}, is_spoken=True, finds_turns=not choice.push_to_talk)
        await hold_live_conversation(choice, find, session, display, spoken.audio)
    except asyncio.CancelledError:
        # The ordinary end: Ctrl-C. By a signal that ends the command, whoever caught it says so.
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
    finally:
        if settings.save is not None:
            _save(settings.save, [spoken], display)


async def _converse(
    settings: TalkSettings, recordings: dict[Path, Recording], display: Display, turns: list[Turn]
) -> list[TurnMetrics]:
    """Hold every turn; returns the figures of each."""
    async with AsyncExitStack() as stack:
        where = await _find_service(settings, stack)
        try:
            connection = await stack.enter_async_context(connect(**where, metrics=True))
        except VoiceLiveError as error:
            raise CommandError(error_line(error)) from error
        conversation = Conversation(
            connection,
            display,
            timeout=settings.timeout,
            pace=settings.pace,
            chunk_ms=settings.chunk_ms,
            silence_ms=settings.silence_ms,
        )
        stack.push_async_callback(conversation.stop)
        try:
            await conversation.start(_session(settings, recordings))
            for given in settings.turns:
                await _take_turn(conversation, given, recordings, display, turns)
            return connection.turns
        except InvalidEventError as error:
            raise CommandError(error_line(error)) from error
        except VoiceLiveError as error:
            raise ConversationFailed(error_line(error)) from error


async def _take_turn(
    conversation: Conversation,
    given: Spoken | Typed,
    recordings: dict[Path, Recording],
    display: Display,
    turns: list[Turn],
) -> None:
    number = len(turns) + 1
    if isinstance(given, Typed):
        turn = Turn(number, TurnKind.TYPED, given.text)
        recording = None
    else:
        recording = recordings[given.path]
        turn = Turn(number, TurnKind.SPOKEN, recording.name, recording.duration_ms)
    turns.append(turn)
    display.begin(turn, recording)
    try:
        if recording is not None:
            await conversation.say(turn, recording)
        else:
            await conversation.write(turn, turn.label)
    finally:
        display.end(turn)


def _read_recordings(turns: tuple[Spoken | Typed, ...]) -> dict[Path, Recording]:
    """Read every WAV file before anything is opened; all must be of one format, because a session has only one."""
    recordings: dict[Path, Recording] = {}
    for given in turns:
        if isinstance(given, Spoken) and given.path not in recordings:
            recordings[given.path] = read_recording(given.path)
    formats = {recording.format_name: recording.name for recording in recordings.values()}
    if len(formats) > 1:
        found = ", ".join(f"{source} is {name}" for name, source in formats.items())
        raise CommandError(f"a session has one input format, but {found}: convert them to the same, or talk twice")
    return recordings


def _session(
    settings: TalkSettings,
    recordings: dict[Path, Recording],
    *,
    is_spoken: bool = False,
    finds_turns: bool = True,
) -> RequestSession:
    session = RequestSession(modalities=["text", "audio"], output_audio_format="pcm16", turn_detection=None)
    if finds_turns:
        session.turn_detection = ServerVad(
            threshold=0.5,
            prefix_padding_ms=300,
            silence_duration_ms=settings.silence_ms,
            create_response=True,
            interrupt_response=True,
        )
    for recording in recordings.values():
        session.input_audio_format = recording.input_audio_format
        session.input_audio_sampling_rate = recording.rate
    if recordings or is_spoken:
        transcription = AudioInputTranscriptionOptions(model=settings.transcription_model or _transcriber(settings))
        if settings.language is not None:
            transcription.language = settings.language
        session.input_audio_transcription = transcription
    if settings.instructions is not None:
        session.instructions = settings.instructions
    if settings.voice is not None:
        session.voice = _voice(settings.voice)
    return session


def _transcriber(settings: TalkSettings) -> str:
    # A realtime model with plain server VAD refuses azure-speech; the other models have nothing else.
    return "whisper-1" if settings.model is not None and "realtime" in settings.model else "azure-speech"


def _voice(name: str) -> Any:
    kind: Literal["openai", "azure-standard"] = "azure-standard"
    if name in {known.value for known in OpenAIVoiceName}:
        kind = "openai"
    return {"type": kind, "name": name}


async def _find_service(settings: TalkSettings, stack: AsyncExitStack, *, needs_speech: bool = False) -> dict[str, Any]:
    """Return the arguments of ``connect``: for the endpoint that is configured, else for a local service."""
    where: dict[str, Any] = {"model": settings.model or (None if settings.agent_name else DEFAULT_MODEL)}
    for name in ("api_version", "agent_name", "project_name"):
        value = getattr(settings, name)
        if value is not None:
            where[name] = value
    if settings.endpoint is not None:
        where["endpoint"] = settings.endpoint
    elif not any(os.environ.get(name, "").strip() for name in ENDPOINT_VARIABLES):
        where["endpoint"] = await _start_local_service(settings, stack, needs_speech)
        # A key from the environment is for somebody else.
        where["credential"] = AzureKeyCredential("local")
    return where


async def _start_local_service(settings: TalkSettings, stack: AsyncExitStack, needs_speech: bool) -> str:
    spoken = needs_speech or any(isinstance(given, Spoken) for given in settings.turns)
    engines = await stack.enter_async_context(loaded_engines(settings.engines, needs_speech=spoken))
    # The key is only a placeholder here, so an agent takes it too.
    service = await stack.enter_async_context(LocalService(engines=engines, quirks=["agent_api_key"]))
    notice(f"no endpoint is configured: talking to a local service at {service.endpoint}, engines: {engines.name}")
    return service.endpoint


def _check(settings: TalkSettings) -> None:
    """Refuse what cannot work before anything is opened."""
    if bool(settings.agent_name) != bool(settings.project_name):
        raise CommandError("--agent-name and --project-name go together: an agent needs both, a model needs neither")
    _check_texts(settings)
    if settings.save is not None:
        _check_not_a_recording(settings.save, settings.turns)
        _check_target(settings.save)


def _check_texts(settings: TalkSettings) -> None:
    """Refuse options without text, which a shell makes of a variable that is not set."""
    if any(isinstance(given, Typed) and not given.text.strip() for given in settings.turns):
        raise CommandError("--text is blank: there is nothing to ask; give it words, or leave it out")
    for name in _NEVER_BLANK:
        value = getattr(settings, name)
        if value is not None and not value.strip():
            raise CommandError(f"--{name.replace('_', '-')} is blank: give it a value, or leave it out")


def _check_not_a_recording(target: Path, turns: tuple[Spoken | Typed, ...]) -> None:
    """Refuse to save over what is to be spoken, by whatever name or link."""
    for given in turns:
        with suppress(OSError):  # one of the two does not exist; reading and saving say so themselves
            if isinstance(given, Spoken) and os.path.samefile(target, given.path):
                raise CommandError(
                    f"--save {target} would overwrite the recording --wav {given.path}: it is the same file; "
                    "save to another one"
                )


def _check_target(path: Path) -> None:
    """Refuse, before anything is sent, a file that cannot be written."""
    if path.is_dir():
        raise CommandError(f"cannot save to {path}: it is a folder; give a file name")
    if not path.parent.is_dir():
        raise CommandError(f"cannot save to {path}: the folder {path.parent} does not exist")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise CommandError(f"cannot save to {path}: no permission to write there")


def _save(path: Path, turns: list[Turn], display: Display) -> None:
    audio = b"".join(turn.audio for turn in turns)
    if not audio:
        notice(f"there was no spoken answer, so {path} was not written")
        return
    try:
        with path.open("wb") as file, wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(REPLY_RATE)
            writer.writeframes(audio)
    except OSError as error:
        raise CommandError(f"cannot save to {path}: {error.strerror or error}") from error
    display.saved(path, len(audio) / REPLY_BYTES_PER_SECOND)
