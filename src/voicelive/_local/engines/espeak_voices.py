"""Which of eSpeak NG's voices stands in for a voice that a session names."""

from __future__ import annotations

import re
from dataclasses import replace
from zlib import crc32

from .espeak_library import VoiceSettings

__all__ = ["choose_voice"]

# Chosen by how well PocketSphinx understands them; of all variants klatt4 does best.
_DEFAULT = VoiceSettings("en-us+klatt4", 150, 60, 30, 3)
_BASES = (
    _DEFAULT,
    VoiceSettings("en-us+klatt6", 150, 60, 30, 3),
    VoiceSettings("en-us+klatt", 150, 60, 30, 3),
    VoiceSettings("en-us+f2", 130, 50, 50, 0),
    VoiceSettings("en-us+f5", 130, 50, 50, 0),
)
_PITCH_STEPS = (0, 8, -8, 15, -15)

# OpenAI's voices and the best known of Azure's: a base, and how far off in pitch.
_KNOWN = {
    "ava": (0, 0),
    "andrew": (0, -20),
    "emma": (0, 25),
    "brian": (1, -20),
    "jenny": (3, 0),
    "aria": (4, 0),
    "guy": (2, -15),
    "davis": (2, -30),
    "alloy": (1, 0),
    "ash": (2, 0),
    "ballad": (1, 15),
    "cedar": (1, -30),
    "coral": (3, 15),
    "echo": (0, -30),
    "marin": (3, -10),
    "sage": (4, 12),
    "shimmer": (3, 25),
    "verse": (2, 15),
}
_LOCALE = re.compile(r"(?P<language>[a-z]{2,3})-(?:[A-Z][a-z]{3}-)?(?P<region>[A-Z]{2})-(?P<name>.+)")
# Where the library's name for a language is not the language itself.
_LANGUAGES = {
    "en-US": "en-us",
    "en-GB": "en-gb",
    "es-MX": "es-419",
    "fr-BE": "fr-be",
    "fr-CH": "fr-ch",
    "pt-BR": "pt-br",
    "zh": "cmn",
    "zh-HK": "yue",
    "fil": "en",
}


def choose_voice(name: str | None, rate: float = 1.0) -> VoiceSettings:
    """The settings for a voice's name and a speaking rate, 1.0 being normal.

    Known names have their own voice; any other gets one that is always the same for
    that name. None is the default voice.
    """
    settings = _DEFAULT if name is None else _named(name)
    speed = round(settings.words_per_minute * min(3.0, max(0.3, rate)))
    return replace(settings, words_per_minute=speed)


def _named(name: str) -> VoiceSettings:
    found = _LOCALE.match(name)
    short = (found["name"] if found else name).partition(":")[0]
    short = re.sub(r"(Multilingual|Turbo|HD|\d)*(Neural)?$", "", short).casefold()
    if short in _KNOWN:
        base, shift = _KNOWN[short]
    else:
        choice = crc32(short.encode())
        base = choice % len(_BASES)
        shift = _PITCH_STEPS[choice // len(_BASES) % len(_PITCH_STEPS)]
    settings = _BASES[base]
    settings = replace(settings, pitch=min(99, max(0, settings.pitch + shift)))
    if found and found["language"] != "en":
        region = f"{found['language']}-{found['region']}"
        language = _LANGUAGES.get(region) or _LANGUAGES.get(found["language"], found["language"])
    elif found and found["region"] != "US":
        language = _LANGUAGES.get(f"en-{found['region']}", "en")
    else:
        return settings
    return replace(settings, name=language + settings.name[settings.name.index("+") :])
