"""TLS as `voicelive doctor` sees it: each thing that can be wrong with a certificate has its remedy."""

from __future__ import annotations

import datetime
import gc
import time

import pytest
import trustme

from tests.clients.servers import (
    RawServer,
)
from voicelive.local import ThreadedLocalService

from .parts import Doctor, TlsFront, waits

pytestmark = pytest.mark.timeout(300)


@pytest.mark.usefixtures("trusted")
def test_tls_that_works(doctor: Doctor, authority: trustme.CA, service: ThreadedLocalService) -> None:
    """Version, subject, issuer and expiry are told, and every later step goes through TLS."""
    certificate = authority.issue_cert("127.0.0.1", organization_name="Ward 7")
    with TlsFront(certificate, service.port) as front:
        rows = doctor.passes("--endpoint", front.endpoint)
    tls = rows["tls"]
    assert tls["status"] == "passed"
    assert tls["facts"]["version"] in {"TLSv1.2", "TLSv1.3"}
    assert "Ward 7" in tls["facts"]["subject"]
    assert "Doctors' authority" in tls["facts"]["issuer"]
    assert tls["facts"]["expires"] in tls["detail"]
    assert tls["facts"]["hosts"] == ["127.0.0.1"]
    assert rows["text turn"]["status"] == "passed"


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_expires_soon(doctor: Doctor, authority: trustme.CA, service: ThreadedLocalService) -> None:
    """It still works, but the step asks for attention."""
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)
    with TlsFront(authority.issue_cert("127.0.0.1", not_after=soon), service.port) as front:
        tls = doctor.passes("--endpoint", front.endpoint)["tls"]
    assert (tls["status"], tls["facts"]["days_left"]) == ("noted", 2)


def test_an_untrusted_certificate(doctor: Doctor, authority: trustme.CA) -> None:
    """An unknown issuer is named, with the way to trust it; the key was not sent."""
    with TlsFront(authority.issue_cert("127.0.0.1")) as front:
        row = doctor.fails("tls", "--endpoint", front.endpoint)
    assert "issuer is not trusted" in row["detail"]
    assert "Doctors' authority" in row["detail"]
    assert "SSL_CERT_FILE" in row["remedy"]
    assert row["facts"]["hosts"] == ["127.0.0.1"]
    assert front.received == 0
    gc.collect()


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_host(doctor: Doctor, authority: trustme.CA) -> None:
    """The hosts that the certificate is for are named."""
    with TlsFront(authority.issue_cert("other.example")) as front:
        row = doctor.fails("tls", "--endpoint", front.endpoint)
    assert "is for other.example, not for 127.0.0.1" in row["detail"]
    assert "use the host that the certificate is for" in row["remedy"]
    assert front.received == 0


@pytest.mark.usefixtures("trusted")
def test_an_expired_certificate(doctor: Doctor, authority: trustme.CA) -> None:
    """The day of its end is told, and that the clock may be wrong."""
    ended = datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC)
    certificate = authority.issue_cert("127.0.0.1", not_before=ended - datetime.timedelta(days=30), not_after=ended)
    with TlsFront(certificate) as front:
        row = doctor.fails("tls", "--endpoint", front.endpoint)
    assert "has expired" in row["detail"]
    assert "2024-02-29" in row["detail"]
    assert "clock" in row["remedy"]
    assert "renew" in row["remedy"]
    assert front.received == 0


def test_tls_to_a_port_that_speaks_something_else(doctor: Doctor, service: ThreadedLocalService) -> None:
    """https:// to a plain port fails at TLS, and the port is the suspect."""
    row = doctor.fails("tls", "--endpoint", f"https://127.0.0.1:{service.port}")
    assert "TLS with" in row["detail"]
    assert f"port {service.port} speaks TLS" in row["remedy"]
    gc.collect()


def test_tls_that_never_answers(doctor: Doctor) -> None:
    """A port that is silent ends the step at its deadline."""
    with RawServer(waits) as server:
        started = time.monotonic()
        row = doctor.fails("tls", "--timeout", 2, "--endpoint", f"https://127.0.0.1:{server.port}")
        assert time.monotonic() - started < 30
    assert "within 2 s" in row["detail"]
    assert "firewall" in row["remedy"]
