"""One file in the worker: its models are chosen, built, analysed and judged.

Whatever goes wrong with one of them becomes a diagnostic about it; the others go on.
"""

from __future__ import annotations

import dataclasses
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

from shapelint.analysis import Analysis
from shapelint.client import WorkerSession
from shapelint.config import Settings
from shapelint.errors import UsageError
from shapelint.facts import TOOK_LONGER, Built, Facts, ForwardCall, Part, Problem, SkippedStatement
from shapelint.findings.selection import selected_rules
from shapelint.findings.suppressions import SKIP, skips
from shapelint.found import Found, unavailable
from shapelint.guesses import to_describe, why_doubtful
from shapelint.inputs import looked_at
from shapelint.lengths.effort import Deadline, TooHard
from shapelint.memory import at_most_megabytes
from shapelint.model import Inspected, Skipped
from shapelint.process import Unanswered, Worker
from shapelint.project.classes import Project, project_at
from shapelint.project.discovery import Place, project_root
from shapelint.project.targets import Plan, plans
from shapelint.rules import find_rule
from shapelint.rules.same_padding_with_stride import refused
from shapelint.source.texts import Texts
from shapelint.trace import Span
from shapelint.unbuilt import arguments_missing, as_info, block_to_paste
from shapelint.verdict import verdict

_PASSING = frozenset(("timeout", "worker-crashed", "internal-error"))
"""Findings that the next run may not have."""
_LEFT_TO_HEIRS = re.compile(r"NotImplementedError(?!:)")
"""What is raised where there is nothing to say: PyTorch's own says what is not implemented."""


def inspect_file(
    worker: Worker, place: Place, settings: Settings, texts: Texts | None = None
) -> Inspected:
    """Every target of one file; a bug in shapelint costs the one it happens at alone."""
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
    path = place.path
    found = unavailable(Problem("bug", why), "internal-error", str(path), path, 1)
    return Inspected((found.report,), found.diagnostics)


def _lasts(found: Sequence[Found], facts: Facts) -> bool:
    """Whether the next run would find the same."""
    slow = any(s.reason.startswith(TOOK_LONGER) for s in facts.skipped)
    return not slow and _PASSING.isdisjoint(d.name for f in found for d in f.diagnostics)


def found_in(worker: Worker, place: Place, settings: Settings) -> list[Found]:
    """Every target of one file, with its analysis."""
    root = project_root(place.path)
    with closing(WorkerSession(worker, place.path, root)) as session:
        return _found(session, place, root, settings, _inspect_target)[0]


def _found(
    session: WorkerSession, place: Place, root: Path, settings: Settings, look: Look
) -> tuple[list[Found], Facts]:
    """The targets that stand for themselves, and what the file holds."""
    path = place.path
    try:
        facts = session.facts()
    except Unanswered as exc:
        lost = unavailable(exc.problem, "import-failed", str(path), path, 1)
        return [lost], Facts(str(path), "")
    described = [m for m in settings.models if m.path == path.absolute()]
    project = project_at(root, session.files)
    planned = list(plans(facts, place, project, settings.args, described))
    passed_over = () if place.target else tuple(_skipped(planned, path, session.files))
    lines = {statement.line for statement in passed_over}
    wanted = (p for p in sorted(planned, key=lambda p: p.part) if p.line not in lines)
    found: list[Found] = []
    for plan in wanted:
        if not (plan.part and any(_has(other, plan.class_name, path) for other in found)):
            each = look(session, plan, path, settings)
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


Look = Callable[[WorkerSession, Plan, Path, Settings], Found | None]


def _says(found: Found, *names: str) -> bool:
    """Whether one of these rules has found something."""
    return any(d.name in names for d in found.diagnostics)


def _is_base(found: Found, path: Path, project: Project) -> bool:
    """Whether a class calls what only the classes derived from it have: these are looked at."""
    lacks = _LEFT_TO_HEIRS.search(found.report.reason)
    return lacks is not None and bool(project.heirs(found.report.class_name, path))


def _is_part(found: Found, other: Found) -> bool:
    """Whether a class was linted by itself that is part of another model of the file."""
    if other.analysis is None or (other.report.guessed and not found.report.guessed):
        return False
    name, path = found.report.class_name, Path(found.report.path)
    by_class = found.report.target.endswith(f":{name}")
    return by_class and _has(other, name, path) and other.report.class_name != name


def _has(whole: Found, name: str, path: Path) -> bool:
    """Whether the class of this file is part of a model."""
    return Part(name, str(path.absolute())) in whole.parts


def _guarded(session: WorkerSession, plan: Plan, path: Path, settings: Settings) -> Found | None:
    """One target; a bug in shapelint costs this one alone, and is shown."""
    try:
        return _inspect_target(session, plan, path, settings)
    except UsageError:
        raise
    except Exception as exc:  # whatever it is, the other models are still linted
        raised = "".join(traceback.format_exception_only(exc)).strip()
        where = traceback.format_tb(exc.__traceback__, -2)
        problem = Problem("bug", f"shapelint raised {raised}", details="".join(where))
        target = f"{path}:{plan.name}"
        return unavailable(problem, "internal-error", target, path, plan.line, plan.class_name)


def _inspect_target(
    session: WorkerSession, plan: Plan, path: Path, settings: Settings
) -> Found | None:
    """Build one target and analyse it; None for a part of which nothing is to be said."""
    if not plan.part:
        return _by_itself(session, plan, path, settings)
    build = _in_a_whole if plan.wholes else _by_itself
    found = build(session, plan, path, settings)
    return None if found and _says(found, "cannot-construct", "cannot-trace") else found


def _by_itself(session: WorkerSession, plan: Plan, path: Path, settings: Settings) -> Found:
    """A target built of its own arguments, or in another way if these do not do."""
    target = f"{path}:{plan.name}"
    if plan.missing:
        ways = (_in_a_whole, _by_guess)
        built = (way(session, plan, path, settings) for way in ways)
        return next(filter(None, built), None) or _lacking(plan, path, settings)
    if plan.refused:
        missing = "is not installed" in plan.refused
        problem = Problem("missing" if missing else "error", plan.refused)
        return unavailable(problem, "cannot-construct", target, path, plan.line, plan.class_name)
    found = _constructed(session, plan, path, settings)
    if plan.otherwise is None or not _says(found, "cannot-construct"):
        return found
    other = _by_itself(session, plan.otherwise, path, settings)
    return found if _says(other, "cannot-construct") else other


def _in_a_whole(session: WorkerSession, plan: Plan, path: Path, settings: Settings) -> Found | None:
    """A class as a model that it is part of builds it; None if that runs at no size."""
    for whole in plan.wholes:
        with suppress(Unanswered):
            built = session.part(plan.name, whole, plan.trains(settings), anyway=not plan.part)
            if built:
                how = f"built as {whole} builds it"
                as_part = dataclasses.replace(plan, assumed=(how,))
                found = _looked_at(session, as_part, built, path, settings)
                why = f"{how}, which alone says what sizes it gets: so this is info only"
                return _if_it_runs(found, why if plan.part else "")
    return None


def _if_it_runs(found: Found, doubt: str) -> Found | None:
    """What was found, as info if there is doubt; None if the model runs at no size."""
    sizes = found.report.valid_sizes
    if found.analysis is None or sizes is None or sizes.smallest() is None:
        return None
    said = as_info(found.diagnostics, doubt) if doubt else found.diagnostics
    return dataclasses.replace(found, diagnostics=said)


def _lacking(plan: Plan, path: Path, settings: Settings) -> Found:
    """A class that cannot be built without more arguments."""
    them = "it" if len(plan.missing) == 1 else "them"
    needs = f"needs {', '.join(plan.missing)}: no call and no config of the project gives {them}"
    place = (f"{path}:{plan.name}", path, plan.line, plan.class_name)
    notes = (block_to_paste(plan.name, plan.missing, path, settings),)
    return unavailable(Problem("error", needs), "cannot-construct", *place, notes)


def _by_guess(session: WorkerSession, plan: Plan, path: Path, settings: Settings) -> Found | None:
    """The model with arguments guessed by name; None if it runs at no size with them."""
    assumed = tuple(f"{name} = {value!r}" for name, value in plan.guess.items())
    if not plan.guess:
        return None
    whole = {**plan.kwargs, **plan.guess}
    guess = dataclasses.replace(plan, kwargs=whole, missing=(), assumed=assumed)
    why = f"assumed {', '.join(assumed)}: a guess by name, so this is info only"
    found = _if_it_runs(_constructed(session, guess, path, settings), why)
    return found and dataclasses.replace(
        found, report=dataclasses.replace(found.report, guessed=True)
    )


def _constructed(session: WorkerSession, plan: Plan, path: Path, settings: Settings) -> Found:
    """A target of which all arguments are known."""
    target = f"{path}:{plan.name}"
    try:
        train = plan.trains(settings)
        built = session.build(plan.name, plan.args, plan.kwargs, train, plan.imports)
    except Unanswered as exc:
        same = refused(exc.problem, target, Span(str(path), plan.line, 1, plan.line, 1))
        place = (target, path, plan.line, plan.class_name)
        names = arguments_missing(exc.problem.text)
        notes = (block_to_paste(plan.name, names, path, settings),) if names else ()
        found = unavailable(exc.problem, "cannot-construct", *place, notes)
        return dataclasses.replace(found, diagnostics=(same,)) if same else found
    return _looked_at(session, plan, built, path, settings)


def _looked_at(
    session: WorkerSession, plan: Plan, built: Built, path: Path, settings: Settings
) -> Found:
    """A target that was built."""
    try:
        with Deadline(settings.timeout, session.clock).spent(), at_most_megabytes(settings.memory):
            return _analysed(session, plan, built, path, settings)
    except Unanswered as exc:
        problem = exc.problem
    except TooHard as exc:
        problem = Problem("timeout", str(exc))
    except MemoryError:
        problem = Problem("error", f"its sizes take more than --memory ({settings.memory} MB)")
    except RecursionError:
        problem = Problem("error", "the formulas of its sizes are nested too deep to work with")
    target = f"{path}:{plan.name}"
    found = unavailable(problem, "cannot-trace", target, path, plan.line, plan.class_name)
    return dataclasses.replace(found, parts=built.parts)


def _analysed(
    session: WorkerSession, plan: Plan, built: Built, path: Path, settings: Settings
) -> Found:
    """One model that was built. Raises Unanswered, and TooHard when the time is over."""
    span = Span(str(path), plan.line, 1, plan.line, 1)
    target = f"{path}:{plan.name}"
    known = (settings, plan.declared, built.annotated, target, span)
    analysis, guess = looked_at(session, *known, partial(_calls, session, plan, path))
    doubt = why_doubtful(analysis, guess) if guess else ""
    if doubt:
        raise Unanswered(Problem("error", doubt, details=to_describe(analysis.inputs)))
    mode = ("training mode",) if plan.trains(settings) else ()
    assumed = (*mode, *plan.assumed, *built.assumed, *((guess.how,) if guess else ()))
    found = _reported(analysis, plan, path, settings, assumed)
    if guess and guess.written and analysis.subject.never_works:  # then one of the two is wrong
        found = found.with_note(f"input: {guess.how}")
    return dataclasses.replace(found, parts=built.parts)


def _calls(session: WorkerSession, plan: Plan, path: Path) -> Sequence[ForwardCall]:
    """How the project calls a model."""
    project = project_at(session.root, session.files)
    return project.forward_calls(plan.name, path, is_instance=plan.name != plan.class_name)


def _reported(
    analysis: Analysis, plan: Plan, path: Path, settings: Settings, assumed: tuple[str, ...]
) -> Found:
    rules = [find_rule(entry.code) for entry in selected_rules(settings)]
    said = verdict(analysis, rules, str(path), plan.class_name, assumed)
    return Found(said.report, said.diagnostics, analysis)
