"""How long the user waited, and for what: figures of each turn and of the call, from its events and what was played.

Times are in seconds of any one clock; figures in milliseconds. What is not known is None, never 0.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from ..._public import public_in
from ..recent_ids import RecentIds
from .earlier_figures import FIGURES, EarlierFigures
from .tokens import NO_TOKENS, Price, TokenCounts

__all__ = ["MOST_TURNS", "CallMetrics", "Spread", "TurnMeter", "TurnMetrics", "TurnUnderWay"]

MOST_TURNS = 256
"""How many turns are kept as records, of some 500 bytes each: half an hour of a turn every seven seconds."""
_MOST_NAMED = 256
"""How many responses of one turn are named, and how many tools are followed at a time."""


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class TurnMetrics:
    """One turn: what the user said or asked for, and the responses to it."""

    number: int
    """Its place in the call, from 1."""
    user_item_id: str | None = None
    """The user's item, where the turn was spoken."""
    response_ids: tuple[str, ...] = ()
    """The responses of the turn: more than one where tools were called."""
    status: str | None = None
    """How its last response ended, in the service's words; None while it has not."""
    endpointing_ms: float | None = None
    """From the end of the speech to ``speech_stopped``: how long the detector waited to be sure."""
    transcription_ms: float | None = None
    """From ``speech_stopped`` to the transcript of what the user said."""
    thinking_ms: float | None = None
    """From ``speech_stopped``, or from the request of a typed turn, to ``response.created``."""
    first_text_ms: float | None = None
    """From ``response.created`` of the first response to the first text or transcript."""
    first_audio_ms: float | None = None
    """From ``response.created`` of the first response to the first audio that arrived."""
    voice_to_voice_ms: float | None = None
    """From the end of the speech to the first sample at the ear; needs a player that reports what it played."""
    tool_ms: float | None = None
    """How long tools ran, those beside each other counted once."""
    interrupted: bool = False
    """Whether the user, or the application, spoke over the answer."""
    generated_ms: int | None = None
    """How much sound was received for the turn."""
    heard_ms: int | None = None
    """How much of it was played; None without a player that reports it."""
    underruns: int | None = None
    """How often the player had nothing to play in the midst of an answer; None without a player that reports it."""
    tokens: TokenCounts = field(default_factory=TokenCounts)
    """The tokens of its responses."""


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class Spread:
    """How a figure spreads over the turns that have it, such as in ms."""

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Spread | None":
        """Return the spread of what is known; None if nothing is."""
        known = sorted(value for value in values if value is not None)
        if not known:
            return None
        if len(known) == 1:
            return cls(count=1, p50=known[0], p95=known[0], p99=known[0])
        # It takes longer to load than all the rest here.
        from statistics import quantiles

        cuts = quantiles(known, n=100, method="inclusive")
        return cls(count=len(known), p50=cuts[49], p95=cuts[94], p99=cuts[98])


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class CallMetrics:
    """A whole call."""

    turns: tuple[TurnMetrics, ...] = ()
    """The turns, in order; of a long call the latest 256."""
    interruptions: int = 0
    """How often the user, or the application, spoke over an answer."""
    false_interruptions: int = 0
    """How many of them held no words."""
    reconnects: int = 0
    """How often the session moved to another connection."""
    tokens: TokenCounts = field(default_factory=TokenCounts)
    """The tokens of all its turns."""
    _earlier: Mapping[str, Sequence[float]] = field(default_factory=dict, init=False, repr=False)

    def spread(self, name: str) -> Spread | None:
        """Return the spread of a figure of the turns, such as ``"voice_to_voice_ms"``; None if no turn has it.

        It is of all turns of the call, also of those that :attr:`turns` no longer has: of the latest 10,000 of them.
        """
        return Spread.of(chain(self._earlier.get(name, ()), (getattr(turn, name) for turn in self.turns)))

    def cost(self, price: Price) -> float:
        """Return what the call's tokens cost at these prices."""
        return price.of(self.tokens)


@dataclass
class TurnUnderWay:
    """A turn under way, with the times of what happened."""

    number: int
    item_id: str | None = None
    ended: float | None = None
    stopped: float | None = None
    transcribed: float | None = None
    created: float | None = None
    text: float | None = None
    audio: float | None = None
    ear: float | None = None
    responses: list[str] = field(default_factory=list[str])
    status: str | None = None
    is_interrupted: bool = False
    generated: int | None = None
    heard: int | None = None
    underruns: int | None = None
    tool_ms: float | None = None
    tokens: TokenCounts = NO_TOKENS

    def metrics(self) -> TurnMetrics:
        return TurnMetrics(
            number=self.number,
            user_item_id=self.item_id,
            response_ids=tuple(self.responses),
            status=self.status,
            endpointing_ms=_between(self.ended, self.stopped),
            transcription_ms=_between(self.stopped, self.transcribed),
            thinking_ms=_between(self.stopped, self.created),
            first_text_ms=_between(self.created, self.text),
            first_audio_ms=_between(self.created, self.audio),
            voice_to_voice_ms=_between(self.ended, self.ear),
            tool_ms=self.tool_ms,
            interrupted=self.is_interrupted,
            generated_ms=self.generated,
            heard_ms=self.heard,
            underruns=self.underruns,
            tokens=self.tokens,
        )


@public_in("voicelive.conversation")
class TurnMeter:
    """Collects the figures while the call goes on. A turn ends where the next begins, or with the call."""

    def __init__(self, *, max_turns: int | None = MOST_TURNS) -> None:
        """Begin.

        Args:
            max_turns: how many turns that are over are kept; of those before them the figures still count in
                :meth:`CallMetrics.spread`. None: all are.
        """
        self._max_turns = max_turns
        self._done: deque[TurnMetrics] = deque()
        self._earlier = EarlierFigures()
        self._turn: TurnUnderWay | None = None
        self._count = 0
        self._interruptions = self._false_interruptions = self._reconnects = 0
        self._tokens = NO_TOKENS
        # Those that nobody ever answers are forgotten.
        self._tools = RecentIds(_MOST_NAMED)
        self._tools_since = 0.0
        self._items: dict[str, int] = {}
        """How far the items of the turn have been played, in ms."""
        self._heard_before = 0
        """How much of items of the turn before these."""

    @property
    def turns(self) -> list[TurnMetrics]:
        """The turns so far, the one under way last; of a long call the latest."""
        return [*self._done, *([self._turn.metrics()] if self._turn else [])]

    @property
    def call(self) -> CallMetrics:
        """The call so far."""
        call = CallMetrics(
            turns=tuple(self.turns),
            interruptions=self._interruptions,
            false_interruptions=self._false_interruptions,
            reconnects=self._reconnects,
            tokens=self._tokens + (self._turn.tokens if self._turn else NO_TOKENS),
        )
        object.__setattr__(call, "_earlier", self._earlier.copy())
        return call

    def begin(self) -> TurnMetrics | None:
        """Begin a turn; returns the one that this ends."""
        ended = self.end()
        self._count += 1
        self._turn = TurnUnderWay(self._count)
        return ended

    def end(self) -> TurnMetrics | None:
        """End the turn under way, and return it; None if there is none."""
        turn, self._turn = self._turn, None
        if turn is None:
            return None
        metrics = turn.metrics()
        self._done.append(metrics)
        if self._max_turns is not None and len(self._done) > self._max_turns:
            oldest = self._done.popleft()
            self._earlier.add((name, getattr(oldest, name)) for name in FIGURES)
        self._tokens = self._tokens + metrics.tokens
        self._items.clear()
        self._heard_before = 0
        return metrics

    def speech_stopped(self, item_id: str, ended: float | None, now: float) -> TurnMetrics | None:
        """Note the end of the user's speech: a turn begins; returns the one that this ends.

        Args:
            item_id: the user's item.
            ended: when the last of the speech was sent, as far as it is known.
            now: when the service said so.
        """
        before = self._turn
        if before is not None and before.created is None and before.item_id is not None:
            # The user went on after a pause, before anything was answered: one turn.
            before.item_id, before.ended, before.stopped = item_id, ended, now
            return None
        done = self.begin()
        self._current.item_id, self._current.ended, self._current.stopped = item_id, ended, now
        return done

    def requested(self, now: float, *, follows_tools: bool = False) -> TurnMetrics | None:
        """Note a request for a response: a turn begins, unless one waits for it already; returns the one that ends.

        Args:
            now: when.
            follows_tools: whether it is for the response after tools, which belongs to the turn that called them.
        """
        if self._turn is not None and (self._turn.created is None or follows_tools):
            return None
        done = self.begin()
        self._current.stopped = now
        return done

    def transcribed(self, item_id: str, now: float) -> None:
        """Note the transcript of the user's item; only the first counts, as the service may repeat it."""
        turn = self._turn
        if turn is not None and turn.item_id == item_id and turn.transcribed is None:
            turn.transcribed = now

    def created(self, response_id: str | None, now: float) -> TurnMetrics | None:
        """Note ``response.created``; returns the turn that ends where the service responds unasked."""
        done = self.begin() if self._turn is None else None
        turn = self._current
        turn.created = now if turn.created is None else turn.created
        if response_id is not None:
            turn.responses.append(response_id)
            # A service that speaks unasked may never begin another turn.
            del turn.responses[:-_MOST_NAMED]
        return done

    def text(self, now: float) -> None:
        """Note a piece of text or transcript of the answer."""
        if self._turn is not None and self._turn.text is None:
            self._turn.text = now

    def audio(self, ms: int, now: float) -> None:
        """Note audio of the answer that arrived."""
        turn = self._turn
        if turn is not None:
            turn.audio = now if turn.audio is None else turn.audio
            turn.generated = (turn.generated or 0) + ms

    def played(self, item_id: str, ms: int, now: float, latency_ms: float = 0.0) -> None:
        """Note how far an item has been played, in ms.

        Args:
            item_id: the item.
            ms: how much of it was played in all.
            now: when.
            latency_ms: how long a sample takes from the player to the ear.
        """
        turn = self._turn
        if turn is None:
            return
        if turn.ear is None:
            turn.ear = now + latency_ms / 1000
        self._items[item_id] = max(ms, self._items.get(item_id, 0))
        if len(self._items) > _MOST_NAMED:
            self._heard_before += self._items.pop(next(iter(self._items)))
        turn.heard = self._heard_before + sum(self._items.values())
        turn.underruns = turn.underruns or 0

    def underrun(self) -> None:
        """Note that the player had nothing to play in the midst of an answer."""
        if self._turn is not None:
            self._turn.underruns = (self._turn.underruns or 0) + 1

    def interrupted(self) -> None:
        """Note that the answer was interrupted."""
        self._interruptions += 1
        if self._turn is not None:
            self._turn.is_interrupted = True

    def false_interruption(self) -> None:
        """Note that what interrupted held no words."""
        self._false_interruptions += 1

    def done(self, status: str | None, tokens: TokenCounts) -> None:
        """Note ``response.done``."""
        if self._turn is not None:
            self._turn.status = status
            self._turn.tokens = self._turn.tokens + tokens

    def tool_started(self, call_id: str, now: float) -> None:
        """Note that a tool runs."""
        if not self._tools:
            self._tools_since = now
        self._tools.add(call_id)

    def tool_done(self, call_id: str, now: float) -> None:
        """Note that a tool has ended; time that tools run beside each other counts once."""
        if call_id in self._tools:
            self._tools.discard(call_id)
            if not self._tools and self._turn is not None:
                self._turn.tool_ms = (self._turn.tool_ms or 0.0) + (now - self._tools_since) * 1000

    def reconnected(self) -> None:
        """Note that the session moved to another connection."""
        self._reconnects += 1

    @property
    def _current(self) -> TurnUnderWay:
        assert self._turn is not None
        return self._turn


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else (end - start) * 1000
