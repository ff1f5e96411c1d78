"""The documents that the schema is compiled to hold what the fact tables of the API versions hold."""

from __future__ import annotations

from collections import Counter

import pytest

from .differences import differences, field_differences
from .documented import GRADES, Documented, documented, with_documented
from .documents import FOLDER, load, read_document
from .explained import ALL, EXPLAINED, Explained
from .explained_v1 import EXPLAINED_V1
from .facts import FOLDER as FACTS
from .facts import read_facts, read_field
from .v1_names import MODELS, NAMED_TYPES, PREFIX, RESPELLED, families, in_schema_names

DRAFT = "v1"
PROPOSED = "2026-07-31-preview"
# Compared in test_voice_agents.
VOICE_AGENTS = "v1@voice-agents"
# A version that is changed in place may be held in several states.
STATES = sorted(path.stem for path in FACTS.glob(f"{DRAFT}@*.json"))
VERSIONS = (*ALL, DRAFT, *STATES, VOICE_AGENTS)
DOCUMENTS = sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != "sources")


def test_every_version_has_a_document_and_a_fact_table() -> None:
    """No API version is left uncompared, and each document says which version it is of and whether it is a draft."""
    assert sorted(VERSIONS) == DOCUMENTS
    about = [load(version)["info"] for version in DOCUMENTS]
    assert [info["version"] for info in about] == DOCUMENTS
    assert [info["version"] for info in about if info.get("x-draft")] == [PROPOSED, DRAFT, *STATES, VOICE_AGENTS]


@pytest.mark.parametrize("version", ALL)
def test_the_document_holds_the_facts(version: str) -> None:
    """Models, fields, requiredness, types, enum values, discriminators and limits differ only where it is explained."""
    facts = with_documented(read_facts(version), version)
    compare(version, differences(facts, read_document(version)), EXPLAINED)


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("fact", tuple(documented()), ids=lambda fact: fact.path)
def test_what_is_documented_is_not_specified(fact: Documented, version: str) -> None:
    """What a specification has is taken from it: the second source has only what the first has not, or contradicts."""
    facts = read_facts(version)
    if fact.group == "value":
        specified = fact.part in facts.enums.get(fact.owner, ())
    else:
        specified = fact.owner in facts.models and (not fact.part or fact.part in facts.models[fact.owner].fields)
    assert specified == fact.instead
    if fact.instead:
        assert facts.models[fact.owner].fields[fact.part] != read_field(fact.entry)


@pytest.mark.parametrize("fact", tuple(documented()), ids=lambda fact: fact.path)
def test_what_is_documented_has_its_evidence(fact: Documented) -> None:
    """Each fact beside the specifications says how far it can be trusted, where it is from and since which version."""
    assert fact.entry["grade"] in GRADES
    assert fact.entry["evidence"]
    assert fact.entry["since"] in ALL


def test_the_document_of_the_draft_holds_the_facts() -> None:
    """The same for v1, whose models are compared under the schema's names for them, previews included."""
    facts, document = read_facts(DRAFT), read_document(DRAFT)
    found = differences(in_schema_names(facts), document) + field_differences(*families(facts, document))
    compare(DRAFT, found, EXPLAINED_V1)


def test_every_state_of_the_draft_holds_its_facts() -> None:
    """The same for its other states, whose tables are in the schema's names."""
    for version in STATES:
        compare(version, differences(read_facts(version), read_document(version)), EXPLAINED)


def test_every_name_of_the_draft_is_known() -> None:
    """The table of names has no entry that the draft does not have, and gives only names that the schema has."""
    facts, document = read_facts(DRAFT), read_document(DRAFT)
    assert {PREFIX + name for name in MODELS} <= facts.models.keys()
    assert {f"{PREFIX}Realtime{name}" for name in RESPELLED} <= facts.models.keys()
    assert NAMED_TYPES.keys() <= facts.enums.keys() | facts.unions.keys()
    assert {name for names in MODELS.values() for name in names} <= document.models.keys()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_enum_is_open(version: str) -> None:
    """No document restricts a text to values that the service may extend."""
    schemas = load(version)["components"]["schemas"]
    closed = [name for name, schema in schemas.items() if "enum" in schema or schema.get("type") == "string"]
    assert closed == []


def compare(version: str, found: list[str], explained: tuple[Explained, ...]) -> None:
    """Fail with the differences that are not explained, and with the explanations that no difference needs."""
    wanted = Counter(line for entry in explained if version in entry.versions for line in entry.lines)
    problems = [f"not explained: {line}" for line in (Counter(found) - wanted).elements()]
    problems += [f"explained, but no longer so: {line}" for line in (wanted - Counter(found)).elements()]
    if problems:
        pytest.fail("\n".join([f"{version}:", *sorted(problems)]), pytrace=False)
