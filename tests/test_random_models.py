"""Random networks: what is predicted is what PyTorch does on the CPU, and where it says so.

Compared at random sizes: whether it runs, the shape of every output, whether it comes back as long
as it went in, and the line that raises. ``python -m tests.random_networks`` tries ten thousand.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shapelint.analysis import Analysis
from tests.random_networks import __main__ as long_run
from tests.random_networks import trial
from tests.random_networks.apart import tried_apart
from tests.random_networks.compare import difference, predicted, truth
from tests.random_networks.network import Network, Step, module_of
from tests.random_networks.strategy import networks
from tests.random_networks.trial import Trial, smallest, tried, written
from tests.runs import analysed


@settings(
    max_examples=30,
    derandomize=True,  # the long run looks for what is new
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(networks(), st.integers(0, 2**32))
def test_what_is_predicted_is_what_pytorch_does(network: Network, seed: int) -> None:
    told = tried(network, seed)
    if told.problem:
        pytest.fail(written(*smallest(network, told, seed)))


_HALF = Step(("x = {layer}(x)",), "nn.Conv1d(4, 4, 3, 2, 1)")
_DOUBLE = Step(("x = {layer}(x)",), "nn.ConvTranspose1d(4, 4, 3, 2, 1)")
_FAILS = Step(("x = x.narrow(2, 0, 3)",))
_WAVE = ("N 4 L",)


def test_the_test_above_can_fail() -> None:
    """The analysis of another network is told from the right one: shapes, lengths and lines."""
    network = Network(_WAVE, (_HALF, _DOUBLE, _FAILS))
    right = analysed(module_of(network), *_WAVE)
    assert not any(_wrong(network, right, n) for n in (2, 3, 8, 9))
    for other in [(_HALF,), (_DOUBLE, _FAILS), (_HALF, _FAILS, _DOUBLE)]:
        wrong = analysed(module_of(Network(_WAVE, other)), *_WAVE)
        assert any(_wrong(network, wrong, n) for n in (2, 3, 8, 9)), other


def _wrong(network: Network, analysis: Analysis, length: int) -> bool:
    sizes = {"N": 1, "L": length}
    told, true = predicted(analysis, sizes), truth(network, sizes)
    assert told
    assert true
    return difference(analysis, sizes, told, true) is not None


def test_the_steps_that_do_not_matter_are_left_out() -> None:
    def like_that(network: Network, seed: int) -> Trial:
        bad = _FAILS in network.steps and _DOUBLE in network.inner
        return Trial("proven", problem="differs" if bad else "")

    network = Network(_WAVE, (_HALF, _FAILS, _HALF), (_DOUBLE, _FAILS))
    left, told = trial.smallest(network, like_that(network, 0), 0, like_that)
    assert (left.steps, left.inner) == ((_FAILS,), (_DOUBLE,))
    assert compile(trial.written(left, told), "pasted", "exec")


def _late(*_: object) -> None:
    raise trial._TooSlow


def _ended_by(name: str) -> Callable[..., None]:
    return lambda *_: os.kill(os.getpid(), signal.Signals[name])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize(
    ("where", "what", "problem", "compared", "unanswered"),
    [
        pytest.param("truth", truth, "", 8, 0, id="nothing happens"),
        pytest.param("truth", lambda *_: None, "", 0, 8, id="PyTorch has not the memory"),
        pytest.param("truth", _late, "", 0, 1, id="PyTorch is slow"),
        pytest.param("truth", _ended_by("SIGXCPU"), "", 0, 1, id="a step of PyTorch has no end"),
        pytest.param("truth", _ended_by("SIGKILL"), "torch crash", 0, 0, id="PyTorch crashes"),
        pytest.param("predicted", _late, "slow", 0, 0, id="the analysis is slow"),
        pytest.param("predicted", _ended_by("SIGXCPU"), "slow", 0, 0, id="a step has no end"),
        pytest.param("predicted", _ended_by("SIGKILL"), "crash", 0, 0, id="it takes all memory"),
    ],
)
def test_the_long_run_survives(
    monkeypatch, where: str, what: object, problem: str, compared: int, unanswered: int
) -> None:
    monkeypatch.setattr(trial, where, what)
    told = tried_apart(Network(_WAVE, (_HALF,)), 0)
    assert (told.problem, told.compared, told.unanswered) == (problem, compared, unanswered)


def test_the_long_run_goes_on_where_it_was(monkeypatch, tmp_path, capsys) -> None:
    started = []

    class GoodButOne:
        def __init__(self, network: Network, seed: int) -> None:
            self.network, self.seed = network, seed
            started.append(network)
            self.problem = "crash" if len(started) == 150 else ""

        def outcome(self) -> Trial:
            return Trial("proven", 8, problem=self.problem)

    monkeypatch.setattr(long_run, "Started", GoodButOne)
    monkeypatch.setattr(long_run, "tried_apart", lambda network, seed: Trial("proven"))
    log = ["--log", str(tmp_path / "log.jsonl"), "--processes", "3"]
    assert long_run.main([*log, "--networks", "100"]) == 0
    assert len(started) == 100
    out = capsys.readouterr().out
    assert out.startswith("100 networks: 100 proven; 800 sizes compared, at 0 ")
    assert long_run.main([*log, "--networks", "200"]) == 1
    assert "class Net" in capsys.readouterr().out
    assert long_run.main([*log, "--networks", "200"]) == 1
    assert len(started) == 200
    out = capsys.readouterr().out
    assert out.startswith("200 networks: 199 proven, 1 at which shapelint crashed; 1,600 sizes")
