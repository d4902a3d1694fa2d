"""Analyses a built model with the inputs and sizes that were asked for, or else with a guess."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from shapelint.analysis import Analysis
from shapelint.analysis import examine as analyse
from shapelint.contracts import conditions_on_inputs
from shapelint.errors import UsageError
from shapelint.facts import Annotated, ForwardCall, InputGuess, Problem
from shapelint.guesses import revised
from shapelint.lengths.conditions import Condition, all_of
from shapelint.lengths.sets import SizeSet
from shapelint.process import Unanswered
from shapelint.template import symbols_of

if TYPE_CHECKING:
    from shapelint.client import WorkerSession
    from shapelint.config import Declared, Settings
    from shapelint.model import Input
    from shapelint.trace import Span


def looked_at(
    session: WorkerSession,
    settings: Settings,
    model: Declared | None,
    annotated: Annotated,
    target: str,
    span: Span,
    calls: Callable[[], Sequence[ForwardCall]],
) -> tuple[Analysis, InputGuess | None]:
    """The analysis for the inputs that were asked for, else for those that were guessed.

    ``calls`` finds those of the project.
    """
    lengths = settings.lengths or (model and model.lengths) or settings.usual_lengths
    kwargs = {**(model.kwargs if model else {}), **settings.kwargs}
    roundtrip = model.roundtrip if model else None

    def look(inputs: tuple[Input, ...], agreed: Sequence[Condition] = ()) -> Analysis:
        session.use(inputs, kwargs)
        domain, declared = domain_for(inputs, lengths, annotated)
        domain &= SizeSet.of(all_of(agreed), domain.symbols)
        known = (target, lambda: span, domain, declared, roundtrip, annotated)
        return analyse(session, inputs, *known)

    inputs = settings.inputs or (model.inputs if model else ())
    if inputs:
        return look(inputs), None
    guess = session.inputs(calls(), kwargs)
    kwargs = ast.literal_eval(guess.kwargs)
    return revised(look(guess.inputs), look), guess


def domain_for(
    inputs: tuple[Input, ...], lengths: Sequence[Condition], annotated: Annotated
) -> tuple[SizeSet, bool]:
    """The sizes that matter, and whether they were declared; by default every size from 1 up.

    Arithmetic in annotations declares as well: ``"n 3 2*l"`` beside another input ``"n 3 l"``.
    Conditions on symbols that only other models have are left out. Raises UsageError where the user
    leaves no size, and Unanswered where the model does.
    """
    symbols = symbols_of(inputs)
    declared = [c for c in lengths if c.symbols <= set(symbols)]
    promised = list(conditions_on_inputs(annotated, inputs))
    domain = SizeSet.of(all_of([*declared, *promised]), symbols)
    if domain:
        return domain, bool(declared or promised)
    if not SizeSet.of(all_of(declared), symbols):
        raise UsageError("lengths: no size is left")
    left = " that are left by its lengths" if declared else ""
    raise Unanswered(Problem("error", f"no sizes{left} are as its inputs are annotated"))
