"""SHP202."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.explore.paths import Path, set_of
from shapelint.lengths.conditions import Any as AnyOf
from shapelint.lengths.sets import SizeSet
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
            for event, sizes in _stretches(path, subject):
                node = path.trace.nodes[event.node]
                if node.span in seen:
                    continue
                seen.add(node.span)
                witness = subject.witness(sizes)
                yield check.diagnostic(
                    f"a length of 1 is stretched {where(sizes)}; elsewhere the lengths must agree",
                    target=subject.target,
                    span=node.span or subject.span,
                    label=f"broadcasts at {size_text(subject.spatial_only(witness))}",
                    severity="warning" if _reaches_ordinary(subject, sizes) else "info",
                    witness=witness,
                )


def _stretches(path: Path, subject: Subject) -> Iterator[tuple[Event, SizeSet]]:
    """Needs that lengths are equal, and the sizes that run because the first is 1 instead.

    A second operand of length 1, such as a bias or a gate, is there to be stretched; and so is what
    is stretched in the first run already. Lengths of different inputs are the caller's choice.
    """
    inputs = [set(i.dims) for i in subject.inputs]
    for event in path.trace.events if path.runs else ():
        condition = event.condition
        if event.need != "match" or not isinstance(condition, AnyOf) or len(condition.parts) != 3:
            continue
        agree, is_one, _ = condition.parts
        of_one = any(condition.symbols <= dims for dims in inputs)
        if of_one and condition.symbols <= set(path.runs.symbols) and agree.at(subject.base.hints):
            sizes = set_of(is_one, path.runs) - set_of(agree, path.runs)
            if sizes:
                yield event, sizes


def _reaches_ordinary(subject: Subject, sizes: SizeSet) -> bool:
    """Whether it happens at a size that people feed, not only below the total factor."""
    return bool(sizes.over(subject.domain.symbols) & subject.ordinary)
