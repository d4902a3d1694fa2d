"""Features of inputs that the traced run does not reach, because it needs values before that.

``lengths.cpu().numpy()`` ends every run on the meta device. So the model is run on the CPU, with
the numbers of features that its layers take, until one of them runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from shapelint.model import Input
from shapelint.trace import Failure
from shapelint.worker.loading.build import Model
from shapelint.worker.loading.layer_inputs import wanted
from shapelint.worker.loading.refinement import Guess
from shapelint.worker.runs import Call, plain_run

_SECONDS = 10.0
"""Of processor time that all runs may take, the last one excepted."""


def ends_without_values(failure: Failure | None) -> bool:
    """Whether a run ended because the meta device has no values."""
    return failure is not None and "meta" in failure.error


def with_features(
    model: Model, guess: Guess, name: str, constants: Mapping[str, Any], sizes: Mapping[str, int]
) -> Guess:
    """The guess with features for one input with which the model runs; as it is if there are none.

    ``sizes`` are lengths by their names, small ones.
    """
    spent = 0.0
    for better in _guesses(model.root, guess, name):
        inputs = [Input(n, dims, dtype) for n, (dims, dtype) in better.items()]
        run = plain_run(model, Call(inputs, constants), sizes)
        if run["ok"]:
            return better
        spent += run["seconds"]
        if spent > _SECONDS:
            break
    return guess


def _guesses(root: nn.Module, guess: Guess, name: str) -> Iterator[Guess]:
    """Channels in their usual place and last, the fewest first."""
    wants = [template for m in root.modules() if (template := wanted(m, root)) is not None]
    widths = {d for dims, dtype in wants for d in dims if dtype == "float32" and type(d) is int}
    for width in sorted(widths):
        for dims in (("N", width, "L"), ("N", "L", width)):
            yield {**guess, name: (dims, "float32")}
