"""Every example runs as a program of its own, against a local service, and shows what it is there to show."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from voicelive.local import Engines, LocalService

EXAMPLES = Path(__file__).parent.parent / "examples"
DEADLINE = 200.0

QUESTION = "what is the largest lake in the world"
SHOWN = {
    "quick_start": ["Event: session.updated", "Transcript: ", "Event: response.done"],
    "text_turn": ["You: What is seven times eight?", "Assistant: Seven times eight is fifty six.", "s of speech: "],
    "function_calling": ["Called get_weather(", "Assistant: ", "sunny"],
    "hand_over": ["(transfer_to_billing completed)", "(get_invoice completed)", "Assistant: ", "40 euros"],
    "guardrails": ["Stopped: ", "Paris", "Assistant: I may not speak about that."],
    "conversation_history": ["Item: message msg_question", "France is Paris", "Retrieved: ", "Deleted: msg_question"],
    "reconnecting_connection": [
        "(attempt 1: 1006",
        "(restored, 1 items replayed, 1 answer lost)",
        "Assistant: Seven times eight is fifty six.",
        "Caspian",
        "Assistant: Two plus three is five.",
    ],
    "error_handling": [
        "Connection error: ",
        "Invalid event: session.update does not fit the contract: session.turn_detection.threshold",
        "API error: ",
        "Timeout: ",
        "Connection closed: 1000",
    ],
}
SHOWN_SPOKEN = {
    "audio_file_turn": ["Speech started at ", "Speech stopped at ", f"User said: {QUESTION}", "Caspian"],
    "manual_turns": ["Committed: item_", f"User said: {QUESTION}", "Caspian", "Response complete: completed"],
    "interruption": ["Interrupted: ", f"User said: {QUESTION}", "Caspian", "Response completed"],
    "assistant": [
        "'name': 'get_weather', 'outcome': 'completed'",
        "'type': 'voicelive.interrupted'",
        "'name': 'get_time', 'outcome': 'completed'",
        "Spread(count=",
        "interrupted=True",
    ],
    "webrtc_call": ["Call: rtc_", "User said: what time is it", "Assistant: ", "s of the call"],
    "outbound_call": [
        "They said: what time is it",
        "(the vendor was told: {'twiml': '<Response><Dial>+15550111</Dial></Response>'})",
        "Call: transferred after ",
        "(the vendor was told: {'status': 'completed'})",
        "(machine_end_beep heard ",
        "Call: finished after ",
    ],
    "telephony_g711": ["Caller said: what time is it", "Assistant: ", "bytes of µ-law"],
}


ON_THEIR_OWN = {"quick_start", "reconnecting_connection", "assistant", "webrtc_call", "outbound_call", "interruption"}
"""Those that start the local service themselves: the first ones of a user, and those with a service of their own kind.

The others find one by the environment, so that not each of them has to load the speech engines.
"""


@pytest.fixture(scope="module")
def configured() -> Iterator[dict[str, str]]:
    """The environment variables that lead to a running service with the speech engines."""
    with closing(Engines.best()) as engines, LocalService.in_thread(engines=engines) as service:
        yield {"AZURE_VOICELIVE_ENDPOINT": service.endpoint, "AZURE_VOICELIVE_API_KEY": "a-key-for-tests"}


def run(script: str, folder: Path, configured: dict[str, str]) -> str:
    """Run an example in `folder`, with warnings as errors; return its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
    if script.removesuffix(".py").removesuffix("_async") not in ON_THEIR_OWN:
        environment |= configured
    finished = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / script)],
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        cwd=folder,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr
    return finished.stdout


def run_both(name: str, folder: Path, configured: dict[str, str]) -> list[str]:
    """Run the sync and the async twin of an example at once, as both wait for most of their time."""

    def run_one(script: str) -> str:
        own = folder / script
        own.mkdir()
        return run(f"{script}.py", own, configured)

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(run_one, (name, f"{name}_async")))


@pytest.mark.parametrize("name", SHOWN)
def test_a_written_example_runs(name: str, tmp_path: Path, configured: dict[str, str]) -> None:
    """The examples that ask in writing, sync and async."""
    for output in run_both(name, tmp_path, configured):
        for text in SHOWN[name]:
            assert text in output


@pytest.mark.speech
@pytest.mark.parametrize("name", SHOWN_SPOKEN)
def test_a_spoken_example_runs(name: str, tmp_path: Path, configured: dict[str, str]) -> None:
    """The examples that speak a recording, sync and async."""
    for output in run_both(name, tmp_path, configured):
        for text in SHOWN_SPOKEN[name]:
            assert text in output


def test_every_example_is_tested() -> None:
    """No script is left out, and each has its twin."""
    scripts = {path.stem for path in EXAMPLES.glob("[!_]*.py")}
    names = {*SHOWN, *SHOWN_SPOKEN}
    assert scripts == names | {f"{name}_async" for name in names}
