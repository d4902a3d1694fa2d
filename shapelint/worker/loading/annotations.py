"""Shapes written as jaxtyping annotations: ``x: Float[Tensor, "n 3 h w"]``.

https://docs.kidger.site/jaxtyping/api/array/ describes the language. Of it this module reads
names, fixed sizes, arithmetic, ``*batch``, ``...``, ``_`` and the prefixes ``#`` and ``?``. It
works whether jaxtyping is installed or stands in as a stub.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection
from itertools import chain, count
from typing import Any, get_args, get_origin

from shapelint.facts import Annotated
from shapelint.worker.loading.examples import Template
from shapelint.worker.loading.stubs import Stub

_DTYPES = {"Float": "float32", "Int": "int64", "Integer": "int64", "Bool": "bool", "Long": "int64"}

_ARITHMETIC = re.compile(r"[\w(][\w+*/()%-]*")


def annotated_inputs(kind: type) -> dict[str, Template]:
    """The annotated parameters of ``forward``, by name."""
    templates: dict[str, Template] = {}
    for name, annotation in _annotations(kind).items():
        known = {d for dims, _ in templates.values() for d in dims if isinstance(d, str)}
        template = _template(annotation, known) if name != "return" else None
        if template is not None:
            templates[name] = template
    return templates


def annotated(kind: type) -> Annotated:
    """The shapes that ``forward`` takes and promises to return, as written."""
    forward = getattr(kind, "forward", None)
    if not inspect.isfunction(forward):
        return Annotated()
    known = _annotations(kind)
    names = list(inspect.signature(forward).parameters)[1:]
    takes = tuple((name, _dims_and_dtype(known.get(name))[0]) for name in names)
    returns = tuple(_dims_and_dtype(part)[0] for part in _parts(known.get("return")))
    code = inspect.unwrap(forward).__code__
    return Annotated(takes, returns, code.co_filename, code.co_firstlineno)


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The annotations in ``tuple[A, B]``; anything else is one."""
    return get_args(annotation) if get_origin(annotation) is tuple else (annotation,)


def read_dims(text: str, known: Collection[str] = ()) -> tuple[int | str, ...] | None:
    """``"n 3 h w"`` as ``("n", 3, "h", "w")``; None if it says something else than lengths.

    ``_`` becomes a name that is not among the ``known`` names of other inputs.
    """
    dims: list[int | str] = []
    for position, written in enumerate(text.split()):
        word = written.lstrip("#?").rpartition("=")[2]
        if word.isdigit():
            dims.append(int(word))
        elif word == "..." or word.startswith("*"):
            dims.append(word.lstrip("*.") or "N")
        elif word == "_" or word.startswith("_"):
            dims.append(_unused(f"d{position}", {*known, *text.split()}))
        elif word.isidentifier():
            dims.append(word)
        elif _ARITHMETIC.fullmatch(word):  # the client knows what it is equal to
            dims.append(f"d_{re.sub(r'[^A-Za-z0-9]+', '_', word).strip('_')}")
        else:
            return None
    return tuple(dims)


def _unused(name: str, known: Collection[str]) -> str:
    names = chain([name], (f"{name}_{i}" for i in count(2)))
    return next(n for n in names if n not in known)


def _annotations(kind: type) -> dict[str, Any]:
    forward = getattr(kind, "forward", None)
    if not inspect.isfunction(forward):
        return {}
    names = inspect.unwrap(forward).__globals__
    found = {}
    for name, annotation in inspect.get_annotations(forward).items():
        found[name] = _evaluated(annotation, names)
    return found


def _evaluated(annotation: Any, names: dict[str, Any]) -> Any:
    """An annotation written as text, which ``from __future__ import annotations`` makes of all."""
    if not isinstance(annotation, str):
        return annotation
    try:
        found = eval(annotation, dict(names))
        return eval(found, dict(names)) if isinstance(found, str) else found  # quoted as well
    except Exception:  # names that exist for type checkers only
        return None


def _template(annotation: Any, known: Collection[str]) -> Template | None:
    text, dtype = _dims_and_dtype(annotation)
    dims = read_dims(text, known) if text else None
    return None if dims is None else (dims, dtype)


def _dims_and_dtype(annotation: Any) -> tuple[str, str]:
    if isinstance(annotation, Stub):
        package, _, name = annotation.stub_path.partition(".")
        index = annotation.stub_index
        if package != "jaxtyping" or not (isinstance(index, tuple) and len(index) == 2):
            return "", ""
        return str(index[1]), _DTYPES.get(name.strip("0123456789"), "float32")
    text = getattr(annotation, "dim_str", "")
    dtypes = getattr(annotation, "dtypes", ()) if text else ()
    whole = any("int" in str(d) for d in dtypes) and not any("float" in str(d) for d in dtypes)
    return text, "int64" if whole else "float32"
