"""Makes `params.py`: what a mapping in place of a model may hold, for type checkers and editors."""

from __future__ import annotations

import json
import re

from .document import Contract
from .signatures import PARAM, input_type, or_none
from .texts import docstring, field_text

__all__ = ["make_params", "param_names"]


def param_names(contract: Contract) -> list[str]:
    """Return the names that :func:`make_params` defines, sorted."""
    return sorted(f"{name}{PARAM}" for name in contract.sent)


def make_params(contract: Contract) -> str:
    """Return the source of a ``TypedDict`` for each model that can be sent, and of a union for each base of models.

    A definition comes after what it holds, so that the module can be read from top to bottom.
    """
    done: dict[str, str] = {}
    for name in sorted(contract.sent):
        _define(contract, name, done)
    return "\n\n\n".join(done.values()) + "\n"


def _define(contract: Contract, name: str, done: dict[str, str]) -> None:
    if name in done:
        return
    model = contract.models[name]
    if model.children:
        leaves = contract.leaves(name)
        text = f"{name}{PARAM} = {' | '.join(leaf + PARAM for leaf in leaves)}"
        needed = set(leaves)
    else:
        text = _typed_dict(contract, name)
        needed = {word.removesuffix(PARAM) for word in re.findall(rf"\w+{PARAM}\b", text)}
    for other in sorted((needed & contract.sent) - {name}):
        _define(contract, other, done)
    done[name] = text


def _typed_dict(contract: Contract, name: str) -> str:
    tags = contract.tags(name)
    text = f"A mapping in place of :class:`~voicelive.models.{name}`.\n\n{contract.models[name].description}"
    lines = [
        f"class {name}{PARAM}(TypedDict, total=False):",
        f"    {docstring(text)}",
        "",
    ]
    for prop in contract.fields(name).values():
        if prop.name in tags:
            kind = f"Required[Literal[{json.dumps(tags[prop.name])}]]"
        else:
            kind = input_type(contract, prop.schema)
            kind = f"Required[{kind}]" if prop.required else or_none(kind)
        lines.append(f"    {prop.name}: {kind}")
        if text := field_text(prop):
            lines.append(f"    {docstring(text)}")
    return "\n".join(lines)
