"""`python -m codegen.schema_build`: format the TypeSpec schema and compile it to OpenAPI documents, or check both.

Needs the dependency group `schema` (Node as a wheel), and the network the first time: `npm ci` fetches the compiler.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from .node import NodeError, find_node, run

__all__ = ["SCHEMA", "compile_documents", "differences", "format_sources", "main", "prepared_node", "record", "write"]

SCHEMA = Path(__file__).resolve().parent.parent / "schema"
RECORD = "sources.json"
VERSIONS = "Versions"
DRAFT = "x-draft"
# Extensions that hold only in the versions they list.
VERSIONED = (DRAFT, "x-preview")
COMPILER = Path("node_modules", "@typespec", "compiler", "cmd", "tsp.js")
# What npm writes last, so its age is that of the whole installation.
INSTALLED = Path("node_modules", ".package-lock.json")
INSTALL_SECONDS = 600
COMPILE_SECONDS = 300


class BuildError(Exception):
    """The schema contradicts itself; the message says where."""


def compile_documents(schema: Path = SCHEMA) -> dict[str, str]:
    """Compile the schema and return the documents, file name to text, one an API version.

    Raises:
        NodeError: if Node is missing, `npm ci` fails, or the compiler finds an error in the schema.
        BuildError: if an extension names a version that there is not.
    """
    node = prepared_node(schema)
    with tempfile.TemporaryDirectory(prefix="voicelive-schema-") as folder:
        command = [str(node), str(schema / COMPILER), "compile", ".", "--output-dir", folder]
        run([*command, "--warn-as-error"], schema, COMPILE_SECONDS)
        return {
            path.name: _normalised(path.read_text(encoding="utf-8")) for path in sorted(Path(folder).glob("*.json"))
        }


def format_sources(schema: Path = SCHEMA, *, check: bool = False) -> None:
    """Format the TypeSpec files in place or, with `check`, only look.

    Raises:
        NodeError: if a file cannot be parsed or, with `check`, is not formatted.
    """
    node = prepared_node(schema)
    options = ["--check"] if check else []
    run([str(node), str(schema / COMPILER), "format", *options, "*.tsp"], schema, COMPILE_SECONDS)


def record(documents: Mapping[str, str], schema: Path = SCHEMA) -> str:
    """Return the text of ``sources.json``: the hashes that tell, without Node, whether the documents are current."""
    sources = {path.name: _digest(path.read_bytes()) for path in sorted(schema.glob("*.tsp"))}
    emitted = {f"openapi/{name}": _digest(text.encode("utf-8")) for name, text in sorted(documents.items())}
    return json.dumps({"sources": sources, "documents": emitted}, indent=2) + "\n"


def write(files: Mapping[str, str], folder: Path) -> list[str]:
    """Write what changed, remove documents that are no longer emitted; return the names touched."""
    folder.mkdir(parents=True, exist_ok=True)
    touched = [name for name, text in files.items() if _read(folder / name) != text]
    for name in touched:
        (folder / name).write_text(files[name], encoding="utf-8", newline="\n")
    for stale in sorted(folder.glob("*.json")):
        if stale.name not in files:
            stale.unlink()
            touched.append(stale.name)
    return touched


def differences(files: Mapping[str, str], folder: Path) -> str:
    """Return a unified diff from the files in `folder` to those given; empty where they agree."""
    present = {path.name for path in folder.glob("*.json")}
    parts: list[str] = []
    for name in sorted(present | set(files)):
        diff = difflib.unified_diff(
            _read(folder / name).splitlines(keepends=True),
            files.get(name, "").splitlines(keepends=True),
            f"schema/openapi/{name} (on disk)",
            f"schema/openapi/{name} (from the schema)",
        )
        parts.append("".join(diff))
    return "".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code: 0 done or current, 1 out of date, 2 the schema is not in order."""
    parser = argparse.ArgumentParser(prog="python -m codegen.schema_build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; print a diff and exit 1 on drift")
    options = parser.parse_args(arguments)
    try:
        format_sources(check=options.check)
        documents = compile_documents()
    except (BuildError, NodeError) as error:
        print(f"schema: {error}", file=sys.stderr)
        return 2
    files = {**documents, RECORD: record(documents)}
    folder = SCHEMA / "openapi"
    if not options.check:
        touched = write(files, folder)
        print(f"schema: {len(touched)} of {len(files)} files changed")
        return 0
    diff = differences(files, folder)
    if diff:
        print(diff)
        print("schema: the documents are out of date; run `python -m codegen.schema_build`")
    return 1 if diff else 0


def prepared_node(schema: Path) -> Path:
    """Return the path of Node, with the compiler installed in `schema`."""
    node, npm = find_node()
    _install(node, npm, schema)
    return node


def _install(node: Path, npm: Path, schema: Path) -> None:
    """Install the compiler as the lock file says, unless that has been done since the lock changed."""
    installed, lock = schema / INSTALLED, schema / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    shutil.rmtree(schema / "node_modules", ignore_errors=True)
    run([str(node), str(npm), "ci", "--no-audit", "--no-fund"], schema, INSTALL_SECONDS)
    # npm may keep the times it unpacked; what counts here is when it finished.
    installed.touch()


def _normalised(text: str) -> str:
    document = json.loads(text)
    # The versions must be declared inside the contract, but are not part of what goes over the wire.
    versions = document["components"]["schemas"].pop(VERSIONS)
    known = {member["const"] for member in versions["oneOf"]}
    version = document["info"]["version"]
    _resolve([versions, document], version, known)
    if DRAFT in versions:
        document["info"][DRAFT] = versions[DRAFT]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _resolve(node: Any, version: str, known: Collection[str]) -> None:
    """Make the versioned extensions true where they list this version, and drop them where they do not."""
    if isinstance(node, list):
        for entry in node:
            _resolve(entry, version, known)
    elif isinstance(node, dict):
        for key in VERSIONED:
            if key in node:
                if not isinstance(node[key], list) or not set(node[key]) <= set(known):
                    raise BuildError(f"{key} is {node[key]!r}; it must list some of the versions {sorted(known)}")
                if version in node[key]:
                    node[key] = True
                else:
                    del node[key]
        for value in node.values():
            _resolve(value, version, known)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
