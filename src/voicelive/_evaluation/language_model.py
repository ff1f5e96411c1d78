"""A language model that judges calls or speaks for a caller: any endpoint with the Chat Completions API."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from .._local.engines.openai_chat import OpenAIResponder, check_address
from .._local.engines.protocols import MessageTurn, ResponderError, ResponderRequest, TextChunk
from .._public import public_in
from .expectations import Check
from .record import CallRecord, HeardWords, SaidWords

__all__ = ["LanguageModel", "ask_judge", "next_words", "transcript"]

_JUDGE = (
    "You judge a telephone call between a caller and an agent. Answer the question about the call from its transcript "
    'alone. Answer with a JSON object and nothing else: {"passed": true or false, "reason": "one sentence"}.'
)
_CALLER = (
    "You are the caller in a telephone call with an agent. You want this: {goal}\n"
    "Say the next thing, in at most two short sentences, as it is spoken. When you have what you want, or it is clear "
    "that you will not get it, answer with the one word DONE."
)
_DONE = re.compile(r"\W*DONE\W*", re.IGNORECASE)
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_MOST_CHARACTERS = 100_000


@public_in("voicelive.evaluation")
@dataclass(frozen=True)
class LanguageModel:
    """An endpoint that judges calls, or speaks for a caller.

    Args:
        base_url: the address up to and with ``/v1``, such as ``http://127.0.0.1:11434/v1``.
        model: the model's name there.
        api_key_env: the environment variable that holds the key, if the endpoint asks for one.
        timeout_s: seconds that it may be silent.

    Raises:
        ConfigurationError: for an address that cannot be used, or would carry the key in the clear.
    """

    base_url: str
    model: str
    api_key_env: str | None = None
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        # To be told before any call is made, and not by each of them.
        check_address(self.base_url, self.api_key_env is not None)

    async def ask(self, instructions: str, text: str) -> str:
        """Return its answer.

        Raises:
            ResponderError: if there is none; says why.
            ConfigurationError: if it cannot be asked, such as where the variable with the key is not set.
        """
        responder = OpenAIResponder(self.base_url, self.model, api_key_env=self.api_key_env, timeout_s=self.timeout_s)
        request = ResponderRequest([MessageTurn("user", text)], instructions)
        pieces = [output.text async for output in responder.respond(request) if isinstance(output, TextChunk)]
        return "".join(pieces).strip()


def transcript(record: CallRecord) -> str:
    """Return the call as text, a line each: the caller in the words that were said, the agent in those heard of it."""
    lines: list[tuple[int, str]] = [
        (one.span.start_ms, f"Caller: {one.text or '(a recording)'}") for one in record.uttered
    ]
    if not record.uttered:
        lines += [(one.at_ms, f"Caller: {one.text}") for one in record.lines if isinstance(one, HeardWords)]
    for line in record.lines:
        if isinstance(line, SaidWords):
            lines.append((line.at_ms, f"Agent: {line.text}{' (interrupted)' if line.is_cut else ''}"))
        elif not isinstance(line, HeardWords):
            lines.append((line.at_ms, f"Agent calls {line.name} with {json.dumps(dict(line.arguments))}"))
    return "\n".join(text for _, text in sorted(lines, key=lambda line: line[0]))[-_MOST_CHARACTERS:]


async def ask_judge(judge: LanguageModel, questions: Iterable[str], record: CallRecord) -> dict[str, Check]:
    """Return the judge's answer to each question; one that it did not give is None, with the reason."""
    call = transcript(record)
    return {question: await _judged(judge, question, call) for question in questions}


async def _judged(judge: LanguageModel, question: str, call: str) -> Check:
    name = f"judge: {question}"
    try:
        answer = await judge.ask(_JUDGE, f"Transcript:\n{call}\n\nQuestion: {question}")
    except ResponderError as error:
        return Check(name, None, f"no answer: {error}")
    found = _OBJECT.search(answer)
    try:
        verdict = json.loads(found[0]) if found else None
    except ValueError:
        verdict = None
    if not isinstance(verdict, dict) or not isinstance(verdict.get("passed"), bool):
        return Check(name, None, f"the judge's answer is not a verdict: {answer[:200]!r}")
    return Check(name, verdict["passed"], str(verdict.get("reason") or ""))


async def next_words(model: LanguageModel, goal: str, record: CallRecord) -> str | None:
    """Return what a caller with this goal says next; None if the caller hangs up.

    Raises:
        ResponderError: if the endpoint gave no answer.
    """
    call = transcript(record) or "(nothing has been said yet)"
    answer = await model.ask(_CALLER.format(goal=goal), f"The call so far:\n{call}\n\nWhat do you say next?")
    return None if not answer or _DONE.fullmatch(answer) else answer
