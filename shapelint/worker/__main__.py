"""Start of the worker: ``python …/shapelint/worker/__main__.py REQUESTS ANSWERS [FOLDER]``.

It runs in the project's interpreter, where shapelint need not be installed. The package is
therefore registered from where this file lies, without its parent folder on ``sys.path``: nothing
else from the client's environment can be imported here.
"""

import gc
import importlib.util
import os
import signal
import sys

_WORKER = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = os.path.dirname(_WORKER)


def register_package() -> None:
    """Make ``import shapelint`` mean the package this file belongs to."""
    sys.path[:] = [p for p in sys.path if os.path.abspath(p) != _WORKER]
    spec = importlib.util.spec_from_file_location(
        "shapelint",
        os.path.join(_PACKAGE, "__init__.py"),
        submodule_search_locations=[_PACKAGE],
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["shapelint"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    register_package()
    gc.disable()  # what importing torch makes stays: looking for garbage in it takes a tenth of it
    os.environ["PYTORCH_JIT"] = "0"  # what is scripted runs in C++, where no length is seen
    from shapelint.memory import lift_limit

    lift_limit()
    from shapelint.worker.serve import serve

    serve(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
    os._exit(0)  # taking torch apart takes half as long as importing it
