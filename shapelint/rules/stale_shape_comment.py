"""SHP502."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from shapelint.explore.paths import set_of
from shapelint.lengths.conditions import divides, equal
from shapelint.lengths.expr import Expr, symbol
from shapelint.lengths.formulas import formula
from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.source.stated import Stated, Word, stated
from shapelint.subject import Subject
from shapelint.trace import Node, Shape
from shapelint.wording import size_text

Names = dict[str, Expr | None]
"""What the names in the comments of a function stand for; None for one that may be anything."""


@rule("SHP502", "stale-shape-comment", severity="warning", preview=True)
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A comment such as `# (N, 64, H/2, W/2)` behind a line whose result has another shape.

    ## What it does
    Reads comments that are a shape and nothing else, behind an assignment or a `return`, and
    compares them with what the line made. It speaks where the number of dims differs, a number
    differs from a dim that no size changes, or no size makes a dim what the comment says:
    `H/2` is taken at sizes where it comes out even. Names stand for the sizes of the input for
    which a comment in the same function uses them first; what `forward` itself assigns may be
    anything. A number beside a dim that depends on the input is an example, and not compared.

    ## Why is this bad?
    People read such comments instead of working out the shapes, and write the next layer by them.

    ## Example
    ```python
    self.conv = nn.Conv2d(3, 128, 3, stride=2, padding=1)
    ...
    x = self.conv(x)  # (N, 64, H/2, W/2)
    ```

    ## Use instead
    ```python
    x = self.conv(x)  # (N, 128, H/2, W/2)
    ```
    """
    nodes = _by_line(subject)
    names: dict[ast.AST, Names] = {}
    for path in dict.fromkeys(path for path, _ in nodes):
        for comment in stated(path, subject.files):
            here = nodes.get((path, comment.value.lineno), [])
            made = [n for n in here if n.span and comment.is_of(n.span)]
            if made and all(len(node.shapes) == 1 for node in made):
                known = names.setdefault(comment.function, _names(comment, subject))
                yield from _compared(subject, comment, made, known)


def _by_line(subject: Subject) -> dict[tuple[str, int], list[Node]]:
    """The nodes of all runs by the line that made them, those that failed left out."""
    found: dict[tuple[str, int], list[Node]] = {}
    for trace in subject.exploration.traces:
        for node in trace.nodes:
            if node.span is not None and node.shapes:
                found.setdefault((node.span.path, node.span.line), []).append(node)
    return found


def _names(comment: Stated, subject: Subject) -> Names:
    """In the model's own ``forward`` the names of the input are known from the start."""
    function = comment.function
    first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
    names: Names = {}
    if subject.forward == (comment.span.path, first):
        names = {n: symbol(s) for s in subject.domain.symbols for n in (s.lower(), s.upper())}
    stored = (n for n in ast.walk(function) if isinstance(n, ast.Name))
    assigned = {n.id for n in stored if isinstance(n.ctx, ast.Store)}
    given = {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
    return {**names, **dict.fromkeys(assigned | given)}


def _compared(
    subject: Subject, comment: Stated, made: Sequence[Node], known: Names
) -> Iterator[Diagnostic]:
    """What is wrong with a comment for everything that its line made, in all runs and calls."""
    shapes = list(dict.fromkeys(node.shapes[0] for node in made))
    if any(_may_be_meant(subject, comment, shape, known) for shape in shapes):
        _use(comment.words, shapes, known)
        return
    shape = next((n.shapes[0] for n in reversed(made) if n in subject.base.nodes), None)
    if shape is not None:
        sizes = subject.base.hints
        at = tuple(length.at(sizes) for length in shape)
        yield check.diagnostic(
            f"the comment says {comment.text}: the result is ({', '.join(map(formula, shape))})",
            target=subject.target,
            span=comment.span,
            label=f"{at} at {size_text(subject.spatial_only(sizes))}",
        )


def _use(words: Sequence[Word], shapes: Sequence[Shape], known: Names) -> None:
    """A name that a comment uses for a size of the input stands for it from now on."""
    for dim, word in enumerate(words):
        if word.is_name:
            fits = len(shapes) == 1 and len(shapes[0]) == len(words)
            length = shapes[0][dim] if fits else None
            same = length is not None and [length] == [symbol(s) for s in length.symbols]
            agrees = same and known.get(word.text, length) == length
            known[word.text] = length if agrees else None


def _may_be_meant(subject: Subject, comment: Stated, shape: Shape, known: Names) -> bool:
    """Whether some size makes the shape what the comment says, dim by dim."""
    if len(comment.words) != len(shape):
        return comment.may_leave_out_dims(len(shape))
    return all(_may_be(subject, w, length, known) for w, length in zip(comment.words, shape))


def _may_be(subject: Subject, word: Word, length: Expr, known: Names) -> bool:
    if word.value is None:
        return True
    if word.value.is_const:
        return not length.is_const or length == word.value or _is_example(subject)
    stand_for = {name: known.get(name) for name in word.value.symbols}
    values = {name: value for name, value in stand_for.items() if value is not None}
    if len(values) < len(stand_for) or word.is_name:
        return True
    value = word.value.substitute(values)
    even = set_of(divides(word.divisor, value), subject.valid)
    same = set_of(equal(length * word.divisor, value), even)
    return not even or bool(same) or even.window is not None or same.window is not None


def _is_example(subject: Subject) -> bool:
    """Whether sizes of the input are fixed, so that numbers may come from them."""
    return any(sum(isinstance(d, int) for d in i.dims[1:]) > 1 for i in subject.inputs)
