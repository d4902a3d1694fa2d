"""SHP202."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from shapelint.explore.paths import Path
from shapelint.lengths.conditions import Compare
from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.trace import Event
from shapelint.wording import size_text, where


@rule("SHP202", "silent-broadcast", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A length that is 1 only for some sizes is stretched instead of raising an error.

    ## What it does
    Finds element-wise operations whose operands usually have equal lengths, and that broadcast at
    sizes where one of them happens to be 1.

    ## Why is this bad?
    Broadcasting hides the mismatch: the model runs on tiny inputs and computes something else than
    on all others.

    ## Example
    ```python
    x = skip + F.interpolate(deep, scale_factor=2)       # at H = 2: 1 + 2 rows
    ```

    ## Use instead
    ```python
    x = skip + F.interpolate(deep, size=skip.shape[-2:])
    ```

    ## References
    - https://docs.pytorch.org/docs/stable/notes/broadcasting.html
    """
    seen = set()
    for component in subject.exploration.components:
        for path in component.paths:
            for event in _stretches(path):
                node = path.trace.nodes[event.node]
                if path.trace is subject.base or node.span in seen:
                    continue
                seen.add(node.span)
                sizes = subject.witness(path.runs)
                yield check.diagnostic(
                    f"a length of 1 is stretched {where(path.runs)}; "
                    "elsewhere the lengths must agree",
                    target=subject.target,
                    span=node.span or subject.span,
                    label=f"broadcasts at {size_text(subject.spatial_only(sizes))}",
                    severity="warning" if _reaches_ordinary(subject, path) else "info",
                    witness=sizes,
                )


def _stretches(path: Path) -> Iterator[Event]:
    """``a == b`` was tested and did not hold, then ``a == 1`` was and did, at one node."""
    if not path.runs:
        return
    events = path.trace.events
    for before, event in pairwise(events):
        if before.node != event.node or not (_is_equality(before) and _is_equality(event)):
            continue
        if not before.holds and event.holds:
            yield event


def _is_equality(event: Event) -> bool:
    condition = event.condition
    return event.kind == "branch" and isinstance(condition, Compare) and condition.op == "=="


def _reaches_ordinary(subject: Subject, path: Path) -> bool:
    """Whether it happens at a size that people feed, not only below the total factor."""
    return bool(path.runs.over(subject.domain.symbols) & subject.ordinary)
