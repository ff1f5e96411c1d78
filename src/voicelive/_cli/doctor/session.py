"""What follows once the connection is open: the model, `session.created`, and one text turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicelive import VoiceLiveConnection

from ...errors import ConnectionClosed, ReceiveTimeoutError
from ...models import AnyServerEvent, ServerEventError, ServerEventResponseDone, ServerEventSessionCreated
from ..failures import error_line
from ..turns import describe_error
from .configuration import Target
from .steps import Deadline, Finding, OutOfTimeError, Status, Step, StepFailedError

__all__ = ["await_session", "hold_turn"]

_QUESTION = "Say hello in one word."
_MODEL_CODES = ("model", "deployment", "profile", "api_version", "api-version")


def await_session(connection: VoiceLiveConnection, target: Target) -> tuple[Finding, Finding]:
    """Wait for the service's first word.

    Returns:
        What was found of model and API version, and of ``session.created``.

    Raises:
        StepFailedError: if the service refuses the model, or begins no session; names the step.
    """
    try:
        event = _next(connection, {"session.created"}, target)
    except (ReceiveTimeoutError, ConnectionClosed) as error:
        # The connection itself gives up on a session that never comes, sooner or later than --timeout.
        if isinstance(error, ConnectionClosed) and not isinstance(error, TimeoutError):
            raise _closed(error, Step.SESSION, "before session.created", connection) from None
        raise StepFailedError(
            f"the connection is open, but session.created did not come within {target.timeout:g} s",
            step=Step.SESSION,
            remedy=(
                f"try again: the service was seen to stall; --timeout allows more time; for support: request id "
                f"{connection.request_id}"
            ),
            facts={"request_id": connection.request_id},
        ) from None
    facts: dict[str, Any] = {"request_id": connection.request_id}
    answers_as = None
    if isinstance(event, ServerEventSessionCreated):
        facts["session_id"] = getattr(event.session, "id", None)
        answers_as = getattr(event.session, "model", None)
    model = {"model": target.model, "api_version": target.api_version, "answers_as": answers_as}
    shown = f", which answers as {answers_as}" if answers_as and answers_as != target.model else ""
    return (
        Finding(f"model {target.model}{shown}; API version {target.api_version}", model),
        Finding(f"session {facts.get('session_id') or 'without an id'}", facts),
    )


def hold_turn(connection: VoiceLiveConnection, target: Target) -> Finding:
    """Ask for one word in writing, and wait until it has been answered.

    Raises:
        StepFailedError: if there is no answer.
    """
    remedy = (
        "the session is there, so endpoint and credential are right: try again; if it persists, try another --model, "
        f"and look for the model's quota; for support: request id {connection.request_id}"
    )
    facts = {"request_id": connection.request_id}
    try:
        # Sending could block on a network that is stuck.
        done = Deadline(target.timeout).run(lambda: _ask(connection, target))
    except (ReceiveTimeoutError, OutOfTimeError):
        raise StepFailedError(
            f"no response.done within {target.timeout:g} s", remedy=f"{remedy}; --timeout allows more time", facts=facts
        ) from None
    except ConnectionClosed as closed:
        raise _closed(closed, Step.TURN, "during the turn", connection) from None
    status = done.response.status if isinstance(done, ServerEventResponseDone) else None
    facts["status"] = str(status)
    if status in {"failed", "cancelled"}:
        raise StepFailedError(f"the response is {status}{_reason_of(done)}", remedy=remedy, facts=facts)
    answer = _text_of(done)
    facts["answer"] = answer
    shown = f"{answer[:60]}..." if len(answer) > 60 else answer
    if not answer:
        return Finding("the response is done, but holds no text", facts, Status.NOTED)
    return Finding(f"answered: {shown}", facts)


def _ask(connection: VoiceLiveConnection, target: Target) -> AnyServerEvent:
    deadline = Deadline(target.timeout)
    connection.session.update(session={"modalities": ["text"], "instructions": "Answer in one word."})
    connection.conversation.item.create(
        item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": _QUESTION}]}
    )
    connection.response.create()
    try:
        return _next(connection, {"response.done"}, target, deadline.left)
    except TimeoutError as error:
        raise OutOfTimeError from error


def _next(
    connection: VoiceLiveConnection, awaited: set[str], target: Target, timeout: float | None = None
) -> AnyServerEvent:
    """Wait for one of the `awaited` events; an error that comes first is a failure."""
    event = connection.wait_for(lambda event: event.type in {*awaited, "error"}, timeout or target.timeout)
    if event.type != "error":
        return event
    text = describe_error(event) if isinstance(event, ServerEventError) else "an error that does not fit the contract"
    error = getattr(event, "error", None)
    code, param = (str(getattr(error, name, None) or "") for name in ("code", "param"))
    facts = {"request_id": connection.request_id, "code": code or None, "param": param or None}
    if any(word in code for word in _MODEL_CODES) or param in {"model", "api-version"}:
        raise StepFailedError(
            text,
            step=Step.MODEL,
            remedy=(
                f"check that the resource's region offers the model {target.model} and that its name is spelled right "
                f"(--model), and that the API version {target.api_version} supports it (--api-version)"
            ),
            facts=facts,
        )
    raise StepFailedError(
        f"the service sent an error: {text}",
        step=Step.SESSION if "session.created" in awaited else Step.TURN,
        remedy=f"see what the error says; for support: request id {connection.request_id}",
        facts=facts,
    )


def _closed(closed: ConnectionClosed, step: Step, when: str, connection: VoiceLiveConnection) -> StepFailedError:
    if closed.code == 1006:
        remedy = (
            "the connection broke without a close frame: look for a proxy or firewall that cuts WebSockets, then retry"
        )
    elif closed.code in {1001, 1011, 1012, 1013}:
        remedy = (
            f"the service is restarting or overloaded: try again later; for support: request id {connection.request_id}"
        )
    else:
        remedy = f"see what the reason says; for support: request id {connection.request_id}"
    return StepFailedError(
        f"the connection ended {when}: {error_line(closed)}",
        step=step,
        remedy=remedy,
        facts={"code": closed.code, "request_id": connection.request_id},
    )


def _reason_of(done: AnyServerEvent) -> str:
    details = done.response.status_details if isinstance(done, ServerEventResponseDone) else None
    error = getattr(details, "error", None)
    # The contract leaves open what an error holds, so it stays a plain mapping at times.
    fields = error if isinstance(error, Mapping) else getattr(error, "__dict__", {})
    said = fields.get("message") or fields.get("code") or getattr(details, "reason", None)
    return f": {said}" if said else ""


def _text_of(done: AnyServerEvent) -> str:
    if not isinstance(done, ServerEventResponseDone):
        return ""
    parts = [part for item in done.response.output or () for part in getattr(item, "content", None) or ()]
    texts = [getattr(part, "text", None) or getattr(part, "transcript", None) for part in parts]
    return " ".join(text for text in texts if text)
