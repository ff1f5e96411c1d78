"""What ends a command early, and the exit code that goes with it."""

from __future__ import annotations

__all__ = ["CommandError", "ConversationFailed", "OutputFailed", "error_line"]


class CommandError(Exception):
    """Something the user can put right: bad input, a missing engine, no connection. Exit code 2."""

    exit_code = 2


class ConversationFailed(CommandError):  # noqa: N818 - it is the conversation's outcome, not a bug
    """The service was reached, but a turn did not come to its end. Exit code 1."""

    exit_code = 1


class OutputFailed(CommandError):  # noqa: N818 - it is the output's outcome, not a bug
    """What there was to say could not be written. Exit code 1."""

    exit_code = 1


def error_line(error: BaseException) -> str:
    """Return the error's message as one line; its class name where it has no message."""
    return " ".join(str(error).split()) or type(error).__name__
