"""A run as one self-contained HTML file: tables, plots as inline SVG, every call with its transcript."""

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from .._public import public_in
from .results import CallResult
from .scores import SCORES, Score
from .statistics import Estimate
from .summary import Change, Group, Summary, compare, summarize

__all__ = ["html_report"]

_WIDTH, _ROW, _LABEL = 640, 22, 220
_MOST_CALLS = 2000
"""Calls that are listed; beyond them, those that passed are left out first."""

_PLOTTED = ("success", "response_ms", "yield_ms", "agent_word_errors", "caller_word_errors")

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--paper:#fff;--good:#1a7f37;--bad:#cf222e;
--mark:#0969da}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--paper:#0d1117;--good:#3fb950;
--bad:#f85149;--mark:#4493f8}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:70rem;margin:2rem auto;
padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}
th,td{padding:.25rem .75rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.soft{color:var(--soft)}.passed,.better{color:var(--good)}.failed,.error,.worse{color:var(--bad)}
pre{white-space:pre-wrap;margin:.5rem 0}summary{cursor:pointer}svg{max-width:100%;height:auto}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .axis{stroke:var(--line)}svg .bar{stroke:var(--mark);
stroke-width:2}svg circle{fill:var(--mark)}
"""


@public_in("voicelive.evaluation")
def html_report(
    results: Iterable[CallResult], *, before: Iterable[CallResult] | None = None, title: str = "Evaluation"
) -> str:
    """Return a report of a run as one HTML file without scripts or other files.

    Args:
        results: the calls of the run.
        before: those of an earlier run, to compare with.
        title: its heading.

    Raises:
        ConfigurationError: if there are no results, or the runs have no scenario in common.
    """
    calls = list(results)
    summary = summarize(calls)
    parts = [_head(title, summary.total), _scores(summary.total)]
    if before is not None:
        parts.append(_changes(compare(before, calls)))
    parts += [_plots(summary), _groups("By tag", summary.tags), _groups("By scenario", summary.scenarios)]
    parts.append(_calls(calls))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style><body>{''.join(parts)}</body></html>\n"
    )


def _head(title: str, total: Group) -> str:
    told = ", ".join(
        f'<span class="{name}">{count} {name}</span>' for name, count in sorted(total.outcomes.items(), reverse=True)
    )
    return f"<h1>{escape(title)}</h1><p>{total.calls} calls: {told}</p>"


def _scores(total: Group) -> str:
    rows = "".join(
        f"<tr><td>{escape(score.label)}{_unit(score)}</td><td class=n>{_number(score, found.mean)}</td>"
        f"<td class='n soft'>{_range(score, found)}</td>{_spread(total, score)}</tr>"
        for score in SCORES.values()
        if (found := total.scores.get(score.name)) is not None
    )
    return (
        "<h2>All calls</h2><table><tr><th>Figure<th class=n>Mean<th class=n>95 % interval<th class=n>p50<th class=n>p95"
        f"<th class=n>p99</tr>{rows}</table>"
    )


def _spread(group: Group, score: Score) -> str:
    found = group.samples.get(score.name)
    values = ("", "", "") if found is None else (found.p50, found.p95, found.p99)
    return "".join(f"<td class=n>{value if value == '' else _number(score, float(value))}</td>" for value in values)


def _changes(changes: Sequence[Change]) -> str:
    told = [change for change in changes if change.verdict != "same"]
    if not told:
        return "<h2>Compared with before</h2><p>Nothing changed beyond chance.</p>"
    rows = "".join(
        f'<tr><td class="{change.verdict}">{change.verdict}<td>{escape(change.scenario or "all calls")}'
        f"<td>{escape(score.label)}{_unit(score)}<td class=n>{_number(score, change.before)}"
        f"<td class=n>{_number(score, change.after)}<td class='n soft'>{_range(score, change.difference)}</tr>"
        for change in told
        for score in [SCORES[change.score]]
    )
    return (
        "<h2>Compared with before</h2><table><tr><th><th>Scenario<th>Figure<th class=n>Before<th class=n>After"
        f"<th class=n>Difference, 95 %</tr>{rows}</table>"
    )


def _plots(summary: Summary) -> str:
    plots = [_plot(SCORES[name], summary.scenarios) for name in _PLOTTED if name in summary.total.scores]
    return f"<h2>Scenario by scenario</h2>{''.join(plots)}"


def _plot(score: Score, groups: Sequence[Group]) -> str:
    """Return the mean of each scenario as a dot, with its interval as a bar."""
    known = [(group.name, group.scores[score.name]) for group in groups if score.name in group.scores]
    top = 1.0 if score.unit == "%" else max(found.high for _, found in known) or 1.0
    height = _ROW * (len(known) + 1) + 8

    def x(value: float) -> float:
        return round(_LABEL + (_WIDTH - _LABEL - 70) * min(value / top, 1.0), 1)

    rows = "".join(
        f'<g><title>{escape(name)}: {_number(score, found.mean)}</title><text x="0" y="{y + 4}">{escape(name[:32])}'
        f'</text><line class="axis" x1="{_LABEL}" x2="{x(top)}" y1="{y}" y2="{y}"/><line class="bar" '
        f'x1="{x(found.low)}" x2="{x(found.high)}" y1="{y}" y2="{y}"/><circle cx="{x(found.mean)}" cy="{y}" r="4"/>'
        f'<text x="{_WIDTH - 60}" y="{y + 4}">{_number(score, found.mean)}</text></g>'
        for index, (name, found) in enumerate(known)
        for y in [_ROW * (index + 1)]
    )
    label = escape(f"{score.label}{_unit(score)}")
    return (
        f'<h3>{label}</h3><svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img" '
        f'aria-label="{label}">{rows}</svg>'
    )


def _groups(title: str, groups: Sequence[Group]) -> str:
    if not groups:
        return ""
    shown = [score for score in SCORES.values() if any(score.name in group.scores for group in groups)]
    head = "".join(f"<th class=n>{escape(score.label)}{_unit(score)}" for score in shown)
    rows = "".join(
        f"<tr><td>{escape(group.name)}<td class=n>{group.calls}"
        + "".join(f"<td class=n>{_mean(group, score)}" for score in shown)
        + "</tr>"
        for group in groups
    )
    return f"<h2>{title}</h2><table><tr><th>Name<th class=n>Calls{head}</tr>{rows}</table>"


def _mean(group: Group, score: Score) -> str:
    return _number(score, group.scores[score.name].mean) if score.name in group.scores else ""


def _calls(calls: Sequence[CallResult]) -> str:
    order = {"error": 0, "failed": 1, "passed": 2}
    listed = sorted(calls, key=lambda call: order[call.outcome])[:_MOST_CALLS]
    left_out = len(calls) - len(listed)
    note = f"<p class=soft>{left_out} calls that passed are not listed.</p>" if left_out else ""
    return f"<h2>Calls</h2>{''.join(map(_call, listed))}{note}"


def _call(call: CallResult) -> str:
    checks = "".join(
        f'<li class="{"passed" if check.passed else "failed"}">{escape(check.expected)}'
        f"{': ' + escape(check.reason) if check.reason else ''}</li>"
        for check in call.checks
    )
    error = f'<p class="error">{escape(call.error)}</p>' if call.error else ""
    link = f'<p><a href="{escape(quote(call.recording))}">recording</a></p>' if call.recording else ""
    return (
        f'<details><summary><span class="{call.outcome}">{call.outcome}</span> {escape(call.scenario)} '
        f"<span class=soft>{escape(call.id)}, {call.duration_ms / 1000:.1f} s</span></summary>{error}"
        f"<ul>{checks}</ul><pre>{escape(call.transcript)}</pre>{link}</details>"
    )


def _unit(score: Score) -> str:
    return f", {score.unit}" if score.unit else ""


def _range(score: Score, found: Estimate) -> str:
    return f"{_number(score, found.low)} to {_number(score, found.high)}"


def _number(score: Score, value: float) -> str:
    if score.unit == "%":
        return f"{value * 100:.0f}"
    return f"{value:.0f}" if score.unit == "ms" else f"{value:.4g}"
