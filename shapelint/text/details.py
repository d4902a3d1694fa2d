"""What ``--verbose`` adds: every model with what is known about it, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Input, Report, TargetReport
from shapelint.text.layout import one_line
from shapelint.text.sources import Sources


def details(report: Report, sources: Sources) -> Iterator[str]:
    """Where answers come from, lines about every target, one for everything left out."""
    yield from map(one_line, report.origins)
    for target in report.targets:
        yield one_line(f"{target.target}{template(target)}: {evidence(target)}")
        yield from (f"  {one_line(fact)}" for fact in _facts(target))
    for skipped in report.skipped:
        yield one_line(f"skipped {sources.shown(skipped.path)}:{skipped.line}: {skipped.what}")
    for silent in report.suppressed:
        span, name = silent.diagnostic.span, silent.diagnostic.name
        why = f"{silent.by}: {silent.reason}" if silent.reason else silent.by
        yield one_line(f"suppressed {sources.shown(span.path)}:{span.line}: {name} ({why})")


def template(target: TargetReport) -> str:
    """The inputs: ``(N, 3, H, W)``, or ``(image: N, 3, H, W; tokens: N, T)`` with their names."""
    return f"({'; '.join(map(_input, target.inputs))})"


def _input(tensor: Input) -> str:
    dims = ", ".join(map(str, tensor.dims))
    return dims if tensor.name.isdigit() else f"{tensor.name}: {dims}"


def evidence(target: TargetReport) -> str:
    """``proven``, or how much less and why."""
    words = target.evidence.replace("-", " ")
    return f"{words}: {target.reason}" if target.reason else words


def sizes_known(target: TargetReport) -> Iterator[str]:
    """Where it runs and where it comes back, as far as that is known."""
    if target.valid_sizes is not None:
        yield f"runs at {target.valid_sizes.text}"
    if target.roundtrip_sizes is not None:
        yield f"comes back at {target.roundtrip_sizes.text}"
    if target.unknown_sizes is not None:
        yield f"not known at {target.unknown_sizes.text}"


def _facts(target: TargetReport) -> Iterator[str]:
    yield from sizes_known(target)
    if target.outputs:
        yield f"returns {', '.join(target.outputs)}"
    for contract in target.contracts:
        why = f": {contract.reason}" if contract.reason else ""
        yield f"contract {contract.text}: {contract.verdict.replace('-', ' ')}{why}"
    yield from (f"assumed {guess}" for guess in target.assumed)
