"""Transcription of US English by PocketSphinx (extra ``local``), in worker processes."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from ..._audio.pcm import to_samples
from ..._audio.resampling import resample
from .protocols import EngineUnavailableError, Transcript, Word

__all__ = ["SphinxTranscriber", "TranscriptionError"]

_RATE = 16000
_SCRIPT = Path(__file__).with_name("sphinx_worker.py")
_START_SECONDS = 60.0
_LEAST_SECONDS = 30.0
_TIMES_REAL_TIME = 10.0
_SILENT_PEAK = 64  # of 32768: about -54 dBFS


class TranscriptionError(RuntimeError):
    """The recogniser failed, took too long, or was closed."""


class SphinxTranscriber:
    """Hears US English, at about a seventh of real time on one core.

    Utterances are heard in up to ``workers`` processes at once (default: two, or one
    on a single core), each started when first needed; that takes about half a second,
    which :meth:`prepare` can take beforehand. More calls wait for their turn. The
    processes end with :meth:`close`, or when this object is no longer used.

    Raises EngineUnavailableError when the package is not installed.
    """

    def __init__(self, workers: int | None = None) -> None:
        if importlib.util.find_spec("pocketsphinx") is None:
            raise EngineUnavailableError(
                'speech recognition by PocketSphinx is not installed; install it with: pip install "voicelive[local]"'
            )
        if not sys.executable:
            raise EngineUnavailableError(
                "speech recognition runs in a process of its own, but this Python does "
                "not know its interpreter (sys.executable is empty); run it under python"
            )
        limit = workers if workers is not None else min(2, os.cpu_count() or 1)
        if limit < 1:
            raise ValueError(f"workers is {limit}; give 1 or more")
        self._free = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: list[_Worker] = []
        self._closed = False
        self._finalizer = weakref.finalize(self, _stop_all, self._all)

    def prepare(self) -> None:
        """Start a worker now, so that the first utterance need not wait for it."""
        with self._turn(_START_SECONDS):
            self._give_back(self._take())

    def transcribe(
        self,
        pcm: bytes,
        rate: int,
        language: str | None = None,
        phrases: Sequence[str] = (),
    ) -> Transcript:
        """Hear PCM16 at ``rate`` Hz; words come in lower case, without punctuation.

        ``language`` and ``phrases`` change nothing: the model is US English. Raises
        TranscriptionError when the recogniser fails, takes over ten times as long as
        the utterance (and over 30 s), or is closed.
        """
        sound = resample(pcm, rate, _RATE)
        if _is_silent(sound):
            return Transcript("")  # the recogniser would hear an "ah" in it
        seconds = max(_LEAST_SECONDS, _TIMES_REAL_TIME * len(sound) / 2 / _RATE)
        with self._turn(seconds):
            worker = self._take()
            words = worker.hear(sound, seconds)
            self._give_back(worker)
        return Transcript(
            " ".join(text for text, _, _ in words),
            tuple(Word(text, offset, duration) for text, offset, duration in words),
        )

    def close(self) -> None:
        """End the worker processes; transcribing afterwards raises TranscriptionError."""
        with self._lock:
            self._closed = True
            self._idle.clear()
        self._finalizer()

    @contextlib.contextmanager
    def _turn(self, seconds: float) -> Generator[None]:
        """Wait until one more worker may be busy."""
        if not self._free.acquire(timeout=seconds):
            raise TranscriptionError(f"no recogniser became free within {seconds:.0f} s")
        try:
            yield
        finally:
            self._free.release()

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise TranscriptionError("the recogniser is closed; make a new one")
            if self._idle:
                return self._idle.pop()
            self._all[:] = [worker for worker in self._all if worker.alive]
            worker = _Worker()
            self._all.append(worker)
        worker.wait_ready()
        return worker

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(worker)


class _Worker:
    """One worker process; used by one thread at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, os.fspath(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONSAFEPATH": "1"},
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_ready(self) -> None:
        self._answer(_START_SECONDS, b"")

    def hear(self, sound: bytes, seconds: float) -> list[tuple[str, int, int]]:
        answer = self._answer(seconds, len(sound).to_bytes(4, "little") + sound)
        return [(text, offset, duration) for text, offset, duration in answer["words"]]

    def stop(self) -> None:
        process = self._process
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # unsent bytes to a process that is gone
                    pipe.close()

    def _answer(self, seconds: float, request: bytes) -> dict[str, Any]:
        """Send a request and wait for its answer; a worker that fails is stopped."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        # Killing the process at the deadline ends the read: that works on every system.
        deadline = threading.Timer(seconds, process.kill)
        deadline.daemon = True
        deadline.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            line = process.stdout.readline()
        except (OSError, ValueError) as error:
            line, reason = b"", f"{type(error).__name__}: {error}"
        else:
            reason = f"it ended, or took more than {seconds:.0f} s"
        finally:
            deadline.cancel()
        if not line:
            self.stop()
            raise TranscriptionError(f"the recogniser's process gave no answer: {reason}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            self.stop()
            raise TranscriptionError(f"the recogniser failed: {answer['error']}")
        return answer


def _is_silent(pcm: bytes) -> bool:
    samples = to_samples(pcm)
    return not samples or max(max(samples), -min(samples)) < _SILENT_PEAK


def _stop_all(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.stop()
    workers.clear()
