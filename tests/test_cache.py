"""What is remembered is what was found, as long as nothing has changed that it depends on."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shapelint import cache as module
from shapelint.cache import FOLDER, Cache, clean
from shapelint.config import Selection, Settings
from shapelint.digests import digest
from shapelint.lengths.conditions import divides
from shapelint.lengths.expr import symbol
from shapelint.model import Inspected, SizesInWords, Skipped
from shapelint.project.discovery import Place
from tests.reports import AE, ROUNDTRIP, target

ENVIRONMENT = ("/env/bin/python", "torch-2.13.0.dist-info")
SIZES = SizesInWords("L % 2 == 1", {"N": 1, "L": 1})
FILES = {
    "pyproject.toml": "",
    "model.py": AE,
    "blocks.py": "block = 1\n",
    "sizes.json": "[64, 128]",
    "train.py": "from model import AE\n\nmodel = AE()\n",
    "other.py": "import os\n",
    "README.md": "# A project\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


MODEL = Place(Path("model.py"))
DEFAULT = Settings()


def opened(environment: tuple[str, ...] = ENVIRONMENT) -> Cache:
    return Cache(Path(FOLDER), environment)


def asked(cache: Cache, **settings: object) -> tuple[Inspected | None, str]:
    """What it says about the model."""
    return cache.get(MODEL, Settings(**settings))


def found(*more: str) -> Inspected:
    """As if ``model.py`` had read some files of the project."""
    read = ("model.py", "blocks.py", "sizes.json", "not_there.json", *more)
    return Inspected(
        (target(valid_sizes=SIZES, roundtrip_sizes=SIZES), target("Big", "not-checked", "why")),
        (ROUNDTRIP,),
        (Skipped("model.py", 3, "a call of main()"),),
        ("AE",),
        tuple(os.path.abspath(name) for name in read),
    )


@pytest.fixture
def known(project: Path) -> Inspected:
    opened().put(MODEL, DEFAULT, found())
    return found()


def test_what_was_never_seen_is_not_known(project: Path) -> None:
    assert asked(opened()) == (None, "not in the cache")
    assert not Path(FOLDER).exists()


def write(name: str, text: str) -> Callable[[], object]:
    return lambda: Path(name).write_text(text)


UNCHANGED = {
    "nothing": lambda: None,
    "a file that has nothing to do with it": write("other.py", "import sys, os\n"),
    "a file is written again as it was": write("model.py", AE),
}


@pytest.mark.parametrize("change", UNCHANGED.values(), ids=UNCHANGED)
def test_the_same_is_found_again(known: Inspected, change: Callable[[], object]) -> None:
    change()
    assert asked(opened()) == (known, "from the cache")


BUILDS = "what builds its classes may have changed"
CHANGED = {
    "the file": (write("model.py", f"{AE}\n"), "model.py has changed"),
    "a module it imports": (write("blocks.py", "block = 2\n"), "blocks.py has changed"),
    "a file it reads": (write("sizes.json", "[64, 129]"), "sizes.json has changed"),
    "a file it reads is gone": (lambda: Path("sizes.json").unlink(), "sizes.json has changed"),
    "a file it looked for is there": (write("not_there.json", ""), "not_there.json has changed"),
    "how another file builds its class": (write("train.py", "AE(width=4)\n"), BUILDS),
    "another file builds its class too": (write("other.py", "import model\nmodel.AE()\n"), BUILDS),
    "the README builds its class": (write("README.md", "# A project with an AE\n"), BUILDS),
    "a new file": (write("new.py", ""), BUILDS),
    "a file less": (lambda: Path("other.py").unlink(), BUILDS),
}


@pytest.mark.parametrize(("change", "why"), CHANGED.values(), ids=CHANGED)
def test_what_it_depends_on_has_changed(
    known: Inspected, change: Callable[[], object], why: str
) -> None:
    change()
    assert asked(opened()) == (None, why)


SAME = {
    "the output": {"output_format": "json", "verbose": True, "fail_on": "never"},
    "the interpreter by another name": {"python": "python3"},
    "which files are linted too": {"paths": ("models", "model.py")},
}
OTHER = {
    "the rules": {"selections": (Selection(select=("ALL",)),)},
    "the sizes": {"lengths": (divides(2, symbol("L")),)},
    "the arguments": {"args": {"width": 4}},
    "the time": {"timeout": 1.0},
}


@pytest.mark.parametrize("settings", SAME.values(), ids=SAME)
def test_settings_that_change_nothing_in_what_is_found(known: Inspected, settings) -> None:
    assert asked(opened(), **settings) == (known, "from the cache")


@pytest.mark.parametrize("settings", OTHER.values(), ids=OTHER)
def test_settings_that_make_it_another_question(known: Inspected, settings) -> None:
    assert asked(opened(), **settings)[0] is None


def test_one_model_of_a_file_is_another_question(known: Inspected) -> None:
    assert opened().get(Place(Path("model.py"), "AE"), DEFAULT) == (None, "not in the cache")


def test_another_folder_is_another_question(known: Inspected, tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    (tmp_path / "sub").mkdir()
    os.chdir(tmp_path / "sub")
    assert Cache(folder, ENVIRONMENT).get(Place(Path("../model.py")), DEFAULT)[0] is None


NEWER = {
    "another torch": lambda patch: opened((ENVIRONMENT[0], "torch-2.14.0.dist-info")),
    "another shapelint": lambda patch: patch.setattr(module, "__version__", "9.9") or opened(),
    "another checkout": lambda patch: patch.setattr(module, "_checkout", lambda: ["x"]) or opened(),
}


@pytest.mark.parametrize("newer", NEWER.values(), ids=NEWER)
def test_another_installation_finds_out_by_itself(
    known: Inspected, newer: Callable[[pytest.MonkeyPatch], Cache], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(newer(monkeypatch)) == (None, "what is installed has changed")


def test_what_may_not_happen_again_is_not_kept(project: Path) -> None:
    opened().put(MODEL, DEFAULT, replace(found(), sources=()))
    assert not Path(FOLDER).exists()


def test_a_file_written_during_the_run_is_looked_at_again(project: Path) -> None:
    running = opened()
    later = os.stat("blocks.py").st_mtime + 3600
    os.utime("blocks.py", (later, later))
    running.put(MODEL, DEFAULT, found())
    assert asked(opened())[0] is None


# -- a cache does no harm -------------------------------------------------------------------


def entry() -> Path:
    (file,) = (Path(FOLDER) / "files").iterdir()
    return file


def sealed(body: str) -> bytes:
    return f"{digest(body.encode())}\n{body}".encode()


def altered(change: Callable[[dict[str, object]], object]) -> bytes:
    body = json.loads(entry().read_bytes().partition(b"\n")[2])
    change(body)
    return sealed(json.dumps(body))


DAMAGE = {
    "empty": lambda: b"",
    "cut off": lambda: entry().read_bytes()[:-20],
    "one byte differs": lambda: entry().read_bytes().replace(b"shorter", b"longer."),
    "no text": lambda: os.urandom(1000),
    "somebody else's JSON": lambda: sealed("[1, 2]"),
    "another format": lambda: altered(lambda e: e.pop("stamp")),
    "a field too many": lambda: altered(lambda e: e["inspected"].update(more=1)),
    "a field of another kind": lambda: altered(lambda e: e["inspected"].update(targets=7)),
}


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
def test_a_name_that_is_no_text_is_one_of_a_file(known: Inspected, project: Path) -> None:
    (project / "\udcff.py").write_text("import model")
    opened().put(MODEL, DEFAULT, known)
    assert asked(opened()) == (known, "from the cache")


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_done_without_and_replaced(
    known: Inspected, content: Callable[[], bytes]
) -> None:
    entry().write_bytes(content())
    assert asked(opened()) == (None, "not readable in the cache")
    opened().put(MODEL, DEFAULT, known)
    assert asked(opened()) == (known, "from the cache")


def test_a_folder_that_cannot_be_written_is_done_without(project: Path) -> None:
    Path(FOLDER).write_text("a file")
    running = opened()
    running.put(MODEL, DEFAULT, found())
    assert asked(running)[0] is None
    assert running.problem.startswith(f"{FOLDER} cannot be written: ")


def test_a_full_disk_leaves_nothing_half_written(
    known: Inspected, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    running = opened()
    running.put(MODEL, DEFAULT, replace(known, skipped=()))
    assert running.problem == f"{FOLDER} cannot be written: No space left on device"
    assert [p.suffix for p in (project / FOLDER / "files").iterdir()] == [".json"]


def test_a_folder_that_could_not_be_finished_is_finished_later(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limit[1]))
    try:
        running = opened()
        running.put(MODEL, DEFAULT, found())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert running.problem == f"{FOLDER} cannot be written: File too large"
    running.put(MODEL, DEFAULT, found())
    test_git_and_backups_pass_it_over(found())


def test_many_at_once_see_all_or_nothing(known: Inspected) -> None:
    seen = []

    def work() -> None:
        for _ in range(20):
            opened().put(MODEL, DEFAULT, known)
            seen.append(asked(opened())[0])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [known] * 80


def test_git_and_backups_pass_it_over(known: Inspected) -> None:
    assert (Path(FOLDER) / ".gitignore").read_text() == "*\n"
    tag = (Path(FOLDER) / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_cleaning_deletes_a_cache_and_nothing_else(known: Inspected, project: Path) -> None:
    assert not clean(project)
    assert clean(Path(FOLDER))
    assert {p.name for p in project.iterdir()} == set(FILES)
    assert not clean(Path(FOLDER))


# -- whole runs -----------------------------------------------------------------------------

RUN = """
import sys
from shapelint.cli import run
code = run(["check", "model.py", "-v", "--output-format", "json", *sys.argv[1:]])
heavy = ("torch", "islpy", "networkx", "subprocess")
print(code, *(name for name in heavy if name in sys.modules), file=sys.stderr)
"""


def run(*arguments: str) -> tuple[str, str, str]:
    """The report, where it comes from, and the exit code with the heavy modules imported."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, check=True
    )
    lines = done.stderr.splitlines()
    return done.stdout, lines[0].partition(": ")[2], lines[-1]


def test_an_answer_from_the_cache_is_the_same_and_starts_nothing(project: Path) -> None:
    first = run()
    assert first[1:] == ("not in the cache", "1 islpy subprocess")
    assert run() == (first[0], "from the cache", "1")
    assert run("--no-cache")[::2] == (first[0], "1 islpy subprocess")
