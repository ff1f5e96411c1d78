"""Every event of the schema, both ways through the codec."""

from __future__ import annotations

import json

import pytest

from tests.samples import CLIENT_TYPES, SERVER_TYPES, sample_event
from voicelive import models
from voicelive._core.codec import (
    decode_client_event,
    decode_server_event,
    encode_server_event,
)
from voicelive._core.contract import WireContract

CONTRACT = WireContract("2026-07-15", check="ignore")
encode_call, encode_event = CONTRACT.encode_call, CONTRACT.encode_event
FULL = [pytest.param(True, id="all-fields"), pytest.param(False, id="required-fields")]


@pytest.mark.parametrize("full", FULL)
@pytest.mark.parametrize(("event_type", "class_name"), SERVER_TYPES.items())
def test_server_event_decodes_to_its_own_class(event_type: str, class_name: str, full: bool) -> None:
    """A server event arrives as its own class, without issues, and gives back every value it carried."""
    payload = sample_event(class_name, full=full)
    event = decode_server_event(json.dumps(payload).encode())
    assert type(event) is getattr(models, class_name)
    assert event.type == event_type
    assert event.issues == ()
    assert event.to_dict() == payload


@pytest.mark.parametrize(("event_type", "class_name"), SERVER_TYPES.items())
def test_server_event_can_be_built_and_encoded(event_type: str, class_name: str) -> None:
    """A server event built from keywords is written with its type, its id first, and decodes to an equal event."""
    payload = sample_event(class_name, full=True)
    keywords = {key: value for key, value in payload.items() if key != "type"}
    event = getattr(models, class_name)(**keywords)
    data = encode_server_event(event)
    assert list(json.loads(data)) == [
        "event_id",
        "type",
        *[k for k in json.loads(data) if k not in ("event_id", "type")],
    ]
    assert decode_server_event(data) == event


@pytest.mark.parametrize("full", FULL)
@pytest.mark.parametrize(("event_type", "class_name"), CLIENT_TYPES.items())
def test_client_event_round_trip(event_type: str, class_name: str, full: bool) -> None:
    """A client event is written the same from a mapping, a model and a method call, and is read back as itself."""
    payload = sample_event(class_name, full=full)
    keywords = {key: value for key, value in payload.items() if key != "type"}
    event = getattr(models, class_name)(**keywords)
    for data in (encode_event(payload).data, encode_event(event).data, encode_call(event_type, keywords).data):
        assert json.loads(data) == payload
        read = decode_client_event(data)
        assert type(read) is getattr(models, class_name)
        assert read.to_dict() == payload


def test_the_table_is_the_whole_contract() -> None:
    """The table covers the contract: 56 server and 19 client events of 2026-07-15, and the pair the mission adds."""
    assert len(SERVER_TYPES) >= 57
    assert len(CLIENT_TYPES) >= 20
