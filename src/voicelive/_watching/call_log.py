"""The log of calls: a line at level INFO for each session, turn and ending, with the ids and nothing that was said."""

from __future__ import annotations

import logging

from .._core.closing import CloseInfo
from .._core.conversation.tokens import TokenCounts
from .._core.watching.facts import About, CallEnded, Fact, SessionBegan, TurnEnded

__all__ = ["CallLog", "calls_logger", "logs_calls"]

calls_logger = logging.getLogger("voicelive.calls")


def logs_calls() -> bool:
    """Return whether anybody reads the log of calls."""
    return calls_logger.isEnabledFor(logging.INFO)


class CallLog:
    """Writes the lines of one call."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._began: float | None = None

    def take(self, fact: Fact) -> None:
        """Write the line of a fact that has one."""
        if isinstance(fact, SessionBegan):
            self._session(fact)
        elif isinstance(fact, TurnEnded):
            self._turn(fact)
        elif isinstance(fact, CallEnded):
            self._end(fact)

    def _session(self, fact: SessionBegan) -> None:
        about = self._about
        if self._began is None:
            self._began = fact.at
        if fact.is_first:
            where = f"{about.host}:{about.port}, {_called(about)}, API version {about.api_version}"
            self._write("opened: %s", where, session_id=fact.session_id)
        else:
            how = "moved as planned" if fact.is_planned else f"restored after {_seconds(fact.downtime_ms)}"
            tries = f", {fact.attempts} attempts" if fact.attempts != 1 else ""
            self._write("%s: took the place of session %s%s", how, fact.previous_id, tries, session_id=fact.session_id)

    def _turn(self, fact: TurnEnded) -> None:
        turn = fact.turn
        figures = [
            f"{name} {_seconds(value)}"
            for name, value in (
                ("first audio", turn.first_audio_ms),
                ("first text", turn.first_text_ms if turn.first_audio_ms is None else None),
                ("voice to voice", turn.voice_to_voice_ms),
                ("tools", turn.tool_ms),
            )
            if value is not None
        ]
        figures += ["interrupted"] if turn.interrupted else []
        figures += _tokens(turn.tokens)
        self._write(
            "turn %d %s: responses %s%s",
            turn.number,
            turn.status or ("unanswered" if not turn.response_ids else "unfinished"),
            " ".join(turn.response_ids) or "none",
            "".join(f", {figure}" for figure in figures),
            session_id=fact.session_id,
            responses=turn.response_ids,
        )

    def _end(self, fact: CallEnded) -> None:
        took = "" if self._began is None else f" after {fact.at - self._began:.1f} s"
        self._write(
            "ended%s: %s, turns %d, interruptions %d, reconnects %d",
            took,
            _how(fact.info),
            fact.turns,
            fact.interruptions,
            fact.reconnects,
            session_id=fact.session_id,
        )

    def _write(self, message: str, *values: object, session_id: str | None, responses: tuple[str, ...] = ()) -> None:
        connection_id = self._about.connection_id
        calls_logger.info(
            f"connection %s session %s {message}",
            connection_id,
            session_id or "none",
            *values,
            # For formatters that write fields.
            extra={
                "voicelive_connection": connection_id,
                "voicelive_session": session_id,
                "voicelive_responses": list(responses),
            },
        )


def _called(about: About) -> str:
    return f"agent {about.agent}" if about.agent else f"model {about.model}"


def _how(info: CloseInfo) -> str:
    # Not the reason: it is a text of whoever closed the connection.
    return f"{info.code} by {info.initiator}{'' if info.cause is None else f' ({info.cause})'}"


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.3f} s"


def _tokens(tokens: TokenCounts) -> list[str]:
    if tokens.input is None and tokens.output is None:
        return []
    return [f"tokens {tokens.input or 0} in {tokens.output or 0} out"]
