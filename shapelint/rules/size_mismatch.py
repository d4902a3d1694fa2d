"""SHP203."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.explore.paths import Failing
from shapelint.limits import only_limits, small_and_large
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
    than by length, channels or features, inputs that are too large for a table of positions, and
    models that raise at every size for a reason of their own. A mere smallest or largest size is
    information. Sizes that the model itself refuses with an `assert` or a `raise` are its contract,
    not a finding, unless nothing is left or a declared size is among them.

    ## Why is this bad?
    The model raises at these sizes.

    ## Example
    ```python
    super().__init__()
    self.double = nn.Conv2d(3, 8, 3)     # hides Module.double, which something else calls
    ```
    """
    needs = _needs(subject)
    raised = subject.raising if subject.never_works or subject.declared else ()
    for failing in [*needs, *raised][:1]:
        node = subject.node_of(failing)
        sizes = subject.witness(failing.sizes)
        never = subject.never_works
        passing = subject.near_miss(subject.valid, sizes)
        yield check.diagnostic(
            "raises at every size" if never else only("runs", subject.accepted),
            severity=_severity(subject, needs),
            target=subject.target,
            span=_span(subject, failing),
            label=whose(node) if node else f"at {size_text(subject.spatial_only(sizes))}",
            related=subject.callers(node),
            witness=sizes,
            passing=passing,
        )


def _severity(subject: Subject, needs: list[Failing]) -> Severity:
    if subject.never_works or subject.declared:
        return "error"
    return "info" if only_limits(subject, subject.all_of(needs)) else "warning"


def _needs(subject: Subject) -> list[Failing]:
    """Needs of no particular kind, and what is not too small for a layer, but too large."""
    _, large = small_and_large(subject, subject.blamed("fits"))
    return [*subject.blamed("other"), *large]


def _span(subject: Subject, failing: Failing) -> Span:
    node, failure = subject.node_of(failing), failing.trace.failure
    if node is not None and node.span is not None:
        return node.span
    return (failure.span if failure else None) or subject.span
