"""Workers that are none: they answer garbage, half an answer, too much, too late, or never."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from shapelint import stopwatch
from shapelint.client import WorkerSession
from shapelint.process import Limits, NotStarted, Unanswered, Worker
from shapelint.wire import WIRE_VERSION

_HELLO = f'say(b\'{{"hello": {WIRE_VERSION}}}\\n{{"child": 0}}\\n\')'
_REPLY = 'say(b\'{"id": "%s", "facts": %s}\\n\' % (request["id"].encode(), b\'PART\'))'

ANSWERS = [
    pytest.param("say(os.urandom(10**6) + b'\\n')", "gone", id="garbage"),
    pytest.param("say(b'[1, 2]\\n\"text\"\\nnull\\n{}\\n')", "gone", id="JSON that is no answer"),
    pytest.param("say(b'{\"id\": ')", "gone", id="half an answer"),
    pytest.param("say(b'x' * 10**9)", "an answer of more than 256 MiB", id="1 GB"),
    pytest.param("time.sleep(98765)", "took longer than 20 s", id="no answer"),
    pytest.param(_REPLY.replace("PART", "3"), "malformed answer", id="a number"),
    pytest.param(_REPLY.replace("PART", '{"path": []}'), "malformed answer", id="half the facts"),
]


@pytest.fixture
def python(tmp_path: Path) -> Path:
    return tmp_path / "python"


def _worker(python: Path, code: str, seconds: float = 20) -> Worker:
    lines = (
        f"#!{sys.executable}",
        "import json, os, sys, time",
        "requests, answers = map(int, sys.argv[2:4])",
        "def say(text):",
        "    text = memoryview(text)",
        "    while text: text = text[os.write(answers, text[:2**20]):]",
        code,
    )
    python.write_text("\n".join(lines))
    python.chmod(0o755)
    return Worker(str(python), Limits(seconds=seconds))


@pytest.mark.parametrize(("answer", "said"), ANSWERS)
def test_an_answer_that_is_none(python: Path, answer: str, said: str) -> None:
    seconds = 2 if "sleep" in answer else 20
    code = f"{_HELLO}\nrequest = json.loads(os.read(requests, 10**6))\n{answer}"
    worker = _worker(python, code, seconds)
    with pytest.raises(Unanswered, match=said.replace("20", str(seconds))):
        WorkerSession(worker, python, python.parent).facts()
    worker.close()


def test_an_answer_may_come_late_where_the_worker_is_kept_waiting(
    python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopwatch, "kept_waiting", lambda pid: time.monotonic() * 0.8)
    code = f"{_HELLO}\nrequest = json.loads(os.read(requests, 10**6))\ntime.sleep(1)"
    worker = _worker(python, f"{code}\n{_REPLY.replace('PART', '3')}", seconds=0.5)
    with pytest.raises(Unanswered, match="malformed answer"):
        WorkerSession(worker, python, python.parent).facts()
    worker.close()


HELLOS = [
    pytest.param("", "it ends with status 0 and says nothing\nwhat says .* torch'", id="nothing"),
    pytest.param("os._exit(3)", "torch: it ends with status 3 and says nothing", id="exits"),
    pytest.param("os.abort()", "torch: it is killed by signal 6 and says nothing", id="aborts"),
    pytest.param("print('no licence'); sys.exit(3)", "torch: no licence\n", id="exits with words"),
    pytest.param("import nosuchpackage", "No module named 'nosuchpackage'", id="raises"),
    pytest.param("say(b'{\"hello\": -1}\\n')", "another version of shapelint", id="other version"),
]


@pytest.mark.parametrize(("code", "said"), HELLOS)
def test_a_worker_that_does_not_start(python: Path, code: str, said: str) -> None:
    worker = _worker(python, code)
    with pytest.raises(NotStarted, match=said):
        WorkerSession(worker, python, python.parent).facts()
    worker.close()


def test_no_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(NotStarted, match="does not run on Windows"):
        Worker(sys.executable)
