"""Packages with engines, as an installer would leave them: a module, and metadata with entry points."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SHOUTING", "install"]

SHOUTING = '''
from voicelive.local.engines import MessageTurn, TextChunk


class Shout:
    """Repeats what the user said, louder."""

    def __init__(self, mark="!"):
        self.mark = mark

    def respond(self, request):
        last = request.conversation[-1]
        yield TextChunk(last.text.upper() + self.mark)


class Deaf:
    def transcribe(self, pcm, rate, language=None, phrases=()):
        from voicelive.local.engines import Transcript
        return Transcript("nothing")


def make_mute():
    return object()
'''


def install(site: Path, name: str, source: str = SHOUTING, **groups: dict[str, str]) -> None:
    """Install a package into a folder; `groups` are its entry points, `__` in a group's name standing for a dot."""
    (site / f"{name}.py").write_text(source, encoding="utf-8")
    info = site / f"{name}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n", encoding="utf-8")
    lines = [
        line
        for group, points in groups.items()
        for line in (
            f"[{group.replace('__', '.')}]",
            *(f"{point} = {name}:{attribute}" for point, attribute in points.items()),
        )
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
