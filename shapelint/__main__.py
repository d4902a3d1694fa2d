"""``python -m shapelint``, and the ``shapelint`` command."""

import os
import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line. An interrupt during its imports simply ends the process."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _open_what_is_closed()
    from shapelint.cli import main

    main()


def _open_what_is_closed() -> None:
    """Open closed standard streams on the null device, so that no other file becomes one."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r", closefd=False))


if __name__ == "__main__":
    main()
