"""SHP201."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.explore.paths import Failing
from shapelint.lengths.expr import as_expr
from shapelint.lengths.formulas import formula
from shapelint.limits import only_limits
from shapelint.model import Diagnostic, Label, Severity
from shapelint.rules import rule
from shapelint.rules.roundtrip_length import breaks_ordinary_sizes
from shapelint.subject import Subject
from shapelint.trace import Node
from shapelint.wording import map_label, place, size_text, where


@rule("SHP201", "skip-length-mismatch", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """Lengths that are joined by cat or add differ for some sizes.

    ## What it does
    Checks every junction: `torch.cat`, `torch.stack`, additions and other broadcasting operations.
    One finding for a model and the line where lengths first fail to meet, with the exact sizes at
    which the model runs. Information where lengths of different inputs must agree, and where only
    sizes that are too small fail: a WaveNet that is shorter than its receptive field.

    ## Why is this bad?
    Each halving of a U-Net rounds, each doubling does not. Behind four levels the skip and the
    upsampled map agree only for multiples of 16; at 350 PyTorch raises, at 320 it does not.

    ## Example
    ```python
    y = self.up(y)                                       # 2 * floor(H/2)
    y = torch.cat([skip, y], dim=1)                      # H
    ```

    ## Use instead
    ```python
    y = F.interpolate(y, size=skip.shape[-2:])
    y = torch.cat([skip, y], dim=1)
    ```
    or pad the input to a multiple of the total factor.

    ## Fix safety
    Resizing or padding to the skip leaves sizes that run today untouched.

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.cat.html
    """
    failures = [f for f in subject.blamed("match") if f.event and len(f.event.lengths) > 1]
    if breaks_ordinary_sizes(subject):
        failures = [f for f in failures if not _is_unpool(subject.node_of(f))]
    groups = sorted(_by_line(subject, failures), key=_is_up_to_values)
    if groups:
        yield _diagnostic(subject, groups)


def _is_up_to_values(failures: list[Failing]) -> bool:
    return not any(f.event.certain for f in failures if f.event)


def _is_unpool(node: Node | None) -> bool:
    return node is not None and node.op.startswith("max_unpool")


def _by_line(subject: Subject, failures: list[Failing]) -> Iterator[list[Failing]]:
    """One group of failures for each place in the source, the first to fail first."""
    groups: dict[object, list[Failing]] = {}
    for failing in failures:
        node = subject.node_of(failing)
        groups.setdefault(node.span if node else None, []).append(failing)
    yield from groups.values()


def _diagnostic(subject: Subject, groups: list[list[Failing]]) -> Diagnostic:
    """One cause, one finding: junctions that fail further on are named beside the first."""
    first = max(groups[0], key=lambda f: f.trace.failure is None)
    node = subject.node_of(first)
    event = first.event
    assert event is not None
    sizes = subject.witness(first.sizes)
    passing = subject.example(sizes)
    a, b = event.lengths[:2]
    return check.diagnostic(
        _message(subject, node),
        severity=_severity(subject, groups),
        target=subject.target,
        span=node.span if node and node.span else subject.span,
        label=f"{a.at(sizes)} and {b.at(sizes)} at {size_text(subject.spatial_only(sizes))}",
        related=(*_sources(subject, first, node), *_further(subject, groups[1:])),
        notes=_notes(subject, first, passing),
        witness=sizes,
        passing=passing,
        evidence="checked" if first.sizes.window else "proven",
    )


def _severity(subject: Subject, groups: list[list[Failing]]) -> Severity:
    if subject.never_works or subject.declared:
        return "error"
    failures = [f for group in groups for f in group]
    if only_limits(subject, subject.all_of(failures)):
        return "info"
    return "info" if all(_between_inputs(subject, f) for f in failures) else "warning"


def _between_inputs(subject: Subject, failing: Failing) -> bool:
    """Whether lengths of different inputs must agree: that is how to call it, not a fault."""
    a, b = failing.event.lengths[:2] if failing.event else (as_expr(0), as_expr(0))
    return bool(a.symbols and b.symbols) and not any(
        a.symbols & set(i.dims) and b.symbols & set(i.dims) for i in subject.inputs
    )


def _message(subject: Subject, node: Node | None) -> str:
    joined = {"cat": "concatenated", "stack": "stacked"}.get(node.op if node else "", "combined")
    if subject.never_works:
        return f"lengths that are {joined} never agree: no size runs"
    return f"lengths that are {joined} agree only for some sizes: runs {where(subject.accepted)}"


def _further(subject: Subject, groups: list[list[Failing]]) -> Iterator[Label]:
    for group in groups:
        node = subject.node_of(group[0])
        if node is not None and node.span is not None:
            yield Label(node.span, "here too")


def _sources(subject: Subject, failing: Failing, node: Node | None) -> tuple[Label, ...]:
    """The last stage on each side of the junction."""
    labels = {}
    for index in node.inputs[:2] if node else ():
        stage = subject.last_stage_before(failing.trace, index)
        if stage is not None and stage.node.layer_span is not None:
            labels[place(stage.node, subject.span)] = stage
    return tuple(Label(span, map_label(stage)) for span, stage in labels.items())


def _notes(subject: Subject, failing: Failing, passing: dict[str, int]) -> tuple[str, ...]:
    event = failing.event
    assert event is not None
    a, b = event.lengths[:2]
    notes = [f"lengths: {formula(a)} and {formula(b)}"] if (a.symbols | b.symbols) else []
    return (*notes, *subject.example_note(passing), *subject.comes_back_note())
