"""How the files of a project call a model: on which tensors, with which options.

``model(torch.randn(1, 3, 64, 64))`` says what goes in, ``model(x, mode="full")`` what else
``forward`` is given. A model is followed from where it is made through names and attributes, and
into functions of the same file that get it as an argument.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from shapelint.facts import ForwardCall, Given
from shapelint.project.names import Known, dotted, inside, scopes, visible
from shapelint.source.literals import NotLiteral, literal

if TYPE_CHECKING:
    from shapelint.project.sources import SourceFile

_MOST = 12
"""Calls of one model that are looked at."""

_FLOATS = ("randn", "rand", "zeros", "ones", "empty", "Tensor", "FloatTensor")
_WHOLE = ("randint", "LongTensor")
_CASTS = {"long": "int64", "int": "int32", "double": "float64", "float": "float32"}
_WRAPPERS = ("DataParallel", "DistributedDataParallel", "DDP", "compile", "Variable", "prepare")
"""Called on a model or a tensor, they give what can be used like it."""
_KEEP = (
    *("to", "cuda", "cpu", "eval", "train", "requires_grad_", "apply", "detach", "clone"),
    *("normal_", "uniform_", "zero_", "fill_", "clamp", "clamp_", "abs", "contiguous"),
    *("half", "bfloat16", *_CASTS),
)
"""Methods that give the same model, or a tensor of the same shape."""
_RUNNERS = ("trace", "export", "add_graph", "profile", "FlopCountAnalysis")
"""``torch.jit.trace(model, x)``: they call their first argument on the next."""
_RUN_ON = ("inputs", "example_inputs", "args")


@dataclass(frozen=True)
class _Models:
    """What stands for a model in a file."""

    makers: Collection[str]
    """Classes and functions that make one, by their last name."""
    names: Collection[str]
    """Names and attributes that hold one."""

    def is_made(self, value: ast.expr) -> bool:
        """``Net(…)``, also with ``.to(device)`` behind it or in a wrapper; or a name for one."""
        while isinstance(value, ast.Call):
            if _last(value.func) in self.makers:
                return True
            value = _inner(value)
        return dotted(value) in self.names


def forward_calls(
    makers: Collection[str], names: Collection[str], files: Iterable[SourceFile], options: Known
) -> list[ForwardCall]:
    """The calls of what these classes and functions make, or these names hold.

    ``options`` are what the files say of the command line.
    """
    start = _Models(makers, names)
    return list(islice((e for file in files for e in _in_file(file, start, options)), _MOST))


def _in_file(file: SourceFile, start: _Models, options: Known) -> Iterator[ForwardCall]:
    nodes = list(ast.walk(file.tree))
    makers = frozenset[str]().union(*(file.names_for(maker) for maker in start.makers))
    models = _followed(nodes, _Models(makers, start.names))
    tensors = dict(_tensors(nodes))
    for scope, _ in scopes(file.tree):
        here = list(inside(scope))
        values: Known = {}
        for call in (n for n in here if isinstance(n, ast.Call)):
            passed = _passed(call, models)
            if passed is None:
                continue
            values = values or {
                **visible(file.tree, scope, options),
                **tensors,
                **dict(_tensors(here)),
            }
            args, kwargs = passed
            named = tuple((str(k.arg), _given(k.value, values)) for k in kwargs)
            yield ForwardCall(
                tuple(_given(a, values) for a in args), named, str(file.path), call.lineno
            )


def _followed(nodes: Sequence[ast.AST], models: _Models) -> _Models:
    """With the names that a file gives them, also as parameters of its functions."""
    names = set(models.names)
    followed = _Models(models.makers, names)
    for target, value in _assigned(nodes):
        if dotted(target) and followed.is_made(value):
            names.add(dotted(target))
    functions = {n.name: n for n in nodes if isinstance(n, ast.FunctionDef)}
    for call in (n for n in nodes if isinstance(n, ast.Call)):
        function = functions.get(dotted(call.func))
        if function is not None:
            parameters = [a.arg for a in function.args.args]
            pairs = [*zip(parameters, call.args), *((k.arg, k.value) for k in call.keywords)]
            names.update(name for name, value in pairs if name and dotted(value) in names)
    return followed


def _assigned(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The targets of assignments, and what each gets: ``a, b = Encoder(), Decoder()``."""
    for node in (n for n in nodes if isinstance(n, ast.Assign)):
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts)
            else:
                yield target, node.value


def _passed(
    call: ast.Call, models: _Models
) -> tuple[Sequence[ast.expr], Sequence[ast.keyword]] | None:
    """What a call passes to a model; None if it calls none, or hides with what."""
    hides = any(isinstance(a, ast.Starred) for a in call.args)
    if hides or any(k.arg is None for k in call.keywords):
        return None
    called = call.func
    while isinstance(called, ast.Attribute) and called.attr in ("forward", "module"):
        called = called.value
    if models.is_made(called):
        return call.args, call.keywords
    if _last(called) not in _RUNNERS or not call.args or not models.is_made(call.args[0]):
        return None
    others = [*call.args[1:2], *(k.value for k in call.keywords if k.arg in _RUN_ON)]
    for inputs in others[:1]:
        return (inputs.elts if isinstance(inputs, (ast.Tuple, ast.List)) else [inputs]), ()
    return None


def _given(value: ast.expr, values: Known) -> Given:
    """What one argument is, as far as it can be read."""
    try:
        return Given(literal=repr(literal(value, values)))
    except (NotLiteral, SyntaxError):
        made = _made_of_nothing(values.get(dotted(value), value))
    if made is None:
        return Given()
    factory, dtype = made
    return Given(shape=tuple(_size(s, values) for s in _sizes(factory)), dtype=dtype)


def _tensors(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """The names that get a tensor made of nothing; what is done to it later keeps its shape."""
    for target, value in _assigned(nodes):
        if _made_of_nothing(value) is not None:
            yield dotted(target), value


def _made_of_nothing(value: ast.expr) -> tuple[ast.Call, str] | None:
    """``torch.randn(1, 3, 64, 64).to(device)``: the call of the factory, and the dtype."""
    dtype = ""
    while isinstance(value, ast.Call):
        if _last(value.func) in (*_FLOATS, *_WHOLE):
            usual = "int64" if _last(value.func) in _WHOLE else "float32"
            named = [_last(k.value) for k in value.keywords if k.arg == "dtype"]
            return value, dtype or _CASTS.get("".join(named), "".join(named)) or usual
        dtype = dtype or _CASTS.get(_last(value.func), "")
        value = _inner(value)
    return None


def _sizes(factory: ast.Call) -> Sequence[ast.expr]:
    """``torch.randint(0, 10, (1, 16))`` has its sizes last, all others have nothing else."""
    given = [k.value for k in factory.keywords if k.arg == "size"] or factory.args
    last = given[-1] if given else None
    if isinstance(last, (ast.Tuple, ast.List)):
        return last.elts
    return [] if _last(factory.func) == "randint" else given


def _size(size: ast.expr, values: Known) -> int:
    """A size; 0 if it is not to be read."""
    try:
        found = literal(size, values)
    except (NotLiteral, SyntaxError):
        return 0
    return found if isinstance(found, int) and found > 0 else 0


def _inner(call: ast.Call) -> ast.expr:
    """What is wrapped, ``DataParallel(net)``, or what a method is called on, ``net.cuda()``."""
    if _last(call.func) in _WRAPPERS and call.args:
        return call.args[0]
    if isinstance(call.func, ast.Attribute) and call.func.attr in _KEEP:
        return call.func.value
    return ast.Constant(None)


def _last(name: ast.expr) -> str:
    """``randn`` of ``torch.randn``."""
    return name.attr if isinstance(name, ast.Attribute) else dotted(name)
