"""The documents that the schema is compiled to hold what the fact tables of the API versions hold."""

from __future__ import annotations

from collections import Counter

import pytest

from .differences import differences
from .documents import FOLDER, load, read_document
from .explained import ALL, EXPLAINED
from .facts import read_facts

DOCUMENTS = sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != "sources")


def test_every_version_has_a_document_and_a_fact_table() -> None:
    """No API version is left uncompared, and each document says which version it is of."""
    assert sorted(ALL) == DOCUMENTS
    assert [load(version)["info"]["version"] for version in DOCUMENTS] == DOCUMENTS


@pytest.mark.parametrize("version", ALL)
def test_the_document_holds_the_facts(version: str) -> None:
    """Models, fields, requiredness, types, enum values, discriminators and limits differ only where it is explained."""
    explained = Counter(line for entry in EXPLAINED if version in entry.versions for line in entry.lines)
    found = Counter(differences(read_facts(version), read_document(version)))
    assert not found - explained, "not explained"
    assert not explained - found, "explained, but no longer so"


@pytest.mark.parametrize("version", ALL)
def test_every_enum_is_open(version: str) -> None:
    """No document restricts a text to values that the service may extend."""
    schemas = load(version)["components"]["schemas"]
    closed = [name for name, schema in schemas.items() if "enum" in schema or schema.get("type") == "string"]
    assert closed == []
