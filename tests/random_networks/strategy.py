"""The Hypothesis strategy: an encoder, maps left behind, a decoder, and a head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.random_networks.attending import BESIDE, INNER_PAIR, LOOK, WINDOWS
from tests.random_networks.code import ASK, CUT, JOIN, LEAVE, MIX, VIEW, VIEW_OF
from tests.random_networks.fitting import FIT, MANY, SPLIT
from tests.random_networks.grammar import filled
from tests.random_networks.idioms import IDIOM
from tests.random_networks.idioms_of_rank import IDIOM_OF
from tests.random_networks.layers import (
    GROW,
    NORM,
    PAD,
    POOL,
    POOL_OF_TWO,
    RESIZE,
    RESIZE_OF_TWO,
    SHRINK,
)
from tests.random_networks.network import Network, Step

INPUTS = {
    1: ["N 4 L"],
    2: ["N 4 H W", "N 4 H W", "N 4 H H", "2 4 H W"],
    3: ["N 4 D H W", "1 4 D H H", "N 4 8 H W"],
}
SECOND = {
    1: ["N 4 L", "N 4 K", "N 4 1", "M 4 L"],
    2: ["N 4 H W", "N 4 K W", "N 1 H W"],
    3: ["N 4 D H W", "1 4 D H H"],
}
_TOKENS = Step(("x = image = {layer}(x).mT",), "nn.Embedding(9, 4)")
_INNER = Step(("x = {layer}(x)",), "Inner()")
_INNER_TWICE = Step(("for _ in range(2):", "    x = {layer}(x)"), "Inner()")


@st.composite
def networks(draw: Any) -> Network:
    """A network of up to about ten steps."""
    rank = draw(st.sampled_from([1, 1, 1, 2, 2, 3]))
    inputs = [draw(st.sampled_from(INPUTS[rank]))]
    maps, steps = ["image"], list[Step]()
    other = draw(st.integers(0, 7))
    if other == 7:
        inputs.append(draw(st.sampled_from(SECOND[rank])))
        maps.append("y")
    elif other == 6:
        template, step = draw(st.sampled_from(BESIDE))
        inputs.append(template)
        steps.append(draw(filled([step], rank, maps)))
    if rank == 1 and draw(st.integers(0, 7)) == 7:
        inputs[0] = "N L:int64"
        steps.insert(0, _TOKENS)
    down, up = _families(rank)
    inner = draw(_some(down, rank, ["image"], 3)) if draw(st.integers(0, 3)) == 3 else []
    for i in range(draw(st.integers(0, 3))):
        steps += [Step((f"skip{i} = x",)), *draw(_some(down, rank, maps, 2))]
        maps.append(f"skip{i}")
    if inner and draw(st.integers(0, 2)) == 2:
        last, step = (draw(filled([step], rank, ["image"])) for step in INNER_PAIR)
        inner.append(last)
        steps.append(step)
    elif inner:
        steps.append(draw(st.sampled_from([_INNER, _INNER_TWICE])))
    steps += draw(_some(up, rank, maps, 4))
    if draw(st.booleans()):
        steps.append(draw(filled((*LEAVE, *MANY), rank, maps)))
    train = draw(st.integers(0, 7)) == 7
    return Network(tuple(inputs), tuple(steps), tuple(inner), train)


@st.composite
def _some(
    draw: Any, families: Sequence[Sequence[Step]], rank: int, maps: list[str], most: int
) -> list[Step]:
    """Up to ``most`` steps, each of one of the families."""
    chosen = draw(st.lists(st.sampled_from(families), max_size=most))
    return [draw(filled(family, rank, maps)) for family in chosen]


def _families(rank: int) -> tuple[list[Sequence[Step]], list[Sequence[Step]]]:
    """What an encoder and what a decoder is made of, as often as it is named."""
    two = rank == 2
    pool = (*POOL, *POOL_OF_TWO) if two else POOL
    resize = (*RESIZE, *RESIZE_OF_TWO) if two else RESIZE
    view = (*VIEW, *VIEW_OF[rank])
    split, own = (*SPLIT, *WINDOWS[rank]), IDIOM_OF[rank]
    return (
        [SHRINK, SHRINK, SHRINK, pool, NORM, CUT, ASK, PAD, split, FIT, IDIOM, own],
        [
            *(GROW, GROW, resize, JOIN, JOIN, view, view, SHRINK, CUT, ASK, PAD, NORM, MIX),
            *(split, FIT, LOOK, LOOK, IDIOM, IDIOM, own),
        ],
    )
