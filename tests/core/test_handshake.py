"""The opening request as values: endpoints, URL, query, headers, refusals."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from voicelive import ConfigurationError, HandshakeError, RedirectError
from voicelive._core.handshake import Handshake, carries_credential, parse_endpoint, prepare_handshake
from voicelive._core.refusals import refusal, unreadable_answer


def prepare(**arguments: Any) -> Handshake:
    given: dict[str, Any] = {
        "endpoint": "https://r.example",
        "environ": {},
        "request_id": "request-1",
        "model": "gpt-4o",
        **arguments,
    }
    return prepare_handshake(**given)


ENDPOINTS = [
    ("https://r.example", "wss://r.example/voice-live/realtime"),
    ("https://r.example/", "wss://r.example/voice-live/realtime"),
    ("wss://r.example", "wss://r.example/voice-live/realtime"),
    ("HTTPS://R.Example", "wss://r.example/voice-live/realtime"),
    ("  https://r.example\n", "wss://r.example/voice-live/realtime"),
    ("https://r.example:443", "wss://r.example/voice-live/realtime"),
    ("https://r.example:8443", "wss://r.example:8443/voice-live/realtime"),
    ("https://r.example/gateway/", "wss://r.example/gateway/voice-live/realtime"),
    ("https://r.example/a%20b", "wss://r.example/a%20b/voice-live/realtime"),
    ("https://r.example/voice-live/realtime", "wss://r.example/voice-live/realtime"),
    ("https://r.example/voice-live/realtime/calls", "wss://r.example/voice-live/realtime/calls"),
    ("https://r.example/calls", "wss://r.example/calls/voice-live/realtime"),
    (
        "https://r.example/api/projects/p/agents/a/endpoint/protocols/voice",
        "wss://r.example/api/projects/p/agents/a/endpoint/protocols/voice",
    ),
    ("wss://r.example/x/voice-live/realtime/", "wss://r.example/x/voice-live/realtime"),
    ("https://bücher.example", "wss://xn--bcher-kva.example/voice-live/realtime"),
    ("http://localhost:8080", "ws://localhost:8080/voice-live/realtime"),
    ("ws://127.0.0.1", "ws://127.0.0.1/voice-live/realtime"),
    ("http://127.9.9.9:1", "ws://127.9.9.9:1/voice-live/realtime"),
    ("ws://[::1]:99", "ws://[::1]:99/voice-live/realtime"),
    ("https://[2001:db8::1]", "wss://[2001:db8::1]/voice-live/realtime"),
    ("https://r_1.example.", "wss://r_1.example./voice-live/realtime"),
]


@pytest.mark.parametrize(("endpoint", "url"), ENDPOINTS)
def test_endpoints_become_urls(endpoint: str, url: str) -> None:
    """Every accepted form of an endpoint leads to the service's path, a path in it being kept."""
    request = prepare(endpoint=endpoint).request({})
    assert request.url.partition("?")[0] == url


REFUSED = [
    "",
    "r.example",
    "//r.example",
    "https://",
    "https:///path",
    "https://:443",
    "https://r.example:99999",
    "https://r.example:port",
    "https://r example",
    "https://r.example\x00",
    "https://[::1",
    "mailto:x@r.example",
    "http://r.example",
    "ws://192.168.0.1",
    "http://127.0.0.1.example",
    "http://localhost.example",
    "http://app.localhost",
    "http://0.0.0.0",
    "https://user@r.example",
    "https://r.example?x=1",
    "https://r.example#x",
    "https://" + "ü" * 70 + ".example",
    "https://" + "a" * 64 + ".example",
    "https://" + "a." * 130 + "example",
    "https://r.example:0",
    "https://r.example\\elsewhere.example",
    "https://r%40elsewhere.example",
    "https://r%00.example",
    "https://r<.example",
    "https://r,.example",
    "https://r..example",
    "https://.r.example",
    "https://[fe80::1%25eth0]",
    "https://[1::2::3]",
]


@pytest.mark.parametrize("endpoint", REFUSED)
def test_endpoints_that_are_refused(endpoint: str) -> None:
    """Malformed, unencrypted and secret-bearing endpoints are refused."""
    with pytest.raises(ConfigurationError, match="endpoint"):
        parse_endpoint(endpoint)


def test_the_query_is_escaped() -> None:
    """Values of the query arrive as given, whatever characters they hold."""
    odd = "a b&c=d+e/ü?#%"
    request = prepare(model=odd, query={odd: odd, "list": [1, 2.5, False], "gone": None}).request({})
    pairs = parse_qsl(urlsplit(request.url).query, strict_parsing=True)
    assert ("model", odd) in pairs
    assert (odd, odd) in pairs
    assert [value for name, value in pairs if name == "list"] == ["1", "2.5", "false"]
    assert "gone" not in dict(pairs)


def test_a_deployment_or_classic_agent_in_the_query_replaces_the_model() -> None:
    """A model is not demanded where the query says what to talk to."""
    for name in ("deployment", "agent-id", "model"):
        assert (name, "x") in prepare(model=None, query={name: "x"}).query


def test_own_credential_headers_win() -> None:
    """A header of the application replaces the credential's of the same name, in any spelling."""
    request = prepare(headers={"AUTHORIZATION": "own"}).request({"Authorization": "Bearer t"})
    assert [(name, value) for name, value in request.headers if name.lower() == "authorization"] == [
        ("AUTHORIZATION", "own")
    ]


def test_a_refusal_keeps_a_bounded_body() -> None:
    """However long the answer, the error keeps 16 KiB of it and shows a line of it."""
    request = prepare().request({})
    body = b'{"message": "' + b"m" * 100_000 + b'"}'
    error = refusal(500, [], body, request)
    assert len(error.body) == 16 * 1024
    assert len(str(error)) < 600
    assert error.request_id == "request-1"


@pytest.mark.parametrize("body", [b"", None, b"<html>no json</html>", b"[1]", b"\xff", b'{"error": null}', b"[" * 5000])
def test_a_refusal_with_an_odd_body(body: bytes | None) -> None:
    """A body that is not the service's error form is left out of the message."""
    error = refusal(418, [], body, prepare().request({}))
    assert type(error) is HandshakeError
    assert "418" in str(error)
    assert "html" not in str(error)


@pytest.mark.parametrize("location", ["http://[bad", "", "javascript:alert(1)", "//evil.example/x"])
def test_a_redirect_to_nonsense(location: str) -> None:
    """An odd Location does not break the error for a redirect."""
    error = refusal(302, [("LOCATION", location)], b"", prepare().request({}))
    assert isinstance(error, RedirectError)
    assert ("evil.example" in str(error)) == ("evil" in location)


def test_an_unknown_status_still_says_something() -> None:
    """A status without a name of its own gets an error with its number."""
    assert "HTTP 599" in str(refusal(599, [], b"", prepare().request({})))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"endpoint": 5}, "endpoint must be a str, not int"),
        ({"endpoint": "ftp://r.example"}, "has the scheme 'ftp'"),
        ({"endpoint": None}, "endpoint is missing"),
        ({"endpoint": "https://me:secret@r.example"}, "user name or password"),
        ({"endpoint": "http://r.example"}, "use https://"),
        ({"endpoint": "ws://r.example"}, "use wss://"),
        ({"project_name": "p"}, "project_name was given without agent_name"),
        ({"agent_name": "a"}, "agent_name was given without project_name"),
        ({"conversation_id": "c"}, "conversation_id only work with an agent"),
        ({"api_version": None}, "api_version is missing"),
        ({"model": None}, "model is missing"),
        ({"model": " "}, "model is empty"),
        ({"model": 4}, "model must be a str, not int"),
        ({"query": "a=b"}, "query must be a mapping, not str"),
        ({"query": {"": "x"}}, "query holds the name ''"),
        ({"query": {7: "x"}}, "query holds the name 7"),
        ({"query": {"a": {1}}}, "query parameter 'a' must be text"),
        ({"headers": [("X-A", "1")]}, "headers must be a mapping, not list"),
        ({"headers": {"X A": "1"}}, "header name 'X A'"),
        ({"headers": {"Host": "x"}}, "belongs to the transport"),
        ({"headers": {"X-A": "1", "x-a": "1"}}, "given twice"),
        ({"headers": {"X-A": 1}}, "header 'X-A' must be a str, not int"),
        ({"headers": {"X-A": "1\n"}}, "line break"),
        ({"headers": {"X-A": "\u65e5"}}, "outside Latin-1"),
        ({"preview_features": "BargeIn"}, "must be a list of names"),
        ({"preview_features": 5}, "must be a list of names"),
        ({"preview_features": ["Barge In"]}, "'Barge In' is not a name"),
        ({"preview_features": ["A"], "headers": {"voicelive-features": "B"}}, "given twice"),
    ],
)
def test_arguments_that_cannot_be(arguments: dict[str, Any], says: str) -> None:
    """Each argument that cannot work is refused by name."""
    with pytest.raises(ConfigurationError, match=re.escape(says)):
        prepare(**arguments)


def test_an_agent_needs_no_model() -> None:
    """Agent and project take the place of a model, with what belongs to them."""
    handshake = prepare(model=None, agent_name="a", project_name="p", agent_version="2")
    query = dict(handshake.query)
    assert (query["agent-name"], query["agent-project-name"], query["agent-version"]) == ("a", "p", "2")
    assert "model" not in query


def test_a_voice_agent_of_foundry_has_an_endpoint_of_its_own() -> None:
    """Its path needs no model and brings its preview header, unless the application gives that header itself."""
    endpoint = "https://r.example/api/projects/p/agents/helper/endpoint/protocols/voice"

    def features(headers: dict[str, str] | None) -> list[str]:
        handshake = prepare_handshake(endpoint=endpoint, environ={}, request_id="r", headers=headers)
        return [value for name, value in handshake.request({}).headers if name.lower() == "foundry-features"]

    assert features(None) == ["VoiceAgents=V1Preview"]
    assert features({"foundry-features": "VoiceAgents=V2"}) == ["VoiceAgents=V2"]


@pytest.mark.parametrize(
    ("given", "asked"), [("2026-07-15", "v1"), ("v1", "v1"), ("2025-11-15-preview", "2025-11-15-preview")]
)
def test_a_voice_agent_has_a_contract_of_its_own(given: str, asked: str) -> None:
    """It is asked for v1 unless another version is named, and checked against its own contract in any case."""
    endpoint = "https://r.example/api/projects/p/agents/helper/endpoint/protocols/voice"
    handshake = prepare_handshake(endpoint=endpoint, environ={}, request_id="r", api_version=given)
    assert dict(handshake.query)["api-version"] == asked
    assert handshake.contract_version == "v1@voice-agents"
    assert prepare(api_version=given).contract_version == given


def test_a_state_of_a_version_is_not_told_to_the_service() -> None:
    """Of a version that is known in several states, the service is asked for the version."""
    url = prepare(endpoint="https://r.example", model="m", api_version="v1@2026-11").request({}).url
    assert "api-version=v1&" in url


def test_the_endpoint_of_the_environment() -> None:
    """Without an endpoint that of the environment is taken, the package's own variable first."""
    environ = {"AZURE_COGNITIVE_SERVICES_ENDPOINT": "https://b.example", "AZURE_VOICELIVE_ENDPOINT": " "}
    assert prepare(endpoint=None, environ=environ).endpoint.host == "b.example"
    environ["AZURE_VOICELIVE_ENDPOINT"] = " https://a.example "
    assert prepare(endpoint=None, environ=environ).endpoint.host == "a.example"


def test_preview_features_become_one_header() -> None:
    """Features are switched on by one header, after the application's own; credentials of its own are seen."""
    handshake = prepare(preview_features=["A", "B"], headers={"X-Own": "1", "Api-Key": "k"})
    assert ("VoiceLive-Features", "A=V1Preview, B=V1Preview") in handshake.headers
    assert carries_credential(handshake)
    assert not carries_credential(prepare(headers={"X-Own": "1"}))


def test_a_user_agent_of_ones_own() -> None:
    """The application's User-Agent replaces the package's."""
    sent = dict(prepare(headers={"user-agent": "mine"}).request({}).headers)
    assert sent == {"user-agent": "mine"}


def test_an_answer_that_is_no_http() -> None:
    """An answer that breaks the rules is a HandshakeError with this client's request id and no status."""
    error = unreadable_answer(prepare().request({}), "sent noise")
    assert type(error) is HandshakeError
    assert (error.status, error.request_id, error.recoverable) == (None, "request-1", True)
    assert "r.example sent noise" in str(error)


@pytest.mark.parametrize(
    "arguments",
    [
        {"model": "a\ud800"},
        {"api_version": "a\ud800"},
        {"agent_name": "a\ud800", "project_name": "p"},
        {"query": {"a": "a\ud800"}},
        {"query": {"a": ["b", "a\ud800"]}},
        {"query": {"a\ud800": "b"}},
        {"endpoint": "https://host.example/a\ud800"},
        {"endpoint": "https://a\ud800.example"},
        {"headers": {"x": "a\ud800"}},
    ],
    ids=repr,
)
def test_half_a_surrogate_pair_is_a_configuration_error(arguments: dict[str, Any]) -> None:
    """A text that cannot be written in UTF-8 is refused as the argument that it is, before anything is opened."""
    with pytest.raises(ConfigurationError, match=r"surrogate|Latin-1"):
        prepare(**{"endpoint": "https://host.example", "model": "m", **arguments})
