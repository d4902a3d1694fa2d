"""Imports go down only, and what is heavy is imported in one place.

Read from the source, so that an import inside a function counts; what stands under
``if TYPE_CHECKING`` does not run and does not count. Every rule is tried on an import
that breaks it.
"""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "shapelint"

Imports = dict[str, set[str]]


def imported(source: str) -> set[str]:
    """The modules that a source imports when it runs."""
    return set(_imported(ast.parse(source)))


def _imported(tree: ast.AST):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from _imported(node)


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
        ".__init__"
    )


ACTUAL: Imports = {_name(p): imported(p.read_text("utf-8")) for p in PACKAGE.rglob("*.py")}


def inside(module: str, packages: tuple[str, ...]) -> bool:
    return module in packages or module.startswith(tuple(f"{p}." for p in packages))


def outsiders(imports: Imports, package: str, allowed: tuple[str, ...]) -> list[str]:
    """Imports of other packages than these."""
    return [
        f"{user} imports {used}"
        for user, all_used in imports.items()
        for used in all_used
        if inside(used, (package,)) and not inside(user, allowed)
    ]


HEAVY = {
    "torch": ("shapelint.worker", "shapelint.local"),
    "networkx": ("shapelint.stages",),
    "islpy": ("shapelint.lengths",),
    "click": ("shapelint.cli",),
    "rich": ("shapelint.text", "shapelint.cli", "shapelint.reporters"),
    "numpy": ("shapelint.worker",),
}
"""Who may import what is big."""


@pytest.mark.parametrize(("package", "allowed"), HEAVY.items(), ids=HEAVY)
def test_what_is_big_is_imported_in_one_place(package, allowed):
    assert outsiders(ACTUAL, package, allowed) == []
    stray = {**ACTUAL, "shapelint.rules.stray": imported(f"def f():\n    import {package}")}
    assert outsiders(stray, package, allowed) == [f"shapelint.rules.stray imports {package}"]


def test_what_only_type_checkers_read_is_no_import():
    source = "if TYPE_CHECKING:\n    import torch\nfrom torch import nn"
    assert imported(source) == {"torch.nn"}


# -- down only ------------------------------------------------------------------------------

STDLIB_LENGTHS = tuple(
    f"shapelint.lengths.{name}"
    for name in (
        *("atoms", "conditions", "expr", "linear", "pairing", "periodic", "presburger"),
        *("ratio", "real", "real_tests", "regions", "rows"),
    )
)
"""The modules of ``lengths`` that need the standard library alone."""

ALLOWED = {
    "shapelint.lengths": (),
    "shapelint.span": (),
    "shapelint.trace": (*STDLIB_LENGTHS, "shapelint.span"),
    "shapelint.wire": (*STDLIB_LENGTHS, "shapelint.trace"),
    "shapelint.model": ("shapelint.span", "shapelint.trace"),
    "shapelint.worker": (
        *STDLIB_LENGTHS,
        "shapelint.trace",
        "shapelint.wire",
        "shapelint.registry",
        "shapelint.facts",
        "shapelint.memory",
        "shapelint.stopwatch",
        "shapelint.records",
        "shapelint.source.texts",
        "shapelint.model",
        "shapelint.session",
    ),
}
"""What a module or package may import of shapelint besides itself."""

ONLY_FOR = {
    "shapelint.cli": ("shapelint.cli", "shapelint.__main__"),
    "shapelint.engine": ("shapelint.cli", "shapelint.interface"),
    "shapelint.reporters": ("shapelint.reporters", "shapelint.cli", "shapelint.interface"),
    "shapelint.worker": ("shapelint.worker", "shapelint.local"),
}
"""Who may import the upper layers."""


def strangers(imports: Imports, package: str, allowed: tuple[str, ...]) -> list[str]:
    """What a package imports of shapelint that it may not."""
    return [
        f"{user} imports {used}"
        for user, all_used in imports.items()
        if inside(user, (package,))
        for used in all_used
        if inside(used, ("shapelint",)) and not inside(used, (package, *allowed))
    ]


@pytest.mark.parametrize(("package", "allowed"), ALLOWED.items(), ids=ALLOWED)
def test_lower_layers_import_only_what_is_below(package, allowed):
    assert strangers(ACTUAL, package, allowed) == []
    stray = {f"{package}.stray": imported("from shapelint.subject import Subject")}
    assert strangers(stray, package, allowed)


@pytest.mark.parametrize(("package", "users"), ONLY_FOR.items(), ids=ONLY_FOR)
def test_upper_layers_are_imported_only_from_above(package, users):
    assert outsiders(ACTUAL, package, users) == []
    stray = {"shapelint.rules.stray": {package}}
    assert outsiders(stray, package, users)


@pytest.mark.parametrize("module", STDLIB_LENGTHS)
def test_lengths_for_the_worker_need_the_standard_library_alone(module):
    assert strangers(ACTUAL, module, STDLIB_LENGTHS) == []
    used = {name.partition(".")[0] for name in ACTUAL[module]}
    assert used <= {"shapelint", *sys.stdlib_module_names}


def parts(imports: Imports) -> dict[str, set[str]]:
    """Which direct child of the package imports which."""
    graph: dict[str, set[str]] = {}
    for user, all_used in imports.items():
        ours = {_part(u) for u in all_used if u.startswith("shapelint.")}
        graph.setdefault(_part(user), set()).update(ours - {_part(user), "__version__"})
    return graph


def _part(module: str) -> str:
    return [*module.split("."), ""][1]


def test_nothing_is_imported_in_a_circle():
    graphlib.TopologicalSorter(parts(ACTUAL)).prepare()
    stray = {**ACTUAL, "shapelint.span": {"shapelint.model.Input"}}
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(parts(stray)).prepare()


# -- while it runs --------------------------------------------------------------------------

CHECK = """
from shapelint.cli import run
options = ["--no-cache", "--fail-on", "warning", "--python", sys.executable]
code = run(["check", {path!r}, "--output-format", "json", *options])
assert code == 1, code
"""


def loaded_by(code: str, *names: str) -> set[str]:
    """Which of the modules are loaded after running ``code`` in a new interpreter."""
    script = f"import sys\n{code}\nprint('\\n', *[n for n in {names} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_importing_shapelint_costs_nothing():
    heavy = ("torch", "networkx", "islpy", "numpy", "click", "rich")
    assert loaded_by("import shapelint", *heavy) == set()
    assert loaded_by("import shapelint; shapelint.SizeSet", *heavy) >= {"islpy"}


@pytest.mark.parametrize(
    ("name", "heavy"), [("autoencoder.py", {"islpy"}), ("unet.py", {"islpy", "networkx"})]
)
def test_a_whole_check_imports_what_it_needs_and_never_torch_in_the_client(name, heavy):
    check = CHECK.format(path=str(PACKAGE.parent / "fixtures" / "bad" / name))
    assert loaded_by(check, "torch", "islpy", "networkx") == heavy


def test_the_test_above_can_fail():
    assert loaded_by("import shapelint.local as l; l.LocalSession; import torch", "torch")
