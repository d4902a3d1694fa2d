"""Which sizes people feed a model.

Multiples of the factor by which it shortens them at its deepest, without those that it refuses in
so many words: ``assert x.shape[-1] % 8 == 1`` says which sizes are ordinary there.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shapelint.lengths.conditions import all_of, divides
from shapelint.lengths.expr import symbol
from shapelint.lengths.sets import SizeSet

if TYPE_CHECKING:
    from shapelint.explore.paths import Failing
    from shapelint.subject import Subject


def ordinary_sizes(subject: Subject) -> SizeSet:
    """The multiples that the model does not refuse; where it refuses them all, the other sizes.

    For a decoder of a fixed size they are those with which the encoder ends where it begins.
    """
    steps = {s: subject.granularity(s) for s in subject.spatial}
    conditions = [divides(step, symbol(s)) for s, step in steps.items() if step > 1]
    multiples = SizeSet.of(all_of(conditions), subject.domain.symbols)
    refusals = (f for f in subject.exploration.failures if _is_refusal(f, subject))
    accepted = (subject.mirrored or subject.domain) - subject.all_of(refusals)
    return accepted & multiples or accepted


def _is_refusal(failing: Failing, subject: Subject) -> bool:
    """Whether an ``assert`` or a ``raise`` in the model ends the run."""
    failure = failing.trace.failure
    if failing.event is not None or failure is None or failure.span is None:
        return False
    line, nodes = failure.span.line, subject.files.nodes(failure.span.path)
    refuses = (n for n in nodes if isinstance(n, (ast.Assert, ast.Raise)))
    return any(n.lineno <= line <= (n.end_lineno or n.lineno) for n in refuses)
