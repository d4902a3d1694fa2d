"""SHP203."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.explore.paths import Failing, refused, wants_values
from shapelint.limits import only_limits
from shapelint.model import Diagnostic, Severity
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.trace import Span
from shapelint.wording import only, size_text, whose


@rule("SHP203", "size-mismatch", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """An operation refuses its operands for some sizes, or `forward` raises at every size.

    ## What it does
    Reports what the more specific rules do not: operations whose operands must agree in other ways
    than by length, channels or features, and models that raise at every size for a reason of their
    own. A mere minimum size is information. Sizes that the model itself refuses with an `assert` or
    a `raise` are its contract, not a finding, unless nothing is left or a declared size is among
    them.

    ## Why is this bad?
    The model raises at these sizes.

    ## Example
    ```python
    super().__init__()
    self.double = nn.Conv2d(3, 8, 3)     # hides Module.double, which something else calls
    ```
    """
    for failing in _reasons(subject):
        node = subject.node_of(failing)
        sizes = subject.witness(failing.sizes)
        never = subject.never_works
        passing = subject.near_miss(subject.valid, sizes)
        yield check.diagnostic(
            "raises at every size" if never else only("runs", subject.accepted),
            severity=_severity(subject),
            target=subject.target,
            span=_span(subject, failing),
            label=whose(node) if node else f"at {size_text(subject.spatial_only(sizes))}",
            related=subject.callers(node),
            witness=sizes,
            passing=passing,
        )
        return


def _severity(subject: Subject) -> Severity:
    if subject.never_works or subject.declared:
        return "error"
    small = only_limits(subject, subject.all_of(subject.failing("other")))
    return "info" if small else "warning"


def _reasons(subject: Subject) -> Iterator[Failing]:
    """Needs of no particular kind, and exceptions of ``forward`` where they matter."""
    failures = subject.exploration.failures
    own = [f for f in failures if f.event is None and not refused(f.trace)]
    raised = [f for f in own if not wants_values(f.trace)]
    if subject.never_works:
        yield from raised  # smaller sizes may fail before they get there
    yield from subject.failing("other")
    if subject.declared:
        yield from raised


def _span(subject: Subject, failing: Failing) -> Span:
    node, failure = subject.node_of(failing), failing.trace.failure
    if node is not None and node.span is not None:
        return node.span
    return (failure.span if failure else None) or subject.span
