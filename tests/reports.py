"""Hand-made reports that the tests of reporters and commands share."""

from __future__ import annotations

from shapelint.model import (
    Diagnostic,
    Edit,
    Evidence,
    Fix,
    Input,
    Label,
    Report,
    Severity,
    Skipped,
    TargetReport,
)
from shapelint.trace import Span

AE = """\
import torch.nn as nn


class AE(nn.Module):
    \"\"\"A pair that does not fit.\"\"\"

    def __init__(self):
        super().__init__()
        self.enc = nn.Conv1d(1, 8, kernel_size=3, stride=2, padding=1)
        self.dec = nn.ConvTranspose1d(8, 1, kernel_size=3, stride=2, padding=1)

    def forward(self, x):
        return self.dec(self.enc(x))
"""


def span_of(path: str, source: str, text: str) -> Span:
    """The first place where ``text`` stands in a source, columns in bytes as Python counts them."""
    start = source.index(text)
    return Span(path, *_position(source, start), *_position(source, start + len(text)))


def _position(source: str, offset: int) -> tuple[int, int]:
    before = source[:offset]
    return before.count("\n") + 1, len(before.rpartition("\n")[2].encode()) + 1


ENC = span_of("models/ae.py", AE, "nn.Conv1d(1, 8, kernel_size=3, stride=2, padding=1)")
DEC = span_of("models/ae.py", AE, "nn.ConvTranspose1d(8, 1, kernel_size=3, stride=2, padding=1)")

ROUNDTRIP = Diagnostic(
    code="SHP101",
    name="roundtrip-length",
    severity="error",
    message="output is 1 shorter than the input for every even L",
    target="models/ae.py:AE",
    span=DEC,
    label="n -> 2n - 1",
    related=(Label(ENC, "L -> ceil(L/2)"),),
    notes=("lengths: 16 -> 8 -> 15 (fails)    15 -> 8 -> 15 (fits)    proven for all L >= 1",),
    witness={"L": 2},
    passing={"L": 1},
    fixes=(
        Fix(
            "output_padding=1",
            "fits every even L; odd L would gain 1",
            "unsafe",
            "L % 2 == 0",
            (Edit(Span("models/ae.py", 10, 79, 10, 79), ", output_padding=1"),),
        ),
        Fix("output_size=x.shape[-1:]", "in forward: fits every L", "display", "L >= 1"),
    ),
    modules=("dec", "enc"),
    flow=(Label(ENC, "enc (Conv1d), L: 2 -> 1"), Label(DEC, "dec (ConvTranspose1d), L: 1 -> 1")),
)


def target(
    name: str = "AE", evidence: Evidence = "proven", reason: str = "", **rest: object
) -> TargetReport:
    """A target of ``models/ae.py``."""
    inputs = (Input("x", ("N", 1, "L")),)
    path = "models/ae.py"
    return TargetReport(f"{path}:{name}", path, name, inputs, evidence, reason, **rest)


def finding(severity: Severity = "error", **changes: object) -> Diagnostic:
    """The smallest diagnostic there can be, about line 9 of ``models/ae.py``."""
    fields = {
        "code": "SHP201",
        "name": "skip-length-mismatch",
        "message": "lengths differ",
        "target": "models/ae.py:AE",
        "span": ENC,
    }
    return Diagnostic(severity=severity, **{**fields, **changes})


CLEAN = Report((target(),), (), files=1)
BROKEN = Report((target(),), (ROUNDTRIP,), files=1)
SKIPPED = Report(
    (target(), target("Big", "not-checked", "took longer than 60 s")),
    (),
    files=1,
    skipped=(Skipped("models/ae.py", 14, "a call of main()"),),
)
