"""What a model catches is no failure: it goes on in another way."""

from __future__ import annotations

import contextlib
import linecache

import pytest

from tests.ops.oracle import assert_agrees, case
from tests.runs import analysed

N = range(1, 9)


def otherwise(f, kind=RuntimeError):
    """``f(x)``, or ``x`` where that raises."""

    def try_it(x):
        try:
            return f(x)
        except kind:
            return x

    return try_it


def by_thirds(x):
    return x.view(-1, 3)


def words_it(x):
    try:
        return by_thirds(x)
    except RuntimeError as exc:
        raise ValueError("no multiple of three") from exc


def raises_it_again(x):
    try:
        return x.chunk(2)[1]
    except IndexError:
        raise


def goes_on_outside(x):
    try:
        x = x + 1
    except RuntimeError:
        return x
    return by_thirds(x)


def suppressed(x):
    with contextlib.suppress(RuntimeError):
        x = x.view(5, -1, 7, 11)
    return x


class Swallows:
    """A context manager that ends what is raised inside of it."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        return kind is RuntimeError


class LetsGo(Swallows):
    def __exit__(self, kind, error, traceback):
        return None


@contextlib.contextmanager
def swallowing(kind):
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, kind):
            raise


def inside(manager):
    def f(x):
        with manager():
            x = by_thirds(x)
        return x

    return f


def in_a_generator(x):
    with swallowing(RuntimeError):
        x = by_thirds(x)
    return x


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("nothing raises", otherwise(lambda x: x + 1), "H", H=N),
        case("what raises is around it", goes_on_outside, "H", H=N),
        case("of another kind", otherwise(by_thirds, KeyError), "H", H=N),
        case("a view", otherwise(by_thirds), "H W", H=N, W=N),
        case("one of several kinds", otherwise(by_thirds, (KeyError, RuntimeError)), "H", H=N),
        case("an index", otherwise(lambda x: x[3], IndexError), "H", H=N),
        case("in a function that is called", otherwise(goes_on_outside), "H", H=N),
        case("at every size", otherwise(lambda x: x.view(2, 0, -1)), "H", H=N),
        case("by a context manager", suppressed, "H", H=N),
        case("by none that swallows", inside(LetsGo), "H", H=N),
        case("by one that swallows", inside(Swallows), "H", H=N),
        case("by a generator", in_a_generator, "H", H=N),
    ],
)
def test_it_goes_on_as_pytorch_does(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize("f", [words_it, raises_it_again])
def test_what_is_raised_again_fails(f):
    assert_agrees(f, ("H",), {"H": N}, words=False)


NET = """\
from torch import nn
class Net(nn.Module):
    def forward(self, x):
        try:
            x = x.view(-1, 3)
        except {kind}:
            pass
        return x.view(0, 5)
"""


@pytest.mark.parametrize(("kind", "line"), [("TypeError", 5), ("RuntimeError", 8)])
def test_the_text_that_a_file_has_now_decides(kind, line, monkeypatch):
    """In a notebook, the same file is imported again after it was edited."""
    source = NET.format(kind=kind)
    lines = source.splitlines(keepends=True)
    monkeypatch.setitem(linecache.cache, "edited.py", (len(source), None, lines, "edited.py"))
    space: dict[str, type] = {}
    exec(compile(source, "edited.py", "exec"), space)
    node = analysed(space["Net"](), "1 L").subject.node_raising({"L": 4})
    assert node is not None
    assert node.span is not None
    assert node.span.line == line
