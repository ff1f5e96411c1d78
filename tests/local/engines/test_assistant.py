"""What the built-in assistant answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from voicelive._local.demo_responder import Assistant
from voicelive._local.demo_responder.numbers import find_numbers, say_number
from voicelive.local.engines import MessageTurn, ResponderRequest, TextChunk

NOON = datetime(2026, 11, 22, 15, 5, tzinfo=UTC)
SORRY = "Sorry, I did not catch that."
SKILLS = "I can tell the time, do sums, know a few facts, and tell a joke."


def ask(*questions: str, now: datetime = NOON) -> str:
    """The answer to the last of some questions."""
    turns = [MessageTurn("user", question) for question in questions]
    outputs = list(Assistant(lambda: now).respond(ResponderRequest(turns)))
    assert all(isinstance(output, TextChunk) for output in outputs)
    return "".join(output.text for output in outputs if isinstance(output, TextChunk))


TABLE = [
    ("What is the largest lake in the world?", "The largest lake in the world is the Caspian Sea."),
    ("what is the largest lay in the world", "The largest lake in the world is the Caspian Sea."),
    (
        "which is the biggest freshwater lake",
        "The largest freshwater lake in the world is Lake Superior, by area.",
    ),
    ("what is seven times eight", "Seven times eight is fifty six."),
    ("one is seven times a", "Seven times eight is fifty six."),
    ("What's 7x8?", "Seven times eight is fifty six."),
    ("7 * 8", "Seven times eight is fifty six."),
    ("what is 10 divided by 4", "Ten divided by four is two point five."),
    ("10/3", "Ten divided by three is about three point three three three."),
    ("what is ten divided by zero", "Nothing can be divided by zero."),
    ("two plus three times four", "Two plus three times four is fourteen."),
    (
        "what is one hundred and five minus twenty two",
        "One hundred and five minus twenty two is eighty three.",
    ),
    ("minus five plus two", "Minus five plus two is minus three."),
    ("what is five squared", "Five to the power of two is twenty five."),
    ("the square root of sixteen please", "The square root of sixteen is four."),
    ("9999999999 times 9999999999", "That number is too large for me."),
    ("two to the power of 5000", "That number is too large for me."),
    ("tell me a joke", "Why did the chicken cross the road? To get to the other side."),
    ("tell me a job", "Why did the chicken cross the road? To get to the other side."),
    ("Repeat after me: Hello, World!", "Hello, World!"),
    ("repeat after me the quick brown fox", "the quick brown fox"),
    ("Hello!", "Hello! How can I help you?"),
    ("good morning", "Good morning! How can I help you?"),
    ("how are you", "I am fine, thank you. How can I help you?"),
    ("thanks a lot", "You are welcome."),
    ("count to five", "One, two, three, four, five."),
    ("count from 3 to 1", "Three, two, one."),
    ("count to 1000000", "I only count 50 numbers at a time."),
    ("What time is it?", "It is three oh five in the afternoon."),
    ("what is the time", "It is three oh five in the afternoon."),
    ("what is the date today", "Today is Sunday, the 22nd of November."),
    ("what is the day to day", "Today is Sunday, the 22nd of November."),
    ("what is the capital of france", "The capital of France is Paris."),
    ("capital of the united kingdom", "The capital of the United Kingdom is London."),
    ("what is the capital of atlantis", "Sorry, I do not know that capital."),
    ("my name is anna", "Nice to meet you, Anna."),
    ("", SORRY),
    ("   ", SORRY),
    ("ah", SORRY),
    (
        "Colourless green ideas sleep furiously.",
        f'I understood "Colourless green ideas sleep furiously", but I have no answer to that. {SKILLS}',
    ),
    (
        "I have two apples and three pears",
        f'I understood "I have two apples and three pears", but I have no answer to that. {SKILLS}',
    ),
    (
        "why " * 20,
        f'I understood "{"why " * 12}and so on", but I have no answer to that. {SKILLS}',
    ),
]


@pytest.mark.parametrize(("question", "answer"), TABLE, ids=[row[0][:40] for row in TABLE])
def test_questions_and_their_answers(question: str, answer: str) -> None:
    """Each question, as typed or as a recogniser hears it, has this answer."""
    assert ask(question) == answer


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [
        (0, 0, "twelve o'clock in the morning"),
        (9, 30, "nine thirty in the morning"),
        (12, 1, "twelve oh one in the afternoon"),
        (23, 59, "eleven fifty nine in the evening"),
    ],
)
def test_the_time_is_spoken_by_the_clock(hour: int, minute: int, said: str) -> None:
    """Hours and minutes are said as on a twelve-hour clock."""
    assert ask("what time is it", now=NOON.replace(hour=hour, minute=minute)) == f"It is {said}."


def test_what_the_tools_can_do_is_offered_too() -> None:
    """Where a question is not answered, the tools that can be called are named in words."""
    tools = [{"type": "function", "name": "get_weather"}, {"type": "function", "name": "setLight"}]
    outputs = Assistant().respond(ResponderRequest([MessageTurn("user", "who wrote Hamlet")], tools=tools))
    said = "".join(output.text for output in outputs if isinstance(output, TextChunk))
    assert said == (
        f'I understood "who wrote Hamlet", but I have no answer to that. {SKILLS} '
        "I can also call the tools get weather and set light."
    )


def test_another_joke_is_another_joke() -> None:
    """Asked again, the assistant tells the next one, and starts over after the last."""
    asked = ["tell me a joke"] * 5
    jokes = [ask(*asked[: count + 1]) for count in range(5)]
    assert len(set(jokes)) == 4
    assert jokes[4] == jokes[0]


def test_the_conversation_is_remembered() -> None:
    """What was said earlier in the conversation can be asked for."""
    assert ask("my name is bob", "tell me a joke", "what is my name") == "Your name is Bob."
    assert ask("what is my name") == "You have not told me your name."


def test_an_empty_conversation_is_answered() -> None:
    """With nothing said, the assistant says that it understood nothing."""
    assert ask() == SORRY


def test_the_answer_comes_in_pieces() -> None:
    """Text streams word by word, and the pieces are the whole answer."""
    request = ResponderRequest([MessageTurn("user", "hello")])
    pieces = [o.text for o in Assistant().respond(request) if isinstance(o, TextChunk)]
    assert pieces == ["Hello! ", "How ", "can ", "I ", "help ", "you?"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("seven", [7]),
        ("twenty two and five", [22, 5]),
        ("one hundred and five", [105]),
        ("two thousand twenty six", [2026]),
        ("three million", [3_000_000]),
        ("five six", [5, 6]),
        ("a dozen 12", [12, 12]),
        ("three point one four", [Fraction(314, 100)]),
        ("2.5 and 1e5", [Fraction(5, 2)]),
        ("nothing here", []),
    ],
)
def test_numbers_are_read_from_words(text: str, numbers: Sequence[Fraction]) -> None:
    """Numbers in words and digits are found in their order."""
    assert find_numbers(text.split()) == list(numbers)


@pytest.mark.parametrize("value", [0, 7, 13, 20, 99, 100, 105, 999, 1000, 1066, 2026, 10**6, 10**9])
def test_numbers_said_can_be_read_again(value: int) -> None:
    """What say_number says, read back, is the same number."""
    assert find_numbers(say_number(value).split()) == [value]
