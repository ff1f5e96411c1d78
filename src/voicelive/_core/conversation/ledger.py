"""The playback ledger: what of the answers was received, what was played, and so where to truncate at an interruption.

The service has no event for playback, and its audio comes 5 to 20 times as fast as it plays: only who plays knows what
was heard. Counts bytes for each content part of each item, never a clock.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

from ..._audio.formats import PCM16, AudioFormat
from ..._public import public_in
from ...errors import ConfigurationError
from ..numbers import is_whole
from .heard import TimedWord, split_heard

__all__ = ["Heard", "Interruption", "Part", "PlaybackLedger", "Truncation"]

K = TypeVar("K")
V = TypeVar("V")

_MOST_PARTS = 256
"""How many parts may wait to be played: more than any call has under way."""
_REMEMBERED = 32
"""Ids of items and responses of earlier interruptions that are kept, beside all of the latest, to recognize late audio
by: it comes within seconds."""

_MS_PER_CHARACTER = 65.0
"""How long a character takes to say until answers of the call show it: about 15 characters per second."""


@public_in("voicelive.conversation")
class Heard(NamedTuple):
    """How far an item has been heard."""

    item_id: str
    content_index: int
    ms: int


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class Truncation:
    """The arguments of one ``conversation.item.truncate``."""

    item_id: str
    content_index: int
    audio_end_ms: int
    words: str | None = None
    """The words that were heard, where the session knows the item as text, which cannot be truncated: they take its
    place. None where it can be truncated."""


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class Interruption:
    """What was heard and not heard of what was to be played, over all items."""

    item_id: str
    """The oldest item of which something was not heard."""
    response_id: str | None
    """Its response."""
    heard_ms: int
    """How much of that item was heard, in ms."""
    unheard_ms: int
    """How much of all items was received and not heard, in ms."""
    heard_text: str
    """The words of that item that were heard."""
    unheard_text: str
    """Its words that were not, as far as its transcript has come."""
    truncations: tuple[Truncation, ...]
    """What tells the service so: one for each item whose sound was not all heard, the oldest first."""


@dataclass
class Part:
    """One content part of one item."""

    item_id: str
    content_index: int
    response_id: str | None
    received: int = 0
    played: int = 0
    is_whole: bool = False
    kept: Literal["audio", "text", "nowhere"] = "audio"
    """What the session has of it: after it moved to another connection only the text, if that was complete."""
    text: str = ""
    words: list[TimedWord] = field(default_factory=list[TimedWord])


@public_in("voicelive.conversation")
class PlaybackLedger:
    """What was received and played of the answers, for one player. Not safe for threads by itself.

    Example::

        ledger = PlaybackLedger()
        if ledger.received("item_1", 0, len(pcm)):
            player.write(pcm)
        ledger.played(480)
        interruption = ledger.interrupt()   # the user speaks: what to truncate, what was heard
    """

    def __init__(self, audio_format: AudioFormat = PCM16) -> None:
        self._format = audio_format
        self._parts: list[Part] = []
        self._dropped: OrderedDict[str, None] = OrderedDict()
        self._margin_ms = 0
        self._has_player = False
        # What the service may still answer: the length received of an item, by where it is truncated.
        self._truncated: OrderedDict[int, int] = OrderedDict()
        # Where an item that was interrupted ends: None where the service was told.
        self._ends: OrderedDict[str, int | None] = OrderedDict()
        self._late: OrderedDict[str, tuple[str | None, Truncation]] = OrderedDict()
        self._taken_back: list[Part] = []
        self._ms_per_character = _MS_PER_CHARACTER

    @property
    def margin_ms(self) -> int:
        """How much shorter than the received sound the service takes an item to be, in ms: 0 until it says so."""
        return self._margin_ms

    @property
    def unheard_ms(self) -> int:
        """How much was received and not played yet, in ms."""
        return self._format.ms(sum(part.received - part.played for part in self._parts))

    @property
    def heard(self) -> Heard | None:
        """How far the item that plays, or played last, has been played; None before anything has."""
        playing = [part for part in self._parts if part.played]
        if not playing:
            return None
        part = playing[-1]
        return Heard(part.item_id, part.content_index, self._format.ms(part.played))

    def use_format(self, audio_format: AudioFormat) -> None:
        """Count in another format from now on; what was not played yet, in the old one, is forgotten."""
        if audio_format != self._format:
            self._format = audio_format
            self._parts.clear()

    def received(self, item_id: str, content_index: int, size: int, response_id: str | None = None) -> bool:
        """Count `size` bytes of audio that arrived.

        Returns:
            Whether to play it: False for what comes late, of an item or response that was interrupted.
        """
        if self._dropped and self.is_dropped(item_id, response_id):
            if size and (end_ms := self._ends.get(item_id, 0)) is not None:
                _keep(self._ends, item_id, None)
                _keep(self._late, item_id, (response_id, _cut(item_id, content_index, end_ms)))
            return False
        self._part(item_id, content_index, response_id).received += size
        return True

    def finished(self, item_id: str, content_index: int) -> None:
        """Note that all audio of a part has arrived (``response.audio.done``)."""
        part = self._find(item_id, content_index)
        if part is None:
            return
        part.is_whole = True
        if part.received and len(part.text) > 20:
            self._ms_per_character = self._format.ms(part.received) / len(part.text)

    def transcript(self, item_id: str, content_index: int, text: str, response_id: str | None = None) -> None:
        """Add a piece of a part's transcript; it may come before the audio."""
        if not self.is_dropped(item_id, response_id):
            self._part(item_id, content_index, response_id).text += text

    def word(self, item_id: str, content_index: int, text: str, end_ms: int) -> None:
        """Note where a word ends in a part's audio, in ms."""
        if (part := self._find(item_id, content_index)) is not None:
            part.words.append(TimedWord(text, end_ms))

    def played(self, size: int, *, item_id: str | None = None) -> list[Heard]:
        """Count `size` bytes that were played, in the order of arrival, or of one item.

        More than was received does not count: silence that a player inserts is not part of an answer. Nothing is
        counted for an item that is unknown, was interrupted, or has been played to its end.

        Returns:
            How far each item that this belongs to has been played.

        Raises:
            ConfigurationError: if `size` is negative or not an integer.
        """
        if not is_whole(size, 0):
            raise ConfigurationError(f"played() takes the number of bytes that were played, 0 or more; not {size!r}")
        self._has_player = True
        advanced: list[Heard] = []
        for part in self._parts:
            if item_id is not None and part.item_id != item_id:
                continue
            step = min(size, part.received - part.played)
            if step:
                part.played += step
                size -= step
                advanced.append(Heard(part.item_id, part.content_index, self._format.ms(part.played)))
            if not size:
                break
        self._forget_heard()
        return advanced

    def interrupt(self, *, response_id: str | None = None, latency_ms: int = 0) -> Interruption | None:
        """Take back what was not heard, and have its late audio dropped from now on.

        Args:
            response_id: the response in progress, whose audio is dropped too from now on.
            latency_ms: how much of what was played has not reached the ear yet, in ms.

        Returns:
            What was heard and what was not; None if all that was received was heard.
        """
        for known in (self._dropped, self._ends, self._truncated, self._late):
            _forget(known, _REMEMBERED)
        if response_id is not None:
            _keep(self._dropped, response_id, None)
        reached = list(self._reached_the_ear(latency_ms))
        for part, heard in reached:
            _keep(self._ends, part.item_id, None if heard < part.received else self._format.ms(heard))
        unheard = [(part, heard) for part, heard in reached if heard < part.received]
        for part in self._parts if unheard else ():
            _keep(self._dropped, part.item_id, None)
            if part.response_id is not None:
                _keep(self._dropped, part.response_id, None)
        self._taken_back, self._parts = [part for part, _ in unheard], []
        return self._interruption(unheard) if unheard else None

    def take_late(self, response_id: str | None) -> list[Truncation]:
        """Return where to truncate items whose sound came late, and so was not heard, once their response has ended.

        None for what was truncated at the interruption already: the service then knew all of it.
        """
        found = [item_id for item_id, (late_id, _) in self._late.items() if response_id in (None, late_id)]
        cuts = [self._late.pop(item_id)[1] for item_id in found]
        for cut in cuts:
            _keep(self._truncated, cut.audio_end_ms, cut.audio_end_ms)
        return cuts

    def session_moved(self, *, lost_responses: Collection[str] = (), kept_items: Collection[str] = ()) -> None:
        """Note that another session has taken over: it knows the answers as text, and those cut off not at all.

        Args:
            lost_responses: the responses that were in progress.
            kept_items: items of theirs whose text was complete.
        """
        for part in self._parts:
            is_lost = part.response_id in lost_responses and part.item_id not in kept_items
            part.kept = "nowhere" if is_lost or part.kept == "nowhere" else "text"
        self._late.clear()

    def resume(self) -> bool:
        """Take back the last interruption: it held no words, and what was not heard plays on from where it stopped.

        Returns:
            Whether there is anything to play.
        """
        parts, self._taken_back = self._taken_back, []
        for part in parts:
            self._dropped.pop(part.item_id, None)
            if part.response_id is not None:
                self._dropped.pop(part.response_id, None)
        self._parts = [*parts, *self._parts]
        return bool(parts)

    def is_dropped(self, item_id: str | None, response_id: str | None = None) -> bool:
        """Whether audio of this item or response is late: it belongs to something that was interrupted."""
        dropped = self._dropped
        return bool(dropped) and (item_id in dropped or (response_id is not None and response_id in dropped))

    def too_long(self, audio_end_ms: int, audio_ms: int) -> bool:
        """Learn from "Audio content of X ms is already shorter than Y ms": the service takes the item to be shorter.

        Args:
            audio_end_ms: Y, where the item was to be truncated.
            audio_ms: X, how long the service takes it to be.

        Returns:
            Whether that truncation came from here, so that the error need not trouble the application.
        """
        received_ms = self._truncated.pop(audio_end_ms, None)
        if received_ms is None:
            return False
        self._margin_ms = max(self._margin_ms, received_ms - audio_ms)
        return True

    def _part(self, item_id: str, content_index: int, response_id: str | None) -> Part:
        # Nearly everything is about the newest.
        if self._parts and (part := self._parts[-1]).item_id == item_id and part.content_index == content_index:
            return part
        if (found := self._find(item_id, content_index)) is not None:
            return found
        part = Part(item_id, content_index, response_id)
        self._parts.append(part)
        # Nobody may ever report what is played.
        del self._parts[:-_MOST_PARTS]
        return part

    def _find(self, item_id: str, content_index: int) -> Part | None:
        for part in reversed(self._parts):
            if part.item_id == item_id and part.content_index == content_index:
                return part
        return None

    def _forget_heard(self) -> None:
        while len(self._parts) > 1 and self._parts[0].is_whole and self._parts[0].played == self._parts[0].received:
            del self._parts[0]

    def _reached_the_ear(self, latency_ms: int) -> Iterator[tuple[Part, int]]:
        late = self._format.size(latency_ms)
        heard: list[tuple[Part, int]] = []
        for part in reversed(self._in_question()):
            in_device = min(late, part.played)
            late -= in_device
            heard.append((part, part.played - in_device))
        return reversed(heard)

    def _in_question(self) -> list[Part]:
        # Where nobody says what is played, answers before the latest are taken to have been heard.
        if self._has_player or not self._parts:
            return self._parts
        latest = self._parts[-1].response_id
        return [part for part in self._parts if part.response_id == latest]

    def _interruption(self, unheard: list[tuple[Part, int]]) -> Interruption:
        first, first_heard = unheard[0]
        heard_ms = self._format.ms(first_heard)
        heard_text, unheard_text = split_heard(first.text, heard_ms, self._length_ms(first), tuple(first.words))
        truncations: list[Truncation] = []
        for part, heard in unheard:
            received_ms = self._format.ms(part.received)
            end_ms = max(0, min(self._format.ms(heard), received_ms - self._margin_ms))
            if part.kept == "audio":
                _keep(self._truncated, end_ms, received_ms)
                truncations.append(_cut(part.item_id, part.content_index, end_ms))
            elif part.kept == "text":
                words = heard_text if part is first else ""
                truncations.append(_cut(part.item_id, part.content_index, end_ms, words))
        return Interruption(
            item_id=first.item_id,
            response_id=first.response_id,
            heard_ms=heard_ms,
            unheard_ms=self._format.ms(sum(part.received - heard for part, heard in unheard)),
            heard_text=heard_text,
            unheard_text=unheard_text,
            truncations=tuple(truncations),
        )

    def _length_ms(self, part: Part) -> float:
        """Return how long the sound of the whole text is; the text is often there long before its sound."""
        received_ms = self._format.ms(part.received)
        return received_ms if part.is_whole else max(received_ms, len(part.text) * self._ms_per_character)


def _cut(item_id: str, content_index: int, audio_end_ms: int, words: str | None = None) -> Truncation:
    return Truncation(item_id=item_id, content_index=content_index, audio_end_ms=audio_end_ms, words=words)


def _keep(known: OrderedDict[K, V], key: K, value: V) -> None:
    known[key] = value
    known.move_to_end(key)
    # An item and a response of each part, at most: more than that only a service out of order has.
    _forget(known, 2 * _MOST_PARTS + _REMEMBERED)


def _forget(known: OrderedDict[Any, Any], most: int) -> None:
    while len(known) > most:
        known.popitem(last=False)
