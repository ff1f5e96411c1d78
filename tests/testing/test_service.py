"""The scripted service: what it answers, hears and says, and its clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import voicelive
from tests.testing.agents import DEADLINE, OPTIONS, ask, ask_async, call_tools, speak
from voicelive.local import REAL, Engines
from voicelive.local.engines import MessageTurn, ResponderRequest, ScriptedTurn
from voicelive.testing import ScriptedService


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(timeout=DEADLINE) as running:
        yield running


def test_turns_are_answered_in_their_order(service: ScriptedService) -> None:
    """Each response takes the next turn, also for a client that connects later."""
    service.say("One.")
    service.say("Two.")
    service.say("Three.")
    assert ask(service.endpoint, "a", "b") == ["One.", "Two."]
    assert ask(service.endpoint, "c") == ["Three."]
    assert service.complaints() == []


async def test_an_asynchronous_agent_is_served_in_the_same_way(service: ScriptedService) -> None:
    """The service has a thread of its own, so that a client in the test's event loop can talk to it."""
    service.say("One.")
    assert await ask_async(service.endpoint, "a") == ["One."]
    service.assert_sent("response.create", times=1)


def test_without_a_script_the_built_in_assistant_answers(service: ScriptedService) -> None:
    """Nothing scripted: sums and facts are answered by rules."""
    assert "fifty six" in ask(service.endpoint, "What is seven times eight?")[0]
    assert service.complaints() == []


def test_a_turn_can_be_made_of_the_conversation(service: ScriptedService) -> None:
    """A function sees the request with what the user said, and the requests are kept."""

    def shout(request: ResponderRequest) -> ScriptedTurn:
        last = request.conversation[-1]
        return last.text.upper() if isinstance(last, MessageTurn) else "?"

    service.answer(shout)
    assert ask(service.endpoint, "hello", instructions="Be loud.") == ["HELLO"]
    assert [request.instructions for request in service.requests] == ["Be loud."]


def test_tools_are_called(service: ScriptedService) -> None:
    """One call, and several at once after a word; the outputs are there to look at, JSON decoded."""
    service.call_tool("get_time")
    service.call_tools(("get_weather", {"city": "Oslo"}), ("get_weather", '{"city": "Paris"}'), say="One moment.")
    service.say("Cold and warm.")

    def get_weather(city: str) -> dict[str, str]:
        return {"city": city}

    assert call_tools(service.endpoint, {"get_weather": get_weather, "get_time": lambda: 12}) == "Cold and warm."
    service.assert_tool_output("get_time", 12)
    assert service.session.tool_outputs("get_weather") == [{"city": "Oslo"}, {"city": "Paris"}]
    assert service.session.answers == ["", "One moment.", "Cold and warm."]


def test_responses_fail_and_break_off(service: ScriptedService) -> None:
    """A failure carries its error; an answer cut short its reason; both what was said before."""
    service.fail("no capacity", code="rate_limit_exceeded", say="Well")
    service.break_off("It is", "content_filter")
    failed, broken_off = ask(service.endpoint, "a", "b")
    assert failed.startswith("failed:")
    assert "no capacity" in failed
    assert "rate_limit_exceeded" in failed
    assert broken_off.startswith("incomplete:")
    assert "content_filter" in broken_off
    assert [response["status"] for response in service.session.responses] == ["failed", "incomplete"]
    assert service.session.answers == ["Well", "It is"]


def test_what_else_goes_wrong_is_told_too(service: ScriptedService) -> None:
    """Faults beside the answers are committed, and one that never came about is complained of."""
    service.faults.add("close:1011@events=2", "close:1001@events=1000")
    with voicelive.connect(endpoint=service.endpoint, model="gpt-4o", connection_options=OPTIONS) as conn:
        conn.session.update(session={})
        with pytest.raises(voicelive.ConnectionClosed) as caught:
            conn.wait_for("response.done", timeout=DEADLINE)
    assert caught.value.code == 1011
    assert service.complaints() == ["1 fault(s) never happened: close:1001@events=1000"]


def test_speech_is_understood_in_both_directions(service: ScriptedService) -> None:
    """What the test speaks is heard to the letter, and what the client plays can be read back."""
    service.say("The Caspian Sea.")
    audio = service.speech("What is the largest lake?")
    played = speak(service.endpoint, audio)
    assert service.understand(played) == "The Caspian Sea."
    assert service.session.heard == ["What is the largest lake?"]
    assert service.session.audio_seconds == pytest.approx(len(audio) / 48000)
    assert service.session.audio == audio


@pytest.mark.parametrize(("audio_format", "rate"), [("pcm16", 16000), ("g711_ulaw", 8000), ("g711_alaw", 8000)])
def test_speech_comes_in_the_format_of_the_session(service: ScriptedService, audio_format: str, rate: int) -> None:
    """In every input format speech is heard, and its length is counted in seconds."""
    service.say("Yes.")
    audio = service.speech("Is it?", audio_format=audio_format, rate=rate, silence_ms=900)
    speak(service.endpoint, audio, input_audio_format=audio_format, input_audio_sampling_rate=rate)
    service.assert_heard("is it")
    width = 2 if audio_format == "pcm16" else 1
    assert service.session.audio_seconds == pytest.approx(len(audio) / rate / width)
    assert service.understand(service.session.audio) == "Is it?"


def test_a_setting_that_is_refused_changes_nothing_of_what_was_sent(service: ScriptedService) -> None:
    """Audio counts by the format in force when it came, through changes of it and refused ones."""
    with voicelive.connect(
        endpoint=service.endpoint, model="gpt-4o", contract_check="ignore", connection_options=OPTIONS
    ) as conn:
        for audio_format, rate in (("pcm16", 16000), ("mp3", 16000), ("pcm16", 11025)):
            conn.session.update(session={"input_audio_format": audio_format, "input_audio_sampling_rate": rate})
            conn.input_audio_buffer.append(audio=bytes(16000))
        conn.input_audio_buffer.clear()
        conn.wait_for("input_audio_buffer.cleared", timeout=DEADLINE)
    assert len(service.session.errors) == 2
    assert service.session.audio_seconds == pytest.approx(1.5)
    assert len(service.session.audio) == 72000


@pytest.mark.speech
def test_with_the_speech_engines_it_speaks_and_hears_english() -> None:
    """Real speech for the user, real recognition of it and of the answer."""
    engines = Engines.speech()
    try:
        with ScriptedService(engines=engines, timeout=DEADLINE) as service:
            service.say("The largest lake in the world is the Caspian Sea.")
            played = speak(service.endpoint, service.speech("What is the largest lake in the world?"))
            assert "largest lake" in service.session.heard[0]
            assert "lake" in service.understand(played).lower()
    finally:
        engines.close()


def test_a_session_ends_as_soon_as_the_clock_says_so(service: ScriptedService) -> None:
    """An hour goes by at once: the session expires, twice in a row, and nobody waits."""
    for _ in range(2):
        with voicelive.connect(endpoint=service.endpoint, model="gpt-realtime", connection_options=OPTIONS) as conn:
            conn.wait_for("session.created", timeout=DEADLINE)
            service.advance(3600)
            with pytest.raises(voicelive.SessionExpiredError):
                conn.wait_for("response.done", timeout=DEADLINE)


def test_silence_is_sound_too(service: ScriptedService) -> None:
    """Silence has its length, and nobody is heard in it."""
    assert len(service.silence(500)) == 24000
    assert service.understand(service.silence(500)) == ""


def test_a_clock_cannot_be_turned_back(service: ScriptedService) -> None:
    """Less than nothing is refused, and so is a service that does not run."""
    with pytest.raises(ValueError, match="turned back"):
        service.advance(-1)
    with pytest.raises(voicelive.VoiceLiveError, match="not running"):
        ScriptedService().advance(1)


def test_delays_can_be_shortened() -> None:
    """The delays of the real service, a thousand times shorter, are all in proportion."""
    fast = REAL.faster(1000)
    assert fast.first_output == pytest.approx(REAL.first_output / 1000)
    assert fast.audio_speed == pytest.approx(REAL.audio_speed * 1000)
    with pytest.raises(ValueError, match="above 0"):
        REAL.faster(0)
