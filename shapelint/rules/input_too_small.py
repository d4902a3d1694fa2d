"""SHP302."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.explore.paths import Failing
from shapelint.lengths.expr import Sizes
from shapelint.lengths.sets import SizeSet
from shapelint.limits import only_limits, small_and_large
from shapelint.model import Diagnostic, Severity
from shapelint.rules import rule
from shapelint.rules.roundtrip_length import breaks_ordinary_sizes
from shapelint.subject import Subject
from shapelint.wording import place, size_text, whose


@rule("SHP302", "input-too-small", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A kernel, pool or reflection is larger than what it is applied to.

    ## What it does
    Reports the smallest input that gets through. It is an error if no size does, or a declared size
    does not; information if only smaller ones fail, as in every deep network.

    ## Why is this bad?
    A discriminator written for 64 x 64 images fails on 32 x 32 ones at its last layer, and says so
    in terms of that layer: `Kernel size can't be greater than actual input size`.

    ## Example
    ```python
    nn.Conv2d(512, 1, kernel_size=4)                     # behind four halvings of 32 x 32: 2 x 2
    ```

    ## Use instead
    A smaller kernel, or one halving less.

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """
    failures, _ = small_and_large(subject, subject.failing("fits"))
    if not failures or not subject.blamed("fits"):
        return
    last = max(failures, key=lambda f: _reach(f.sizes))
    node = subject.node_of(last)
    sizes = subject.witness(_largest(last.sizes))
    yield check.diagnostic(
        _message(subject, failures),
        severity=_severity(subject, failures),
        target=subject.target,
        span=place(node, subject.span),
        label=whose(node) if node else "",
        notes=(f"too small, for example: {size_text(subject.spatial_only(sizes))}",),
        witness=sizes,
        passing=subject.near_miss(subject.valid, sizes),
    )


def _message(subject: Subject, failures: list[Failing]) -> str:
    large_enough = subject.domain - subject.all_of(failures)
    if not large_enough:
        return "no size is large enough for this layer"
    least = _least(large_enough)
    runs = large_enough & subject.valid
    first = _least(subject.for_any_batch & runs or runs) if runs else None
    if first is None or _is_for_another_reason(subject, least, first):
        shown = size_text(subject.spatial_only(least))
        return f"the smallest input large enough for this layer is {shown}"
    return f"the smallest input is {size_text(subject.spatial_only(first))}"


def _least(sizes: SizeSet) -> dict[str, int]:
    """The smallest along every axis, if that belongs to the set."""
    least = sizes.smallest() or {}
    corner = {s: (sizes.project((s,)).lexmin() or least)[s] for s in least}
    return corner if corner in sizes else least


def _is_for_another_reason(subject: Subject, least: Sizes, first: Sizes) -> bool:
    """Whether what runs first is further away than the total factor of its downsampling."""
    return any(first[s] - least[s] > subject.granularity(s) > 1 for s in subject.spatial)


def _severity(subject: Subject, failures: list[Failing]) -> Severity:
    small = subject.all_of(failures)
    if subject.declared or subject.domain <= small:
        return "error"
    minimum = only_limits(subject, small) or breaks_ordinary_sizes(subject)
    return "info" if minimum else "warning"


def _reach(sizes: SizeSet) -> tuple[int, ...]:
    """The size up to which it fails, per symbol; larger is the stricter layer."""
    return tuple((_largest(sizes.project((s,))).lexmin() or {s: 0})[s] for s in sizes.symbols)


def _largest(sizes: SizeSet) -> SizeSet:
    """The greatest members of a bounded set; the set itself if it has no greatest."""
    found = sizes.lexmax()
    return SizeSet.points(sizes.symbols, [found]) if found else sizes
