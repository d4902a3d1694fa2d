"""One file in the worker: its models are chosen, looked at (:mod:`.target`) and reported.

Whatever goes wrong with one of them becomes a diagnostic about it; the others go on.
"""

from __future__ import annotations

import dataclasses
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from shapelint.client import WorkerSession
from shapelint.config import Settings
from shapelint.errors import UsageError
from shapelint.facts import TOOK_LONGER, Facts, Part, Problem, SkippedStatement
from shapelint.findings.suppressions import SKIP, skips
from shapelint.found import Found, unavailable
from shapelint.model import Inspected, Skipped
from shapelint.process import Unanswered, Worker
from shapelint.project.classes import Project, project_at
from shapelint.project.discovery import Place, project_root
from shapelint.project.targets import Plan, plans
from shapelint.source.texts import Texts
from shapelint.target import Target
from shapelint.trace import Span

_PASSING = frozenset(("timeout", "worker-crashed", "internal-error"))
"""Findings that the next run may not have."""
_LEFT_TO_HEIRS = r"NotImplementedError(?!:)|AttributeError: '{name}' object has no attribute"
"""What a class raises that leaves something to its subclasses, and says nothing more about it.

PyTorch's own NotImplementedError says what is not implemented.
"""


def inspect_file(
    worker: Worker, place: Place, settings: Settings, texts: Texts | None = None
) -> Inspected:
    """Inspect every target of one file; a bug in shapelint costs only the target it happens at."""
    path, root = place.path, project_root(place.path)
    with closing(WorkerSession(worker, path, root, texts)) as session:
        found, facts = _found(session, place, root, settings, _guarded)
    skipped = (Skipped(str(path), s.line, f"{s.text} ({s.reason})") for s in facts.skipped)
    return Inspected(
        tuple(f.report for f in found),
        tuple(d for f in found for d in f.diagnostics),
        tuple(skipped),
        project_at(root, session.files).with_owners((c.name for c in facts.classes), path),
        session.sources if _lasts(found, facts) else (),
    )


def lost(place: Place, why: str) -> Inspected:
    """A file of which nothing is known because of a bug in shapelint."""
    found = _unopened(Problem("bug", why), "internal-error", place.path)
    return Inspected((found.report,), found.diagnostics)


def _lasts(found: Sequence[Found], facts: Facts) -> bool:
    """Whether the next run would find the same."""
    slow = any(s.reason.startswith(TOOK_LONGER) for s in facts.skipped)
    return not slow and _PASSING.isdisjoint(d.name for f in found for d in f.diagnostics)


def found_in(worker: Worker, place: Place, settings: Settings) -> list[Found]:
    """Every target of one file, with its analysis."""
    root = project_root(place.path)
    with closing(WorkerSession(worker, place.path, root)) as session:
        return _found(session, place, root, settings, Target.found)[0]


def _found(
    session: WorkerSession,
    place: Place,
    root: Path,
    settings: Settings,
    look: Callable[[Target], Found | None],
) -> tuple[list[Found], Facts]:
    """The targets that are not part of another one, and what the file holds."""
    path = place.path
    try:
        facts = session.facts()
    except Unanswered as exc:
        return [_unopened(exc.problem, "import-failed", path)], Facts(str(path), "")
    described = [m for m in settings.models if m.path == path.absolute()]
    project = project_at(root, session.files)
    planned = list(plans(facts, place, project, settings.args, described))
    passed_over = () if place.target else tuple(_skipped(planned, path, session.files))
    lines = {statement.line for statement in passed_over}
    wanted = (p for p in sorted(planned, key=lambda p: p.part) if p.line not in lines)
    found: list[Found] = []
    for plan in wanted:
        if not (plan.part and any(_has(other, plan.class_name, path) for other in found)):
            each = look(Target(session, plan, path, settings))
            found += [each] if each and not _is_base(each, path, project) else []
    names = {f"{path}:{m.name}" for m in described}
    own = (f for f in found if f.report.target in names or not any(_is_part(f, o) for o in found))
    skipped = (*facts.skipped, *passed_over)
    return list(own), dataclasses.replace(facts, skipped=skipped)


def _skipped(planned: Iterable[Plan], path: Path, files: Texts) -> Iterator[SkippedStatement]:
    """The models that a comment says not to lint."""
    for plan in planned:
        comment = skips(str(path), plan.line, files)
        if comment is not None:
            why = f"{SKIP}{f' -- {comment.reason}' if comment.reason else ''}"
            yield SkippedStatement(plan.line, plan.name, why, (plan.name,))


def _is_base(found: Found, path: Path, project: Project) -> bool:
    """Whether a class uses what only its subclasses have: then those are looked at instead."""
    name = found.report.class_name
    left = re.compile(_LEFT_TO_HEIRS.format(name=re.escape(name)))
    errors = (d.error for d in found.diagnostics if d.severity == "error")
    lacks = any(map(left.search, (found.report.reason, *errors)))
    return lacks and bool(project.heirs(name, path))


def _is_part(found: Found, other: Found) -> bool:
    """Whether a class that was linted by itself is part of another model of the file."""
    if other.analysis is None or (other.report.guessed and not found.report.guessed):
        return False
    name, path = found.report.class_name, Path(found.report.path)
    by_class = found.report.target.endswith(f":{name}")
    return by_class and _has(other, name, path) and other.report.class_name != name


def _has(whole: Found, name: str, path: Path) -> bool:
    """Whether the class of this file is part of a model."""
    return Part(name, str(path.absolute())) in whole.parts


def _guarded(target: Target) -> Found | None:
    """Look at one target; a bug in shapelint becomes a diagnostic about it."""
    try:
        return target.found()
    except UsageError:
        raise
    except Exception as exc:  # whatever it is, the other models are still linted
        raised = "".join(traceback.format_exception_only(exc)).strip()
        where = traceback.format_tb(exc.__traceback__, -2)
        problem = Problem("bug", f"shapelint raised {raised}", details="".join(where))
        return target.unavailable(problem, "internal-error")


def _unopened(problem: Problem, rule: str, path: Path) -> Found:
    """A file of which no target is known."""
    return unavailable(problem, rule, str(path), Span.at_line(str(path), 1))
