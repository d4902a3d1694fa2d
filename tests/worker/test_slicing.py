from __future__ import annotations

import ast

import pytest

from shapelint.worker.loading.slicing import optional_imports, slice_source

KEPT = [
    pytest.param("import torch", id="import"),
    pytest.param("from .blocks import Down", id="relative import"),
    pytest.param("def f(x):\n    return train(x)", id="function, whatever its body does"),
    pytest.param("class Net(nn.Module):\n    pass", id="class"),
    pytest.param("WIDTHS = [8, 16]", id="constant"),
    pytest.param("model = Net(3).to(device)", id="instance moved to a device"),
    pytest.param("parser.add_argument('--width', default=8)", id="argument of a parser"),
    pytest.param("args = parser.parse_args()", id="arguments parsed"),
    pytest.param("layers.append(nn.ReLU())", id="list of layers extended"),
    pytest.param("for i in range(3):\n    layers.append(nn.ReLU())", id="loop that only builds"),
    pytest.param("pattern = re.compile('x')", id="re.compile compiles no model"),
    pytest.param("config = yaml.load(text)", id="yaml.load of a text loads no weights"),
    pytest.param(
        "try:\n    import apex\nexcept ImportError:\n    apex = None", id="optional import"
    ),
    pytest.param("if torch.cuda.is_available():\n    d = 'cuda'\nelse:\n    d = 'cpu'", id="if"),
    pytest.param("try:\n    import a\nexcept ImportError:\n    raise", id="an import insisted on"),
    pytest.param("load = lambda path: torch.load(path)", id="lambda is not called"),
]

SKIPPED = [
    pytest.param("print(model)", "called for its effect", id="print"),
    pytest.param("train(model)", "called for its effect", id="training by a function"),
    pytest.param("state = torch.load('x.pt')", "loads a file", id="weights"),
    pytest.param("loader = DataLoader(data)", "loads data", id="loader"),
    pytest.param("data = datasets.MNIST('.')", "loads data", id="data set"),
    pytest.param("data = f(g(open('x')))", "opens a file", id="open inside other calls"),
    pytest.param("net = nn.DataParallel(net)", "wraps a model", id="data parallel"),
    pytest.param("for b in data:\n    loss = net(b)\n    loss.backward()", "a loop", id="training"),
    pytest.param("while True:\n    pass", "a block", id="while"),
    pytest.param("with open('x') as f:\n    y = f.read()", "a block", id="with"),
    pytest.param("name = input()", "reads standard input", id="input"),
    pytest.param("assert False", "not needed", id="assert"),
    pytest.param("if __name__ == '__main__':\n    main()", "runs only as a script", id="main"),
]


def _slice(source: str) -> tuple[list[str], list[str]]:
    sliced = slice_source(ast.parse(source))
    return [ast.unparse(s) for s in sliced.body], [reason for _, reason in sliced.skipped]


@pytest.mark.parametrize("source", KEPT)
def test_kept_as_it_is(source: str) -> None:
    assert _slice(source) == ([ast.unparse(ast.parse(source))], [])


@pytest.mark.parametrize(("source", "reason"), SKIPPED)
def test_skipped_with_a_reason(source: str, reason: str) -> None:
    kept, reasons = _slice(source)
    assert kept == []
    assert len(reasons) == 1
    assert reasons[0].startswith(reason)


def test_blocks_are_sliced_inside() -> None:
    kept, reasons = _slice("if fast:\n    width = 8\n    print(width)\nelse:\n    print('slow')")
    assert kept == ["if fast:\n    width = 8"]
    assert reasons == ["called for its effect"] * 2


def test_a_block_left_empty_is_still_a_block() -> None:
    kept, _ = _slice(
        "try:\n    print(1)\nexcept ImportError:\n    print(2)\nfinally:\n    print(3)"
    )
    assert kept == ["try:\n    pass\nexcept ImportError:\n    pass"]


def test_imports_whose_absence_is_handled() -> None:
    source = "import a\ntry:\n    import b\nexcept ImportError:\n    import c\n"
    source += "try:\n    import d\nexcept KeyError:\n    pass"
    assert optional_imports(ast.parse(source)) == {3}
