"""Follows the references inside a document."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from .reading import Document

__all__ = ["follow", "schema_name"]

MOST_STEPS = 20


def schema_name(document: Document, reference: Any, where: str) -> str | None:
    """Return the named schema that a reference is to; None if it leads to another place in the document.

    Raises:
        SpecificationError: if the reference is not text, leads to another file or leads nowhere.
    """
    if not isinstance(reference, str):
        raise document.fail(where, f"a reference must be text, this one is {reference!r}")
    if not reference.startswith("#"):
        raise document.fail(where, f"the reference {reference} leads to another file; bundle the files into one first")
    if reference.startswith(document.prefix):
        name = _step(reference[len(document.prefix) :])
        if name in document.schemas:
            return name
        if "/" not in reference[len(document.prefix) :]:
            raise document.fail(where, f"the reference {reference} leads nowhere")
    _at(document, reference, where)
    return None


def follow(document: Document, reference: str, where: str) -> Any:
    """Return what a reference into the middle of the document leads to; raises as :func:`schema_name` does."""
    for _ in range(MOST_STEPS):
        found = _at(document, reference, where)
        if not isinstance(found, dict) or "$ref" not in found:
            return found
        if schema_name(document, found["$ref"], where) is not None:
            return found
        reference = found["$ref"]
    raise document.fail(where, f"the reference {reference} leads back to itself")


def _at(document: Document, reference: str, where: str) -> Any:
    node: Any = document.content
    for step in reference.lstrip("#").split("/")[1:]:
        key = _step(step)
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        else:
            raise document.fail(where, f"the reference {reference} leads nowhere")
    return node


def _step(text: str) -> str:
    return unquote(text).replace("~1", "/").replace("~0", "~")
