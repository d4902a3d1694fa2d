"""What shapelint says about a model, held against the truth."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import shapelint
from benchmarks.corpus.entry import Entry, Sizes
from benchmarks.corpus.reality import forward_pass
from shapelint.verdict import verdict

T = TypeVar("T")

_SHOWN = 8
_ROUNDS = 7
_SECONDS = 10.0
"""How often the analysis and the plain pass are timed, and for how long; slower ones once."""


def analysed(entry: Entry, truth: dict[str, Any]) -> dict[str, Any]:
    """The claims, what is wrong about them, and what they cost."""
    analysis, costs = _measured(entry)
    said = verdict(analysis)
    start = time.perf_counter()
    return {
        "evidence": said.report.evidence,
        "reason": said.report.reason,
        "valid": "" if said.report.valid_sizes is None else said.report.valid_sizes.text,
        "errors": [f"{d.name}: {d.message}" for d in said.diagnostics if d.severity == "error"],
        "warnings": [f"{d.name}: {d.message}" for d in said.diagnostics if d.severity == "warning"],
        **costs,
        **compared(analysis, truth),
        "comparing": time.perf_counter() - start,
    }


def _measured(entry: Entry) -> tuple[shapelint.Analysis, dict[str, float | None]]:
    """The analysis, and medians of what it and a plain pass take: seconds of the processor.

    Both are done in turns, so that whatever else slows the machine slows both; the first round is
    thrown away, because everything is imported in it, unless it is the only one there is time for.
    """
    model = entry.build()
    analysis, seconds = _timed(partial(_analysis, model, entry))
    plain = forward_pass(entry, _where_it_runs(analysis, entry))
    rounds = [(seconds, _timed(plain)[1])] if _runs(plain) else [(seconds, None)]
    until = time.perf_counter() + (_SECONDS if seconds < _SECONDS else 0)
    while len(rounds) <= _ROUNDS and time.perf_counter() < until:
        analysis, seconds = _timed(partial(_analysis, model, entry))
        rounds.append((seconds, rounds[0][1] and _timed(plain)[1]))
    mine, theirs = zip(*(rounds[1:] or rounds), strict=True)
    forward = None if None in theirs else statistics.median(theirs)
    return analysis, {"seconds": statistics.median(mine), "forward": forward, "rounds": len(mine)}


def _analysis(model: Any, entry: Entry) -> shapelint.Analysis:
    analysis = shapelint.analyze(model, list(entry.inputs), kwargs=entry.kwargs)
    analysis.exploration.valid  # noqa: B018 -- the answer is what is timed
    return analysis


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def _runs(work: Callable[[], object]) -> bool:
    """Whether it comes to an end: there may be no kernel, or a value is needed."""
    try:
        work()
    except Exception:
        return False
    return True


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
