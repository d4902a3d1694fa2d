"""Inputs and arguments as users write them."""

import pytest
import torch

from shapelint.errors import UsageError
from shapelint.model import Input
from shapelint.notation import DTYPES, parse_argument, parse_input

INPUTS = {
    "symbols and numbers": ("N,3,H,W", Input("0", ("N", 3, "H", "W"))),
    "spaces instead of commas": ("N 3 H W", Input("0", ("N", 3, "H", "W"))),
    "spaces around commas": (" N , 3 ", Input("0", ("N", 3))),
    "one dim": ("L", Input("0", ("L",))),
    "numbers alone": ("1,16", Input("0", (1, 16))),
    "a name": ("image=N,3,H,W", Input("image", ("N", 3, "H", "W"))),
    "a part of an argument": ("batch.0=N,3", Input("batch.0", ("N", 3))),
    "a dtype": ("N,T:int64", Input("0", ("N", "T"), "int64")),
    "both": ("tokens = N,T : int64", Input("tokens", ("N", "T"), "int64")),
}

WRONG_INPUTS = {
    "nothing": ("", "a dim is a size or a name such as H, not ''"),
    "an empty dim": ("N,,W", "a dim is a size or a name such as H, not ''"),
    "a size below one": ("N,0", "a dim is a size or a name such as H, not '0'"),
    "a formula": ("N,2*H", "a dim is a size or a name such as H, not '2*H'"),
    "a name that is none": ("3=N", "'3' is not the name of a parameter"),
    "a part without a name": ("batch.=N", "'batch.' is not the name of a parameter"),
    "a dtype that is none": ("N:int65", "unknown dtype 'int65'; did you mean 'int64'?"),
}


@pytest.mark.parametrize(("text", "expected"), INPUTS.values(), ids=INPUTS)
def test_input(text, expected):
    assert parse_input(text) == expected


@pytest.mark.parametrize(("text", "message"), WRONG_INPUTS.values(), ids=WRONG_INPUTS)
def test_an_input_that_cannot_be_read_is_a_usage_error(text, message):
    with pytest.raises(UsageError) as raised:
        parse_input(text)
    assert str(raised.value) == f"input {text!r}: {message}"


def test_an_input_without_a_name_is_named_by_its_position():
    assert parse_input("N,L", position=2).name == "2"


@pytest.mark.parametrize("name", DTYPES)
def test_dtypes_are_torchs(name):
    assert isinstance(getattr(torch, name), torch.dtype)


ARGUMENTS = {
    "an int": ("channels=64", ("channels", 64)),
    "a list": ("strides=[2, 4, 5, 8]", ("strides", [2, 4, 5, 8])),
    "a tuple": ("kernel=(3, 5)", ("kernel", (3, 5))),
    "None as Python spells it": ("norm=None", ("norm", None)),
    "null as JSON spells it": ("norm=null", ("norm", None)),
    "true as JSON spells it": ("bias=true", ("bias", True)),
    "JSON inside": ('cfg={"deep": true}', ("cfg", {"deep": True})),
    "text": ("act=silu", ("act", "silu")),
    "quoted text": ("act='None'", ("act", "None")),
    "text with a sign of equality": ("name=a=b", ("name", "a=b")),
    "nothing is empty text": ("name=", ("name", "")),
    "a call is text and is not executed": ("x=print(1)", ("x", "print(1)")),
    "spaces around": (" depth = 4 ", ("depth", 4)),
}


@pytest.mark.parametrize(("text", "expected"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_argument(text, expected):
    assert parse_argument(text) == expected


@pytest.mark.parametrize("text", ["channels", "=64", "a-b=1", ""])
def test_an_argument_that_cannot_be_read_is_a_usage_error(text):
    with pytest.raises(UsageError) as raised:
        parse_argument(text)
    assert str(raised.value) == f"argument {text!r}: write name=value"
