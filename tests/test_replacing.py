"""A file has the old text or the new one, whatever happens."""

from __future__ import annotations

import os
import resource
import signal
import stat
import sys
from pathlib import Path

import pytest

import shapelint.source.replacing
from shapelint.source.replacing import NotReplaced, replace_text, write_text

OLD, NEW = b"old\n" * 2000, b"new\n" * 3000


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.py"
    path.write_bytes(OLD)
    return path


def test_the_text_is_replaced_and_nothing_else_is_left_behind(model):
    model.chmod(0o640)
    before = model.stat()
    replace_text(str(model), OLD, NEW)
    assert model.read_bytes() == NEW
    after = model.stat()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert os.listdir(model.parent) == ["model.py"]


def test_a_symbolic_link_stays_one(model, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "link.py"
    link.symlink_to(model)
    replace_text(str(link), OLD, NEW)
    assert link.is_symlink()
    assert model.read_bytes() == NEW
    assert os.listdir(folder) == ["link.py"]


@pytest.mark.parametrize("there", [True, False], ids=["a file", "no file yet"])
def test_a_text_is_written_whole_or_not_at_all(model, there):
    """What does not fit into a file is refused by the system, as on a disk that is full."""
    before = os.listdir(model.parent)
    path = model if there else model.with_name("new.json")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(NEW) - 1, limit[1]))
    try:
        with pytest.raises(NotReplaced, match="not written: File too large"):
            write_text(str(path), NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert os.listdir(model.parent) == before
    assert model.read_bytes() == OLD
    write_text(str(path), NEW)
    assert path.read_bytes() == NEW


def changed(path: Path) -> None:
    path.write_bytes(OLD + b"# edited in the meantime\n")


def linked(path: Path) -> None:
    os.link(path, path.with_name("other.py"))


def gone(path: Path) -> None:
    path.unlink()


LEFT_ALONE = {
    "changed meanwhile": (changed, "changed meanwhile"),
    "several names": (linked, "hard links"),
    "gone": (gone, "No such file"),
}


@pytest.mark.parametrize(("spoil", "reason"), LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_a_file_that_is_not_what_it_was_is_left_alone(model, spoil, reason):
    spoil(model)
    there = {p.name: p.read_bytes() for p in model.parent.iterdir()}
    with pytest.raises(NotReplaced, match=reason):
        replace_text(str(model), OLD, NEW)
    assert {p.name: p.read_bytes() for p in model.parent.iterdir()} == there


def test_a_read_only_file_is_left_alone(model, monkeypatch):
    monkeypatch.setattr(shapelint.source.replacing.os, "access", lambda path, mode: False)
    with pytest.raises(NotReplaced, match="read-only"):
        replace_text(str(model), OLD, NEW)
    assert model.read_bytes() == OLD


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_disk_that_is_full_leaves_the_old_text(model, monkeypatch, step):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shapelint.source.replacing.os, step, full)
    with pytest.raises(NotReplaced, match="No space left"):
        replace_text(str(model), OLD, NEW)
    assert model.read_bytes() == OLD
    assert os.listdir(model.parent) == ["model.py"]


def test_a_change_between_the_two_looks_is_seen(model, monkeypatch):
    sync = os.fsync

    def edit_and_sync(descriptor):
        changed(model)
        sync(descriptor)

    monkeypatch.setattr(shapelint.source.replacing.os, "fsync", edit_and_sync)
    with pytest.raises(NotReplaced, match="changed meanwhile"):
        replace_text(str(model), OLD, NEW)
    assert model.read_bytes().startswith(OLD)
    assert os.listdir(model.parent) == ["model.py"]


def killed_after(lines: int, path: Path) -> bool:
    """Whether a process was killed before it came to its end, after so many lines of the module."""
    pid = os.fork()
    if pid == 0:
        left = lines

        def count(frame, event, argument):
            nonlocal left
            if event == "line" and frame.f_code.co_filename == shapelint.source.replacing.__file__:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return count

        sys.settrace(count)
        replace_text(str(path), OLD, NEW)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_line_leaves_the_old_or_the_new_text(model):
    texts = []
    for lines in range(1000):
        model.write_bytes(OLD)
        killed = killed_after(lines, model)
        texts.append(model.read_bytes())
        assert texts[-1] in (OLD, NEW), lines
        if not killed:
            break
    assert texts[0] == OLD
    assert texts[-1] == NEW
    assert len(texts) > 20
    first = texts.index(NEW)
    assert set(texts[first:]) == {NEW}
