"""What a row of the table in :mod:`tests.models` is, and what can be done with it."""

from __future__ import annotations

import copy
import importlib.util
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapelint.analysis import Analysis, examine
from shapelint.facts import Inventory, Problem
from shapelint.lengths.domain import domain_of
from shapelint.model import Input
from shapelint.process import Unanswered
from shapelint.records import read
from shapelint.session import Patch, Run
from shapelint.source.texts import Texts
from shapelint.template import symbols_of
from shapelint.trace import Span, Trace
from shapelint.worker import runs
from shapelint.worker.loading import build
from shapelint.worker.loading.annotations import annotated
from shapelint.worker.loading.load import Project
from shapelint.worker.loading.stubs import StubFinder

if TYPE_CHECKING:
    from types import ModuleType

    from shapelint.lengths.expr import Bounds

FIXTURES = Path(__file__).parents[1] / "fixtures"

Sizes = dict[str, int]


@dataclass(frozen=True)
class Model:
    """One fixture model and what is true about it."""

    file: str
    target: str
    inputs: str
    """Dims of every input, ``"N 3 H W"``, separated by commas."""
    valid: str
    """The sizes at which it runs."""
    roundtrip: str = "no size"
    """The sizes at which its output is as long as its first input."""
    finds: str = ""
    """Code, line and severity of every finding, separated by commas."""
    kwargs: dict[str, Any] = field(default_factory=dict, hash=False)
    lengths: tuple[str, ...] = ()
    """Declared sizes."""
    also: tuple[str, ...] = ()
    """Rules that are off by default and asked for."""
    base: int = 64
    """The length of all axes but the one that is swept."""
    step: int = 16
    """Random sizes are multiples of this, or one off, half of the time."""
    top: int = 128
    """The largest random size; the sweep ends there too, and at 128."""

    @property
    def id(self) -> str:
        """File, inputs and declared sizes."""
        return " ".join([self.file, f"({self.inputs})", *self.lengths])

    @property
    def path(self) -> Path:
        """The file."""
        return FIXTURES / f"{self.file}.py"

    @property
    def findings(self) -> list[tuple[str, int, str]]:
        """The findings in the order of code and line."""
        parts = [text.split() for text in self.finds.split(",") if text]
        return sorted((code, int(line), severity) for code, line, severity in parts)

    @property
    def template(self) -> tuple[Input, ...]:
        """The inputs as the analysis takes them."""
        dims = [text.split() for text in self.inputs.split(",")]
        return tuple(
            Input(str(i), tuple(int(d) if d.isdigit() else d for d in one))
            for i, one in enumerate(dims)
        )

    def session(self, path: Path | None = None) -> FileSession:
        """The model, built from its file or an edited copy of it."""
        return FileSession(self, path or self.path)

    def analysis(self, session: FileSession) -> Analysis:
        """What shapelint finds out about it."""
        domain = domain_of(self.lengths, symbols_of(self.template))
        span = Span(str(session.path), 1, 1, 1, 1)
        said = annotated(type(session.model.root))
        known = (session, self.template, self.target, lambda: span, domain, bool(self.lengths))
        return examine(*known, annotated=said)


def load(path: Path, files: Texts | None = None) -> ModuleType:
    """The part of a file that builds models, executed; training at its bottom is passed over."""
    name = f"fixture_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    arguments, sys.argv = sys.argv, [str(path)]
    sys.modules[name] = module  # dataclasses look there for their module
    stubs = StubFinder(lambda frame: frame.f_globals is vars(module))
    sys.meta_path.append(stubs)
    try:
        Project(path.parent, files=files).run(str(path), vars(module))
    finally:
        sys.argv = arguments
        sys.meta_path.remove(stubs)
        for loaded in (name, *stubs.packages):
            sys.modules.pop(loaded, None)
    return module


class FileSession:
    """A session on a model of a file: the worker's functions, without the process."""

    def __init__(self, model: Model, path: Path, files: Texts | None = None) -> None:
        def make(device: str) -> Any:
            found, _ = build.assemble(vars(load(path, files)), model.target, (), model.kwargs)
            return copy.deepcopy(found)

        self.path = path
        self.files = files or Texts()
        self.of = model
        self.model = build.build(make)
        self.call = runs.Call(model.template)

    def trace(
        self, sizes: Mapping[str, int], known: Bounds | None = None, patches: tuple[Patch, ...] = ()
    ) -> Trace:
        return runs.trace_run(self.model, self.call, sizes, known, patches)

    def inventory(self) -> Inventory:
        return build.inventory_of(self.model)

    @contextmanager
    def edited(self, texts: Mapping[str, bytes]) -> Iterator[FileSession]:
        try:
            made = FileSession(self.of, self.path, self.files.with_texts(texts))
        except Exception as exc:  # as a worker that cannot build it
            raise Unanswered(Problem("error", repr(exc))) from exc
        yield made

    def run(
        self,
        sizes: Mapping[str, int],
        device: str = "cpu",
        patches: tuple[Patch, ...] = (),
        noise: bool = False,
    ) -> Run:
        ran = runs.plain_run(self.model, self.call, sizes, device, patches, noise)
        return read(Run, ran)


@cache
def analysis_of(model: Model) -> tuple[FileSession, Analysis]:
    """The built model and its analysis, made once."""
    session = model.session()
    return session, model.analysis(session)


def sweep(model: Model) -> Iterator[Sizes]:
    """Every size of each axis with the others at the base, then 40 random ones."""
    space = [s for s in symbols_of(model.template) if s != "N"]
    base = {"N": 2, **dict.fromkeys(space, model.base)}
    for axis in space:
        yield from ({**base, axis: n} for n in range(1, min(model.top, 128) + 1))
    yield from ({**base, "N": n} for n in (1, 3, 4))
    draw = random.Random(model.file)
    for i in range(40 if space else 0):
        yield {"N": 2, **{axis: _random_size(draw, model, bool(i % 2)) for axis in space}}


def _random_size(draw: random.Random, model: Model, near_a_multiple: bool) -> int:
    if not near_a_multiple:
        return draw.randint(1, model.top)
    multiple = model.step * draw.randint(1, max(1, model.top // model.step))
    return max(1, multiple + draw.choice((0, 0, 0, -1, 1)))
