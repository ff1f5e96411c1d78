"""The generated reference pages: every event, model and field of the schema stands where a reader looks for it."""

from __future__ import annotations

import re
from functools import cache, reduce

import pytest

from codegen.document import EVENT_BASES
from docs_build.answers import ANSWERS, answers_to
from docs_build.docstrings import to_markdown
from docs_build.families import FAMILIES, OTHER, family_of
from docs_build.pages import navigation, reference_pages
from docs_build.reference import Reference, read_reference
from docs_build.types import Linker, field_notes
from tests.docs.blocks import ROOT
from voicelive._generated.resources_sync import ConnectionResources

REFERENCE = read_reference()
CONTRACT = REFERENCE.contract


@cache
def pages() -> dict[str, str]:
    return reference_pages(REFERENCE)


def section(page: str, anchor: str) -> str:
    """The part of a generated page under the heading with this anchor."""
    parts = re.split(r"^(?=## )", pages()[f"reference/{page}"], flags=re.M)
    found = [part for part in parts if part.split("\n", 1)[0].endswith(f"{{ #{anchor} }}")]
    assert len(found) == 1, f"{anchor} on {page}"
    return found[0]


@pytest.mark.parametrize("name", REFERENCE.events)
def test_an_event_has_its_section(name: str) -> None:
    """Each event stands on its family's page with direction, versions, and all its fields with their types."""
    text = section(REFERENCE.page(name), name)
    event_type = REFERENCE.events[name]
    assert f"## `{event_type}`" in text
    assert ("application → service" if name.startswith("ClientEvent") else "service → application") in text
    assert f"API versions: {REFERENCE.versions(REFERENCE.having(name))}" in text
    for prop in CONTRACT.fields(name).values():
        if prop.name in ("type", "event_id"):
            continue
        row = re.search(rf"^\| `{prop.name}`( \*\*required\*\*)? \| .+ \|$", text, re.M)
        assert row is not None, f"{name}.{prop.name}"
        assert bool(row[1]) == prop.required
        assert all(note in row[0] for note in field_notes(prop))


@pytest.mark.parametrize("name", [*CONTRACT.models, *CONTRACT.enums, *CONTRACT.unions])
def test_a_model_has_its_section(name: str) -> None:
    """Each model shows its fields, each enum its values, and each union stands on its subject's page."""
    text = section(REFERENCE.page(name), name)
    if name in CONTRACT.enums:
        for value, _ in CONTRACT.enums[name]:
            assert f"\n| `{value}` |" in text
    elif name in CONTRACT.models and name not in REFERENCE.events:
        for field in CONTRACT.fields(name):
            assert f"\n| `{field}`" in text


def test_versions_are_told_where_they_differ() -> None:
    """What only some versions have says which: an event, a field, an enum value."""
    assert "API versions: since 2026-04-10" in section(
        "events/searches.md", "ServerEventResponseWebSearchCallCompleted"
    )
    row = next(line for line in section("models/session.md", "RequestSession").splitlines() if "`metadata`" in line)
    assert "API versions: since 2026-04-10" in row
    row = next(line for line in section("models/voices.md", "OpenAIVoiceName").splitlines() if "`marin`" in line)
    assert "API versions: since 2026-01-01-preview" in row


@pytest.mark.parametrize(
    ("having", "text"),
    [
        (("a", "b", "c", "v1"), "all"),
        (("b", "c", "v1"), "since b"),
        (("b", "c"), "since b but the draft v1"),
        (("a", "b", "c"), "all but the draft v1"),
        (("a", "b"), "up to b"),
        (("a", "b", "v1"), "up to b and the draft v1"),
        (("c",), "since c but the draft v1"),
        (("a", "c"), "a, c"),
        (("b",), "b"),
        (("v1",), "the draft v1"),
    ],
)
def test_versions_in_words(having: tuple[str, ...], text: str) -> None:
    """A set of versions is said in the shortest way that names it."""
    assert Reference(CONTRACT, REFERENCE.availability).versions(having, ("a", "b", "c", "v1")) == text


def test_several_drafts_in_words() -> None:
    """Drafts are told apart from published versions, however many of them there are."""
    drafts = REFERENCE.availability.drafts
    assert len(drafts) > 1
    named = f"the drafts {' and '.join(drafts)}"
    among = ("a", "b", *drafts)
    reference = Reference(CONTRACT, REFERENCE.availability)
    assert reference.versions(drafts, among) == named
    assert reference.versions(("a", *drafts), among) == f"a and {named}"
    assert reference.versions(("b",), among) == f"since b but {named}"


def test_every_link_of_the_pages_leads_somewhere() -> None:
    """Links among the generated pages, and to the guide, end at a page, and at an anchor of it."""
    for page, text in pages().items():
        for target in re.findall(r"\]\(([^)]+)\)", text):
            path, _, anchor = target.partition("#")
            where = page if not path else (ROOT / "docs" / page).parent.joinpath(path).resolve()
            where = where if isinstance(where, str) else where.relative_to(ROOT / "docs").as_posix()
            if where in pages():
                assert not anchor or f"{{ #{anchor} }}" in pages()[where], f"{page}: {target}"
            else:
                assert (ROOT / "docs" / where).is_file(), f"{page}: {target}"


def test_the_page_of_versions_has_every_version() -> None:
    """Each version has its part, with what it brought, dropped and renamed, linked to where it stands."""
    text = pages()["reference/versions.md"]
    for version in REFERENCE.availability.versions:
        assert re.search(rf"^\| `{version}` \| \S.+ \|$", text, re.M)
        assert f"\n## {version}\n" in text
    assert "[`warning`](events/errors.md#ServerEventWarning)" in text
    assert "`url` → `image_url`" in text


def test_the_answers_name_events_that_exist() -> None:
    """The hand-written table knows no event that the schema does not have."""
    client, server = (CONTRACT.events(base) for base in EVENT_BASES)
    assert set(ANSWERS) <= set(client)
    assert {answer for answers in ANSWERS.values() for answer in answers} <= set(server)


def test_the_answers_agree_with_the_descriptions() -> None:
    """What the schema's description says of an answer is in the table as well."""
    server = CONTRACT.events("ServerEvent")
    for event_type, name in CONTRACT.events("ClientEvent").items():
        described = CONTRACT.models[name].description.replace("\n", " ")
        _, found, sentence = described.partition("Answered by ")
        quoted = {word for word in re.findall(r"`([^`]+)`", sentence) if word in server}
        assert not found or quoted <= set(answers_to(CONTRACT, event_type) or ()), event_type
        assert "Not answered." not in described or not answers_to(CONTRACT, event_type), event_type


def test_a_renamed_event_names_its_other_name() -> None:
    """An event that a version renames points to the old one, and the other way round."""
    page = "events/output-audio.md"
    assert "Another name of [`ServerEventResponseAudioDelta`]" in section(page, "ServerEventResponseOutputAudioDelta")
    assert "Other names: [`response.output_audio.delta`]" in section(page, "ServerEventResponseAudioDelta")


def test_an_answer_is_told_on_both_sides() -> None:
    """The question names its answers, and the answer what it answers."""
    assert "`input_audio_buffer.committed`" in section("events/input-audio.md", "ClientEventInputAudioBufferCommit")
    answer = section("events/conversation.md", "ServerEventConversationItemTruncated")
    assert "Answers [`conversation.item.truncate`](#ClientEventConversationItemTruncate)" in answer


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.slug)
def test_a_family_is_in_order(family: object) -> None:
    """Each family has events of its own, names only events that exist, and a guide that exists."""
    chosen = next(one for one in FAMILIES if one is family)
    assert chosen in REFERENCE.families.values()
    assert set(chosen.order) <= set(REFERENCE.classes)
    assert not chosen.guide or (ROOT / "docs" / chosen.guide).is_file()


def test_a_new_event_finds_its_page() -> None:
    """An event that no table names goes by the beginning of its type, or to the last page."""
    assert family_of("response.audio_volume.delta").slug == "output-audio"
    assert family_of("conversation.item.input_audio_transcription.corrected").slug == "transcription"
    assert family_of("lights.on") is OTHER


def test_the_method_of_each_client_event_exists() -> None:
    """What the pages name as method is one of the connection."""
    text = "\n".join(pages().values())
    paths = re.findall(r"method `connection\.([\w.]+)\(\)`", text)
    assert sorted(paths) == sorted(CONTRACT.events("ClientEvent"))

    class Silent(ConnectionResources):
        def _send_call(self, event_type: str, fields: dict[str, object]) -> None:
            raise AssertionError("nothing is sent here")

    for path in paths:
        assert callable(reduce(getattr, path.split("."), Silent()))


def test_the_navigation_has_every_generated_page() -> None:
    """No page is left out of the navigation, none is named that is not made."""
    assert sorted(re.findall(r"'(reference/[^']+)'", str(navigation(REFERENCE)))) == sorted(pages())


def test_types_in_words() -> None:
    """Lists, mappings, constants, alternatives and models read as a person would say them."""
    linker = Linker(REFERENCE, "models/session.md")
    link = "[`ServerVad`](turn_detection.md#ServerVad)"
    reference = {"$ref": "#/components/schemas/ServerVad"}
    for schema, text in (
        ({"type": "array", "items": {"type": "string"}}, "list of `str`"),
        ({"type": "array", "items": {"anyOf": [reference, {"type": "null"}]}}, f"list of ({link} or null)"),
        ({"type": "object", "unevaluatedProperties": {"type": "integer"}}, "mapping of `str` to `int`"),
        ({"anyOf": [{"type": "integer"}, {"const": "inf"}]}, '`int` or `"inf"`'),
        ({"type": "string", "contentEncoding": "base64"}, "base64 `str`"),
        ({"type": "integer", "format": "unixtime"}, "`datetime`"),
        ({}, "anything"),
    ):
        assert linker.type_of(schema) == text


def test_docstrings_become_markdown() -> None:
    """The marks of the docstrings that Markdown does not know are turned into some that it does."""
    text = "See :class:`Model` and :attr:`~a.b.LocalService.endpoint`::\n\n    code"
    assert to_markdown(text) == "See `Model` and `endpoint`:\n\n    code"
