"""Shows what `voicelive doctor --code` finds in programs, and changes them where that was asked for."""

from __future__ import annotations

import json
import tokenize
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from ..failures import CommandError
from .code import Place, examine_code, fixed

__all__ = ["report_code"]


def report_code(paths: Sequence[Path], *, fix: bool, as_json: bool) -> int:
    """Examine programs and write what is found; return the exit code: 0 if nothing has to change, 1 otherwise.

    Args:
        paths: the files.
        fix: change in the files what is certain; what is left is what is written.
        as_json: write it as JSON.
    """
    found: dict[str, list[Place]] = {}
    for path in paths:
        source, encoding = _read(path)
        places = _examined(source, path)
        if fix and any(place.edits for place in places):
            changed = fixed(source, places)
            path.write_text(changed, encoding=encoding, newline="")
            typer.echo(f"{path}: changed {sum(bool(place.edits) for place in places)} places", err=True)
            places = _examined(changed, path)
        found[str(path)] = places
    _show(found, as_json=as_json)
    return 1 if any(found.values()) else 0


def _show(found: dict[str, list[Place]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({name: [asdict(place) for place in places] for name, places in found.items()}, indent=2))
        return
    for name, places in found.items():
        for place in places:
            typer.echo(f"{name}:{place.line}:{place.column}: {place.message}")
        if not places:
            typer.echo(f"{name}: nothing has to change")


def _examined(source: str, path: Path) -> list[Place]:
    try:
        return examine_code(source, str(path))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise CommandError(f"{path} is not a Python program: {error}") from None


def _read(path: Path) -> tuple[str, str]:
    try:
        with path.open("rb") as file:
            encoding, _ = tokenize.detect_encoding(file.readline)
        return path.read_bytes().decode(encoding), encoding
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
