"""What was found out about files in earlier runs, so that unchanged ones need no torch.

One file of JSON for each linted file, below ``.shapelint_cache``. It is used again if nothing has
changed that it depends on: the files that the model's code read (the worker watches what it opens),
how the rest of the project builds its classes, what is installed where the models run, shapelint
itself, and the settings. What depends on something else (an environment variable, the network, a
file of an installed package edited by hand) needs ``--no-cache``.

A cache never does harm: each file begins with a digest of the rest and is replaced as a whole, and
what cannot be read or written is done without.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapelint import __version__, stored
from shapelint.config import Settings
from shapelint.digests import digest
from shapelint.model import Inspected
from shapelint.project.discovery import Place, project_root, stamp
from shapelint.signals import blocked

if TYPE_CHECKING:
    from shapelint.project.classes import Project

FOLDER = ".shapelint_cache"
"""Name of the default cache folder, in the root of the project."""

_ABOUT_OUTPUT = frozenset(
    (
        *("paths", "include", "exclude", "respect_gitignore", "per_file_ignores"),
        *("python", "jobs", "cache", "cache_dir", "baseline", "update_baseline"),
        *("output_format", "outputs", "statistics", "quiet", "verbose", "color"),
        *("fail_on", "fail_on_skipped", "exit_zero"),
    )
)
"""Settings that change nothing in what is found out; the interpreter is told by what it has."""

_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# https://bford.info/cachedir/\n"

_HERE = Path(__file__).parent


class _Surroundings:
    """The project that a file belongs to, as it was when first asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stamp = stamp(root)

    @cached_property
    def _project(self) -> Project:
        from shapelint.project.classes import Project

        return Project(self.root)

    def mentions(self, names: Iterable[str]) -> str:
        """A text that changes when the rest of the project uses these names in another way."""
        return self._project.mentions(names)


class Cache:
    """The answers of earlier runs, in one folder."""

    def __init__(self, folder: Path, environment: Sequence[str]) -> None:
        self.folder = folder
        self._started = time.time()
        self._maker = digest(json.dumps([__version__, _checkout(), *environment]).encode())
        self._roots: dict[Path, _Surroundings] = {}
        self.problem = ""
        """Why nothing can be kept, in words."""

    def get(self, place: Place, settings: Settings) -> tuple[Inspected | None, str]:
        """What is known about a place, None if it has to be looked at; and why, in words."""
        try:
            entry = _checked(self._file(place, settings).read_bytes())
            why = self._outdated(entry, place)
            return (None, why) if why else (stored.decode(entry["inspected"]), "from the cache")
        except FileNotFoundError:
            return None, "not in the cache"
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None, "not readable in the cache"

    def put(self, place: Place, settings: Settings, inspected: Inspected) -> None:
        """Remember what was found out, unless it may be something else the next time."""
        try:
            sources = {path: _digest_of(path) for path in inspected.sources}
            if not sources or any(map(self._written_meanwhile, sources)):
                return
            project = self._project(place)
            entry = {
                "maker": self._maker,
                "sources": sources,
                "stamp": project.stamp,
                "mentions": project.mentions(inspected.classes),
                "inspected": stored.encode(inspected),
            }
            self._write(self._file(place, settings), json.dumps(entry).encode())
        except OSError as exc:
            self.problem = f"{self.folder} cannot be written: {exc.strerror or exc}"

    def _file(self, place: Place, settings: Settings) -> Path:
        names = (f.name for f in dataclasses.fields(settings) if f.name not in _ABOUT_OUTPUT)
        asked = [(name, repr(getattr(settings, name))) for name in names]
        key = [os.getcwd(), str(place.path), place.target, asked]
        return self.folder / "files" / f"{digest(json.dumps(key).encode())}.json"

    def _outdated(self, entry: Mapping[str, Any], place: Place) -> str:
        """Why an entry does not hold any more; empty if it does."""
        if entry["maker"] != self._maker:
            return "what is installed has changed"
        for path, before in entry["sources"].items():
            if _digest_of(path) != before:
                return f"{os.path.relpath(path)} has changed"
        project, classes = self._project(place), entry["inspected"]["classes"]
        if entry["stamp"] != project.stamp and entry["mentions"] != project.mentions(classes):
            return "what builds its classes may have changed"
        return ""

    def _project(self, place: Place) -> _Surroundings:
        root = project_root(place.path)
        return self._roots.setdefault(root, self._roots.get(root) or _Surroundings(root))

    def _written_meanwhile(self, path: str) -> bool:
        return os.path.exists(path) and os.path.getmtime(path) > self._started

    def _write(self, file: Path, content: bytes) -> None:
        """Write all or nothing, even if another process writes the same file."""
        import tempfile

        _prepare(self.folder)
        with blocked():
            handle, name = tempfile.mkstemp(dir=file.parent)
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(digest(content).encode() + b"\n" + content)
                os.replace(name, file)
            except BaseException:
                os.unlink(name)
                raise


def number_of_entries(folder: Path) -> int:
    """How many files have an entry there, outdated or not."""
    return len(list((folder / "files").glob("*.json")))


def clean(folder: Path) -> bool:
    """Delete a cache. False if there is none; only a folder that shapelint made is deleted."""
    if not (folder / "CACHEDIR.TAG").is_file() or not (folder / "files").is_dir():
        return False
    import shutil

    shutil.rmtree(folder)
    return True


def _prepare(folder: Path) -> None:
    """Make the folder: git is to ignore it, and backups too (https://bford.info/cachedir/)."""
    if not (folder / "files").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n")
        (folder / "CACHEDIR.TAG").write_text(_TAG)
        (folder / "files").mkdir(exist_ok=True)  # last: it says that the others are there


def _checked(content: bytes) -> dict[str, Any]:
    """An entry that is as it was written. Raises ValueError."""
    written, _, body = content.partition(b"\n")
    if digest(body).encode() != written:
        raise ValueError("not what was written")
    entry: dict[str, Any] = json.loads(body)
    return entry


def _digest_of(path: str) -> str:
    """The digest of a file's content; empty if there is no such file."""
    try:
        return digest(Path(path).read_bytes())
    except OSError:
        return ""


def _checkout() -> list[str]:
    """When the files of a checkout were written: there the version says little."""
    if not (_HERE.parent / ".git").exists():
        return []
    walk = sorted((folder, *files) for folder, _, files in os.walk(_HERE))
    sources = (os.path.join(at, f) for at, *files in walk for f in sorted(files) if f[-3:] == ".py")
    return [f"{path} {os.stat(path).st_mtime_ns}" for path in sources]
