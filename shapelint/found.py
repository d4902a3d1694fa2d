"""What was found out about one target, or why it could not be looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from shapelint.analysis import Analysis
from shapelint.facts import Part, Problem
from shapelint.model import Diagnostic, TargetReport
from shapelint.rules import find_rule
from shapelint.trace import Span

_RULES = {"timeout": "timeout", "crash": "worker-crashed"}
_ADVICE = {
    "timeout": ("allow more with --timeout SECONDS, or keep long work out of what is imported",),
    "crash": ("run the file by itself to see more; --memory MEGABYTES is what it may take",),
    "missing": ("install it there, or choose another interpreter with --python",),
}
"""What can be done about a problem, by its kind."""


@dataclass(frozen=True)
class Found:
    """What was found out about one target; the analysis is missing if there is none."""

    report: TargetReport
    diagnostics: tuple[Diagnostic, ...]
    analysis: Analysis | None = None
    parts: tuple[Part, ...] = ()
    """What it consists of: these are analysed inside it, and not reported by themselves."""

    def says(self, *names: str) -> bool:
        """Whether one of these rules has found something."""
        return any(d.name in names for d in self.diagnostics)

    def with_note(self, note: str) -> Found:
        """The same with a note at each diagnostic."""
        said = (replace(d, notes=(*d.notes, note)) for d in self.diagnostics)
        return replace(self, diagnostics=tuple(said))


def _last_call(problem: Problem) -> list[str]:
    """The place where it was raised, and the source line there."""
    lines = problem.details.splitlines()
    calls = [i for i, line in enumerate(lines) if line.startswith("  File ")]
    return [line.strip() for line in lines[calls[-1] :]] if calls else lines[-3:]


def unavailable(
    problem: Problem,
    rule: str,
    target: str,
    span: Span,
    class_name: str = "",
    notes: tuple[str, ...] = (),
) -> Found:
    """A target that could not be looked at, and why."""
    here = Path(problem.path or span.path).absolute() == Path(span.path).absolute()
    known = bool(problem.line) and here
    diagnostic = find_rule(_RULES.get(problem.kind, rule)).diagnostic(
        problem.text,
        target=target,
        span=Span.at_line(span.path, problem.line) if known else span,
        notes=(
            *(notes or ([] if known else _last_call(problem))),
            *_ADVICE.get(problem.kind, ()),
        ),
        evidence="not-checked",
    )
    report = TargetReport(target, span.path, class_name, (), "not-checked", problem.text)
    return Found(report, (diagnostic,))
