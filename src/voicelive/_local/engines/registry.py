"""Engines by name: the built-in ones, and those that installed packages announce as entry points."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, TypeAlias

from ..._public import public_in
from ...errors import CopyableError
from .bundle import Engines
from .protocols import EngineUnavailableError

__all__ = [
    "ENTRY_POINT_GROUPS",
    "EngineKind",
    "EngineNotFoundError",
    "EngineOptionsError",
    "engine_names",
    "load_engine",
    "make_engine",
    "with_engines",
]

EngineKind: TypeAlias = Literal["vad", "transcriber", "responder", "synthesizer"]

ENTRY_POINT_GROUPS: Mapping[EngineKind, str] = {
    "vad": "voicelive.vad",
    "transcriber": "voicelive.transcribers",
    "responder": "voicelive.responders",
    "synthesizer": "voicelive.synthesizers",
}
"""The entry point group of each kind. An entry point names a class, or another callable that makes the engine."""

_BUILT_IN: Mapping[EngineKind, Mapping[str, str]] = {
    "vad": {"energy": "engines.energy:EnergyVad", "silero": "engines.silero:SileroVad"},
    "transcriber": {"tones": "engines.tones:ToneTranscriber", "sphinx": "engines.sphinx:SphinxTranscriber"},
    "responder": {"assistant": "demo_responder:Assistant", "openai": "engines.openai_chat:OpenAIResponder"},
    "synthesizer": {"tones": "engines.tones:ToneSynthesizer", "espeak": "engines.espeak:EspeakSynthesizer"},
}

_METHODS: Mapping[EngineKind, tuple[str, ...]] = {
    "vad": ("feed", "reset"),
    "transcriber": ("transcribe",),
    "responder": ("respond",),
    "synthesizer": ("synthesize", "sample_rate"),
}

_KIND_NAMES: Mapping[EngineKind, str] = {
    "vad": "voice activity detector",
    "transcriber": "transcriber",
    "responder": "responder",
    "synthesizer": "synthesizer",
}


@public_in("voicelive.local.engines")
class EngineNotFoundError(EngineUnavailableError):
    """No engine has this name; the message names those that there are."""


@public_in("voicelive.local.engines")
class EngineOptionsError(CopyableError, ValueError):
    """An engine was given options that it does not take, or not those that it needs."""

    def __init__(self, engine: str, *, missing: list[str], unknown: list[str]) -> None:
        self.engine = engine
        self.missing = missing
        """Options that it needs and was not given."""
        self.unknown = unknown
        """Options that it was given and does not take."""
        super().__init__(self.phrase(str))

    def phrase(self, name_of: Callable[[str], str]) -> str:
        """Return the message, with each option named as `name_of` says it."""
        if self.missing:
            return f"{self.engine} needs {', '.join(map(name_of, self.missing))}"
        return f"{self.engine} does not take {', '.join(map(name_of, self.unknown))}"


@public_in("voicelive.local.engines")
def engine_names(kind: EngineKind) -> dict[str, str]:
    """Return the names of the engines of a kind, sorted, each with where it comes from."""
    installed = {found.name: _origin(found) for found in entry_points(group=ENTRY_POINT_GROUPS[kind])}
    built_in = dict.fromkeys(_BUILT_IN[kind], "built in")
    return dict(sorted({**installed, **built_in}.items()))


def load_engine(kind: EngineKind, name: str) -> Callable[..., Any]:
    """Return what makes the engine of this name; a built-in one goes before an installed one of the same name.

    Raises:
        EngineNotFoundError: if there is none.
        EngineUnavailableError: if two packages have one of this name, or it cannot be imported.
    """
    title = f"the {_KIND_NAMES[kind]} {name!r}"
    if place := _BUILT_IN[kind].get(name):
        module, _, attribute = place.partition(":")
        made: Callable[..., Any] = getattr(import_module(f"..{module}", __package__), attribute)
        return made
    found = list(entry_points(group=ENTRY_POINT_GROUPS[kind], name=name))
    if not found:
        there = ", ".join(
            each if origin == "built in" else f"{each} ({origin})" for each, origin in engine_names(kind).items()
        )
        raise EngineNotFoundError(f"no {_KIND_NAMES[kind]} is called {name!r}; there are: {there}")
    if len({each.value for each in found}) > 1:
        origins = ", ".join(_origin(each) for each in found)
        raise EngineUnavailableError(f"{title} is installed more than once ({origins}): uninstall all but one of them")
    try:
        loaded = found[0].load()
    except Exception as error:
        # Whatever the other package's module does when it is imported: its user is told whose it is.
        raise EngineUnavailableError(
            f"{title} from {_origin(found[0])} cannot be loaded ({found[0].value}): {type(error).__name__}: {error}"
        ) from error
    if not callable(loaded):
        raise EngineUnavailableError(f"{title} from {_origin(found[0])} cannot be called: {found[0].value}")
    return loaded  # type: ignore[no-any-return]


@public_in("voicelive.local.engines")
def make_engine(kind: EngineKind, name: str, options: Mapping[str, Any] | None = None) -> Any:
    """Make the engine of this name, or for ``vad`` what makes one per session.

    Raises:
        EngineUnavailableError: as :func:`load_engine`, or if what was made lacks a method of its kind.
        EngineOptionsError: if `options` are not what it takes.
    """
    make = load_engine(kind, name)
    title = f"the {_KIND_NAMES[kind]} {name!r}"
    _check_options(make, title, options or {})
    engine = make(**(options or {}))
    if lacking := [method for method in _METHODS[kind] if not hasattr(engine, method)]:
        raise EngineUnavailableError(f"{title} cannot be used: {type(engine).__name__} has no {', '.join(lacking)}")
    return make if kind == "vad" else engine


@public_in("voicelive.local.engines")
def with_engines(
    engines: Engines,
    *,
    vad: str | None = None,
    transcriber: str | None = None,
    responder: str | None = None,
    synthesizer: str | None = None,
    responder_options: Mapping[str, Any] | None = None,
) -> Engines:
    """Return `engines` with those replaced that are named.

    Raises:
        EngineUnavailableError: as :func:`make_engine`.
        EngineOptionsError: if `responder_options` are not what the responder takes.
    """
    names: dict[EngineKind, str | None] = {
        "vad": vad,
        "transcriber": transcriber,
        "responder": responder,
        "synthesizer": synthesizer,
    }
    titles, made = [engines.name], dict[str, Any]()
    for kind, name in names.items():
        if name is not None:
            made[kind] = make_engine(kind, name, responder_options if kind == "responder" else None)
            titles.append(f"{kind} {name}")
    return replace(engines, name=", ".join(titles), **made)


def _check_options(make: Callable[..., Any], title: str, options: Mapping[str, Any]) -> None:
    try:
        parameters = inspect.signature(make).parameters.values()
    except ValueError:
        return  # Written in C without a signature: it says itself what it does not like.
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters)
    named = [each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    missing = [each.name for each in named if each.default is each.empty and each.name not in options]
    unknown = [] if takes_any else [name for name in options if name not in {each.name for each in named}]
    if missing or unknown:
        raise EngineOptionsError(title, missing=missing, unknown=unknown)


def _origin(found: EntryPoint) -> str:
    return f"{found.dist.name} {found.dist.version}" if found.dist is not None else "an unnamed package"
