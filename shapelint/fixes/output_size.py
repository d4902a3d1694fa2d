"""``output_size=``: tell every decoder stage the length that its encoder stage got."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from shapelint.fixes import Proposal, proposes
from shapelint.fixes.parameters import is_layer
from shapelint.model import Edit
from shapelint.source.calls import call_at, function_around, insertion
from shapelint.source.edits import Unwritable
from shapelint.source.forwards import before_statement, fresh_names, rebound, statement_around
from shapelint.source.texts import Texts
from shapelint.stages import Pair
from shapelint.subject import Subject
from shapelint.trace import Node, Span

_TAKES_OUTPUT_SIZE = ("conv_transpose", "max_unpool")


@proposes("roundtrip-length", "residue-sensitive", "skip-length-mismatch")
def propose(subject: Subject) -> Iterator[Proposal]:
    """Pass the encoder's input size to every paired decoder stage."""
    pairs = {p.decoder.node.module: p for p in subject.structure.pairs if _applies(p)}
    if not pairs:
        return
    patches = tuple(
        {"kind": "output_size", "module": decoder, "like": p.encoder.node.module}
        for decoder, p in pairs.items()
    )
    first = next(iter(pairs.values()))
    rank = len(first.decoder.node.shapes[0]) - 2
    size = f"x.shape[-{rank}:]"
    where = "in forward" if len(pairs) == 1 else f"in forward, for {len(pairs)} layers"
    edits = _written(subject.files, list(pairs.values()), rank)
    yield Proposal(
        f"output_size={size} {where}",
        patches,
        "checkpoints still load",
        "display",
        edits=(edits,) if edits else (),
    )


def _applies(pair: Pair) -> bool:
    return (
        pair.decoder.node.op.startswith(_TAKES_OUTPUT_SIZE)
        and pair.encoder.entered == pair.decoder.left
        and is_layer(pair.encoder.node)
        and is_layer(pair.decoder.node)
    )


def _written(files: Texts, pairs: Sequence[Pair], rank: int) -> tuple[Edit, ...]:
    """The edits of ``forward``; none if one of the layers is not called there by itself."""
    edits: dict[Edit, None] = {}
    try:
        for number, pair in enumerate(pairs):
            name = "size" if len(pairs) == 1 else f"size{number + 1}"
            edits.update(dict.fromkeys(_of_pair(files, pair, rank, name)))
    except Unwritable:
        return ()
    return tuple(edits)


def _of_pair(files: Texts, pair: Pair, rank: int, name: str) -> Iterator[Edit]:
    encodes, decodes = _own_call(files, pair.encoder.node), _own_call(files, pair.decoder.node)
    function = function_around(files, encodes)
    if function is None or function is not function_around(files, decodes):
        raise Unwritable("encoder and decoder are called in different functions")
    call = call_at(files, encodes)
    given = call.args[0] if call and call.args else None
    if not isinstance(given, ast.Name):
        raise Unwritable("what the encoder gets has no name")
    start = statement_around(files, encodes).lineno
    size = f"{given.id}.shape[-{rank}:]"
    if rebound(function, given.id, start, decodes.line):
        (fresh,) = fresh_names(function, name)
        yield before_statement(files, encodes.path, start, [f"{fresh} = {size}"])
        size = fresh
    yield from insertion(files, decodes, "output_size", size)


def _own_call(files: Texts, node: Node) -> Span:
    """Where ``self.layer(x)`` stands for this very layer."""
    call = call_at(files, node.span) if node.span else None
    called = call.func if call else None
    if node.span is None or not isinstance(called, ast.Attribute):
        raise Unwritable("the layer is not called by itself")
    if called.attr != node.module.rpartition(".")[2]:
        raise Unwritable("the layer is called by another one")
    return node.span
