"""Makes `descriptions.py`: what there is to say of each field, for whoever asks when a program runs."""

from __future__ import annotations

import json

from .document import Contract
from .texts import field_text

__all__ = ["make_descriptions"]


def make_descriptions(contract: Contract) -> str:
    """Return the source of a table from class and field to text; a class has its own fields, not inherited ones."""
    lines = ["DESCRIPTIONS: dict[str, dict[str, str]] = {"]
    for name, model in contract.models.items():
        texts = {prop.name: text for prop in model.own.values() if (text := field_text(prop))}
        if texts:
            entries = (f"        {json.dumps(key)}: {json.dumps(text)}," for key, text in texts.items())
            lines += [f"    {json.dumps(name)}: {{", *entries, "    },"]
    return "\n".join([*lines, "}", '"""The fields of each model, by its name, and their descriptions."""', ""])
