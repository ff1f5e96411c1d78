"""The pages of events: one a family."""

from __future__ import annotations

from codegen.document import EVENT_BASES

from .answers import answers_to
from .families import Family
from .models import field_table, version_line
from .reference import Reference
from .types import Linker, one_line

__all__ = ["event_index", "event_page"]


def event_page(reference: Reference, family: Family) -> str:
    """The page of a family."""
    linker = Linker(reference, f"events/{family.slug}.md")
    parts = [f"# {family.title}", family.intro]
    if family.guide:
        parts.append(f"How to use them: [the guide]({linker.path(f'../{family.guide}')}).")
    if family.order:
        parts.append(f"Usual order: {' → '.join(linker.to_event(kind) for kind in family.order)}.")
    parts += [_event(linker, name, reference.events[name]) for name in _in_order(reference, family)]
    return "\n\n".join(parts) + "\n"


def _in_order(reference: Reference, family: Family) -> list[str]:
    """The classes of a family: the application's events first, those of the usual order before others."""

    def place(name: str) -> tuple[bool, int]:
        event_type = reference.events[name]
        known = family.order.index(event_type) if event_type in family.order else len(family.order)
        return not name.startswith("ClientEvent"), known

    return sorted((name for name, kind in reference.events.items() if reference.families[kind] == family), key=place)


def event_index(reference: Reference) -> str:
    """The list of all events."""
    linker = Linker(reference, "events/index.md")
    parts = [
        "# Events",
        "Everything that goes over the connection is an event: a JSON object with a `type`. The application's events "
        "are methods of the connection, named like their type; those of the service arrive in the receive loop, each "
        "as a class of its own. An `error` may answer any event of the application.",
    ]
    for title, base in zip(("Sent by the application", "Sent by the service"), EVENT_BASES, strict=True):
        rows = ["| Event | | API versions |", "| --- | --- | --- |"]
        for event_type, name in reference.contract.events(base).items():
            described = _first_sentence(one_line(reference.contract.models[name].description))
            rows.append(
                f"| {linker.to_event(event_type)} | {linker.prose(described)} | "
                f"{reference.versions(reference.having(name))} |"
            )
        parts.append(f"## {title}\n\n" + "\n".join(rows))
    parts.append(
        "## Events that no schema declares\n\n"
        "An event of a type that is not listed here arrives as `UnknownServerEvent`, with its `type` and the whole "
        "payload in `raw`. A message that is no event at all, such as broken JSON, arrives as `MalformedServerEvent`, "
        "with `data` and `reason`. Neither ends the receive loop. An event whose fields do not fit keeps its class and "
        "lists what did not fit in `issues`."
    )
    return "\n\n".join(parts) + "\n"


def _event(linker: Linker, name: str, event_type: str) -> str:
    reference = linker.reference
    from_client = name.startswith("ClientEvent")
    direction = "application → service" if from_client else "service → application"
    facts = [f"**{direction}**", f"class `{name}`"]
    if from_client:
        facts.append(f"method `connection.{event_type}()`")
    facts.append(version_line(reference, name))
    parts = [
        f"## `{event_type}` {{ #{reference.anchor(name)} }}",
        " · ".join(facts),
        linker.prose(reference.contract.models[name].description),
        _renamed(linker, name),
        _answered(linker, event_type) if from_client else _answering(linker, event_type),
        field_table(linker, name, skip=("type", "event_id")),
    ]
    return "\n\n".join(filter(None, parts))


def _renamed(linker: Linker, name: str) -> str:
    """Which event this one is under another name."""
    aliases = linker.reference.aliases
    if name in aliases:
        return f"Another name of {linker.to(aliases[name])}, and a kind of it in Python: one class pattern reads both."
    others = [other for other, original in aliases.items() if original == name]
    if not others:
        return ""
    return f"Other names: {', '.join(linker.to_event(linker.reference.events[other]) for other in others)}."


def _answered(linker: Linker, event_type: str) -> str:
    answers = answers_to(linker.reference.contract, event_type)
    described = linker.reference.contract.models[linker.reference.classes[event_type][0]].description
    # What the description says already, and often under which condition, is not said again; an error may answer all.
    more = [answer for answer in answers or () if answer != "error" and f"`{answer}`" not in described]
    if not more:
        return ""
    verb = "Followed by" if "Answered by" in described else "Answered by"
    return f"{verb} {', '.join(linker.to_event(answer) for answer in more)}."


def _answering(linker: Linker, event_type: str) -> str:
    contract = linker.reference.contract
    asked = [asking for asking in contract.events("ClientEvent") if event_type in (answers_to(contract, asking) or ())]
    if not asked or event_type == "error":
        return ""
    return f"Answers {', '.join(linker.to_event(asking) for asking in asked)}."


def _first_sentence(text: str) -> str:
    head, dot, _ = text.partition(". ")
    return head + dot.strip()
