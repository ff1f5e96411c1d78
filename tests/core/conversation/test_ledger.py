"""The playback ledger: where each answer is truncated, what was heard, and which late audio is dropped."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive import ConfigurationError
from voicelive._audio.formats import AudioFormat, audio_format
from voicelive._core.conversation.heard import split_heard
from voicelive._core.conversation.ledger import Heard, PlaybackLedger

MS = 48
"""Bytes of a millisecond of the default format."""


class Story(NamedTuple):
    """What happened before an interruption, and where it truncates."""

    shows: str
    steps: list[tuple[Any, ...]]
    cuts: list[tuple[str, int]]
    heard_ms: int = 0
    unheard_ms: int = 0
    latency_ms: int = 0


STORIES = [
    Story("nothing has come, so there is nothing to truncate", [], []),
    Story("an answer is truncated where it was heard", [("in", "a", 1000), ("played", 400)], [("a", 400)], 400, 600),
    Story("before its first sample an answer is truncated at 0", [("in", "a", 1000)], [("a", 0)], 0, 1000),
    Story("what was heard in full is left alone", [("in", "a", 500), ("played", 500)], []),
    Story(
        "silence that a player inserts does not count as played",
        [("in", "a", 500), ("played", 900), ("in", "a", 500)],
        [("a", 500)],
        500,
        500,
    ),
    Story(
        "of two answers the one in play is truncated where it was heard, the later one at 0",
        [("in", "a", 300), ("in", "b", 700), ("played", 100)],
        [("a", 100), ("b", 0)],
        100,
        900,
    ),
    Story(
        "an answer that was heard before the one in play is left alone",
        [("in", "a", 300), ("end", "a"), ("in", "b", 700), ("played", 450)],
        [("b", 150)],
        150,
        550,
    ),
    Story("an item without audio is left alone", [("text", "a", "Hello"), ("in", "b", 200)], [("b", 0)], 0, 200),
    Story(
        "what is in the device has not reached the ear",
        [("in", "a", 1000), ("played", 400)],
        [("a", 320)],
        320,
        680,
        latency_ms=80,
    ),
    Story(
        "what is in the device may belong to two answers",
        [("in", "a", 300), ("in", "b", 300), ("played", 350)],
        [("a", 250), ("b", 0)],
        250,
        350,
        latency_ms=100,
    ),
    Story(
        "a device slower than all that was played: nothing was heard",
        [("in", "a", 100), ("played", 50)],
        [("a", 0)],
        0,
        100,
        latency_ms=500,
    ),
]


def told(story: Story) -> PlaybackLedger:
    ledger = PlaybackLedger()
    for step in story.steps:
        match step:
            case ("in", item_id, ms):
                assert ledger.received(item_id, 0, ms * MS, f"resp_{item_id}")
            case ("end", item_id):
                ledger.finished(item_id, 0)
            case ("text", item_id, text):
                ledger.transcript(item_id, 0, text)
            case (*_, ms):
                ledger.played(ms * MS)
            case _:
                raise AssertionError(step)
    return ledger


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.shows)
def test_where_an_interruption_truncates(story: Story) -> None:
    """Each row: what was received and played, and the truncations that follow from it."""
    interruption = told(story).interrupt(latency_ms=story.latency_ms)
    if not story.cuts:
        assert interruption is None
        return
    assert interruption is not None
    assert [(cut.item_id, cut.audio_end_ms) for cut in interruption.truncations] == story.cuts
    assert (interruption.heard_ms, interruption.unheard_ms) == (story.heard_ms, story.unheard_ms)
    assert interruption.response_id == f"resp_{interruption.item_id}"


def test_late_audio_of_what_was_interrupted_is_dropped() -> None:
    """After an interruption neither the item, nor its response, nor the response in progress is played any more."""
    ledger = PlaybackLedger()
    ledger.received("a", 0, 10 * MS, "r1")
    ledger.interrupt(response_id="r2")
    assert not ledger.received("a", 0, 10 * MS)
    assert not ledger.received("other", 0, 10 * MS, "r1")
    assert not ledger.received("new", 0, 10 * MS, "r2")
    assert ledger.is_dropped("a")
    assert ledger.is_dropped(None, "r2")
    assert not ledger.is_dropped("b", "r3")
    assert ledger.received("b", 0, 10 * MS, "r3")
    assert ledger.unheard_ms == 10


def test_nothing_grows_with_interruptions() -> None:
    """Ids of what was interrupted are forgotten after a while; the latest are known."""
    ledger = PlaybackLedger()
    for number in range(1000):
        ledger.received(f"i{number}", 0, MS, f"r{number}")
        ledger.interrupt()
        assert max(len(ledger._dropped), len(ledger._ends), len(ledger._truncated)) <= 40
    assert ledger.is_dropped("i999")
    assert not ledger.is_dropped("i0")


def test_the_service_takes_an_item_to_be_shorter() -> None:
    """After its error about 85 ms less than it sent, later truncations stay below by as much."""
    ledger = PlaybackLedger()
    ledger.received("a", 0, 1000 * MS)
    ledger.received("a", 0, 10 * MS)
    ledger.played(1000 * MS)
    first = ledger.interrupt()
    assert first is not None
    assert first.truncations[0].audio_end_ms == 1000
    assert ledger.too_long(1000, 925)
    assert ledger.margin_ms == 85
    assert not ledger.too_long(1000, 925), "an error that repeats, or is about another's truncation, is not known"
    ledger.received("b", 0, 1000 * MS)
    ledger.played(950 * MS)
    second = ledger.interrupt()
    assert second is not None
    assert second.truncations[0].audio_end_ms == 915


@pytest.mark.parametrize(
    ("steps", "heard", "unheard"),
    [
        ([("end",)], "one two three four", "five six seven eight nine ten"),
        ([("word", "one", 300), ("word", "two", 500)], "one", "two three four five six seven eight nine ten"),
        ([], "one", "two three four five six seven eight nine ten"),
    ],
    ids=["by the share of the whole", "by the times of the words", "by the length of the text while audio is to come"],
)
def test_the_words_that_were_heard(steps: list[tuple[Any, ...]], heard: str, unheard: str) -> None:
    """400 of 1,000 ms were heard of ten words; exact where the service timed them."""
    ledger = PlaybackLedger()
    ledger.received("a", 0, 1000 * MS)
    ledger.transcript("a", 0, "one two three four five ")
    ledger.transcript("a", 0, "six seven eight nine ten")
    for step in steps:
        if step[0] == "end":
            ledger.finished("a", 0)
        else:
            ledger.word("a", 0, step[1], step[2])
    ledger.played(400 * MS)
    interruption = ledger.interrupt()
    assert interruption is not None
    assert (interruption.heard_text, interruption.unheard_text) == (heard, unheard)


def test_how_fast_the_voice_speaks_is_learnt() -> None:
    """The length of a text whose audio is still to come is estimated by the answers before it."""
    ledger = PlaybackLedger()
    text = "word " * 20
    ledger.transcript("a", 0, text)
    ledger.received("a", 0, 10_000 * MS)
    ledger.finished("a", 0)
    ledger.played(10_000 * MS)
    ledger.transcript("b", 0, text)
    ledger.received("b", 0, 5_000 * MS)
    ledger.played(5_000 * MS)
    ledger.received("b", 0, 1 * MS)
    interruption = ledger.interrupt()
    assert interruption is not None
    assert len(interruption.heard_text.split()) == 10


def test_playback_is_told_for_each_item() -> None:
    """played() says how far each item has come; one that is named gets it, unknown and finished ones count nothing."""
    ledger = PlaybackLedger()
    assert ledger.heard is None
    ledger.received("a", 0, 100 * MS)
    ledger.finished("a", 0)
    ledger.received("b", 0, 100 * MS)
    assert ledger.played(150 * MS) == [Heard("a", 0, 100), Heard("b", 0, 50)]
    assert ledger.heard == Heard("b", 0, 50)
    assert ledger.played(10 * MS, item_id="nobody") == []
    assert ledger.played(10 * MS, item_id="a") == []
    assert ledger.played(10 * MS, item_id="b") == [Heard("b", 0, 60)]
    assert ledger.unheard_ms == 40


@pytest.mark.parametrize("size", [-1, 1.5, True, "10", None])
def test_what_cannot_have_been_played_is_refused(size: Any) -> None:
    """A number of bytes is a whole number from 0 on."""
    with pytest.raises(ConfigurationError, match="number of bytes"):
        PlaybackLedger().played(size)


def test_an_interruption_can_be_taken_back() -> None:
    """What was not heard plays on, once; its audio is not late any more."""
    ledger = PlaybackLedger()
    ledger.received("a", 0, 100 * MS, "r")
    ledger.played(40 * MS)
    ledger.interrupt()
    ledger.received("b", 0, 10 * MS)
    assert ledger.resume()
    assert not ledger.resume()
    assert ledger.unheard_ms == 70
    assert ledger.played(60 * MS) == [Heard("a", 0, 100)]
    assert ledger.received("a", 0, 5 * MS, "r")


def test_without_a_response_an_interruption_can_be_taken_back_too() -> None:
    """Audio whose events name no response is resumed all the same."""
    ledger = PlaybackLedger()
    ledger.received("a", 0, 100 * MS)
    ledger.interrupt()
    assert ledger.resume()
    assert ledger.received("a", 0, MS)


def test_events_of_unknown_items_change_nothing() -> None:
    """The end, or a word, of an item without audio or text is passed over, and so is text of what was interrupted."""
    ledger = PlaybackLedger()
    ledger.finished("a", 0)
    ledger.word("a", 0, "hello", 100)
    ledger.received("b", 0, 10 * MS, "r")
    ledger.interrupt()
    ledger.transcript("b", 0, "late")
    ledger.transcript("c", 0, "late", "r")
    assert ledger.interrupt() is None
    assert ledger.unheard_ms == 0


def test_an_error_is_known_after_another_interruption_too() -> None:
    """The service's answer to a truncation may come after the next one was sent."""
    ledger = PlaybackLedger()
    for item_id, heard in (("a", 900), ("b", 100)):
        ledger.received(item_id, 0, 1000 * MS)
        ledger.played(heard * MS)
        ledger.interrupt()
    assert ledger.too_long(900, 815)
    assert ledger.margin_ms == 185


def cuts_of(ledger: PlaybackLedger) -> list[tuple[str, int, str | None]]:
    interruption = ledger.interrupt()
    cuts = interruption.truncations if interruption else ()
    return [(cut.item_id, cut.audio_end_ms, cut.words) for cut in cuts]


def test_without_a_player_only_the_latest_answer_is_in_question() -> None:
    """Where nobody says what is played, answers before the latest are not taken from the model's memory."""
    ledger = PlaybackLedger()
    for number in range(3):
        ledger.received(f"a{number}", 0, 100 * MS, f"r{number}")
    assert cuts_of(ledger) == [("a2", 0, None)]


def test_nothing_grows_where_nobody_plays() -> None:
    """Answers that nobody reports as played are forgotten after a while, the latest last."""
    ledger = PlaybackLedger()
    ledger.played(0)
    for number in range(1000):
        ledger.received(f"a{number}", 0, MS, f"r{number}")
    assert ledger.unheard_ms == 256


LATE: list[tuple[str, list[tuple[str, int]], int, list[tuple[str, int]]]] = [
    ("nothing of it had come", [], 0, [("late", 0)]),
    ("all that had come was heard", [("late", 300)], 300, [("late", 300)]),
    ("it was truncated at the interruption", [("late", 300)], 100, []),
    ("another item of the response was truncated", [("first", 300)], 100, [("late", 0)]),
]


@pytest.mark.parametrize(("before", "played", "cuts"), [row[1:] for row in LATE], ids=[row[0] for row in LATE])
def test_sound_that_comes_late_is_truncated_too(
    before: list[tuple[str, int]], played: int, cuts: list[tuple[str, int]]
) -> None:
    """What was dropped because it came after the interruption was not heard: the model is told, once, at the end."""
    ledger = PlaybackLedger()
    for item_id, ms in before:
        ledger.received(item_id, 0, ms * MS, "r")
    ledger.played(played * MS)
    ledger.interrupt(response_id="r")
    for _ in range(2):
        assert not ledger.received("late", 0, 200 * MS, "r")
    assert ledger.take_late("another") == []
    assert [(cut.item_id, cut.audio_end_ms) for cut in ledger.take_late("r")] == cuts
    assert not ledger.received("late", 0, 200 * MS, "r")
    assert ledger.take_late("r") == []


def test_what_a_new_session_knows_of_what_plays() -> None:
    """It has text, which cannot be truncated: the words that were heard take its place; what it lacks is left alone."""
    ledger = PlaybackLedger()
    for item_id in ("kept", "lost", "complete", "after"):
        ledger.transcript(item_id, 0, "one two three four", f"r_{item_id}")
        ledger.received(item_id, 0, 400 * MS, f"r_{item_id}")
        ledger.finished(item_id, 0)
    ledger.session_moved(lost_responses=["r_lost", "r_complete"], kept_items=["complete"])
    ledger.session_moved()
    ledger.received("new", 0, 100 * MS, "r_new")
    ledger.played(200 * MS)
    assert cuts_of(ledger) == [("kept", 200, "one two"), ("complete", 0, ""), ("after", 0, ""), ("new", 0, None)]


def test_another_format_counts_other_bytes() -> None:
    """A session that changes the output's format begins anew; the same format changes nothing."""
    ledger = PlaybackLedger()
    ledger.received("a", 0, 100 * MS)
    ledger.use_format(audio_format("pcm16"))
    assert ledger.unheard_ms == 100
    ledger.use_format(audio_format("g711_ulaw"))
    assert ledger.unheard_ms == 0
    ledger.received("b", 0, 800)
    assert ledger.unheard_ms == 100


@pytest.mark.parametrize(
    ("name", "rate", "expected"),
    [
        (None, None, AudioFormat(24_000, 2)),
        ("pcm16", None, AudioFormat(24_000, 2)),
        ("pcm16", 16_000, AudioFormat(16_000, 2)),
        ("pcm16_8000hz", None, AudioFormat(8_000, 2)),
        ("pcm16-16000hz", None, AudioFormat(16_000, 2)),
        ("pcm16_48000hz", 16_000, AudioFormat(48_000, 2)),
        ("g711_alaw", 16_000, AudioFormat(8_000, 1)),
        ("audio/pcmu", None, AudioFormat(8_000, 1)),
        ("audio/pcm", 24_000, AudioFormat(24_000, 2)),
        ("something new", None, AudioFormat(24_000, 2)),
    ],
)
def test_formats_by_name(name: str | None, rate: int | None, expected: AudioFormat) -> None:
    """Every name of the wire, with either spelling of a rate; an unknown one counts as the default."""
    assert audio_format(name, rate) == expected
    assert expected.size(100) == expected.rate // 10 * expected.width
    assert expected.ms(expected.size(100)) == 100


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("in"), st.sampled_from("abc"), st.integers(0, 500)),
        st.tuples(st.just("played"), st.integers(0, 500)),
        st.tuples(st.just("cut"), st.integers(0, 200)),
        st.tuples(st.just("end"), st.sampled_from("abc")),
        st.tuples(st.just("shorter"), st.integers(0, 500)),
    ),
    max_size=40,
)


@given(STEPS)
def test_no_truncation_lies_beyond_what_was_received(steps: list[tuple[Any, ...]]) -> None:
    """Whatever happens in whatever order: 0 <= audio_end_ms <= received, each item is truncated at most once."""
    ledger = PlaybackLedger()
    received: dict[str, int] = {}
    cut: set[str] = set()
    last = 0
    for step in steps:
        match step:
            case ("in", item_id, size):
                if ledger.received(item_id, 0, size * MS):
                    assert item_id not in cut
                    received[item_id] = received.get(item_id, 0) + size
            case ("played", size):
                ledger.played(size * MS)
            case ("end", item_id):
                ledger.finished(item_id, 0)
            case ("shorter", size):
                ledger.too_long(last, size)
            case (*_, latency):
                interruption = ledger.interrupt(latency_ms=latency)
                for found in interruption.truncations if interruption else ():
                    assert 0 <= found.audio_end_ms <= received[found.item_id]
                    assert found.item_id not in cut
                    cut.add(found.item_id)
                    last = found.audio_end_ms
                assert ledger.unheard_ms == 0
            case _:
                raise AssertionError(step)


def test_nothing_heard_is_no_words() -> None:
    """Interrupted before its first sample, an answer has only unheard words."""
    ledger = PlaybackLedger()
    ledger.transcript("a", 0, "one two")
    ledger.received("a", 0, 10 * MS)
    interruption = ledger.interrupt()
    assert interruption is not None
    assert (interruption.heard_text, interruption.unheard_text) == ("", "one two")


@pytest.mark.parametrize(("heard_ms", "audio_ms"), [(500, 400), (5, 0)])
def test_what_was_heard_beyond_the_sound_is_all_words(heard_ms: int, audio_ms: int) -> None:
    """Sound that is shorter than what was heard, or has no length, was heard whole."""
    assert split_heard("one two", heard_ms, audio_ms) == ("one two", "")
