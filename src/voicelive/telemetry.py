"""Spans, log events and metrics of calls, by OpenTelemetry: give a :class:`Telemetry` to ``connect(telemetry=…)``.

Needs the extra ``otel``: ``pip install "voicelive[otel]"``, and an SDK and an exporter of your choice.
"""

from ._telemetry.telemetry import Conventions, Telemetry

__all__ = ["Conventions", "Telemetry"]


def __dir__() -> list[str]:
    return sorted(__all__)
