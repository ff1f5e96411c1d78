"""The eSpeak NG library through ctypes.

The library keeps one voice and one callback for the whole process, so all use of it
goes through one object and one lock.
"""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from typing import Any, ClassVar

from .protocols import EngineUnavailableError

__all__ = ["EspeakLibrary", "SpokenWord", "VoiceSettings"]

# From the library's speak_lib.h.
_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7
_UTF8 = 1
_CHARACTERS = 1
_EVENT_LIST_END, _EVENT_WORD, _EVENT_END = 0, 1, 5
_OK = 0
_FALLBACK = "en-us"


class _Identity(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identity),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class VoiceSettings:
    """How to speak, in the library's terms."""

    name: str
    """A language, with or without a variant: ``en-us+f5``."""
    words_per_minute: int = 150
    """80 to 450."""
    pitch: int = 50
    """0 to 100."""
    pitch_range: int = 50
    """0 (monotone) to 100."""
    word_gap: int = 0
    """Pause between words, in units of 10 ms."""


@dataclass(frozen=True)
class SpokenWord:
    """Where in the text a word starts, and when in the sound."""

    text_offset: int
    offset_ms: int


class EspeakLibrary:
    """The one instance of the library in this process; get it with :meth:`shared`."""

    _shared: ClassVar[EspeakLibrary | None] = None
    _sharing = threading.Lock()

    def __init__(self, library: Any, data_path: str) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._pcm = bytearray()
        self._words: list[SpokenWord] = []
        self._end_ms = 0
        library.espeak_Initialize.argtypes = (
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
        )
        library.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
        library.espeak_SetParameter.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int)
        library.espeak_SetSynthCallback.argtypes = (_Callback,)
        library.espeak_Synth.argtypes = (
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        )
        self.sample_rate: int = library.espeak_Initialize(_SYNCHRONOUS, 0, data_path.encode(), _DONT_EXIT)
        if self.sample_rate <= 0:
            raise EngineUnavailableError(
                f"eSpeak NG did not start with the data in {data_path} "
                f"(code {self.sample_rate}); reinstall the package espeakng-loader"
            )
        self._callback = _Callback(self._collect)  # kept: the library only borrows it
        library.espeak_SetSynthCallback(self._callback)

    @classmethod
    def shared(cls) -> EspeakLibrary:
        """Load the library, once per process.

        Raises EngineUnavailableError when it is not installed or does not load.
        """
        with cls._sharing:
            if cls._shared is None:
                cls._shared = cls._load()
            return cls._shared

    @classmethod
    def _load(cls) -> EspeakLibrary:
        try:
            import espeakng_loader

            path, data_path = espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
            return cls(ctypes.CDLL(path), data_path)
        except (ImportError, OSError, RuntimeError) as error:
            if isinstance(error, EngineUnavailableError):
                raise
            raise EngineUnavailableError(
                f'speech by eSpeak NG cannot be loaded ({error}); install it with: pip install "voicelive[local]"'
            ) from error

    def speak(self, text: str, voice: VoiceSettings) -> tuple[bytes, list[SpokenWord]]:
        """Speak a text; return its PCM16 and its words, then one that marks the end.

        A voice the library does not have is replaced by US English.
        """
        encoded = text.encode("utf-8", "replace") + b"\0"
        with self._lock:
            self._select(voice)
            self._pcm = bytearray()
            self._words = []
            status = self._library.espeak_Synth(encoded, len(encoded), 0, _CHARACTERS, 0, _UTF8, None, None)
            if status != _OK:
                raise RuntimeError(f"eSpeak NG could not speak (code {status}): {text[:80]!r}")
            pcm, words = bytes(self._pcm), self._words
        end_ms = len(pcm) // 2 * 1000 // self.sample_rate
        return pcm, [*words, SpokenWord(len(text), end_ms)]

    def _select(self, voice: VoiceSettings) -> None:
        library = self._library
        if library.espeak_SetVoiceByName(voice.name.encode()) != _OK:
            _, plus, variant = voice.name.partition("+")
            if library.espeak_SetVoiceByName((_FALLBACK + plus + variant).encode()) != _OK:
                library.espeak_SetVoiceByName(_FALLBACK.encode())
        library.espeak_SetParameter(_RATE, max(80, min(450, voice.words_per_minute)), 0)
        library.espeak_SetParameter(_PITCH, voice.pitch, 0)
        library.espeak_SetParameter(_RANGE, voice.pitch_range, 0)
        library.espeak_SetParameter(_WORD_GAP, voice.word_gap, 0)

    def _collect(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self._pcm += ctypes.string_at(wave, count * 2)
        index = 0
        while (event := events[index]).type != _EVENT_LIST_END:
            if event.type == _EVENT_WORD:
                self._words.append(SpokenWord(event.text_position - 1, event.audio_position))
            index += 1
        return 0
