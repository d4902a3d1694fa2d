"""Which files are looked at, and to which project they belong."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.project.discovery import (
    may_hold_models,
    places,
    project_files,
    project_root,
    python_files,
)


def test_files_that_are_walked(root: Path) -> None:
    found = [str(p.relative_to(root)) for p in python_files(root)]
    assert found == [
        "broken.py",
        "lit.py",
        "train.py",
        "models/unet.py",
        "src/pkg/__init__.py",
        "src/pkg/mod.py",
    ]


ARGUMENTS = [
    pytest.param("models/unet.py", [("models/unet.py", "")], id="file"),
    pytest.param("models", [("models/unet.py", "")], id="folder"),
    pytest.param("models/unet.py:UNet", [("models/unet.py", "UNet")], id="class in a file"),
    pytest.param("models.unet:UNet", [("models/unet.py", "UNet")], id="object in a module"),
    pytest.param("pkg.mod:x", [("src/pkg/mod.py", "x")], id="module below src"),
    pytest.param("pkg:y", [("src/pkg/__init__.py", "y")], id="package"),
    pytest.param(
        "lib/site-packages/a.py", [("lib/site-packages/a.py", "")], id="skipped, but named"
    ),
]


@pytest.mark.parametrize(("argument", "wanted"), ARGUMENTS)
def test_places(
    root: Path, monkeypatch: pytest.MonkeyPatch, argument: str, wanted: list[tuple[str, str]]
) -> None:
    monkeypatch.chdir(root)
    found = [(p.path.absolute(), p.target) for p in places(argument, root)]
    assert found == [(root / path, target) for path, target in wanted]


@pytest.mark.parametrize(
    "argument", ["nowhere.py", "nowhere", "models.nowhere:UNet", "nowhere.py:X"]
)
def test_places_that_do_not_exist(root: Path, argument: str) -> None:
    with pytest.raises(FileNotFoundError):
        list(places(argument, root))


def test_the_root_is_where_the_project_file_is(root: Path) -> None:
    assert project_root(root / "src" / "pkg" / "mod.py") == root


def test_without_a_project_file_the_root_is_above_the_package(tmp_path: Path) -> None:
    inner = tmp_path / "pkg" / "sub"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent):
        (folder / "__init__.py").touch()
    assert project_root(inner / "mod.py") == tmp_path


UNPACKED = [
    pytest.param("other/README.md", "work/models", id="nothing above says so"),
    pytest.param("work/README.md", "work", id="README above"),
    pytest.param("work/models/requirements.txt", "work/models", id="the nearest"),
    pytest.param("work/train.py", "work", id="imported by a script beside the folder"),
    pytest.param("work/other.py", "work/models", id="a script that has nothing to do with it"),
]


@pytest.mark.parametrize(("file", "root"), UNPACKED)
def test_root_of_an_unpacked_archive(tmp_path: Path, file: str, root: str) -> None:
    (tmp_path / "work" / "models").mkdir(parents=True)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("import modelset" if "other" in file else "from models.a import A")
    assert project_root(tmp_path / "work" / "models" / "a.py") == tmp_path / root


INSIDE = [
    pytest.param("", "setup.cfg", False, id="folder of projects"),
    pytest.param("setup.cfg", "setup.cfg", True, id="project with a package of its own"),
    pytest.param("setup.cfg", ".git", False, id="project with a checkout of another"),
]


@pytest.mark.parametrize(("above", "inside", "own"), INSIDE)
def test_projects_inside_a_folder(tmp_path: Path, above: str, inside: str, own: bool) -> None:
    (tmp_path / "part").mkdir()
    for name in ("part/a.py", f"part/{inside}", "b.py", above or "notes"):
        (tmp_path / name).touch()
    found = {str(p.relative_to(tmp_path)) for p in project_files(tmp_path, ".py")}
    assert found == ({"b.py", "part/a.py"} if own else {"b.py"})


MENTIONS = [
    pytest.param(b"from torch import nn", True, id="torch and nn"),
    pytest.param(b"import torch\nclass A(torch.nn.Module): pass", True, id="dotted"),
    pytest.param(b"import torch\nx = torch.zeros(1)", False, id="torch without modules"),
    pytest.param(b"from tensorflow import nn", False, id="another library"),
]


@pytest.mark.parametrize(("source", "answer"), MENTIONS)
def test_quick_look(source: bytes, answer: bool) -> None:
    assert may_hold_models(source) is answer
