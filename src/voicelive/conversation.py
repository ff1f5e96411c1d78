"""What a voice agent decides above the wire, for those with a player, a loop or a tool runner of their own.

Each is a state machine without sockets, clocks or threads: values in, values out. :func:`measure` gives the figures of
a call from a list of its events.
"""

from ._audio.formats import AudioFormat, audio_format
from ._conversation.playback import Playback
from ._core.conversation.approvals import Approval, Approvals, approval_response
from ._core.conversation.barge_in import BargeIn, BargeInPolicy, Reaction
from ._core.conversation.budget import Budget, BudgetMeter, BudgetUse
from ._core.conversation.heard import TimedWord, split_heard
from ._core.conversation.input_timeline import InputTimeline
from ._core.conversation.ledger import Heard, Interruption, PlaybackLedger, Truncation
from ._core.conversation.measure import Observed, measure
from ._core.conversation.metrics import CallMetrics, Spread, TurnMeter, TurnMetrics
from ._core.conversation.responses import Request, ResponseEnd, ResponseOutcome, ResponseQueue, Ticket
from ._core.conversation.session_view import SessionView
from ._core.conversation.silence import SilenceWatch
from ._core.conversation.tokens import Price, TokenCounts
from ._core.conversation.tool_calls import ArgumentsError, Call, ToolCalls, error_output, parse_arguments

__all__ = [
    "Approval",
    "Approvals",
    "ArgumentsError",
    "AudioFormat",
    "BargeIn",
    "BargeInPolicy",
    "Budget",
    "BudgetMeter",
    "BudgetUse",
    "Call",
    "CallMetrics",
    "Heard",
    "InputTimeline",
    "Interruption",
    "Observed",
    "Playback",
    "PlaybackLedger",
    "Price",
    "Reaction",
    "Request",
    "ResponseEnd",
    "ResponseOutcome",
    "ResponseQueue",
    "SessionView",
    "SilenceWatch",
    "Spread",
    "Ticket",
    "TimedWord",
    "TokenCounts",
    "ToolCalls",
    "Truncation",
    "TurnMeter",
    "TurnMetrics",
    "approval_response",
    "audio_format",
    "error_output",
    "measure",
    "parse_arguments",
    "split_heard",
]


def __dir__() -> list[str]:
    return sorted(__all__)
