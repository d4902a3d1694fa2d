"""``shapelint.check``: a report on a live module, or on files, from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shapelint.analysis import Dims, analyze, template_of
from shapelint.config import Settings
from shapelint.errors import UsageError
from shapelint.lengths.domain import condition_of
from shapelint.model import Report
from shapelint.verdict import verdict

if TYPE_CHECKING:
    from torch import nn

    from shapelint.lengths.conditions import Condition

__all__ = ["check"]

Lengths = Mapping[str, str] | Sequence[str]


def check(
    what: nn.Module | str | os.PathLike[str],
    inputs: str | Sequence[Dims | str] = (),
    lengths: Lengths = (),
    kwargs: Mapping[str, Any] | None = None,
) -> Report:
    """Lint a module, or the models in a file or folder.

    Args:
        what: an ``nn.Module``, which is analysed in this process and left as it is; or a path as on
            the command line (``models/``, ``unet.py``, ``unet.py:UNet``), analysed in a worker.
        inputs: one entry for each tensor of ``forward``, as :func:`shapelint.analyze` takes them:
            dims such as ``("N", 3, "H", "W")``, or a text such as ``"N 3 H W"``. Needed for a
            module; for a path they are found out if not given.
        lengths: the sizes that matter, ``{"H": "multiple of 32, 256..1024"}`` or
            ``["H % 32 == 0"]``; every size from 1 up by default.
        kwargs: constant keyword arguments of ``forward`` (for a module), of the constructor (for a
            path).

    Returns:
        The :class:`~shapelint.model.Report`. Exceptions of the model are findings, not raised.

    Raises:
        UsageError: inputs or a path that make no sense, a module without ``inputs``, or no
            interpreter with torch for a path.
        ValueError: ``lengths`` that are not understood.
    """
    if isinstance(what, (str, os.PathLike)):
        from shapelint import engine

        settings = Settings(
            (os.fspath(what),),
            inputs=template_of(inputs),
            lengths=tuple(_conditions(lengths)),
            args=kwargs or {},
            cache=False,  # sets of sizes are to be there as such
        )
        return engine.check(settings)
    if not inputs:
        raise UsageError("inputs: the dims of every tensor that forward takes are needed")
    said = verdict(analyze(what, inputs, kwargs=kwargs, lengths=lengths))
    return Report((said.report,), said.diagnostics, files=0)


def _conditions(lengths: Lengths) -> Iterable[Condition]:
    if isinstance(lengths, Mapping):
        return (condition_of(text, name) for name, text in lengths.items())
    return map(condition_of, lengths)
