"""Random networks: what is predicted is what PyTorch does on the CPU, and where it says so.

Compared at random sizes: whether it runs, the shape of every output, whether it comes back as long
as it went in, and the line that raises. ``python -m tests.random_networks`` tries ten thousand.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.random_networks import __main__ as long_run
from tests.random_networks import trial
from tests.random_networks.compare import difference
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
        pytest.fail(written(*smallest(network, seed, told)))


_HALF = Step(("x = {layer}(x)",), "nn.Conv1d(4, 4, 3, 2, 1)")
_DOUBLE = Step(("x = {layer}(x)",), "nn.ConvTranspose1d(4, 4, 3, 2, 1)")
_FAILS = Step(("x = x.narrow(2, 0, 3)",))
_WAVE = ("N 4 L",)


def test_the_test_above_can_fail() -> None:
    """The analysis of another network is told from the right one: shapes, lengths and lines."""
    network = Network(_WAVE, (_HALF, _DOUBLE, _FAILS))
    right = analysed(module_of(network), *_WAVE)
    assert not any(difference(network, right, {"N": 1, "L": n}) for n in (2, 3, 8, 9))
    for other in [(_HALF,), (_DOUBLE, _FAILS), (_HALF, _FAILS, _DOUBLE)]:
        wrong = analysed(module_of(Network(_WAVE, other)), *_WAVE)
        assert any(difference(network, wrong, {"N": 1, "L": n}) for n in (2, 3, 8, 9)), other


def test_the_steps_that_do_not_matter_are_left_out(monkeypatch) -> None:
    def like_that(network: Network, seed: int) -> Trial:
        bad = _FAILS in network.steps and _DOUBLE in network.inner
        return Trial("proven", problem="differs" if bad else "")

    monkeypatch.setattr(trial, "tried", like_that)
    network = Network(_WAVE, (_HALF, _FAILS, _HALF), (_DOUBLE, _FAILS))
    left, told = trial.smallest(network, 0, like_that(network, 0))
    assert (left.steps, left.inner) == ((_FAILS,), (_DOUBLE,))
    assert compile(trial.written(left, told), "pasted", "exec")


def test_the_long_run_goes_on_where_it_was(monkeypatch, tmp_path, capsys) -> None:
    tried = []

    def good_but_one(network: Network, seed: int) -> Trial:
        tried.append(network)
        return Trial("proven", 9, problem="crash" if len(tried) == 150 else "")

    monkeypatch.setattr(long_run, "tried", good_but_one)
    monkeypatch.setattr(trial, "tried", good_but_one)
    log = ["--log", str(tmp_path / "log.jsonl")]
    assert long_run.main([*log, "--networks", "100"]) == 0
    assert len(tried) == 100
    assert "class Net" not in capsys.readouterr().out
    assert long_run.main([*log, "--networks", "200"]) == 1
    assert "class Net" in capsys.readouterr().out
    count = len(tried)
    assert long_run.main([*log, "--networks", "200"]) == 1
    assert len(tried) == count
