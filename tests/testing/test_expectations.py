"""What the scripted service says about its client, right and wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

import voicelive
from tests.testing.agents import DEADLINE, OPTIONS, ask, ask_async, speak
from voicelive.models import InputTextContentPart
from voicelive.testing import ScriptedService

SHORT = 0.05
"""Seconds that an expectation gets which is not to come true."""


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(timeout=DEADLINE) as running:
        yield running


def test_events_are_found_by_type_and_content(service: ScriptedService) -> None:
    """An event counts if it has at least what is asked for; times are exact."""
    ask(service.endpoint, "hello", "goodbye", instructions="Be brief.")
    service.assert_sent("session.update", session={"modalities": ["text"]})
    service.assert_sent("response.create", times=2)
    service.assert_sent("conversation.item.create", item={"content": [{"text": "hello"}]})
    service.assert_not_sent("input_audio_buffer.append")
    service.assert_settings(instructions="Be brief.", voice={"type": "azure-standard"})
    service.assert_no_errors()
    assert service.session.texts == ["hello", "goodbye"]
    assert service.session.events()[0].type == "session.update"
    assert len(service.session.events("response.create")) == 2


def test_what_is_not_so_is_told_with_what_is(service: ScriptedService) -> None:
    """Each assertion that fails names what was expected, what there was, and where the two part."""
    ask(service.endpoint, "hello")
    service.timeout = SHORT
    with pytest.raises(AssertionError, match=r"response\.cancel.*did so 0 time\(s\)(.|\n)*session\.update x1"):
        service.assert_sent("response.cancel")
    with pytest.raises(AssertionError, match=r"'response\.create' 2 time\(s\), and did so 1 time"):
        service.assert_sent("response.create", times=2)
    with pytest.raises(AssertionError, match=r"session\.modalities\[0\] is 'text', expected 'audio'"):
        service.assert_sent("session.update", session={"modalities": ["audio"]})
    with pytest.raises(AssertionError, match=r"session\.instructions was not given, expected 'x'"):
        service.assert_sent("session.update", session={"instructions": "x"})
    with pytest.raises(AssertionError, match=r"'response\.create' 1 time\(s\)"):
        service.assert_not_sent("response.create")
    with pytest.raises(AssertionError, match=r"modalities is \['text'\], expected \['text', 'audio'\]"):
        service.assert_settings(modalities=["text", "audio"])
    with pytest.raises(AssertionError, match=r"heard: nothing\naudio sent: 0\.00 seconds"):
        service.assert_heard("hello")
    with pytest.raises(AssertionError, match=r"'f' was answered with 1(.|\n)*answers: none"):
        service.assert_tool_output("f", 1)


def test_what_was_heard_instead_is_told(service: ScriptedService) -> None:
    """A wrong transcript is in the message."""
    speak(service.endpoint, service.speech("good morning"))
    service.assert_heard("Good morning!")
    service.timeout = SHORT
    with pytest.raises(AssertionError, match=r"heard: \['good morning'\]"):
        service.assert_heard("good evening")


def test_refused_events_are_told(service: ScriptedService) -> None:
    """What the service refused is an assertion, with code, message and parameter."""
    with voicelive.connect(endpoint=service.endpoint, model="gpt-4o", connection_options=OPTIONS) as conn:
        conn.response.cancel()
        conn.wait_for("error", timeout=DEADLINE)
        with pytest.raises(AssertionError, match=r"refused 1 event\(s\):\nresponse_cancel_not_active"):
            service.assert_no_errors()
        assert [error.code for error in service.session.errors] == ["response_cancel_not_active"]


def test_there_is_one_session_or_the_message_says_how_many(service: ScriptedService) -> None:
    """`session` is the only one; none and two are told apart."""
    service.timeout = SHORT
    with pytest.raises(AssertionError, match="no client has connected"):
        _ = service.session
    ask(service.endpoint)
    ask(service.endpoint)
    with pytest.raises(AssertionError, match="2 clients have connected"):
        _ = service.session
    assert len(service.sessions) == 2


def test_an_expectation_waits_for_a_client_that_is_still_at_work(service: ScriptedService) -> None:
    """A client in another thread may take its time; the assertion returns once it is so."""
    go = threading.Event()

    def client() -> None:
        go.wait(DEADLINE)
        ask(service.endpoint, "hello")

    thread = threading.Thread(target=client)
    thread.start()
    threading.Timer(SHORT, go.set).start()
    service.assert_sent("response.create", times=1)
    service.wait_until(lambda: service.session.record.closed)
    thread.join(DEADLINE)


async def test_in_an_event_loop_one_waits_without_standing_in_the_way(service: ScriptedService) -> None:
    """The agent is a task of the same event loop, and goes on while the test waits for what it does."""
    service.say("Yes.")
    task = asyncio.create_task(ask_async(service.endpoint, "hello"))
    await service.wait_until_async(lambda: bool(service.sessions) and bool(service.session.events("response.create")))
    assert await task == ["Yes."]
    service.timeout = SHORT
    with pytest.raises(AssertionError, match=r"stood still(.|\n)*wait_until_async"):
        service.assert_sent("response.cancel")


def test_waiting_in_vain_shows_what_went_over_the_wire(service: ScriptedService) -> None:
    """The message has the events of both directions, in order, with their gist."""
    service.say("Good morning.")
    ask(service.endpoint, "hello")
    with pytest.raises(AssertionError) as caught:
        service.wait_until(lambda: False, timeout=SHORT)
    told = str(caught.value)
    assert 'client  session.update  {"modalities": ["text"]}' in told
    assert 'client  conversation.item.create  message user ["hello"]' in told
    assert "server  response.text.delta x" in told
    assert 'server  response.text.done  "Good morning."' in told
    assert told.index("client  response.create") < told.index("server  response.done  completed")


def test_complaints_name_turns_unused_and_requests_without_one() -> None:
    """A script too long and one too short are told apart."""
    with ScriptedService() as service:
        service.say("One.")
        service.say("Two.")
        ask(service.endpoint, "a")
        assert service.complaints() == ["1 turn(s) of the script were never asked for: 'Two.'"]
        answers = ask(service.endpoint, "b", "c")
        (complaint,) = service.complaints()
    assert answers[0] == "Two."
    assert "at its end after 2 turn(s)" in answers[1]
    assert "1 request(s) came after the end of the script" in complaint
    assert "text='c'" in complaint


def test_sessions_of_the_draft_are_read_in_the_same_way(service: ScriptedService) -> None:
    """Nested settings and texts of API version v1 are found under the flat names."""
    service.say("Yes.")
    with voicelive.connect(
        endpoint=service.endpoint, model="gpt-4o", api_version="v1", connection_options=OPTIONS
    ) as conn:
        conn.session.update(session={"modalities": ["text"], "input_audio_sampling_rate": 16000})
        conn.input_audio_buffer.append(audio=bytes(3200))
        content = InputTextContentPart(text="hello")
        conn.conversation.item.create(item={"type": "message", "role": "user", "content": [content]})
        conn.response.create()
        conn.wait_for("response.done", timeout=DEADLINE)
    service.assert_settings(modalities=["text"], input_audio_sampling_rate=16000)
    assert service.session.audio_seconds == pytest.approx(0.1)
    assert service.session.texts == ["hello"]
    assert service.session.answers == ["Yes."]
