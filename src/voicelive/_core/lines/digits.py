"""Keys that the caller presses, put together to what was meant: a number of an account, a choice."""

import math

__all__ = ["DigitCollector", "key_message", "key_messages"]


def key_message(digits: str) -> str:
    """Return what the model is told of keys that belong together."""
    return f"The caller pressed {digits} on the telephone's keys."


def key_messages(keys: str) -> list[str]:
    """Return what the model is told of keys that are pressed one right after the other."""
    collector = DigitCollector()
    together = [collector.press(key, 0.0) for key in keys] + [collector.tick(math.inf)]
    return [key_message(digits) for digits in together if digits]


class DigitCollector:
    """Collects keys until ``#`` or a pause ends them. Times are in seconds, of any one clock."""

    def __init__(self, *, pause: float = 2.0, most: int = 32) -> None:
        self._pause = pause
        self._most = most
        self._digits = ""
        self._until = 0.0

    def press(self, digit: str, now: float) -> str | None:
        """Take a key; return all that belong together if this one ends them. A ``#`` alone stands for itself."""
        if digit != "#":
            self._digits += digit
            self._until = now + self._pause
            return self._take() if len(self._digits) >= self._most else None
        return self._take() or "#"

    def tick(self, now: float) -> str | None:
        """Return what was pressed if a pause has ended it."""
        return self._take() if self._digits and now >= self._until else None

    def _take(self) -> str | None:
        digits, self._digits = self._digits, ""
        return digits or None
