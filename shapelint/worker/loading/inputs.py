"""Which tensors a model takes, when nobody says so.

In this order: jaxtyping annotations on ``forward``; an example that the model carries; a literal
``torch.randn(1, 3, 224, 224)`` on which its file calls it; the first layer each input reaches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from shapelint.facts import ForwardCall, InputGuess
from shapelint.source.texts import Texts
from shapelint.trace import Failure
from shapelint.worker.loading.annotations import annotated_inputs
from shapelint.worker.loading.build import Model
from shapelint.worker.loading.call_forms import CallForm, call_forms, required_inputs
from shapelint.worker.loading.examples import Template, attached_examples
from shapelint.worker.loading.first_layer import FURTHEST, as_inputs, search
from shapelint.worker.loading.missing_inputs import missing_inputs
from shapelint.worker.packing import is_list, items_of

_LENGTHS_OF_LISTS = range(2, 7)
"""How many tensors a list may have, as many as encoders have levels. Of those with which the model
runs it is the shortest that gets to the most layers."""


def guess_inputs(
    model: Model,
    path: Path,
    calls: Sequence[ForwardCall] = (),
    given: Mapping[str, Any] | None = None,
    files: Texts | None = None,
) -> InputGuess:
    """The required inputs of ``forward``. Raises ValueError if there are none.

    Of the forms in which the project calls it, the first that runs; if none does, the first one.
    Optional inputs are left out, unless a run fails for want of them. ``calls`` are those in the
    project, ``given`` arguments that are no tensors.
    """
    files, first = files or Texts(), None
    for form in call_forms(model.root, calls, given or {}, path):
        guess, failure = _guess(model, form, files)
        if failure is None:
            return guess
        first = first or guess
    if first is None:
        raise ValueError("forward takes no tensor")
    return first


def _guess(model: Model, form: CallForm, files: Texts) -> tuple[InputGuess, Failure | None]:
    required = [n for n in required_inputs(model.root) if n not in form.constants]
    names = [n for each in required for n in items_of(model.root, each) or (each,)]
    known, how = _known(model.root, names, form)
    found = search(model, names, known, form.constants)
    while others := _others(model.root, found.failure, files, (*names, *form.constants)):
        names += others
        found = search(model, names, known, form.constants)
    lists = [n for n in names if n not in known and is_list(model.root, n)]
    if found.failure is not None and len(lists) == 1:
        for items in _with_items(names, *lists):
            longer = search(model, items, known, form.constants)
            if longer.failure is None and (found.failure or longer.layers > found.layers):
                found = longer
            elif not found.failure:
                break
    inputs, written = as_inputs(found.guess, model.root), bool(known)
    said = "; ".join(dict.fromkeys(filter(None, (str(form), how if known else found.layer))))
    sure, kwargs = written or found.layer != FURTHEST, repr(dict(form.constants))
    unknown = tuple(n for n in lists if n in found.guess)
    return InputGuess(inputs, said, sure, written, kwargs, unknown), found.failure


def _with_items(names: Sequence[str], argument: str) -> Iterator[list[str]]:
    """The names with those of the tensors in a list instead of the list, shorter lists first."""
    for length in _LENGTHS_OF_LISTS:
        items = [f"{argument}.{position}" for position in range(length)]
        yield [n for name in names for n in (items if name == argument else [name])]


def _others(
    root: nn.Module, failure: Failure | None, files: Texts, names: Sequence[str]
) -> list[str]:
    return [n for n in missing_inputs(root, failure, files) if n not in names]


def _known(root: nn.Module, names: list[str], form: CallForm) -> tuple[Mapping[str, Template], str]:
    annotated = annotated_inputs(type(root))
    found = {name: annotated[name] for name in names if name in annotated}
    if found:
        return found, "annotations of forward"
    found, how = attached_examples(root, names)
    if found:
        return found, how
    return form.templates, str(form)
