"""The hook as people use it: pre-commit installs it from a repository, and a commit is blocked.

The environment is created once, from a repository made of this checkout; the package registry must
be reachable for that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reports import AE

ROOT = Path(__file__).parents[1]
SHIPPED = (".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml", "shapelint")
LARGEST = 100 * 2**20
"""Bytes that an environment may take: pre-commit.ci allows 250 MiB for all hooks together."""

CONFIG = """\
repos:
  - repo: {repo}
    rev: {rev}
    hooks:
      - id: {hook}
"""

FIXED = AE.replace("2, padding=1)\n\n", "2, padding=1, output_padding=1)\n\n")


@pytest.fixture(scope="session")
def environ(tmp_path_factory):
    """An active environment with torch, as `source bin/activate` leaves it, and a bare git."""
    home = tmp_path_factory.mktemp("pre-commit")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTHON"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    identity = {
        f"GIT_{who}_{key}": "t" for who in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")
    }
    bare = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return {**inherited, **identity, **bare, "PATH": path, "PRE_COMMIT_HOME": str(home)}


def run(environ: dict[str, str], folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environ, text=True, capture_output=True, check=False
    )


def committed(environ: dict[str, str], folder: Path) -> str:
    """Make a folder a repository with all its files in it; the commit."""
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all", "--no-verify"]):
        done = run(environ, folder, "git", *arguments)
        assert done.returncode == 0, done.stderr
    return run(environ, folder, "git", "rev-parse", "HEAD").stdout.strip()


@pytest.fixture(scope="session")
def tool(environ, tmp_path_factory):
    """A repository with what this checkout would ship, and its commit."""
    folder = tmp_path_factory.mktemp("tool")
    for name in SHIPPED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder, committed(environ, folder)


@pytest.fixture
def project(environ, tool, tmp_path):
    """A repository with a broken model, in which a hook blocks commits; made by its id."""

    def make(hook: str) -> Path:
        repo, rev = tool
        config = CONFIG.format(repo=repo.as_uri(), rev=rev, hook=hook)
        (tmp_path / ".pre-commit-config.yaml").write_text(config)
        committed(environ, tmp_path)
        done = run(environ, tmp_path, sys.executable, "-m", "pre_commit", "install")
        assert done.returncode == 0, done.stderr
        (tmp_path / "ae.py").write_text(AE)
        return tmp_path

    return make


def commit(environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    run(environ, folder, "git", "add", "-A")
    return run(environ, folder, "git", "commit", "-m", "a model")


def test_a_commit_is_blocked_until_the_model_is_fixed(environ, project):
    folder = project("shapelint")
    blocked = commit(environ, folder)
    assert blocked.returncode == 1, blocked.stderr
    assert "error[roundtrip-length]: output is 1 shorter than the input for every even L" in (
        blocked.stdout + blocked.stderr
    )
    (folder / "ae.py").write_text(FIXED)
    passed = commit(environ, folder)
    assert passed.returncode == 0, passed.stderr
    assert run(environ, folder, "git", "status", "--porcelain").stdout == ""

    home = Path(environ["PRE_COMMIT_HOME"])
    (environment,) = home.glob("repo*/py_env-*")
    packages = {path.name.partition("-")[0] for path in environment.rglob("*.dist-info")}
    assert {"shapelint", "click", "islpy", "networkx"} <= packages
    assert not packages & {"torch", "numpy", "sympy"}
    sizes = [path.lstat().st_size for path in environment.rglob("*")]
    assert 0 < sum(sizes) < LARGEST, f"{sum(sizes) / 2**20:.0f} MiB"


def test_without_torch_anywhere_the_hook_says_where_it_looked(environ, project, tmp_path_factory):
    folder = project("shapelint")
    run(environ, folder, sys.executable, "-m", "pre_commit", "install-hooks")
    without = tmp_path_factory.mktemp("bin")
    for name in ("git", "bash", "sh", "env", "python3"):
        target = shutil.which(name, path=environ["PATH"]) if name != "python3" else None
        if target:
            (without / name).symlink_to(target)
    (folder / ".git" / "hooks" / "pre-commit").write_text(
        f"#!/bin/sh\nPATH={without} exec {sys.executable} -m pre_commit run\n"
    )
    blocked = commit(environ, folder)
    assert blocked.returncode == 1
    told = blocked.stdout + blocked.stderr
    assert "error: no Python with torch was found; searched" in told
    assert "--python PATH" in told


def test_the_installed_shapelint_is_a_hook_as_well(environ, project, tmp_path):
    script = tmp_path / "bin" / "shapelint"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m shapelint "$@"\n')
    script.chmod(0o755)
    active = {**environ, "PATH": f"{script.parent}{os.pathsep}{environ['PATH']}"}
    folder = project("shapelint-system")
    assert commit(active, folder).returncode == 1
    (folder / "ae.py").write_text(FIXED)
    assert commit(active, folder).returncode == 0
