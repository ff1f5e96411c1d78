"""Secrets are used like any other text, and not shown."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from voicelive._core.argument_hints import suggest_keywords
from voicelive._core.secrecy import Redactor, Secret, SecretMapping
from voicelive.errors import ConfigurationError

HUSH = "not to be seen"


def test_a_secret_is_a_text_that_its_repr_hides() -> None:
    """A secret equals its text and is written as it, but neither it nor what holds it shows it."""
    secret = Secret(HUSH)
    assert (secret, f"Bearer {secret}", secret.encode()) == (HUSH, f"Bearer {HUSH}", HUSH.encode())
    assert HUSH not in repr([("api-key", secret)])


def test_a_mapping_of_secrets_hides_its_values() -> None:
    """A mapping such as the environment can be read, and its repr shows how much there is."""
    mapping = SecretMapping({"KEY": HUSH})
    assert mapping["KEY"] == HUSH
    assert repr(mapping) == "<1 values, hidden>"


@suggest_keywords
def fail(*, key: str, kind: type[Exception]) -> None:
    raise kind("no")


@pytest.mark.parametrize("unknown", [False, True])
def test_arguments_are_in_no_traceback(unknown: bool) -> None:
    """What connect() refuses comes without the frames that hold its arguments."""
    arguments: dict[str, Any] = {"kee" if unknown else "key": HUSH, "kind": ConfigurationError}
    with pytest.raises((ConfigurationError, TypeError)) as caught:
        fail(**arguments)
    own, *frames = traceback.StackSummary.extract(traceback.walk_tb(caught.value.__traceback__), capture_locals=True)
    assert own.filename == __file__
    assert frames
    assert HUSH not in str([frame.locals for frame in frames])


def test_other_errors_keep_their_traceback() -> None:
    """An error that is no refusal comes as it is, with all its frames: somebody has to find it."""
    with pytest.raises(ValueError, match="no") as caught:
        fail(key=HUSH, kind=ValueError)
    assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][-1] == "fail"


@pytest.mark.parametrize("start", range(0, 24, 5))
@pytest.mark.parametrize("size", [16, 17, 31])
def test_a_longer_part_of_a_secret_is_hidden_wherever_it_stands(start: int, size: int) -> None:
    """Sixteen characters of a key in one piece are hidden, whatever place of a text they are at; fifteen are not."""
    key = "a1B2c3D4e5F6g7H8i9J0k-L_m.N~o+P/q=R*s,T;u:V!w@X"
    hide = Redactor([key])
    part = key[start : start + size]
    for before in range(20):
        text = "?" * before + part + "?" * (before % 7)
        assert hide(text) == text.replace(part, "(hidden)")
        assert hide(text.replace(part, part[:15])) == text.replace(part, part[:15])
