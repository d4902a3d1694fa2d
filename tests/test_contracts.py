"""Promises about the result: read, proven, disproved; PyTorch has the last word."""

from __future__ import annotations

import runpy
from functools import partial

import jaxtyping
import pytest
import torch
from beartype.roar import BeartypeCallHintViolation
from torch import nn
from torch.nn import functional as F

from shapelint.analysis import Analysis, examine
from shapelint.contracts import conditions_on_inputs, contracts, kept
from shapelint.facts import Annotated
from shapelint.inputs import domain_for
from shapelint.interface import analyze
from shapelint.lengths.conditions import all_of
from shapelint.lengths.domain import condition_of
from shapelint.lengths.sets import SizeSet
from shapelint.lint import diagnose
from shapelint.local import LocalSession
from shapelint.rules import find_rule
from shapelint.template import symbols_of, template_of
from shapelint.trace import Span
from tests.runs import Fn

torch.set_num_threads(1)


def analysed(function, takes: tuple[str, ...], returns: tuple[str, ...], **rest) -> Analysis:
    """The analysis of a function whose inputs are named as in the annotations."""
    named = tuple((f"x{i}", text) for i, text in enumerate(takes))
    annotated = Annotated(named, returns)
    dims = [text.replace("*2", "_2").lstrip("#").split() for text in takes]
    inputs = template_of([tuple(int(d) if d.isdigit() else d for d in one) for one in dims])
    session = LocalSession(function if isinstance(function, nn.Module) else Fn(function), inputs)
    symbols = symbols_of(inputs)
    domain = SizeSet.of(all_of(conditions_on_inputs(annotated, inputs)), symbols)
    where = partial(Span, "a.py", 1, 1, 1, 1)
    return examine(session, inputs, "a.py:F", where, domain, annotated=annotated, **rest)


@pytest.mark.parametrize(
    ("takes", "lengths", "declared"),
    [
        (("n 3 l",), (), False),
        (("n 3 l", "n 3 m"), (), False),
        (("n 3 l",), ("l % 2 == 0",), True),
        (("n 3 l",), ("h % 2 == 0",), False),
        (("n 3 l", "n 3 l*2"), (), True),
    ],
    ids=["any length", "any two", "--length", "of another model", "one twice the other"],
)
def test_what_declares_the_sizes_that_matter(takes, lengths, declared):
    annotated = Annotated(tuple((f"x{i}", text) for i, text in enumerate(takes)), ())
    names = [tuple(text.replace("l*2", "m").split()) for text in takes]
    inputs = template_of([(n, int(c), length) for n, c, length in names])
    conditions = [condition_of(text) for text in lengths]
    domain, told = domain_for(inputs, conditions, annotated)
    assert told is declared
    assert (domain == SizeSet.universe(domain.symbols)) is not declared


def pool(x):
    return F.max_pool1d(x, 2)


def up(x):
    return F.max_pool1d(x, 2, ceil_mode=True)


X = ("n 3 l",)

KEPT = {
    "the same": (lambda x: x + 1, X, ("n 3 l",)),
    "half": (pool, X, ("n 3 l//2",)),
    "half, rounded up": (up, X, ("n 3 (l+1)//2",)),
    "twice": (lambda x: torch.cat([x, x], 2), X, ("n 3 2*l",)),
    "anything": (pool, X, ("_ _ _half",)),
    "any number of dims": (pool, X, ("... l//2",)),
    "several dims": (lambda x: x.relu(), ("*batch 3 l",), ("*batch 3 l",)),
    "one, or as long": (lambda x: x.mean(2, keepdim=True), X, ("n 3 #l",)),
    "a name that only the result has": (pool, X, ("n 3 half",)),
    "such a name twice": (lambda x: (pool(x), pool(x) + 1), X, ("n 3 half", "n _ half")),
    "a documented size": (lambda x: x + 1, X, ("n channels=3 l",)),
    "some outputs have no annotation": (lambda x: (pool(x), x + 1), X, ("", "n 3 l")),
    "twice the other input": (
        lambda x, y: torch.cat([F.interpolate(x, None, 2), y], 1),
        ("n 3 l", "n 3 l*2"),
        ("n 6 2*l",),
    ),
}

BROKEN = {
    "another number of channels": (lambda x: x + 1, X, ("n 4 l",), "no size"),
    "another rank": (lambda x: x.flatten(1), X, ("n 3 l",), "no size"),
    "fewer outputs": (lambda x: x + 1, X, ("n 3 l", "n 3 l"), "no size"),
    "half, rounded up": (up, X, ("n 3 l//2",), "l % 2 == 0"),
    "half, rounded down": (pool, X, ("n 3 (l+1)//2",), "l % 2 == 0"),
    "another name": (lambda x: x.transpose(0, 2), X, ("n 3 l",), "n == l"),
    "a name that only the result has": (
        lambda x: (pool(x), up(x)),
        X,
        ("n 3 half", "n 3 half"),
        "l % 2 == 0",
    ),
    "a branch": (
        lambda x: x + 1 if x.shape[2] % 3 else pool(x),
        X,
        ("n 3 l",),
        "l % 3 != 0",
    ),
}

UNREADABLE = {
    "a name that nothing has": (lambda x: x + 1, X, ("n 3 2*k",), "no input is annotated with k"),
    "an attribute": (lambda x: x + 1, X, ("n {self.c} l",), "'{self.c}' is no length"),
    "two stretches": (lambda x: x + 1, X, ("... 3 ...",), "any number of dims"),
}


def judged(analysis: Analysis):
    return list(contracts(analysis.subject, analysis.evidence, bool(analysis.denials)))


def found(analysis: Analysis):
    return diagnose(analysis, [find_rule("SHP501")]).diagnostics


@pytest.mark.parametrize(("function", "takes", "returns"), KEPT.values(), ids=KEPT)
def test_what_is_kept_is_proven(function, takes, returns):
    analysis = analysed(function, takes, returns)
    assert [c.verdict for c in judged(analysis)] == ["proven"] * len([r for r in returns if r])
    assert found(analysis) == ()


@pytest.mark.parametrize(("function", "takes", "returns", "kept"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_has_a_witness_that_pytorch_confirms(function, takes, returns, kept):
    analysis = analysed(function, takes, returns)
    told = {c.verdict: c.reason for c in judged(analysis)}
    assert told["disproved"] == ("holds for no size" if kept == "no size" else f"holds {kept}")
    diagnostic = found(analysis)[-1]
    assert diagnostic.severity == "error"
    witness, passing = diagnostic.witness, diagnostic.passing
    assert bool(passing) == (kept != "no size")
    shapes = _really(function, analysis, witness)
    assert str(shapes[-1]) in diagnostic.label or "missing" in diagnostic.label


def _really(function, analysis: Analysis, sizes: dict[str, int]) -> list[tuple[int, ...]]:
    given = [
        torch.zeros([sizes[d] if isinstance(d, str) else d for d in i.dims])
        for i in analysis.inputs
    ]
    result = function(*given)
    return [tuple(t.shape) for t in (result if isinstance(result, tuple) else (result,))]


@pytest.mark.parametrize(
    ("function", "takes", "returns", "why"), UNREADABLE.values(), ids=UNREADABLE
)
def test_what_cannot_be_read_is_said_not_to_be_checked(function, takes, returns, why):
    analysis = analysed(function, takes, returns)
    (contract,) = judged(analysis)
    assert contract.verdict == "not-checked"
    assert why in contract.reason
    assert found(analysis) == ()


def _pair(op: int) -> nn.Module:
    return nn.Sequential(nn.Conv1d(3, 4, 3, 2, 1), nn.ConvTranspose1d(4, 3, 3, 2, 1, op))


ROUNDTRIPS = {
    "kept": (lambda x: x + 1, "proven", []),
    "no decoder: half the length": (pool, "disproved", ["annotation-disproved"]),
    "no output of that rank": (lambda x: x.flatten(1), "disproved", ["annotation-disproved"]),
    "a pair for no ordinary size: the layer is blamed": (
        _pair(0),
        "disproved",
        ["roundtrip-length"],
    ),
    "a pair for some sizes: an error too": (_pair(1), "disproved", ["residue-sensitive"]),
}


@pytest.mark.parametrize(("model", "verdict", "names"), ROUNDTRIPS.values(), ids=ROUNDTRIPS)
def test_roundtrip_is_a_contract(model, verdict, names):
    analysis = analysed(model, X, (), roundtrip=True)
    (contract,) = judged(analysis)
    assert (contract.text, contract.verdict) == ("roundtrip = true", verdict)
    told = [(d.name, d.severity) for d in analysis.diagnostics if d.severity != "info"]
    assert told == [(name, "error") for name in names]


def test_without_the_contract_half_the_length_is_no_finding():
    analysis = analysed(pool, X, ())
    assert [d for d in analysis.diagnostics if d.severity != "info"] == []


# -- with jaxtyping itself --------------------------------------------------------------------

NET = """\
{future}
import torch
from beartype import beartype
from jaxtyping import Float, jaxtyped
from torch import Tensor, nn
from torch.nn import functional as F

class Net(nn.Module):
    {checker}
    def forward(self, x: {takes}) -> {returns}:
        return {result}
"""
HALVED = "F.max_pool1d(x, 2, ceil_mode=True)"
FUTURE = "from __future__ import annotations"
CHECKED = "@jaxtyped(typechecker=beartype)"


def net(folder, checker: str, future: str, takes: str, returns: str, result: str) -> nn.Module:
    takes, returns = (f"Float[Tensor, '{text}']" for text in (takes, returns))
    quoted = (f'"{text}"' for text in (takes, returns)) if '"' in future else (takes, returns)
    names = dict(zip(("takes", "returns"), quoted, strict=True))
    text = NET.format(checker=checker, future=future.strip('"'), result=result, **names)
    (folder / "net.py").write_text(text)
    return runpy.run_path(str(folder / "net.py"))["Net"]()


JAXTYPING = {
    "the same": ("", "n 3 l", "n 3 l", "x + 1"),
    "any number of dims": ("", "... l", "... l", "x.relu()"),
    "a name for them": ("", "*batch l", "*batch l", "x.relu()"),
    "anything": ("", "_ 3 l", "_ _c half", HALVED),
    "a size with a name": ("", "n c=3 l", "n c=3 l", "x + 1"),
    "1 or the length": ("", "n 3 l", "n 3 #l", "x.mean(2, keepdim=True)"),
    "1 or the length: neither": ("", "n 3 l", "n 3 #l", HALVED),
    "postponed": (FUTURE, "n 3 l", "n 3 l//2", HALVED),
    "postponed and quoted": (f'"{FUTURE}"', "n 3 l", "n 3 l//2", HALVED),
    "quoted": ('""', "n 3 l", "n 3 l//2", HALVED),
    "divided, where it comes out even": ("", "n 3 l", "n 3 l/2", HALVED),
    "a sum divided": ("", "n 3 l", "n 3 (l+1)/2", HALVED),
    "a product divided": ("", "n 3 l", "n 3 2*l/4", HALVED),
    "another size": ("", "n 3 l", "n 4 l", "x + 1"),
    "another rank": ("", "n 3 l", "n 3", "x + 1"),
}


@pytest.mark.parametrize(
    ("future", "takes", "returns", "result"), JAXTYPING.values(), ids=JAXTYPING
)
def test_jaxtyping_and_beartype_refuse_the_same_sizes(tmp_path, future, takes, returns, result):
    rest = (future, takes, returns, result)
    analysis = analyze(net(tmp_path, "", *rest), inputs=[("n", 3, "l")])
    ((promise, kept_at),) = kept(analysis.subject)
    assert promise.text == returns
    checked = net(tmp_path, CHECKED, *rest)
    for length in range(1, 8):
        assert runs(checked, torch.zeros(2, 3, length)) == ({"n": 2, "l": length} in kept_at)


def runs(module: nn.Module, given: torch.Tensor) -> bool:
    try:
        module(given)
    except (jaxtyping.TypeCheckError, BeartypeCallHintViolation):
        return False
    return True


REFUSED = {
    "jaxtyping calls beartype": (CHECKED, "n 3 l//2", "only for even l"),
    "beartype alone": ("@jaxtyped(typechecker=None)\n    @beartype", "n 3 l//2", "only for even l"),
    "at every size": (CHECKED, "n 4 l", "for no size"),
}


@pytest.mark.parametrize(("checker", "returns", "where"), REFUSED.values(), ids=REFUSED)
def test_a_type_checker_that_raises_disproves_the_annotation(tmp_path, checker, returns, where):
    """The sizes at which it raises do not run, so that no result contradicts the annotation."""
    module = net(tmp_path, checker, "", "n 3 l", returns, HALVED)
    analysis = analyze(module, inputs=[("n", 3, "l")])
    (diagnostic,) = (d for d in analysis.diagnostics if d.severity != "info")
    assert (diagnostic.name, diagnostic.severity) == ("annotation-disproved", "error")
    assert where in diagnostic.message
    assert diagnostic.span == analysis.subject.promised_at
    assert (diagnostic.evidence, analysis.doubts) == ("proven", ())
    assert "l=1" in diagnostic.error or "Violation" in diagnostic.error
    assert not runs(module, torch.zeros(2, 3, diagnostic.witness["l"]))
    assert not diagnostic.passing or runs(module, torch.zeros(2, 3, diagnostic.passing["l"]))
    assert [c.verdict for c in judged(analysis)] == ["not-checked"]
