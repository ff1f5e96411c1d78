"""Turns a module's classes into functions that define them, each when it is first met."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping

__all__ = ["deferred"]


def deferred(source: str, elsewhere: set[str], kinds: Mapping[str, str] | None = None) -> str:
    """Return `source` with each class and alias in a function of its own, as `voicelive._defining` runs them.

    What type checkers and editors read is `source` itself, in a stub beside the module; what is only for them is left
    out here.

    Args:
        source: the classes and aliases, with nothing else.
        elsewhere: names of another module that the classes use.
        kinds: of an alias whose classes are defined when something of their kind is met, what says which are its.
    """
    tree, lines = ast.parse(source), source.splitlines()
    known = elsewhere | {name for name, _ in _named(tree)}
    definitions = (_definition(name, node, lines, known, (kinds or {}).get(name)) for name, node in _named(tree))
    return "\n\n\n".join(definitions) + "\n"


def _named(tree: ast.Module) -> Iterator[tuple[str, ast.ClassDef | ast.Assign]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node


def _definition(
    name: str, node: ast.ClassDef | ast.Assign, lines: list[str], known: set[str], kinds: str | None
) -> str:
    hidden = [part for part in node.body if isinstance(part, ast.If)] if isinstance(node, ast.ClassDef) else []
    skipped = {number for part in hidden for number in range(part.lineno, (part.end_lineno or part.lineno) + 1)}
    numbers = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    text = "\n".join(lines[number - 1] for number in numbers if number not in skipped).rstrip()
    only_hidden = {part for block in hidden for part in ast.walk(block)}
    used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part not in only_hidden}
    needed = sorted(used & known - {name})
    needs = f"    need({', '.join(map(repr, needed))})\n" if needed else ""
    if kinds is not None and isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        union = ast.unparse(node.value.args[1])
        return (
            f"def _define_{name}() -> None:\n    global {name}\n\n    def define() -> Any:\n"
            f"{textwrap.indent(needs, '    ')}        return {union}\n\n"
            f'    {name} = TaggedUnion("{name}", __name__, define, {kinds})'
        )
    # Global, so that the class is the module's own in every respect, as pickles and tracebacks see it.
    return f"def _define_{name}() -> None:\n    global {name}\n{needs}{textwrap.indent(text, '    ')}"
