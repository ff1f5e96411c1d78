"""Notes what the schema has beside what was published: in the second source of facts, with evidence to be written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..output import PLACEHOLDER, documents
from .comparing import compare
from .fact_table import TABLES, field_entry, model_entry, read_table
from .neutral import Enum, Model, Specification
from .normalising import load

__all__ = ["DOCUMENTED", "note_additions"]

DOCUMENTED = TABLES / "documented.json"
UNSAID = "?"


def note_additions(path: Path = DOCUMENTED) -> list[str]:
    """Add what neither source of facts has, version by version; return the names of what was added."""
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    added: list[str] = []
    for document in documents():
        facts = TABLES / f"{document.stem}.json"
        if document.stem[:1].isdigit() and facts.exists():
            added += _note(table, read_table(facts), load(document), document.stem)
    if added:
        path.write_text(_text(table), encoding="utf-8", newline="\n")
    return added


def _note(table: dict[str, Any], facts: Specification, schema: Specification, version: str) -> list[str]:
    found: list[str] = []
    source = {"grade": UNSAID, "evidence": PLACEHOLDER, "since": version}
    changes = compare(facts, schema).of("added", "event", "model", "enum", "field", "value")
    for change in changes:
        entry = schema.named.get(change.name if not change.owner else change.owner)
        if change.group in ("event", "model") and isinstance(entry, Model):
            whole = model_entry(schema, change.name)
            known = table["models"].setdefault(change.name, {**source, **whole})
            later = {key: {**field, **source} for key, field in whole["fields"].items() if key not in known["fields"]}
            known["fields"].update(later)
            found += [f"{change.name}.{key}" for key in later]
            if known.get("since") != version or known["evidence"] != PLACEHOLDER:
                continue
        elif change.group == "field" and isinstance(entry, Model):
            fields = table["models"].setdefault(change.owner, {"fields": {}})["fields"]
            if change.name in fields:
                continue
            fields[change.name] = {**field_entry(schema, change.owner, change.name), **source}
        elif isinstance(entry, Enum):
            values = table["enums"].setdefault(entry.name, {"values": {}})["values"]
            new = [change.name] if change.owner else list(map(str, entry.values))
            new = [value for value in new if value not in values]
            values.update({value: dict(source) for value in new})
            if not new:
                continue
        found.append(change.path)
    return found


def _text(table: dict[str, Any]) -> str:
    """The table as JSON, a line a fact."""
    enums = [
        f'    {json.dumps(name)}: {{\n      "values": {{\n{_lines(enum["values"])}\n      }}\n    }}'
        for name, enum in table["enums"].items()
    ]
    models: list[str] = []
    for name, model in table["models"].items():
        head = "".join(f"      {json.dumps(key)}: {_json(value)},\n" for key, value in model.items() if key != "fields")
        models.append(
            f'    {json.dumps(name)}: {{\n{head}      "fields": {{\n{_lines(model["fields"])}\n      }}\n    }}'
        )
    return (
        f'{{\n  "grades": {_json(table["grades"])},\n  "enums": {{\n' + ",\n".join(enums) + "\n  },\n"
        '  "models": {\n' + ",\n".join(models) + "\n  }\n}\n"
    )


def _lines(entries: dict[str, Any]) -> str:
    return ",\n".join(f"        {json.dumps(key)}: {_json(value)}" for key, value in entries.items())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
