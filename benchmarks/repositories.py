"""What shapelint makes of whole repositories with no configuration.

    python -m benchmarks.repositories [--python PYTHON] [--write] CHECKOUT [CHECKOUT …]

PYTHON is the interpreter that runs the models, as in ``shapelint --python``; ``--write`` puts the
table into benchmarks/README.md.

For each checkout: the share of files with models that could be loaded, of model classes that were
built (as a model, as a part of one, or as what one derives from), the same of the classes in use,
and of the built models that have convolutions and either transposed convolutions or skips which
were analysed. Classes of one name in several files are several. A class is in use if the checkout
names it outside of imports, of its own body, and of classes that are not in use: in code, in a
config, in a README. Models with constructor arguments guessed by name are counted apart. What
stands in the way is counted below.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.page import head, row, write
from shapelint.config import Settings
from shapelint.engine import files_of
from shapelint.facts import Part
from shapelint.found import Found
from shapelint.inspection import found_in
from shapelint.interpreters import find_interpreter
from shapelint.process import Limits, Worker
from shapelint.project.classes import Project
from shapelint.project.discovery import Place, configs, project_root, readmes
from shapelint.source.texts import Texts

_HEADS = (
    "repository",
    "files loaded",
    "classes built",
    "of those in use",
    "models built",
    "by guess",
    "proven",
    "checked",
    "not checked",
    "with both, analysed",
    "errors",
)
_SECONDS = 120.0
_NOT_LOADED = frozenset(("import-failed", "timeout", "worker-crashed"))
_SKIP = re.compile(rb"\btorch\.(cat|concat|stack)\(|\bcat\(\[")


@dataclass
class Measure:
    """Counts about one repository, or about all."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Classes in use that were not built."""
    both: list[str] = field(default_factory=list)
    """Built models with both that were not analysed, and why."""

    def share(self, part: str, whole: str) -> str:
        """``12/16 75 %``."""
        some, every = self.counts[part], self.counts[whole]
        return f"{some}/{every} {100 * some / every:3.0f} %" if every else "-"

    def __add__(self, other: Measure) -> Measure:
        return Measure(
            "all",
            self.counts + other.counts,
            self.reasons + other.reasons,
            [*self.errors, *other.errors],
            [*self.lost, *other.lost],
            [*self.both, *other.both],
        )


def measure(checkout: Path, worker: Worker) -> Measure:
    """Lint every file of a checkout and count."""
    out = Measure(checkout.name)
    project = Project(project_root(checkout), Texts())
    settings = Settings(paths=(str(checkout),), timeout=_SECONDS)
    declared: set[Part] = set()
    built: set[Part] = set()
    for path in map(Path.absolute, files_of(settings)):
        source = project.parse(path)
        declared |= {Part(k.name, str(path)) for k in (source.classes if source else ())}
        found = found_in(worker, Place(path), settings)
        out.counts["files"] += 1
        out.counts["loaded"] += not any(_is_file(f, path) for f in found)
        for each in found:
            built |= _note(out, each, path)
    built |= _derived_from(built, declared, project)
    out.counts["classes"] += len(declared)
    out.counts["classes built"] += len(declared & built)
    names = in_use(project, {kind.class_name for kind in declared})
    used = {kind for kind in declared if kind.class_name in names}
    out.counts["classes in use"] += len(used)
    out.counts["classes in use built"] += len(used & built)
    out.lost += sorted(f"{Path(kind.path).name}:{kind.class_name}" for kind in used - built)
    return out


def _derived_from(built: set[Part], declared: set[Part], project: Project) -> set[Part]:
    """What the classes that were built derive from, at any depth."""
    found: set[Part] = set()
    for base in declared:
        queue = [(Path(base.path), base.class_name)]
        for path, name in queue:
            queue += [heir for heir in project.heirs(name, path) if heir not in queue]
        if any(Part(name, str(path)) in built for path, name in queue):
            found.add(base)
    return found


def in_use(project: Project, declared: set[str]) -> set[str]:
    """The declared classes that something names which is in use itself."""
    texts = (path.read_bytes() for path in (*readmes(project.root), *configs(project.root)))
    found = {word.decode() for text in texts for word in re.findall(rb"\w+", text)}
    inside: dict[str, set[str]] = {}
    files = (project.parse(path) for path in project.sources)
    queue: list[tuple[ast.AST, set[str]]] = [(f.tree, found) for f in files if f]
    for node, named in queue:
        here = named
        if isinstance(node, ast.ClassDef) and node.name in declared:
            here = inside.setdefault(node.name, set())
        here |= _named(node)
        if not isinstance(node, ast.Assign) or "__all__" not in map(ast.unparse, node.targets):
            queue += [(child, here) for child in ast.iter_child_nodes(node)]
    used = list(declared & found)
    for name in used:
        used += sorted(inside.get(name, set()) & declared - set(used))
    return set(used)


def _named(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    return {getattr(node, "id", ""), getattr(node, "attr", "")}


def _is_file(found: Found, path: Path) -> bool:
    """Whether this says that the whole file could not be loaded."""
    return found.report.target == str(path)


def _note(out: Measure, found: Found, path: Path) -> set[Part]:
    """Count one model; the classes that it shows to be buildable."""
    rules = {d.name for d in found.diagnostics}
    evidence = found.report.evidence
    out.errors += [
        f"{d.target}: {d.name}: {d.message}" for d in found.diagnostics if d.severity == "error"
    ]
    if evidence == "not-checked":
        out.counts["not checked"] += 1
        out.reasons[f"{', '.join(sorted(rules))}: {found.report.reason[:90]}"] += 1
    if _is_file(found, path):
        return set()
    out.counts["models"] += 1
    if "cannot-construct" in rules or (found.analysis is None and rules & _NOT_LOADED):
        return set()
    if found.report.guessed:
        out.counts["guessed"] += 1
        return set()
    out.counts["models built"] += 1
    out.counts[evidence] += 1
    if _has_both(found, path):
        out.counts["with both"] += 1
        if evidence == "not-checked":
            out.both.append(f"{found.report.target}: {found.report.reason[:160]}")
        else:
            out.counts["with both, analysed"] += 1
    return {*found.parts}


def _has_both(found: Found, path: Path) -> bool:
    """Convolutions, and transposed convolutions or joins."""
    kinds = {part.class_name.rstrip("123d") for part in found.parts}
    return "Conv" in kinds and ("ConvTranspose" in kinds or bool(_SKIP.search(path.read_bytes())))


def _table(measures: list[Measure]) -> Iterator[str]:
    yield head(*_HEADS)
    for m in measures:
        columns = (
            m.share("loaded", "files"),
            m.share("classes built", "classes"),
            m.share("classes in use built", "classes in use"),
            m.share("models built", "models"),
            str(m.counts["guessed"]),
            str(m.counts["proven"]),
            str(m.counts["checked"]),
            str(m.counts["not checked"]),
            m.share("with both, analysed", "with both"),
            str(len(m.errors)),
        )
        yield row(m.name, *columns)


def main() -> None:
    """Print the table, the errors that were found, and why models were not checked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--python", help="the interpreter that runs the models")
    parser.add_argument("--write", action="store_true", help="put the table into the README")
    asked = parser.parse_args()
    interpreter = find_interpreter(Path.cwd(), asked.python)
    measures: list[Measure] = []
    for checkout in asked.checkouts:
        with closing(Worker(interpreter.python, Limits(_SECONDS))) as worker:
            measures.append(measure(checkout, worker))
        whole = sum(measures, Measure("all"))
        table = "\n".join(_table([*measures, whole]))
        print(table.splitlines()[-2], file=sys.stderr)
        if asked.write:  # each time: who has enough may stop it
            write("repositories", table.splitlines())
    print(table)
    print(f"\n{len(whole.errors)} errors", *sorted(whole.errors), sep="\n")
    print("\nwith both, not analysed:", *sorted(whole.both), sep="\n")
    print("\nin use, not built:", *sorted(whole.lost))
    print("\nnot checked", *(f"{n:4} {why}" for why, n in whole.reasons.most_common(40)), sep="\n")


if __name__ == "__main__":
    main()
