"""Calls held with an agent by a simulated caller, scored and compared: is my agent better?

Needs the extra ``evaluation``: ``pip install "voicelive[evaluation]"``; with the extra ``local`` too, the calls are
spoken English and no account is needed.
"""

from ._evaluation.assistant import assistant
from ._evaluation.batch import BatchProgress, read_results, run_batch
from ._evaluation.call import CallJob, run_call, run_call_async
from ._evaluation.expectations import Check
from ._evaluation.files import write_junit, write_parquet
from ._evaluation.language_model import LanguageModel
from ._evaluation.loading import load_scenarios, standard_set
from ._evaluation.report import html_report
from ._evaluation.results import CallResult
from ._evaluation.scenario import (
    Ended,
    Heard,
    InOrder,
    JudgedBy,
    Keys,
    Line,
    NoTalkingOver,
    NoTool,
    NotSaid,
    Play,
    Said,
    Say,
    Scenario,
    Silence,
    ToolCalled,
    WaitFor,
    WithinMs,
    YieldsWithinMs,
    scenario_schema,
)
from ._evaluation.scores import SCORES, Score
from ._evaluation.statistics import Estimate
from ._evaluation.summary import Change, Group, Summary, compare, summarize
from ._evaluation.words import word_error_rate

__all__ = [
    "SCORES",
    "BatchProgress",
    "CallJob",
    "CallResult",
    "Change",
    "Check",
    "Ended",
    "Estimate",
    "Group",
    "Heard",
    "InOrder",
    "JudgedBy",
    "Keys",
    "LanguageModel",
    "Line",
    "NoTalkingOver",
    "NoTool",
    "NotSaid",
    "Play",
    "Said",
    "Say",
    "Scenario",
    "Score",
    "Silence",
    "Summary",
    "ToolCalled",
    "WaitFor",
    "WithinMs",
    "YieldsWithinMs",
    "assistant",
    "compare",
    "html_report",
    "load_scenarios",
    "read_results",
    "run_batch",
    "run_call",
    "run_call_async",
    "scenario_schema",
    "standard_set",
    "summarize",
    "word_error_rate",
    "write_junit",
    "write_parquet",
]


def __dir__() -> list[str]:
    return sorted(__all__)
