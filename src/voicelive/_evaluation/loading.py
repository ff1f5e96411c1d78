"""Scenarios from files of YAML, and what is wrong with those that are not."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from .._public import public_in
from ..errors import ConfigurationError
from .scenario import EXPECTATIONS, STEPS, Heard, Keys, Line, Play, Said, Say, Scenario, Silence, ToolCalled, WaitFor

__all__ = ["load_scenarios", "standard_set"]

_MOST_BYTES = 4 * 1024 * 1024


@public_in("voicelive.evaluation")
def load_scenarios(path: str | Path, *, refused: list[ConfigurationError] | None = None) -> list[Scenario]:
    """Read the scenarios of a YAML file, or of every ``*.yaml`` and ``*.yml`` below a folder, in order of their names.

    A file holds one scenario, or a list, or several documents. A scenario without a `name` gets that of its file.

    Args:
        path: the file or the folder.
        refused: takes an error for each file and each scenario that cannot be used; the others are returned. Left out:
            they are raised.

    Raises:
        ConfigurationError: if a file cannot be read, is not YAML, or holds something that is not a scenario, such as a
            misspelt key; if a recording is missing; or if two scenarios have one name. Says which file and where. With
            `refused`, only if there are no scenarios at all.
    """
    root = Path(path)
    files = sorted((*root.rglob("*.yaml"), *root.rglob("*.yml"))) if root.is_dir() else [root]
    names: dict[str, Path] = {}
    scenarios: list[Scenario] = []
    errors: list[ConfigurationError] = []
    for file in files:
        for found in _read(file):
            if isinstance(found, ConfigurationError):
                errors.append(found)
            elif found.name in names:
                where = names[found.name]
                errors.append(
                    ConfigurationError(f"{file}: the scenario {found.name!r} is in {where} too: give each its own name")
                )
            else:
                names[found.name] = file
                scenarios.append(found)
    if errors and refused is None:
        raise ConfigurationError("; ".join(map(str, errors)))
    if not scenarios and not errors:
        raise ConfigurationError(f"{root} holds no scenarios: give a YAML file, or a folder with some")
    if refused is not None:
        refused += errors
    return scenarios


@public_in("voicelive.evaluation")
def standard_set() -> list[Scenario]:
    """Return the 30 scenarios that come with the package, with recordings: for an assistant with one tool.

    The tool is ``get_weather(location)``, as of :func:`assistant`. Beside the weather it is asked for the time and for
    facts, in several voices and paces, with noise, losses and interruptions.
    """
    return load_scenarios(Path(__file__).with_name("standard"))


def _read(file: Path) -> Iterator[Scenario | ConfigurationError]:
    """Yield each scenario, or what is wrong with it."""
    try:
        entries = _entries(file)
    except ConfigurationError as error:
        yield error
        return
    for number, entry in enumerate(entries, 1):
        if entry is None:
            continue
        try:
            yield _scenario(file, number if len(entries) > 1 else None, entry)
        except ConfigurationError as error:
            yield error


def _entries(file: Path) -> list[Any]:
    try:
        import yaml
    except ImportError:
        raise ConfigurationError('scenarios in YAML need PyYAML: pip install "voicelive[evaluation]"') from None
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigurationError(f"{file} is larger than {_MOST_BYTES} bytes, and so not a file of scenarios")
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{file} is not YAML: {error}") from None
    return [entry for document in documents for entry in (document if isinstance(document, list) else [document])]


def _scenario(file: Path, number: int | None, entry: Any) -> Scenario:
    where = str(file) if number is None else f"{file}, scenario {number}"
    if not isinstance(entry, dict):
        raise ConfigurationError(f"{where}: {entry!r} is not a scenario: it takes keys such as name, caller, expect")
    if isinstance(entry.get("name"), str):
        where += f" ({entry['name']})"
    named = entry if "name" in entry or number is not None else {"name": file.stem, **entry}
    try:
        scenario = Scenario.model_validate(named)
    except ValidationError as error:
        raise ConfigurationError(f"{where}: {_explained(error)}") from None
    return scenario.model_copy(update={"caller": [_located(where, file, step) for step in scenario.caller]})


def _located(where: str, file: Path, step: Any) -> Any:
    if not isinstance(step, Play):
        return step
    recording = file.parent / step.play
    if not recording.is_file():
        raise ConfigurationError(f"{where}: the recording {recording} does not exist")
    return step.model_copy(update={"play": str(recording)})


def _explained(error: ValidationError) -> str:
    return "; ".join(_explain(one) for one in error.errors())


def _explain(one: Any) -> str:
    *parents, last = (*one["loc"],) or ("",)
    place = "".join(
        f"[{part + 1}]" if isinstance(part, int) else f".{part}"
        for part in one["loc"]
        if part not in (*STEPS, *EXPECTATIONS) or part == last
    ).lstrip(".")
    if one["type"] == "extra_forbidden":
        owner = next((part for part in reversed(parents) if isinstance(part, str)), "")
        near = get_close_matches(str(last), _fields(owner), 1)
        return f"{place} is not known" + (f"; did you mean {near[0]!r}?" if near else "")
    message = one["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _fields(owner: str) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "say": Say,
        "play": Play,
        "silence_ms": Silence,
        "wait_for": WaitFor,
        "keys": Keys,
        "heard": Heard,
        "said": Said,
        "tool": ToolCalled,
        "line": Line,
    }
    return list(models.get(owner, Scenario).model_fields)
