"""``values[n]``, ``n in table`` and ``table.get(n)`` without losing the length.

CPython takes a length for a bare number where it is an index, and of the keys of a dict it compares
only those with the same hash: a key that is missing leaves no trace of the size that would find it.
While a model runs, such code calls functions instead that ask the length
(:mod:`shapelint.worker.python.containers`). Lines and columns stay what they are.
"""

from __future__ import annotations
import __future__

import ast
import copy
import dis
import linecache
import warnings
from collections import defaultdict
from contextlib import suppress
from functools import lru_cache
from types import CodeType
from typing import Any

_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag

_CONTAINS, _COUNT, _ITEM, _METHOD, _SAME, _STORE, _TEXT = HOOKS = tuple(
    f"__shapelint_{name}__"
    for name in ("contains", "count", "item", "method", "same", "store", "text")
)
"""Names of the functions that rewritten code calls, which its globals must have."""
_METHODS = frozenset({"get", "insert", "pop", "setdefault"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@lru_cache(maxsize=4096)
def rewritten(code: CodeType, path: str) -> CodeType:
    """The same code, its lookups replaced by calls; itself if it has none, or no source.

    Code of two files may be equal, so ``path`` is part of the key.
    """
    found = definition_of(code, path) if _is_concerned(code) else None
    if found is None or _has_private_names(found):
        return code
    if not _says_the_same(_compiled(copy.deepcopy(found), code), code):
        return code  # the file is no longer what the code was made from
    return _compiled(ast.fix_missing_locations(_Rewriter().visit(found)), code) or code


# -- the source of a function ---------------------------------------------------------------


def definition_of(code: CodeType, path: str) -> _Definition | None:
    """The syntax tree of code, with the lines of its file; None if it cannot be found."""
    lines = linecache.getlines(path)
    if code.co_name == "<lambda>":
        found = _lambdas("".join(lines)).get(code.co_firstlineno, ())
        return copy.deepcopy(found[0]) if len(found) == 1 else None
    return _def(code, lines)


@lru_cache(maxsize=16)
def _lambdas(text: str) -> dict[int, list[ast.Lambda]]:
    """By line: it takes the whole text to know where they are."""
    found: dict[int, list[ast.Lambda]] = defaultdict(list)
    with suppress(SyntaxError, ValueError):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Lambda):
                found[node.lineno].append(node)
    return found


def _def(code: CodeType, lines: list[str]) -> _Definition | None:
    first, last = code.co_firstlineno, _last_line(code)
    indented = first <= len(lines) and lines[first - 1][:1].isspace()
    for end in range(last, min(last + 8, len(lines)) + 1):  # brackets may close further down
        text = "".join((*["if 1:\n"] * indented, *lines[first - 1 : end]))
        try:
            found: ast.AST = ast.parse(text).body[0]
        except (SyntaxError, ValueError, IndexError):
            continue
        found = found.body[0] if isinstance(found, ast.If) else found
        same = isinstance(found, _DEFINITIONS) and found.name == code.co_name
        return ast.increment_lineno(found, first - 1 - indented) if same else None  # type: ignore[return-value]
    return None


def _last_line(code: CodeType) -> int:
    inner = (_last_line(c) for c in code.co_consts if isinstance(c, CodeType))
    return max((*(line for *_, line in code.co_lines() if line), *inner, code.co_firstlineno))


def _opcodes(*names: str) -> frozenset[int]:
    """Those that this version of Python has."""
    return frozenset(dis.opmap[name] for name in names if name in dis.opmap)


_CONSTANTS = _opcodes("LOAD_CONST", "LOAD_SMALL_INT")
_LOOKS = _opcodes("BINARY_SLICE", "BINARY_SUBSCR", "CONTAINS_OP", "IS_OP", "STORE_SUBSCR")
_CONSTANT, _IS = dis.opmap["LOAD_CONST"], dis.opmap["IS_OP"]
_COLLECTS = _opcodes("BUILD_SET", "SET_ADD")
_BINARY, _SUBSCRIPT = dis.opmap.get("BINARY_OP", -1), 26  # NB_SUBSCR, since Python 3.14
_SETS = frozenset({"frozenset", "set"})


def _is_concerned(code: CodeType) -> bool:
    """Whether the code looks up anything but constants in containers."""
    if not _METHODS.isdisjoint(code.co_names) or not _SETS.isdisjoint(code.co_names):
        return True
    if any(type(c) is str and "%" in c for c in code.co_consts):
        return True
    before = number = 0
    for op, argument in zip(code.co_code[::2], code.co_code[1::2]):
        looks = op in _LOOKS or (op == _BINARY and argument >= _SUBSCRIPT)
        settled = before in _CONSTANTS and not (op == _IS and _loads_int(code, before, number))
        if op in _COLLECTS or (looks and not settled):
            return True
        before, number = op, argument
    return any(_is_concerned(c) for c in code.co_consts if isinstance(c, CodeType))


def _loads_int(code: CodeType, op: int, argument: int) -> bool:
    """Whether it loads a constant that is an int; the first 256 constants are looked at."""
    return op != _CONSTANT or type(code.co_consts[argument]) is int


def _has_private_names(tree: ast.AST) -> bool:
    """Whether it has names like ``__name``, which are mangled inside of their class."""
    names = (getattr(n, "attr", getattr(n, "id", "")) for n in ast.walk(tree))
    return any(name.startswith("__") and not name.endswith("__") for name in names)


def _compiled(found: _Definition, code: CodeType) -> CodeType | None:
    """The code of a definition in the place of ``code``, with the same free variables."""
    found.args.defaults, found.args.kw_defaults = [], [None] * len(found.args.kwonlyargs)
    if isinstance(found, ast.Lambda):
        body: ast.stmt = ast.copy_location(ast.Expr(found), found)
    else:
        found.decorator_list, found.returns, body = [], None, found
    around = ast.parse(f"def around({', '.join(code.co_freevars)}): pass")
    around.body[0].body = [body]  # type: ignore[attr-defined]
    flags = code.co_flags & _FUTURES
    try:
        with warnings.catch_warnings():  # they were given when the file was compiled
            warnings.simplefilter("ignore")
            module = compile(around, code.co_filename, "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    inner = next(c for c in module.co_consts if isinstance(c, CodeType))
    made = next(c for c in inner.co_consts if isinstance(c, CodeType) and c.co_name == code.co_name)
    if made.co_freevars != code.co_freevars:
        return None
    names: dict[str, Any] = {"co_flags": code.co_flags}
    if hasattr(code, "co_qualname"):
        names["co_qualname"] = code.co_qualname
    return made.replace(**names)


def _says_the_same(made: object, code: object) -> bool:
    """Whether two codes, or two constants of them, speak of the same names and constants.

    Their instructions may differ: ``torch.cat`` is called in another way where ``torch`` is known
    to be imported.
    """
    if not isinstance(made, CodeType) or not isinstance(code, CodeType):
        return type(made) is type(code) and made == code
    if made.co_names != code.co_names or made.co_varnames != code.co_varnames:
        return False
    same_number = len(made.co_consts) == len(code.co_consts)
    return same_number and all(map(_says_the_same, made.co_consts, code.co_consts))


# -- what is rewritten ----------------------------------------------------------------------


class _Rewriter(ast.NodeTransformer):
    """Replaces lookups in containers by calls."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """``a[i]``; not ``a[0]``, and not ``a[:, i]``, which only tensors and arrays know."""
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load) or _is_settled(node.slice):
            return node
        return _call(node, _ITEM, node.value, _as_value(node.slice))

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """``a[i] = b``."""
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) > 1 or not isinstance(target, ast.Subscript):
            return node
        if _is_settled(target.slice):
            return node
        store = _call(target, _STORE, node.value, target.value, _as_value(target.slice))
        return ast.copy_location(ast.Expr(store), node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """``n in a``, ``n is a``; constants are compared anyway, or are no sizes."""
        self.generic_visit(node)
        operation, members = node.ops[0], node.comparators[0]
        asks = isinstance(operation, (ast.Is, ast.IsNot))
        if len(node.ops) > 1 or (_is_written_down(members) and not (asks and _is_int(members))):
            return node
        if asks:
            call = _call(node, _SAME, node.left, members)
        elif isinstance(operation, (ast.In, ast.NotIn)):
            call = _call(node, _CONTAINS, members, node.left)
        else:
            return node
        return call if isinstance(operation, (ast.In, ast.Is)) else _not(call)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """``"%d" % n``."""
        self.generic_visit(node)
        pattern = node.left
        is_text = isinstance(pattern, ast.Constant) and isinstance(pattern.value, str)
        formats = is_text and isinstance(node.op, ast.Mod)
        return _call(node, _TEXT, pattern, node.right) if formats else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """``a.get(n)``, ``len({h, w})``, ``len(set(shape))``."""
        self.generic_visit(node)
        called = node.func
        if isinstance(called, ast.Name) and called.id == "len" and len(node.args) == 1:
            members = _members(node.args[0])
            return _call(node, _COUNT, members) if members else node
        if isinstance(called, ast.Attribute) and called.attr in _METHODS and node.args:
            call = _call(node, _METHOD, called.value, ast.Constant(called.attr), *node.args)
            call.keywords = node.keywords
            return call
        return node


def _call(at: ast.expr, name: str, *arguments: ast.expr) -> ast.Call:
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), at)


def _not(call: ast.Call) -> ast.UnaryOp:
    return ast.copy_location(ast.UnaryOp(ast.Not(), call), call)


def _is_int(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _is_written_down(node: ast.expr) -> bool:
    """Whether it is a constant, or a display of constants."""
    if isinstance(node, (ast.List, ast.Set, ast.Tuple)):
        return all(map(_is_written_down, node.elts))
    return isinstance(node, ast.Constant)


def _members(node: ast.expr) -> ast.expr | None:
    """What goes into a set that is made here."""
    if isinstance(node, ast.Set):
        return ast.Tuple(node.elts, ast.Load())
    if isinstance(node, ast.SetComp):
        return ast.ListComp(node.elt, node.generators)
    called = node.func if isinstance(node, ast.Call) and len(node.args) == 1 else None
    is_set = isinstance(called, ast.Name) and called.id in _SETS
    return node.args[0] if is_set and isinstance(node, ast.Call) else None


def _is_settled(index: ast.expr | None) -> bool:
    """Whether no length can be in it, or only tensors can be asked for it."""
    if isinstance(index, ast.Tuple):
        return any(isinstance(e, ast.Slice) for e in index.elts) or all(
            map(_is_settled, index.elts)
        )
    if isinstance(index, ast.Slice):
        return all(map(_is_settled, (index.lower, index.upper, index.step)))
    if isinstance(index, ast.UnaryOp):
        return _is_settled(index.operand)
    return index is None or isinstance(index, (ast.Constant, ast.JoinedStr))


def _as_value(index: ast.expr) -> ast.expr:
    if not isinstance(index, ast.Slice):
        return index
    bounds = (index.lower, index.upper, index.step)
    given = [ast.Constant(None) if bound is None else bound for bound in bounds]
    return ast.copy_location(ast.Call(ast.Name("slice", ast.Load()), given, []), index)
