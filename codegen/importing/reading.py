"""Opens a specification: JSON or YAML, and which of the dialects it is in."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .neutral import SpecificationError

__all__ = ["OPENAPI_30", "OPENAPI_31", "SWAGGER_20", "Document", "parse", "read_document"]

OPENAPI_31, OPENAPI_30, SWAGGER_20 = "OpenAPI 3.1", "OpenAPI 3.0", "Swagger 2.0"
DEEPEST = 100


@dataclass(frozen=True)
class Document:
    """A specification as it stands, with the place where its named schemas are."""

    source: str
    dialect: str
    content: dict[str, Any]
    schemas: dict[str, Any]
    prefix: str

    def fail(self, where: str, problem: str) -> SpecificationError:
        """Return the error for a place inside the document, to be raised."""
        return SpecificationError(f"{self.source}: {where}: {problem}")


def read_document(path: Path) -> Document:
    """Open a file.

    Raises:
        SpecificationError: if it is missing, is neither JSON nor YAML, or is not a specification in a known dialect.
    """
    if path.suffix.lower() == ".tsp":
        raise SpecificationError(
            f"{path}: is TypeSpec, a source; this reads what its compiler writes. Give the compiled document, in the "
            "service's repository stable/VERSION/VoiceLive.json or preview/VERSION/VoiceLive.json, or compile it with "
            "`npx tsp compile FOLDER --emit @typespec/openapi3`"
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SpecificationError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise SpecificationError(f"{path}: is not UTF-8 text: byte {error.start} is not part of it") from None
    except OSError as error:
        raise SpecificationError(f"{path}: cannot be read: {error.strerror}") from None
    return identify(parse(text, str(path)), str(path))


def parse(text: str, source: str) -> Any:
    """Parse JSON or YAML; raises :class:`SpecificationError` with line and column if it is neither."""
    try:
        if text.lstrip()[:1] in ("{", "["):
            try:
                content = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_number)
            except json.JSONDecodeError as error:
                if source.lower().endswith(".json"):
                    place = f"line {error.lineno}, column {error.colno}"
                    raise SpecificationError(f"{source}: is not JSON: {error.msg}, {place}") from None
                # What starts with a brace may still be YAML in flow style.
                content = _parse_yaml(text, source)
        else:
            content = _parse_yaml(text, source)
        _check_depth(content, source)
    except ValueError as error:
        raise SpecificationError(f"{source}: {error}") from None
    except RecursionError:
        raise SpecificationError(f"{source}: is nested too deeply to be a specification") from None
    return content


def identify(content: Any, source: str) -> Document:
    """Determine the dialect and find the schemas; raises :class:`SpecificationError` if there are none."""
    if not isinstance(content, dict):
        raise SpecificationError(f"{source}: is not a specification: it holds {_kind(content)}, not an object")
    place: tuple[str, ...]
    if "swagger" in content:
        dialect, place = _swagger(content["swagger"], source), ("definitions",)
    elif "openapi" in content:
        dialect, place = _openapi(content["openapi"], source), ("components", "schemas")
    else:
        found = ", ".join(sorted(map(str, content))[:5])
        raise SpecificationError(
            f"{source}: is not a specification: it has neither `openapi` nor `swagger`; it has {found or 'nothing'}"
        )
    schemas: Any = content
    for step in place:
        schemas = schemas.get(step) if isinstance(schemas, dict) else None
    where = "#/" + "/".join(place)
    if schemas is None or schemas == {}:
        raise SpecificationError(f"{source}: {where}: there are no schemas to compare")
    if not isinstance(schemas, dict):
        raise SpecificationError(f"{source}: {where}: should be an object, is {_kind(schemas)}")
    return Document(source, dialect, content, schemas, where + "/")


def _swagger(version: Any, source: str) -> str:
    if str(version) not in ("2.0", "2"):
        raise SpecificationError(
            f"{source}: Swagger {version} cannot be read, only Swagger 2.0 and OpenAPI 3.0 and 3.1"
        )
    return SWAGGER_20


def _openapi(version: Any, source: str) -> str:
    found = re.match(r"3\.([01])(\.|$)", str(version))
    if found is None:
        raise SpecificationError(
            f"{source}: OpenAPI {version} cannot be read, only Swagger 2.0 and OpenAPI 3.0 and 3.1"
        )
    return OPENAPI_31 if found[1] == "1" else OPENAPI_30


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "nothing")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the name {key!r} occurs twice in one object")
        found[key] = value
    return found


def _refuse_number(name: str) -> float:
    raise ValueError(f"is not JSON: {name} is not a JSON number")


def _check_depth(node: Any, source: str, depth: int = 0) -> None:
    # YAML can make a document contain itself.
    if depth > DEEPEST:
        raise SpecificationError(f"{source}: is nested more than {DEEPEST} levels deep, or contains itself")
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _check_depth(value, source, depth + 1)


def _parse_yaml(text: str, source: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML 1.2's core schema: `on`, `no` and dates are text, names are unique."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
            self.flatten_mapping(node)
            found: dict[Hashable, Any] = {}
            for key_node, value_node in node.value:
                key = self.construct_object(key_node, deep=True)
                # Status codes and the like are names too: JSON has only text for them.
                name = key if isinstance(key, str) else key_node.value
                if not isinstance(name, str):
                    raise yaml.MarkedYAMLError(problem="a name must be text", problem_mark=key_node.start_mark)
                if name in found:
                    problem = f"the name {name!r} occurs twice in one object"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
                found[name] = self.construct_object(value_node, deep=deep)
            return found

    # Only what JSON has too: no dates, sets or binary data, however they are tagged.
    kept = ("map", "seq", "str", "bool", "null")
    Loader.yaml_constructors = {
        tag: constructor
        for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag in {f"tag:yaml.org,2002:{name}" for name in kept}
    }
    Loader.yaml_implicit_resolvers = {}
    for tag, pattern, first in (
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
        ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
        ("merge", "<<", "<"),
    ):
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
    Loader.add_constructor("tag:yaml.org,2002:int", _yaml_int)
    Loader.add_constructor("tag:yaml.org,2002:float", _yaml_float)
    try:
        return yaml.load(text, Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise SpecificationError(
            f"{source}: is neither JSON nor YAML: {error.problem or error.context}{place}"
        ) from None
    except yaml.YAMLError as error:
        raise SpecificationError(f"{source}: is neither JSON nor YAML: {' '.join(str(error).split())}") from None


def _yaml_int(loader: Any, node: Any) -> int:
    # Unlike YAML 1.1, a leading zero means nothing.
    text = str(loader.construct_scalar(node))
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _yaml_float(loader: Any, node: Any) -> float:
    return float(loader.construct_scalar(node))
