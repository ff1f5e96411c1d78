"""`voicelive evaluate`: scenarios held with an agent, scored, compared with an earlier run."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

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

__all__ = ["evaluate"]

_FAILED, _UNJUDGED = 1, 3
_STANDARD = "standard"


def evaluate(
    scenarios: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SCENARIOS", help="YAML files, folders, or standard: 30 that come along."),
    ] = None,
    agent: Annotated[
        str, typer.Option(metavar="MODULE:NAME", help="The agent: a coroutine function of an open connection.")
    ] = "voicelive.evaluation:assistant",
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The service's address. Left out: the one in the environment, or else a local service.",
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="The model; left out: the agent's own.")] = None,
    engines: Annotated[
        EngineChoice, typer.Option(help="What the caller and the local service speak with: speech, or tones.")
    ] = EngineChoice.AUTO,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Only scenarios with this tag. Repeatable.")
    ] = None,
    repeat: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="How often each scenario is held.")] = 1,
    workers: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="How many processes; left out: one for each core.")
    ] = None,
    calls_at_once: Annotated[
        int, typer.Option(metavar="NUMBER", min=1, help="How many calls are held at a time, over all processes.")
    ] = 8,
    calls_per_second: Annotated[
        float | None, typer.Option(metavar="NUMBER", min=0.001, help="How many calls are begun in a second at most.")
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Hold the calls on the workers of this Dask scheduler: tcp://HOST:PORT."),
    ] = None,
    judge_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A chat endpoint that judges, such as http://127.0.0.1:11434/v1."),
    ] = None,
    judge_model: Annotated[str | None, typer.Option(metavar="NAME", help="The model to ask there.")] = None,
    judge_key_env: Annotated[
        str | None, typer.Option(metavar="VARIABLE", help="The environment variable with the key for it, if any.")
    ] = None,
    prices: Annotated[
        str | None,
        typer.Option(metavar="JSON", help='Prices of a million tokens, such as {"input_audio": 40}.'),
    ] = None,
    recognize: Annotated[
        bool, typer.Option("--recognize", help="Recognize the agent's sound, to see whether it can be understood.")
    ] = False,
    record: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Record every call there; the report links to them.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the results here, as JSON lines; what is there is not held again."),
    ] = None,
    compare_with: Annotated[
        Path | None, typer.Option("--compare", metavar="FILE", help="The results of an earlier run.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a report.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a report for CI, as JUnit XML.")] = None,
    parquet: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a table: a row for each call.")] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of a scenario, for your editor, and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Have a simulated caller talk to an agent, and say whether it did as expected, and how well.

    Exit code 0: all as expected; 1: an expectation was not met; 2: bad input, such as a scenario with a misspelt key,
    without which the others are held; 3: a call could not be held or judged.
    Killed, and called again with the same --results, it goes on with the calls that are missing.
    """
    if schema:
        typer.echo(json.dumps(scenario_schema(), indent=2))
        return
    try:
        refused: list[ConfigurationError] = []
        found = _scenarios(scenarios or [], set(tag or ()), refused)
        load_agent(agent)  # a misspelt name is told before anything is begun
        before = None if compare_with is None else _earlier(compare_with)
        connect = {"endpoint": endpoint, "model": model}
        judge = _judge(judge_url, judge_model, judge_key_env, is_asked_here=dask is None)
        job = partial(
            CallJob,
            agent=agent,
            connect={name: value for name, value in connect.items() if value is not None},
            engines=engines.value,
            recognize=recognize,
            judge=judge,
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
        _write(calls, before, html, junit, parquet)
        _tell(calls, before)
    except (CommandError, VoiceLiveError, EngineUnavailableError) as error:
        fail(error, debug)
    except KeyboardInterrupt:
        notice("interrupted" + (f"; the same command goes on from {results}" if results else ""))
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


def _write(
    calls: Sequence[CallResult],
    before: Sequence[CallResult] | None,
    html: Path | None,
    junit: Path | None,
    parquet: Path | None,
) -> None:
    try:
        if html is not None:
            html.write_text(html_report(calls, before=before), encoding="utf-8")
        if junit is not None:
            write_junit(calls, junit)
        if parquet is not None:
            write_parquet(calls, parquet)
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
