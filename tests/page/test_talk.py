"""Talking on the page: a microphone that plays a recording, what the page sends, plays, shows, and plays again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Literal

import pytest
from azure.core.credentials import AzureKeyCredential
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from voicelive.local import Engines, LocalService, SessionRecord, ThreadedLocalService, Upstream
from voicelive.local.engines import TextChunk
from voicelive.models import (
    ClientEventConversationItemTruncate,
    ClientEventInputAudioBufferAppend,
    ServerEventResponseAudioDelta,
)

from ..local.helpers import Scripted, read_tones, tones
from .calling import Ear, launch_with_microphone, silence, write_wav
from .conftest import ANSWER, DEADLINE_MS, INTERRUPTION, QUESTION
from .talking import read_wav
from .test_page import contrasts_too_weak

ROOT = Path(__file__).resolve().parents[2]

LEAD_S = 2.5
"""A recording begins when the microphone is opened, which a busy browser tells its page a while later."""
LOUDER = "(level) => Number(document.getElementById('speaker-level').ariaValueNow) > level"
REPLY = f"You said {INTERRUPTION}"
QUANTUM = 128
"""How many samples a browser plays at a time."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the microphone takes its sound from: a question."""
    path = tmp_path_factory.mktemp("microphone") / "said.wav"
    write_wav(path, silence(LEAD_S), tones(QUESTION), silence(1.0))
    return path


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What starts browsers."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def caller(playwright: Playwright, recording: Path) -> Iterator[Browser]:
    """A browser that plays no sound before a click, as users have it, and whose microphone plays the recording."""
    browser = launch_with_microphone(playwright, recording)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def responder() -> Scripted:
    """What answers: it repeats what it hears, unless its script says something else."""
    return Scripted()


@pytest.fixture(scope="module")
def talking_service(responder: Scripted) -> Iterator[ThreadedLocalService]:
    """A relay, and behind it a service that hears and speaks tones."""
    engines = replace(Engines.basic(), responder=responder)
    with LocalService.in_thread(engines=engines, api_key="not the page's") as beyond:
        to = Upstream(beyond.endpoint, credential=AzureKeyCredential("not the page's"))
        with LocalService.in_thread(upstream=to, control=True) as running:
            yield running


@dataclass
class Called:
    """A call that was held on one page while another listened."""

    page: Page
    ear: Ear
    listener: Ear
    session: SessionRecord

    def close(self) -> None:
        """Close both pages."""
        self.page.context.close()
        self.listener.page.context.close()


@pytest.fixture(scope="module")
def called(
    caller: Browser, recording: Path, talking_service: ThreadedLocalService, responder: Scripted
) -> Iterator[Called]:
    """The Talk button was pressed, the conversation held, and hung up; another page has listened in."""

    def hold() -> Called:
        responder.script = [[TextChunk(ANSWER)]]
        write_wav(recording, silence(LEAD_S), tones(QUESTION), silence(1.0))
        return hold_call(caller, recording, talking_service)

    call = hold()
    # A browser that is too busy for real sound drops samples of it; then the call is held again.
    for _ in range(4):
        if call.session.heard == [QUESTION, INTERRUPTION]:
            break
        call.close()
        call = hold()
    yield call
    call.close()


def hold_call(caller: Browser, recording: Path, talking_service: ThreadedLocalService) -> Called:
    """Ask, interrupt the answer, hear the next one, and hang up; or stop where something was not understood."""
    ear, listener = Ear.at(caller), Ear.at(caller)
    page, other = ear.page, listener.page
    for each in (other, page):
        each.set_default_timeout(DEADLINE_MS)
        each.goto(talking_service.endpoint)
        expect(each.locator("#link")).to_have_text("connected")
    press_talk(page)
    other.get_by_role("button", name="Listen in").click()
    expect(page.locator("#talk-state")).to_have_text("Speak: you are heard.")
    call = Called(page, ear, listener, talking_service.sessions[-1])
    expect(page.locator("h1")).to_contain_text("relay to 127.0.0.1:")
    expect(page.locator("#listen")).to_be_disabled()
    if not has_heard(talking_service, call, [QUESTION]):
        return call
    page.wait_for_function(LOUDER, arg=5)
    # Another microphone is chosen, and with it the user interrupts the answer.
    write_wav(recording, silence(LEAD_S), tones(INTERRUPTION), silence(1.0))
    page.locator("#microphone").select_option(label="Fake Audio Input 1")
    if not has_heard(talking_service, call, [QUESTION, INTERRUPTION]):
        return call
    expect(page.locator("#turns li").nth(3).locator(".said")).to_have_text(REPLY)
    # The answer is there before it is heard. It was heard when its last samples have left.
    page.wait_for_function(LOUDER, arg=5)
    page.wait_for_function(f"(level) => !({LOUDER})(level)", arg=1)
    page.get_by_role("button", name="Hang up").click()
    expect(page.locator("#sessions [role=option]").first).to_contain_text("closed 1000")
    expect(other.get_by_role("button", name="Listen in")).to_be_disabled()
    return call


def has_heard(service: ThreadedLocalService, call: Called, texts: list[str]) -> bool:
    """Wait until something was heard so many times; return whether it was understood."""
    service.wait_until(lambda: len(call.session.heard) >= len(texts), DEADLINE_MS / 1000)
    return call.session.heard == texts


def press_talk(page: Page) -> None:
    """Press the button with the microphone as it is: the browser's echo cancellation would touch the tones."""
    page.get_by_text("Devices, model and voice").click()
    page.get_by_label("Cancel echo and noise").uncheck()
    page.get_by_role("button", name="Talk", exact=True).click()


def test_two_turns_are_understood_to_the_word(called: Called) -> None:
    """What the microphone played arrives, as the service heard it, and the page shows it."""
    assert called.session.heard == [QUESTION, INTERRUPTION]
    turns = called.page.locator("#turns li")
    for index, text in enumerate((QUESTION, ANSWER, INTERRUPTION, REPLY)):
        expect(turns.nth(index).locator(".said")).to_have_text(text)
    expect(turns.nth(3)).to_contain_text(re.compile(r"first audio \d+ ms after end of speech"))


def test_an_interrupted_answer_falls_silent(called: Called) -> None:
    """What was played is the beginning of the answer, sample by sample, and then the next one: nothing of the rest."""
    sent = first_answer(called.session)
    assert 300 < played_of(sent, called.ear.pcm(0)) < len(sent) / 48 - 1000
    assert read_tones(called.ear.pcm(0)) == REPLY


def test_the_service_is_told_what_was_heard(called: Called) -> None:
    """One truncation, at what the loudspeaker had played; no cancellation, since the service cancels by itself."""
    session = called.session
    (cut,) = (event for event in session.received if isinstance(event, ClientEventConversationItemTruncate))
    sent = {"session.update", "input_audio_buffer.append", "conversation.item.truncate"}
    assert set(session.received_types()) == sent
    heard_ms = cut.audio_end_ms
    assert 0 <= played_of(first_answer(session), called.ear.pcm(0)) - heard_ms < 150
    expect(called.page.locator("#turns li").nth(1)).to_contain_text(f"interrupted: {heard_ms / 1000:.2f} of")


def test_another_page_listens_in(called: Called) -> None:
    """It hears the user, and of the answers what was heard: the first up to the interruption, and the second."""
    user, assistant = called.listener.pcm(0), called.listener.pcm(1)
    assert read_tones(user).endswith(INTERRUPTION)
    assert read_tones(assistant) == REPLY
    # A page that is late need not be silent between the two.
    first_ms = sounding_ms(assistant) - len(tones(REPLY, silence_ms=0)) / 48
    assert 100 < first_ms < len(first_answer(called.session)) / 48 - 1000


def first_answer(session: SessionRecord) -> bytes:
    """Return all sound of the first answer, as it was sent."""
    deltas = [event for event in session.sent if isinstance(event, ServerEventResponseAudioDelta)]
    return b"".join(event.delta_bytes for event in deltas if event.response_id == deltas[0].response_id)


def played_of(sent: bytes, played: bytes) -> float:
    """Return how much of what was sent was played, from its beginning, in milliseconds."""
    wanted, found = memoryview(sent).cast("h"), memoryview(played).cast("h")
    start, first = (next(at for at, sample in enumerate(samples) if abs(sample) > 9) for samples in (found, wanted))
    at, count = start - first, 0
    while count < len(wanted) and at < len(found):
        if abs(found[at] - wanted[count]) < 4:
            at, count = at + 1, count + 1
        elif (further := after_a_gap(found, at, wanted, count)) is not None:
            at, count = further
        else:
            break
    return count / 24


def after_a_gap(found: memoryview[int], at: int, wanted: memoryview[int], count: int) -> tuple[int, int] | None:
    """Return where both go on if nothing was played for a moment, as where sound comes late; None if it was not so."""
    before = sum(1 for _ in takewhile(lambda place: not found[place], range(at - 1, -1, -1)))
    after = sum(1 for _ in takewhile(lambda place: not found[place], range(at, len(found))))
    if before + after < QUANTUM:
        return None
    at += after
    for back in range(min(before, count) + 1):
        there = zip(found[at : at + QUANTUM], wanted[count - back : count - back + QUANTUM], strict=False)
        if all(abs(a - b) < 4 for a, b in there):
            return at, count - back
    return None


def sounding_ms(pcm: bytes) -> int:
    """Return how much of it is sound."""
    samples = memoryview(pcm).cast("h")
    return sum(20 for start in range(0, len(samples), 480) if max(map(abs, samples[start : start + 480])) > 300)


def test_a_finished_session_is_heard_again_turn_by_turn(called: Called) -> None:
    """Each turn has its button, which plays what that side said in it, and nothing else."""
    page, ear = called.page, called.ear
    for who, text in (("user", QUESTION), ("assistant", REPLY)):
        before = ear.outputs
        buttons = page.get_by_role("button", name=f"Hear what the {who} said")
        (buttons.first if who == "user" else buttons.last).click()
        expect(page.locator("#play")).to_have_text("■ Stop")
        expect(page.locator("#play")).to_have_text("▶ Play")
        heard = [read_tones(ear.pcm(output)) for output in range(before, ear.outputs)]
        assert heard == ([text, ""] if who == "user" else ["", text])


def test_on_a_phone_the_conversation_comes_first(called: Called) -> None:
    """At a phone's width everything is in one column, as wide as the screen, the faults last."""
    page = called.page
    page.set_viewport_size({"width": 390, "height": 844})
    tops = [
        page.locator(f"section.{name}").bounding_box() for name in ("talk", "sound", "list", "log", "trouble-maker")
    ]
    assert None not in tops
    assert [box["y"] for box in tops if box] == sorted(box["y"] for box in tops if box)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    button = page.get_by_role("button", name="Talk", exact=True).bounding_box()
    assert button is not None
    assert button["y"] + button["height"] < 300
    assert button["height"] >= 44
    schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        assert contrasts_too_weak(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})


def test_muted_silence_is_sent_and_an_end_is_explained(
    caller: Browser, recording: Path, talking_service: ThreadedLocalService
) -> None:
    """While muted the session's clock goes on with silence; an end by the service is told with its reason and cure."""
    write_wav(recording, tones("a b c d e f g h i j k l m n o p q r s t u v w x y z"))
    page = caller.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.goto(talking_service.endpoint)
    press_talk(page)
    level = "(above) => (Number(document.getElementById('mic-level').ariaValueNow) > 5) === above"
    page.wait_for_function(level, arg=True)
    page.get_by_role("button", name="Mute").click()
    expect(page.locator("#talk-state")).to_contain_text("Muted")
    page.wait_for_function(level, arg=False)
    session = talking_service.sessions[-1]
    count = len(session.received)
    assert talking_service.wait_until(lambda: len(session.received) > count + 3, DEADLINE_MS / 1000)
    assert all(
        not any(e.audio_bytes) for e in session.received[count:] if isinstance(e, ClientEventInputAudioBufferAppend)
    )
    page.get_by_role("button", name="Unmute").click()
    page.wait_for_function(level, arg=True)
    talking_service.faults.add(f"close:1011@session={session.id},reason=overloaded")
    expect(page.locator("#talk-state")).to_have_text(
        "The service ended the session (1011: overloaded). Press Talk to begin another one."
    )
    expect(page.get_by_role("button", name="Talk", exact=True)).to_be_visible()
    page.close()


def test_an_upstream_service_that_cannot_be_had_is_explained(caller: Browser, unused_tcp_port: int) -> None:
    """A browser hides why a WebSocket was refused; the relay's page says it all the same, and lists the session."""
    to = Upstream(f"http://127.0.0.1:{unused_tcp_port}")
    with LocalService.in_thread(upstream=to, control=True) as relay:
        page = caller.new_page()
        page.set_default_timeout(DEADLINE_MS)
        page.goto(relay.endpoint)
        page.get_by_role("button", name="Talk", exact=True).click()
        expect(page.locator("#talk-state")).to_contain_text(
            "ended the session (1014: The relay could not open a session"
        )
        expect(page.locator("#talk-state")).to_contain_text(
            "refused the connection: check the endpoint's host and port"
        )
        expect(page.locator("#sessions [role=option]")).to_contain_text("closed 1014")
        page.close()


def asked(caller: Browser, service: ThreadedLocalService) -> Ear:
    """Press Talk on a new page, and wait until the microphone's question was heard."""
    ear, before = Ear.at(caller), len(service.sessions)
    ear.page.set_default_timeout(DEADLINE_MS)
    ear.page.goto(service.endpoint)
    ear.page.get_by_role("button", name="Talk", exact=True).click()
    service.wait_until(lambda: any(session.heard for session in service.sessions[before:]), DEADLINE_MS / 1000)
    return ear


def test_a_spoken_question_is_answered_in_speech(caller: Browser, recording: Path) -> None:
    """With the speech engines, and the browser's own clean-up of the microphone: words in, all of the answer out."""
    question, rate = read_wav(ROOT / "examples/audio/seven_times_eight.wav")
    write_wav(recording, silence(LEAD_S, rate), question, silence(1.0, rate), rate=rate)
    with closing(Engines.speech()) as engines, LocalService.in_thread(engines=engines, control=True) as service:
        ear = asked(caller, service)
        # As above: what a busy browser has not passed on is said again.
        for _ in range(4):
            if "seven times eight" in " ".join(service.sessions[-1].heard[:1]):
                break
            ear.page.context.close()
            ear = asked(caller, service)
        page = ear.page
        expect(page.locator("#turns li").nth(1).locator(".said")).to_contain_text("fifty six")
        page.wait_for_function(LOUDER, arg=5)
        page.wait_for_function(f"(level) => !({LOUDER})(level)", arg=1)
        page.get_by_role("button", name="Hang up").click()
        session = service.sessions[-1]
        assert "seven times eight" in session.heard[0]
        sent = first_answer(session)
        assert played_of(sent, ear.pcm(0)) == pytest.approx(len(sent) / 48, abs=50)
        page.context.close()


def test_without_permission_the_page_says_what_to_do(
    playwright: Playwright, recording: Path, talking_service: ThreadedLocalService
) -> None:
    """Where the browser keeps the microphone: how to get it, no session, and Talk can be pressed again."""
    before = len(talking_service.sessions)
    browser = launch_with_microphone(playwright, recording, allowed=False)
    page = browser.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.goto(talking_service.endpoint)
    page.get_by_role("button", name="Talk", exact=True).click()
    expect(page.locator("#talk-state")).to_contain_text("may not use the microphone. Allow it")
    expect(page.get_by_role("button", name="Talk", exact=True)).to_be_enabled()
    browser.close()
    assert len(talking_service.sessions) == before
