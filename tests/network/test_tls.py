"""TLS as nginx speaks it: certificates that fit and that do not, versions, client certificates."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from tests.clients.harness import assert_nothing_left
from tests.clients.servers import broken_tls
from voicelive import TlsError

from .parts import KEY, Gate

pytestmark = [pytest.mark.timeout(60), broken_tls]


async def test_a_turn_through_nginx(connect: Any, gate: Gate) -> None:
    """A session behind nginx's TLS opens, takes an update, answers in writing and ends with a goodbye."""
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
