"""The official samples, changed by `voicelive doctor --code FILE --fix` alone, are heard on the local service."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from voicelive._cli.doctor.code import examine_code, fixed
from voicelive.local import Engines, LocalService

from ..local.helpers import read_tones, tones
from .sources import samples

SECONDS = 100
SPOKEN = (
    "basic_voice_assistant_async.py",
    "agent_v2_sample.py",
    "async_function_calling_sample.py",
    "async_mcp_sample.py",
)

TRACED = (
    "sample_voicelive_with_console_tracing.py",
    "sample_voicelive_with_console_tracing_custom_attributes.py",
    "sample_voicelive_with_content_recording.py",
    "sample_voicelive_with_telemetry_enablement.py",
)
NEEDS_THE_CLOUD = {"sample_voicelive_with_azure_monitor_tracing.py", "utils.py"}


def run(folder: Path, source: str, endpoint: str) -> tuple[bytes, str]:
    """Run a sample with a question at its microphone; return what came out of its loudspeaker, and what it printed."""
    program, heard = folder / "sample.py", folder / "loudspeaker"
    program.write_text(source, encoding="utf-8")
    (folder / "microphone").write_bytes(tones("what is seven times eight?", silence_ms=1000))
    heard.write_bytes(b"")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent / "device"), os.environ.get("PYTHONPATH", "")]),
        "PYTHONIOENCODING": "utf-8",
        "SAMPLE_MICROPHONE": str(folder / "microphone"),
        "SAMPLE_LOUDSPEAKER": str(heard),
        "AZURE_VOICELIVE_ENDPOINT": endpoint,
        "AZURE_VOICELIVE_API_KEY": "none-is-needed",
        "AZURE_VOICELIVE_USE_API_KEY": "true",
        "AZURE_VOICELIVE_MODEL": "gpt-realtime",
        "AGENT_NAME": "helper",
        "AGENT_PROJECT_NAME": "project",
    }
    try:
        done = subprocess.run(
            [sys.executable, str(program)],
            cwd=folder,
            env=environment,
            input=b"y\n" * 20,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        printed = done.stdout
    except subprocess.TimeoutExpired as error:
        printed = (error.stdout or b"") + b"\nnot ended in time"
    return heard.read_bytes(), printed.decode("utf-8", "replace")


@pytest.mark.parametrize("name", SPOKEN)
def test_a_sample_is_heard(tmp_path: Path, name: str) -> None:
    """Its loudspeaker plays the answer, and nothing of the program had to be changed by hand."""
    source = samples()[name]
    places = examine_code(source)
    with LocalService.in_thread(engines=Engines.basic(), quirks={"agent_api_key"}) as service:
        heard, printed = run(tmp_path, fixed(source, places), service.endpoint)

    assert any(".delta_bytes" in place.message for place in places)
    assert "fifty six" in read_tones(heard.lstrip(b"\0")).replace("-", " "), printed[-3000:]


@pytest.mark.parametrize("name", TRACED)
def test_a_sample_is_traced(tmp_path: Path, name: str) -> None:
    """Its exporter shows the spans of the connection, and nothing of the program had to be changed by hand."""
    source = samples()[name]
    places = examine_code(source)
    assert all(place.edits for place in places)
    with LocalService.in_thread(engines=Engines.basic()) as service:
        _, printed = run(tmp_path, fixed(source, places), service.endpoint)

    assert '"name": "connect"' in printed, printed[-3000:]
    assert '"name": "recv response.done"' in printed, printed[-3000:]
    assert ('"name": "gen_ai.output.messages"' in printed) == ("content_recording" in name)


def test_every_sample_is_among_them() -> None:
    """No sample of the official package is left out but for the one that exports to Azure, and their helper."""
    assert samples().keys() == {*SPOKEN, *TRACED} | NEEDS_THE_CLOUD
