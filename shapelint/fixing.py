"""Fixes applied, round by round, until no more apply; nothing is written here.

In each round every model gets the best fix that may be applied, as far as they do not touch the
same place. Then what is built from an edited file is linted again: what is fixed is seen, and so is
a model elsewhere that shares the edited code and would lose sizes. Such a fix is taken back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from shapelint.lengths.domain import domain_of
from shapelint.lengths.sets import SizeSet
from shapelint.model import Diagnostic, Edit, Fix, Report, Sizes, TargetReport
from shapelint.source.edits import Unwritable, edited_texts, overlap
from shapelint.source.texts import Texts
from shapelint.template import symbols_of

_ROUNDS = 12

Lint = Callable[[Texts, Collection[str] | None], Report]
"""Lints with these texts in place of files: all files, or only the given ones."""


@dataclass(frozen=True)
class Fixed:
    """The result of applying the fixes of a report."""

    report: Report
    """The report on the edited texts."""
    texts: dict[str, bytes]
    """The files that change, by absolute path."""
    findings: int = 0
    """How many findings the applied fixes were offered for."""


@dataclass(frozen=True)
class _Chosen:
    """A fix, and the findings it is offered for."""

    fix: Fix
    target: str
    findings: int


def fixed(report: Report, lint: Lint, unsafe: bool, texts: Texts | None = None) -> Fixed:
    """Apply the safe fixes of a report, and with ``unsafe`` the unsafe ones, until none is left."""
    allowed = ("safe", "unsafe") if unsafe else ("safe",)
    start = now = texts or Texts()
    refused: set[tuple[Edit, ...]] = set()
    held: set[tuple[Edit, ...]] = set()
    findings = 0
    for _ in range(_ROUNDS):
        chosen = list(_best(report, allowed, refused | held))
        if not chosen:
            break
        edited, after, suspects = _tried(report, lint, now, chosen)
        if suspects:
            one, *others = (c.fix.edits for c in suspects)
            held.update(others)
            if not others:
                refused.add(one)
            continue
        held.clear()
        now, report = now.with_texts(edited), after
        findings += sum(c.findings for c in chosen)
    changed = {p: t for p, t in now.texts.items() if start.texts.get(p) != t}
    return Fixed(report, changed, findings)


def _tried(
    report: Report, lint: Lint, texts: Texts, chosen: Sequence[_Chosen]
) -> tuple[dict[str, bytes], Report, list[_Chosen]]:
    """What comes of several fixes at once, and those that may have done harm."""
    try:
        edited = edited_texts(texts, (e for c in chosen for e in c.fix.edits))
    except Unwritable:
        return {}, report, list(chosen)
    after = _again(report, lint, texts.with_texts(edited), edited)
    harmed = _harmed(report, after, {c.target for c in chosen})
    touched = {os.path.abspath(s) for path in harmed for s in (path, *report.sources.get(path, ()))}
    suspects = [c for c in chosen if touched & {e.span.path for e in c.fix.edits}]
    return edited, after, (suspects or list(chosen)) if harmed else []


def _again(report: Report, lint: Lint, texts: Texts, edited: Iterable[str]) -> Report:
    """The report with those files linted again that are built from an edited one."""
    changed = set(edited)
    again = {
        path
        for path, sources in report.sources.items()
        if not sources or not changed.isdisjoint({os.path.abspath(s) for s in (path, *sources)})
    }
    new = lint(texts, again)
    path_of = {t.target: t.path for t in (*report.targets, *new.targets)}
    order = {path: i for i, path in enumerate(report.sources)}

    def place(found: Diagnostic) -> str:
        return path_of.get(found.target, found.span.path)

    targets = [t for t in report.targets if t.path not in again] + list(new.targets)
    found = [d for d in report.diagnostics if place(d) not in again]
    found += [d for d in new.diagnostics if place(d) in again]
    return replace(
        report,
        targets=tuple(sorted(targets, key=lambda t: order.get(t.path, 0))),
        diagnostics=tuple(sorted(found, key=lambda d: order.get(place(d), len(order)))),
        skipped=(*(s for s in report.skipped if s.path not in again), *new.skipped),
        suppressed=(
            *(s for s in report.suppressed if place(s.diagnostic) not in again),
            *new.suppressed,
        ),
        sources={**report.sources, **new.sources},
    )


def for_display(
    report: Report, texts: Texts | None = None
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Where nothing else helps, what only a person can apply: its title, and the edited texts."""
    seen = set()
    for found in report.diagnostics:
        written = [f for f in found.fixes if f.edits]
        if written and all(f.applicability == "display" for f in written):
            best = written[0]
            if best.edits not in seen:
                seen.add(best.edits)
                yield f"{found.target}: {best.title}", edited_texts(texts or Texts(), best.edits)


def _best(
    report: Report, allowed: Iterable[str], refused: Iterable[tuple[Edit, ...]]
) -> Iterator[_Chosen]:
    """One fix for each model, no two of which touch the same text."""
    taken: dict[str, tuple[Edit, ...]] = {}
    for found in sorted(report.diagnostics, key=_urgency):
        if found.target in taken:
            continue
        for fix in found.fixes:
            may = fix.edits and fix.applicability in allowed and fix.edits not in refused
            if may and not _in_the_way(fix, taken.values()):
                yield _Chosen(fix, found.target, _offered(report, fix, found.target))
                taken[found.target] = fix.edits
                break


def _urgency(found: Diagnostic) -> int:
    return ("error", "warning", "info").index(found.severity)


def _offered(report: Report, fix: Fix, target: str) -> int:
    """For how many findings of a model a fix is offered."""
    own = (d for d in report.diagnostics if d.target == target)
    return sum(any(f.edits == fix.edits for f in d.fixes) for d in own)


def _in_the_way(fix: Fix, taken: Iterable[tuple[Edit, ...]]) -> bool:
    """Whether a fix touches text that another one touches; making the very same edit is fine."""
    others = [e for edits in taken if edits != fix.edits for e in edits]
    return any(overlap(mine, other) for mine in fix.edits for other in others)


def _harmed(before: Report, after: Report, meant: set[str]) -> set[str]:
    """The files of models that lose sizes and were not to be fixed, or are lost altogether."""
    now = {t.target: t for t in after.targets}
    return {t.path for t in before.targets if _is_harmed(t, now.get(t.target), t.target in meant)}


def _is_harmed(before: TargetReport, after: TargetReport | None, is_meant: bool) -> bool:
    if after is None or (after.evidence == "not-checked") > (before.evidence == "not-checked"):
        return True
    return not is_meant and _loses(before, after)


def _loses(before: TargetReport, after: TargetReport) -> bool:
    symbols = symbols_of(before.inputs)
    pairs = (
        (before.valid_sizes, after.valid_sizes),
        (before.roundtrip_sizes, after.roundtrip_sizes),
    )
    return any(_shrinks(old, new, symbols) for old, new in pairs)


def _shrinks(before: Sizes | None, after: Sizes | None, symbols: Sequence[str]) -> bool:
    if before is None or (after is not None and after.text == before.text):
        return False
    return after is None or bool(_as_set(before, symbols) - _as_set(after, symbols))


def _as_set(sizes: Sizes, symbols: Sequence[str]) -> SizeSet:
    """The set itself: results of an earlier run hold it in words only."""
    return sizes if isinstance(sizes, SizeSet) else domain_of([sizes.text], symbols)
