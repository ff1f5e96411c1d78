"""The command line `voicelive`. It needs the extra ``cli`` (typer and rich); everything else works without."""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> None:
    """Run the command line with the process's arguments; ends by raising :class:`SystemExit`."""
    missing = [name for name in ("typer", "rich") if find_spec(name) is None]
    if missing:
        print(
            f'voicelive: the command line needs {" and ".join(missing)}: pip install "voicelive[cli]"', file=sys.stderr
        )
        raise SystemExit(2)
    try:
        from .app import run

        run()
    except KeyboardInterrupt:  # while the modules were being loaded
        raise SystemExit(_INTERRUPTED) from None
