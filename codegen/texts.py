"""Writes the descriptions of the contract: as docstrings, and with what a schema says beside them."""

from __future__ import annotations

import json

from .document import Property

__all__ = ["docstring", "drafts_text", "field_text"]


def field_text(prop: Property) -> str:
    """Return what there is to say of a field: its description, the service's default, its range, its drafts."""
    schema = prop.schema
    parts = [str(schema.get("description", "")).strip()]
    if "default" in schema:
        # The service fills in its defaults, so they are documented, not set.
        parts.append(f"Default of the service: `{json.dumps(schema['default'])}`.")
    limits = [
        f"{word} {schema[key]}" for key, word in (("minimum", "at least"), ("maximum", "at most")) if key in schema
    ]
    if limits:
        parts.append(f"Range: {', '.join(limits)}.")
    if prop.drafts:
        parts.append(drafts_text(prop))
    return "\n\n".join(part for part in parts if part)


def drafts_text(prop: Property) -> str:
    """Return the sentence that names the drafts which alone have a field."""
    names = " and ".join(f"`{name}`" for name in prop.drafts)
    return f"Only in {names}, {'a draft' if len(prop.drafts) == 1 else 'drafts'}."


def docstring(text: str) -> str:
    """Return `text` as the docstring of what is indented by four."""
    safe = text.strip().replace("\\", "\\\\").replace('"""', "'''")
    if not safe:
        return '"""Undocumented."""'
    lines = safe.splitlines()
    if len(lines) == 1:
        return f'"""{safe}"""' if not safe.endswith('"') else f'"""{safe} """'
    return '"""' + "\n".join([lines[0].rstrip(), *(f"    {line}".rstrip() for line in lines[1:])]) + '\n    """'
