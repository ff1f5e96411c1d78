"""Carries out the steps of `examples/deploy/Dockerfile` in a virtual environment, where no image can be built.

`python tests/telephony/image_steps.py WHEEL`, part of `nox -s deploy`, makes a folder for the image's and an
environment for its Python; copies, installs and sets what the file says; and starts its command: the server has to be
ready, and to end by SIGTERM. What needs an image is left out, and said: the base image, and the user.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "examples" / "deploy" / "Dockerfile"
AGENT = """from voicelive.agents import agent

@agent(model="gpt-4o")
async def reception(connection):
    async for _ in connection:
        pass
"""
SETTINGS = {
    "TWILIO_AUTH_TOKEN": "a-token-for-tests",
    "VOICELIVE_PUBLIC_URL": "https://calls.example.com",
    "AZURE_VOICELIVE_ENDPOINT": "http://127.0.0.1:1",
    "AZURE_VOICELIVE_API_KEY": "a-key-for-tests",
}
READY_S = 120.0


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Yield the instructions of a Dockerfile with their arguments."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", text))
    for line in joined.splitlines():
        if line.strip():
            name, _, arguments = line.partition(" ")
            yield name, arguments.strip()


class Image:
    """What stands for the image: a folder, an environment, variables."""

    def __init__(self, folder: Path, context: Path, arguments: dict[str, str]) -> None:
        self.root = folder / "image"
        self.python = folder / "python"
        self.context = context
        self.arguments = arguments
        self.work = self.root
        self.command: list[str] = []
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "PYTHON"))}
        self.variables = {**kept, "PATH": f"{self.python / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run([sys.executable, "-m", "venv", str(self.python)], check=True)

    def take(self, name: str, arguments: str) -> None:
        """Carry out one instruction."""
        match name:
            case "RUN" if not arguments.startswith("useradd"):
                self._run(arguments)
            case "WORKDIR":
                self.work = self.root / arguments.lstrip("/")
                self.work.mkdir(parents=True)
            case "COPY":
                source, target = [part for part in arguments.split() if not part.startswith("--")]
                shutil.copytree(self.context / source, self._inside(target), dirs_exist_ok=True)
            case "ARG":
                assert arguments in self.arguments, f"the build needs an argument {arguments}"
            case "ENV":
                for one in arguments.split():
                    key, _, value = one.partition("=")
                    self.variables[key] = re.sub(r"\$\{(\w+)\}", lambda found: self.arguments[found[1]], value)
            case "CMD":
                self.command = [part.strip(' "') for part in arguments.strip("[]").split(",")]
            case "FROM" | "USER" | "EXPOSE" | "RUN":
                print(f"left out, because no image is built: {name} {arguments}")
            case _:
                raise SystemExit(f"{name} is an instruction that is not known here: {arguments}")

    def _inside(self, path: str) -> Path:
        return self.root / path.lstrip("/") if path.startswith("/") else self.work / path

    def _run(self, command: str) -> None:
        # Absolute paths are those of the image.
        command = re.sub(r"(?<=\s)/(?=tmp/)", f"{self.root}/", command)
        subprocess.run(["sh", "-euc", command], check=True, cwd=self.work, env=self.variables)


def run(image: Image) -> None:
    """Start the image's command, wait until it takes calls, and end it as a container is ended."""
    with subprocess.Popen(image.command, cwd=image.work, env={**image.variables, **SETTINGS}) as server:
        try:
            deadline = time.monotonic() + READY_S
            while not is_ready():
                assert server.poll() is None, f"the command ended with {server.returncode}"
                assert time.monotonic() < deadline, "the server is not ready"
                time.sleep(0.2)
            server.send_signal(signal.SIGTERM)
            assert server.wait(60) == 0, f"the server ended with {server.returncode}"
        finally:
            server.kill()


def is_ready() -> bool:
    """Return whether the server takes calls."""
    try:
        with urllib.request.urlopen("http://127.0.0.1:8080/readyz", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def main(wheel: Path) -> None:
    """Carry out every step."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        context = folder / "context"
        (context / "wheels").mkdir(parents=True)
        shutil.copy(wheel, context / "wheels")
        (context / "bakery.py").write_text(AGENT, encoding="utf-8")
        image = Image(folder, context, {"AGENT": "bakery:reception"})
        for instruction, arguments in steps(DOCKERFILE.read_text(encoding="utf-8")):
            print(f"{instruction} {arguments}", flush=True)
            image.take(instruction, arguments)
        run(image)
    print("every step was carried out, and the server ran")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
