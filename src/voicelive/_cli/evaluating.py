"""`voicelive evaluate`: scenarios held with an agent, scored, compared with an earlier run."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer

from .._local.engines.protocols import EngineUnavailableError
from ..agents import load_agent
from ..conversation import Price
from ..errors import ConfigurationError, VoiceLiveError
from ..evaluation import (
    SCORES,
    BatchProgress,
    CallJob,
    CallResult,
    LanguageModel,
    Scenario,
    compare,
    html_report,
    load_scenarios,
    read_results,
    run_batch,
    scenario_schema,
    standard_set,
    summarize,
    write_junit,
    write_parquet,
)
from .display import notice
from .engines import EngineChoice
from .failures import CommandError, error_line
from .running import fail

__all__ = ["Reports", "hold_evaluation", "print_schema"]

_FAILED, _UNJUDGED = 1, 3
_STANDARD = "standard"


@dataclass(frozen=True)
class Reports:
    """The files to write."""

    html: Path | None
    junit: Path | None
    parquet: Path | None


def print_schema() -> None:
    """Print the JSON schema of a scenario."""
    typer.echo(json.dumps(scenario_schema(), indent=2))


def hold_evaluation(
    scenarios: Sequence[Path],
    agent: str,
    connect: Mapping[str, str],
    *,
    engines: EngineChoice,
    tags: set[str],
    repeat: int,
    workers: int | None,
    calls_at_once: int,
    calls_per_second: float | None,
    dask: str | None,
    judge: tuple[str | None, str | None, str | None],
    prices: str | None,
    recognize: bool,
    record: Path | None,
    results: Path | None,
    compare_with: Path | None,
    reports: Reports,
    debug: bool,
) -> None:
    """Hold the calls, write the reports and say what came of it; ends by :class:`typer.Exit` if not all is well."""
    try:
        refused: list[ConfigurationError] = []
        found = _scenarios(scenarios, tags, refused)
        load_agent(agent)  # a misspelt name is told before anything is begun
        before = None if compare_with is None else _earlier(compare_with)
        job = partial(
            CallJob,
            agent=agent,
            connect=dict(connect),
            engines=engines.value,
            recognize=recognize,
            judge=_judge(*judge, is_asked_here=dask is None),
            price=_price(prices),
        )
        jobs = [
            job(id=name, scenario=one, seed=number, recording=_recording(record, name))
            for one in found
            for number in range(1, repeat + 1)
            for name in [f"{one.name}#{number}"]
        ]
        with TemporaryDirectory() as folder:
            calls = run_batch(
                jobs,
                executor=_executor(dask, workers, calls_at_once),
                results=results or Path(folder) / "results.jsonl",
                window=calls_at_once,
                calls_per_second=calls_per_second,
                progress=_show,
            )
        calls += [_not_held(number, error) for number, error in enumerate(refused, 1)]
        _write(calls, before, reports)
        _tell(calls, before)
    except (CommandError, VoiceLiveError, EngineUnavailableError) as error:
        fail(error, debug)
    except KeyboardInterrupt:
        notice("interrupted" + (f"; the same command continues from {results}" if results else ""))
        raise typer.Exit(130) from None
    outcomes = {call.outcome for call in calls}
    if refused:
        raise typer.Exit(CommandError.exit_code)
    if outcomes - {"passed"}:
        raise typer.Exit(_FAILED if "failed" in outcomes else _UNJUDGED)


def _scenarios(paths: Sequence[Path], tags: set[str], refused: list[ConfigurationError]) -> list[Scenario]:
    """Return the scenarios to hold; those that cannot be used are told, and left out."""
    if not paths:
        raise CommandError("give a file with scenarios, or a folder; --schema prints what they may hold")
    found = [scenario for path in paths for scenario in _at(path, refused)]
    if not found:
        raise CommandError("; ".join(map(str, refused)))
    for error in refused:
        notice(f"error: {error_line(error)}")
    names = [scenario.name for scenario in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise CommandError(f"two scenarios have the name {twice!r}: give each its own")
    chosen = [scenario for scenario in found if not tags or tags & set(scenario.tags)]
    if not chosen:
        known = sorted({tag for scenario in found for tag in scenario.tags})
        raise CommandError(
            f"no scenario has a tag {' or '.join(sorted(tags))}; there are: {', '.join(known) or 'none'}"
        )
    return chosen


def _at(path: Path, refused: list[ConfigurationError]) -> list[Scenario]:
    is_standard = str(path) == _STANDARD and not path.exists()
    return standard_set() if is_standard else load_scenarios(path, refused=refused)


def _not_held(number: int, error: ConfigurationError) -> CallResult:
    """Return what reports say of a scenario that cannot be used."""
    return CallResult(id=f"bad input#{number}", scenario="bad input", outcome="error", error=str(error))


def _recording(folder: Path | None, name: str) -> str | None:
    return None if folder is None else str(folder / (re.sub(r"[^\w.-]+", "-", name) + ".zip"))


def _earlier(path: Path) -> list[CallResult]:
    if not path.is_file():
        raise CommandError(f"--compare {path}: there is no such file")
    return read_results(path)


def _judge(url: str | None, model: str | None, key_env: str | None, *, is_asked_here: bool) -> LanguageModel | None:
    if url is None and model is None:
        return None
    if url is None or model is None:
        raise CommandError("--judge-url and --judge-model go together: give both")
    if is_asked_here and key_env is not None and not os.environ.get(key_env, "").strip():
        raise CommandError(f"--judge-key-env {key_env}: this environment variable holds no key: set it")
    try:
        return LanguageModel(url, model, key_env)
    except ConfigurationError as error:
        raise CommandError(f"--judge-url {url}: {error}") from None


def _price(text: str | None) -> Price | None:
    if text is None:
        return None
    try:
        return Price(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise CommandError(f"--prices {text}: {error}") from None


def _executor(dask: str | None, workers: int | None, calls: int) -> Executor | Callable[[], Executor]:
    if dask is None:
        count = min(workers or os.cpu_count() or 1, calls)
        # Fresh processes: this one's threads do not survive a fork.
        return partial(_processes, count, calls)
    try:
        from distributed import Client
    except ImportError:
        raise CommandError('--dask needs Dask: pip install "voicelive[dask]"') from None
    try:
        client: Any = Client(dask, timeout=10)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise CommandError(f"--dask {dask}: the scheduler cannot be reached: {error_line(error)}") from None
    executor: Executor = client.get_executor(pure=False)
    return executor


def _processes(count: int, calls: int) -> Executor:
    # A call waits most of its time, so a core holds several; a process each keeps them apart.
    return ProcessPoolExecutor(max(count, calls), mp_context=get_context("spawn"))


def _show(progress: BatchProgress) -> None:
    result = progress.result
    if result is None:
        return
    rest = "" if progress.remaining_s is None else f", {progress.remaining_s:.0f} s to go"
    reasons = [f"{check.expected}: {check.reason}" for check in result.checks if not check.passed]
    told = f" ({'; '.join(reasons) or result.error})" if result.outcome != "passed" else ""
    notice(f"[{progress.done}/{progress.total}{rest}] {result.outcome}: {result.id}{told}")


def _write(calls: Sequence[CallResult], before: Sequence[CallResult] | None, reports: Reports) -> None:
    try:
        if reports.html is not None:
            reports.html.write_text(html_report(calls, before=before), encoding="utf-8")
        if reports.junit is not None:
            write_junit(calls, reports.junit)
        if reports.parquet is not None:
            write_parquet(calls, reports.parquet)
    except OSError as error:
        raise CommandError(f"a report could not be written: {error}") from None


def _tell(calls: Sequence[CallResult], before: Sequence[CallResult] | None) -> None:
    summary = summarize(calls).total
    told = ", ".join(f"{count} {name}" for name, count in sorted(summary.outcomes.items(), reverse=True))
    lines = [f"{summary.calls} calls: {told}"]
    for score in SCORES.values():
        if (found := summary.scores.get(score.name)) is None:
            continue
        factor = 100 if score.unit == "%" else 1
        unit = f" {score.unit}" if score.unit else ""
        spread = summary.samples.get(score.name)
        tail = "" if spread is None else f"; p50 {spread.p50:.0f}, p95 {spread.p95:.0f}, p99 {spread.p99:.0f}"
        lines.append(
            f"  {score.label}: {found.mean * factor:.4g}{unit} ({found.low * factor:.4g} to "
            f"{found.high * factor:.4g}){tail}"
        )
    if before is not None:
        changes = [change for change in compare(before, calls) if change.verdict != "same"]
        lines += [
            f"{change.verdict}: {change.scenario or 'all calls'}, {SCORES[change.score].label}: "
            f"{change.before:.4g} before, {change.after:.4g} now"
            for change in changes
        ] or ["nothing changed beyond chance"]
    sys.stdout.write("\n".join(lines) + "\n")
