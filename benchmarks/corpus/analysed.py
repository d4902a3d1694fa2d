"""What shapelint says about a model, held against the truth."""

from __future__ import annotations

import time
from typing import Any

import shapelint
from benchmarks.corpus.entry import Entry, Sizes
from benchmarks.corpus.reality import forward_seconds
from shapelint.verdict import verdict

__all__ = ["analysed", "compared"]

_SHOWN = 8


def analysed(entry: Entry, truth: dict[str, Any]) -> dict[str, Any]:
    """The claims, what is wrong about them, and what they cost."""
    model = entry.build()
    analysis, seconds = _timed(model, entry)
    if seconds < 5:  # once more, now that everything is imported
        analysis, seconds = _timed(model, entry)
    said = verdict(analysis)
    start = time.perf_counter()
    return {
        "evidence": said.report.evidence,
        "reason": said.report.reason,
        "valid": "" if said.report.valid_sizes is None else said.report.valid_sizes.text,
        "errors": [f"{d.name}: {d.message}" for d in said.diagnostics if d.severity == "error"],
        "warnings": [f"{d.name}: {d.message}" for d in said.diagnostics if d.severity == "warning"],
        "seconds": seconds,
        "forward": forward_seconds(entry, _where_it_runs(analysis, entry)),
        **compared(analysis, truth),
        "comparing": time.perf_counter() - start,
    }


def _timed(model: Any, entry: Entry) -> tuple[shapelint.Analysis, float]:
    start = time.perf_counter()
    analysis = shapelint.analyze(model, list(entry.inputs), kwargs=entry.kwargs)
    analysis.exploration.valid  # noqa: B018 -- the answer is what is timed
    return analysis, time.perf_counter() - start


def _where_it_runs(analysis: shapelint.Analysis, entry: Entry) -> Sizes:
    base = analysis.exploration.base
    return entry.base if base.failure else dict(base.hints)


def compared(analysis: shapelint.Analysis, truth: dict[str, Any]) -> dict[str, Any]:
    """At how many points the prediction was right, said nothing, or was wrong; and where."""
    right, silent, wrong = 0, 0, []
    for point in truth["points"]:
        predicted = analysis.predict(point["sizes"])
        really = point["shapes"]
        shapes = None if predicted.shapes is None else [list(s) for s in predicted.shapes]
        if predicted.ok is None:
            silent += 1
        elif predicted.ok == (really is not None) and shapes == really:
            right += 1
        else:
            wrong.append({**point, "predicted": shapes or predicted.reason})
    return {"right": right, "silent": silent, "wrong": len(wrong), "examples": wrong[:_SHOWN]}
