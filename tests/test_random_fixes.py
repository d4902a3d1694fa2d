"""Random broken networks: what a fix is said to do is what the fixed network does in PyTorch.

``HYPOTHESIS_PROFILE=long`` tries a thousand networks instead of a few.
"""

from __future__ import annotations

import ast
import importlib.util
import os
from pathlib import Path

import torch
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from torch import nn

from shapelint.lengths.domain import domain_of
from shapelint.model import Fix
from shapelint.source.edits import applied
from tests.fixture_models import Model

torch.set_num_threads(1)

_EXAMPLES = 1000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 6

Layer = tuple[str, int, int, int, int]
"""Keyword style, kernel, stride, padding and output_padding."""

STYLES = ("positions", "keywords", "dict", "lines")


def written(kind: str, channels: tuple[int, int], layer: Layer) -> str:
    """The constructor call of a layer, in one of several styles."""
    style, k, s, p, extra = layer
    values = {"kernel_size": k, "stride": s, "padding": p}
    if extra and kind == "ConvTranspose1d":
        values["output_padding"] = extra
    start = f"nn.{kind}({channels[0]}, {channels[1]}, "
    if style == "positions":
        return start + ", ".join(map(str, values.values())) + ")"
    named = [f"{name}={value}" for name, value in values.items()]
    if style == "dict":
        return f"{start}**dict({', '.join(named)}))"
    if style == "lines":
        rows = "".join(f"\n        {row},  # {row.upper()}" for row in named)
        return f"{start.rstrip()}{rows}\n    )"
    return start + ", ".join(named) + ")"


def as_sequence(down: list[Layer], up: list[Layer]) -> str:
    """One call after the other."""
    calls = [written("Conv1d", (1, 1), layer) for layer in down]
    calls += [written("ConvTranspose1d", (1, 1), layer) for layer in up]
    rows = "".join(f"    {call},\n" for call in calls)
    return f"from torch import nn\n\nmodel = nn.Sequential(\n{rows})\n"


def as_tables(down: list[Layer], up: list[Layer]) -> str:
    """The arguments of all layers in two tables, the second in the order of the first."""
    tables = []
    for layers in (down, up[::-1]):
        rows = [(1, 1, *numbers[: 4 if numbers[3] else 3]) for _, *numbers in layers]
        tables.append("".join(f"    {row},  # {i}\n" for i, row in enumerate(rows)))
    return (
        f"from torch import nn\n\nDOWN = [\n{tables[0]}]\nUP = [\n{tables[1]}]\n\n"
        "layers = [nn.Conv1d(*row) for row in DOWN]\n"
        "layers += [nn.ConvTranspose1d(*row) for row in UP][::-1]\n"
        "model = nn.Sequential(*layers)\n"
    )


def as_classes(down: list[Layer], up: list[Layer]) -> str:
    """A class derived from the layer, and one that passes everything on."""
    calls = [f"Down({k}, stride={s}, padding={p})" for _, k, s, p, _ in down]
    calls += [f"Up({k}, {s}, {p}{f', {extra}' if extra else ''})" for _, k, s, p, extra in up]
    rows = "".join(f"    {call},\n" for call in calls)
    return f"""\
from torch import nn


class Down(nn.Sequential):
    def __init__(self, k, **rest):
        super().__init__(nn.Conv1d(1, 1, k, **rest), nn.ReLU())


class Up(nn.ConvTranspose1d):
    def __init__(self, k, s, p, extra=0):
        super().__init__(1, 1, k, stride=s, padding=p, output_padding=extra)


model = nn.Sequential(
{rows})
"""


FORMS = (as_sequence, as_sequence, as_tables, as_classes)


@st.composite
def networks(draw: st.DrawFn) -> str:
    """An encoder, and a decoder that mirrors it but for some parameters."""
    down, up = [], []
    for _ in range(draw(st.integers(1, 3))):
        k, s = draw(st.sampled_from([(3, 2), (4, 2), (5, 2), (5, 4), (7, 3), (8, 4), (2, 2)]))
        p = draw(st.sampled_from([(k - 1) // 2, (k - s + 1) // 2, 0]))
        down.append((draw(st.sampled_from(STYLES)), k, s, p, 0))
        extra = draw(st.sampled_from([0, 0, 0, s - 1]))
        p = draw(st.sampled_from([p, p, p, 0]))
        up.insert(0, (draw(st.sampled_from(STYLES)), k, s, p, extra))
    return draw(st.sampled_from(FORMS))(down, up)


def built(path: Path) -> nn.Module:
    spec = importlib.util.spec_from_file_location("network", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.model


def loads(checkpoint: dict[str, torch.Tensor], model: nn.Module) -> bool:
    try:
        model.load_state_dict(checkpoint)
    except RuntimeError:
        return False
    return True


def comes_back(model: nn.Module, length: int) -> bool:
    try:
        with torch.no_grad():
            return model(torch.zeros(1, 1, length)).shape[-1] == length
    except RuntimeError:
        return False


@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(networks())
def test_a_fixed_network_does_what_its_fix_says(tmp_path_factory, text: str) -> None:
    note(text)
    path = tmp_path_factory.mktemp("random") / "model.py"
    path.write_text(text)
    model = Model(str(path), "model", "N 1 L", "")
    analysis = model.analysis(model.session(path))
    before = built(path)
    for fix in {f.edits: f for d in analysis.diagnostics for f in d.fixes if f.edits}.values():
        note(fix.title)
        check_fix(fix, before, path, text, analysis.subject.expects_roundtrip)


def remarks(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines()]


def check_fix(fix: Fix, before: nn.Module, path: Path, text: str, returns: bool) -> None:
    edited = applied(text.encode(), fix.edits)
    assert remarks(edited.decode()) == remarks(text)
    ast.parse(edited)
    copy = path.with_name("fixed.py")
    copy.write_bytes(edited)
    after, sizes = built(copy), domain_of([fix.sizes_after], ["N", "L"])
    assert loads(before.state_dict(), after) == fix.checkpoints_load
    broken = domain_of([fix.sizes_broken or "no size"], ["N", "L"])
    for length in range(1, 90):
        works, worked = comes_back(after, length), comes_back(before, length)
        if returns:
            assert works == ({"N": 1, "L": length} in sizes), length
            assert not worked or works or {"N": 1, "L": length} in broken, length
