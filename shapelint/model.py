"""The data that flows from the analysis to the reports, and nothing else.

All of it is frozen; nothing here computes. What a single run says is in :mod:`shapelint.trace`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from shapelint.span import Span

if TYPE_CHECKING:
    from shapelint.trace import Trace

Severity = Literal["error", "warning", "info"]
Evidence = Literal["proven", "checked", "not-checked"]
Applicability = Literal["safe", "unsafe", "display"]


@dataclass(frozen=True)
class Input:
    """One tensor that ``forward`` takes."""

    name: str
    """Parameter name, or the position as a digit string."""
    dims: tuple[int | str, ...]
    """Sizes, or the names of symbols."""
    dtype: str = "float32"
    """Name of a torch dtype."""


@dataclass(frozen=True)
class Label:
    """A place in the source with a few words about it."""

    span: Span
    message: str


@dataclass(frozen=True)
class Edit:
    """Replace the text of a span; an empty span inserts."""

    span: Span
    text: str


@dataclass(frozen=True)
class Fix:
    """A change that was traced again and found to help."""

    title: str
    """What to write, for example ``output_padding=1``."""
    note: str
    """For which sizes it works and what it costs, in words."""
    applicability: Applicability
    sizes_after: str
    """The sizes that work once it is applied, in words."""
    edits: tuple[Edit, ...] = ()
    """How to write it down; empty if it is up to the reader."""
    sizes_before: str = ""
    """The sizes that work today, in words."""
    sizes_broken: str = ""
    """The sizes that work today and would not, in words; empty if there are none."""
    checkpoints_load: bool = True
    """Whether the keys and shapes of the ``state_dict`` stay as they are."""
    traced: Literal["source", "model"] = "model"
    """What was traced again: the edited source, or the built model with its parameters changed."""


@dataclass(frozen=True)
class Diagnostic:
    """One finding about one target."""

    code: str
    name: str
    severity: Severity
    message: str
    """The consequence, in samples or pixels."""
    target: str
    span: Span
    label: str = ""
    """The text under the caret of ``span``: usually the map ``n -> 2n - 1``."""
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    """Lines of the form ``lengths: 16 -> 8 -> 15 (fails)``, already worded."""
    witness: dict[str, int] = field(default_factory=dict)
    """The smallest sizes at which it happens; empty if it has none."""
    passing: dict[str, int] = field(default_factory=dict)
    """Sizes nearby at which it does not happen; empty if there are none."""
    evidence: Evidence = "proven"
    error: str = ""
    """What PyTorch raises at the witness; empty if nothing is raised."""
    fixes: tuple[Fix, ...] = ()
    modules: tuple[str, ...] = ()
    """Paths of the modules it is about, the one at ``span`` first: they stay when lines move."""
    flow: tuple[Label, ...] = ()
    """The lengths at the witness, stage by stage through the model."""


class Sizes(Protocol):
    """A set of sizes, as far as reports show it."""

    @property
    def text(self) -> str:
        """The set in words."""

    def smallest(self) -> dict[str, int] | None:
        """The member whose sizes add up to the least, by symbol; None if the set is empty."""


@dataclass(frozen=True)
class SizesInWords:
    """What is kept of a set of sizes when the analysis is over."""

    text: str
    least: dict[str, int] | None

    def smallest(self) -> dict[str, int] | None:
        """The member whose sizes add up to the least, by symbol; None if the set is empty."""
        return self.least


@dataclass(frozen=True)
class Contract:
    """What a model promises, and whether it keeps it."""

    text: str
    """``returns "n 3 h w"`` or ``roundtrip = true``."""
    verdict: Literal["proven", "checked", "disproved", "not-checked"]
    reason: str = ""
    """Where it holds, or why nothing is known."""


@dataclass(frozen=True)
class TargetReport:
    """What was found out about one module."""

    target: str
    """``models/unet.py:UNet``."""
    path: str
    class_name: str
    inputs: tuple[Input, ...]
    evidence: Evidence
    reason: str
    """Why it is not proven; empty if it is."""
    valid_sizes: Sizes | None = None
    roundtrip_sizes: Sizes | None = None
    unknown_sizes: Sizes | None = None
    """Sizes that may run or not; None if there are none, or if nothing is known of any size."""
    outputs: tuple[str, ...] = ()
    """Output shapes as formulas, for example ``(N, 1, 2*ceil(L/2) - 1)``."""
    assumed: tuple[str, ...] = ()
    """What shapelint had to guess to build or call it, in words."""
    guessed: bool = False
    """Whether constructor arguments are guesses by name: then all findings are info."""
    contracts: tuple[Contract, ...] = ()


@dataclass(frozen=True)
class Examination:
    """One target looked at closely: what is known about it, and one run to show."""

    report: TargetReport
    trace: Trace | None
    """The run to show; it may end in a failure. None if the target was not checked."""
    junctions: tuple[int, ...] = ()
    """The nodes of the run that join lengths which must be equal, such as ``cat``."""


@dataclass(frozen=True)
class Skipped:
    """Something that was not executed or not linted, and why."""

    path: str
    line: int
    what: str


@dataclass(frozen=True)
class Inspected:
    """What was found out about one file."""

    targets: tuple[TargetReport, ...]
    diagnostics: tuple[Diagnostic, ...]
    skipped: tuple[Skipped, ...] = ()
    classes: tuple[str, ...] = ()
    """The model classes it defines: how the rest of the project builds them matters too."""
    sources: tuple[str, ...] = ()
    """The files it depends on, itself included; those of installed packages are left out.

    Empty if the same may not be found again: after a time-out, a crash or a bug.
    """


@dataclass(frozen=True)
class Suppressed:
    """A finding that a comment or the baseline silences."""

    diagnostic: Diagnostic
    by: Literal["comment", "baseline"]
    reason: str = ""
    """The text after ``--`` in the comment."""


@dataclass(frozen=True)
class Report:
    """The result of one run over all paths."""

    targets: tuple[TargetReport, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: int
    """Files that were looked at."""
    skipped: tuple[Skipped, ...] = ()
    origins: tuple[str, ...] = ()
    """For each file, whether its answers come from the cache, in words."""
    suppressed: tuple[Suppressed, ...] = ()
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For each file, those that its models are built from; empty where that is not known."""
