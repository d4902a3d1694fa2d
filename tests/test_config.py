"""Settings are merged from layers, the last word wins."""

import dataclasses

import pytest

from shapelint.config import Selection, Settings, merge
from shapelint.errors import UsageError

LAYERS = {
    "no layer is the defaults": ([], Settings()),
    "an empty layer says nothing": ([{"timeout": 5}, {}], Settings(timeout=5)),
    "the last word wins, key by key": (
        [{"timeout": 5, "select": ("SHP1",)}, {"select": ("SHP2",)}],
        Settings(timeout=5, selections=(Selection(("SHP1",)), Selection(("SHP2",)))),
    ),
}


@pytest.mark.parametrize(("layers", "expected"), LAYERS.values(), ids=LAYERS)
def test_merge(layers, expected):
    assert merge(*layers) == expected


def test_an_unknown_key_is_told_the_closest():
    with pytest.raises(UsageError) as raised:
        merge({"time_out": 5})
    assert str(raised.value) == "unknown setting 'time_out'; did you mean 'timeout'?"


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().timeout = 5
