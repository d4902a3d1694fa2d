"""What the worker says about a file before anything is traced.

Pure data, standard library only, because both processes import it. Values travel as JSON objects:
``dataclasses.asdict`` writes them and :func:`~shapelint.records.read` is its inverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapelint.model import Input
from shapelint.trace import Span

TOOK_LONGER = "took longer than"
"""How the reason begins why a statement that needs too much time was passed over."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a constructor or of ``forward``."""

    name: str
    default: str | None = None
    """``repr`` of the default; None if the parameter is required."""


@dataclass(frozen=True)
class ClassFacts:
    """A subclass of ``nn.Module`` that the file defines."""

    name: str
    line: int
    parameters: tuple[Parameter, ...] = ()
    """Of the constructor, without ``self``, ``*args`` and ``**kwargs``."""
    forward: tuple[Parameter, ...] = ()
    """Of ``forward``, likewise."""


@dataclass(frozen=True)
class NamedModule:
    """A module that exists at the top of the file, or a function that makes one unaided."""

    name: str
    line: int
    class_name: str
    kind: Literal["instance", "factory", "composed"]
    parts: tuple[str, ...] = ()
    """Of a composed model: the instances that are called one after the other."""


@dataclass(frozen=True)
class SkippedStatement:
    """A statement that did not run, or raised and was passed over, or a model inside of another."""

    line: int
    text: str
    reason: str
    names: tuple[str, ...] = ()
    """What it would have defined."""


@dataclass(frozen=True)
class Facts:
    """What a file holds, once the part of it that builds models has run."""

    path: str
    module: str
    """The name under which it was imported."""
    classes: tuple[ClassFacts, ...] = ()
    modules: tuple[NamedModule, ...] = ()
    skipped: tuple[SkippedStatement, ...] = ()


@dataclass(frozen=True)
class Layer:
    """A module below the root, and the calls that built it, innermost first."""

    module: str
    built_by: tuple[Span, ...]


@dataclass(frozen=True)
class Inventory:
    """What a built model consists of."""

    state: dict[str, tuple[int, ...]]
    """The shape of every tensor of its ``state_dict``: what a checkpoint must fit."""
    layers: tuple[Layer, ...] = ()

    def built_at(self, span: Span) -> set[str]:
        """The modules that the call at ``span`` built, directly."""
        return {layer.module for layer in self.layers if layer.built_by[:1] == (span,)}


@dataclass(frozen=True)
class Annotated:
    """The shapes that ``forward`` is annotated with, ``"n 3 h w"``; empty where there is none."""

    takes: tuple[tuple[str, str], ...] = ()
    """Names and shapes of all parameters."""
    returns: tuple[str, ...] = ()
    """One shape for each tensor of the result."""
    path: str = ""
    line: int = 0
    """Where ``forward`` is defined."""


@dataclass(frozen=True)
class Part:
    """A class of modules and the file that defines it: two files may have classes of one name."""

    class_name: str
    path: str


@dataclass(frozen=True)
class Built:
    """A module was built."""

    class_name: str
    line: int
    """Where its class is defined in ``path``, 0 if unknown."""
    path: str
    parameters: int
    """Number of elements of all its parameters."""
    assumed: tuple[str, ...] = ()
    """What was filled in to build it, in words."""
    parts: tuple[Part, ...] = ()
    """Its own class, and those of its submodules at any depth."""
    annotated: Annotated = Annotated()


@dataclass(frozen=True)
class InputGuess:
    """The tensors that ``forward`` takes, found out."""

    inputs: tuple[Input, ...]
    how: str
    """How this was found, for example ``"first layer conv1 = Conv2d(3, 64)"``."""
    sure: bool = True
    """Whether somebody says so: an annotation, an example, a layer. Else it is what got furthest.
    """
    written: bool = False
    """Whether it is an annotation or an example."""
    kwargs: str = "{}"
    """``repr`` of the arguments that are no tensors, by name: ``forward(x, mode="full")``."""
    lists: tuple[str, ...] = ()
    """Those inputs that ``forward`` takes apart as it would a list of tensors."""


@dataclass(frozen=True)
class Given:
    """What a call of a model passes for one parameter, as far as its source says."""

    literal: str = ""
    """``repr`` of a literal; empty if it is none."""
    shape: tuple[int, ...] = ()
    """Of a tensor that is made of nothing, ``torch.randn(1, 3, n, n)``; 0 where it does not say."""
    dtype: str = "float32"


@dataclass(frozen=True)
class ForwardCall:
    """A call of a model somewhere in its project."""

    args: tuple[Given, ...]
    kwargs: tuple[tuple[str, Given], ...]
    path: str
    line: int


@dataclass(frozen=True)
class Problem:
    """Why there is no answer."""

    kind: Literal["error", "missing", "timeout", "crash", "bug"]
    """``missing``: a package is not installed. ``bug``: shapelint contradicts PyTorch."""
    text: str
    """One line, ``ValueError: …``."""
    path: str = ""
    line: int = 0
    """The innermost line of the user's code, 0 if there is none."""
    details: str = ""
    """The user's part of the traceback."""
