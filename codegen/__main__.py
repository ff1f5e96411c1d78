"""`python -m codegen`: generate the code that follows from the schema, or check that nothing has drifted.

`python -m codegen import FILE` compares a service specification with the schema, `python -m codegen diff A B` two
versions of it; each has its own `--help`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import schema_build
from .document import SchemaError
from .importing.additions import note_additions
from .importing.command import COMMANDS, run
from .output import TARGET, differences, generate, placeholders, schema_problems, unproven, write


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return the exit code: 0 done or clean, 1 drifted, 2 the schema is wrong."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in COMMANDS:
        return run(arguments)
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; print a diff and exit 1 on drift")
    parser.add_argument(
        "--compile", action="store_true", help="compile the TypeSpec first, and note what no source of facts has yet"
    )
    parser.add_argument("--release", action="store_true", help="name the descriptions that are not written yet")
    parser.add_argument("--document", type=Path, help="an OpenAPI document to use instead of the schema's own")
    parser.add_argument("--target", type=Path, default=TARGET, help="the folder to write to")
    options = parser.parse_args(arguments)
    if options.release:
        return _release()
    if options.compile:
        if code := schema_build.main([]):
            return code
        for path in note_additions():
            print(f"codegen: {path} is in no source of facts: say in documented.json where it is from")
    try:
        files = generate(options.document)
    except SchemaError as error:
        print(f"codegen: {error}", file=sys.stderr)
        return 2
    if not options.check:
        touched = write(files, options.target)
        print(f"codegen: {len(touched)} of {len(files)} files changed")
        return 0
    problems = [] if options.document else schema_problems()
    diff = differences(files, options.target)
    for problem in problems:
        print(f"codegen: {problem}; run `nox -s schema`")
    if diff:
        print(diff)
        print("codegen: the generated code has drifted; run `nox -s codegen`")
    return 1 if problems or diff else 0


def _release() -> int:
    """Name the places that are not fit for a release; return the exit code."""
    left = placeholders()
    for place in left:
        print(f"codegen: {place}: the description is a placeholder; write it, with unit and range")
    facts = unproven()
    for place in facts:
        print(f"codegen: {place}: write the grade and the evidence")
    return 1 if left or facts else 0


if __name__ == "__main__":
    sys.exit(main())
