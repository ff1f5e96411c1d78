"""What applications give to ``connect(telemetry=…)``."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from .._core.annotations import resolved_when_read, taken_as_it_is
from .._public import public_in
from .._version import __version__
from ..errors import ConfigurationError
from .names import NAMES, SCOPE, Conventions

if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from .exporter import Exporter

__all__ = ["Conventions", "Telemetry", "exporter_of"]


@public_in("voicelive.telemetry")
@taken_as_it_is
class Telemetry:
    """Exports spans, log events and metrics of calls by OpenTelemetry; one serves any number of connections.

    Example::

        telemetry = Telemetry()
        with connect(endpoint=..., credential=..., model="gpt-4o", telemetry=telemetry) as connection:
            ...
    """

    @resolved_when_read(
        LoggerProvider="opentelemetry._logs",
        MeterProvider="opentelemetry.metrics",
        TracerProvider="opentelemetry.trace",
    )
    def __init__(
        self,
        *,
        content: bool = False,
        conventions: Conventions = "genai",
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        logger_provider: LoggerProvider | None = None,
    ) -> None:
        """Prepare.

        Args:
            content: also export what is said: instructions, transcripts and texts of both sides, arguments and results
                of tools. Sound is never exported.
            conventions: the names to use: ``"genai"`` for the GenAI conventions, ``"azure"`` for those of
                azure-ai-voicelive, for dashboards that were made for it.
            tracer_provider: makes the tracer. Left out: the global one, as for the other two.
            meter_provider: makes the meter.
            logger_provider: makes the logger.

        Raises:
            ConfigurationError: if an argument cannot work, or opentelemetry-api is not installed.
        """
        if conventions not in get_args(Conventions):
            raise ConfigurationError(f"conventions is {conventions!r}; it takes 'genai' or 'azure'")
        if not isinstance(content, bool):
            raise ConfigurationError(f"content is {content!r}; it takes True or False")
        try:
            from opentelemetry import _logs, metrics, trace

            from .exporter import Exporter
        except ImportError as error:
            raise ConfigurationError(
                f'telemetry needs opentelemetry-api ({error}): pip install "voicelive[otel]"'
            ) from None
        self._exporter = Exporter(
            NAMES[conventions],
            conventions=conventions,
            content=content,
            tracer=trace.get_tracer(SCOPE, __version__, tracer_provider),
            meter=metrics.get_meter(SCOPE, __version__, meter_provider),
            logger=_logs.get_logger(SCOPE, __version__, logger_provider),
        )


def exporter_of(telemetry: Telemetry) -> Exporter:
    """Return what connections need of it.

    Raises:
        ConfigurationError: if it is not one.
    """
    if not isinstance(telemetry, Telemetry):
        raise ConfigurationError(f"telemetry is {telemetry!r}; it takes a voicelive.telemetry.Telemetry, or None")
    return telemetry._exporter  # pyright: ignore[reportPrivateUsage]
