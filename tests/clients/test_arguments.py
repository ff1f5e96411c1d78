"""What `connect()` refuses, before anything is opened."""

from __future__ import annotations

import ssl
import sys
from typing import Any

import pytest
from azure.core.credentials import AccessToken, AzureKeyCredential, AzureNamedKeyCredential

import voicelive
import voicelive.aio
from tests import secrets
from voicelive import ConfigurationError

from .harness import Client

KEY = AzureKeyCredential(secrets.KEY)
REMOTE = "https://resource.services.ai.azure.com"


class AsyncToken:
    """A token credential of the asynchronous kind."""

    async def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken("t", 0)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("no endpoint", {"endpoint": None}, r"endpoint is missing.*AZURE_VOICELIVE_ENDPOINT"),
    ("empty endpoint", {"endpoint": " "}, r"endpoint is empty"),
    ("no scheme", {"endpoint": "resource.azure.com"}, r"write https://resource\.azure\.com"),
    ("odd scheme", {"endpoint": "ftp://host"}, r"scheme 'ftp'"),
    ("plain http", {"endpoint": "http://resource.azure.com"}, r"not encrypted.*https://"),
    ("plain ws", {"endpoint": "ws://10.0.0.1"}, r"not encrypted.*wss://"),
    ("only agent name", {"agent_name": "a"}, r"agent_name was given without project_name"),
    ("only project name", {"project_name": "p"}, r"project_name was given without agent_name"),
    ("agent detail alone", {"agent_version": "1"}, r"agent_version only work.* with an agent"),
    ("no model", {"model": None}, r"model is missing"),
    ("empty model", {"model": ""}, r"model is empty"),
    ("model of another type", {"model": 4}, r"model must be a str, not int"),
    ("no api version", {"api_version": None}, r"api_version is missing"),
    ("query no mapping", {"query": "a=b"}, r"query must be a mapping"),
    ("query value", {"query": {"a": object()}}, r"query parameter 'a'"),
    ("header line break", {"headers": {"X-A": "a\r\nX-B: b"}}, r"header 'X-A' holds a line break"),
    ("header name", {"headers": {"X A": "a"}}, r"header name 'X A'"),
    ("header of the transport", {"headers": {"Sec-WebSocket-Key": "a"}}, r"belongs to the transport"),
    ("header twice", {"headers": {"X-A": "a", "x-a": "b"}}, r"given twice"),
    ("header no text", {"headers": {"X-A": 1}}, r"header 'X-A' must be a str"),
    ("header not Latin-1", {"headers": {"X-A": "日"}}, r"outside Latin-1"),
    (
        "unknown option",
        {"connection_options": {"open_timout": 1}},
        r"unknown .* 'open_timout': did you mean 'open_timeout'",
    ),
    ("option far off", {"connection_options": {"zzz": 1}}, r"unknown .* 'zzz': the options are open_timeout"),
    ("options no mapping", {"connection_options": [1]}, r"connection_options must be a mapping"),
    ("two names", {"connection_options": {"max_size": 1, "max_msg_size": 2}}, r"'max_size' was given under two names"),
    ("negative time", {"connection_options": {"open_timeout": -1}}, r"'open_timeout' is -1"),
    ("no close timeout", {"connection_options": {"close_timeout": None}}, r"'close_timeout' is None"),
    ("size of text", {"connection_options": {"max_size": "1"}}, r"'max_size' is '1'; it takes bytes"),
    ("zero queue", {"connection_options": {"max_queue": 0}}, r"'max_queue' is 0; it takes messages"),
    ("zlib window", {"connection_options": {"compression": 15}}, r"'compression' is 15"),
    ("bad proxy", {"connection_options": {"proxy": "host:80"}}, r"not a proxy URL"),
    ("ssl no context", {"connection_options": {"ssl": True}}, r"ssl\.SSLContext, not bool"),
    ("no autoping", {"connection_options": {"autoping": False}}, r"'autoping' cannot be switched off"),
    ("vendor list", {"connection_options": {"vendor_options": [1]}}, r"'vendor_options' must be a mapping"),
    ("reserved vendor", {"connection_options": {"vendor_options": {"logger": 1}}}, r"may not hold logger"),
    ("plain text key", {"credential": secrets.KEY}, r"wrap the key, as in AzureKeyCredential"),
    ("a class", {"credential": AzureKeyCredential}, r"is the class AzureKeyCredential"),
    ("no credential at all", {"credential": object()}, r"neither a key nor tokens"),
    ("named key", {"credential": AzureNamedKeyCredential("n", "k")}, r"AzureNamedKeyCredential.* neither a key"),
    ("key with a line break", {"credential": AzureKeyCredential("s3cret-k3y\n")}, r"begins or ends with blanks"),
    ("key with control characters", {"credential": AzureKeyCredential("s3cret-\0k3y")}, r"line break or control"),
    ("no scopes", {"credential": KEY, "credential_scopes": []}, r"credential_scopes is \[\]"),
]


@pytest.mark.parametrize(("arguments", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_arguments(client: Client, arguments: dict[str, Any], message: str) -> None:
    """Each bad argument is a ConfigurationError from connect() itself, and a ValueError, without any secret."""
    given: dict[str, Any] = {"endpoint": REMOTE, "credential": KEY, "model": "gpt-4o", **arguments}
    with pytest.raises(ConfigurationError, match=message) as caught:
        client.package.connect(**given)
    assert isinstance(caught.value, ValueError)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://user:s3cret@resource.azure.com",
        "https://resource.azure.com/?api-key=s3cret",
        "https://resource.azure.com/#s3cret",
        "wss://s3cret@resource.azure.com/path",
    ],
)
def test_endpoints_with_secrets_are_not_repeated(client: Client, endpoint: str) -> None:
    """User names, queries and fragments in the endpoint are refused without showing them."""
    with pytest.raises(ConfigurationError, match="take it out") as caught:
        client.package.connect(endpoint=endpoint, credential=KEY, model="m")
    assert "s3cret" not in str(caught.value)


def test_an_unknown_keyword_names_the_nearest(client: Client) -> None:
    """An unknown argument is a TypeError that suggests the right one."""
    with pytest.raises(TypeError, match=r"'api_key'"):
        client.package.connect(endpoint=REMOTE, api_key="x")
    with pytest.raises(TypeError, match=r"did you mean 'api_version'\?"):
        client.package.connect(endpoint=REMOTE, api_versoin="x")


def test_an_async_credential_for_the_sync_client() -> None:
    """The synchronous client says that the credential is asynchronous, and what to use; the other one takes it."""
    with pytest.raises(ConfigurationError, match=r"AsyncToken is an asynchronous credential.*voicelive\.aio"):
        voicelive.connect(endpoint=REMOTE, credential=AsyncToken(), model="m")  # type: ignore[arg-type]
    voicelive.aio.connect(endpoint=REMOTE, credential=AsyncToken(), model="m")  # type: ignore[arg-type]


def test_the_environment_fills_in(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoint and key come from the environment, the package's own variables before the general ones."""
    monkeypatch.setenv("AZURE_COGNITIVE_SERVICES_ENDPOINT", "https://general.example")
    monkeypatch.setenv("AZURE_COGNITIVE_SERVICES_KEY", "general-key")
    connection = client.package.connect(model="m")
    assert "general.example" in repr(connection)
    assert connection._credential.headers() == {"api-key": "general-key"}
    monkeypatch.setenv("AZURE_VOICELIVE_ENDPOINT", " https://own.example\n")
    monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", "own-key\n")
    connection = client.package.connect(model="m")
    assert "own.example" in repr(connection)
    assert connection._credential.headers() == {"api-key": "own-key"}
    assert "given.example" in repr(client.package.connect(endpoint="https://given.example", model="m"))


def test_no_credential_names_all_three_ways(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any of the three, the error names all three; with azure-identity installed, its default is taken."""
    connection = client.package.connect(endpoint=REMOTE, model="m")
    assert connection._credential.describe() == "DefaultAzureCredential"
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    for module in [name for name in sys.modules if name.startswith("azure.identity.")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(ConfigurationError) as caught:
        client.package.connect(endpoint=REMOTE, model="m")
    for way in ("AzureKeyCredential", "AZURE_VOICELIVE_API_KEY", "azure-identity"):
        assert way in str(caught.value)


def test_this_machine_needs_no_credential(client: Client) -> None:
    """An endpoint on this machine is connected to without a credential, and never asked for one of Azure."""
    for endpoint in ("http://127.0.0.1:8080", "ws://localhost:1", "http://[::1]:99"):
        assert client.package.connect(endpoint=endpoint, model="m")._credential.describe() == "none"


def test_repr_shows_host_model_and_state(client: Client) -> None:
    """A connection shows where it goes, never the key, the query or the headers."""
    connection = client.package.connect(
        endpoint=REMOTE + "/path",
        credential=KEY,
        model="gpt-4o",
        query={"code": "s3cret"},
        headers={"X-Token": "s3cret"},
    )
    assert repr(connection) == "<VoiceLiveConnection host='resource.services.ai.azure.com' model='gpt-4o' state='new'>"
    for part in (connection._handshake, connection._credential, connection._options):
        assert "s3cret" not in repr(part)
        assert "s3cret" not in repr(part)
    request = connection._handshake.request(connection._credential.headers())
    assert "s3cret" not in repr(request)
    assert "s3cret" not in repr(request)


def test_the_official_package_option_names(client: Client) -> None:
    """The official package's names mean the same; defaults are those documented."""
    context = ssl.create_default_context()
    options = client.package.connect(
        endpoint=REMOTE,
        credential=KEY,
        model="m",
        connection_options={
            "max_msg_size": 1,
            "heartbeat": 2,
            "handshake_timeout": 3,
            "timeout": 4,
            "receive_timeout": 5,
            "compression": True,
            "autoclose": True,
            "autoping": True,
            "ssl": context,
        },
    )._options
    assert (options.max_size, options.ping_interval, options.open_timeout, options.close_timeout) == (1, 2, 3, 4)
    assert (options.receive_timeout, options.compression, options.ssl) == (5, "deflate", context)
    plain = client.package.connect(endpoint=REMOTE, credential=KEY, model="m")._options
    assert (plain.max_size, plain.ping_interval, plain.open_timeout, plain.close_timeout) == (64 << 20, 20, 20, 5)
    assert (plain.compression, plain.receive_timeout, plain.max_queue) == (None, None, 16384)


def test_both_packages_show_the_same_names() -> None:
    """Everything public of voicelive.aio but the client itself and its resources is the same object in voicelive."""
    own = {"AsyncCredential", "ResponseHandle", "connect", "warmup", "VoiceLiveConnection"}
    for name in voicelive.aio.__all__:
        if name not in own and not name.endswith("Resource"):
            assert getattr(voicelive, name) is getattr(voicelive.aio, name)
    assert set(voicelive.__all__) <= set(dir(voicelive))
    for name in voicelive.__all__:
        assert getattr(voicelive, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = voicelive.nonsense
