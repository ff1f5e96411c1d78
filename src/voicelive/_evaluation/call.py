"""One call: a simulated caller and an agent at one connection, and what came of it."""

import asyncio
import logging
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .._core.lines.digits import key_messages
from .._local.engines.protocols import ResponderError
from .._public import public_in
from ..agents import Agent, load_agent, options_of
from ..aio import connect
from ..audio import ArrayBackend, AudioDevice
from ..conversation import Price
from ..errors import ConnectionClosed, ConnectionError, ThrottledError
from ..recording import Recorder
from .caller import Caller, Utterance
from .expectations import Check, check_all
from .language_model import LanguageModel, ask_judge, next_words, transcript
from .listening import Listener
from .record import CallRecord
from .results import CallResult
from .scenario import JudgedBy, Scenario
from .scores import samples_of, scores_of
from .service import shared_service
from .voices import EngineKind, acts_of, recognize, speak

if TYPE_CHECKING:
    from ..aio import VoiceLiveConnection

__all__ = ["CallJob", "run_call", "run_call_async"]

_logger = logging.getLogger("voicelive.evaluation")

_HANG_UP_S = 5.0
"""What an agent gets to end in once the caller has hung up."""


@public_in("voicelive.evaluation")
@dataclass(frozen=True, kw_only=True)
class CallJob:
    """A call to be held. It can be pickled, and so held in another process or on another machine.

    Args:
        id: names the call among all of its batch.
        scenario: what the caller does.
        agent: the agent, as a function or as ``module:function``, which the worker must be able to import.
        connect: further arguments of :func:`voicelive.aio.connect`; they go before those of the agent. Without an
            endpoint, and none in the environment variable ``AZURE_VOICELIVE_ENDPOINT``, the call is made with a
            local service, one for each process.
        engines: what the caller speaks with, and the local service hears and speaks with: ``speech`` needs the extra
            ``local``, ``basic`` are tones, ``auto`` takes speech if it is installed.
        seed: decides the noise and the losses of the line.
        recognize: have the agent's sound recognized, for ``caller_word_errors``; takes CPU time.
        judge: what answers the questions of the scenario.
        speaker: what speaks for a caller with a goal; left out: the judge.
        price: what tokens cost.
        recording: where to record the call: a folder, or a file if it ends in ``.zip``. Where one is there already,
            as of an earlier attempt, a number is added to the name.
    """

    id: str
    scenario: Scenario
    agent: str | Agent = "voicelive.evaluation:assistant"
    connect: Mapping[str, Any] = field(default_factory=dict[str, Any])
    engines: EngineKind = "auto"
    seed: int = 0
    recognize: bool = False
    judge: LanguageModel | None = None
    speaker: LanguageModel | None = None
    price: Price | None = None
    recording: str | None = None


@public_in("voicelive.evaluation")
def run_call(job: CallJob) -> CallResult:
    """Hold a call and judge it, in an event loop of its own.

    What goes wrong with the call is in its result; only an argument that cannot be raises.

    Raises:
        ConfigurationError: if the agent or a recording cannot be found, or an option is refused.
    """
    return asyncio.run(run_call_async(job))


@public_in("voicelive.evaluation")
async def run_call_async(job: CallJob) -> CallResult:
    """Hold a call and judge it, as :func:`run_call` does, in the running event loop."""
    agent = load_agent(job.agent)
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    call = _Call(job, agent)
    result = CallResult(
        id=job.id,
        scenario=job.scenario.name,
        tags=tuple(job.scenario.tags),
        outcome="error",
        started=started,
        recording=call.recording,
        worker=f"{socket.gethostname()}:{os.getpid()}",
    )
    if job.scenario.goal is not None and job.speaker is None and job.judge is None:
        # Without it the caller would be silent, and the agent be blamed for it.
        return replace(result, error="the caller has a goal, and no language model speaks for it: give one")
    try:
        record = await call.hold()
    except _AgentFailedError as error:
        _logger.warning("call %s: %s", job.id, error, exc_info=error.__cause__)
        return _failed(result, call, str(error))
    except (ConnectionError, OSError, ResponderError) as error:
        failed = _failed(result, call, f"{type(error).__name__}: {error}")
        return replace(
            failed,
            is_retryable=isinstance(error, (ThrottledError, ConnectionClosed, TimeoutError, OSError)),
            retry_after_s=getattr(error, "retry_after", None),
        )
    return await _judged(job, result, record)


def _failed(result: CallResult, call: "_Call", error: str) -> CallResult:
    return replace(result, error=error, duration_ms=call.caller.now_ms, transcript=transcript(call.record("agent")))


async def _judged(job: CallJob, result: CallResult, record: CallRecord) -> CallResult:
    scenario = job.scenario
    questions = [one.judge for one in scenario.expect if isinstance(one, JudgedBy)]
    judged = await ask_judge(job.judge, questions, record) if job.judge is not None else {}
    checks = check_all(scenario.expect, record, judged=judged)
    return replace(
        result,
        outcome=_outcome(checks),
        checks=tuple(checks),
        scores=scores_of(scenario, record, checks, job.price),
        samples=samples_of(record),
        transcript=transcript(record),
        duration_ms=record.duration_ms,
        error=next((f"{one.expected}: {one.reason}" for one in checks if one.passed is None), None),
    )


def _outcome(checks: list[Check]) -> Literal["passed", "failed", "error"]:
    if any(check.passed is False for check in checks):
        return "failed"
    return "error" if any(check.passed is None for check in checks) else "passed"


class _AgentFailedError(Exception):
    """The agent itself failed: says with what."""


class _Call:
    """A call under way."""

    def __init__(self, job: CallJob, agent: Agent) -> None:
        scenario = job.scenario
        self._job = job
        self._agent = agent
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._keys: list[str] = []
        self.caller = Caller(
            acts_of(scenario, job.engines),
            pause_ms=scenario.pause_ms,
            patience_ms=scenario.patience_ms,
            line=scenario.line,
            seed=job.seed,
            press=self._press,
            changed=self._wake,
        )
        self._listener = Listener(lambda: self.caller.now_ms, lambda: self.caller.agent.silent_ms)
        self._agent_sound = bytearray()
        self._recorder = None if job.recording is None else Recorder(_free(Path(job.recording)))
        self.recording = None if self._recorder is None else str(self._recorder.path)

    async def hold(self) -> CallRecord:
        """Hold the call to its end.

        Raises:
            ConnectionError: if it cannot be opened, or breaks.
        """
        backend = ArrayBackend(acoustics=self._exchange)
        device = AudioDevice(echo="off", backend=backend)
        try:
            async with device, self._connect() as connection:
                device.attach(connection)
                ended_by = await self._talk(connection)
        finally:
            if self._recorder is not None:
                await asyncio.to_thread(self._recorder.close)
        record = self.record(ended_by, connection)
        if self._job.recognize:
            recognized = await asyncio.to_thread(recognize, self._job.engines, bytes(self._agent_sound))
            record = replace(record, recognized=recognized)
        return record

    def record(self, ended_by: Literal["caller", "agent", "timeout"], connection: Any = None) -> CallRecord:
        """Return what has happened so far."""
        record = CallRecord(
            duration_ms=self.caller.now_ms,
            uttered=tuple(self.caller.uttered),
            agent=tuple(self.caller.agent.spans),
            lines=self._listener.lines(),
            ended_by=ended_by,
        )
        return record if connection is None else replace(record, metrics=connection.metrics)

    def _connect(self) -> "VoiceLiveConnection":
        options: dict[str, Any] = {"model": "gpt-4o", "barge_in": True, "metrics": True}
        options |= {**options_of(self._agent), **self._job.connect}
        if options.get("endpoint") is None and not os.environ.get("AZURE_VOICELIVE_ENDPOINT"):
            options["endpoint"] = shared_service(self._job.engines).endpoint
        observers = [*options.pop("observers", ()), self._listener]
        return connect(observers=observers, recorder=self._recorder, **options)

    async def _talk(self, connection: "VoiceLiveConnection") -> Literal["caller", "agent", "timeout"]:
        agent = asyncio.ensure_future(self._agent(connection))
        agent.add_done_callback(lambda _: self._changed.set())
        try:
            async with asyncio.timeout(self._job.scenario.timeout_s):
                while not agent.done() and not await self._has_hung_up():
                    await self._changed.wait()
                    self._changed.clear()
                    await self._send_keys(connection)
        except TimeoutError:
            return "timeout"
        finally:
            is_over = agent.done()
            await _end(agent)
        return "agent" if is_over else "caller"

    async def _has_hung_up(self) -> bool:
        if not self.caller.is_done:
            return False
        scenario = self._job.scenario
        model = self._job.speaker or self._job.judge
        said = len(self.caller.uttered) - len(scenario.caller)
        if scenario.goal is None or model is None or said >= scenario.most_turns:
            return True
        words = await next_words(model, scenario.goal, self.record("caller"))
        if words is None:
            return True
        pcm = await asyncio.to_thread(speak, self._job.engines, words, scenario.voice)
        self.caller.add(Utterance(words, pcm))
        return False

    # From the device's thread.

    def _exchange(self, heard: bytes) -> bytes:
        if self._job.recognize:
            self._agent_sound += heard
        return self.caller(heard)

    def _press(self, keys: str) -> None:
        self._keys.append(keys)
        self._wake()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits
            self._loop.call_soon_threadsafe(self._changed.set)

    async def _send_keys(self, connection: "VoiceLiveConnection") -> None:
        while self._keys:
            for message in key_messages(self._keys.pop(0)):
                await connection.respond(message)


def _free(path: Path) -> Path:
    """Return the path, or the first of its names with a number that is not taken."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(one for one in chain([path], numbered) if not one.exists())


async def _end(agent: asyncio.Future[None]) -> None:
    """End the agent.

    Raises:
        ConnectionError: if the connection broke.
        _AgentFailedError: if it raised anything else.
    """
    if not agent.done():
        agent.cancel()
        await asyncio.wait([agent], timeout=_HANG_UP_S)
    error = None if not agent.done() or agent.cancelled() else agent.exception()
    if isinstance(error, ConnectionError):
        raise error
    if error is not None:
        raise _AgentFailedError(f"the agent raised {type(error).__name__}: {error}") from error
