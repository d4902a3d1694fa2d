"""The models in a loaded file: classes, instances, factories, and instances called in a row."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn
from torch.nn.modules.loss import _Loss

from shapelint.facts import ClassFacts, Facts, NamedModule, Parameter, SkippedStatement
from shapelint.worker.loading.load import Project


def facts_of(module: ModuleType, path: Path, project: Project) -> Facts:
    """The models that a file defines; what it only imports is left out."""
    tree = ast.parse(project.files.read(path), str(path))
    lines = dict(d for node in ast.walk(tree) for d in _defined_by(node))
    layers = {name for name, value in vars(module).items() if name in lines and _is_layer(value)}
    return Facts(
        path=str(path),
        module=module.__name__,
        classes=tuple(_class_facts(c, lines) for c in _classes(module)),
        modules=(
            *_instances(module, lines),
            *_factories(tree, module),
            *_composed(tree, layers),
        ),
        skipped=(*project.skipped.get(str(path), ()), *_inner_models(tree)),
    )


def _inner_models(tree: ast.Module) -> Iterator[SkippedStatement]:
    """Models defined inside of functions and classes, which cannot be built by name."""
    for outer in tree.body:
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inner = (n for n in ast.walk(outer) if isinstance(n, ast.ClassDef) and n is not outer)
            for kind in inner:
                if any(ast.unparse(base).rpartition(".")[2] == "Module" for base in kind.bases):
                    reason = f"defined inside of {outer.name}"
                    yield SkippedStatement(kind.lineno, f"class {kind.name}", reason)


def _defined_by(node: ast.AST) -> Iterator[tuple[str, int]]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        yield node.name, node.lineno
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id, node.lineno


def _classes(module: ModuleType) -> list[type[nn.Module]]:
    """Subclasses of ``nn.Module`` with a ``forward``, defined here, each once."""
    found = [
        value
        for name, value in vars(module).items()
        if issubclass(type(value), type)
        and issubclass(value, nn.Module)
        and value.__module__ == module.__name__
        and value.__name__ == name
    ]
    return [c for c in found if _has_forward(c)]


def _has_forward(kind: type[nn.Module]) -> bool:
    """Whether it has a ``forward`` that is not abstract, and does not only raise."""
    forward = kind.forward
    missing = forward is nn.Module.forward or getattr(forward, "__isabstractmethod__", False)
    code = getattr(forward, "__code__", None)
    return not missing and (code is None or code.co_names[:1] != ("NotImplementedError",))


def _class_facts(kind: type[nn.Module], lines: dict[str, int]) -> ClassFacts:
    line = lines.get(kind.__name__, 0)
    init, forward = parameters(kind.__init__), parameters(kind.forward)
    return ClassFacts(kind.__name__, line, init, forward)


def parameters(function: Any) -> tuple[Parameter, ...]:
    """The named parameters of a method, without ``self``; none if it has no signature."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a property, or a function written in C
        return ()
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [p for p in signature.parameters.values() if p.kind not in variadic]
    return tuple(
        Parameter(p.name, None if p.default is p.empty else _shown(p.default)) for p in named[1:]
    )


def _shown(default: Any) -> str:
    try:
        return repr(default)
    except Exception:  # whatever a class of the user's does there
        return "..."


def _instances(module: ModuleType, lines: dict[str, int]) -> list[NamedModule]:
    """Modules of the user's own classes, and sequences; a single layer or loss is no model."""
    return [
        NamedModule(name, lines[name], type(value).__name__, "instance")
        for name, value in vars(module).items()
        if name in lines and _is_module(value)
        if isinstance(value, nn.Sequential) or not _is_torchs(value)
    ]


def _is_layer(value: Any) -> bool:
    """Whether a value is a layer or sequence of PyTorch, and not a loss."""
    return _is_module(value) and _is_torchs(value) and not isinstance(value, _Loss)


def _is_module(value: Any) -> bool:
    """Whether it is a module by its type; ``isinstance`` would run code of the object."""
    return issubclass(type(value), nn.Module)


def _is_torchs(value: nn.Module) -> bool:
    return type(value).__module__.startswith("torch.nn")


def _factories(tree: ast.Module, module: ModuleType) -> Iterator[NamedModule]:
    """Functions that need no arguments and return an instance of a model class."""
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and _needs_nothing(function.args):
            kind = _returned_class(function, module)
            if kind is not None:
                yield NamedModule(function.name, function.lineno, kind.__name__, "factory")


def _needs_nothing(args: ast.arguments) -> bool:
    positional = len(args.posonlyargs) + len(args.args)
    return positional == len(args.defaults) and None not in args.kw_defaults and not args.vararg


def _returned_class(function: ast.FunctionDef, module: ModuleType) -> type[nn.Module] | None:
    """The class in ``return Net(…)``, or in ``net = Net(…)`` … ``return net``."""
    made: dict[str, ast.expr] = {}
    for node in _own(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            made[node.targets[0].id] = node.value
    for node in _own(function):
        if isinstance(node, ast.Return) and node.value is not None:
            value = node.value
            value = made.get(value.id, value) if isinstance(value, ast.Name) else value
            kind = _class_called(value, module)
            if kind is not None:
                return kind
    return None


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, without those of the functions that it defines."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node
            yield from _own(node)


def _class_called(value: ast.expr, module: ModuleType) -> type[nn.Module] | None:
    if not isinstance(value, ast.Call):
        return None
    try:
        kind = eval(ast.unparse(value.func), {"__builtins__": {}}, dict(vars(module)))
    except Exception:  # a name that exists only when the function runs
        return None
    return kind if isinstance(kind, type) and issubclass(kind, nn.Module) else None


def _composed(tree: ast.Module, instances: set[str]) -> Iterator[NamedModule]:
    """Instances called one after the other: ``decoder(encoder(x))``, also over several lines."""
    after: dict[str, str] = {}
    line: dict[str, int] = {}
    for call in _calls_with_source(tree, instances):
        first, second, at = call
        if first != second and first not in after:
            after[first] = second
            line[first] = at
    for start in [name for name in after if name not in after.values()]:
        chain = [start]
        while chain[-1] in after and after[chain[-1]] not in chain:
            chain.append(after[chain[-1]])
        yield NamedModule(" -> ".join(chain), line[start], "Sequential", "composed", tuple(chain))


def _calls_with_source(tree: ast.Module, instances: set[str]) -> Iterator[tuple[str, str, int]]:
    """(first, second, line) for each call of an instance on the result of another one."""
    made_by: dict[str, str] = {}
    statements = [n for n in ast.walk(tree) if isinstance(n, (ast.Assign, ast.Call))]
    for node in sorted(statements, key=lambda n: (n.lineno, isinstance(n, ast.Assign))):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], _called(node.value, instances)
            if isinstance(target, ast.Name):
                made_by.pop(target.id, None)
                if value:
                    made_by[target.id] = value
            continue
        second = _called(node, instances)
        if second and len(node.args) == 1:
            source = node.args[0]
            first = _called(source, instances)
            if isinstance(source, ast.Name):
                first = made_by.get(source.id, "")
            if first:
                yield first, second, node.lineno


def _called(node: ast.expr, instances: set[str]) -> str:
    """The instance that a call calls, or an empty string."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in instances:
        return node.func.id
    return ""
