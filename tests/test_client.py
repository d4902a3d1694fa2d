"""Hostile files: each may lose its own answers, never those of the next file."""

from __future__ import annotations

import ast
import gc
import os
import runpy
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

import shapelint
from shapelint.client import WorkerSession
from shapelint.process import Limits, NotStarted, Unanswered, Worker
from shapelint.worker import serve

GOOD = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv1d(1, 4, 3, 2, 1)
        self.up = nn.ConvTranspose1d(4, 1, 3, 2, 1)

    def forward(self, x):
        return self.up(self.down(x))
"""

ENDINGS = [
    pytest.param(
        "import os; x = os._exit(0)", "crash", "ended with status 0", id="os._exit(0) at import"
    ),
    pytest.param("x = __import__('os')._exit(86 + 1)", "crash", "status 87", id="os._exit"),
    pytest.param("import ctypes; x = ctypes.string_at(0)", "crash", "SIGSEGV", id="segfault"),
    pytest.param("import os; x = os.kill(os.getpid(), 9)", "crash", "SIGKILL", id="kills itself"),
    pytest.param("import os; x = os.abort()", "crash", "SIGABRT", id="abort"),
    pytest.param("import os; x = os.closerange(3, 99)", "crash", "status 1", id="closes our pipes"),
    pytest.param(
        "import itertools; x = all(itertools.repeat(1))",
        "timeout",
        "took longer than 4 s",
        id="endless in C",
    ),
]

HARMLESS = [
    pytest.param("import sys; x = sys.exit(1)", id="sys.exit"),
    pytest.param("import sys; x = [print('x' * 10**6) for _ in range(100)]", id="print flood"),
    pytest.param("import sys; x = sys.stdin.read()", id="reads stdin"),
    pytest.param("import os; x = os.write(1, b'{\"id\": 1}\\n')", id="writes JSON to stdout"),
    pytest.param("import sys; x = sys.stdout.close(); y = sys.stderr.close()", id="closes stdout"),
    pytest.param("import os; x = os.fork() or os._exit(0)", id="forks"),
    pytest.param("import os; x = os.chdir('/')", id="changes folder"),
    pytest.param(
        "import signal; x = signal.signal(signal.SIGTERM, signal.SIG_IGN)", id="ignores SIGTERM"
    ),
    pytest.param("import sys; x = sys.path.clear()", id="forgets where modules are"),
    pytest.param("x = [0 for _ in iter(int, 1)]", id="endless comprehension"),
    pytest.param("def f():\n    while True:\n        pass\nx = f()", id="endless call"),
    pytest.param(
        "import threading as t; x = t.Lock(); y = x.acquire() and x.acquire()", id="deadlock"
    ),
]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker(sys.executable, Limits(seconds=4, megabytes=2048))
    yield worker
    worker.close()


def _session(worker: Worker, folder: Path, name: str, source: str) -> WorkerSession:
    path = folder / name
    path.write_text(source)
    return WorkerSession(worker, path, folder)


def _assert_answers(session: WorkerSession) -> None:
    session.build("Net")
    (x,) = session.inputs().inputs
    assert x.dims == ("N", 1, "L")
    assert session.run({"N": 2, "L": 16}, "cpu").shapes == ((2, 1, 15),)
    trace = session.trace({"N": 2, "L": 16}, {"L": (1, None)})
    assert [s.at({"N": 2, "L": 16}) for s in trace.outputs[0]] == [2, 1, 15]


def test_a_good_file(worker: Worker, tmp_path: Path) -> None:
    _assert_answers(_session(worker, tmp_path, "good.py", GOOD))


@pytest.mark.parametrize(("line", "kind", "text"), ENDINGS)
def test_a_file_that_takes_its_process_down(
    worker: Worker, tmp_path: Path, line: str, kind: str, text: str
) -> None:
    bad = _session(worker, tmp_path, "bad.py", f"import torch\n{line}\n")
    with pytest.raises(Unanswered, match=text) as caught:
        bad.facts()
    assert caught.value.problem.kind == kind
    _assert_answers(_session(worker, tmp_path, "good.py", GOOD))


@pytest.mark.parametrize("line", HARMLESS)
def test_a_file_that_is_answered_all_the_same(worker: Worker, tmp_path: Path, line: str) -> None:
    odd = _session(worker, tmp_path, "odd.py", f"{GOOD}\n{line}\n")
    _assert_answers(odd)
    odd.close()
    _assert_answers(_session(worker, tmp_path, "good.py", GOOD))


def test_the_files_that_its_code_reads_are_told(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "widths.py").write_text("import json, colorsys\nWIDTH = 4\n")
    (tmp_path / "sizes.json").write_text("[1]")
    reads = f"""super().__init__()
        from widths import WIDTH
        json.load(open('{tmp_path}/sizes.json'))
        open('{tmp_path}/written', 'w')
        with contextlib.suppress(OSError):
            open('{tmp_path}/none.json')"""
    source = f"import contextlib, json\n{GOOD.replace('super().__init__()', reads)}"
    session = _session(worker, tmp_path, "net.py", source)
    session.build("Net")
    session.inputs()
    session.trace({"N": 2, "L": 16})
    names = ("net.py", "none.json", "sizes.json", "widths.py")
    session.close()
    assert session.sources == tuple(str(tmp_path / name) for name in names)


def test_a_model_that_hangs_at_one_size_answers_at_the_others(
    worker: Worker, tmp_path: Path
) -> None:
    hangs = "        while x.shape[-1] == 13:\n            pass\n        return"
    session = _session(worker, tmp_path, "net.py", GOOD.replace("        return", hangs))
    session.build("Net")
    session.inputs()
    with pytest.raises(Unanswered) as caught:
        session.run({"N": 2, "L": 13}, "cpu")
    assert caught.value.problem.kind == "timeout"
    assert session.run({"N": 2, "L": 16}, "cpu").shapes == ((2, 1, 15),)


def test_a_model_whose_time_is_up_leaves_the_next_file_alone(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = _session(worker, tmp_path, "slow.py", GOOD)
    slow.build("Net")
    monkeypatch.setattr(slow, "_spent", worker.limits.seconds)
    with pytest.raises(Unanswered, match="took longer than 4 s in all"):
        slow.inputs()
    _assert_answers(_session(worker, tmp_path, "good.py", GOOD))


def test_a_request_that_is_interrupted_leaves_the_next_file_alone(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted = _session(worker, tmp_path, "interrupted.py", GOOD)
    interrupted.build("Net")

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(worker, "_answer", interrupt)
        with pytest.raises(KeyboardInterrupt):
            interrupted.inputs()
    _assert_answers(_session(worker, tmp_path, "good.py", GOOD))


def test_what_was_asked_of_a_process_that_was_killed_is_passed_over() -> None:
    reads, writes = os.pipe()
    wire = serve.Wire(reads, os.dup(writes))
    for before in (b"", b'{"do": "inputs"}\n', b'alf of it"}\n'):
        os.write(writes, before + b'{"do": "open"}\n')
        assert wire.receive() == {"do": "open"}
    os.write(writes, b'alf of it"}\n')
    os.close(writes)
    os.close(wire.answers)
    assert wire.receive() is None


def test_the_last_of_what_is_printed_is_kept(worker: Worker, tmp_path: Path) -> None:
    source = "import os\nx = [print('x' * 10**4) for _ in range(10**3)]\ny = os._exit(1)\n"
    with pytest.raises(Unanswered):
        _session(worker, tmp_path, "loud.py", source).facts()
    assert len(worker.output) < 10**6


def test_failures_of_the_model_are_part_of_the_answer(worker: Worker, tmp_path: Path) -> None:
    session = _session(
        worker, tmp_path, "good.py", GOOD.replace("nn.Conv1d(1, 4, 3", "nn.Conv1d(1, 4, 9")
    )
    session.build("Net")
    session.inputs()
    run = session.run({"N": 2, "L": 3}, "cpu")
    assert not run.ok
    assert "Kernel size can't be greater than actual input size" in run.error
    failure = session.trace({"N": 2, "L": 3}).failure
    assert failure is not None
    assert failure.explained


def test_nothing_is_left_behind_when_the_client_is_killed(tmp_path: Path) -> None:
    (tmp_path / "hangs.py").write_text(
        f"import itertools, os, pathlib\n"
        f"x = pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        f"y = all(itertools.repeat(1))\n"
    )
    code = f"""
from pathlib import Path
from shapelint.client import Worker, WorkerSession
folder = Path({str(tmp_path)!r})
WorkerSession(Worker({sys.executable!r}), folder / "hangs.py", folder).facts()
"""
    client = subprocess.Popen([sys.executable, "-c", code])
    pid = _eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    client.kill()
    client.wait()
    assert _eventually(lambda: not _is_running(int(pid)))


def test_a_second_interrupt_waits_until_everything_is_cleaned_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = Worker(sys.executable)
    folder, clean = worker._temporary, shutil.rmtree
    assert os.path.isdir(folder)

    def interrupted(*args: Any, **kwargs: Any) -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        clean(*args, **kwargs)

    monkeypatch.setattr(shutil, "rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        worker.close()
    assert not os.path.exists(folder)


def _eventually(condition: Callable[[], Any]) -> Any:
    """The first true answer of ``condition``, or its last one after a minute."""
    for _ in range(600):
        if answer := condition():
            break
        time.sleep(0.1)
    return answer


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_file_is_opened_with_torch_out_of_the_way_of_its_garbage(
    worker: Worker, tmp_path: Path
) -> None:
    seen = "raise ValueError(gc.isenabled(), gc.get_freeze_count() > 10**5)"
    source = f"import gc\n{GOOD.replace('super().__init__()', seen)}"
    with pytest.raises(Unanswered, match=r"\(True, True\)"):
        _session(worker, tmp_path, "net.py", source).build("Net")


def test_a_worker_does_not_take_torch_apart_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", ["", "3", "4", "folder"])
    monkeypatch.setitem(sys.modules, "shapelint", shapelint)
    monkeypatch.setattr(serve, "serve", lambda *given: calls.append((given, gc.isenabled())))
    monkeypatch.setattr(os, "_exit", calls.append)
    try:
        runpy.run_path(str(Path(serve.__file__).with_name("__main__.py")), run_name="__main__")
    finally:
        gc.enable()
    assert calls == [((3, 4, "folder"), False), 0]


def test_a_python_that_is_none(tmp_path: Path) -> None:
    worker = Worker("/bin/false")
    with pytest.raises(NotStarted, match="/bin/false cannot import torch"):
        _session(worker, tmp_path, "good.py", GOOD).facts()
    worker.close()


# -- promises about imports -----------------------------------------------------------------

_CLIENT = "import shapelint.client, shapelint.project.discovery, shapelint.session"
_CHECK = "import sys; sys.exit('torch' in sys.modules)"


def _exit_code(code: str) -> int:
    return subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_the_client_never_imports_torch() -> None:
    assert _exit_code(f"{_CLIENT}; {_CHECK}") == 0


def test_the_test_above_can_fail() -> None:
    assert _exit_code(f"{_CLIENT}; import torch; {_CHECK}") == 1


def test_the_worker_sees_nothing_else_of_the_clients_environment(
    worker: Worker, tmp_path: Path
) -> None:
    """Its ``sys.path`` is what its interpreter has by itself, and the project."""
    source = f"import sys\nimport shapelint\n{GOOD}\nclass Path(nn.Module):\n"
    source += "    def __init__(self):\n        raise ValueError(sys.path)\n"
    source += "    def forward(self, x):\n        return x\n"
    session = _session(worker, tmp_path, "paths.py", source)
    with pytest.raises(Unanswered) as caught:
        session.build("Path")
    seen = set(ast.literal_eval(caught.value.problem.text.removeprefix("ValueError: ")))
    bare = [sys.executable, "-c", "import sys; print(sys.path)"]
    own = ast.literal_eval(subprocess.check_output(bare, text=True, cwd=tmp_path))
    assert seen - {str(tmp_path)} <= set(own)
