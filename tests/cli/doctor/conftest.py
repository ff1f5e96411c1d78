"""The doctor in surroundings of its own, and an authority for certificates."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.cli.conftest import Command
from tests.secrets import KEY

from .parts import PROXIES, Doctor


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the tester's, and a key that must never be seen."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", KEY)


@pytest.fixture
def doctor(command: Command) -> Doctor:
    return Doctor(command)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Doctors' authority")


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Have this machine trust the authority, as an administrator would."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    yield
    gc.collect()
