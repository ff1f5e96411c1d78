"""Which fields of events hold sound, and what stands there in a recording instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .._core.json_values import mapping
from .sounds import SoundReference

__all__ = ["ANSWER_AUDIO", "USER_AUDIO", "put_back", "references", "take_out"]

ANSWER_AUDIO = frozenset({"response.audio.delta", "response.output_audio.delta"})
USER_AUDIO = frozenset({"input_audio_buffer.append", "input_audio.turn.append"})

_OWN_FIELD = dict.fromkeys(ANSWER_AUDIO, "delta") | dict.fromkeys(USER_AUDIO, "audio")
"""The field that holds an event's sound; in all others it is in items."""

_Place = tuple[dict[str, Any], str]


def take_out(event: dict[str, Any], replace: Callable[[str], object]) -> dict[str, Any]:
    """Put what `replace` returns in the place of each base64 text of sound, in the event itself, and return it."""
    for holder, name in _places(event):
        if isinstance(text := holder[name], str):
            holder[name] = replace(text)
    return event


def put_back(event: Any, restore: Callable[[SoundReference], object]) -> Any:
    """Return a copy of an event with what `restore` returns in the place of each reference."""
    if isinstance(event, list):
        return [put_back(each, restore) for each in event]
    if not isinstance(event, dict):
        return event
    copy = {name: put_back(value, restore) for name, value in event.items()}
    for holder, name in _places(copy):
        if (reference := SoundReference.read(holder[name])) is not None:
            holder[name] = restore(reference)
    return copy


def references(event: dict[str, Any]) -> list[SoundReference]:
    """Return the references in an event."""
    found = (SoundReference.read(holder[name]) for holder, name in _places(event))
    return [reference for reference in found if reference is not None]


def _places(event: dict[str, Any]) -> Iterable[_Place]:
    kind = event.get("type")
    name = _OWN_FIELD.get(kind) if isinstance(kind, str) else None
    return _in_items(event) if name is None else _held(event, name)


def _in_items(event: dict[str, Any]) -> Iterator[_Place]:
    for items in (event, mapping(event.get("response")).get("output"), event.get("items")):
        for holder in items if isinstance(items, list) else [items]:
            yield from _of_item(holder)


def _of_item(holder: Any) -> Iterator[_Place]:
    # An item, what holds one, or a content part beside it.
    if not isinstance(holder, dict):
        return
    item = holder.get("item")
    for content in (holder.get("content"), mapping(item).get("content"), [holder.get("part")]):
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict):
                yield from _held(part, "audio")


def _held(holder: dict[str, Any], name: str) -> tuple[_Place, ...]:
    return ((holder, name),) if isinstance(holder.get(name), (str, dict)) else ()
