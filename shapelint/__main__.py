"""``python -m shapelint``, and the ``shapelint`` command."""

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line. An interrupt that comes before it can be answered ends the process."""
    answered = signal.getsignal(signal.SIGINT)
    if answered is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from shapelint.cli import main

    signal.signal(signal.SIGINT, answered)
    main()


if __name__ == "__main__":
    main()
