"""A model whose shapes hang on values is run at a window of sizes; what was run is known."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.explore.sweep import swept
from shapelint.local import LocalSession
from shapelint.session import Run
from shapelint.template import template_of
from shapelint.verdict import verdict
from tests.runs import analysed, disagreements, really


class Traceable(nn.Module):
    """Nothing here needs a sweep."""

    def forward(self, x):
        return F.max_pool2d(x, 2)


class CropsByTensor(nn.Module):
    """Shapes go through the values of a tensor."""

    def forward(self, x):
        keep = (torch.tensor(x.shape) / 2).int().tolist()
        return F.max_pool2d(x, 4)[..., : keep[-1] - 1]


class PadsByBuffer(nn.Module):
    """Pads to a multiple of a number that is kept in a buffer."""

    def __init__(self):
        super().__init__()
        self.register_buffer("stride", torch.tensor(4))

    def forward(self, x):
        frames = torch.ceil((x.shape[-1] - self.stride) / self.stride).to(torch.int64) + 1
        return F.max_pool2d(F.pad(x, (0, frames * self.stride - x.shape[-1])), 2)


class PadsByValue(nn.Module):
    def forward(self, x):
        return F.max_pool2d(F.pad(x, (0, (x.isfinite().sum() >= 0).long())), 2)


class SplitsByValue(nn.Module):
    def forward(self, x):
        step = int(x.isfinite().sum().item() >= 0) + 3
        return x.unflatten(3, (-1, step))


class Square(nn.Module):
    """No axis speaks for itself."""

    def forward(self, x):
        times = int(x.isfinite().sum().item() >= 0)
        return x * times + x.transpose(2, 3)


class OneMore(nn.Module):
    """What is tested before any value is asked for tells which sizes may run."""

    def forward(self, x):
        assert x.shape[2] % 16 == x.shape[3] % 16 == 1
        return x[..., : int(x.isfinite().sum().item() >= 0) + 3]


class FewWhereItGotFar(nn.Module):
    """One height for each path through the loop, and at that of the first run no width works."""

    def forward(self, x):
        for _ in range(x.shape[2]):
            x = x + 1
        elements = int(x.isfinite().sum().item())
        assert elements < 3000
        return x.flatten()[:elements]


class Packed(nn.Module):
    def forward(self, x, x_lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x, x_lengths.numpy(), batch_first=True)
        return nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)[0]


class Listens(nn.Module):
    """A recogniser of speech: the mel bands are an axis too, and no steps in time."""

    def __init__(self):
        super().__init__()
        self.bands = nn.Linear(20, 4)

    def forward(self, x, x_lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.bands(x[..., ::4]), x_lengths, True)
        return nn.utils.rnn.pad_packed_sequence(packed, True)[0]


class Keypoints(nn.Module):
    """As many rows as there are large values."""

    def forward(self, x):
        return (x > 0.8).nonzero()


class Speaks(nn.Module):
    """As many frames as the tokens last."""

    def forward(self, tokens):
        return tokens.repeat_interleave(tokens.flatten() + 1, dim=1)


class AsksForValues(nn.Module):
    """Some sizes need no values."""

    def forward(self, x):
        return x if x.shape[2] > 9 or x.isfinite().all() else x[..., 1:]


NEVER = "N 1 H W"
SWEPT = {
    "a value for a pad": (PadsByValue, 12),
    "a value in a view": (SplitsByValue, 12),
    "two axes that must agree": (Square, 12),
    "sizes that nobody would try": (OneMore, 18),
}


@pytest.mark.parametrize("kind", [Traceable, CropsByTensor, PadsByBuffer])
def test_what_can_be_traced_is_not_swept(kind):
    analysis = analysed(kind())
    assert analysis.sweep is None
    assert analysis.evidence == "proven"
    sizes = [{"N": 1, "H": size, "W": size + 1} for size in range(1, 14)]
    assert disagreements(analysis, kind(), NEVER, sizes) == []


@pytest.mark.parametrize(("kind", "top"), SWEPT.values(), ids=SWEPT)
def test_a_sweep_knows_what_was_run_and_nothing_else(kind, top):
    analysis = analysed(kind())
    base = analysis.sweep.base
    for size in range(1, top):
        for sizes in ({**base, "H": size}, {**base, "H": size, "W": size}):
            told, truth = analysis.predict(sizes), really(kind(), NEVER, sizes)
            assert (told.ok, told.shapes) == (truth is not None, truth)
            assert told.evidence == "checked"
    told = analysis.predict({"N": 2, "H": 5, "W": 9})
    assert (told.ok, told.evidence) == (None, "not-checked")


def test_what_works_is_looked_for_beside_the_run_that_got_furthest():
    analysis = analysed(FewWhereItGotFar())
    assert analysis.sweep is not None
    told = analysis.predict({**analysis.sweep.base, "H": 5})
    assert (told.ok, told.evidence) == (True, "checked")


def test_a_run_that_lacks_values_says_nothing_about_its_size():
    analysis = analysed(AsksForValues())
    sizes = [{"N": n, "H": h, "W": w} for n in (1, 2) for h in range(1, 12) for w in (1, 32, 320)]
    told = [s for s in sizes if analysis.predict(s).ok is not None]
    assert told
    assert disagreements(analysis, AsksForValues(), NEVER, told) == []


@pytest.mark.parametrize(("kind", "inputs"), [(Keypoints, NEVER), (Speaks, "1 L:int64")])
def test_what_depends_on_values_is_not_told(kind, inputs):
    analysis = analysed(kind(), inputs)
    assert analysis.evidence == "checked"
    told = analysis.predict(analysis.sweep.base)
    assert (told.ok, told.shapes) == (None, None)
    assert "depends on the values of the input" in told.reason
    assert told.reason in verdict(analysis).report.reason


def test_the_pattern_that_was_seen_is_said():
    said = verdict(analysed(SplitsByValue())).report
    assert said.evidence == "checked"
    assert said.reason.startswith("run at N = 1..3, H = 1..48, W = 1..48, the others at N = 2")
    assert said.valid_sizes.text == "W % 4 == 0 (checked for N <= 3, H <= 48, W <= 48)"


class Runs:
    """A session whose model runs at multiples of ``hop``."""

    def __init__(self, hop, seconds=0.0):
        self.hop = hop
        self.seconds = seconds

    def run(self, sizes, device="meta", patches=(), noise=False):
        return Run(sizes["L"] % self.hop == 0, device=device, seconds=self.seconds)


@pytest.mark.parametrize(
    ("hop", "top"), {"any": (1, 256), "speech": (320, 640), "a CD": (441, 4410)}.values()
)
def test_the_window_of_a_signal_holds_its_hops(hop, top):
    found = swept(Runs(hop), {"N": 2, "L": 16})
    assert [n for n in range(1, top + 1) if {"N": 2, "L": n} in found.valid] == [
        *range(hop, top + 1, hop)
    ]
    assert f"L = 1..{top}, the others at N = 2, L =" in found.words


def test_a_window_ends_where_its_runs_take_too_long():
    slow = Runs(1, seconds=4.0)
    found = swept(slow, {"N": 2, "L": 16})
    assert found.words == "run at N = 1..3, L = 29..35, the others at N = 2, L = 32 (meta)"
    assert found.valid.text == "every size (checked for N <= 3, 29 <= L <= 35)"


def test_a_window_of_long_runs_is_run_on_the_meta_device():
    assert swept(Runs(1, seconds=1.0), {"N": 2, "L": 16}, "cpu").words.endswith("(cpu)")
    assert swept(Runs(1, seconds=4.0), {"N": 2, "L": 16}, "cpu").words.endswith("(meta)")


class Costly(LocalSession):
    """On the CPU it takes long."""

    def run(self, sizes, device="meta", patches=(), noise=False):
        run = super().run(sizes, device, patches, noise)
        return dataclasses.replace(run, seconds=4.0 if device == "cpu" else 0.0)


def test_a_window_of_long_runs_that_want_values_is_traced():
    session = Costly(PadsByBuffer(), template_of("N 1 8 L"))
    found = swept(session, {"N": 2, "L": 16}, "cpu")
    assert found.words.endswith("(traced)")
    assert found.at({"N": 2, "L": 29}).shapes == tuple(
        really(PadsByBuffer(), "N 1 8 L", {"N": 2, "L": 29})
    )


def test_lengths_of_what_is_padded_are_those_of_the_longest():
    analysis = analysed(Packed(), "N L 4,x_lengths=N:int64")
    assert analysis.evidence == "checked"
    told = analysis.predict({"N": 2, "L": 7})
    assert (told.ok, told.shapes) == (True, [(2, 7, 4)])


def test_no_length_is_longer_than_the_axis_that_it_may_be_about():
    analysis = analysed(Listens(), "N T F,x_lengths=N:int64")
    assert analysis.evidence == "checked"
    base = analysis.sweep.base
    assert [t for t in range(1, 40) if not analysis.predict({**base, "T": t}).ok] == []


def test_what_a_layer_accepts_is_told_although_values_decide_behind_it():
    analysis = analysed(Listens(), "N T F,x_lengths=N:int64")
    (said,) = [d.message for d in analysis.diagnostics if d.code == "SHP401"]
    assert said == "fits only where 77 <= F <= 80"


class FitsUpTo:
    """A session with memory for ``most``; beyond it answers for the CPU on the meta device."""

    def __init__(self, most, works):
        self.most, self.works = most, works

    def run(self, sizes, device="meta", patches=(), noise=False):
        large = sizes["L"] > self.most
        return Run(large or self.works, device="meta" if large else device)


@pytest.mark.parametrize(
    ("most", "works", "window"),
    [(1000, True, (1, 256)), (100, True, (1, 100)), (100, False, None), (1, True, (1, 256))],
    ids=["room for all", "room for some", "none of them works", "room for none"],
)
def test_the_meta_device_does_not_answer_for_the_cpu_beside_it(most, works, window):
    found = swept(FitsUpTo(most, works), {"N": 2, "L": 256}, "cpu")
    told = found and [n for n in range(1, 300) if found.at({"N": 2, "L": n})]
    assert (told and (told[0], told[-1])) == window


class Fails:
    """A session whose model says what is wrong on each device, or runs there."""

    def __init__(self, **said):
        self.said = said
        self.asked = []

    def run(self, sizes, device="meta", patches=(), noise=False):
        self.asked.append((device, sizes["L"]))
        error = self.said[device](sizes["L"])
        return Run(not error, error=error, device=device)


def _small(length):
    return f"{length} is less than 64" if length < 64 else ""


NOT_ON_META = {
    "the CPU says the same": (str, str, None),
    "at other sizes it says something else": (
        lambda n: _small(n) or "no values",
        _small,
        64,
    ),
    "it says something else": (lambda n: "no values", _small, 64),
}


@pytest.mark.parametrize(("meta", "cpu", "base"), NOT_ON_META.values(), ids=NOT_ON_META)
def test_the_cpu_is_not_asked_about_sizes_of_which_it_has_nothing_else_to_say(meta, cpu, base):
    model = Fails(meta=meta, cpu=cpu)
    found = swept(model, {"N": 2, "L": 16})
    assert (found and found.base["L"]) == base
    looked = [size for device, size in model.asked if device == "cpu"]
    assert looked[:2] == ([32] if base is None else [32, 64])


def test_a_model_that_never_runs_is_not_swept():
    class Broken(nn.Module):
        def forward(self, x):
            return x.reshape(-1, int(x.isfinite().sum().item() * 0) + 10**9 + 7)

    analysis = analysed(Broken())
    assert analysis.sweep is None
    assert analysis.evidence == "not-checked"


class PicksByRoot(nn.Module):
    """Which row is picked is a matter of floats: nobody knows whether it is there."""

    def forward(self, x):
        return torch.zeros(8, 3)[torch.tensor([x.shape[0]]).sqrt().long()]


def test_where_an_index_may_be_outside_only_what_was_run_is_told():
    analysis = analysed(PicksByRoot(), "L")
    sizes = (1, 9, 63, 64, 65, 256)
    ran = [really(PicksByRoot(), "L", {"L": n}) is not None for n in sizes]
    assert [analysis.predict({"L": n}).ok for n in sizes] == ran == [n < 64 for n in sizes]
    assert analysis.predict({"L": 10_000}).ok is None
    assert analysis.evidence == "checked"


class WritesWhatItExpanded(nn.Module):
    """Meta kernels do not look whether elements share their memory; the CPU refuses to write."""

    def forward(self, x):
        for _ in range(2):
            x[..., :3] += 1
            x = x.mean(2, keepdim=True).expand_as(x)
        return x


def test_where_the_cpu_refuses_what_the_meta_device_runs_the_cpu_is_asked():
    analysis = analysed(WritesWhatItExpanded(), "N 4 L")
    sizes = [{"N": n, "L": length} for n, length in [(1, 1), (2, 5), (2, 40), (2, 61), (3, 32)]]
    told = [analysis.predict(s) for s in sizes]
    ran = [really(WritesWhatItExpanded(), "N 4 L", s) is not None for s in sizes]
    assert [(p.ok, ran) for p, ran in zip(told, ran) if p.ok not in (None, ran)] == []


class KernelOfALength(nn.Module):
    """The kernel is empty at W = 1; the loop takes another path at each doubling."""

    def forward(self, x):
        x = F.conv2d(x, x.new_ones(1, 1, 1, x.shape[-1] // 2))
        while x.shape[-1] > 40:
            x = x[..., ::2]
        return x


def test_a_loop_that_halves_is_proven_as_far_as_there_are_tensors():
    module = KernelOfALength()
    analysis = analysed(module, "N 1 H W")
    assert analysis.evidence == "proven"
    assert analysis.predict({"N": 1, "H": 2, "W": 2**31 - 1}).ok
    assert analysis.predict({"N": 1, "H": 2, "W": 2**40}).ok is None
    sizes = [{"N": 1, "H": 2, "W": n} for n in (1, 2, 3, 39, 40, 79, 80, 81, 320, 1000)]
    assert disagreements(analysis, module, "N 1 H W", sizes) == []


class CountsInSteps(nn.Module):
    """Takes more paths than are run, behind a map that the meta kernel would not make empty."""

    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose1d(1, 1, 2, 2, 2)

    def forward(self, x):
        x = self.up(x)
        while x.shape[-1] > 5:
            x = x[..., 1:]
        return x


def test_beside_the_paths_that_were_run_the_rules_say_what_the_cpu_does():
    module = CountsInSteps()
    analysis = analysed(module, "N 1 L")
    assert analysis.evidence == "checked"
    sizes = [{"N": 2, "L": n} for n in (*range(1, 12), 100, 101)]
    assert disagreements(analysis, module, "N 1 L", sizes) == []
