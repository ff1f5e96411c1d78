"""Makes the registry of events, the resource classes of both clients, and their ``wait_for``."""

from __future__ import annotations

import json
import keyword
import re
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .document import Contract, Property, SchemaError
from .params import param_names
from .signatures import AUDIO, UNCHECKED, input_type, or_none
from .superset import Availability
from .texts import drafts_text

__all__ = ["make_registry", "make_resources", "make_versions", "make_waiting", "render"]

CONNECTION_NAMES = frozenset(("close", "close_info", "open", "recv", "recv_bytes", "request_id", "send", "wait_for"))
"""What a connection has beside its resources."""

CONNECTION_EVENTS = {
    "voicelive.reconnecting": "ConnectionReconnecting",
    "voicelive.restored": "ConnectionRestored",
    "voicelive.gave_up": "ConnectionGaveUp",
}
CONVERSATION_EVENTS = {
    "voicelive.state": "ConversationState",
    "voicelive.interrupted": "ConversationInterrupted",
    "voicelive.resumed": "InterruptionResumed",
    "voicelive.tool_started": "ToolStarted",
    "voicelive.tool_done": "ToolFinished",
    "voicelive.mcp_approval": "ApprovalAnswered",
    "voicelive.user_away": "UserAway",
    "voicelive.budget": "BudgetUsed",
    "voicelive.turn_done": "TurnFinished",
    "voicelive.audio_device": "AudioDeviceChanged",
    "voicelive.line": "LineChanged",
    "voicelive.dtmf": "KeyPressed",
    "voicelive.observer_failed": "ObserverFailed",
    "voicelive.recording_stopped": "RecordingStopped",
}
LOCAL_EVENTS = CONNECTION_EVENTS | CONVERSATION_EVENTS
"""Events that a connection makes itself, which no schema declares, and their classes."""

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Parameter:
    """One keyword of a resource method."""

    name: str
    kind: str
    required: bool
    doc: str


@dataclass(frozen=True)
class Method:
    """One client event as a method."""

    name: str
    event_type: str
    event_class: str
    doc: str
    parameters: list[Parameter]
    lazy: dict[str, str]
    """The classes in its annotations, which are only defined for who reads those, and their modules."""
    mappings: list[str]
    """The types of mappings in its annotations; what reads those when a program runs is told of any mapping."""


@dataclass
class Resource:
    """One place on the connection, e.g. ``conversation.item``."""

    path: str
    methods: list[Method] = field(default_factory=list)
    children: dict[str, Resource] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The attribute name."""
        return self.path.rpartition(".")[2]

    @property
    def class_name(self) -> str:
        """``ConversationItemResource`` for ``conversation.item``."""
        words = self.path.replace(".", "_").split("_")
        return "".join(word.capitalize() for word in words) + "Resource"

    @property
    def doc(self) -> str:
        """What the place is for, in a line."""
        inside = [f"``{method.name}()``" for method in self.methods]
        inside += [f"``.{child}``" for child in self.children]
        return f"``connection.{self.path}``: {', '.join(inside)}."


def make_registry(contract: Contract) -> str:
    """Return the source of the registry: event types to classes, and the unions of all events."""
    client, server = contract.events("ClientEvent"), contract.events("ServerEvent")
    audio = {
        event_type: prop.name
        for event_type, name in client.items()
        for prop in contract.fields(name).values()
        if prop.is_base64
    }
    return render("registry.py.jinja2", client=client, server=server, audio=audio)


def make_versions(availability: Availability) -> str:
    """Return the source of the data on which API version has what."""
    used = [*availability.models.values(), *availability.fields.values(), *availability.enum_values.values()]
    used += [*availability.taken_models.values()]
    used += [*availability.preview_models.values(), *availability.preview_fields.values()]
    sets = {versions: f"_{index}" for index, versions in enumerate(dict.fromkeys(used))}
    fields: dict[str, dict[str, tuple[str, ...]]] = {}
    for (model, name), versions in availability.fields.items():
        fields.setdefault(model, {})[name] = versions
    values: dict[str, dict[str, tuple[str, ...]]] = {}
    for (enum, name), versions in availability.enum_values.items():
        values.setdefault(enum, {})[name] = versions
    previews: dict[str, dict[str, tuple[str, ...]]] = {}
    for (model, name), versions in availability.preview_fields.items():
        previews.setdefault(model, {})[name] = versions
    return render(
        "versions.py.jinja2",
        availability=availability,
        sets=sets,
        fields=fields,
        values=values,
        previews=previews,
    )


def make_resources(contract: Contract, *, asynchronous: bool) -> str:
    """Return the source of the resource classes of one client."""
    top: dict[str, Resource] = {}
    for event_type, name in contract.events("ClientEvent").items():
        _check_names(event_type)
        path, _, method = event_type.rpartition(".")
        if not path:
            raise SchemaError(f"the client event {event_type!r} has no resource before its last dot")
        _place(top, path).methods.append(_method(contract, event_type, name, method))
    flat: list[Resource] = []
    for resource in top.values():
        flat.extend(_children_first(resource))
    for resource in flat:
        _check_clashes(resource)
    used = {name for resource in flat for method in resource.methods for name in method.lazy}
    enums = sorted(used & set(contract.enums))
    models = sorted(used & set(contract.models))
    params = sorted({name for resource in flat for method in resource.methods for name in method.mappings})
    return render(
        "resources.py.jinja2",
        top=top,
        flat=flat,
        asynchronous=asynchronous,
        models=models,
        params=params,
        enums=enums,
    )


def make_waiting(contract: Contract, *, asynchronous: bool) -> str:
    """Return the source of ``wait_for`` of one client, with an overload for each type of event."""
    members = {value for value, _ in contract.enums.get("ServerEventType", ())}
    known: list[tuple[str, str]] = []
    for event_type, name in contract.events("ServerEvent").items():
        literal = json.dumps(event_type)
        if event_type in members:
            literal += f", ServerEventType.{re.sub(r'[^A-Za-z0-9]', '_', event_type).upper()}"
        known.append((literal, f"models.{name}"))
    known += [(json.dumps(event_type), name) for event_type, name in LOCAL_EVENTS.items()]
    known.append((json.dumps("voicelive.malformed"), "MalformedServerEvent"))
    return render(
        "waiting.py.jinja2",
        known=known,
        connection=CONNECTION_EVENTS,
        conversation=CONVERSATION_EVENTS,
        asynchronous=asynchronous,
    )


def _check_names(event_type: str) -> None:
    for word in event_type.split("."):
        if not word.isidentifier() or keyword.iskeyword(word):
            raise SchemaError(f"the client event {event_type!r} cannot become a method: {word!r} is not a Python name")
    if event_type.split(".")[0] in CONNECTION_NAMES:
        raise SchemaError(
            f"the client event {event_type!r} would hide the connection's own {event_type.split('.')[0]!r}"
        )


def _check_clashes(resource: Resource) -> None:
    for method in resource.methods:
        if method.name in resource.children:
            raise SchemaError(
                f"the client event {method.event_type!r} would be both a method and a resource of the connection"
            )


def _place(top: dict[str, Resource], path: str) -> Resource:
    level, so_far, resource = top, "", None
    for word in path.split("."):
        so_far = f"{so_far}.{word}" if so_far else word
        resource = level.setdefault(word, Resource(so_far))
        level = resource.children
    assert resource is not None
    return resource


def _children_first(resource: Resource) -> list[Resource]:
    below = [found for child in resource.children.values() for found in _children_first(child)]
    return [*below, resource]


def _method(contract: Contract, event_type: str, name: str, method: str) -> Method:
    parameters = [
        Parameter(prop.name, _parameter_type(contract, prop), prop.required, _parameter_doc(prop))
        for prop in contract.fields(name).values()
        if prop.name not in ("type", "event_id")
    ]
    parameters.sort(key=lambda parameter: not parameter.required)
    parameters.append(
        Parameter(
            "event_id",
            "str",
            False,
            "An id of your own; an error that this event causes may carry it.",
        )
    )
    model = contract.models[name]
    words = set(re.findall(r"\w+", " ".join(parameter.kind for parameter in parameters)))
    lazy = dict.fromkeys(sorted(words & set(contract.models)), ".models")
    lazy |= dict.fromkeys(sorted(words & set(contract.enums)), ".enums")
    mappings = sorted(words & {UNCHECKED, *param_names(contract)})
    return Method(method, event_type, name, _sentence(model.description), parameters, lazy, mappings)


def _parameter_type(contract: Contract, prop: Property) -> str:
    # pydantic, which reads the annotations for whoever wraps a method, does not know buffers.
    return input_type(contract, prop.schema).replace(" | ".join(AUDIO), "AudioInput")


def _parameter_doc(prop: Property) -> str:
    text = _sentence(prop.description)
    if prop.is_base64:
        text += " Raw bytes, or base64 text."
    if text and prop.drafts:
        text += f" {drafts_text(prop)}"
    return text


def _sentence(text: str) -> str:
    return " ".join(text.split())


def _wrap(text: str, indent: int, width: int = 96) -> str:
    lines = textwrap.wrap(text, width - indent, break_long_words=False, break_on_hyphens=False)
    return ("\n" + " " * indent).join(lines)


def render(template: str, **values: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    filters: dict[str, Any] = environment.filters  # the declared type lists the built-in filters only
    filters["wrap_at"] = _wrap
    filters["or_none"] = or_none
    return environment.get_template(template).render(**values)
