"""The subcommands `import` and `diff` of `python -m codegen`."""

from __future__ import annotations

import argparse
import functools
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import schema_build
from ..document import SchemaError
from ..output import DEFAULT_VERSION, SCHEMA, documents, generate, write
from .applying import apply
from .changes import Comparison
from .comparing import compare
from .fact_table import TABLES, read_table
from .markdown import render
from .neutral import Specification, SpecificationError
from .normalising import load
from .page import render_page
from .sources import Sources, boundary_of, following_version
from .typespec import MARK, PLACEHOLDERS, emit
from .typespec_names import declared
from .typespec_writing import Writer
from .verifying import unlike

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
        "--against",
        default="",
        metavar="VERSION",
        help=f"the schema's version to compare with, or a file; unless given, {DEFAULT_VERSION}, and with --apply what "
        "the version before was published with",
    )
    importing.add_argument("--format", choices=("markdown", "json", "both"), default="markdown")
    importing.add_argument("--emit", type=Path, metavar="OUT.tsp", help="write the TypeSpec for what is new")
    importing.add_argument(
        "--version-name",
        default="",
        metavar="NAME",
        help="the API version that brings it, for @added, with --emit; with --apply, unless given, the document's own",
    )
    importing.add_argument(
        "--apply",
        action="store_true",
        help="put what is new into the sources of the schema, write the version's fact table, compile and generate",
    )
    importing.add_argument(
        "--proposed",
        action="store_true",
        help="with --apply: the version is a proposal, not known to be served",
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
    if options.version_name and not options.emit and not options.apply:
        raise SpecificationError("--version-name goes with --emit or --apply")
    after = load(options.file)
    if options.apply:
        return _apply(after, options)
    if options.proposed:
        raise SpecificationError("--proposed goes with --apply")
    comparison = compare(_version_or_file(options.against or DEFAULT_VERSION), after)
    _print(comparison, options.format)
    if options.emit:
        _emit(comparison, options.emit, options.version_name)
    return DIFFERENT if comparison.changes else SAME


def _apply(after: Specification, options: argparse.Namespace) -> int:
    """Make the document a version of the schema, up to the generated code."""
    version = after.version = options.version_name or after.version
    known = [path.stem for path in documents()]
    if not re.fullmatch(r"\d{4}-\d\d-\d\d(-\w+)?|v\d+@[\w.-]+", version):
        raise SpecificationError(
            f"{version or 'the document'}: is neither a dated API version nor a state of one that is changed in place, "
            "such as v1@2026-11; name it with --version-name"
        )
    if version in known:
        raise SpecificationError(f"{version}: the schema has this version already")
    preceding, following = following_version(known, version)
    table = TABLES / f"{preceding}.json"
    before = _version_or_file(options.against or (str(table) if table.exists() else preceding))
    writer = Writer(compare(before, after), declared(SCHEMA), version, boundary_of(known, version))
    _print(writer.comparison, options.format)
    versions = {path.stem: _version(path) for path in documents()}
    emitted = emit(writer, list(versions.values()))
    around = (versions.get(preceding), versions.get(following))
    sources = Sources.read(SCHEMA)
    if options.proposed:
        sources.propose(version)
    applied = apply(writer, emitted, around, TABLES, sources)
    print(f"codegen: changed {', '.join(applied.files)}; {PLACEHOLDERS}", file=sys.stderr)
    if schema_build.main([]):
        return WRONG
    _say_left([*applied.notes, *unlike(version, preceding, TABLES)])
    touched = write(generate())
    print(f"codegen: {len(touched)} generated files changed", file=sys.stderr)
    return DIFFERENT if writer.comparison.changes else SAME


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
    since = boundary_of([path.stem for path in documents()], version) if version else None
    emitted = emit(Writer(comparison, declared(SCHEMA), version, since), others)
    if not emitted.text:
        print("codegen: there is nothing new to write as TypeSpec", file=sys.stderr)
    else:
        _write(path, emitted.text)
        print(f"codegen: {PLACEHOLDERS}", file=sys.stderr)
    _say_left(emitted.notes)


def _say_left(notes: Sequence[str]) -> None:
    if notes:
        print("codegen: left to be done by hand:", file=sys.stderr)
    for note in notes:
        print(f"codegen: - {note}", file=sys.stderr)


def _version_or_file(name: str) -> Specification:
    known = {path.stem: path for path in documents()}
    if name in known:
        return _version(known[name])
    if Path(name).resolve().parent == TABLES:
        return read_table(Path(name))
    if Path(name).exists():
        return load(Path(name))
    raise SpecificationError(f"{name}: is neither a file nor a version of the schema, which are {', '.join(known)}")


def _version(path: Path) -> Specification:
    return _read(path, path.stat().st_mtime_ns)


@functools.cache
def _read(path: Path, changed: int) -> Specification:
    """Return a version's document, which is read again only when it has changed: several steps ask for the same."""
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
