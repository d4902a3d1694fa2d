"""``shapelint check``: what flags mean, where reports go, and exit codes."""

from pathlib import Path

import pytest

from shapelint.config import Output, merge
from shapelint.errors import NoInterpreter, UsageError
from shapelint.lengths.conditions import at_least, divides
from shapelint.lengths.expr import symbol
from shapelint.model import Input, Report
from shapelint.reporters import render
from shapelint.text.sources import Sources
from tests.reports import BROKEN, CLEAN, SKIPPED, finding, target

WARNED = Report((target(),), (finding("warning"),), 1)
INFORMED = Report((target(),), (finding("info"),), 1)

SAID = {
    "nothing said is the defaults": ([], {}),
    "a selection is split at commas and adds up": (
        ["--select", "SHP1,skip-length-mismatch", "--select", "SHP3"],
        {"select": ("SHP1", "skip-length-mismatch", "SHP3")},
    ),
    "rules can be ignored and made errors or warnings": (
        ["--ignore", "SHP101", "--error", "SHP2", "--warn", "ALL"],
        {"ignore": ("SHP101",), "error": ("SHP2",), "warn": ("ALL",)},
    ),
    "sizes are conditions": (
        ["--length", "H=32..", "--length", "W % 8 == 0"],
        {"lengths": (at_least(symbol("H"), 32), divides(8, symbol("W")))},
    ),
    "inputs are named by position unless they have a name": (
        ["--input", "N,3,H,W", "--input", "tokens=N,T:int64"],
        {
            "inputs": (
                Input("0", ("N", 3, "H", "W")),
                Input("tokens", ("N", "T"), "int64"),
            )
        },
    ),
    "arguments are values": (
        ["--arg", "channels=64", "--kwarg", "mode=full"],
        {"args": {"channels": 64}, "kwargs": {"mode": "full"}},
    ),
    "the interpreter and the time it gets": (
        ["--python", "env/bin/python", "--timeout", "2.5"],
        {"python": "env/bin/python", "timeout": 2.5},
    ),
    "answers of earlier runs": (
        ["--no-cache", "--cache-dir", "there"],
        {"cache": False, "cache_dir": Path("there")},
    ),
    "one run can write several reports": (
        ["-o", "json:r.json", "--output", "concise:-"],
        {"outputs": (Output("json", "r.json"), Output("concise", "-"))},
    ),
    "a drive or a port in a destination is no separator": (
        ["-o", "json:sub:r.json"],
        {"outputs": (Output("json", "sub:r.json"),)},
    ),
    "how to print": (
        ["--output-format", "json", "--statistics", "-q", "-v", "--color", "never"],
        {
            "output_format": "json",
            "statistics": True,
            "quiet": True,
            "verbose": True,
            "color": "never",
        },
    ),
    "what the exit code depends on": (
        ["--fail-on", "warning", "--fail-on-skipped", "--exit-zero"],
        {"fail_on": "warning", "fail_on_skipped": True, "exit_zero": True},
    ),
}


@pytest.fixture(autouse=True)
def any_selector(monkeypatch):
    """What selectors match is the business of ``shapelint.findings.selection``."""
    monkeypatch.setattr("shapelint.findings.selection.check_selectors", lambda settings: None)


@pytest.mark.parametrize(("flags", "fields"), SAID.values(), ids=SAID)
def test_flags_become_settings(engine, shapelint, flags, fields):
    code, _, err = shapelint("check", *flags, "model.py")
    assert (code, engine.settings) == (0, merge({"paths": ("model.py",), **fields})), err


SAME_COMMAND = {
    "a path": ["model.py"],
    "a flag first": ["--exit-zero", "model.py"],
    "a flag with a value first": ["--select", "SHP1", "model.py"],
    "a short flag first": ["-q", "model.py"],
    "an end of options": ["--", "model.py"],
    "a folder": ["."],
    "two paths": ["model.py", "."],
}


@pytest.mark.parametrize("arguments", SAME_COMMAND.values(), ids=SAME_COMMAND)
def test_check_is_the_default_command(engine, shapelint, arguments):
    told = shapelint(*arguments), engine.settings
    assert told == (shapelint("check", *arguments), engine.settings)
    assert told[0][0] == 0


def test_without_paths_the_working_directory_is_checked(engine, shapelint):
    shapelint("check")
    assert engine.settings.paths == (".",)


def test_a_word_that_is_the_name_of_a_command_is_the_command(engine, shapelint):
    """A file of that name can be given as ``./trace``."""
    code, _, err = shapelint("trace")
    assert (code, "Missing argument 'TARGET'" in err) == (2, True)


EXIT_CODES = {
    "nothing was found": (CLEAN, [], 0),
    "an error was found": (BROKEN, [], 1),
    "a warning is below the default threshold": (WARNED, [], 0),
    "a warning at the threshold": (WARNED, ["--fail-on", "warning"], 1),
    "an info never counts": (INFORMED, ["--fail-on", "warning"], 0),
    "an error where nothing counts": (BROKEN, ["--fail-on", "never"], 0),
    "an error and --exit-zero": (BROKEN, ["--exit-zero"], 0),
    "something was not checked": (SKIPPED, [], 0),
    "something was not checked and that counts": (SKIPPED, ["--fail-on-skipped"], 1),
    "that counts even where findings do not": (
        SKIPPED,
        ["--fail-on-skipped", "--fail-on", "never"],
        1,
    ),
    "everything was checked and that counts": (CLEAN, ["--fail-on-skipped"], 0),
}


@pytest.mark.parametrize(("report", "flags", "expected"), EXIT_CODES.values(), ids=EXIT_CODES)
def test_exit_codes(engine, shapelint, report, flags, expected):
    engine.report = report
    assert shapelint(*flags, "model.py")[0] == expected


PATHS = {
    "a file": "model.py",
    "a folder": ".",
    "a class in a file": "model.py:Net",
    "a nested object in a file": "model.py:nets.small",
    "an object of a module, which only an import can find": "pkg.models:Net",
}

WRONG_PATHS = {
    "a file that is not there": ("nope.py", "error: path not found: nope.py\n"),
    "a class in a file that is not there": ("nope.py:Net", "error: path not found: nope.py:Net\n"),
    "a command with a typo": ("trcae", "error: path not found: trcae; did you mean 'trace'?\n"),
    "a colon with nothing behind it": ("model.py:", "error: path not found: model.py:\n"),
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_paths_go_to_the_engine(engine, shapelint, path):
    assert shapelint(path)[0] == 0
    assert engine.settings.paths == (path,)


@pytest.mark.parametrize(("path", "message"), WRONG_PATHS.values(), ids=WRONG_PATHS)
def test_a_path_that_is_not_there_is_a_usage_error(engine, shapelint, path, message):
    assert shapelint("model.py", path) == (2, "", message)
    assert engine.settings is None


WRONG_FLAGS = {
    "unknown option": (["--slect", "x"], "No such option '--slect'"),
    "unknown format": (["--output-format", "xml"], "no output format 'xml'"),
    "unknown format of a file": (["-o", "xml:r"], "no output format 'xml'"),
    "a file without a name": (["-o", "json"], "write FORMAT:DEST"),
    "a dim that is none": (["--input", "N,-3"], "a dim is a size or a name such as H, not '-3'"),
    "an argument without a value": (["--arg", "channels"], "write name=value"),
    "sizes that cannot be read": (["--length", "H=wide"], "length 'H=wide'"),
    "no time at all": (["--timeout", "0"], "0.0 is not in the range"),
    "a colour": (["--color", "red"], "'red' is not one of"),
}


@pytest.mark.parametrize(("flags", "message"), WRONG_FLAGS.values(), ids=WRONG_FLAGS)
def test_a_wrong_flag_is_a_usage_error(engine, shapelint, flags, message):
    code, out, err = shapelint(*flags, "model.py")
    assert (code, out, engine.settings) == (2, "", None)
    assert message in err


def test_a_usage_error_of_the_engine_is_shown_as_it_is(engine, shapelint):
    engine.report = UsageError("no interpreter with torch; searched: .venv")
    told = shapelint("model.py")
    assert told == (2, "", "error: no interpreter with torch; searched: .venv\n")


def test_a_crash_is_called_a_bug_and_not_a_finding(engine, shapelint):
    engine.report = ZeroDivisionError("division by zero")
    code, out, err = shapelint("--exit-zero", "model.py")
    assert (code, out) == (101, "")
    assert err.startswith("Traceback (most recent call last):")
    assert "ZeroDivisionError: division by zero" in err
    assert err.splitlines()[-1].endswith(
        "This is a bug in shapelint, not in your model; please report it with the traceback above."
    )


def test_an_interrupt_is_not_a_finding(engine, shapelint, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "check", interrupted)
    assert shapelint("model.py")[0] == 130


def test_one_run_writes_several_reports(engine, shapelint, tmp_path):
    engine.report = BROKEN
    _, out, _ = shapelint(
        "--output-format", "concise", "-o", "json:r.json", "-o", "statistics:-", "model.py"
    )
    concise, statistics = (render(f, BROKEN, Sources()) for f in ("concise", "statistics"))
    assert out == concise + statistics
    assert (tmp_path / "r.json").read_text() == render("json", BROKEN, Sources())


SUMMARIZED = {
    "not without GitHub's format": ([], "before\n"),
    "beside annotations on standard output": (["--output-format", "github"], None),
    "beside annotations that go elsewhere": (["-o", "github:-"], None),
}


@pytest.mark.parametrize(("flags", "expected"), SUMMARIZED.values(), ids=SUMMARIZED)
def test_the_tables_are_added_to_the_summary_of_a_job(
    engine, shapelint, tmp_path, monkeypatch, flags, expected
):
    page = tmp_path / "summary.md"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    engine.report = BROKEN
    shapelint(*flags, "model.py")
    tables = render("markdown", BROKEN, Sources())
    assert page.read_text() == (expected or f"before\n{tables}")


def test_a_report_that_cannot_be_written_is_a_usage_error(engine, shapelint):
    code, _, err = shapelint("-o", "json:no/such/folder/r.json", "model.py")
    assert code == 2
    assert err == "error: cannot write no/such/folder/r.json: No such file or directory\n"


def test_a_summary_that_cannot_be_written_is_one_as_well(engine, shapelint, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "no/such/page.md")
    code, _, err = shapelint("--output-format", "github", "model.py")
    assert (code, err) == (2, "error: cannot write no/such/page.md: No such file or directory\n")


QUIET = {
    "a clean report": (CLEAN, False),
    "a finding": (BROKEN, True),
    "something that was not checked": (SKIPPED, True),
}


@pytest.mark.parametrize(("report", "printed"), QUIET.values(), ids=QUIET)
def test_quiet_prints_only_what_there_is_to_say(engine, shapelint, report, printed):
    engine.report = report
    assert shapelint("-q", "model.py")[1] == (render("full", report, Sources()) if printed else "")


def test_verbose_tells_about_every_model_on_stderr(engine, shapelint):
    engine.report = SKIPPED
    _, out, err = shapelint("-v", "model.py")
    assert out == render("full", SKIPPED, Sources())
    assert err == (
        "models/ae.py:AE(x: N, 1, L): proven\n"
        "models/ae.py:Big(x: N, 1, L): not checked: took longer than 60 s\n"
        "skipped models/ae.py:14: a call of main()\n"
    )


COLOR = {
    "no terminal": ([], {}, False),
    "FORCE_COLOR asks for it": ([], {"FORCE_COLOR": "1"}, True),
    "NO_COLOR wins": ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    "an empty NO_COLOR says nothing": ([], {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
    "always wins over NO_COLOR": (["--color", "always"], {"NO_COLOR": "1"}, True),
    "never wins over FORCE_COLOR": (["--color", "never"], {"FORCE_COLOR": "1"}, False),
}


@pytest.mark.parametrize(("flags", "environ", "painted"), COLOR.values(), ids=COLOR)
def test_colour(engine, shapelint, monkeypatch, flags, environ, painted):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    engine.report = BROKEN
    _, out, _ = shapelint(*flags, "-o", "full:report.txt", "model.py")
    assert out == render("full", BROKEN, Sources(), color=painted)
    assert Path("report.txt").read_text() == render("full", BROKEN, Sources())


def test_no_interpreter_with_torch_is_a_usage_error_that_lists_the_places(engine, shapelint):
    engine.report = NoInterpreter(("VIRTUAL_ENV: /a (has no torch)",))
    code, _, err = shapelint("model.py")
    assert code == 2
    assert err == (
        "error: no Python with torch was found; searched\n"
        "  VIRTUAL_ENV: /a (has no torch)\n"
        "install torch in one of them, or name your project's Python: --python PATH\n"
    )
