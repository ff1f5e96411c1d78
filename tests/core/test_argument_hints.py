"""Unknown keyword arguments."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive._core.argument_hints import suggest_keywords


@suggest_keywords
def greet(*, name: str, loudly: bool = False) -> str:
    return name.upper() if loudly else name


def test_the_nearest_keyword_is_named() -> None:
    """A misspelt keyword names the nearest; one far from all names all; the right ones work as before."""
    call: Any = greet
    with pytest.raises(TypeError, match=r"greet\(\) has no argument 'loudy': did you mean 'loudly'\?"):
        call(name="a", loudy=True)
    with pytest.raises(TypeError, match="it takes name, loudly"):
        call(xyz=1)
    assert call(name="a", loudly=True) == "A"
