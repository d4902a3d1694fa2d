"""SHP501."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.contracts import kept
from shapelint.explore.paths import refused
from shapelint.lengths.formulas import formula
from shapelint.lengths.sets import SizeSet
from shapelint.losses import first_loss
from shapelint.model import Diagnostic, Label
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.wording import map_label, place, size_text, where


@rule(
    "SHP501",
    "annotation-disproved",
    severity="error",
    after=("roundtrip-length", "residue-sensitive"),
)
def check(subject: Subject) -> Iterator[Diagnostic]:
    """The result does not have the shape that the annotation, or `roundtrip = true`, promises.

    ## What it does
    Proves or disproves jaxtyping annotations of what `forward` returns, for all sizes at which the
    model runs: `Float[Tensor, "n 3 h w"]`, also with `h*2`, `h//2`, `...`, `_`, `#h`, `*batch`.
    jaxtyping need not be installed. Where a type checker runs along, in any module, the sizes at
    which it raises count as well. `roundtrip = true` in the config file promises an output as long
    as the input. Where a rule about round trips blames a layer for it, this one is silent.

    ## Why is this bad?
    Callers rely on the promise. jaxtyping checks it only for the sizes that happen to be run.

    ## Example
    ```python
    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 8 h//2 w//2"]:
        return F.max_pool2d(self.conv(x), 2, ceil_mode=True)     # odd sizes round up
    ```

    ## Use instead
    ```python
    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 8 h//2 w//2"]:
        return F.max_pool2d(self.conv(x), 2)
    ```

    ## References
    - https://docs.kidger.site/jaxtyping/api/array/
    """
    yield from _refused(subject)
    for promise, sizes in kept(subject):
        if not isinstance(sizes, str):
            yield from _broken(subject, f'"{promise.text}"', sizes, promise.output)
    if subject.roundtrip:
        yield from _broken(subject, "roundtrip = true", subject.roundtrips, subject.returned or 0)


def _broken(subject: Subject, text: str, good: SizeSet, output: int) -> Iterator[Diagnostic]:
    wrong = subject.valid - good
    if not wrong:
        return
    sizes = subject.witness(wrong)
    shapes = subject.exploration.shapes(sizes)
    holds = f"holds only {where(good)}" if good else "holds for no size"
    shape = shapes[output] if output < len(shapes) else "missing"
    yield check.diagnostic(
        f"{text} {holds}: the result is {_result(subject, output)}",
        target=subject.target,
        span=subject.promised_at or subject.span,
        label=f"{shape} at {size_text(subject.spatial_only(sizes))}",
        related=tuple(_layers(subject, sizes)),
        witness=sizes,
        passing=subject.near_miss(good, sizes) if good else {},
        evidence="checked" if wrong.window else "proven",
    )


def _refused(subject: Subject) -> Iterator[Diagnostic]:
    """A type checker that runs with the model raises at some sizes, or at all."""
    failing = [f for f in subject.exploration.failures if f.event is None and refused(f.trace)]
    if not failing:
        return
    wrong, failure = subject.all_of(failing), failing[0].trace.failure
    sizes, good = subject.witness(wrong), subject.domain - wrong
    holds = f"hold only {where(good)}" if good else "hold for no size"
    yield check.diagnostic(
        f"annotations {holds}: a type checker raises",
        target=subject.target,
        span=(failure and failure.span) or subject.promised_at or subject.span,
        label=f"raises at {size_text(subject.spatial_only(sizes))}",
        witness=sizes,
        passing=subject.near_miss(subject.valid, sizes) if subject.valid else {},
    )


def _result(subject: Subject, output: int) -> str:
    outputs = subject.base.outputs
    return f"({', '.join(map(formula, outputs[output]))})" if output < len(outputs) else "missing"


def _layers(subject: Subject, sizes: dict[str, int]) -> Iterator[Label]:
    """The decoder stage that loses length, and its encoder stage."""
    loss = first_loss(subject, sizes)
    if loss is not None:
        yield Label(place(loss.stage.node, subject.span), map_label(loss.stage))
        yield from loss.related(subject.span)
