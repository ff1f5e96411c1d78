"""Fields that models share by an alias: in which versions they are is said once, for all models that spread it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .sources import Boundary, Sources

__all__ = ["SharedFields"]

SPREAD = re.compile(r"^  \.\.\.(\w+)(?:<(.*)>)?;$")
PARAMETER = re.compile(r"^alias \w+<(\w+)")

Places = tuple[bool, bool, bool]
"""Whether the version before, the new one and the one after it have a field."""


@dataclass
class SharedFields:
    """Collects what is to be said of fields in aliases, until it is known that all models agree."""

    sources: Sources
    boundary: Boundary
    asked: dict[tuple[str, str], dict[str, Places]] = field(default_factory=dict)

    def ask(self, owner: str, part: str, places: Places) -> bool:
        """Note where a field of a model is to be; return whether an alias that the model spreads has it."""
        alias = self.alias_of(owner, part)
        if alias:
            self.asked.setdefault((alias, part), {})[owner] = places
        return bool(alias)

    def alias_of(self, owner: str, part: str) -> str:
        """Return the alias that a model has a field from, or nothing."""
        found = (alias for alias, _ in self._spread_by(owner) if self.sources.find(alias, part) is not None)
        return next(found, "")

    def have_earlier(self, owner: str, part: str) -> bool:
        """Let a model that the new version has already have a field with it; return whether anything was to be said."""
        alias = self.alias_of(owner, part)
        if not alias:
            return False
        if self._is_argument(alias, part):
            return self._begin_here(owner, alias)
        if f"  @added(Versions.{self.boundary.following})" in self.sources.decorators(alias, part):
            return self.ask(owner, part, (False, True, True))
        return False

    def settle(self, matters: Callable[[str], bool]) -> list[str]:
        """Say it in the sources; return what cannot be said there, as its models differ.

        Args:
            matters: returns whether the version before or the new one has a model.
        """
        left: list[str] = []
        for (alias, part), owners in self.asked.items():
            left += self._settle(alias, part, owners, matters)
        return left

    def _settle(self, alias: str, part: str, owners: dict[str, Places], matters: Callable[[str], bool]) -> list[str]:
        if self._is_argument(alias, part):
            return [
                self._differs(alias, part, owner)
                for owner, places in owners.items()
                if places != (False, True, True) or not self._begin_here(owner, alias)
            ]
        places = set(owners.values())
        others = [user for user in self._users(alias) if user not in owners and matters(user)]
        if len(places) > 1 or others:
            return [self._differs(alias, part, owner) for owner in owners]
        before, here, after = places.pop()
        self.sources.place(alias, part, self.boundary, before=before, here=here, after=after)
        return []

    def _differs(self, alias: str, part: str, owner: str) -> str:
        return f"field {owner}.{part} comes from the alias {alias}, whose other models have it in other versions"

    def _is_argument(self, alias: str, part: str) -> bool:
        """Whether the version that brought a field is a parameter of the alias."""
        found = self.sources.find(alias, "")
        parameter = PARAMETER.match(self.sources.lines[found[0]][found[1]]) if found else None
        return parameter is not None and f"  @added({parameter[1]})" in self.sources.decorators(alias, part)

    def _begin_here(self, owner: str, alias: str) -> bool:
        """Let a model have the fields that came with the version after the new one with the new one already."""
        following, version = (f"<Versions.{name}>" for name in (self.boundary.following, self.boundary.version))
        name, first, last = self.sources.span(owner) or ("", 0, 0)
        for index in range(first, last):
            line = self.sources.lines[name][index]
            match = SPREAD.match(line)
            if match and match[1] == alias:
                if following in line:
                    self.sources.lines[name][index] = line.replace(following, version)
                    self.sources.changed.add(name)
                return version in self.sources.lines[name][index]
        return False

    def _spread_by(self, owner: str) -> list[tuple[str, str]]:
        name, first, last = self.sources.span(owner) or ("", 0, 0)
        lines = self.sources.lines[name][first:last] if name else []
        return [(match[1], match[2] or "") for line in lines if (match := SPREAD.match(line))]

    def _users(self, alias: str) -> list[str]:
        return [owner for owner in self.sources.declared() if alias in dict(self._spread_by(owner))]
