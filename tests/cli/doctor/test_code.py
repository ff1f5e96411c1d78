"""`voicelive doctor --code FILE`: what a program written for azure-ai-voicelive has to change, line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voicelive._cli.app import app
from voicelive._cli.doctor.code import examine_code, fixed

AUDIO = ".delta_bytes"
IMPORTS = "from azure.ai.voicelive.models import ServerEventType, AvatarConfig, RequestSession\n"


def told(source: str) -> list[tuple[int, int]]:
    """Where a program is told to use the bytes of audio."""
    return [(place.line, place.column) for place in examine_code(source) if AUDIO in place.message]


PLAYS = {
    "if": "if event.type == ServerEventType.RESPONSE_AUDIO_DELTA:\n    play(event.delta)\n",
    "elif": "if x:\n    pass\nelif event.type == 'response.audio.delta':\n    play(event.delta)\n",
    "nested": "if event.type == 'response.audio.delta':\n    if event.delta:\n        play(event.delta)\n",
    "isinstance": "if isinstance(event, ServerEventResponseAudioDelta):\n    play(event.delta)\n",
    "match class": "match event:\n    case ServerEventResponseAudioDelta():\n        play(event.delta)\n",
    "match value": "match event.type:\n    case ServerEventType.RESPONSE_AUDIO_DELTA:\n        play(event.delta)\n",
    "handler": "def on_audio(event: ServerEventResponseAudioDelta):\n    play(event.delta)\n",
    "who knows": "def on_delta(event):\n    play(event.delta)\n",
    "by key": "if event.type == 'response.audio.delta':\n    play(event['delta'])\n",
}
READS = {
    "text": "if event.type == ServerEventType.RESPONSE_TEXT_DELTA:\n    print(event.delta)\n",
    "transcript": "if event.type == 'response.audio_transcript.delta':\n    print(event.delta)\n",
    "decodes": "if event.type == 'response.audio.delta':\n    play(base64.b64decode(event.delta))\n",
    "bytes": "if event.type == 'response.audio.delta':\n    play(event.delta_bytes)\n",
    "other case": "match event.type:\n    case 'response.text.delta':\n        print(event.delta)\n",
    "sets": "event.delta = 'x'\n",
}


@pytest.mark.parametrize("source", PLAYS.values(), ids=PLAYS)
def test_audio_that_would_be_silent_is_found(source: str) -> None:
    """However the program tells an audio event, its `.delta` is found, at its line and column."""
    places = told(source)
    assert places
    lines = source.splitlines()
    assert all("delta" in lines[line - 1][column - 1 :] for line, column in places)


@pytest.mark.parametrize("source", READS.values(), ids=READS)
def test_text_and_decoded_audio_are_left_alone(source: str) -> None:
    """What is text, or decodes the base64 itself, stays as it is."""
    assert told(source) == []


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("from azure.ai.voicelive.aio import connect\n", "import from voicelive.aio instead of azure.ai.voicelive.aio"),
        ("from azure.ai.voicelive._types import InterimResponseConfig\n", "import from voicelive.models instead"),
        ("from azure.ai.voicelive.models import Sessions\n", "Sessions is not in voicelive.models; did you mean"),
        ("from azure.ai.voicelive.telemetry import VoiceLiveInstrumentor\n", "voicelive.telemetry.Telemetry("),
        ("import azure.ai.voicelive.models\n", "and change every azure.ai.voicelive.models.… below"),
        (
            IMPORTS + "AvatarConfig(character='lisa', avatar_type='video-avatar')\n",
            "of AvatarConfig is called type",
        ),
        (
            IMPORTS + "RequestSession(instrctions='x')\n",
            "has no instrctions; did you mean instructions?",
        ),
        (
            "from azure.ai.voicelive.aio import connect\nconnect(endpoint='x', credentials=None)\n",
            "connect has no credentials; did you mean credential?",
        ),
    ],
)
def test_names_that_differ_are_found(source: str, says: str) -> None:
    """Imports, names that are missing and arguments with another name are told, with the nearest one here."""
    assert any(says in place.message for place in examine_code(source))


def test_a_program_is_changed_where_it_is_certain() -> None:
    """Imports, audio and renamed arguments are replaced, also after text of several bytes a character."""
    source = (
        "from azure.ai.voicelive.models import (\n    AvatarConfig,\n)\n"
        "avatar = AvatarConfig(character='ü', avatar_type='photo-avatar')\n"
        "if event.type == 'response.audio.delta':\n    play('ü', event.delta)\n"
    )
    changed = fixed(source, examine_code(source))
    assert changed == (
        "from voicelive.models import (\n    AvatarConfig,\n)\n"
        "avatar = AvatarConfig(character='ü', type='photo-avatar')\n"
        "if event.type == 'response.audio.delta':\n    play('ü', event.delta_bytes)\n"
    )
    assert examine_code(changed) == []


def test_the_command_names_file_line_and_column(tmp_path: Path) -> None:
    """Exit code 1 while something has to change, 0 after --fix; a file that is not Python is an error of its own."""
    path = tmp_path / "program.py"
    path.write_text("from azure.ai.voicelive.aio import connect\n" + PLAYS["if"], encoding="utf-8")
    runner = CliRunner()
    found = runner.invoke(app, ["doctor", "--code", str(path)])
    as_json = runner.invoke(app, ["doctor", "--code", str(path), "--json"])
    changed = runner.invoke(app, ["doctor", "--code", str(path), "--fix"])
    path.with_name("broken.py").write_text("def (", encoding="utf-8")
    broken = runner.invoke(app, ["doctor", "--code", str(path.with_name("broken.py"))])

    assert found.exit_code == 1
    assert f"{path}:3:16: the audio in .delta is base64 text here" in found.stdout
    assert [place["line"] for place in json.loads(as_json.stdout)[str(path)]] == [1, 3]
    assert changed.exit_code == 0
    assert path.read_text(encoding="utf-8") == (
        "from voicelive.aio import connect\n"
        "if event.type == ServerEventType.RESPONSE_AUDIO_DELTA:\n    play(event.delta_bytes)\n"
    )
    assert broken.exit_code == 2
    assert "is not a Python program" in broken.stderr


INSTRUMENTED = """from azure.ai.voicelive.aio import connect
from azure.ai.voicelive.telemetry import VoiceLiveInstrumentor

def prepare():
    VoiceLiveInstrumentor().instrument({options})

async def main():
    async with connect(endpoint="e", credential=None) as conn:
        pass
"""


@pytest.mark.parametrize(
    ("options", "given"),
    [("", ""), ("enable_content_recording=True", ", content=True"), ("enable_content_recording=False", "")],
)
def test_instrumentation_becomes_an_argument(options: str, given: str) -> None:
    """What is instrumented there is given to connect() here, with the content where that was recorded."""
    source = INSTRUMENTED.format(options=options)
    changed = fixed(source, examine_code(source))
    assert "from voicelive.telemetry import Telemetry\n" in changed
    assert f'connect(telemetry=Telemetry(conventions="azure"{given}), endpoint="e", credential=None)' in changed
    assert "Instrumentor" not in changed
    compile(changed, "changed", "exec")


def test_instrumentation_that_may_not_happen_is_named_only() -> None:
    """Where the name is imported within a function, connect() does not have it, and nobody knows who calls that."""
    source = (
        "from azure.ai.voicelive.aio import connect\n"
        "def prepare():\n"
        "    from azure.ai.voicelive.telemetry import VoiceLiveInstrumentor\n"
        "    VoiceLiveInstrumentor().instrument()\n"
        "async def main():\n"
        '    async with connect(endpoint="e", credential=None) as conn:\n'
        "        pass\n"
    )
    places = examine_code(source)
    assert any("voicelive.telemetry.Telemetry(" in place.message for place in places)
    assert 'connect(endpoint="e", credential=None)' in fixed(source, places)


def test_instrumentation_that_is_decided_at_run_time_is_named_only() -> None:
    """Options that only the running program knows are left to who changes it."""
    source = INSTRUMENTED.format(options="enable_content_recording=wanted()")
    places = examine_code(source)
    assert any("voicelive.telemetry.Telemetry(" in place.message for place in places)
    assert "VoiceLiveInstrumentor().instrument(" in fixed(source, places)
