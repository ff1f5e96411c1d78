"""What models say of themselves: descriptions of their fields, and the signatures of their constructors."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import warnings
from typing import Annotated, Any, get_args, get_origin

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field
from pydantic.json_schema import models_json_schema
from pydantic.warnings import PydanticDeprecatedSince211

from codegen.document import Contract
from codegen.output import documents, superset
from codegen.texts import field_text
from voicelive import models
from voicelive._base import Model
from voicelive._generated.models import __all__ as NAMES
from voicelive._generated.versions import DRAFTS, FIELDS


@pytest.fixture(scope="module")
def contract() -> Contract:
    return superset(documents())[0]


def model_classes() -> list[type[Model]]:
    found = [getattr(models, name) for name in NAMES]
    return [each for each in found if isinstance(each, type) and issubclass(each, Model)]


def test_every_field_says_what_its_schema_says(contract: Contract) -> None:
    """Each field's description is that of the schema, with the service's default, the range, and its drafts."""
    wrong: list[str] = []
    count = 0
    for cls in model_classes():
        told = contract.fields(cls.__name__)
        for name, field in cls.model_fields.items():
            count += 1
            if (field.description or "") != field_text(told[name]):
                wrong.append(f"{cls.__name__}.{name}: {field.description!r}")
    assert not wrong
    assert count > 900


def test_a_description_has_the_unit_and_the_range() -> None:
    """What a number means and may be is there to read, in the field and in the JSON schema."""
    fields = models.ServerVad.model_fields
    assert "0 to 1" in str(fields["threshold"].description)
    assert "Range: at least 0, at most 1." in str(fields["threshold"].description)
    assert "ms" in str(fields["silence_duration_ms"].description)
    schema = models.ServerVad.model_json_schema()["properties"]
    assert schema["threshold"]["description"] == fields["threshold"].description
    expires = models.ResponseSession.model_json_schema()["properties"]["expires_at"]["description"]
    assert "seconds since 1970-01-01 UTC" in expires


def test_every_json_schema_describes_its_fields() -> None:
    """The models give a valid JSON schema in which each property has the field's description, also where it refers."""
    schema: Any = models_json_schema([(cls, "validation") for cls in model_classes()])[1]
    Draft202012Validator.check_schema(schema)
    for cls in model_classes():
        for name, part in schema["$defs"][cls.__name__].get("properties", {}).items():
            text = str(cls.model_fields[name].description)
            assert str(part["description"]).startswith(text), f"{cls.__name__}.{name}"


def test_a_class_of_an_application_has_both_its_own_and_the_inherited_descriptions() -> None:
    """What an application writes on its fields stays, and what it inherits is described."""

    class Patient(models.ServerVad):
        patience: Annotated[int, Field(description="How patient, in ms.")] = 5
        undescribed: int = 0

    assert Patient.model_fields["patience"].description == "How patient, in ms."
    assert Patient.model_fields["undescribed"].description is None
    assert Patient.model_fields["threshold"].description == models.ServerVad.model_fields["threshold"].description
    assert list(inspect.signature(Patient).parameters)[-3:] == ["undescribed", "idle_timeout_ms", "extra"]


def test_asking_an_instance_warns_as_pydantic_does() -> None:
    """An instance gives the fields too, with the warning of pydantic that its class is the one to ask."""
    with pytest.warns(PydanticDeprecatedSince211, match="ask its class"):
        fields = models.ServerVad().model_fields  # pyright: ignore[reportDeprecated]
    assert fields is models.ServerVad.model_fields
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert models.ServerVad.model_fields


SENDS = """
import inspect, sys
from voicelive import models
from voicelive._core.codec import decode_server_event
from voicelive._core.contract import WireContract

session = models.RequestSession(turn_detection={"type": "server_vad"}, voice="alloy")
WireContract("2026-07-15").encode_call("session.update", {"session": session})
decode_server_event(b'{"type": "response.done", "response": {"status": "completed"}}')
assert "voicelive._generated.descriptions" not in sys.modules
assert models.ServerVad.model_fields["type"].description
assert "voicelive._generated.descriptions" in sys.modules
"""

FIRST = """
import inspect
from voicelive import models

for cls in (models.ServerVad, models.RequestSession, models.ServerEventResponseDone):
    before = inspect.signature(cls)
    assert not cls.__dict__["__pydantic_complete__"], cls
    cls.model_rebuild()
    assert inspect.signature(cls) == before
    assert "threshold" in before.parameters or len(before.parameters) > 2
"""


@pytest.mark.parametrize("script", [SENDS, FIRST], ids=["descriptions", "signatures"])
def test_only_who_asks_pays(script: str) -> None:
    """Sending and receiving load no descriptions; a signature is there before its model is built, and stays."""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=200)


def test_each_signature_names_each_field() -> None:
    """The constructor's keywords are the model's fields, required ones without a default, those of drafts last."""
    for cls in model_classes():
        parameters = dict(inspect.signature(cls).parameters)
        assert parameters.pop("extra").kind is inspect.Parameter.VAR_KEYWORD
        assert parameters.keys() == cls.model_fields.keys(), cls.__name__
        for name, parameter in parameters.items():
            required = cls.model_fields[name].is_required()
            assert (parameter.default is inspect.Parameter.empty) == required, f"{cls.__name__}.{name}"
        drafts = [set(FIELDS.get(cls.__name__, {}).get(name, ["2026-07-15"])) <= set(DRAFTS) for name in parameters]
        assert drafts == sorted(drafts), cls.__name__


def test_signatures_are_written_plainly() -> None:
    """No signature has notes for the validator, None twice, or a chain of single literals."""
    for cls in model_classes():
        text = str(inspect.signature(cls))
        assert "Annotated" not in text, text
        assert "FieldInfo" not in text, text
        assert not re.search(r"None \| (?:[^,]* \| )?None|Literal\[[^]]*\] \| Literal", text), text
        for field in cls.model_fields.values():
            parts = list(flat(field.annotation))
            assert parts.count(type(None)) <= 1, field
            assert sum("Literal[" in str(part) for part in parts) <= 1, field


def flat(annotation: Any) -> Any:
    """The members of a union, also of one in it, and behind names."""
    inner = getattr(annotation, "__value__", annotation)
    if get_origin(inner) is Annotated:
        yield from flat(get_args(inner)[0])
    elif str(get_origin(inner)) in ("typing.Union", "<class 'types.UnionType'>"):
        for part in get_args(inner):
            yield from flat(part)
    else:
        yield inner


def test_a_constructor_of_an_application_has_its_own_signature() -> None:
    """A class with a constructor of its own is shown with that, before and after it is used."""

    class Quick(models.ServerVad):
        def __init__(self, milliseconds: int) -> None:
            super().__init__(silence_duration_ms=milliseconds)

    for _ in range(2):
        assert list(inspect.signature(Quick).parameters) == ["milliseconds"]
        assert Quick(50).silence_duration_ms == 50
