"""The `peephole` command, from its first moment: Ctrl-C is no error, also while the command line is still loading."""

import os
import signal

INTERRUPTED = 130  # as cli/errors.py has it, which is not loaded yet


def main() -> None:
    """Load the command line, run it, and leave with its exit code."""
    pressed = signal.getsignal(signal.SIGINT)
    if pressed is signal.default_int_handler:  # whoever started us may have left it ignored
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from peephole.cli.app import main as run

    signal.signal(signal.SIGINT, pressed)
    run()


if __name__ == "__main__":
    main()
