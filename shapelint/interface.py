"""The Python interface: analyse a module that exists, lint it or files, assert in tests.

>>> analysis = shapelint.analyze(model, inputs=[("N", 3, "H", "W")])      # doctest: +SKIP
>>> analysis.valid_sizes.text                                            # doctest: +SKIP
'H % 16 == 0 and W % 16 == 0'
>>> analysis.predict({"N": 2, "H": 350, "W": 320}).ok                    # doctest: +SKIP
False
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any

from shapelint.analysis import Analysis, examine
from shapelint.errors import UsageError
from shapelint.lengths.domain import condition_of, domain_of
from shapelint.local import LocalSession, definition, limited
from shapelint.memory import MEGABYTES
from shapelint.model import Report, TargetReport
from shapelint.rules import find_rule
from shapelint.stopwatch import SECONDS
from shapelint.template import Dims, symbols_of, template_of
from shapelint.verdict import verdict
from shapelint.wording import size_text

if TYPE_CHECKING:
    from torch import nn

    from shapelint.lengths.conditions import Condition

Lengths = Mapping[str, str] | Sequence[str]


@dataclass(frozen=True)
class ShownReport(Report):
    """A report that prints as on the command line, in a notebook with colours."""

    def __str__(self) -> str:
        return _rendered("full", self)

    def _repr_html_(self) -> str:
        return _rendered("html", self)


def _rendered(form: str, report: Report) -> str:
    from shapelint.reporters import render
    from shapelint.text.sources import Sources

    return render(form, report, Sources())


def analyze(
    module: nn.Module,
    inputs: str | Sequence[Dims | str],
    dtypes: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    lengths: Mapping[str, str] | Sequence[str] | None = None,
    timeout: float = SECONDS,
    memory: int = MEGABYTES,
) -> Analysis:
    """Analyse a module in this process.

    Args:
        module: any ``nn.Module``; it is not changed. Its training flag is respected.
        inputs: dims of every tensor of ``forward``: ints, or names of symbols, as in
            ``[("N", 3, "H", "W")]``, or texts as in ``["N 3 H W", "mask=N,H,W:bool"]``. The same
            name stands for the same size everywhere. A single text is a single input.
        dtypes: one torch dtype (or its name) per input; float32 by default.
        kwargs: constant keyword arguments of ``forward``.
        lengths: the sizes that matter, ``{"H": "multiple of 32, 256..1024"}`` or
            ``["H % 32 == 0"]``; every size from 1 up by default.
        timeout: seconds that the runs of the module and their solving may take.
        memory: megabytes that they may take beyond what this process has.

    Returns:
        An :class:`Analysis`. Exceptions of the model are part of it; they are not raised.

    Raises:
        UsageError: for an input that makes no sense.
        ValueError: for a domain that makes no sense.
        TimeoutError, MemoryError: it took more than it may.
    """
    template = template_of(inputs, dtypes)
    domain = domain_of(lengths or (), symbols_of(template))
    where = partial(definition, type(module))
    known = (type(module).__name__, where, domain, bool(lengths))
    with limited(timeout, memory):
        session = LocalSession(module, template, kwargs=kwargs)
        return examine(session, template, *known, annotated=session.annotated)


def check(
    what: nn.Module | str | os.PathLike[str],
    inputs: str | Sequence[Dims | str] = (),
    lengths: Lengths = (),
    kwargs: Mapping[str, Any] | None = None,
    isolated: bool = False,
    train: bool = False,
    timeout: float | None = None,
    memory: int | None = None,
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
        isolated: for a path, whether to pass over config files; else they are found and read as on
            the command line, and what is said here comes first.
        train: for a path, whether models run in training mode; a module runs in the mode it is in.
        timeout: seconds that a model may take, if the processor is free: 60 by default.
        memory: megabytes that it may take: 8192 by default.

    Returns:
        The :class:`~shapelint.model.Report`; ``print`` and notebooks show it as the command line
        does. Exceptions of the model are findings, not raised.

    Raises:
        UsageError: inputs, a path or a config file that make no sense, a module without
            ``inputs`` or to ``train``, or no interpreter with torch for a path.
        ValueError: ``lengths`` that are not understood.
    """
    if isinstance(what, (str, os.PathLike)):
        sizes = {"inputs": template_of(inputs), "lengths": tuple(_conditions(lengths))}
        more = {"args": kwargs, "train": train, "timeout": timeout, "memory": memory}
        return _check_path(os.fspath(what), {**sizes, **more}, isolated)
    if not inputs:
        raise UsageError("inputs: the dims of every tensor that forward takes are needed")
    if train:
        raise UsageError("train: a module is checked in the mode it is in; call its train() first")
    said = {"inputs": inputs, "kwargs": kwargs, "lengths": lengths}
    return _check_module(what, said, timeout or SECONDS, memory or MEGABYTES)


def _check_module(
    module: nn.Module, said: Mapping[str, Any], timeout: float, memory: int
) -> ShownReport:
    """Lint a module within limits; ``said`` is what :func:`shapelint.analyze` is told of it."""
    try:
        with limited(timeout, memory):
            return _report(analyze(module, **said, timeout=timeout, memory=memory))
    except TimeoutError as exc:
        return _ended(module, "timeout", str(exc), "allow more with timeout=SECONDS")
    except MemoryError:
        why = "MemoryError: it takes more than it may"
        return _ended(module, "cannot-trace", why, "allow more with memory=MEGABYTES")


def _check_path(path: str, said: Mapping[str, Any], isolated: bool) -> ShownReport:
    """Lint a file or folder with what is ``said``, where that is anything."""
    from shapelint import engine
    from shapelint.configfile.layers import Layers
    from shapelint.findings.selection import check_selectors

    given = {key: value for key, value in said.items() if value}
    own = {"cache": False, "jobs": 1}  # sets of sizes are to be there as such
    layers = Layers({"paths": (path,), **given, **own}, isolated)
    settings = layers.of_run()
    check_selectors(settings)
    return _shown(engine.check(settings, layers.of))


def _shown(report: Report) -> ShownReport:
    return ShownReport(**{f.name: getattr(report, f.name) for f in fields(report)})


def _ended(module: nn.Module, rule: str, why: str, advice: str) -> ShownReport:
    """The report on a module that took more time or memory than it may."""
    name, where = type(module).__name__, definition(type(module))
    said = find_rule(rule).diagnostic(
        why, target=name, span=where, notes=(advice,), evidence="not-checked"
    )
    return ShownReport(
        (TargetReport(name, where.path, name, (), "not-checked", why),), (said,), files=0
    )


def _report(analysis: Analysis) -> ShownReport:
    said = verdict(analysis)
    return ShownReport((said.report,), said.diagnostics, files=0)


def assert_roundtrip(
    module: nn.Module,
    inputs: str | Sequence[Dims | str],
    lengths: Lengths = (),
    kwargs: Mapping[str, Any] | None = None,
    timeout: float = SECONDS,
    memory: int = MEGABYTES,
) -> None:
    """For tests: the output is as long as the (first) input, proven for every size that matters.

    >>> shapelint.assert_roundtrip(model, "N 1 L", lengths=["L % 320 == 0"])  # doctest: +SKIP

    Args:
        module: any ``nn.Module``; it is left as it is.
        inputs: as for :func:`check`.
        lengths: the sizes that matter; every size from 1 up by default.
        kwargs: constant keyword arguments of ``forward``.
        timeout: seconds that it may take, if the processor is free.
        memory: megabytes that it may take.

    Raises:
        AssertionError: a size does not come back, or that could not be proven. The message has the
            smallest such size, and the report.
        UsageError: inputs that make no sense.
        ValueError: ``lengths`` that are not understood.
        TimeoutError, MemoryError: it took more than it may.
    """
    __tracebackhide__ = True  # pytest shows the test that called
    with limited(timeout, memory):
        analysis = analyze(module, inputs, None, kwargs, lengths, timeout, memory)
        wrong = _why_not(analysis)
        report = _report(analysis) if wrong else ""
    if wrong:
        raise AssertionError(f"{wrong}\n\n{report}")


def _why_not(analysis: Analysis) -> str:
    """Why it is not proven that every size comes back; empty if it is."""
    doubts = "; ".join(analysis.doubts)
    if analysis.evidence == "not-checked":
        return f"not checked: {doubts}"
    if analysis.sweep is not None:
        return f"not proven: {doubts}"
    good = analysis.roundtrip_sizes
    missing = analysis.exploration.domain - good
    if missing:
        smallest = analysis.subject.spatial_only(analysis.subject.witness(missing))
        return f"does not come back at {size_text(smallest)}; comes back at {good.text}"
    return f"not proven: {doubts}" if analysis.evidence != "proven" else ""


def _conditions(lengths: Lengths) -> Iterable[Condition]:
    if isinstance(lengths, Mapping):
        return (condition_of(text, name) for name, text in lengths.items())
    return map(condition_of, lengths)
