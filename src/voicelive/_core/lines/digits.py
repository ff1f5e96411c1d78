"""Keys that the caller presses, put together to what was meant: a number of an account, a choice."""

__all__ = ["DigitCollector"]


class DigitCollector:
    """Collects keys until ``#`` or a pause ends them. Times are in seconds, of any one clock."""

    def __init__(self, *, pause: float = 2.0, most: int = 32) -> None:
        self._pause = pause
        self._most = most
        self._digits = ""
        self._until = 0.0

    def press(self, digit: str, now: float) -> str | None:
        """Take a key; return all that belong together if this one ends them."""
        if digit != "#":
            self._digits += digit
            self._until = now + self._pause
            return self._take() if len(self._digits) >= self._most else None
        return self._take()

    def tick(self, now: float) -> str | None:
        """Return what was pressed if a pause has ended it."""
        return self._take() if self._digits and now >= self._until else None

    def _take(self) -> str | None:
        digits, self._digits = self._digits, ""
        return digits or None
