"""Writes the descriptions of the contract: as docstrings, and with what a schema says beside them."""

from __future__ import annotations

import json

from .document import Schema

__all__ = ["docstring", "field_text"]


def field_text(schema: Schema) -> str:
    """Return what there is to say of a field: its description, the service's default, its range."""
    parts = [str(schema.get("description", "")).strip()]
    if "default" in schema:
        # The service fills in its defaults, so they are documented, not set.
        parts.append(f"Default of the service: `{json.dumps(schema['default'])}`.")
    limits = [
        f"{word} {schema[key]}" for key, word in (("minimum", "at least"), ("maximum", "at most")) if key in schema
    ]
    if limits:
        parts.append(f"Range: {', '.join(limits)}.")
    return "\n\n".join(part for part in parts if part)


def docstring(text: str) -> str:
    """Return `text` as the docstring of what is indented by four."""
    safe = text.strip().replace("\\", "\\\\").replace('"""', "'''")
    if not safe:
        return '"""Undocumented."""'
    lines = safe.splitlines()
    if len(lines) == 1:
        return f'"""{safe}"""' if not safe.endswith('"') else f'"""{safe} """'
    return '"""' + "\n".join([lines[0].rstrip(), *(f"    {line}".rstrip() for line in lines[1:])]) + '\n    """'
