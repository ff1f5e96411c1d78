"""The ids of one run in the place of those of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Renaming"]


class Renaming:
    """Learns which id of one run is which of another, from events that say the same in both."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def learn(self, recorded: Any, found: Any) -> None:
        """Take an event of either run."""
        if isinstance(recorded, Mapping) and isinstance(found, Mapping):
            for name in recorded.keys() & found.keys():
                one, other = recorded[name], found[name]
                if not isinstance(one, str) or not isinstance(other, str):
                    self.learn(one, other)
                elif one != other and (name == "id" or name.endswith("_id")):
                    self._ids[one] = other
        elif isinstance(recorded, list) and isinstance(found, list):
            for one, other in zip(recorded, found, strict=False):
                self.learn(one, other)

    def rename(self, value: Any) -> Any:
        """Return a value of the recorded run with the ids of the other."""
        if not self._ids:
            return value
        if isinstance(value, str):
            return self._ids.get(value, value)
        if isinstance(value, dict):
            return {name: self.rename(each) for name, each in value.items()}
        return [self.rename(each) for each in value] if isinstance(value, list) else value
