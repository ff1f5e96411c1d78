"""Unions whose classes are defined and built when something of their kind is met; nobody sees a difference."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from voicelive import models
from voicelive._base import TaggedUnion

FIRST_READ = """
import json
from voicelive._core.codec import decode_server_event
from voicelive._generated import models

message = json.dumps({
    "type": "session.created",
    "event_id": "e",
    "session": {"voice": {"type": "azure-standard", "name": "n"}, "tool_choice": "auto", "tools": []},
}).encode()
first = decode_server_event(message)
assert {"ServerEventSessionCreated", "AzureStandardVoice", "ToolChoiceLiteral"} <= vars(models).keys()
assert not {"AzureCustomVoice", "ToolChoiceFunctionSelection", "FunctionTool"} & vars(models).keys()
assert not type(first).__pydantic_complete__
for _ in range(20):
    later = decode_server_event(message)
assert type(later).__pydantic_complete__
assert later == first and later.to_json() == first.to_json() and not first.issues
"""

VOICES: list[Any] = [
    "alloy",
    "a voice of tomorrow",
    models.OpenAIVoiceName.ALLOY,
    {"type": "azure-standard", "name": "n", "temperature": 0.5, "novel": 1},
    models.AzureStandardVoice(name="n"),
    models.AzureVoice(type="of tomorrow"),
    {"type": "azure-standard"},
    {"type": "of tomorrow"},
    {"name": "n"},
    models.ServerVad(),
    5,
    ["alloy"],
]


def read(adapter: TypeAdapter[Any], value: Any, how: str, strict: bool | None) -> Any:
    """What `adapter` makes of a value, or what it says is wrong with it."""
    try:
        return (
            adapter.validate_json(value, strict=strict)
            if how == "json"
            else adapter.validate_python(value, strict=strict)
        )
    except ValidationError as error:
        return [(found["loc"][-1:], found["type"], found["msg"]) for found in error.errors(include_url=False)]


@pytest.mark.parametrize("strict", [None, True])
@pytest.mark.parametrize("how", ["python", "json"])
@pytest.mark.parametrize("voice", VOICES, ids=repr)
def test_what_is_sent_is_read_as_the_whole_union_reads_it(voice: Any, how: str, strict: bool | None) -> None:
    """A field whose union is met kind by kind takes, makes and refuses the same as the union built at once."""
    if how == "json":
        voice = TypeAdapter(Any).dump_json(voice)
        session: Any = b'{"voice":%b}' % voice
    else:
        session = {"voice": voice}
    expected = read(TypeAdapter(models.Voice), voice, how, strict)
    found = read(TypeAdapter(models.RequestSession), session, how, strict)
    found = found.voice if isinstance(found, models.RequestSession) else found
    assert type(found) is type(expected)
    assert found == expected


def test_a_part_that_is_built_later_is_read_as_any_other() -> None:
    """A mapping, an instance and JSON all become the class of a field; what does not fit is said by its path."""
    session = models.RequestSession(avatar={"character": "lisa", "customized": False})
    assert isinstance(session.avatar, models.AvatarConfig)
    assert models.RequestSession(avatar=session.avatar).avatar is session.avatar
    assert models.RequestSession.model_validate_json(session.to_json()) == session
    with pytest.raises(ValidationError) as refused:
        models.RequestSession.model_validate({"avatar": {"character": 5, "customized": False}})
    assert [found["loc"] for found in refused.value.errors()] == [("avatar", "character")]


def test_the_first_events_meet_only_what_they_hold() -> None:
    """A session's first event defines the kinds that it holds and builds no validator; a later one is equal to it."""
    done = subprocess.run([sys.executable, "-c", FIRST_READ], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr


def test_it_is_an_alias_like_any_other() -> None:
    """It has its name, its module and the union as its value; it is combined, copied and pickled."""
    union: Any = models.Voice
    assert isinstance(union, TaggedUnion)
    assert (repr(union), union.__name__, union.__module__) == ("Voice", "Voice", "voicelive.models")
    assert get_args(union | None) == get_args(None | union)[::-1] == (union, type(None))
    assert copy.deepcopy(union) is copy.copy(union) is pickle.loads(pickle.dumps(union)) is union
    assert models.AzureCustomVoice in get_args(get_args(get_args(union.__value__)[1])[0])
    assert union.__value__ is union.__value__
    assert set(union.kinds()) >= {models.OpenAIVoice, models.AzureStandardVoice}
    assert union.kind_of({"type": "openai"}) is models.OpenAIVoice
    assert union.kind_of({"type": ["openai"]}) is None


def test_constants_at_two_places_tell_a_kind() -> None:
    """A message's kind is told by its type and then by its role; without a role its kind is not known."""
    items: Any = models.AnyConversationRequestItem
    assert items.kind_of({"type": "message", "role": "user"}) is models.UserMessageItem
    assert items.kind_of({"type": "message"}) is None
    assert items.kind_of({"type": "function_call"}) is models.FunctionCallItem
