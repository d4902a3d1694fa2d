"""Comments that silence findings, and the baseline, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NET = """\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv1d(1, 4, 3, 2, 1)
        self.up = nn.ConvTranspose1d(4, 1, 3, 2, 1)

    def forward(self, x):
        return self.up(self.down(x))
"""
DOWN, UP = "nn.Conv1d(1, 4, 3, 2, 1)", "nn.ConvTranspose1d(4, 1, 3, 2, 1)"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.shapelint]")
    return tmp_path


def linted(shapelint, *arguments: str) -> tuple[int, list[tuple[str, int]], list[str]]:
    """The exit code, the findings with their lines, and the names of what was silenced."""
    code, out, err = shapelint(*arguments, "--output-format", "json")
    assert code < 2, err
    report = json.loads(out)
    found = [(d["name"], d["line"]) for d in report["diagnostics"]]
    return code, found, [s["name"] for s in report["suppressed"]]


FOUND = [("roundtrip-length", 7)]
SILENT: list[tuple[str, int]] = []
IGNORE = "  # shapelint: ignore[roundtrip-length]"


def behind(text: str, comment: str) -> str:
    return NET.replace(text, f"{text}{comment}")


SOURCES = {
    "no comment": (NET, FOUND),
    "in a string it is none": (NET + '\nx = "# shapelint: file-ignore[roundtrip-length]"\n', FOUND),
    "another rule, which is unused then": (
        behind(UP, "  # shapelint: ignore[skip-length-mismatch]"),
        [("roundtrip-length", 7), ("unused-ignore", 7)],
    ),
    "at another line, unused as well": (
        behind("return self.up(self.down(x))", IGNORE),
        [("roundtrip-length", 7), ("unused-ignore", 10)],
    ),
    "at the decoder": (behind(UP, IGNORE), SILENT),
    "at the encoder": (behind(DOWN, IGNORE), SILENT),
    "by code": (behind(UP, "  # shapelint: ignore[SHP101]"), SILENT),
    "in lower case, with a reason": (
        behind(UP, "  #shapelint:ignore[shp101] -- odd L only"),
        SILENT,
    ),
    "behind another comment": (behind(UP, "  # noqa  # shapelint: ignore[SHP101]"), SILENT),
    "alone on the line before": (
        NET.replace(
            "self.up = ", "# shapelint: ignore[roundtrip-length] -- known\n        self.up = "
        ),
        SILENT,
    ),
    "in the file": ("# shapelint: file-ignore[roundtrip-length]\n" + NET, SILENT),
    "at the last line of a call": (
        NET.replace(UP, f"nn.ConvTranspose1d(\n            4, 1, 3, 2, 1,\n        ){IGNORE}"),
        SILENT,
    ),
    "at the first line of a call": (
        NET.replace(UP, f"nn.ConvTranspose1d({IGNORE}\n            4, 1, 3, 2, 1,\n        )"),
        SILENT,
    ),
    "one of two rules is unused": (
        behind(UP, "  # shapelint: ignore[skip-length-mismatch, roundtrip-length]"),
        [("unused-ignore", 7)],
    ),
    "a rule that is off is not called unused": (
        behind(UP, "  # shapelint: ignore[roundtrip-length, checkerboard-kernel]"),
        SILENT,
    ),
    "without a list it silences everything, and says so": (
        behind(UP, "  # shapelint: ignore"),
        [("blanket-ignore", 7)],
    ),
    "a rule that does not exist": (
        behind(UP, "  # shapelint: ignore[roundtrip-lenght]"),
        [("roundtrip-length", 7), ("unknown-rule", 7)],
    ),
    "a comment that does not exist": (
        behind(UP, "  # shapelint: ingore[roundtrip-length]"),
        [("roundtrip-length", 7), ("unknown-rule", 7)],
    ),
    "hygiene can be silenced for the file": (
        "# shapelint: file-ignore[unused-ignore]\n"
        + behind("return self.up(self.down(x))", IGNORE),
        [("roundtrip-length", 8)],
    ),
    "a class that is skipped is not linted": (
        NET.replace("(nn.Module):", "(nn.Module):  # shapelint: skip -- a sketch"),
        SILENT,
    ),
    "a skip where no model is linted": (
        behind(UP, "  # shapelint: skip"),
        [("roundtrip-length", 7), ("unused-ignore", 7)],
    ),
    "a skip of a class whose instance is linted": (
        NET.replace("(nn.Module):", "(nn.Module):  # shapelint: skip") + "\nnet = Net()\n",
        [("roundtrip-length", 7), ("unused-ignore", 3)],
    ),
}


def written(folder: Path, sources: list[str]) -> None:
    """Each source as a file of its own, ``net0.py`` and so on."""
    for i, source in enumerate(sources):
        (folder / f"net{i}.py").write_text(source)


def by_file(report: dict) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for d in report["diagnostics"]:
        found.setdefault(d["path"], []).append((d["name"], d["line"]))
    return found


def test_comments(project, shapelint):
    """All in one run, which costs one start of torch."""
    written(project, [source for source, _ in SOURCES.values()])
    report = json.loads(shapelint(".", "--output-format", "json")[1])
    found = by_file(report)
    silent = {s["path"] for s in report["suppressed"] if s["name"] == "roundtrip-length"}
    for i, (reason, (source, expected)) in enumerate(SOURCES.items()):
        assert found.get(f"net{i}.py", []) == expected, reason
        speaks = "roundtrip-length" in dict(expected) or "shapelint: skip" in source
        assert (f"net{i}.py" in silent) != speaks, reason


def test_what_is_skipped_is_said_and_what_is_named_is_linted(project, shapelint):
    (project / "net.py").write_text(SOURCES["a class that is skipped is not linted"][0])
    _, out, err = shapelint("net.py", "--verbose")
    assert out == "No models found in 1 file; --verbose says what was passed over\n"
    assert err.endswith("skipped net.py:3: Net (# shapelint: skip -- a sketch)\n")
    assert linted(shapelint, "net.py:Net")[1] == FOUND


def test_suppressed_findings_are_counted_and_told(project, shapelint):
    (project / "net.py").write_text(behind(UP, IGNORE + " -- odd L only"))
    _, out, err = shapelint("net.py", "--verbose")
    assert out == "Checked 1 model in 1 file: no findings, 1 suppressed\n"
    assert "suppressed net.py:7: roundtrip-length (comment: odd L only)\n" in err


LIST = {
    "the whole comment": ("  # shapelint: ignore[SHP302]", ""),
    "one of two": (
        "  # shapelint: ignore[SHP101, SHP302] -- because",
        "  # shapelint: ignore[SHP101] -- because",
    ),
    "behind another comment": ("  # noqa: E501  # shapelint: ignore[SHP302]", "  # noqa: E501"),
}


def test_the_fix_removes_what_is_unused(project, shapelint):
    alone = "# shapelint: file-ignore[SHP302] -- \u00fcbrig\n" + NET
    written(project, [alone, *(behind(UP, before) for before, _ in LIST.values())])
    report = json.loads(shapelint(".", "--output-format", "json")[1])
    fixed = {d["path"]: applied(d) for d in report["diagnostics"] if d["code"] == "SHP801"}
    expected = [NET, *(behind(UP, after) for _, after in LIST.values())]
    assert fixed == {f"net{i}.py": text for i, text in enumerate(expected)}


def applied(diagnostic: dict) -> str:
    """The file once the safe fix of an unused comment is applied."""
    (fix,) = diagnostic["fixes"]
    assert fix["applicability"] == "safe"
    (edit,) = fix["edits"]
    lines = Path(diagnostic["path"]).read_text().splitlines(keepends=True)
    start = sum(map(len, lines[: edit["line"] - 1])) + edit["column"] - 1
    end = sum(map(len, lines[: edit["end_line"] - 1])) + edit["end_column"] - 1
    text = "".join(lines)
    return text[:start] + edit["text"] + text[end:]


PART = """\
from torch import nn

class Half(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose1d(4, 1, 3, 2, 1)  # shapelint: ignore[roundtrip-length]

    def forward(self, x):
        return self.up(x)
"""
WHOLE = """\
from torch import nn
from part import Half

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv1d(1, 4, 3, 2, 1)
        self.rest = Half()

    def forward(self, x):
        return self.rest(self.down(x))
"""


def test_a_comment_that_another_file_needs_is_not_unused(project, shapelint):
    """Neither where both are linted nor where only its own file is."""
    (project / "part.py").write_text(PART)
    (project / "whole.py").write_text(WHOLE)
    assert linted(shapelint, ".")[1:] == (SILENT, ["roundtrip-length"])
    assert linted(shapelint, "part.py")[1] == SILENT
    assert linted(shapelint, "whole.py")[1:] == (SILENT, ["roundtrip-length"])


# -- baseline -----------------------------------------------------------------------------------

REPAIRED = NET.replace(UP, "nn.ConvTranspose1d(4, 1, 4, 2, 1)").replace("1, 4, 3, 2", "1, 4, 4, 2")

CHANGES = {
    "nothing": (NET, []),
    "lines that move": ("import os\n\n\n" + NET, []),
    "a comment comes before the baseline": (behind(UP, IGNORE), ["stale-baseline"]),
    "the mistake is repaired": (
        REPAIRED,
        ["residue-sensitive", "input-too-small", "stale-baseline"],
    ),
    "the model is gone": ("import torch\n", ["stale-baseline"]),
    "the file cannot be imported, so nothing is known": (
        NET.replace("from torch import nn", "from torch import nn\n1 +"),
        ["import-failed"],
    ),
}


def entries(path: str = "known.json") -> list[str]:
    """The entries of a baseline: file and rule of each."""
    found = json.loads(Path(path).read_text())["findings"]
    return [f"{e['target'].partition('.')[0]} {e['rule']}" for e in found]


def test_the_life_of_a_baseline(project, shapelint):
    """Written, used, left alone where nothing was linted, stale, pruned."""
    flags = ("--baseline", "known.json", "--output-format", "json")
    names = [f"net{i}" for i in range(len(CHANGES))]
    written(project, [NET] * len(CHANGES))
    code, out, err = shapelint(".", *flags, "--update-baseline")
    assert (code, json.loads(out)["diagnostics"]) == (0, [])
    assert err == f"known.json: lists {len(CHANGES)} of what was found\n"
    entry = '{"target": "net0.py:Net", "rule": "roundtrip-length", "modules": ["up", "down"]}'
    lines = Path("known.json").read_text().splitlines()
    assert lines[:2] == ['{"version": 1, "findings": [', f"{entry},"]
    assert entries() == [f"{name} roundtrip-length" for name in names]

    written(project, [source for source, _ in CHANGES.values()])
    (project / "new.py").write_text(NET)
    report = json.loads(shapelint(".", *flags)[1])
    told: dict[str, list[str]] = {}
    for d in report["diagnostics"]:
        told.setdefault(Path(d["target"]).name.partition(".")[0], []).append(d["name"])
        if d["name"] == "stale-baseline":
            at = Path(d["target"]).name.partition(":")[0]
            assert (d["path"], d["severity"]) == ("known.json", "error")
            assert at in lines[d["line"] - 1]
    expected = {name: said for name, (_, said) in zip(names, CHANGES.values()) if said}
    assert told == {**expected, "new": ["roundtrip-length"]}

    shapelint("new.py", *flags, "--update-baseline")
    names.remove("net4")  # gone, whatever is linted
    assert entries() == [*(f"{name} roundtrip-length" for name in names), "new roundtrip-length"]
    (project / "shapelint.toml").write_text('baseline = "known.json"')
    shapelint(".", "--update-baseline")
    assert entries() == [
        "net0 roundtrip-length",
        "net1 roundtrip-length",
        "net3 residue-sensitive",
        "net5 import-failed",
        "net5 roundtrip-length",
        "new roundtrip-length",
    ]


def test_the_baseline_of_the_config_file_is_relative_to_it(project, shapelint, monkeypatch):
    (project / "shapelint.toml").write_text('baseline = "known.json"')
    (project / "net.py").write_text(NET)
    (project / "sub").mkdir()
    monkeypatch.chdir(project / "sub")
    shapelint("../net.py", "--update-baseline")
    assert entries("../known.json") == ["net roundtrip-length"]


WRONG = {
    "a file that is not there": (
        None,
        ["--baseline", "no.json"],
        "error: baseline: no such file: no.json (--update-baseline writes it)\n",
    ),
    "no file to write to": (
        None,
        ["--update-baseline"],
        "error: --update-baseline: --baseline or the config file says which\n",
    ),
    "a folder that is not there": (
        None,
        ["--update-baseline", "--baseline", "no/known.json"],
        "error: baseline: no/known.json: not written: No such file or directory\n",
    ),
    "another version": (
        '{"version": 2, "findings": []}',
        ["--baseline", "b.json"],
        "error: baseline: b.json has version 2, expected 1\n",
    ),
    "no baseline": ("[]", ["--baseline", "b.json"], "error: baseline: b.json is not what "),
    "no JSON": ("{", ["--baseline", "b.json"], "error: baseline: b.json is not what "),
    "an entry that is none": (
        '{"version": 1, "findings": [{"target": 1, "rule": "x", "modules": []}]}',
        ["--baseline", "b.json"],
        "error: baseline: b.json is not what ",
    ),
}


@pytest.mark.parametrize(("content", "flags", "message"), WRONG.values(), ids=WRONG)
def test_a_baseline_that_makes_no_sense_is_a_usage_error(
    project, shapelint, content, flags, message
):
    (project / "net.py").write_text("import torch\n")
    if content is not None:
        (project / "b.json").write_text(content)
    code, out, err = shapelint("net.py", *flags)
    assert (code, out) == (2, "")
    assert err.startswith(message)
