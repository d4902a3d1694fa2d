"""SHP401."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.explore.paths import Failing
from shapelint.lengths.formulas import formula
from shapelint.model import Diagnostic, Severity
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.trace import Span
from shapelint.wording import only, place, whose


@rule("SHP401", "linear-in-features", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A linear layer fits the features it gets for some sizes only, or for none.

    ## What it does
    Checks `nn.Linear` and other layers with a fixed number of features: which input sizes give it
    that many. It is an error if no size does, or a declared one does not.

    ## Why is this bad?
    A flattened feature map has `C * h * w` features; `in_features` is a constant. The model runs
    for the image size it was written for and raises `mat1 and mat2 shapes cannot be multiplied`
    at every other.

    ## Example
    ```python
    x = self.features(x)                                 # (N, 64, ceil(H/4), ceil(W/4))
    x = self.fc(x.flatten(1))                            # nn.Linear(64 * 7 * 7, 10)
    ```

    ## Use instead
    ```python
    x = F.adaptive_avg_pool2d(self.features(x), 7)
    x = self.fc(x.flatten(1))
    ```

    ## Fix safety
    Another `in_features` changes the shape of a weight: shown, never applied. `nn.LazyLinear` takes
    its width from the first input, or from a checkpoint, and keeps it; until then it has no weights
    to count or to give to an optimizer. Shown, never applied.

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """
    layers: dict[Span, Failing] = {}
    for failing in subject.blamed("features"):
        layers.setdefault(place(subject.node_of(failing), subject.span), failing)
    for span, failing in layers.items():
        yield _diagnostic(subject, span, failing)


def _diagnostic(subject: Subject, span: Span, failing: Failing) -> Diagnostic:
    """About one layer."""
    node = subject.node_of(failing)
    sizes = subject.witness(failing.sizes)
    passing = subject.example(sizes)
    return check.diagnostic(
        _message(subject, failing),
        severity=_severity(subject),
        target=subject.target,
        span=span,
        label=whose(node) if node else "",
        notes=_notes(subject, failing, passing),
        witness=sizes,
        passing=passing,
    )


def _message(subject: Subject, failing: Failing) -> str:
    event = failing.event
    got, wanted = event.lengths[:2] if event and len(event.lengths) > 1 else (None, None)
    if got is not None and wanted is not None and not got.symbols and subject.never_works:
        return f"gets {got.const} features, was built for {formula(wanted)}: no size runs"
    if subject.never_works:
        return "no size gives this layer the number of features it was built for"
    return only("fits", subject.accepted)


def _severity(subject: Subject) -> Severity:
    return "error" if subject.never_works or subject.declared else "warning"


def _notes(subject: Subject, failing: Failing, passing: dict[str, int]) -> tuple[str, ...]:
    event = failing.event
    notes = []
    if event and len(event.lengths) > 1 and event.lengths[0].symbols:
        got, wanted = event.lengths[:2]
        notes.append(f"features: gets {formula(got)}, was built for {formula(wanted)}")
    return (*notes, *subject.example_note(passing))
