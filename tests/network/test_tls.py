"""TLS as nginx speaks it: certificates that fit and that do not, versions, client certificates."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import warnings
from contextlib import suppress
from typing import Any

import pytest
import trustme
from azure.core.credentials import AzureKeyCredential

from tests.clients.harness import Client, assert_nothing_left
from tests.outside import not_here
from voicelive import BadRequestError, ConfigurationError, TlsError

from .parts import KEY, Gate

pytestmark = pytest.mark.timeout(300)


async def test_a_turn_through_nginx(connect: Any, gate: Gate) -> None:
    """A session behind nginx's TLS opens, takes an update, answers in writing and ends with a close frame."""
    async with connect(gate.endpoint()) as connection:
        await connection.wait_for("session.created")
        await connection.call("session.update", session={"modalities": ["text"]})
        await connection.wait_for("session.updated")
        await connection.call(
            "conversation.item.create",
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
        )
        await connection.call("response.create")
        done = await connection.wait_for("response.done")
        assert done.response.status == "completed"
    assert connection.close_info.code == 1000
    await assert_nothing_left(gate.ports["valid"])


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("expired", "not trusted .*expired"),
        ("wrong host", "not trusted .*127.0.0.1"),
        ("self-signed", "not trusted .*certificate"),
    ],
)
async def test_a_certificate_that_does_not_fit(connect: Any, gate: Gate, case: str, text: str) -> None:
    """An expired, foreign or unknown certificate is refused before any request, and the error says which it is."""
    with pytest.raises(TlsError, match=text) as caught:
        await connect(gate.endpoint(case)).open()
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
    assert not caught.value.recoverable
    assert KEY not in f"{caught.value!r}"
    await assert_nothing_left(gate.ports[case])


async def test_a_server_that_speaks_only_old_tls(connect: Any, gate: Gate) -> None:
    """A server that offers nothing after TLS 1.1 is refused with an error that says so."""
    if not speaks_old_tls(gate.ports["old TLS"]):
        not_here("this machine's OpenSSL cannot serve TLS 1.1")
    with pytest.raises(TlsError, match=r"no version that is safe; TLS 1\.2") as caught:
        await connect(gate.endpoint("old TLS")).open()
    assert not caught.value.recoverable
    await assert_nothing_left(gate.ports["old TLS"])


def speaks_old_tls(port: int) -> bool:
    """Try TLS 1.1 as a client that has not given it up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as sock, context.wrap_socket(sock) as encrypted:
            return encrypted.version() == "TLSv1.1"
    except (OSError, ValueError):
        return False


async def test_settings_that_allow_old_tls(connect: Any, gate: Gate) -> None:
    """Settings of the application that would speak TLS 1.1 are refused before anything is opened."""
    context = ssl.create_default_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    for option in ("ssl", "proxy_ssl"):
        with pytest.raises(ConfigurationError, match=rf"'{option}' allows versions before TLS 1\.2"):
            connect(gate.endpoint(), **{option: context})


async def test_a_client_certificate(connect: Any, gate: Gate, authority: trustme.CA) -> None:
    """A server that wants to know the client lets it in with a certificate of the authority it trusts."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    authority.issue_cert("client@tests.example").configure_cert(context)
    async with connect(gate.endpoint("client certificates"), ssl=context) as connection:
        assert (await connection.recv()).type == "session.created"


async def test_a_client_certificate_that_is_missing(connect: Any, gate: Gate) -> None:
    """Without a certificate nginx answers 400: an error that names the certificate, not the model."""
    with pytest.raises(BadRequestError, match=r"client certificate.*load_cert_chain") as caught:
        await connect(gate.endpoint("client certificates")).open()
    assert (caught.value.status, caught.value.recoverable) == (400, False)


async def test_a_client_certificate_that_is_missing_in_tls(client: Client, authority: trustme.CA) -> None:
    """A server that insists on the certificate within TLS itself gives a TlsError that names the remedy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        refusing = threading.Thread(target=refuse_one, args=(listening, context), name="refusing")
        refusing.start()
        connection = client.connect(
            f"https://127.0.0.1:{port}", credential=AzureKeyCredential(KEY), connection_options={"ssl": trust}
        )
        with pytest.raises(TlsError, match=r"client certificate .*load_cert_chain"):
            await connection.open()
        refusing.join(10)
        await assert_nothing_left(port)
    gc.collect()


def refuse_one(listening: socket.socket, context: ssl.SSLContext) -> None:
    """Shake hands with one client, and tell it what is missing; asyncio's servers only hang up."""
    listening.settimeout(10)
    sock, _ = listening.accept()
    sock.settimeout(10)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    inner = context.wrap_bio(incoming, outgoing, server_side=True)
    with sock:
        while True:
            try:
                inner.do_handshake()
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                incoming.write(sock.recv(65536))
            except ssl.SSLError:
                break
        sock.sendall(outgoing.read())
        sock.shutdown(socket.SHUT_WR)
        # With something unread, closing would take the alert back.
        with suppress(OSError):
            while sock.recv(65536):
                pass
