"""The subcommands `import` and `diff` of `python -m codegen`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ..document import SchemaError
from ..output import DEFAULT_VERSION, SCHEMA, documents
from .changes import Comparison
from .comparing import compare
from .markdown import render
from .neutral import Specification, SpecificationError
from .normalising import load
from .page import render_page
from .typespec import MARK, PLACEHOLDERS, emit
from .typespec_names import declared

__all__ = ["COMMANDS", "run"]

SAME, DIFFERENT, WRONG = 0, 1, 2
COMMANDS = ("import", "diff")


def run(arguments: Sequence[str]) -> int:
    """Run a subcommand; return the exit code: 0 no difference, 1 differences, 2 bad input.

    Args:
        arguments: the command line, beginning with one of :data:`COMMANDS`.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except SchemaError as error:
        print(f"codegen: {error}", file=sys.stderr)
        return WRONG
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    commands = parser.add_subparsers(required=True)
    importing = commands.add_parser(
        "import",
        help="compare a service specification with the schema",
        description="Print what a service specification (OpenAPI 3.1 or 3.0, Swagger 2.0; JSON or YAML) adds, removes, "
        "renames and retypes against the schema. Exit code 0 if nothing, 1 if anything, 2 for bad input.",
    )
    importing.add_argument("file", type=Path, help="the specification")
    importing.add_argument(
        "--against", default=DEFAULT_VERSION, metavar="VERSION", help="the schema's version to compare with"
    )
    importing.add_argument("--format", choices=("markdown", "json", "both"), default="markdown")
    importing.add_argument("--emit", type=Path, metavar="OUT.tsp", help="write the TypeSpec for what is new")
    importing.add_argument(
        "--version-name", default="", metavar="NAME", help="the API version that brings it, for @added, with --emit"
    )
    importing.set_defaults(run=_import)
    diff = commands.add_parser(
        "diff",
        help="compare two API versions, or write the page of all versions",
        description="Print what the API version B adds, removes, renames and retypes against A. Both are versions of "
        "the schema or files. Exit code 0 if nothing, 1 if anything, 2 for bad input.",
    )
    diff.add_argument("versions", nargs="*", metavar="A B", help="two versions or files")
    diff.add_argument("--format", choices=("markdown", "json", "both"), default="markdown")
    diff.add_argument("--page", type=Path, metavar="OUT.md", help="write the documentation page of all API versions")
    diff.set_defaults(run=_diff)
    return parser


def _import(options: argparse.Namespace) -> int:
    if options.version_name and not options.emit:
        raise SpecificationError("--version-name goes with --emit")
    before = _version_or_file(options.against)
    after = load(options.file)
    comparison = compare(before, after)
    _print(comparison, options.format)
    if options.emit:
        _emit(comparison, options.emit, options.version_name)
    return DIFFERENT if comparison.changes else SAME


def _diff(options: argparse.Namespace) -> int:
    if len(options.versions) != 2 and (options.versions or not options.page):
        raise SpecificationError("diff compares two versions: give A and B, or --page OUT.md alone")
    code = SAME
    if options.versions:
        comparison = compare(*(_version_or_file(name) for name in options.versions))
        _print(comparison, options.format)
        code = DIFFERENT if comparison.changes else SAME
    if options.page:
        _write(options.page, render_page([_version(path) for path in documents()], DEFAULT_VERSION))
    return code


def _print(comparison: Comparison, form: str) -> None:
    text = json.dumps(comparison.as_json(), indent=2, ensure_ascii=False)
    if form == "json":
        print(text)
        return
    print(render(comparison), end="")
    if form == "both":
        print(f"\n```json\n{text}\n```")


def _emit(comparison: Comparison, path: Path, version: str) -> None:
    if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(MARK):
        raise SpecificationError(f"{path}: is there already and was not written by --emit; choose another name")
    compared = (comparison.before.source, comparison.after.source)
    others = [other for other in map(_version, documents()) if other.source not in compared]
    emitted = emit(comparison, declared(SCHEMA), version, others)
    if not emitted.text:
        print("codegen: there is nothing new to write as TypeSpec", file=sys.stderr)
    else:
        _write(path, emitted.text)
        print(f"codegen: {PLACEHOLDERS}", file=sys.stderr)
    if emitted.notes:
        print("codegen: left to be done by hand:", file=sys.stderr)
    for note in emitted.notes:
        print(f"codegen: - {note}", file=sys.stderr)


def _version_or_file(name: str) -> Specification:
    known = {path.stem: path for path in documents()}
    if name in known:
        return _version(known[name])
    if Path(name).exists():
        return load(Path(name))
    raise SpecificationError(f"{name}: is neither a file nor a version of the schema, which are {', '.join(known)}")


def _version(path: Path) -> Specification:
    specification = load(path)
    # The place within the project, the same wherever it is checked out.
    specification.source = path.relative_to(SCHEMA.parent).as_posix()
    return specification


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise SpecificationError(f"{path}: cannot be written: {error.strerror}") from None
    print(f"codegen: wrote {path}", file=sys.stderr)
