"""Broken models as people write them: fixed, and every size run in PyTorch before and after.

The files of ``fixtures/broken`` are copied, linted and fixed in one go, as ``--fix
--unsafe-fixes`` does it. What only a person can apply is applied here too, to one more copy.
"""

from __future__ import annotations

import ast
import copy
import io
import math
import re
import shutil
import sys
import tokenize
from collections import Counter
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from shapelint.config import Settings
from shapelint.engine import check
from shapelint.fixing import Fixed, fixed, for_display
from shapelint.lengths.domain import domain_of
from shapelint.model import Report, TargetReport
from shapelint.source.edits import edited_texts
from shapelint.source.texts import Texts
from shapelint.worker.loading.build import assemble, fill_parameters
from shapelint.worker.loading.load import Project

torch.set_num_threads(1)

BROKEN = Path(__file__).parents[1] / "fixtures" / "broken"

ONLY_SHOWN = {
    "channels": "another shape of a weight",
    "cifar": "a layer that is as wide as its first input",
    "classifier": "other shapes of two weights",
    "nested_skips": "calls in forward",
    "pads_only_one_axis": "calls in forward",
    "patches": "calls in forward",
    "told_in_forward": "calls in forward",
    "unet_pool": "calls in forward",
    "unet_sum": "calls in forward",
    "unpooling": "calls in forward",
    "without_padding": "calls in forward",
}
"""What ``--fix --unsafe-fixes`` does not repair, and why; a person can apply what is shown."""

NOT_BROKEN = {"base_layers": "parts of another file's model"}
NOT_MEANT_TO_COME_BACK = (
    "channels",
    "cifar",
    "classifier",
    "functional_pool",
    "lenet",
    "refused_padding",
    "small_pools",
)
SHARED = {"two_models": "what repairs one model breaks the other"}
REPAIRED = sorted(
    {p.stem for p in BROKEN.glob("*.py")} - ONLY_SHOWN.keys() - NOT_BROKEN.keys() - SHARED.keys()
)


@dataclass(frozen=True)
class Repair:
    """The whole folder, before and after."""

    folder: Path
    before: Report
    done: Fixed

    def target(self, report: Report, name: str) -> TargetReport:
        path = str(self.folder / f"{name}.py")
        own = [t for t in report.targets if t.path == path and t.evidence == "proven"]
        return own[0]

    def text(self, name: str) -> bytes:
        path = str(self.folder / f"{name}.py")
        return Texts(dict(self.done.texts.items())).read(path)


def lint(folder: Path, texts: Texts | None = None, only: object = None) -> Report:
    settings = Settings(paths=(str(folder),), python=sys.executable, cache=False, jobs=1)
    return check(settings, None, texts, only)


@pytest.fixture(scope="module")
def repair(tmp_path_factory) -> Repair:
    folder = tmp_path_factory.mktemp("project") / "broken"
    shutil.copytree(BROKEN, folder)
    (folder / "setup.cfg").touch()
    before = lint(folder)
    return Repair(folder, before, fixed(before, partial(lint, folder), unsafe=True))


def test_there_are_many_and_most_are_repaired():
    files = len(list(BROKEN.glob("*.py"))) - len(NOT_BROKEN)
    assert files >= 40
    assert len(REPAIRED) / files > 0.7


@pytest.mark.parametrize("name", REPAIRED)
def test_what_is_edited_is_right_at_every_size_that_is_claimed(repair, name):
    before, after = (repair.target(r, name) for r in (repair.before, repair.done.report))
    gained, lost = swept(repair, name, after, repair.done.texts)
    assert gained
    said = " ".join(f.note for f in applied_fixes(repair, before))
    assert not lost or "which works today, would not" in said


@pytest.mark.parametrize("name", ONLY_SHOWN)
def test_what_is_only_shown_is_right_as_well(repair, name):
    before = repair.target(repair.before, name)
    path = str(repair.folder / f"{name}.py")
    assert path not in repair.done.texts
    shown = dict(for_display(repair.before))
    (title, texts), *_ = [(t, s) for t, s in shown.items() if t.startswith(before.target)]
    fix = next(
        f
        for d in repair.before.diagnostics
        if d.target == before.target
        for f in d.fixes
        if title.endswith(f.title)
    )
    symbols = [d for d in before.inputs[0].dims if isinstance(d, str)]
    after = domain_of([fix.sizes_after], symbols)
    gained = 0
    for sizes in sizes_of(before):
        old, new = (runs(repair.folder, name, before, sizes, t) for t in ({}, texts))
        if name not in NOT_MEANT_TO_COME_BACK:
            old, new = (back(before, sizes, shapes) for shapes in (old, new))
        assert bool(new) == (sizes in after), sizes
        assert new or not old, sizes
        gained += bool(new) and not old
    assert gained


TITLES = {
    "cifar": "flatten(1) for view(-1, 400), nn.LazyLinear for fc1",
    "derived_layers": "output_padding=1 in dec.0, dec.2",
    "tables": "output_padding=1 in up.0",
    "unequal_strides": "output_padding=tuple(s - 1 for s in stride)",
    "without_padding": "pad the input to length % 4 == 2, at least 10, crop the output",
}


@pytest.mark.parametrize(("name", "title"), TITLES.items(), ids=TITLES)
def test_a_fix_is_named_by_what_it_writes(repair, name, title):
    target = repair.target(repair.before, name).target
    found = [f for d in repair.before.diagnostics if d.target == target for f in d.fixes]
    assert next(f.title for f in found if f.edits) == title
    assert all(("on the built model" in f.note) == (not f.edits) for f in found)


def test_a_fix_that_breaks_another_model_is_not_applied(repair):
    assert not any(path.endswith("two_models.py") for path in repair.done.texts)


@pytest.mark.parametrize("name", [*REPAIRED, *ONLY_SHOWN, *SHARED])
def test_an_edited_file_is_what_it_was_but_for_the_edit(repair, name):
    old, new = (BROKEN / f"{name}.py").read_bytes(), repair.text(name)
    ast.parse(new)
    assert comments(new) == comments(old)
    assert line_ends(new) == line_ends(old)
    assert new.endswith(b"\n") == old.endswith(b"\n")


@pytest.mark.parametrize("name", [*REPAIRED, *ONLY_SHOWN, *SHARED])
def test_a_checkpoint_loads_where_that_is_said(repair, name):
    before = repair.target(repair.before, name)
    checkpoint = built_from(repair.folder, name, before, {}).state_dict()
    found = (d for d in repair.before.diagnostics if d.target == before.target)
    for fix in {f.edits: f for d in found for f in d.fixes if f.edits}.values():
        texts = edited_texts(Texts(), fix.edits)
        model = copy.deepcopy(built_from(repair.folder, name, before, texts))
        try:
            model.load_state_dict(checkpoint)
            loads = True
        except RuntimeError:
            loads = False
        assert loads == fix.checkpoints_load, fix.title


def test_a_second_run_changes_nothing(repair):
    again = fixed(repair.done.report, partial(lint, repair.folder), True, written(repair))
    assert again.texts == {}


def written(repair: Repair) -> Texts:
    return Texts(dict(repair.done.texts.items()))


# -- what PyTorch does ------------------------------------------------------------------------


def swept(
    repair: Repair, name: str, after: TargetReport, texts: dict[str, bytes]
) -> tuple[int, int]:
    """How many sizes are gained and lost; fails where PyTorch does not do what is claimed."""
    gained = lost = 0
    for sizes in sizes_of(after):
        old = runs(repair.folder, name, after, sizes, {})
        new = runs(repair.folder, name, after, sizes, texts)
        assert (new is not None) == (sizes in after.valid_sizes), sizes
        if name not in NOT_MEANT_TO_COME_BACK:
            old, new = (back(after, sizes, shapes) for shapes in (old, new))
            assert bool(new) == (sizes in after.roundtrip_sizes), sizes
        gained += bool(new) and not old
        lost += bool(old) and not new
    return gained, lost


def back(target: TargetReport, sizes: dict[str, int], shapes: object) -> bool:
    given = [sizes[d] for d in target.inputs[0].dims[2:] if isinstance(d, str)]
    return bool(shapes) and any(list(s[-len(given) :]) == given for s in shapes)


def sizes_of(target: TargetReport) -> list[dict[str, int]]:
    """Every length of the first axis, with few of the others."""
    symbols = [d for d in target.inputs[0].dims if isinstance(d, str)]
    rank = len(symbols) - 1
    top = {1: 66, 2: 26, 3: 12}[rank]
    others = {1: (0,), 2: (16, 21), 3: (8,)}[rank]
    return [
        {symbols[0]: 2, symbols[1]: n, **dict.fromkeys(symbols[2:], other)}
        for n in range(1, top)
        for other in others
    ]


def applied_fixes(repair: Repair, target: TargetReport) -> list[object]:
    found = (d for d in repair.before.diagnostics if d.target == target.target)
    return [f for d in found for f in d.fixes if f.edits and f.applicability != "display"]


def runs(
    folder: Path,
    name: str,
    target: TargetReport,
    sizes: dict[str, int],
    texts: dict[str, bytes],
) -> list[list[int]] | None:
    model = copy.deepcopy(built_from(folder, name, target, texts))  # a lazy layer is used once
    shape = [sizes.get(d, d) for d in target.inputs[0].dims]
    rising = torch.linspace(0, 1, math.prod(shape)).view(shape)  # a pool finds the last value
    try:
        with torch.no_grad():
            out = model(rising)
    except (RuntimeError, ValueError):
        return None
    return [list(t.shape) for t in (out if isinstance(out, tuple) else (out,))]


def built_from(folder: Path, name: str, target: TargetReport, texts: dict[str, bytes]) -> nn.Module:
    return built(folder, name, target.target.rpartition(":")[2], tuple(sorted(texts.items())))


@cache
def built(folder: Path, name: str, target: str, texts: tuple[tuple[str, bytes], ...]) -> nn.Module:
    """The model of a file of which some texts were edited, run by Python and PyTorch alone."""
    path, project = folder / f"{name}.py", Project(folder, files=Texts(dict(texts)))
    modules = dict(sys.modules)
    try:
        for imported in ("base_layers", name):
            module = ModuleType(imported)
            module.__file__ = str(folder / f"{imported}.py")
            sys.modules[imported] = module
            project.run(module.__file__, vars(module), ("cpu",))
        model = assemble(vars(sys.modules[path.stem]), target, (), {})[0]
    finally:
        for imported in sys.modules.keys() - modules.keys():
            del sys.modules[imported]
    fill_parameters(model)
    return model.eval()


def line_ends(source: bytes) -> set[bytes]:
    return set(re.findall(rb"\r\n|\n|\r", source))


def comments(source: bytes) -> Counter[str]:
    tokens = tokenize.tokenize(io.BytesIO(source).readline)
    return Counter(t.string for t in tokens if t.type == tokenize.COMMENT)
