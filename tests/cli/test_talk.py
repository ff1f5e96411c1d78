"""`voicelive talk` as its user sees it: turns in, a conversation shown, answers saved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import wave
from dataclasses import replace
from pathlib import Path

import pytest

from voicelive.local import Engines, LocalService, ThreadedLocalService

from .conftest import Command, Echo, lines_of, start
from .recordings import ALAW, ULAW, g711_wav, listen_to, pcm_wav, raw_wav, spoken_wav, tones

DEADLINE = 60.0
ON_UNIX = pytest.mark.skipif(sys.platform == "win32", reason="there is no /dev/stdin on Windows")


def test_a_spoken_question_is_heard_answered_and_saved(
    tmp_path: Path, command: Command, service: ThreadedLocalService
) -> None:
    """A recording is transcribed, its answer is shown and saved, and a table follows."""
    question = spoken_wav(tmp_path / "question.wav", "How deep is it?", 16_000)
    reply = tmp_path / "reply.wav"
    result = command("talk", "--wav", question, "--save", reply, "--pace", 4, "--endpoint", service.endpoint)
    assert result.exit_code == 0, result.stderr
    assert lines_of(result.stdout, "heard") == ["How deep is it?"]
    assert lines_of(result.stdout, "answer") == ["You said: How deep is it?"]
    assert listen_to(reply) == "You said: How deep is it?"


def test_the_figures_of_each_turn_are_shown(tmp_path: Path, command: Command, service: ThreadedLocalService) -> None:
    """A row for each turn, as `connection.turns` has it; a dash where a written turn has no such figure."""
    question = spoken_wav(tmp_path / "question.wav", "How deep is it?", 16_000)
    result = command("talk", "--wav", question, "--text", "And now?", "--pace", 2, "--endpoint", service.endpoint)
    table = result.stdout[result.stdout.index("the turns, in seconds") :]
    heading, spoken, written = ([cell.strip() for cell in line[1:-1].split("│")] for line in _rows(table))
    assert heading == ["turn", "detect", "heard", "think", "text", "audio", "answer", "tokens in", "tokens out"]
    done = [event.to_dict() for event in service.sessions[-1].sent if event.type == "response.done"]
    usage = [event["response"]["usage"] for event in done]
    tokens = [[str(one["input_tokens"]), str(one["output_tokens"])] for one in usage]
    assert [spoken[-2:], written[-2:]] == tokens
    assert (spoken[0], written[0]) == ("1", "2")
    assert written[1:3] == ["-", "-"]
    # The service waits for half a second of silence, sent here in a quarter.
    assert 0.2 <= float(spoken[1]) < 30
    assert all(float(cell) >= 0 for cell in [*spoken[1:7], *written[3:7]])


def _rows(table: str) -> list[str]:
    return [line.replace("┃", "│") for line in table.splitlines() if line.startswith(("┃", "│"))]


def test_a_written_question_is_answered(command: Command, service: ThreadedLocalService) -> None:
    """Text needs no recording."""
    result = command("talk", "--text", "Hello there.", "--endpoint", service.endpoint)
    assert result.exit_code == 0, result.stderr
    assert lines_of(result.stdout, "asked") == ["Hello there."]
    assert lines_of(result.stdout, "answer") == ["You said: Hello there."]


def test_turns_go_in_the_order_of_the_command_line(
    tmp_path: Path, command: Command, service: ThreadedLocalService
) -> None:
    """Recordings and texts alternate as given, and all answers are in one file, in that order."""
    first = spoken_wav(tmp_path / "1.wav", "one")
    third = spoken_wav(tmp_path / "3.wav", "three")
    reply = tmp_path / "reply.wav"
    result = command(
        *("talk", "--pace", 0, "--endpoint", service.endpoint, "--save", reply),
        *("--wav", first, "--text=two", "--wav", third, "--text", "four"),
    )
    assert result.exit_code == 0, result.stderr
    answers = [f"You said: {word}" for word in ("one", "two", "three", "four")]
    assert lines_of(result.stdout, "answer") == answers
    assert listen_to(reply) == " ".join(answers)


@pytest.mark.parametrize("law", [ULAW, ALAW])
def test_g711_is_sent_as_it_is(tmp_path: Path, command: Command, service: ThreadedLocalService, law: int) -> None:
    """A telephone recording is understood, and the session was told its format."""
    question = g711_wav(tmp_path / "call.wav", "ring ring", law)
    result = command("talk", "--wav", question, "--pace", 0, "--endpoint", service.endpoint)
    assert lines_of(result.stdout, "heard") == ["ring ring"], result.stderr
    session = service.sessions[-1].received[0].to_dict()["session"]
    assert session["input_audio_format"] == ("g711_ulaw" if law == ULAW else "g711_alaw")
    assert session["input_audio_sampling_rate"] == 8000


def test_speech_goes_out_at_the_pace_of_speech(tmp_path: Path, command: Command, service: ThreadedLocalService) -> None:
    """A recording takes as long to send as to say, in pieces of the length asked for."""
    question = spoken_wav(tmp_path / "q.wav", "hi", 16_000)
    with wave.open(str(question), "rb") as reader:
        length = reader.getnframes() / reader.getframerate()
    started = time.monotonic()
    result = command("talk", "--wav", question, "--chunk-ms", 20, "--endpoint", service.endpoint)
    took = time.monotonic() - started
    assert result.exit_code == 0, result.stderr
    assert took > length
    sizes = [
        len(event.to_dict()["audio"]) * 3 // 4
        for event in service.sessions[-1].received
        if event.type == "input_audio_buffer.append"
    ]
    assert max(sizes) <= 16_000 * 2 * 20 // 1000 + 2
    assert len(sizes) >= length * 1000 / 20


def test_a_recording_with_a_pause_is_answered_to_its_end(
    tmp_path: Path, command: Command, service: ThreadedLocalService
) -> None:
    """A pause makes the service answer early; the turn still ends with the answer to the last words."""
    pcm = tones("first", 24_000) + bytes(24_000 * 2 * 3 // 2) + tones("second", 24_000)
    question = pcm_wav(tmp_path / "pause.wav", pcm)
    result = command("talk", "--wav", question, "--pace", 4, "--endpoint", service.endpoint)
    assert result.exit_code == 0, result.stderr
    assert lines_of(result.stdout, "heard") == ["first", "second"]
    assert lines_of(result.stdout, "answer")[-1] == "You said: second"


def test_options_reach_the_service(command: Command, service: ThreadedLocalService) -> None:
    """Model, API version, voice and instructions arrive as they were given."""
    result = command(
        *("talk", "--text", "hi", "--endpoint", service.endpoint, "--model", "gpt-4.1-mini"),
        *("--api-version", "2026-04-10", "--voice", "alloy", "--instructions", "Be brief.", "--silence-ms", 700),
    )
    assert result.exit_code == 0, result.stderr
    record = service.sessions[-1]
    assert record.model == "gpt-4.1-mini"
    assert record.query["api-version"] == "2026-04-10"
    session = record.received[0].to_dict()["session"]
    assert session["voice"] == {"type": "openai", "name": "alloy"}
    assert session["instructions"] == "Be brief."
    assert session["turn_detection"]["silence_duration_ms"] == 700


@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_what_an_api_version_lacks_is_a_notice(debug: list[str], service: ThreadedLocalService) -> None:
    """An API version that is not known is told in one line, with no line of source, and used all the same."""
    process = start("talk", "--text", "hi", "--api-version", "2020-01-01", "--endpoint", service.endpoint, *debug)
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, errors
    assert lines_of(output, "answer") == ["You said: hi"]
    told = [line for line in errors.splitlines() if "2020-01-01" in line]
    assert len(told) == 1
    assert told[0].startswith("voicelive: warning: API version '2020-01-01' is unknown")
    assert "ContractWarning" not in errors


def test_a_realtime_model_is_talked_to_as_well(tmp_path: Path, command: Command, service: ThreadedLocalService) -> None:
    """With a realtime model the transcript comes on its own path; it is shown all the same."""
    question = spoken_wav(tmp_path / "q.wav", "hello")
    result = command(
        *("talk", "--wav", question, "--pace", 0, "--endpoint", service.endpoint, "--model", "gpt-realtime"),
    )
    assert result.exit_code == 0, result.stderr
    assert lines_of(result.stdout, "heard") == ["hello"]
    transcription = service.sessions[-1].received[0].to_dict()["session"]["input_audio_transcription"]
    assert transcription["model"] == "whisper-1"


def test_json_lines_are_all_there_is_on_standard_output(command: Command, service: ThreadedLocalService) -> None:
    """Every line is an event as the service sent it; the conversation is shown on standard error."""
    result = command("talk", "--text", "hi", "--json", "--endpoint", service.endpoint)
    assert result.exit_code == 0, result.stderr
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["type"] for event in events] == service.sessions[-1].sent_types()
    assert [event["event_id"] for event in events] == [event.event_id for event in service.sessions[-1].sent]
    assert lines_of(result.stderr, "answer") == ["You said: hi"]


def test_without_an_endpoint_a_local_service_is_started(tmp_path: Path, command: Command) -> None:
    """It says so on standard error, and the question is answered with no account and no network."""
    question = spoken_wav(tmp_path / "q.wav", "What is the largest lake in the world?")
    result = command("talk", "--wav", question, "--pace", 0, "--engines", "basic")
    assert result.exit_code == 0, result.stderr
    assert "no endpoint is configured: talking to a local service at http://127.0.0.1:" in result.stderr
    assert "Caspian" in lines_of(result.stdout, "answer")[0]


@pytest.mark.parametrize(
    ("endpoint_name", "key_name"),
    [
        ("AZURE_VOICELIVE_ENDPOINT", "AZURE_VOICELIVE_API_KEY"),
        ("AZURE_COGNITIVE_SERVICES_ENDPOINT", "AZURE_COGNITIVE_SERVICES_KEY"),
    ],
)
def test_endpoint_and_key_come_from_the_environment(
    command: Command, monkeypatch: pytest.MonkeyPatch, endpoint_name: str, key_name: str
) -> None:
    """Both pairs of variables work, and the key is really sent."""
    with LocalService.in_thread(engines=replace(Engines.basic(), responder=Echo()), api_key="s3cret") as service:
        monkeypatch.setenv(endpoint_name, service.endpoint)
        monkeypatch.setenv(key_name, "s3cret")
        result = command("talk", "--text", "hi")
        assert lines_of(result.stdout, "answer") == ["You said: hi"], result.stderr
        assert "local service" not in result.stderr
        assert service.sessions[-1].credential == "api-key"


def test_a_wrong_key_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the status and what to check, never the key."""
    with LocalService.in_thread(engines=Engines.basic(), api_key="s3cret") as service:
        monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", "wr0ng")
        result = command("talk", "--text", "hi", "--endpoint", service.endpoint)
    assert result.exit_code == 2
    assert "401" in result.stderr
    assert "wr0ng" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--text", "hi", "--endpoint", "http://127.0.0.1:9"), "refused the connection"),
        (("--text", "hi", "--endpoint", "nowhere"), "endpoint 'nowhere' has no scheme"),
        (("--text", "hi", "--endpoint", "http://example.com"), "is not encrypted"),
        (("--text", "hi", "--agent-name", "a"), "--agent-name and --project-name go together"),
        (("--wav", "missing.wav"), "cannot read missing.wav"),
        (("--text", "hi", "--save", "missing/reply.wav"), "the folder missing does not exist"),
        (("--text", "hi", "--save", "."), "it is a folder"),
        (("--text", "hi", "--text", ""), "--text is blank"),
        (("--text", " \n"), "--text is blank"),
        (("--text", "hi", "--voice", ""), "--voice is blank: give it a value, or leave it out"),
        (("--text", "hi", "--voice", " "), "--voice is blank"),
        (("--text", "hi", "--model", ""), "--model is blank"),
        (("--text", "hi", "--transcription-model", ""), "--transcription-model is blank"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    """The message says what is wrong; there is no traceback, and nothing on standard output."""
    monkeypatch.chdir(tmp_path)
    result = command("talk", *arguments, "--engines", "basic")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("voicelive: error: ")
    assert said in result.stderr


def test_a_recording_that_cannot_be_sent_stops_before_anything_is_opened(
    tmp_path: Path, command: Command, service: ThreadedLocalService
) -> None:
    """The first turn is not sent either when a later one cannot be."""
    good = spoken_wav(tmp_path / "good.wav", "hi")
    bad = raw_wav(tmp_path / "bad.wav", bytes(4800), channels=2)
    result = command("talk", "--wav", good, "--wav", bad, "--endpoint", service.endpoint)
    assert result.exit_code == 2
    assert "16-bit PCM, 16000 Hz, stereo" in result.stderr
    assert service.sessions == []


@pytest.mark.parametrize("link", [None, "symlink_to", "hardlink_to"])
def test_a_recording_is_never_saved_over(
    link: str | None, tmp_path: Path, command: Command, service: ThreadedLocalService
) -> None:
    """To save to a recording that is to be spoken, by its own name or through a link, is refused before anything."""
    other = spoken_wav(tmp_path / "other.wav", "hi")
    question = spoken_wav(tmp_path / "question.wav", "hi")
    target = question
    if link is not None:
        target = tmp_path / "reply.wav"
        getattr(target, link)(question)
    before = question.read_bytes()
    result = command("talk", "--wav", other, "--wav", question, "--save", target, "--endpoint", service.endpoint)
    assert result.exit_code == 2
    assert "would overwrite the recording" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert question.read_bytes() == before
    assert service.sessions == []


def test_recordings_of_two_formats_are_refused(tmp_path: Path, command: Command) -> None:
    """A session has one input format; the message names both files."""
    first = spoken_wav(tmp_path / "a.wav", "hi", 16_000)
    second = spoken_wav(tmp_path / "b.wav", "hi", 24_000)
    result = command("talk", "--wav", first, "--wav", second)
    assert result.exit_code == 2
    assert "a.wav is 16 kHz PCM16" in result.stderr
    assert "b.wav is 24 kHz PCM16" in result.stderr


def test_an_error_of_the_service_is_exit_code_1(command: Command) -> None:
    """A conversation that the service refuses after the connection is open has failed: its message is shown."""
    with LocalService.in_thread(engines=Engines.basic(), models=["gpt-4o"]) as service:
        result = command("talk", "--text", "hi", "--model", "gpt-none", "--endpoint", service.endpoint)
    assert result.exit_code == 1
    assert "gpt-none" in result.stderr
    assert "invalid_model" in result.stderr


def test_silence_is_not_waited_for_for_ever(tmp_path: Path, command: Command, service: ThreadedLocalService) -> None:
    """With nothing to hear, the message says what was awaited and what to look at."""
    silence = pcm_wav(tmp_path / "silence.wav", bytes(16_000), 16_000)
    result = command("talk", "--wav", silence, "--pace", 0, "--timeout", 1, "--endpoint", service.endpoint)
    assert result.exit_code == 1
    assert "waited 1 s for the service to notice speech" in result.stderr
    assert "is there speech in the recording?" in result.stderr


def test_what_was_answered_before_a_failure_is_saved(
    tmp_path: Path, command: Command, service: ThreadedLocalService
) -> None:
    """The second turn fails; the first answer is in the file."""
    silence = pcm_wav(tmp_path / "silence.wav", bytes(16_000), 16_000)
    reply = tmp_path / "reply.wav"
    result = command(
        *("talk", "--text", "hi", "--wav", silence, "--pace", 0, "--timeout", 1),
        *("--save", reply, "--endpoint", service.endpoint),
    )
    assert result.exit_code == 1
    assert listen_to(reply) == "You said: hi"


def test_the_service_going_away_is_exit_code_1(tmp_path: Path) -> None:
    """When the service closes in the middle of a turn, the message says so at once."""
    question = spoken_wav(tmp_path / "long.wav", "a rather long question, so that there is time to stop", 8000)
    with LocalService.in_thread(engines=Engines.basic()) as service:
        process = start("talk", "--wav", question, "--endpoint", service.endpoint)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("speaking")
        service.stop()
        output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1, output
    assert "1001" in errors
    assert "Traceback" not in errors


def test_ctrl_c_ends_cleanly(tmp_path: Path) -> None:
    """An interrupt in the middle of a turn: exit code 130 and no traceback."""
    question = spoken_wav(tmp_path / "long.wav", "a rather long question, so that there is time to interrupt", 8000)
    process = start("talk", "--wav", question, "--engines", "basic")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("speaking")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "voicelive: interrupted"
    assert "Traceback" not in errors


@pytest.mark.parametrize("path", ["-", pytest.param("/dev/stdin", marks=ON_UNIX)])
def test_a_recording_can_be_piped_in(tmp_path: Path, service: ThreadedLocalService, path: str) -> None:
    """`ffmpeg … | voicelive talk --wav -`: the header's size is a placeholder, and the pipe's end is the audio's."""
    content = raw_wav(tmp_path / "a.wav", tones("Is it deep?", 16_000), promised=0xFFFFFFFF).read_bytes()
    process = start(*("talk", "--wav", path, "--pace", 0, "--endpoint", service.endpoint), stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.buffer.write(content)  # type: ignore[attr-defined]
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, errors
    assert lines_of(output, "heard") == ["Is it deep?"]
    assert lines_of(output, "answer") == ["You said: Is it deep?"]
    assert lines_of(output, "speaking")[0].startswith("standard input" if path == "-" else path)


def test_nothing_piped_in_is_told(command: Command) -> None:
    """Standard input without a WAV file: one line that names it."""
    result = command("talk", "--wav", "-", "--endpoint", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert "standard input is not a WAV file (it begins with b'')" in result.stderr


def test_ctrl_c_ends_the_wait_for_a_pipe(tmp_path: Path) -> None:
    """While nothing more comes through the pipe, an interrupt ends the command at once, with exit code 130."""
    content = raw_wav(tmp_path / "a.wav", bytes(1_000_000), promised=0xFFFFFFFF).read_bytes()
    reading, writing = os.pipe()
    process = start("talk", "--wav", "-", "--endpoint", "http://127.0.0.1:9", stdin=reading)
    os.close(reading)
    try:
        with open(writing, "wb", buffering=0, closefd=False) as pipe:
            left = memoryview(content)
            while left:  # more than a pipe holds: once it is through, the command is reading
                left = left[pipe.write(left) :]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE)
    finally:
        os.close(writing)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "voicelive: interrupted"
    assert "Traceback" not in errors


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_reader_that_goes_away_ends_it_quietly(json_lines: bool, service: ThreadedLocalService) -> None:
    """With `| head -1`, the rest of the output has nowhere to go: exit code 1, and nothing said."""
    process = start("talk", "--text", "hi", "--endpoint", service.endpoint, *(["--json"] if json_lines else []))
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(DEADLINE) == 1
    assert "Traceback" not in errors
    assert "Broken" not in errors


def test_debug_shows_the_traceback(command: Command) -> None:
    """For a bug report, the error is raised as it is."""
    result = command("talk", "--text", "hi", "--endpoint", "nowhere", "--debug")
    assert result.exit_code == 1
    assert "has no scheme" in str(result.exception)


def test_text_from_outside_cannot_steer_the_terminal(command: Command) -> None:
    """Control characters in an answer are not passed on, and brackets are no markup."""
    with LocalService.in_thread(engines=replace(Engines.basic(), responder=Echo())) as service:
        result = command("talk", "--text", "a\x1b[31m [bold]b[/bold]", "--endpoint", service.endpoint)
    assert "\x1b" not in result.stdout
    assert lines_of(result.stdout, "answer") == ["You said: a [31m [bold]b[/bold]"]


@pytest.mark.speech
def test_the_main_job_with_real_speech(tmp_path: Path) -> None:
    """A recorded question is heard by real engines, answered in a voice, and the answer can be understood."""
    from voicelive._audio.resampling import resample

    question = Path(__file__).parents[2] / "examples" / "audio" / "largest_lake.wav"
    reply = tmp_path / "reply.wav"
    process = start("talk", "--wav", question, "--save", reply)
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, errors
    assert "engines: speech" in errors
    assert lines_of(output, "heard") == ["what is the largest lake in the world"]
    assert "Caspian" in lines_of(output, "answer")[0]
    with wave.open(str(reply), "rb") as reader:
        pcm = resample(reader.readframes(reader.getnframes()), 24_000, 16_000)
    engines = Engines.speech()
    try:
        understood = engines.transcriber.transcribe(pcm, 16_000).text
    finally:
        engines.close()
    assert {"largest", "lake", "world"} & set(understood.split()), understood
