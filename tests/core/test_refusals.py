"""What an HTTP answer in place of an upgrade means, without any connection."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from voicelive import HandshakeError, ThrottledError
from voicelive._core.handshake import OpeningRequest, parse_endpoint
from voicelive._core.refusals import HIDDEN, parse_retry_after, refusal

NOW = datetime(2026, 10, 21, 7, 28, 0, tzinfo=UTC)
SECRET = "s3cret-token-1234"


def refused(status: int, headers: dict[str, str], body: bytes = b"", key: str = f"Bearer {SECRET}") -> HandshakeError:
    request = OpeningRequest(
        parse_endpoint("https://r.example"), "wss://r.example/", (("Authorization", key), ("X-Own", "1")), "mine"
    )
    return refusal(status, headers.items(), body, request, NOW)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, 30),
        ({"retry-after": "Wed, 21 Oct 2026 09:28:30 +0200"}, 30),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30"}, 30),
        ({"retry-after": "Wed, 21 Oct 2026 07:00:00 GMT"}, 0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"x-ms-retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 99 Oct 2026 07:28:30 GMT"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_when_to_try_again(headers: dict[str, str], seconds: float | None) -> None:
    """Retry-After is read as seconds and as a date, its forms in milliseconds too; nonsense is no time."""
    assert parse_retry_after(headers, NOW) == seconds
    assert refused(503, headers).retry_after == seconds


def test_a_date_needs_a_clock() -> None:
    """Without a clock a date tells no time to wait."""
    assert parse_retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None) is None


def test_throttling_says_when_to_try_again() -> None:
    """HTTP 429 has a class of its own, with the time as a number and in words."""
    error = refused(429, {"Retry-After": "Wed, 21 Oct 2026 07:29:00 GMT"})
    assert type(error) is ThrottledError
    assert error.retry_after == 60
    assert "after 60 s" in str(error)


def test_the_credential_is_blotted_out() -> None:
    """The token is hidden in headers, body and text, even where the cut of a long body would halve it."""
    error = refused(
        400,
        {"X-Echo": f"Bearer {SECRET}", "X-Bare": SECRET, "Authorization": SECRET, "Set-Cookie": "c", "X-Own": "1"},
        b"\xff" + b"x" * (16 * 1024 - 10) + SECRET.encode() * 2,
    )
    assert error.headers == {"x-echo": HIDDEN, "x-bare": HIDDEN, "x-own": "1"}
    assert len(error.body) == 16 * 1024
    assert error.body.startswith(b"\xffxxx")
    assert SECRET[:6].encode() not in error.body


def test_a_short_key_leaves_words_whole() -> None:
    """A key of a few letters is not cut out of the words that happen to hold it."""
    assert (
        refused(400, {}, b'{"error": {"message": "no model"}}', key="mod").body == b'{"error": {"message": "no model"}}'
    )


@pytest.mark.parametrize(
    ("status", "recoverable"), [(400, False), (401, False), (404, False), (408, True), (500, True)]
)
def test_whether_to_try_again(status: int, recoverable: bool) -> None:
    """Refusals that go away by themselves say so."""
    assert refused(status, {}).recoverable is recoverable
