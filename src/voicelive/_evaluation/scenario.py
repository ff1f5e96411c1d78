"""A scenario: what a caller does, on what line, and what is expected of the agent; in Python or in YAML."""

from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from .._public import public_in

__all__ = [
    "EXPECTATIONS",
    "STEPS",
    "Ended",
    "Expectation",
    "Heard",
    "InOrder",
    "JudgedBy",
    "Keys",
    "Line",
    "NoTool",
    "NotSaid",
    "NoTalkingOver",
    "Play",
    "Said",
    "Say",
    "Scenario",
    "Silence",
    "Step",
    "ToolCalled",
    "WaitFor",
    "WithinMs",
    "YieldsWithinMs",
    "scenario_schema",
]


class _Strict(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def _kind(known: tuple[str, ...]) -> Any:
    """Return what tells of which kind a step or an expectation is: the one key of it that names a kind."""

    def find(value: Any) -> str | None:
        names = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, BaseModel) else ()
        return next((name for name in known if name in names), None)

    return find


class _Spoken(_Strict):
    after: Literal["answer", "now"] = "answer"
    """Speak when the agent has answered what was said before, or at once."""
    interrupt_after_ms: Annotated[int, Field(ge=0, le=60_000)] | None = None
    """Speak this many ms after the agent has begun its answer, over it."""


@public_in("voicelive.evaluation")
class Say(_Spoken):
    """The caller says a text, in a synthesized voice."""

    say: Annotated[str, Field(min_length=1, max_length=2000)]
    voice: str | None = None
    """The name of the voice, such as ``en-US-AvaNeural``; left out: that of the scenario."""
    rate: Annotated[float, Field(ge=0.5, le=2.0)] = 1.0
    """How fast: 1 is normal."""


@public_in("voicelive.evaluation")
class Play(_Spoken):
    """The caller plays a recording."""

    play: str
    """A WAV file; a relative path is looked for beside the scenario's file."""
    text: str | None = None
    """What is said in it, for the word error rate."""


@public_in("voicelive.evaluation")
class Silence(_Strict):
    """The caller is silent."""

    silence_ms: Annotated[int, Field(ge=0, le=600_000)]
    """For how long, from the end of the step before."""


@public_in("voicelive.evaluation")
class WaitFor(_Strict):
    """The caller waits until the agent begins to speak, or has finished."""

    wait_for: Literal["answer", "answer_end"]
    timeout_ms: Annotated[int, Field(ge=0, le=600_000)] = 15_000
    """How long at most."""


@public_in("voicelive.evaluation")
class Keys(_Strict):
    """The caller presses keys; the agent gets them as a message of the user, as from a telephone line."""

    keys: Annotated[str, Field(pattern=r"^[0-9A-D*#]{1,64}$")]


STEPS = ("say", "play", "silence_ms", "wait_for", "keys")
Step: TypeAlias = Annotated[
    Annotated[Say, Tag("say")]
    | Annotated[Play, Tag("play")]
    | Annotated[Silence, Tag("silence_ms")]
    | Annotated[WaitFor, Tag("wait_for")]
    | Annotated[Keys, Tag("keys")],
    Discriminator(_kind(STEPS)),
]


@public_in("voicelive.evaluation")
class Heard(_Strict):
    """The agent understood these words of the caller."""

    heard: Annotated[str, Field(min_length=1)]
    max_error: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of the words that may be missing or other ones."""


@public_in("voicelive.evaluation")
class Said(_Strict):
    """The agent said these words; of a list, one of them."""

    said: str | Annotated[list[str], Field(min_length=1)]
    max_error: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of the words that may be missing or other ones."""


@public_in("voicelive.evaluation")
class NotSaid(_Strict):
    """The agent never said these words."""

    not_said: Annotated[str, Field(min_length=1)]


@public_in("voicelive.evaluation")
class ToolCalled(_Strict):
    """The agent called a tool."""

    tool: Annotated[str, Field(min_length=1)]
    arguments: dict[str, Any] | None = None
    """Arguments that the call must have; others are allowed. Texts are compared without regard to case."""


@public_in("voicelive.evaluation")
class NoTool(_Strict):
    """The agent called no tool, or not this one."""

    no_tool: Literal[True] | str


@public_in("voicelive.evaluation")
class WithinMs(_Strict):
    """Each answer began within so many ms of the end of the caller's speech, and there was one."""

    within_ms: Annotated[int, Field(gt=0)]


@public_in("voicelive.evaluation")
class YieldsWithinMs(_Strict):
    """The agent fell silent within so many ms, each time the caller spoke over it."""

    yields_within_ms: Annotated[int, Field(gt=0)]


@public_in("voicelive.evaluation")
class NoTalkingOver(_Strict):
    """The agent did not begin to speak while the caller spoke."""

    no_talking_over: Literal[True]


@public_in("voicelive.evaluation")
class Ended(_Strict):
    """The agent ended the call, or did not."""

    ended: bool


@public_in("voicelive.evaluation")
class JudgedBy(_Strict):
    """A language model answers a question about the call with yes."""

    judge: Annotated[str, Field(min_length=1)]


EXPECTATIONS = (
    "heard",
    "said",
    "not_said",
    "tool",
    "no_tool",
    "within_ms",
    "yields_within_ms",
    "no_talking_over",
    "ended",
    "judge",
    "in_order",
)
_Ordered: TypeAlias = Annotated[
    Annotated[Heard, Tag("heard")] | Annotated[Said, Tag("said")] | Annotated[ToolCalled, Tag("tool")],
    Discriminator(_kind(("heard", "said", "tool"))),
]


@public_in("voicelive.evaluation")
class InOrder(_Strict):
    """These happened one after the other."""

    in_order: Annotated[list[_Ordered], Field(min_length=1)]


Expectation: TypeAlias = Annotated[
    Annotated[Heard, Tag("heard")]
    | Annotated[Said, Tag("said")]
    | Annotated[NotSaid, Tag("not_said")]
    | Annotated[ToolCalled, Tag("tool")]
    | Annotated[NoTool, Tag("no_tool")]
    | Annotated[WithinMs, Tag("within_ms")]
    | Annotated[YieldsWithinMs, Tag("yields_within_ms")]
    | Annotated[NoTalkingOver, Tag("no_talking_over")]
    | Annotated[Ended, Tag("ended")]
    | Annotated[JudgedBy, Tag("judge")]
    | Annotated[InOrder, Tag("in_order")],
    Discriminator(_kind(EXPECTATIONS)),
]


@public_in("voicelive.evaluation")
class Line(_Strict):
    """What the line does to the caller's sound."""

    noise_db: Annotated[float, Field(ge=-96, le=0)] | None = None
    """White noise behind the caller's voice, in dB below full scale."""
    loss_percent: Annotated[float, Field(ge=0, le=100)] = 0.0
    """How many of the pieces of 20 ms are lost."""
    volume_db: Annotated[float, Field(ge=-60, le=20)] = 0.0
    """How much louder the caller is than recorded."""


@public_in("voicelive.evaluation")
class Scenario(_Strict):
    """What a caller does in a call, and what is expected of the agent."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: str | None = None
    tags: list[str] = []
    caller: list[Step] = []
    """What the caller does, one after the other. At the end the caller waits for the answer, and hangs up."""
    goal: str | None = None
    """What the caller wants: after the steps a language model speaks for the caller until it is reached."""
    most_turns: Annotated[int, Field(ge=1, le=100)] = 8
    """How often the language model may speak for the caller."""
    voice: str | None = None
    """The caller's voice."""
    line: Line = Line()
    expect: list[Expectation] = []
    patience_ms: Annotated[int, Field(gt=0, le=600_000)] = 10_000
    """How long the caller waits for an answer before the next step."""
    pause_ms: Annotated[int, Field(ge=100, le=60_000)] = 900
    """How long the agent must be silent for the caller to take its answer as finished."""
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 120.0
    """After how many seconds the call is ended."""

    @model_validator(mode="before")
    @classmethod
    def _name_unknown_kinds(cls, value: Any) -> Any:
        # Before the unions look at them: their own message names neither the key nor what it could be.
        if isinstance(value, dict):
            _check_kinds("caller", value.get("caller"), STEPS)
            _check_kinds("expect", value.get("expect"), EXPECTATIONS)
        return value

    @model_validator(mode="after")
    def _has_something_to_do(self) -> "Scenario":
        if not self.caller and not self.goal:
            raise ValueError("a scenario needs steps of the caller, or a goal")
        return self


def _check_kinds(where: str, entries: Any, known: tuple[str, ...]) -> None:
    if not isinstance(entries, list):
        return
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or any(name in entry for name in known):
            continue
        names = ", ".join(map(str, entry)) or "nothing"
        near = [one for name in entry for one in get_close_matches(str(name), known, 1)]
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{where}[{number}] has {names}: it takes one of {', '.join(known)}{hint}")


@public_in("voicelive.evaluation")
def scenario_schema() -> dict[str, Any]:
    """Return the JSON schema of a scenario, for editors that check YAML while it is written."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Scenario.model_json_schema()}
