"""``python -m benchmarks``: measure, and write ``results.json``, ``results/table.md`` and the plots."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .plan import FULL, QUICK
from .plots import write_plots
from .report import figures, summary
from .run import run
from .targets import targets

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
MARK = "<!-- figures of benchmarks/results.json -->"
PACKAGES = ("voicelive", "websockets", "azure-ai-voicelive", "aiohttp", "openai", "pydantic", "uvloop")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small counts: shows that it works, not what things cost")
    parser.add_argument(
        "--out", type=Path, help="folder for the results (default: benchmarks, or a new one if --quick)"
    )
    parser.add_argument(
        "--again", action="store_true", help="write table and plots of the last results, measure nothing"
    )
    parser.add_argument("--sessions", action="store_true", help="measure live sessions again, keep the other results")
    arguments = parser.parse_args()
    out = arguments.out or (HERE / "quick" if arguments.quick else HERE)
    results_file, folder = out / "results.json", out / "results"
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.again or arguments.sessions:
        results = json.loads(results_file.read_text(encoding="utf-8"))
        if arguments.sessions:
            results |= measure(quick=arguments.quick, only_sessions=True)
    else:
        results = measure(quick=arguments.quick)
    results["targets"] = targets(results)
    results_file.write_text(json.dumps(_rounded(results), indent=1) + "\n", encoding="utf-8")
    text = summary(results)
    (folder / "table.md").write_text(text, encoding="utf-8")
    write_plots(results, folder)
    if out == HERE:
        write_figures(results)
    print(text)


def write_figures(results: dict[str, Any]) -> None:
    """Put the short table into the README, between its two marks."""
    before, start, rest = README.read_text(encoding="utf-8").partition(MARK)
    _, end, after = rest.partition(MARK)
    README.write_text(f"{before}{start}\n{figures(results)}\n{end}{after}", encoding="utf-8")


def measure(*, quick: bool, only_sessions: bool = False) -> dict[str, Any]:
    """Measure everything."""
    plan = QUICK if quick else FULL
    raise_file_limit()
    about = machine()
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:4.0f} s  {text}", file=sys.stderr, flush=True)

    results = run(plan, say, only_sessions=only_sessions)
    if only_sessions:
        return results
    if hasattr(os, "getloadavg"):
        about["load"] += f", after {os.getloadavg()[0]:.1f}"
    minutes = (time.monotonic() - started) / 60
    return {"plan": plan.name, "rounds": plan.rounds, "minutes": minutes, "machine": about, **results}


def machine() -> dict[str, Any]:
    """Say what it was measured on; nothing that tells whose machine it is."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: version(name) for name in PACKAGES if name != "uvloop" or sys.platform != "win32"},
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "date": datetime.now(tz=UTC).date().isoformat(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"


def raise_file_limit() -> None:
    # A session is a file to the system, in this process's children on either side.
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return value


if __name__ == "__main__":
    main()
