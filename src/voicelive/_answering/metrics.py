"""The figures of a server for Prometheus, summed over its workers."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from .._core.lines.limits import CallSummary

__all__ = ["CONTENT_TYPE", "Figures"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_LENGTHS = (5, 15, 30, 60, 120, 300, 600, 1800, 3600)


class Figures:
    """The figures of one worker."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.active = Gauge("voicelive_calls_active", "Calls under way", registry=registry, multiprocess_mode="livesum")
        self.capacity = Gauge(
            "voicelive_calls_capacity",
            "The most calls that are taken at once",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.ended = Counter("voicelive_calls", "Calls that ended, by outcome", ["outcome"], registry=registry)
        self.refused = Counter(
            "voicelive_refused", "Requests that were refused, by reason", ["reason"], registry=registry
        )
        self.length = Histogram("voicelive_call_seconds", "How long calls lasted", registry=registry, buckets=_LENGTHS)
        self.faults = Counter(
            "voicelive_line_faults", "Messages of a line that were not valid", ["kind"], registry=registry
        )
        self.sound = Counter("voicelive_sound_seconds", "Sound, by what became of it", ["what"], registry=registry)
        self.interruptions = Counter("voicelive_interruptions", "Answers that callers cut off", registry=registry)

    def count(self, summary: CallSummary) -> None:
        """Count a call that has ended."""
        self.ended.labels(summary.outcome).inc()
        self.length.observe(summary.seconds)
        self.interruptions.inc(summary.interruptions)
        for kind, number in summary.faults.items():
            self.faults.labels(kind).inc(number)
        for what in ("received", "filled", "input_dropped", "sent", "heard", "cleared", "output_dropped"):
            if ms := getattr(summary, f"{what}_ms"):
                self.sound.labels(what).inc(ms / 1000)

    def text(self) -> bytes:
        """Return the figures of all workers as Prometheus reads them."""
        folder = os.environ.get(_FOLDER)
        if not folder:
            return generate_latest(self._registry)
        _forget_dead(Path(folder))
        registry = CollectorRegistry()
        # It is not annotated.
        collector: Any = MultiProcessCollector
        collector(registry, folder)
        return generate_latest(registry)


def _forget_dead(folder: Path) -> None:
    """Drop what is live only while its worker is: nobody does, where a worker was killed."""
    for path in folder.glob("gauge_live*.db"):
        found = re.search(r"_(\d+)\.db$", path.name)
        if found is not None and not Path(f"/proc/{found[1]}").exists() and not _lives(int(found[1])):
            with suppress(FileNotFoundError):
                path.unlink()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
