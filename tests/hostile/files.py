"""Files that do everything but define a model quietly, and what is said about each.

Every file holds a model; ``said`` is None where that model is linted all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

_TEMPLATE = """
import torch
from torch import nn
import os, signal, sys, threading, time

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {init}
        self.down = nn.Conv1d(1, 4, 3, 2, 1)
        self.up = nn.ConvTranspose1d(4, 1, 3, 2, 1)

    def forward(self, x):
        {forward}
        return self.up(self.down(x))

{top}
"""


def _net(top: str = "", init: str = "pass", forward: str = "pass") -> bytes:
    return _TEMPLATE.format(top=top, init=init, forward=forward).encode()


GOOD = _net()


@dataclass(frozen=True)
class Case:
    """A file, and the rule and the words that its diagnostic has."""

    reason: str
    source: bytes
    rule: str = "roundtrip-length"
    said: str = ""


def _import(reason: str, top: str, rule: str = "roundtrip-length", said: str = "") -> Case:
    return Case(f"import {reason}", _net(top), rule, said)


def _init(reason: str, init: str, rule: str = "cannot-construct", said: str = "") -> Case:
    return Case(f"constructor {reason}", _net(init=init), rule, said)


def _forward(reason: str, forward: str, rule: str = "cannot-trace", said: str = "") -> Case:
    return Case(f"forward {reason}", _net(forward=forward), rule, said)


_SEGFAULT = "__import__('ctypes').string_at(0)"
_BUILTINS = "__import__('builtins')"
_NO_FILES = "__import__('resource').setrlimit(__import__('resource').RLIMIT_NOFILE, (3, 3))"
_ALARM = "signal.setitimer(signal.ITIMER_REAL, 0.001); time.sleep(0.1)"
_ENDLESS_IN_C = "all(__import__('itertools').repeat(1))"
_STUBBORN = (
    "\n        while True:\n            try:\n                while True: pass\n"
    "            except BaseException: pass"
)

_CONTENT = (
    Case("byte order mark", b"\xef\xbb\xbf" + GOOD),
    Case("old line ends of a Mac", GOOD.replace(b"\n", b"\r")),
    Case("syntax error", GOOD + b"def (:\n", "import-failed", "syntax (syntax_error.py, line 18)"),
    Case("unknown encoding", b"# -*- coding: nosuch -*-\n" + GOOD, "import-failed", "nosuch"),
    Case("encoding of no text", b"# coding: rot13\n" + GOOD, "import-failed", "text encoding"),
    Case("wrong encoding", GOOD + b"x = '\xff\xfe'\n", "import-failed", "SyntaxError"),
    Case("binary", b"\x7fELF torch nn" + bytes(range(256)), "import-failed", "null bytes"),
    Case("nested too deep", GOOD + b"x = " + b"-" * 50_000 + b"1", "import-failed", "Error"),
    Case("long chain", GOOD + b"x = a" + b".b" * 20_000, "import-failed", "Error"),
    Case("relative import of nothing", b"from . import nothing\n" + GOOD),
    Case("relative import beyond the top", b"from .....far import nothing\n" + GOOD),
    Case("one_of_a_circle", b"from the_other_of_a_circle import Net as Other\n" + GOOD),
    Case("the_other_of_a_circle", b"from one_of_a_circle import Net as Other\n" + GOOD),
    Case("package/__init__", b"from .part import Net as Part\n" + GOOD),
    Case("package/inside", b"from . import part\nfrom ..outside import no\n" + GOOD),
    Case("package/part", b"from .inside import Net as Other\nfrom ...far import no\n" + GOOD),
    Case("missing package", b"import nosuchpackage\nfrom nosuch.part import Thing\n" + GOOD),
    Case(
        "missing base class",
        b"from nosuchpackage import Base\n" + GOOD.replace(b"nn.Module", b"Base"),
        "cannot-construct",
        "needs nosuchpackage, which is not installed",
    ),
    Case(
        "class body that raises",
        GOOD.replace(b"class Net(nn.Module):", b"class Net(nn.Module):\n    width = 1 // 0"),
        "cannot-construct",
        "ZeroDivisionError",
    ),
    Case(
        "metaclass that raises",
        GOOD.replace(b"class Net(nn.Module)", b"class Net(nn.Module, metaclass=M)").replace(
            b"import os", b"class M(type):\n    def __call__(cls): raise OSError('no')\nimport os"
        ),
        "cannot-construct",
        "OSError: no",
    ),
    Case(
        "annotation that no size meets",
        b"from jaxtyping import Float\n"
        + GOOD.replace(b"forward(self, x)", b"forward(self, x: Float[torch.Tensor, 'n -1 l'])"),
        "cannot-trace",
        "no sizes are as its inputs are annotated",
    ),
    Case(
        "default that cannot be printed",
        GOOD.replace(b"self, x)", b"self, x, y=type('', (), {'__repr__': lambda y: 1 // 0})())"),
    ),
    Case(
        "forward without self",
        GOOD.replace(b"forward(self, x)", b"forward()"),
        "cannot-trace",
        "invalid method signature",
    ),
)

_IMPORTS = (
    _import("prints", "x = [print('x' * 10**5) for _ in range(100)]"),
    _import("reads stdin", "x = sys.stdin.read()"),
    _import("exits", "x = sys.exit(3)"),
    _import("exits hard", "x = os._exit(3)", "worker-crashed", "ended with status 3"),
    _import("is interrupted", "x = exec('raise KeyboardInterrupt')"),
    _import("raises GeneratorExit", "x = exec('raise GeneratorExit')"),
    _import("starts threads", "x = threading.Thread(target=time.sleep, args=(1e5,)).start()"),
    _import("starts a process", "x = __import__('subprocess').Popen(['sleep', '98765'])"),
    _import(
        "starts a daemon",
        "x = __import__('subprocess').Popen(['sleep', '98765'], start_new_session=True)",
    ),
    _import("forks", "x = os.fork()"),
    _import("forks many", "x = [os.fork() for _ in range(4)]"),
    _import("forks a sleeper", "x = os.fork() or time.sleep(98765)"),
    _import("starts a pool", "x = __import__('multiprocessing').get_context('fork').Pool(2)"),
    _import("changes folder", "x = os.chdir('/')"),
    _import("changes umask", "x = os.umask(0o777)"),
    _import("ignores signals", "x = [signal.signal(s, signal.SIG_IGN) for s in (2, 14, 15)]"),
    _import("sets an alarm", "x = signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)"),
    _import("patches torch", "x = setattr(torch, 'zeros', None)"),
    _import("patches a layer", "x = setattr(nn.functional, 'conv1d', None)", "cannot-trace"),
    _import("patches Module", "x = setattr(nn.Module, '__call__', None)", "cannot-trace", "Type"),
    _import("patches len", f"x = setattr({_BUILTINS}, 'len', None)", "worker-crashed", "status 1"),
    _import("patches sorted", f"x = setattr({_BUILTINS}, 'sorted', None)", "import-failed", "Type"),
    _import("patches read", "x = setattr(os, 'read', None)", "worker-crashed", "status 1"),
    _import("has no builtins", "__builtins__ = {}"),
    _import("takes any file for too many", f"x = {_NO_FILES}", "import-failed", "Too many open"),
    _import("forgets all modules", "x = sys.modules.clear()", "import-failed", "AttributeError"),
    _import("wants another device", "x = torch.set_default_device('cuda')"),
    _import("enters inference mode", "x = torch.inference_mode().__enter__()"),
    _import("turns the clock back", "x = setattr(time, 'monotonic', lambda: -1e9)"),
    _import("waits at exit", "x = __import__('atexit').register(time.sleep, 98765)"),
    _import("makes warnings errors", "x = __import__('warnings').simplefilter('error')"),
    _import("patches json", "x = setattr(__import__('json'), 'dumps', None)", "worker-crashed"),
    _import("patches os.write", "x = setattr(os, 'write', None)"),
    _import(
        "trains", "for step in range(10**9):\n    Net()(torch.zeros(1, 1, 8)).sum().backward()"
    ),
    _import("opens a socket", "x = __import__('socket').create_server(('127.0.0.1', 0))"),
    _import("writes a file", "x = open('written.txt', 'w').write('x')"),
    _import("leaves a temporary file", "x = __import__('tempfile').mkstemp()"),
    _import("changes the dtype", "x = torch.set_default_dtype(torch.float64)"),
    _import("limits recursion", "x = sys.setrecursionlimit(50)"),
    _import("traces", "x = sys.settrace(lambda *_: 1 // 0)"),
    _import("closes descriptors", "x = os.closerange(3, 4096)", "worker-crashed", "status 1"),
    _import("kills its parent", "x = os.kill(os.getppid(), 9)", "worker-crashed", "ended the proc"),
    _import("kills its group", "x = os.killpg(0, 9)", "worker-crashed", "SIGKILL"),
    _import("segfaults", f"x = {_SEGFAULT}", "worker-crashed", "SIGSEGV"),
    _import("allocates 100 GB", "x = torch.ones(100 * 2**28, device='cpu')"),
    _import("replaces itself", "x = sys.modules.__setitem__(__name__, 3)"),
    _import("forges answers", "x = [os.write(fd, b'{\"id\": 1}\\n[]\\n{') for fd in (4, 6)]"),
)

_MODELS = (
    _init("recurses", "type(self)()", said="RecursionError"),
    _init("exits", "sys.exit(4)", said="exits with status 4"),
    _init("exits hard", "os._exit(0)", "worker-crashed", "ended with status 0"),
    _init("is interrupted", "raise KeyboardInterrupt", said="KeyboardInterrupt"),
    _init("allocates 100 GB", "y = bytearray(100 * 2**30)", said="MemoryError"),
    _init("allocates a 100 GB tensor", "y = torch.empty(100 * 2**28)", "roundtrip-length"),
    _init("segfaults", _SEGFAULT, "worker-crashed", "SIGSEGV"),
    _init("aborts", "os.abort()", "worker-crashed", "SIGABRT"),
    _init("is killed", "os.kill(os.getpid(), 9)", "worker-crashed", "SIGKILL"),
    _init("says much", "raise ValueError('x' * 10**8)", said="ValueError: xxx"),
    _init(
        "raises what cannot be printed",
        "raise type('E', (Exception,), {'__str__': lambda self: 1 // 0})()",
        said="its text raises ZeroDivisionError",
    ),
    Case(
        "kernel of a billion",
        GOOD.replace(b"ConvTranspose1d(4, 1, 3, 2, 1)", b"ConvTranspose1d(4, 1, 10**9, 2, 1)"),
        said="longer than the input",
    ),
    Case(
        "layer that PyTorch refuses",
        GOOD.replace(b"nn.Conv1d(1, 4, 3, 2, 1)", b"nn.MaxPool1d(1.5)"),
        "cannot-trace",
        "must be tuple of ints",
    ),
    _init("is its own part", "self.part = nn.ModuleList([self])", said="RecursionError"),
    _init("forgets super", "del self._modules", said="AttributeError"),
    _forward("recurses", "self.forward(x)", said="RecursionError"),
    _forward("exits", "sys.exit(4)", said="exits with status 4"),
    _forward("exits hard", "os._exit(0)", "worker-crashed", "ended with status 0"),
    _forward("is interrupted", "raise KeyboardInterrupt", said="KeyboardInterrupt"),
    _forward("allocates 100 GB", "y = bytearray(100 * 2**30)", said="MemoryError"),
    Case(
        "forward allocates 100 GB at its end",
        GOOD.replace(b"self.up(self.down(x))", b"self.up(self.down(x)), bytearray(100 * 2**30)"),
        "cannot-trace",
        "MemoryError: ",
    ),
    _forward("segfaults", _SEGFAULT, "worker-crashed", "SIGSEGV"),
    _forward("aborts", "os.abort()", "worker-crashed", "SIGABRT"),
    _forward("says much", "raise ValueError('x' * 10**8)", said="ValueError: xxx"),
    _forward("returns itself in a list", "y = []; y.append(y); return y", said="RecursionError"),
    _forward("asks for an alarm", _ALARM, "worker-crashed", "SIGALRM"),
    _forward("forks", "y = os.fork()", "roundtrip-length"),
    _forward("changes the dtype", "torch.set_default_dtype(torch.bfloat16)", "roundtrip-length"),
    _forward("seeds", "torch.manual_seed(0)", "roundtrip-length"),
    _forward("iterates over a tensor", "next(x)", said="'Tensor' object is not an iterator"),
    Case("forward that yields", GOOD.replace(b"return self.up", b"yield self.up")),
    Case("forward to be awaited", GOOD.replace(b"def forward", b"async def forward")),
    Case(
        "forward that is a property",
        GOOD.replace(b"def forward(self, x)", b"@property\n    def forward(self)").replace(
            b"return self", b"return lambda x: self"
        ),
    ),
)

CASES = (*_CONTENT, *_IMPORTS, *_MODELS)

SLOW_CASES = (
    _import("never ends in C", f"x = {_ENDLESS_IN_C}", "timeout"),
    _import("stops itself", "x = os.kill(os.getpid(), signal.SIGSTOP)", "timeout"),
    Case("huge", GOOD + b"x = [" + b"1," * 5_000_000 + b"]\n", "timeout"),
    _init("never ends", "\n        while True: pass", "timeout"),
    _init("cannot be interrupted", _STUBBORN, "timeout"),
    _init("waits for itself", "y = threading.Lock(); y.acquire(); y.acquire()", "timeout"),
    _forward("never ends in C", _ENDLESS_IN_C, "timeout"),
    _forward("exits as if it were told to", "os._exit(86)", "timeout"),
    _forward("sleeps", "time.sleep(98765)", "timeout"),
    Case(
        "lock that is held after a fork",
        GOOD.replace(
            b"class Net",
            b"lock = threading.Lock()\n"
            b"holder = threading.Thread(target=lambda: lock.acquire() and time.sleep(98765))\n"
            b"started = [holder.start()]\n\n"
            b"class Net",
        ).replace(
            b"pass\n        return", b"os.waitpid(os.fork() or lock.acquire(), 0)\n        return"
        ),
        "timeout",
    ),
)
