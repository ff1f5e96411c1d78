"""What connections need of telemetry: headers for the opening request, and an export for each call."""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry._logs import Logger
from opentelemetry.context import get_current
from opentelemetry.metrics import Meter
from opentelemetry.propagate import inject
from opentelemetry.trace import Tracer

from .._core.watching.facts import About
from .export import CallExport
from .instruments import Instruments
from .names import Conventions, Names

__all__ = ["Exporter"]


class Exporter:
    """Exports any number of calls under the names of one convention."""

    def __init__(
        self,
        names: Names,
        *,
        conventions: Conventions,
        content: bool,
        tracer: Tracer,
        meter: Meter,
        logger: Logger,
    ) -> None:
        self.content = content
        """Whether what is said may be exported."""
        self.counts_audio = names["audio_received"] is not None
        """Whether the answers' audio is to be counted."""
        self._names = names
        self._conventions: Conventions = conventions
        self._tracer = tracer
        self._logger = logger
        self._instruments = Instruments(meter, names)

    def headers(self) -> Mapping[str, str]:
        """Return what the opening request carries of the current context, such as ``traceparent``."""
        carrier: dict[str, str] = {}
        inject(carrier)
        return carrier

    def begin(self, about: About) -> CallExport:
        """Begin a call, in the current context."""
        return CallExport(
            about,
            conventions=self._conventions,
            names=self._names,
            context=get_current(),
            tracer=self._tracer,
            logger=self._logger,
            instruments=self._instruments,
        )
