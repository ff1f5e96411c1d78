"""The way through a proxy as values: what is asked, and what the answers mean."""

from __future__ import annotations

import pytest

from voicelive._core.tunnel import MAX_ANSWER, TunnelRefusedError, check_answer, explain_refusal, tunnel_request


def test_the_request() -> None:
    """CONNECT names host and port, in brackets for IPv6, and no more than that of where the connection goes."""
    assert tunnel_request("r.example", 443, None, "agent/1") == (
        b"CONNECT r.example:443 HTTP/1.1\r\nHost: r.example:443\r\nUser-Agent: agent/1\r\n\r\n"
    )
    assert tunnel_request("::1", 8080, None, "a").startswith(b"CONNECT [::1]:8080 HTTP/1.1\r\nHost: [::1]:8080\r\n")


def test_user_and_password() -> None:
    """User and password go as Basic authentication, in UTF-8."""
    assert b"\r\nProxy-Authorization: Basic dXNlcjpww6Rzcw==\r\n" in tunnel_request("h", 1, ("user", "päss"), "a")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 204 No Content\n\n",
    ],
)
def test_answers_that_open_the_way(answer: bytes) -> None:
    """An answer of 2xx opens the way, in either version, and only when all of its head is there."""
    for size in range(len(answer)):
        assert not check_answer(answer[:size])
    assert check_answer(answer)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.0 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", 407),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", 503),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://login.example/\r\n\r\n", 301),
        (b"SSH-2.0-OpenSSH\r\n", None),
        (b"\x15\x03\x01\x00\x02", None),
        (b"HTTP/2 200\r\n\r\n", None),
        (b"HTTP/1.1 2000 OK\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\n" + b"x" * MAX_ANSWER, None),
    ],
)
def test_answers_that_do_not(answer: bytes, status: int | None) -> None:
    """Every other answer is a refusal, with its status if it has one."""
    with pytest.raises(TunnelRefusedError) as caught:
        check_answer(answer)
    assert caught.value.status == status
    assert str(status or "nothing readable") in str(caught.value)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (None, "CONNECT"),
        (401, "user and password"),
        (407, "user and password"),
        (403, "ask whoever runs the proxy"),
        (502, "cannot reach the service"),
        (301, "ask whoever runs the proxy"),
    ],
)
def test_what_to_check(status: int | None, remedy: str) -> None:
    """Each refusal names the status, where the way was to lead, and what to check."""
    text = explain_refusal(status, "r.example")
    assert remedy in text
    assert "r.example" in text
    assert str(status or "") in text
