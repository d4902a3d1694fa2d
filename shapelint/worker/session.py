"""The requests about one file, answered.

Each method named ``on_…`` answers the request of that name with JSON values. Whatever user code
does, short of ending the process, becomes an answer: ``{"problem": …}``.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from shapelint.facts import Built, ForwardCall, Part, Problem
from shapelint.model import Input
from shapelint.records import read
from shapelint.source.texts import Texts
from shapelint.wire import encode
from shapelint.worker.loading.annotations import annotated
from shapelint.worker.loading.build import (
    Make,
    Model,
    assemble,
    build,
    inventory_of,
    number_of_parameters,
)
from shapelint.worker.loading.construct import watching_constructors
from shapelint.worker.loading.found import facts_of
from shapelint.worker.loading.inputs import guess_inputs
from shapelint.worker.loading.left_out import left_out, without_the_missing
from shapelint.worker.loading.load import Project
from shapelint.worker.loading.parts import Made, choosing, defined_in, is_of, made_by, part_of
from shapelint.worker.loading.reads import Reads
from shapelint.worker.problems import problem_of
from shapelint.worker.runs import Call, plain_run, trace_run

Json = dict[str, Any]


class FileSession:
    """One file, loaded; one model of it, built."""

    def __init__(self) -> None:
        self.path = Path()
        self.project = Project(Path())
        self.module: ModuleType | None = None
        self.model: Model | None = None
        self.target = ""
        self.call = Call(())
        self.reads = Reads()
        self.wholes: dict[tuple[str, ...], Made] = {}
        """What was built to look at its parts, by file, class and arguments."""

    def answer(self, request: Mapping[str, Any]) -> Json:
        """The answer to one request, ``{"do": name, …parameters}``. Never raises."""
        parameters = {k: v for k, v in request.items() if k not in ("do", "id")}
        try:
            answer: Json = getattr(self, f"on_{request['do']}")(**parameters)
            return answer
        except BaseException as exc:  # sys.exit and the like: the file's doing, not ours
            return {"problem": dataclasses.asdict(self._explained(exc))}

    def _explained(self, exc: BaseException) -> Problem:
        problem = problem_of(exc)
        behind = self.project.why_missing(exc, str(self.path))
        if not behind:
            return problem
        missing = "is not installed" in behind
        return dataclasses.replace(
            problem, text=f"{problem.text}: {behind}", kind="missing" if missing else problem.kind
        )

    def on_open(self, path: str, root: str, seconds: float, texts: Mapping[str, str]) -> Json:
        """Load a file of the project below ``root``; gives its :class:`~shapelint.facts.Facts`.

        ``texts`` are read instead of the files of these paths.
        """
        files = Texts.from_json(texts)
        files.show_to_inspect()
        self.path = Path(os.path.abspath(path))
        self.project = Project(Path(os.path.abspath(root)), seconds / 8, files)
        if self.project.root not in (here := Path.cwd(), *here.parents):
            os.chdir(self.project.root)  # from there people start its scripts, which read its files
        self.reads.start()
        with watching_constructors(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.module = self.project.load(self.path)
        torch.set_default_dtype(torch.float32)  # as the inputs have it, whatever the file says
        sys.setrecursionlimit(max(1000, sys.getrecursionlimit()))  # a trace needs some of it
        found = facts_of(self.module, self.path, self.project)
        return {"facts": dataclasses.asdict(found)}

    def on_build(
        self, target: str, arguments: str, imports: Sequence[str] = (), train: bool = False
    ) -> Json:
        """Build a target. ``arguments`` is the source of ``(args, kwargs)``, after ``imports``."""
        assumed: dict[str, None] = {}
        make = _maker(target, arguments, imports, self._namespace, assumed)
        self.model, self.target = None, target
        self.model = build(make, train)
        return {"built": dataclasses.asdict(_built(self.model.root, tuple(assumed)))}

    def on_part(
        self,
        target: str,
        owner: str,
        path: str,
        constructions: Sequence[tuple[str, list[str]]],
        train: bool,
        anyway: bool,
        chosen: tuple[str, str, str] = ("", "", ""),
    ) -> Json:
        """Build a class of the file as its ``owner`` builds it, a class of the file ``path``.

        ``constructions`` of the owner are its arguments, with imports. If one of them builds the
        whole owner, and it has such a part, the part is linted with it: then nothing is built,
        except ``anyway``. If no construction gives such a part they are tried again with what is
        ``chosen``: name and file of a class, and options for it.
        """
        namespace = self._of(Path(path))
        self.model, self.target = None, target
        nothing = ("", "", "")
        tries = [
            (given, c) for c in dict.fromkeys((nothing, tuple(chosen))) for given in constructions
        ]
        made = (self._made(owner, given, namespace, c) for given, c in tries)
        self.model = part_of(made, is_of(target, self.path), train, anyway)
        return {"built": self.model and dataclasses.asdict(_built(self.model.root, ()))}

    def _made(
        self,
        owner: str,
        given: tuple[str, list[str]],
        namespace: Mapping[str, Any],
        chosen: tuple[str, ...],
    ) -> Made:
        """What one construction of an owner builds; cached, as an owner has many parts."""
        key = (str(namespace["__file__"]), owner, given[0], *chosen)
        if key not in self.wholes:
            make = _maker(owner, *given, lambda device: namespace, {})
            name, path, options = chosen
            if name:
                make = choosing(make, self._of(Path(path))[name], ast.literal_eval(options))
            self.wholes[key] = made_by(make)
        return self.wholes[key]

    def _namespace(self, device: str) -> Mapping[str, Any]:
        """The globals of the file; instances in it live on the meta device."""
        assert self.module is not None
        return vars(self.module) if device == "meta" else self.project.again(self.module, device)

    def _of(self, path: Path) -> Mapping[str, Any]:
        """The globals of a file of the project."""
        own = path == self.path
        return self._namespace("meta") if own else vars(self.project.imported(path))

    def on_inputs(self, calls: Sequence[Json], kwargs: str) -> Json:
        """The inputs of ``forward``, guessed from the model and from calls in the project."""
        found, given = [read(ForwardCall, c) for c in calls], ast.literal_eval(kwargs)
        guess = guess_inputs(self._built(), self.path, found, given, self.project.files)
        return {"inputs": dataclasses.asdict(guess)}

    def on_use(self, inputs: Sequence[Any], kwargs: str) -> Json:
        """Use these inputs, and constant keyword arguments, in all later runs."""
        self.call = Call([read(Input, i) for i in inputs], ast.literal_eval(kwargs))
        return {}

    def on_inventory(self) -> Json:
        """What the built model consists of."""
        return {"inventory": dataclasses.asdict(inventory_of(self._built()))}

    def on_trace(self, sizes: Json, known: Json | None, patches: Sequence[Json]) -> Json:
        """Run the model with symbolic lengths; gives its :class:`~shapelint.trace.Trace`."""
        bounds = known and {name: (low, high) for name, (low, high) in known.items()}
        return {"trace": encode(trace_run(self._built(), self.call, sizes, bounds, patches))}

    def on_sources(self) -> Json:
        """The files of the project, and around it, that were read so far."""
        return {"sources": self.reads.paths()}

    def on_run(self, sizes: Json, device: str, patches: Sequence[Json], noise: bool) -> Json:
        """Run the model in plain PyTorch; gives a :class:`shapelint.session.Run`."""
        return {"run": plain_run(self._built(), self.call, sizes, device, patches, noise)}

    def _built(self) -> Model:
        if self.model is None:
            raise RuntimeError("no model was built")
        return self.model


def _maker(
    target: str,
    arguments: str,
    imports: Sequence[str],
    namespace: Callable[[str], Mapping[str, Any]],
    assumed: dict[str, None],
) -> Make:
    """A function that builds a target on a device; what it has to assume is put in ``assumed``."""

    def make(device: str) -> nn.Module:
        imported: Json = {}
        for statement in imports:
            exec(statement, imported)
        known = namespace(device)
        args, kwargs = eval(arguments, {**known, **imported})
        made, filled = without_the_missing(partial(assemble, known, target, args, kwargs))
        assumed.update(dict.fromkeys(filled))
        module: nn.Module = made
        return module

    return make


def _built(root: nn.Module, assumed: tuple[str, ...]) -> Built:
    kind = type(root)
    kinds = dict.fromkeys(map(type, root.modules()))
    parts = tuple(Part(k.__name__, defined_in(k)) for k in kinds)
    about = (kind.__name__, _line(kind), defined_in(kind), number_of_parameters(root))
    return Built(*about, (*assumed, *left_out(root)), parts, annotated(kind))


def _line(kind: type) -> int:
    try:
        return inspect.getsourcelines(kind)[1]
    except (OSError, TypeError):  # a class made by a function, or in a C extension
        return 0
