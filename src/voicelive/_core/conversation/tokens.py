"""The tokens that responses used, and what they cost."""

from dataclasses import dataclass, fields

from ..._public import public_in
from ...errors import ConfigurationError
from ..numbers import is_number, is_whole
from .fields import field_of

__all__ = ["NO_TOKENS", "Price", "TokenCounts"]


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class TokenCounts:
    """Tokens that responses used, by kind; None where the service did not say."""

    input: int | None = None
    output: int | None = None
    input_text: int | None = None
    input_audio: int | None = None
    cached: int | None = None
    output_text: int | None = None
    output_audio: int | None = None

    def __add__(self, other: "TokenCounts") -> "TokenCounts":
        if self is NO_TOKENS:
            return other
        return TokenCounts(
            input=_sum(self.input, other.input),
            output=_sum(self.output, other.output),
            input_text=_sum(self.input_text, other.input_text),
            input_audio=_sum(self.input_audio, other.input_audio),
            cached=_sum(self.cached, other.cached),
            output_text=_sum(self.output_text, other.output_text),
            output_audio=_sum(self.output_audio, other.output_audio),
        )

    @classmethod
    def of(cls, usage: object) -> "TokenCounts":
        """Read the ``usage`` of a response, as an object or in its wire form; what is not a number is None."""
        came, went = field_of(usage, "input_token_details"), field_of(usage, "output_token_details")
        return cls(
            input=_count(field_of(usage, "input_tokens")),
            output=_count(field_of(usage, "output_tokens")),
            input_text=_count(field_of(came, "text_tokens")),
            input_audio=_count(field_of(came, "audio_tokens")),
            cached=_count(field_of(came, "cached_tokens")),
            output_text=_count(field_of(went, "text_tokens")),
            output_audio=_count(field_of(went, "audio_tokens")),
        )


NO_TOKENS = TokenCounts()


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class Price:
    """Prices in any one currency for a million tokens of each kind. Raises ConfigurationError for invalid values."""

    input_text: float = 0.0
    input_audio: float = 0.0
    cached: float = 0.0
    output_text: float = 0.0
    output_audio: float = 0.0

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not is_number(value) or value < 0:
                raise ConfigurationError(f"Price({one.name}=…) takes a number, 0 or more, not {value!r}")

    def of(self, tokens: TokenCounts) -> float:
        """Return what these tokens cost; cached tokens are taken off the text tokens of the input, then the audio."""
        cached = tokens.cached or 0
        text = tokens.input_text or 0
        audio = tokens.input_audio or 0
        cached_text = min(cached, text)
        millions = (
            (text - cached_text) * self.input_text
            + (audio - min(cached - cached_text, audio)) * self.input_audio
            + cached * self.cached
            + (tokens.output_text or 0) * self.output_text
            + (tokens.output_audio or 0) * self.output_audio
        )
        return millions / 1_000_000


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _count(value: object) -> int | None:
    return value if is_whole(value) else None
