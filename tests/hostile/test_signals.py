"""A signal ends a run at any moment, and what it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.hostile.test_files import alive, start

_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
_MOMENTS = {signal.SIGINT: (0, 1, 3), signal.SIGTERM: (0.5, 2), signal.SIGKILL: (1.5,)}


@pytest.mark.parametrize(
    ("number", "seconds"),
    [pytest.param(n, s, id=f"{n.name} {s}") for n, moments in _MOMENTS.items() for s in moments],
)
def test_a_signal_at_any_moment(project: Path, number: signal.Signals, seconds: float) -> None:
    mark = uuid.uuid4().hex
    run = start(project, mark=mark)
    _wait_for(lambda: len(alive(mark)) > 1)  # the worker is there
    time.sleep(seconds)
    run.send_signal(number)
    _, errors = run.communicate()
    ended = (1, -number)  # it had come to its end, or was past the handler
    assert run.returncode in (_CODES[number], *ended)
    assert "Traceback" not in errors
    assert _wait_for(lambda: not alive(mark))
    assert _wait_for(lambda: not os.listdir(project / "temporary"))


def test_an_interrupt_before_there_is_a_command_line(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text(f"import os\nos.kill(os.getpid(), {signal.SIGINT:d})\n")
    done = subprocess.run(
        [sys.executable, "-m", "shapelint"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")


TELL = "os.kill(os.getpid(), NUMBER)"
DROPPED = {
    "a callback of a weak reference": f"""
class A: pass
a = A()
reference = weakref.ref(a, lambda _: {TELL})
del a
""",
    "the end of an object": f"""
class A:
    def __del__(self): {TELL}
A()
""",
    "a function that C calls": f"ctypes.CFUNCTYPE(None)(lambda: {TELL})()",
    "what is done anyway": f"""
try: {TELL}
except BaseException: pass
""",
}
"""Where Python drops an exception, and goes on."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("code", DROPPED.values(), ids=DROPPED)
def test_a_signal_where_no_exception_would_be_heard(number: signal.Signals, code: str) -> None:
    told = "from shapelint.signals import end_when_told; end_when_told()"
    lines = ("import ctypes, os, weakref", told, code, "print('it goes on')")
    source = "\n".join(lines).replace("NUMBER", str(int(number)))
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=False)
    said = b"\ninterrupted\n" if number == signal.SIGINT else b""
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, b"", said)


def _wait_for(condition: object) -> bool:
    """Whether a condition comes true within a minute."""
    for _ in range(600):
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.1)
    return False
