"""Which tensors a model takes, when nobody says so.

In this order: jaxtyping annotations on ``forward``; an example that the model carries; a literal
``torch.randn(1, 3, 224, 224)`` on which the file calls it; the first layer each input reaches.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from torch import nn

from shapelint.facts import InputGuess
from shapelint.source.texts import Texts
from shapelint.worker.loading.annotations import annotated_inputs
from shapelint.worker.loading.build import Model
from shapelint.worker.loading.examples import (
    Template,
    attached_examples,
    generalised,
    literal_examples,
)
from shapelint.worker.loading.first_layer import FURTHEST, as_inputs, search
from shapelint.worker.loading.missing_inputs import missing_inputs


def guess_inputs(
    model: Model, path: Path, target: str = "", files: Texts | None = None
) -> InputGuess:
    """The required inputs of ``forward``. Raises ValueError if there are none.

    Optional ones are left out, unless a run fails for want of them.
    """
    names, files = required_inputs(model.root), files or Texts()
    known, how = _known(model, files.tree(path), target, names)
    guess, layer, failure = search(model, names, known)
    while others := [n for n in missing_inputs(model.root, failure, files) if n not in names]:
        names += others
        guess, layer, failure = search(model, names, known)
    inputs = as_inputs(guess, model.root)
    written = bool(known)
    return InputGuess(inputs, how if known else layer, written or layer != FURTHEST, written)


def required_inputs(root: nn.Module) -> list[str]:
    """Names of the parameters of ``forward`` without a default; ``"0"`` for ``*args``.

    If all have one, the first: what stands behind ``*args`` is an option. Raises ValueError if
    there are none.
    """
    parameters = list(inspect.signature(root.forward).parameters.values())
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    required = [p.name for p in named if p.default is p.empty]
    if required:
        return required
    for first in parameters[:1]:
        if first.kind in (first.VAR_POSITIONAL, first.POSITIONAL_ONLY):
            return ["0"]
    if named:
        return [named[0].name]
    raise ValueError("forward takes no input")


def _known(
    model: Model, tree: ast.Module, target: str, names: list[str]
) -> tuple[dict[str, Template], str]:
    annotated = annotated_inputs(type(model.root))
    found = {name: annotated[name] for name in names if name in annotated}
    if found:
        return found, "annotations of forward"
    found, how = attached_examples(model.root, names)
    if found:
        return found, how
    return _literals(tree, {target, type(model.root).__name__}, names)


def _literals(
    tree: ast.Module, targets: set[str], names: list[str]
) -> tuple[dict[str, Template], str]:
    for shapes in literal_examples(tree, targets):
        templates = [generalised(shape) for shape in shapes]
        if len(shapes) == len(names) and None not in templates:
            example = ", ".join(map(str, shapes))
            found = {n: t for n, t in zip(names, templates, strict=True) if t is not None}
            return found, f"the file calls it on {example}"
    return {}, ""
