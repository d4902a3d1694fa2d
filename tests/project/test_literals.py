"""Expressions whose value can be read off."""

from __future__ import annotations

import ast

import pytest

from shapelint.source.literals import NotLiteral, literal

LITERALS = [
    pytest.param("3", 3, id="number"),
    pytest.param("-1.5", -1.5, id="negative"),
    pytest.param("'same'", "same", id="text"),
    pytest.param("None", None, id="None"),
    pytest.param("(1, [2, {3}])", (1, [2, {3}]), id="containers"),
    pytest.param("{'a': K, 2: ()}", {"a": 64, 2: ()}, id="dict with a constant"),
    pytest.param("2 * K - 1", 127, id="arithmetic"),
    pytest.param("L", (64, 128), id="constant of constants"),
    pytest.param("[K * 2**i for i in range(3)]", [64, 128, 256], id="one for each level"),
    pytest.param("[n for n in L if n > K]", [128], id="those that are left"),
    pytest.param("1 if K == 64 else unknown", 1, id="what is chosen"),
    pytest.param("int(K * 0.75) + max(L)", 176, id="computed"),
]
NOT_LITERALS = [
    pytest.param("unknown", id="name"),
    pytest.param("f(3)", id="call"),
    pytest.param("LOOP", id="constant that refers to itself"),
    pytest.param("1 / 0", id="division by zero"),
    pytest.param("9 ** 9 ** 9", id="power"),
    pytest.param("10**9 * 'x'", id="repetition"),
    pytest.param("[f(n) for n in L]", id="call for each"),
    pytest.param("[n for n in K]", id="nothing to go through"),
    pytest.param("1 if unknown else 2", id="what nobody knows decides"),
    pytest.param("int('x')", id="a function that raises"),
    pytest.param("len(range(10**12))", id="too long"),
    pytest.param("K < 'x'", id="cannot be compared"),
    pytest.param("[*K]", id="unpacking"),
    pytest.param("{**K}", id="dict unpacking"),
]
CONSTANTS = {
    "K": ast.parse("64", mode="eval").body,
    "L": ast.parse("(K, 2 * K)", mode="eval").body,
    "LOOP": ast.parse("LOOP", mode="eval").body,
}


@pytest.mark.parametrize(("text", "value"), LITERALS)
def test_literals(text: str, value: object) -> None:
    assert literal(ast.parse(text, mode="eval").body, CONSTANTS) == value


@pytest.mark.parametrize("text", NOT_LITERALS)
def test_not_literals(text: str) -> None:
    with pytest.raises(NotLiteral):
        literal(ast.parse(text, mode="eval").body, CONSTANTS)
