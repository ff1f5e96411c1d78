"""The pages of models, unions and enums: one a subject of the schema."""

from __future__ import annotations

from codegen.document import EVENT_BASES

from .reference import EVENT_PARTS, NO_SUBJECT, Reference
from .types import Linker, field_notes, one_line

__all__ = ["field_table", "model_index", "model_page", "subject_title"]

_TITLES = {EVENT_PARTS: "Parts of events", NO_SUBJECT: "Other models", "usage": "Usage of tokens", "webrtc": "WebRTC"}
_USERS_SHOWN = 12


def subject_title(subject: str) -> str:
    """The title of a subject's page, made from the name of its `.tsp` file."""
    return _TITLES.get(subject) or subject.replace("_", " ").capitalize()


def model_page(reference: Reference, subject: str) -> str:
    """The page of a subject."""
    linker = Linker(reference, f"models/{subject}.md")
    parts = [f"# {subject_title(subject)}"]
    for name in reference.models_of(subject):
        if name in reference.contract.models:
            parts.append(_model(linker, name))
        elif name in reference.contract.unions:
            parts.append(_union(linker, name))
        else:
            parts.append(_enum(linker, name))
    return "\n\n".join(parts) + "\n"


def model_index(reference: Reference) -> str:
    """The list of all models, enums and unions by name."""
    linker = Linker(reference, "models/index.md")
    contract = reference.contract
    parts = [
        "# Models and enums",
        "All of them are in `voicelive.models`. Models take their fields as keywords; wherever one is expected, a "
        "mapping of the same form does as well. A field that was never given reads `None` and is not sent; a field set "
        "to `None` is sent as `null`. A default named here is the service's: it is never sent.",
        "An enum may be extended by the service at any time: a value that is not known here arrives as plain `str`. "
        'Members equal their text, so `session.voice == "alloy"` works.',
    ]
    kinds = (("Models", contract.models), ("Unions", contract.unions), ("Enums", contract.enums))
    for title, names in kinds:
        links = [linker.to(name) for name in sorted(names) if name not in reference.events]
        parts.append(f"## {title}\n\n{' · '.join(links)}")
    return "\n\n".join(parts) + "\n"


def field_table(linker: Linker, name: str, *, skip: tuple[str, ...] = ()) -> str:
    """The table of a model's fields, inherited ones included; `""` where there are none but those to `skip`."""
    reference = linker.reference
    having = reference.having(name)
    rows: list[str] = []
    for prop in reference.contract.fields(name).values():
        if prop.name in skip:
            continue
        notes = [linker.prose(one_line(prop.description)), *field_notes(prop)]
        if prop.is_base64 and name in reference.events:
            notes.append(
                f"Decoded: `{prop.name}_bytes`." if name.startswith("ServerEvent") else "Raw `bytes` are taken too."
            )
        if (in_field := reference.availability.fields.get((name, prop.name))) is not None:
            notes.append(f"*API versions: {reference.versions(in_field, having)}.*")
        required = " **required**" if prop.required else ""
        rows.append(f"| `{prop.name}`{required} | {linker.type_of(prop.schema)} | {' '.join(filter(None, notes))} |")
    if not rows:
        return ""
    return "\n".join(["| Field | Type | |", "| --- | --- | --- |", *rows])


def version_line(reference: Reference, name: str) -> str:
    """Which versions have a model or event."""
    line = f"API versions: {reference.versions(reference.having(name))}"
    if name in reference.availability.preview_models:
        line += "; a preview part of the draft"
    return f"{line}."


def _heading(linker: Linker, name: str) -> str:
    return f"## `{name}` {{ #{linker.reference.anchor(name)} }}"


def _model(linker: Linker, name: str) -> str:
    reference = linker.reference
    model = reference.contract.models[name]
    parts = [_heading(linker, name), linker.prose(model.description)]
    if model.children and name not in EVENT_BASES:
        by = f", told apart by `{model.discriminator}`" if model.discriminator else ""
        parts.append(f"One of {', '.join(linker.to(child) for child in model.children)}{by}.")
    if model.base is not None:
        parts.append(f"A kind of {linker.to(model.base)}.")
    parts.append(_users(linker, name))
    parts.append(version_line(reference, name))
    parts.append(field_table(linker, name))
    return "\n\n".join(filter(None, parts))


def _union(linker: Linker, name: str) -> str:
    schema = linker.reference.contract.unions[name]
    described = linker.prose(str(schema.get("description", "")))
    return "\n\n".join(
        filter(None, [_heading(linker, name), described, f"One of {linker.type_of(schema)}.", _users(linker, name)])
    )


def _enum(linker: Linker, name: str) -> str:
    reference = linker.reference
    rows = ["| Value | |", "| --- | --- |"]
    for value, described in reference.contract.enums[name]:
        notes = [linker.prose(one_line(described))]
        if (in_value := reference.availability.enum_values.get((name, value))) is not None:
            notes.append(f"*API versions: {reference.versions(in_value)}.*")
        rows.append(f"| `{value}` | {' '.join(filter(None, notes))} |")
    described = linker.prose(reference.contract.enum_docs[name])
    return "\n\n".join(filter(None, [_heading(linker, name), described, _users(linker, name), "\n".join(rows)]))


def _users(linker: Linker, name: str) -> str:
    users = linker.reference.used_by.get(name, [])
    if not users:
        return ""
    more = f" and {len(users) - _USERS_SHOWN} more" if len(users) > _USERS_SHOWN else ""
    return f"In {', '.join(linker.to(user) for user in users[:_USERS_SHOWN])}{more}."
