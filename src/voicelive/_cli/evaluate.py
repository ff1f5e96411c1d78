"""The options of `voicelive evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .engines import EngineChoice
from .options import Endpoint

__all__ = ["evaluate"]


def evaluate(
    scenarios: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SCENARIOS", help="YAML files, folders, or standard: the 30 that come with this package."
        ),
    ] = None,
    agent: Annotated[
        str, typer.Option(metavar="MODULE:NAME", help="The agent: a coroutine function of an open connection.")
    ] = "voicelive.evaluation:assistant",
    endpoint: Endpoint = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="The model; left out: the agent's own.")] = None,
    engines: Annotated[
        EngineChoice, typer.Option(help="What the caller and the local service speak with: speech, or tones.")
    ] = EngineChoice.AUTO,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Only scenarios with this tag. Repeatable.")
    ] = None,
    repeat: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="How many times each scenario is run.")] = 1,
    workers: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="How many processes; left out: one for each core.")
    ] = None,
    calls_at_once: Annotated[
        int, typer.Option(metavar="NUMBER", min=1, help="How many calls are made at a time, over all processes.")
    ] = 8,
    calls_per_second: Annotated[
        float | None, typer.Option(metavar="NUMBER", min=0.001, help="How many calls are begun per second at most.")
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Make the calls on the workers of this Dask scheduler: tcp://HOST:PORT."),
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
        typer.Option(metavar="FILE", help="Keep the results here, as JSON lines; what is there is not run again."),
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
    # Loaded when it is called: every start of the command loads this file, and few evaluate.
    from .evaluating import Reports, hold_evaluation, print_schema

    if schema:
        print_schema()
        return
    hold_evaluation(
        scenarios or [],
        agent,
        {name: value for name, value in {"endpoint": endpoint, "model": model}.items() if value is not None},
        engines=engines,
        tags=set(tag or ()),
        repeat=repeat,
        workers=workers,
        calls_at_once=calls_at_once,
        calls_per_second=calls_per_second,
        dask=dask,
        judge=(judge_url, judge_model, judge_key_env),
        prices=prices,
        recognize=recognize,
        record=record,
        results=results,
        compare_with=compare_with,
        reports=Reports(html, junit, parquet),
        debug=debug,
    )
