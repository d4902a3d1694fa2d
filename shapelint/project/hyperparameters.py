"""What the YAML and JSON files of a project say about how its classes are built.

``{name: VAE, latent_dim: 128}`` builds a class called ``VAE``. A class that takes one object only
and reads ``h.width`` and ``h.depth`` is given the first mapping that has these keys.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from shapelint.project.constructions import Construction
from shapelint.project.expressions import Expression
from shapelint.project.names import Known, dotted, visible
from shapelint.source.literals import NotLiteral, literal

Texts = Mapping[Path, bytes]
Entries = Mapping[str, Any]

_METHODS = frozenset(("copy", "get", "items", "keys", "pop", "setdefault", "to_dict", "values"))
_PLAIN = (str, int, float, type(None))
_SETTINGS = ("args", "cfg", "config", "hparams", "kwargs", "options", "parameters", "params")
"""What people call the settings of something."""


def called(
    texts: Texts, class_name: str, parameters: Collection[str], more: bool = False
) -> Iterator[Construction]:
    """For each mapping with the name of the class among its values: what it gives parameters.

    ``{type: VAE, params: {…}}`` counts too, and ``{_target_: models.VAE, …}`` as Hydra has it, and
    ``dict(type="VAE")`` in Python. A class that takes ``more`` than it names is given all of
    ``params``.
    """
    word = re.compile(rb"\b" + re.escape(class_name.encode()) + rb"\b")
    quoted = re.compile(rb"[\"'.]" + re.escape(class_name.encode()) + rb"[\"']")
    for path, text in texts.items():
        found = (quoted if path.suffix == ".py" else word).search(text)
        for entries in _mappings(path, text) if found else ():
            names = (v.rpartition(".")[2] for v in entries.values() if isinstance(v, str))
            if found and class_name in names:
                inner = [v for k, v in entries.items() if _is_entries(v) and k not in parameters]
                kwargs = {k: v for e in (*inner, entries) for k, v in e.items() if k in parameters}
                kwargs |= {k: v for e in inner if more and kwargs.keys() & e for k, v in e.items()}
                if kwargs and all(map(_is_plain, kwargs.values())):
                    line = text.count(b"\n", 0, found.start()) + 1
                    yield Construction(class_name, (), kwargs, path, line)


def sections(
    texts: Texts, class_name: str, parameters: Collection[str], required: Collection[str]
) -> Iterator[Construction]:
    """For each section called like the class that holds parameters only: ``hdemucs: {depth: 6}``.

    Also where it says what it is: ``hdemucs_config``.

    What the section lacks of the required parameters, the document has under their names.
    """
    wanted = _letters(class_name)
    names = {wanted, *(f"{wanted}{kind}" for kind in _SETTINGS)}
    for path, text in texts.items():
        if wanted not in _letters(text.decode("utf-8", errors="replace")):
            continue
        document = _parsed(path.suffix, text)
        for key, section in _sections(document):
            if _letters(key) in names and section and section.keys() <= set(parameters):
                found = {k: v for e in _nested(document) for k, v in e.items() if k in required}
                kwargs = {**found, **section}
                if all(map(_is_plain, kwargs.values())):
                    line = text[: text.find(key.encode())].count(b"\n") + 1
                    yield Construction(class_name, (), kwargs, path, line)


def _letters(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _sections(document: object) -> Iterator[tuple[str, Entries]]:
    for entries in _nested(document):
        yield from ((key, value) for key, value in entries.items() if _is_entries(value))


def with_keys(texts: Texts, keys: Collection[str]) -> Iterator[tuple[Path, Entries]]:
    """The mappings that have all of these keys."""
    for path, text in texts.items():
        if all(key.encode() in text for key in keys):
            for entries in _mappings(path, text):
                if entries.keys() >= set(keys) and _is_plain(entries):
                    yield path, entries


def looked_up(
    texts: Texts, keys: Iterable[tuple[str, ...]]
) -> Iterator[dict[tuple[str, ...], ast.expr]]:
    """For each document that holds plain values under all of these keys: the values."""
    wanted = list(keys)
    for path, text in texts.items():
        if all(word.encode() in text for key in wanted for word in key):
            whole = _parsed(path.suffix, text)
            with suppress(LookupError, TypeError):
                found = {key: _at(whole, key) for key in wanted}
                if all(_is_plain(value) for value in found.values()):
                    yield {k: ast.parse(repr(v), mode="eval").body for k, v in found.items()}


def _at(document: Any, keys: Iterable[str]) -> Any:
    for key in keys:
        document = document[key]
    return document


def keys_read(
    tree: ast.AST, parameter: str, always: bool = False
) -> tuple[frozenset[str], frozenset[str]]:
    """The attributes and the keys of a parameter that the code below ``tree`` reads.

    With ``always`` without those that it reads only on some condition.
    """
    attributes, keys = set(), set()
    for node in _unconditional(tree) if always else ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            if dotted(node.value) not in (parameter, f"self.{parameter}"):
                continue
            if isinstance(node, ast.Attribute):
                attributes.add(node.attr)
            elif isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                keys.add(node.slice.value)
    return frozenset(attributes - _METHODS), frozenset(keys)


def _unconditional(tree: ast.AST) -> Iterator[ast.AST]:
    yield tree
    always = (tree.test,) if isinstance(tree, (ast.If, ast.IfExp)) else ast.iter_child_nodes(tree)
    for child in always:
        yield from _unconditional(child)


def as_object(entries: object) -> str:
    """Source of an object with these attributes, and so on inside; ``"width" in h`` works too."""
    if isinstance(entries, Mapping):
        inside = ", ".join(f"{str(k)!r}: {as_object(v)}" for k, v in entries.items())
        return Expression(f"Namespace(**{{{inside}}})")
    return repr(entries)


def _mappings(path: Path, text: bytes) -> Iterator[Entries]:
    return _nested(_parsed(path.suffix, text))


def _nested(value: object) -> Iterator[Entries]:
    """All mappings in a document, the outer before the inner."""
    if isinstance(value, dict):
        if _is_entries(value):
            yield value
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _nested(item)


@cache
def _parsed(suffix: str, text: bytes) -> object:
    """A document; None if it is not valid."""
    if suffix == ".py":
        return list(_literal_dicts(text))
    import yaml  # not before there is a file of that kind

    try:
        return json.loads(text) if suffix == ".json" else yaml.load(text, _loader())
    except (ValueError, RecursionError, yaml.YAMLError):
        return None


def _literal_dicts(text: bytes) -> Iterator[object]:
    """The dicts in Python code that can be read off, each with those in it."""
    with suppress(SyntaxError, ValueError, RecursionError):
        tree = ast.parse(text)
        yield from _read_off(tree, visible(tree, tree, {}))


def _read_off(node: ast.AST, values: Known) -> Iterator[object]:
    if isinstance(node, ast.Dict) or (isinstance(node, ast.Call) and _is_dict(node)):
        with suppress(NotLiteral):
            yield literal(node, values)
            return
    for child in ast.iter_child_nodes(node):
        yield from _read_off(child, values)


def _is_dict(call: ast.Call) -> bool:
    return dotted(call.func) == "dict" and bool(call.keywords)


@cache
def _loader() -> Any:
    """PyYAML's loader, made to read ``1e-4`` as a number, as YAML 1.2 and OmegaConf do."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        pass

    number = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$")
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", number, list("-+0123456789"))
    return Loader


def _is_entries(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _is_plain(value: object) -> bool:
    """Whether it can be written as a literal; ``${width}`` is filled in by somebody else."""
    if isinstance(value, dict):
        return _is_entries(value) and all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN) and "${" not in str(value)
