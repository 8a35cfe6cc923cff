"""What a user's terminal is told: results on standard output, a mistake as one line on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from benchmarks.store import UserError


def say(line: str) -> None:
    """A line of result."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def guarded(act: Callable[[], None]) -> int:
    """Runs a command; what a user can mend becomes one line on standard error."""
    try:
        act()
        sys.stdout.flush()
    except UserError as error:
        sys.stderr.write(f"paceline: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("paceline: stopped; the same command with the same --out goes on where it was\n")
        return 130
    except BrokenPipeError:
        # The reader has gone; point standard output at nothing, so that the interpreter's last flush does not fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write("paceline: the output was closed before its end; files are complete\n")
        return 0
    except OSError as error:
        sys.stderr.write(
            f"paceline: {error}; nothing that was finished is lost: mend it and give the same command again\n"
        )
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    return 0
