"""The source of a project: its classes, and how it builds them.

Everything here is read with :mod:`ast`; nothing is imported. What it finds is where to look: the
worker has the last word on what a class is.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from pathlib import Path

from shapelint.digests import digest_of_all
from shapelint.facts import ForwardCall
from shapelint.project import hyperparameters
from shapelint.project.callers import builders, given, makers_of
from shapelint.project.constructions import Around, Construction, constructions
from shapelint.project.discovery import configs, project_files, readmes, source_of
from shapelint.project.fences import code_blocks, notebook
from shapelint.project.forward_calls import forward_calls
from shapelint.project.names import Known, agreed, command_line
from shapelint.project.objects import BUILT_BY, given_as_one
from shapelint.project.sources import SourceFile, parsed
from shapelint.source.texts import Texts

_LARGEST_FILE = 2**20
_MOST_FACTORIES = 32
_CLASS = re.compile(rb"^[ \t]*class[ \t]+(\w+)", re.MULTILINE)


class Project:
    """The Python files below one folder, each parsed once, when it is needed."""

    def __init__(self, root: Path, texts: Texts | None = None) -> None:
        self.root = root.absolute()
        self.texts = texts or Texts()
        self._parsed: dict[Path, SourceFile | None] = {}
        self._asked: list[Path] = []
        """The files that ask about a class of another one just now."""

    @cached_property
    def sources(self) -> Mapping[Path, bytes]:
        """The text of all files that are not too large to be written by hand."""
        found = {path: source_of(path, _LARGEST_FILE) for path in project_files(self.root, ".py")}
        return {path: self.texts.texts.get(str(path), text) for path, text in found.items()}

    def mentions(self, names: Iterable[str]) -> str:
        """Changes when a file comes or goes, or when one changes in which a name occurs.

        So it does for one that builds what classes are given as one object.
        """
        words = "|".join(map(re.escape, sorted({*names, *BUILT_BY})))
        word = re.compile(rf"\b(?:{words or '(?!)'})\b".encode())
        files = {**self.sources, **{path: source_of(path) for path in readmes(self.root)}}
        read = {p: source if word.search(source) else b"" for p, source in files.items()}
        return digest_of_all(
            part
            for path, source in sorted({**read, **self._configs}.items())
            for part in (bytes(path), source)
        )

    @cached_property
    def _configs(self) -> Mapping[Path, bytes]:
        """The text of its YAML and JSON files."""
        return {path: source_of(path) for path in configs(self.root)}

    @cached_property
    def examples(self) -> tuple[SourceFile, ...]:
        """The Python code in READMEs, each block for itself, and in notebooks."""
        return tuple(
            SourceFile(path, tree)
            for path in readmes(self.root)
            for tree in (notebook if path.suffix == ".ipynb" else code_blocks)(
                path.read_text("utf-8", errors="replace")
            )
        )

    def parse(self, path: Path) -> SourceFile | None:
        """The file, or None if it is not valid Python."""
        if path not in self._parsed:
            self._parsed[path] = parsed(path, self.texts, self.root, self._imports_model)
        return self._parsed[path]

    def _imports_model(self, file: SourceFile, name: str) -> bool:
        """Whether a name in a file is that of a model class of another one."""
        others = (p for p in self._defining.get(name, ()) if p not in {file.path, *self._asked})
        for path in (p for p in others if file.means(name, p)):
            self._asked.append(file.path)  # files may import each other
            other = self.parse(path)
            found = other is not None and any(c.name == name for c in other.classes)
            self._asked.pop()
            if found:
                return True
        return False

    @cached_property
    def _defining(self) -> Mapping[str, Sequence[Path]]:
        """The files that have a class of a name, as far as their text tells."""
        found: dict[str, list[Path]] = {}
        for path, source in self.sources.items():
            for name in set(_CLASS.findall(source)):
                found.setdefault(name.decode(), []).append(path)
        return found

    def mentioning(self, name: str) -> Iterator[SourceFile]:
        """All files in which a name occurs."""
        text = name.encode()
        word = re.compile(rb"\b" + re.escape(text) + rb"\b")
        for path, source in self.sources.items():  # most files do not even have the letters
            parsed = self.parse(path) if text in source and word.search(source) else None
            if parsed is not None:
                yield parsed

    def meaning(self, name: str, defined_in: Path) -> Iterator[SourceFile]:
        """The files in which a name can be the one that a file defines, this one first."""
        files = [f for f in self.mentioning(name) if f.means(name, defined_in)]
        return iter(sorted(files, key=lambda file: file.path != defined_in))

    def constructions(self, class_name: str, defined_in: Path) -> list[Construction]:
        """Calls of the class whose arguments can be read off the source.

        Those with literal arguments come first; of these, those in the file that defines the class
        come first, and those in a README last.
        """
        defined_in = defined_in.absolute()
        examples = (e for e in self.examples if e.means(class_name, defined_in))
        files = (*self.meaning(class_name, defined_in), *examples)
        calls = (
            constructions(f.tree, f.path, class_name, f.path == defined_in, self._around(f.path))
            for f in files
        )
        return sorted(itertools.chain(*calls), key=lambda call: not call.is_literal)

    def described(
        self, class_name: str, defined_in: Path, parameters: Sequence[str]
    ) -> Iterator[Construction]:
        """What configs of the project give the parameters of a class: YAML, JSON, dicts in Python.

        Its first parameter may be an object with all that it reads of it.
        """
        source = self.parse(defined_in)
        kind = next((c for c in source.classes if c.name == class_name), None) if source else None
        more, required = (kind.takes_more, kind.required) if kind else (False, ())
        texts = {**self._configs, **self.sources}
        yield from hyperparameters.called(texts, class_name, parameters, more)
        yield from hyperparameters.sections(self._configs, class_name, parameters, required)
        for node in ast.walk(source.tree) if source and parameters else ():
            if isinstance(node, ast.ClassDef) and node.name == class_name:
                files = [(name, file) for name in BUILT_BY for file in self.mentioning(name)]
                yield from given_as_one(node, parameters[0], self._configs, files)

    def forward_calls(self, name: str, path: Path, is_instance: bool) -> list[ForwardCall]:
        """Calls of a model of a file: of an instance there, or of what a class or factory makes."""
        options = agreed(self._command_lines)
        if is_instance:
            own = self.parse(path)
            return forward_calls((), (name,), [own] if own else [], options)
        path = path.absolute()
        made = [(path, name), *self._factories(name, path)]
        files = {file.path: file for where, maker in made for file in self.meaning(maker, where)}
        shown = (example for example in self.examples if example.means(name, path))
        return forward_calls({maker for _, maker in made}, (), (*files.values(), *shown), options)

    def _around(self, path: Path) -> Around:
        lines = self._command_lines
        looked_up = partial(hyperparameters.looked_up, self._configs)
        callers = partial(given, path=path, files=self.meaning, options=agreed(lines))
        return Around(agreed(lines), lines, looked_up, callers, partial(self._starred, path))

    def _starred(self, path: Path, node: ast.ImportFrom) -> list[str]:
        """What ``from models import *`` in a file brings of another one of the project."""
        file = self.parse(path)
        imported = file.imported_file(node) if file else None
        source = self.parse(imported) if imported else None
        kinds = (ast.ClassDef, ast.FunctionDef)
        body = source.tree.body if source else []
        return [n.name for n in body if isinstance(n, kinds) and not n.name.startswith("_")]

    @cached_property
    def _command_lines(self) -> list[Known]:
        """What ``args.width`` is, for each file that parses the command line."""
        return [command_line(file.tree) for file in self.mentioning("add_argument")]

    def owners(
        self, class_name: str, defined_in: Path, trainers: bool = False, factories: bool = False
    ) -> list[tuple[Path, str]]:
        """The model classes whose bodies name this class: file and class name of each.

        With ``factories`` also those that name a function which may return one. A LightningModule
        trains a model rather than being one: only ``trainers`` make it count.
        """
        makers = self._factories(class_name, defined_in) if factories else []
        made = [(defined_in.absolute(), class_name), *makers]
        found = [
            (file.path, owner.name)
            for where, name in made
            for file in self.meaning(name, where)
            if name == class_name or file.imports(name, where)
            for owner in file.classes
            if owner.uses & file.names_for(name) and owner.name != class_name
            if trainers or not owner.trains
        ]
        return list(dict.fromkeys(found))

    def _factories(self, class_name: str, defined_in: Path) -> list[tuple[Path, str]]:
        """The functions that return models of a class, or what such a function returns."""
        found = [(defined_in.absolute(), class_name)]
        for where, name in found:
            for file in self.meaning(name, where):
                if name == class_name or file.imports(name, where):
                    makers = ((file.path, maker) for maker in makers_of(name, file.tree))
                    found += [each for each in makers if each not in found]
        return found[1:_MOST_FACTORIES]

    def heirs(self, class_name: str, defined_in: Path) -> list[tuple[Path, str]]:
        """The model classes that derive from this one: file and class name of each."""
        return [
            (file.path, heir.name)
            for file in self.meaning(class_name, defined_in.absolute())
            for heir in file.classes
            if class_name in (base.rpartition(".")[2] for base in heir.bases)
        ]

    def with_owners(self, names: Iterable[str], path: Path) -> tuple[str, ...]:
        """Classes of a file, those that they are part of, and what builds them, directly or not."""
        found = dict.fromkeys(names, path)
        queue = list(found)
        for name in queue:
            files = self.meaning(name, found[name].absolute())
            for where, owner in (*self.owners(name, found[name]), *builders(name, files)):
                if owner not in found:
                    found[owner] = where
                    queue.append(owner)
        return tuple(found)

    def complete_constructions(self, name: str, path: Path) -> Iterator[Construction]:
        """The calls and configs of the project that give a class all that it requires."""
        source = self.parse(path)
        found = next((c for c in source.classes if c.name == name), None) if source else None
        if found is None:
            return
        if not found.required:
            yield Construction(name, (), {}, path, found.line)
        parameters = [*found.positional, *sorted(found.required.difference(found.positional))]
        described = self.described(name, path, parameters)
        for call in itertools.chain(self.constructions(name, path), described):
            if found.required <= {*found.positional[: len(call.args)], *call.kwargs}:
                yield call

    def is_lost(self, name: str, path: Path, asked: frozenset[str] = frozenset()) -> bool:
        """Whether nothing in the project says how to build a class, or a model it is part of."""
        source = self.parse(path)
        known = {c.name for c in source.classes} if source else set()
        if name not in known or next(self.complete_constructions(name, path), None):
            return False
        owners = [(p, n) for p, n in self.owners(name, path) if n not in asked]
        return all(self.is_lost(n, p, asked | {name}) for p, n in owners)


@cache
def project_at(root: Path, texts: Texts) -> Project:
    """The project below ``root``, read once in a run."""
    return Project(root, texts)
