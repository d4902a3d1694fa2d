"""SHP404."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.explore.paths import Outcome
from shapelint.lengths.conditions import equal
from shapelint.lengths.expr import symbol
from shapelint.lengths.sets import SizeSet
from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.trace import Event, Span
from shapelint.wording import size_text


@rule("SHP404", "batch-of-one", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A batch of one takes another path than every other batch.

    ## What it does
    Compares what happens at batch size 1 with what happens at 2: whether it runs, and how many dims
    come out.

    ## Why is this bad?
    `squeeze()` without a dim removes the batch dim too when the batch is 1. The last, smaller batch
    of an epoch, or the first request in production, then fails or comes out with another rank.

    ## Example
    ```python
    return self.head(x).squeeze()
    ```

    ## Use instead
    ```python
    return self.head(x).squeeze(-1)
    ```

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.squeeze.html
    """
    for name in subject.exploration.symbols:
        if name in subject.spatial or subject.never_works:
            continue
        several = {**subject.base.hints, name: 2}
        one = {**several, name: 1}
        if one not in subject.domain or subject.outcome(several) is not Outcome.RUNS:
            continue
        outcome, event, outputs = subject.exploration.outcome(one)
        usual = subject.exploration.outcome(several)[2]
        if outcome is Outcome.RUNS and [len(s) for s in outputs] == [len(s) for s in usual]:
            continue
        if outcome is Outcome.ELSEWHERE:
            continue
        effect = "fails" if outcome is Outcome.FAILS else f"returns {_shapes(subject, one)}"
        yield check.diagnostic(
            f"{name} = 1 {effect}, {size_text({name: several[name]})} {_shapes(subject, several)}",
            target=subject.target,
            span=_where(subject, name, event) or subject.span,
            label=f"depends on {size_text({name: 1})}",
            witness=one,
            passing=several,
        )


def _shapes(subject: Subject, sizes: dict[str, int]) -> str:
    found = subject.exploration.shapes(sizes)
    return f"{'shapes' if len(found) > 1 else 'shape'} {', '.join(map(str, found))}"


def _where(subject: Subject, name: str, event: Event | None) -> Span | None:
    """The need that fails at 1, or the first branch that 1 takes the other way."""
    if event is not None:
        return event.span
    single = SizeSet.of(equal(symbol(name), 1), (name,))
    for found in subject.base.events:
        if found.kind == "branch" and found.condition.symbols == {name}:
            holds = found.condition.at(single.lexmin() or {})
            if holds != found.holds:
                return found.span
    return None
