"""Functions that the model may call: schema from signature and docstring, arguments checked, output made JSON.

Example::

    @tool
    def weather(city: str, unit: Literal["C", "F"] = "C") -> str:
        '''Return the weather in a city.

        Args:
            city: the city's name, such as "Paris".
        '''
        return look_up(city, unit)

    with connect(model="gpt-4o", tools=[weather]) as connection:
        ...

``connect(tools=…)`` runs them beside the call, answers every call once, and asks for the response that follows.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, TypeAlias, get_type_hints, overload

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticUndefined, to_json

from ._core.annotations import TakenAsItIs
from ._core.numbers import is_number, is_whole
from .errors import ConfigurationError, VoiceLiveError

__all__ = ["AnyTools", "ApprovalRequest", "Tool", "ToolContext", "ToolError", "Tools", "tool"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ARGUMENT = re.compile(r"^\s*\*{0,2}(\w+)(?:\s*\([^)]*\))?\s*:\s*(.*)$")
_MOST_OUTPUT = 256 * 1024


class ToolError(VoiceLiveError):
    """Raised by a tool to tell the model what went wrong, in words that the model may repeat.

    Any other exception becomes a neutral sentence: its text may hold what is not for the caller's ears.
    """


@dataclass(frozen=True)
class ToolContext:
    """What a tool may want to know of the call; given to a function whose first parameter is annotated with it."""

    connection: Any
    """The connection that the call came over."""
    call_id: str
    """The id of this call of the tool."""
    name: str
    """The tool's name."""
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    """The application's own: one dictionary for all calls over a connection."""


@dataclass(frozen=True, kw_only=True)
class ApprovalRequest:
    """Whether the service may call a tool of an MCP server; what ``Tools(approve=…)`` is asked."""

    connection: Any
    """The connection that the request came over."""
    request_id: str
    """The id of the item that asks."""
    server_label: str
    """The server, as the session's tools name it."""
    name: str
    """The tool."""
    arguments: Mapping[str, Any]
    """What it is to be called with."""


class _NoTitles(GenerateJsonSchema):
    """Leaves out the titles that only repeat names; models pay for every token of a schema."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@dataclass(frozen=True)
class Tool:
    """A function that the model may call. Still callable as the function itself. Made by :func:`tool`."""

    name: str
    """What the model calls it: letters, digits, ``_`` and ``-``, at most 64."""
    description: str
    """What it does, for the model."""
    parameters: Mapping[str, Any]
    """The JSON schema of its arguments."""
    function: Callable[..., Any]
    timeout: float | None = 30.0
    """How long it may run, in seconds; None for no limit. After that the model is told so, and the call goes on."""
    on_interrupt: Literal["finish", "cancel"] = "finish"
    """Whether it runs on when the user interrupts."""
    respond: bool = True
    """Whether the model is to respond to its output."""
    _arguments: type[BaseModel] | None = field(default=None, repr=False)
    _names: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    _takes_context: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"{self.name!r} cannot be a tool's name: it takes 1 to 64 letters, digits, '_' and '-'; give name=…"
            )
        if self.timeout is not None and not (is_number(self.timeout) and self.timeout > 0):
            raise ConfigurationError(
                f"tool {self.name!r}: timeout is {self.timeout!r}; it takes seconds above 0, or None"
            )
        if self.on_interrupt not in ("finish", "cancel"):
            raise ConfigurationError(
                f"tool {self.name!r}: on_interrupt is 'finish' or 'cancel', not {self.on_interrupt!r}"
            )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> "Tool":
        # As a method, it is called with its object.
        if instance is None:
            return self
        return replace(self, function=self.function.__get__(instance, owner))

    @classmethod
    def from_function(
        cls,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: float | None = 30.0,
        on_interrupt: Literal["finish", "cancel"] = "finish",
        respond: bool = True,
    ) -> "Tool":
        """Make a tool of a function, sync or async: its annotations and its docstring are the schema.

        Raises:
            ConfigurationError: if no schema can be made of it: says of which parameter, and why.
        """
        name = name or str(getattr(function, "__name__", ""))
        if name == "<lambda>":
            raise ConfigurationError("a lambda has no name that a model could call: give name=…")
        summary, described = _docstring(function)
        arguments, names, takes_context = _arguments_of(function, name, described)
        try:
            schema = arguments.model_json_schema(by_alias=True, schema_generator=_NoTitles)
        except Exception as error:
            raise ConfigurationError(f"tool {name!r}: no JSON schema can be made of its parameters: {error}") from error
        # They repeat the names.
        for part in (schema, *schema.get("$defs", {}).values()):
            part.pop("title", None)
        schema.setdefault("properties", {})
        return cls(
            name=name,
            description=description if description is not None else summary,
            parameters=schema,
            function=function,
            timeout=timeout,
            on_interrupt=on_interrupt,
            respond=respond,
            _arguments=arguments,
            _names=names,
            _takes_context=takes_context,
        )

    @classmethod
    def from_schema(
        cls,
        name: str,
        description: str,
        parameters: Mapping[str, Any],
        handler: Callable[[dict[str, Any]], Any],
        **options: Any,
    ) -> "Tool":
        """Make a tool of a JSON schema and a function that takes the arguments as a dictionary, unchecked.

        Raises:
            ConfigurationError: if the schema is not that of an object.
        """
        if parameters.get("type") != "object":
            raise ConfigurationError(f"tool {name!r}: parameters must be a JSON schema with type 'object'")
        return cls(name=name, description=description, parameters=parameters, function=handler, **options)

    @property
    def definition(self) -> dict[str, Any]:
        """The tool as ``session.tools`` takes it."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": dict(self.parameters),
        }

    @property
    def is_async(self) -> bool:
        """Whether it is a coroutine function."""
        function: Any = self.function
        return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)

    def bind(self, arguments: Mapping[str, Any], context: ToolContext) -> Callable[[], Any]:
        """Check the arguments of a call, and return the call without arguments.

        Raises:
            ToolError: saying, for the model, which argument does not fit and why.
        """
        if self._arguments is None:
            return lambda: self.function(dict(arguments))
        try:
            model = self._arguments.model_validate(dict(arguments))
        except ValidationError as error:
            told = "; ".join(
                f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors()[:5]
            )
            raise ToolError(f"the arguments do not fit: {told}") from None
        given = {self._names[name]: getattr(model, name) for name in model.model_fields_set}
        lead = (context,) if self._takes_context else ()
        return lambda: self.function(*lead, **given)


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = 30.0,
    on_interrupt: Literal["finish", "cancel"] = "finish",
    respond: bool = True,
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a :class:`Tool` of a function: ``@tool``, or ``@tool(timeout=5)``.

    Args:
        function: the function, sync or async. Each parameter needs an annotation; the docstring's first paragraph is
            the description, and its ``Args:`` section describes the parameters. A first parameter annotated with
            :class:`ToolContext` gets that instead of an argument.
        options: ``name``, ``description``, ``timeout`` in seconds, ``on_interrupt`` (``"finish"`` or ``"cancel"``) and
            ``respond``: see :class:`Tool`.

    Raises:
        ConfigurationError: if no schema can be made of it.
    """
    if function is not None:
        return Tool.from_function(function)

    def decorate(decorated: Callable[..., Any]) -> Tool:
        return Tool.from_function(decorated, **options)

    return decorate


class Tools:
    """The tools of a connection: ``connect(tools=Tools([...], max_concurrency=4))``; a plain list does as well."""

    def __init__(
        self,
        tools: Iterable[Tool | Callable[..., Any]] = (),
        *,
        max_concurrency: int = 8,
        approve: Callable[[ApprovalRequest], bool | Awaitable[bool]] | None = None,
        approve_timeout: float | None = 30.0,
    ) -> None:
        """Collect tools; functions are made tools.

        Args:
            tools: the functions.
            max_concurrency: how many run at the same time; others wait.
            approve: decides about calls of MCP tools that need approval (``require_approval``), sync or async. What
                it does not allow in time is refused, also when it raises. None leaves such requests to the application.
            approve_timeout: how long it may take, in seconds; None for no limit.

        Raises:
            ConfigurationError: if two have the same name, one cannot be a tool, or another argument is not valid.
        """
        if approve is not None and not callable(approve):
            raise ConfigurationError(f"approve is {approve!r}; it takes a function of an ApprovalRequest, or None")
        if approve_timeout is not None and not (is_number(approve_timeout) and approve_timeout > 0):
            raise ConfigurationError(f"approve_timeout is {approve_timeout!r}; it takes seconds above 0, or None")
        if not is_whole(max_concurrency, 1):
            raise ConfigurationError(f"max_concurrency is {max_concurrency!r}; it takes a whole number, 1 or more")
        self.max_concurrency = max_concurrency
        """How many run at the same time; others wait."""
        self.approve: Callable[[ApprovalRequest], bool | Awaitable[bool]] | None = approve
        """What decides about calls of MCP tools that need approval."""
        self.approve_timeout: float | None = approve_timeout
        """How long that may take, in seconds."""
        self._tools: dict[str, Tool] = {}
        for one in tools:
            self.add(one)

    def add(self, one: Tool | Callable[..., Any]) -> Tool:
        """Add a tool, or a function as one; usable as a decorator.

        Raises:
            ConfigurationError: if there is one of its name.
        """
        made = one if isinstance(one, Tool) else Tool.from_function(one) if callable(one) else None
        if made is None:
            raise ConfigurationError(f"{one!r} cannot be a tool: give a function, or what @tool returns")
        if made.name in self._tools:
            raise ConfigurationError(f"there are two tools named {made.name!r}: give one of them another name=…")
        self._tools[made.name] = made
        return made

    @property
    def definitions(self) -> list[dict[str, Any]]:
        """The tools as ``session.tools`` takes them."""
        return [one.definition for one in self]

    def __bool__(self) -> bool:
        # Without a function of its own too, it may decide about those of MCP servers.
        return bool(self._tools) or self.approve is not None

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def get(self, name: str) -> Tool | None:
        """Return the tool of this name, or None."""
        return self._tools.get(name)


AnyTools: TypeAlias = Annotated[Tools | Iterable[Tool | Callable[..., Any]], TakenAsItIs()]
"""What ``connect(tools=…)`` takes."""


def output_of(result: object) -> str:
    """Return what a tool returned as the text of its output: text as it is, anything else as JSON.

    Raises:
        ToolError: if JSON cannot hold it, or it is larger than 256 KiB.
    """
    try:
        text = result if isinstance(result, str) else to_json(result, inf_nan_mode="null").decode()
    except ValueError as error:
        raise ToolError(f"the tool returned what JSON cannot hold: {type(result).__name__}") from error
    if len(text) > _MOST_OUTPUT:
        raise ToolError(f"the tool's output is too long: {len(text)} characters")
    return text


def _arguments_of(
    function: Callable[..., Any], name: str, described: Mapping[str, str]
) -> tuple[type[BaseModel], dict[str, str], bool]:
    try:
        signature = inspect.signature(function)
        hints = get_type_hints(function, include_extras=True)
    except (TypeError, ValueError, NameError) as error:
        raise ConfigurationError(f"tool {name!r}: its signature cannot be read: {error}") from error
    parameters = list(signature.parameters.values())
    if parameters and parameters[0].name == "self":
        del parameters[0]
    takes_context = bool(parameters) and hints.get(parameters[0].name) is ToolContext
    if takes_context:
        del parameters[0]
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    for number, parameter in enumerate(parameters):
        _check(parameter, hints, name)
        # Names of its own: a parameter may be called as an attribute of pydantic's models is.
        names[f"argument_{number}"] = parameter.name
        default = PydanticUndefined if parameter.default is parameter.empty else parameter.default
        info = Field(default, alias=parameter.name, description=described.get(parameter.name))
        fields[f"argument_{number}"] = (hints[parameter.name], info)
    try:
        model = create_model(f"{name}_arguments", __config__=ConfigDict(extra="forbid"), **fields)
    except Exception as error:
        raise ConfigurationError(f"tool {name!r}: no JSON schema can be made of its parameters: {error}") from error
    return model, names, takes_context


def _check(parameter: inspect.Parameter, hints: Mapping[str, Any], name: str) -> None:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
        shown = str(parameter).partition(":")[0]
        raise ConfigurationError(f"tool {name!r}: parameter {shown} cannot be given by a model, which names each one")
    if parameter.name.startswith("_"):
        raise ConfigurationError(f"tool {name!r}: parameter {parameter.name!r} begins with '_': rename it")
    if parameter.name not in hints:
        raise ConfigurationError(f"tool {name!r}: parameter {parameter.name!r} has no annotation: write its type")
    if hints[parameter.name] is ToolContext:
        raise ConfigurationError(f"tool {name!r}: the ToolContext must be the first parameter, not {parameter.name!r}")


def _docstring(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """Return the first paragraph of a docstring, and what its ``Args:`` section says of each parameter."""
    text = inspect.getdoc(function) or ""
    summary = " ".join(text.partition("\n\n")[0].split())
    described: dict[str, str] = {}
    section = re.search(r"^(?:Args|Arguments|Parameters):\s*\n((?:[ \t]+.*\n?|\s*\n)*)", text, re.MULTILINE)
    current = None
    indent = None
    for line in (section[1] if section else "").splitlines():
        depth = len(line) - len(line.lstrip())
        indent = depth if indent is None and line.strip() else indent
        found = _ARGUMENT.match(line) if depth == indent else None
        if found:
            current = found[1]
            described[current] = found[2].strip()
        elif current and line.strip():
            described[current] = f"{described[current]} {line.strip()}".strip()
    return summary, described


def __dir__() -> list[str]:
    return sorted(__all__)
