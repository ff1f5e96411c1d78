"""What does not fit about one field of an event."""

from dataclasses import dataclass
from typing import Any, Self

from ._public import public_in

__all__ = ["FieldIssue"]


@public_in("voicelive")
@dataclass(frozen=True)
class FieldIssue:
    """One field that did not fit its declared type.

    On a received event (:attr:`Model.issues`) it says what could not be read as declared; on an
    :class:`~voicelive.errors.InvalidEventError` it says which field was refused and why.
    """

    path: str
    """Where the field is, e.g. ``session.turn_detection.threshold`` or ``response.output[0].status``."""
    message: str
    """What is wrong with it."""
    value: object = None
    """The value as it was given."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        import pickle

        # The value may be anything that an application passed by mistake; an error with it must pickle all the same.
        value = self.value
        try:
            pickle.dumps(value)
        except Exception:  # noqa: BLE001 - pickling runs the value's own code
            value = repr(value)
        return FieldIssue, (self.path, self.message, value)

    def __str__(self) -> str:
        shown = repr(self.value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return f"{self.path or '(event)'}: {self.message} (got {shown})"
