"""Replaces the text of a file in one step: readers see all of the old text or all of the new.

The text goes to a new file in the same folder, reaches the disk, and takes the place of the old
one by ``rename(2)``, which POSIX defines to be atomic; ``os.replace`` is that on every system. What
is killed on the way leaves the old file, and at worst a hidden one beside it.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress

from shapelint.signals import blocked

CHANGED = "left alone, it was changed meanwhile"


class NotReplaced(Exception):
    """A file was left as it was, and why."""


def replace_text(path: str, before: bytes, after: bytes) -> None:
    """Write ``after`` to a file that holds ``before``; its mode and owner stay.

    A symbolic link stays one: the file it leads to is replaced. Raises NotReplaced for a file that
    was changed meanwhile, cannot be written, has further hard links, or does not fit on the disk.
    """
    real = os.path.realpath(path)
    try:
        known = _unchanged(real, before)
        with blocked():  # else a hidden file may be left
            written = _written_beside(real, after, known)
            try:
                _unchanged(real, before)
                os.replace(written, real)
            except BaseException:
                with suppress(OSError):
                    os.unlink(written)
                raise
        _reach_disk(os.path.dirname(real))
    except OSError as exc:
        raise _not_written(exc) from exc


def write_text(path: str, text: bytes) -> None:
    """Write a file, whether there is one or not, whole or not at all. Raises NotReplaced."""
    try:
        with open(path, "rb") as file:
            before = file.read()
    except FileNotFoundError:
        _write_new(os.path.realpath(path), text)
    except OSError as exc:
        raise _not_written(exc) from exc
    else:
        replace_text(path, before, text)


def _write_new(path: str, text: bytes) -> None:
    try:
        with blocked(), open(path, "xb") as file:
            try:
                file.write(text)
                file.flush()
            except BaseException:
                os.unlink(path)
                raise
    except OSError as exc:
        raise _not_written(exc) from exc


def _not_written(exc: OSError) -> NotReplaced:
    return NotReplaced(f"not written: {exc.strerror or exc}")


def _unchanged(real: str, before: bytes) -> os.stat_result:
    with open(real, "rb") as file:
        if file.read() != before:
            raise NotReplaced(CHANGED)
    if not os.access(real, os.W_OK):
        raise NotReplaced("left alone, it is read-only")
    known = os.stat(real)
    if known.st_nlink > 1:
        raise NotReplaced("left alone, it has several names (hard links)")
    return known


def _written_beside(real: str, text: bytes, known: os.stat_result) -> str:
    """A file in the same folder with this text, and mode and owner of the known one."""
    folder, name = os.path.split(real)
    descriptor, written = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".tmp")
    try:
        with open(descriptor, "wb") as file:
            file.write(text)
            _give_owner(file.fileno(), known)
            os.chmod(written, stat.S_IMODE(known.st_mode))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            os.unlink(written)
        raise
    return written


def _give_owner(descriptor: int, known: os.stat_result) -> None:
    now = os.fstat(descriptor)
    if hasattr(os, "fchown") and (now.st_uid, now.st_gid) != (known.st_uid, known.st_gid):
        os.fchown(descriptor, known.st_uid, known.st_gid)


def _reach_disk(folder: str) -> None:
    """Let the new name survive a power cut; not every system can sync a folder."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
