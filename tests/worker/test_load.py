"""Files as they are found in the wild: what of them is there once they are loaded."""

from __future__ import annotations

import pytest

from shapelint.process import Unanswered
from tests.worker.conftest import Ask

NET = """
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self, width=8):
            super().__init__()
            self.conv = nn.Conv2d(3, width, 3)

        def forward(self, x):
            return self.conv(x)
"""

LOADS = [
    pytest.param("", id="nothing else in the file"),
    pytest.param("print('hello'); raise_this()", id="effects"),
    pytest.param("for i in range(10**12):\n    train(i)", id="training at import"),
    pytest.param("while True:\n    pass", id="endless loop"),
    pytest.param("answer = input()", id="reads stdin in a slice that is left out"),
    pytest.param("x = 1 / 0", id="a constant that raises"),
    pytest.param("import sys\ncode = sys.exit(3)", id="sys.exit in an assignment"),
    pytest.param("import wandb_is_not_installed as w\nw.init()", id="missing package, not needed"),
    pytest.param("model = Net().cuda()\nmodel.eval()", id="moved to a device that is not there"),
    pytest.param("model = Net()\nmodel.load_state_dict(torch.load('x.pt'))", id="weights missing"),
    pytest.param("data = torch.linspace(0, 1, 4).tolist()", id="values, which meta has not"),
    pytest.param(
        "import argparse\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--width', type=int, default=8)\nargs = parser.parse_args()\n"
        "model = Net(args.width)",
        id="command line",
    ),
]


def _with(lines: str) -> str:
    return NET + "".join(f"\n    {line}" for line in lines.splitlines())


@pytest.mark.parametrize("lines", LOADS)
def test_the_class_is_found_and_built(ask: Ask, lines: str) -> None:
    session = ask(_with(lines))
    assert [c.name for c in session.facts().classes] == ["Net"]
    assert session.build("Net", (4,)).parameters == 4 * 3 * 9 + 4


PARSED = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--out", required=True)
parser.add_argument("--width", type=int, default=16)
args = parser.parse_args()
model = Net(args.width)
"""


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("model = Net(16).to('cuda')", id="on a device that is not there"),
        pytest.param(PARSED, id="of a command line that nobody gave what it requires"),
    ],
)
def test_instances_are_targets_too(ask: Ask, lines: str) -> None:
    session = ask(_with(lines))
    (model,) = session.facts().modules
    assert (model.name, model.class_name, model.kind) == ("model", "Net", "instance")
    assert session.build("model").parameters == 16 * 3 * 9 + 16


def test_what_is_no_model_of_its_own(ask: Ask) -> None:
    lines = "a = Net()\nb = Net()\nloss = nn.MSELoss()\nact = nn.ReLU()\n"
    lines += "y = loss(act(a(x)))\nz = b(a(x))"
    assert [m.name for m in ask(_with(lines)).facts().modules] == ["a", "b"]


def test_factories_without_arguments(ask: Ask) -> None:
    session = ask(
        _with("def tiny():\n    net = Net(2)\n    return net\ndef other(x):\n    return Net(x)")
    )
    assert [(m.name, m.kind) for m in session.facts().modules] == [("tiny", "factory")]
    assert session.build("tiny").class_name == "Net"


def test_instances_called_in_a_row_are_one_model(ask: Ask) -> None:
    session = ask("""
        import torch
        from torch import nn
        encoder = nn.Sequential(nn.Conv1d(1, 8, 3, 2, 1))
        decoder = nn.Sequential(nn.ConvTranspose1d(8, 1, 3, 2, 1))
        unused = nn.Linear(2, 2)
        def step(x):
            z = encoder(x)
            return decoder(z)
    """)
    composed = [m for m in session.facts().modules if m.kind == "composed"]
    assert [(m.name, m.line) for m in composed] == [("encoder -> decoder", 9)]
    session.build("encoder -> decoder")
    assert [i.dims for i in session.inputs().inputs] == [("N", 1, "L")]
    assert session.run({"N": 2, "L": 16}, "cpu").shapes == ((2, 1, 15),)


def test_skipped_statements_are_remembered(ask: Ask) -> None:
    inner = "def make():\n    class Inner(nn.Module):\n        pass\n    return Inner()"
    skipped = ask(_with(f"print('hello')\nx = 1 / 0\n{inner}")).facts().skipped
    assert [(s.text, s.reason) for s in skipped] == [
        ("print('hello')", "called for its effect"),
        ("x = 1 / 0", "ZeroDivisionError: division by zero"),
        ("class Inner", "defined inside of make"),
    ]


REGISTRIES = [
    pytest.param("from nowhere import MODELS\n@MODELS.register()", id="not installed"),
    pytest.param("from registry import register\n@register", id="takes a class once"),
]


@pytest.mark.parametrize("lines", REGISTRIES)
@pytest.mark.parametrize("definition", ["class Y(Net):\n    pass", "def Y():\n    return Net()"])
def test_what_is_registered_is_built_on_every_device(ask: Ask, lines: str, definition: str) -> None:
    registry = """
        known = []
        def register(kind):
            assert kind.__name__ not in known
            known.append(kind.__name__)
            return kind
    """
    session = ask(_with(f"{lines}\n{definition}"), registry=registry)
    session.build("Y")
    session.inputs()
    sizes = {"N": 2, "H": 8, "W": 8}
    assert [session.run(sizes, d).shapes for d in ("meta", "cpu")] == [((2, 8, 6, 6),)] * 2


def test_methods_do_without_decorators_of_missing_packages(ask: Ask) -> None:
    lines = "from nowhere import checked\nimport contextlib\nclass Y(Net):\n"
    lines += "    @checked(on=True)\n    def log(self): pass\n"
    lines += "    @contextlib.contextmanager\n    def scope(self): yield\n"
    lines += "    @property\n    def width(self): return 3\n"
    lines += "    def forward(self, x):\n        with self.scope():\n"
    lines += "            return x[..., : self.width]"
    session = ask(_with(lines))
    session.build("Y")
    session.inputs()
    ran = session.run({"N": 2, "C": 3, "H": 8, "W": 8})
    assert ran.shapes == ((2, 3, 8, 3),), ran


REASONS = [
    pytest.param("import nowhere\nx = nowhere.f()", "Y(x)", "nowhere", "missing", id="stub called"),
    pytest.param(
        "from nowhere import Base\nclass Y(Base):\n    pass", "Y", "nowhere", "missing", id="base"
    ),
    pytest.param(
        "def Y():\n    import sys\n    sys.exit(2)", "Y", "exits with status 2", "error", id="exit"
    ),
    pytest.param("def Y():\n    return input()", "Y", "EOFError", "error", id="reads stdin"),
    pytest.param("def Y():\n    return Y()", "Y", "RecursionError", "error", id="recursion"),
    pytest.param(
        "def Y():\n    raise KeyboardInterrupt", "Y", "KeyboardInterrupt", "error", id="interrupt"
    ),
    pytest.param(
        "def Y():\n    return bytearray(10**11)", "Y", "MemoryError", "error", id="memory"
    ),
    pytest.param("def Y():\n    return 3", "Y", "not an nn.Module", "error", id="no module"),
    pytest.param("Y = 3", "Y", "not an nn.Module", "error", id="not even callable"),
    pytest.param("def Y():\n    return Net('8')", "Y", "TypeError", "error", id="wrong argument"),
]


@pytest.mark.parametrize(("lines", "target", "text", "kind"), REASONS)
def test_what_cannot_be_built_says_why(
    ask: Ask, lines: str, target: str, text: str, kind: str
) -> None:
    lines = lines if target == "Y" else f"{lines}\ndef Y():\n    return {target}"
    session = ask(_with(lines))
    with pytest.raises(Unanswered, match=text) as caught:
        session.build("Y")
    assert caught.value.problem.kind == kind
    assert session.build("Net").class_name == "Net"


MISSING = [
    pytest.param("from nowhere import fold", "fold(x)", "needs nowhere", "missing", id="package"),
    pytest.param("", "fold(x)", "NameError: name 'fold'", "error", id="name"),
    pytest.param(
        "from nowhere import fast\nfold = fast()",
        "fold(x)",
        "fold .line 14. was passed over: needs nowhere",
        "missing",
        id="name that a package gives",
    ),
    pytest.param(
        "import other", "other.fold(x)", "fold .line 2. was passed over", "missing", id="module"
    ),
]


@pytest.mark.parametrize(("lines", "returned", "text", "kind"), MISSING)
def test_what_is_missing_in_forward_is_no_fact_about_sizes(
    ask: Ask, lines: str, returned: str, text: str, kind: str
) -> None:
    lines += f"\nclass Y(Net):\n    def forward(self, x):\n        return {returned}"
    session = ask(_with(lines), other="import nowhere\nfold = nowhere.load()")
    session.build("Y")
    with pytest.raises(Unanswered, match=text) as caught:
        session.inputs()
    assert caught.value.problem.kind == kind


def test_a_local_name_that_a_loop_leaves_unset_is_a_fact_about_sizes(ask: Ask) -> None:
    lines = "class Y(Net):\n    def forward(self, x):\n        for i in range(x.size(2) // 9):"
    session = ask(_with(f"{lines}\n            y = x\n        return y"))
    session.build("Y")
    session.inputs()
    failure = session.trace({"N": 2, "C": 3, "H": 8, "W": 8}).failure
    assert failure is not None
    assert failure.error.startswith("UnboundLocalError")


def test_the_reason_points_at_the_users_line(ask: Ask) -> None:
    session = ask("from torch import nn\n\ndef build():\n    return nn.Conv2d(0.5, 'x')\n")
    with pytest.raises(Unanswered) as caught:
        session.build("build")
    problem = caught.value.problem
    assert (problem.path, problem.line) == (str(session.path), 4)
    assert "torch/nn" not in problem.details


def test_syntax_errors_have_a_line(ask: Ask) -> None:
    with pytest.raises(Unanswered, match="SyntaxError") as caught:
        ask("import torch\nx = = 1\n").facts()
    assert caught.value.problem.line == 2


PACKAGE = {
    "pkg__INIT": "",
    "pkg__sub__INIT": "",
    "pkg__blocks": "from torch import nn\nprint(1)\nDown = nn.ReLU",
}

IMPORTS = [
    pytest.param("from ..blocks import Down", PACKAGE, id="relative"),
    pytest.param("from pkg.blocks import Down", PACKAGE, id="absolute from the project root"),
    pytest.param(
        "from ..blocks import Down", {"pkg__blocks": PACKAGE["pkg__blocks"]}, id="no __init__"
    ),
    pytest.param(
        "from blocks import Down", {"pkg__sub__blocks": PACKAGE["pkg__blocks"]}, id="beside"
    ),
]


@pytest.mark.parametrize(("line", "others"), IMPORTS)
def test_imports_resolve_as_in_the_project(ask: Ask, line: str, others: dict[str, str]) -> None:
    session = ask(f"{line}\ndef build():\n    return Down()\n", "pkg/sub/model.py", **others)
    assert session.build("build").class_name == "ReLU"


def test_modules_of_the_project_do_not_train_when_imported(ask: Ask) -> None:
    session = ask("from other import Net", other=_with("while True:\n    pass"))
    assert session.build("Net").class_name == "Net"
    assert session.facts().classes == ()


def test_optional_packages_are_not_stubbed(ask: Ask) -> None:
    session = ask("""
        from torch import nn
        import importlib.util
        try:
            import nowhere
        except ImportError:
            nowhere = None
        fast = importlib.util.find_spec("nowhere") is not None
        model = nn.ReLU() if nowhere is None and not fast else nowhere.Fast()
    """)
    assert session.build("model").class_name == "ReLU"


def test_packages_that_are_insisted_on_are_stubbed(ask: Ask) -> None:
    session = ask("""
        try:
            import nowhere
            from torch import nn
        except ImportError as exc:
            print(exc)
            raise
        model = nn.ReLU()
    """)
    assert session.build("model").class_name == "ReLU"


def test_config_objects_are_filled_in_and_said(ask: Ask) -> None:
    session = ask("""
        from dataclasses import dataclass
        from torch import nn
        @dataclass
        class Config:
            width: int = 8
        class Net(nn.Module):
            def __init__(self, config: Config):
                super().__init__()
                self.layer = nn.Linear(3, config.width)
            def forward(self, x):
                return self.layer(x)
    """)
    assert session.build("Net").assumed == ("config = Config()",)


def test_spans_of_layers_built_at_the_top_of_the_file(ask: Ask) -> None:
    session = ask("from torch import nn\n\nmodel = nn.Sequential(\n    nn.Conv1d(1, 8, 3),\n)\n")
    session.build("model")
    session.inputs()
    conv = session.trace({"N": 2, "L": 16}).nodes[-1]
    assert conv.layer_span is not None
    assert (conv.layer_span.path, conv.layer_span.line) == (str(session.path), 4)


def test_classes_that_cannot_run_are_left_out(ask: Ask) -> None:
    session = ask("""
        from abc import abstractmethod
        from torch import nn
        class NoForward(nn.Module):
            pass
        class Base(nn.Module):
            @abstractmethod
            def forward(self, x): ...
        class Net(Base):
            def forward(self, x):
                return x
    """)
    assert [c.name for c in session.facts().classes] == ["Net"]


def test_parameters_are_reported(ask: Ask) -> None:
    (net,) = ask(NET).facts().classes
    assert [(p.name, p.default) for p in net.parameters] == [("width", "8")]
    assert [(p.name, p.default) for p in net.forward] == [("x", None)]
    assert net.line == 5


def test_distributions_do_not_look_at_values(ask: Ask) -> None:
    session = ask("""
        import torch
        from torch import nn
        class Sampler(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(4, 4)
            def forward(self, x):
                return torch.distributions.Normal(self.layer(x), -1.0).loc
    """)
    session.build("Sampler")
    session.inputs()
    assert session.trace({"N": 2}).failure is None
    assert session.run({"N": 2}, "cpu").shapes == ((2, 4),)


def test_weights_are_not_looked_for(ask: Ask) -> None:
    lines = "def Y():\n    net = Net()\n    net.load_state_dict(torch.load('x.pt'))\n    return net"
    assert ask(_with(lines)).build("Y").class_name == "Net"


WANTS = """
import torch
from torch import nn

class Pretrained(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(3, 3)
        open("no_such_folder/weights")

    def forward(self, x):
        return self.net(x)

class Loss(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = Pretrained().eval()
        {more}

    def forward(self, x):
        return self.features(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.loss = Loss()
        state = torch.load("no_such_folder/checkpoint")["state_dict"]
        self.load_state_dict({{k: v for k, v in state.items()}})

    def forward(self, x):
        return self.layer(x)
"""


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        pytest.param("", {"Net", "Linear", "Loss"}, id="the innermost one"),
        pytest.param("self.features.net.bias = None", {"Net", "Linear"}, id="what works with it"),
    ],
)
def test_parts_that_want_what_is_not_there_are_left_out(
    ask: Ask, more: str, kept: set[str]
) -> None:
    session = ask(WANTS.format(more=more))
    built = session.build("Net")
    assert {part.class_name for part in built.parts if "left_out" not in part.path} == kept
    assert built.parameters == 4 * 4 + 4
    assert "could not be built: FileNotFoundError" in built.assumed[0]
    session.inputs()
    assert session.run({"N": 2}, "cpu").shapes == ((2, 4),)


def test_a_model_is_not_run_through_what_was_left_out(ask: Ask) -> None:
    session = ask(WANTS.format(more=""))
    session.build("Loss")
    with pytest.raises(Unanswered, match=r"^Pretrained could not be built: FileNotFoundError"):
        session.inputs()
    with pytest.raises(Unanswered, match=r"^FileNotFoundError"):
        session.build("Pretrained")
