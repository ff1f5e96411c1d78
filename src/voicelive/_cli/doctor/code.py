"""Finds in a program written for azure-ai-voicelive what has to change, and what of it can be changed by itself."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from inspect import signature

from ... import aio, models
from .code_telemetry import INSTRUMENTOR, is_instrumentation, telemetry_argument

__all__ = ["Edit", "Place", "examine_code", "fixed"]

THERE = "azure.ai.voicelive"
_HERE = "voicelive"
_TELEMETRY = f"{THERE}.telemetry"
_MODULES = {THERE: _HERE, f"{THERE}.aio": "voicelive.aio", f"{THERE}.models": "voicelive.models"}
_MODULES[f"{THERE}._types"] = "voicelive.models"
_AUDIO_EVENTS = ("ServerEventResponseAudioDelta",)
_AUDIO_TYPES = ("RESPONSE_AUDIO_DELTA", "response.audio.delta")
_RENAMED = {("AvatarConfig", "avatar_type"): "type"}


@dataclass(frozen=True)
class Edit:
    """A replacement within one line: columns are counted in characters, from 0."""

    line: int
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Place:
    """One place to change.

    Attributes:
        line: the line, from 1.
        column: the column, from 1.
        message: what is there, and what to do.
        edits: the change, where it is certain.
    """

    line: int
    column: int
    message: str
    edits: tuple[Edit, ...] = ()


def examine_code(source: str, name: str = "<code>") -> list[Place]:
    """Return the places of a program that have to change, in order; raises :class:`SyntaxError` if it is not Python."""
    tree = ast.parse(source, name)
    examination = _Examination(source.splitlines(), telemetry_argument(tree))
    examination.visit(tree)
    return sorted(set(examination.places), key=lambda place: (place.line, place.column, place.message))


def fixed(source: str, places: Iterable[Place]) -> str:
    """Return the program with every change that is certain."""
    lines = source.splitlines(keepends=True)
    edits = {edit for place in places for edit in place.edits}
    for edit in sorted(edits, key=lambda edit: (edit.line, edit.start), reverse=True):
        line = lines[edit.line - 1]
        lines[edit.line - 1] = line[: edit.start] + edit.text + line[edit.end :]
    return "".join(lines)


class _Examination(ast.NodeVisitor):
    """Walks a program; knows in which branch it is, and what its names were imported as."""

    def __init__(self, lines: list[str], telemetry: str | None) -> None:
        self.lines = lines
        self._telemetry = telemetry
        self.places: list[Place] = []
        self._imported: dict[str, str] = {}
        # Of the branches around a place: whether its event is one with audio; None where nothing says so.
        self._branches: list[bool | None] = []
        self._decoding = 0

    # Imports.

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level or not _is_there(module):
            return
        if module == _TELEMETRY and self._telemetry and [alias.name for alias in node.names] == [INSTRUMENTOR]:
            edits = self._replaced(node.lineno, module, "voicelive.telemetry")
            edits += self._replaced(node.lineno, INSTRUMENTOR, "Telemetry")
            self._say(node, f"import Telemetry from voicelive.telemetry instead of {INSTRUMENTOR} from {module}", edits)
            return
        if module not in _MODULES:
            self._say(node, f"{module} has no counterpart here: {_without(module)}")
            return
        target = _MODULES[module]
        known = models if target == "voicelive.models" else aio
        edits = self._replaced(node.lineno, module, target)
        self._say(node, f"import from {target} instead of {module}", edits)
        for alias in node.names:
            self._imported[alias.asname or alias.name] = alias.name
            if alias.name != "*" and not hasattr(known, alias.name):
                self._say(alias, f"{alias.name} is not in {target}{_near(alias.name, known.__all__)}")

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if not _is_there(alias.name):
                continue
            target = _MODULES.get(alias.name)
            if target is None:
                self._say(alias, f"{alias.name} has no counterpart here: {_without(alias.name)}")
                continue
            edits = self._replaced(alias.lineno, alias.name, target) if alias.asname else ()
            hint = "" if alias.asname else f", and change every {alias.name}.… below"
            self._say(alias, f"import {target} instead of {alias.name}{hint}", edits)

    # The audio of answers.

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._within(_says_audio(node.test), node.body)
        for entry in node.orelse:
            self.visit(entry)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        for case in node.cases:
            self._within(_says_audio(case.pattern), case.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        annotations = [argument.annotation for argument in node.args.args if argument.annotation is not None]
        told = [found for one in annotations if (found := _says_audio(one)) is not None]
        outside, self._branches = self._branches, []
        self._within(told[0] if told else None, node.body)
        self._branches = outside

    def _within(self, audio: bool | None, body: list[ast.stmt]) -> None:
        self._branches.append(audio)
        for entry in body:
            self.visit(entry)
        self._branches.pop()

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr == "delta" and isinstance(node.ctx, ast.Load) and not self._decoding:
            self._delta(node, node.end_lineno or node.lineno, (node.end_col_offset or 0) - len("delta"))
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if (
            isinstance(node.slice, ast.Constant)
            and node.slice.value == "delta"
            and self._audio()
            and not self._decoding
        ):
            self._say(node, 'the audio in ["delta"] is base64 text here: use .delta_bytes of the event')
        self.generic_visit(node)

    def _delta(self, node: ast.Attribute, line: int, column: int) -> None:
        audio = self._audio()
        if audio is False:
            return
        start = len(self.lines[line - 1].encode()[:column].decode())
        if audio:
            edits = (Edit(line, start, start + len("delta"), "delta_bytes"),)
            message = "the audio in .delta is base64 text here, which plays as noise or not at all: use .delta_bytes"
            self._say(node, message, edits, column=start + 1)
        else:
            message = "if this .delta is audio, it is base64 text here: use .delta_bytes; of text events it is the same"
            self._say(node, message, column=start + 1)

    def _audio(self) -> bool | None:
        """What the nearest branch that says so says of the event."""
        return next((found for found in reversed(self._branches) if found is not None), None)

    # Calls.

    def visit_Expr(self, node: ast.Expr) -> None:
        if self._telemetry and is_instrumentation(node.value):
            start, end = (self._column(node.lineno, offset) for offset in (node.col_offset, node.end_col_offset or 0))
            edits = (Edit(node.lineno, start, end, "pass  # connect() is given its telemetry"),)
            message = f"nothing is instrumented here: give connect() {self._telemetry}"
            self._say(node, message, edits if node.lineno == node.end_lineno else ())
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        original = self._imported.get(called, called)
        if original in self._imported.values():
            self._keywords(node, original)
        decodes = called in ("b64decode", "standard_b64decode")
        self._decoding += decodes
        self.generic_visit(node)
        self._decoding -= decodes

    def _keywords(self, node: ast.Call, name: str) -> None:
        if name == "connect":
            if self._telemetry and node.keywords:
                first = node.keywords[0]
                start = self._column(first.lineno, first.col_offset)
                edit = Edit(first.lineno, start, start, f"{self._telemetry}, ")
                self._say(node, f"in place of the instrumentation: {self._telemetry}", (edit,))
            known = set(signature(aio.connect).parameters)
        else:
            # Only models have them; enums and unions are called as well.
            known = set(getattr(getattr(models, name, None), "model_fields", ()))
        if not known:
            return
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in known:
                continue
            renamed = _RENAMED.get((name, keyword.arg))
            if renamed is not None:
                line, start = keyword.lineno, self._column(keyword.lineno, keyword.col_offset)
                edit = Edit(line, start, start + len(keyword.arg), renamed)
                self._say(keyword, f"{keyword.arg} of {name} is called {renamed} here", (edit,))
            else:
                self._say(keyword, f"{name} has no {keyword.arg}{_near(keyword.arg, known)}")

    def _column(self, line: int, offset: int) -> int:
        return len(self.lines[line - 1].encode()[:offset].decode())

    def _replaced(self, line: int, old: str, new: str) -> tuple[Edit, ...]:
        start = self.lines[line - 1].find(old)
        return (Edit(line, start, start + len(old), new),) if start >= 0 else ()

    def _say(
        self,
        node: ast.stmt | ast.expr | ast.alias | ast.keyword,
        message: str,
        edits: tuple[Edit, ...] = (),
        column: int = 0,
    ) -> None:
        at = column or self._column(node.lineno, node.col_offset) + 1
        self.places.append(Place(node.lineno, at, message, edits))


def _is_there(module: str) -> bool:
    return module == THERE or module.startswith(f"{THERE}.")


def _without(module: str) -> str:
    if module.endswith(".telemetry"):
        return "give connect() a telemetry=voicelive.telemetry.Telemetry(conventions='azure') in its place"
    return f"see which part of {_HERE} does the same"


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _says_audio(node: ast.AST) -> bool | None:
    """Whether a condition, pattern or annotation is about an event with audio: None if it is about no kind of event."""
    found = list(_events_in(node))
    return any(found) if found else None


def _events_in(node: ast.AST) -> Iterator[bool]:
    for part in ast.walk(node):
        name = part.attr if isinstance(part, ast.Attribute) else part.id if isinstance(part, ast.Name) else ""
        text = part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
        if name.startswith("ServerEvent") and name not in ("ServerEvent", "ServerEventType"):
            yield name in _AUDIO_EVENTS
        elif name.isupper() and name.endswith(("_DELTA", "_DONE", "_CREATED", "_UPDATED", "_STARTED", "_STOPPED")):
            yield name in _AUDIO_TYPES
        elif "." in text and " " not in text:
            yield text in _AUDIO_TYPES
