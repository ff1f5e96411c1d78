"""The simulated caller: when it speaks, waits, interrupts and hangs up, in blocks of 20 ms without any clock."""

from __future__ import annotations

from array import array

import pytest

from voicelive._evaluation.activity import Activity, Span, level_db
from voicelive._evaluation.caller import BLOCK_BYTES, Act, Caller, Pause, Press, Utterance, Wait
from voicelive._evaluation.scenario import Line

LOUD = array("h", [8000, -8000] * (BLOCK_BYTES // 4)).tobytes()
SILENT = bytes(BLOCK_BYTES)


def utterance(text: str, ms: int, **options: object) -> Utterance:
    """Return something that lasts so many ms."""
    return Utterance(text, LOUD * (ms // 20), **options)  # type: ignore[arg-type]


def play(caller: Caller, agent: list[tuple[int, int]], ms: int) -> list[Span]:
    """Let the caller hear an agent that speaks at these times; returns when the caller is heard."""
    heard = Activity()
    for now in range(0, ms, 20):
        block = LOUD if any(start <= now < end for start, end in agent) else SILENT
        heard.add(caller(block))
    return heard.spans


def test_it_speaks_and_waits_for_each_answer() -> None:
    """The second thing is said when the agent has been silent for the pause."""
    caller = Caller([utterance("one", 1000), utterance("two", 500)], pause_ms=900)
    spans = play(caller, [(2000, 3000), (6000, 6500)], 8000)
    assert spans == [Span(300, 1300), Span(3900, 4400)]
    assert [one.text for one in caller.uttered] == ["one", "two"]
    assert not any(one.unanswered or one.over_answer for one in caller.uttered)
    assert caller.is_done


def test_it_hangs_up_after_the_last_answer() -> None:
    """It is done when the agent has finished, not before, and says so."""
    told: list[int] = []
    caller = Caller([utterance("one", 1000)], pause_ms=900)
    caller.changed = lambda: told.append(caller.now_ms)
    play(caller, [(2000, 3000)], 6000)
    assert told == [3920]


def test_it_interrupts() -> None:
    """It speaks so many ms after the answer has begun."""
    caller = Caller([utterance("one", 1000), utterance("stop", 500, interrupt_after_ms=700)])
    spans = play(caller, [(2000, 3200)], 4000)
    assert spans[1] == Span(2700, 3200)
    assert caller.uttered[1].over_answer


def test_it_interrupts_an_answer_with_pauses() -> None:
    """An agent that pauses goes on with its answer; once it has yielded, what it says next is another one."""
    caller = Caller([utterance("one", 1000), utterance("stop", 1000, interrupt_after_ms=1500)], pause_ms=900)
    spans = play(caller, [(2000, 2300), (2900, 3200), (3800, 4100), (5000, 6000)], 8000)
    assert spans[1].start_ms == 3500
    assert caller.uttered[1].over_answer
    assert caller.agent.spans == [Span(2000, 4100), Span(5000, 6000)]


@pytest.mark.parametrize(
    ("acts", "agent", "starts"),
    [
        ([utterance("one", 1000), utterance("two", 500)], [], [300, 4300]),
        ([utterance("one", 1000), utterance("two", 500, interrupt_after_ms=100)], [], [300, 4300]),
        ([utterance("one", 1000), utterance("two", 500, after="now")], [], [300]),
        ([utterance("one", 1000), Pause(2000), utterance("two", 500, after="now")], [], [300, 3300]),
        ([Wait("answer", 5000), utterance("one", 500)], [(1000, 2000)], [1020]),
        ([Wait("answer_end", 5000), utterance("one", 500)], [(1000, 2000)], [2900]),
        ([Wait("answer", 1000), utterance("one", 500)], [], [1000]),
        ([Press("1"), utterance("one", 500)], [(1000, 2000)], [2900]),
    ],
    ids=[
        "no answer",
        "no answer to interrupt",
        "at once",
        "after a pause",
        "on a greeting",
        "after a greeting",
        "no greeting",
        "after the answer to keys",
    ],
)
def test_when_it_speaks(acts: list[Act], agent: list[tuple[int, int]], starts: list[int]) -> None:
    """An agent that does not answer is waited for as long as the caller is patient, and no longer."""
    caller = Caller(acts, patience_ms=3000)
    assert [span.start_ms for span in play(caller, agent, 6000)] == starts


def test_it_says_what_was_not_answered() -> None:
    """What it says after waiting in vain is marked."""
    caller = Caller([utterance("one", 1000), utterance("two", 500)], patience_ms=3000)
    play(caller, [], 9000)
    assert [one.unanswered for one in caller.uttered] == [False, True]
    assert caller.is_done


def test_an_answer_that_begins_too_early() -> None:
    """An agent that talks over the caller, and goes on, has answered."""
    caller = Caller([utterance("one", 2000), utterance("two", 500)], patience_ms=60_000, pause_ms=500)
    assert [span.start_ms for span in play(caller, [(1000, 4000)], 6000)] == [300, 4500]


def test_more_to_say() -> None:
    """What is added later is said after the rest, and it is not done before."""
    caller = Caller([utterance("one", 500)], pause_ms=500)
    play(caller, [(1000, 1500)], 2500)
    assert caller.is_done
    caller.add(utterance("two", 500))
    assert not caller.is_done
    assert play(caller, [], 1000)[0].start_ms == 0


def test_keys() -> None:
    """Keys are handed over in their turn."""
    pressed: list[str] = []
    caller = Caller([utterance("one", 500), Wait("answer_end", 5000), Press("12#")], pause_ms=500)
    caller.press = pressed.append
    play(caller, [(1000, 1500)], 1900)
    assert pressed == []
    play(caller, [], 200)
    assert pressed == ["12#"]


def test_the_line() -> None:
    """Noise has the level asked for, losses their share, and the volume its factor; the same seed gives the same."""
    noisy = [Caller(line=Line(noise_db=-30), seed=1) for _ in range(2)]
    first, second = (b"".join(caller(SILENT) for _ in range(50)) for caller in noisy)
    assert first == second
    assert level_db(first) == pytest.approx(-30, abs=0.5)
    lossy = Caller([utterance("one", 20_000)], line=Line(loss_percent=20), seed=1)
    lost = sum(lossy(SILENT) == SILENT for _ in range(1000)) - 15
    assert 150 <= lost <= 250
    quiet = Caller([utterance("one", 1000)], line=Line(volume_db=-20))
    blocks = [quiet(SILENT) for _ in range(40)]
    assert level_db(blocks[-1]) == pytest.approx(level_db(LOUD) - 20, abs=0.1)
