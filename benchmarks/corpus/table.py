"""Results in words: a line for each model, a table and totals for the README."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.corpus.entry import Entry
from benchmarks.page import head, row

_LONGEST = 90
"""Characters of a set that are shown."""
_LONG = 4
"""Forward passes that no analysis should take more than."""


@dataclass(frozen=True)
class Result:
    """What the child process told about one model."""

    entry: Entry
    told: dict[str, dict[str, Any]]
    """By name: truth, analysis, fx, export; what is missing was not finished."""

    @property
    def analysis(self) -> dict[str, Any]:
        """What shapelint said; nothing if it did not come to an end."""
        return self.told.get("analysis", {})

    @property
    def evidence(self) -> str:
        """``proven``, ``checked`` or ``not-checked``."""
        return str(self.analysis.get("evidence", "not-checked"))

    @property
    def to_forward(self) -> float | None:
        """The time of the analysis in plain forward passes on the meta device."""
        forward = self.analysis.get("forward")
        return self.analysis["seconds"] / forward if forward else None

    @property
    def to_sweep(self) -> float | None:
        """The time of the analysis in sweeps on the CPU."""
        if not self.analysis or "truth" not in self.told:
            return None
        return float(self.analysis["seconds"] / self.told["truth"]["seconds"])

    def managed(self, what: str) -> bool:
        """Whether ``fx`` or ``export`` came to an end."""
        return bool(self.told.get(what, {}).get("ok"))


def line(result: Result) -> str:
    """One model on one line, with what is wrong below it."""
    a = result.analysis
    agreement = f"{a['right']} of {a['right'] + a['silent'] + a['wrong']}" if a else "no analysis"
    parts = [
        f"{result.evidence:<11} {_name(result.entry):<50} {agreement:<14}",
        f"{_number(result.to_forward, 1)} forwards, {_number(result.to_sweep, 4)} sweeps;",
        f"fx {_mark(result, 'fx')} export {_mark(result, 'export')}; {a.get('valid', '')}",
    ]
    below = [f"\n    wrong: {wrong}" for wrong in a.get("examples", ())]
    below += [f"\n    error: {error}" for error in a.get("errors", ())]
    below += [f"\n    because: {a['reason']}"] if a.get("reason") else []
    return " ".join(parts) + "".join(below)


def table(results: Iterable[Result]) -> str:
    """All models as Markdown."""
    columns = "evidence|sizes right|valid sizes|analysis / forward|analysis / sweep|fx|export"
    lines = [head("package", "model", *columns.split("|"))]
    return "\n".join([*lines, *(row(*_cells(result)) for result in results)])


def _cells(result: Result) -> Iterator[str]:
    a = result.analysis
    asked = a.get("right", 0) + a.get("silent", 0) + a.get("wrong", 0)
    yield result.entry.package
    yield result.entry.name
    yield result.evidence.replace("-", " ")
    yield f"{a.get('right', 0)} of {asked}"
    valid = a.get("valid", "")
    yield f"`{valid if len(valid) <= _LONGEST else valid[:_LONGEST] + ' …'}`"
    yield _number(result.to_forward, 1)
    yield _number(result.to_sweep, 4)
    yield _mark(result, "fx")
    yield _export(result)


def _export(result: Result) -> str:
    told = result.told.get("export", {})
    if not told.get("ok"):
        return _mark(result, "export")
    return f"{told['agrees']} of {told['asked']} sizes"


def totals(results: Sequence[Result]) -> str:
    """What the table comes to."""
    return "".join(f"* {sentence}\n" for sentence in _sentences(results))


def _sentences(results: Sequence[Result]) -> Iterator[str]:
    by = {e: [r for r in results if r.evidence == e] for e in ("proven", "checked", "not-checked")}
    packages = {r.entry.package for r in results}
    yield (
        f"{len(results)} models of {len(packages)} packages: {len(by['proven'])} proven, "
        f"{len(by['checked'])} checked, {len(by['not-checked'])} not checked."
    )
    for evidence, some in by.items():
        if some:
            yield f"{_agreement(some)} where the evidence is {evidence.replace('-', ' ')}."
    alarms = [r for r in results if r.analysis.get("errors")]
    yield f"{len(alarms)} models got a diagnostic of severity error."
    forwards = [r.to_forward for r in results if r.to_forward]
    sweeps = [r.to_sweep for r in results if r.to_sweep]
    if forwards and sweeps:
        long = sum(ratio > _LONG for ratio in forwards)
        yield (
            f"An analysis takes {statistics.median(forwards):.1f} forward passes on the meta "
            f"device and {statistics.median(sweeps):.4f} sweeps on the CPU (medians); "
            f"{long} of {len(forwards)} take more than {_LONG} forward passes."
        )
    yield f"`torch.fx.symbolic_trace` manages {_share(results, 'fx')}."
    exports = [r.told["export"] for r in results if r.managed("export")]
    if exports:
        agrees, asked = (sum(e[k] for e in exports) for k in ("agrees", "asked"))
        yield (
            f"`torch.export` with dynamic dims manages {_share(results, 'export')}; what it "
            f"exports does as the model does at {agrees / asked:.0%} of {asked} sizes."
        )


def _agreement(results: Sequence[Result]) -> str:
    right, silent, wrong = (
        sum(r.analysis.get(k, 0) for r in results) for k in ("right", "silent", "wrong")
    )
    said = f"{right} of {right + silent + wrong} sizes right, {wrong} wrong"
    return f"{said}, {silent} not spoken of" if silent else said


def _share(results: Sequence[Result], what: str) -> str:
    tried = [r for r in results if what in r.told]
    managed = sum(r.managed(what) for r in tried)
    return f"{managed} of {len(tried)} ({managed / max(1, len(tried)):.0%})"


def _mark(result: Result, what: str) -> str:
    """A dash where nobody tried."""
    if what not in result.told:
        return "-"
    return "yes" if result.managed(what) else "no"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _name(entry: Entry) -> str:
    return f"{entry.package} {entry.name}"
