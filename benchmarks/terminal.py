"""What a user's terminal is told: results on standard output, a mistake as one line on standard error."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import rich.console
import tyro

from benchmarks.store import UserError


class Console(rich.console.Console):
    """Rich's console, but a reader that has gone is an error like any other (rich would exit on the spot)."""

    def on_broken_pipe(self) -> None:
        """Passes the error on to ``guarded``."""
        raise BrokenPipeError


def say(line: str) -> None:
    """A line of result."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def from_command_line(kind: Any, program: str) -> Any:
    """What a program's own command line asks for.

    Args:
        kind: a dataclass whose fields are the options, or a dictionary of them by subcommand.
        program: how it is called.

    Raises:
        UserError: it asks for nothing that there is.
    """
    refuse_nameless(sys.argv[1:])
    if not isinstance(kind, dict):
        return understood(lambda: tyro.cli(kind, prog=program), program)
    command = " ".join([program, *(word for word in sys.argv[1:2] if word in kind)])
    return understood(lambda: tyro.extras.subcommand_cli_from_dict(kind, prog=program), command)


def refuse_nameless(words: Sequence[str]) -> None:
    """Refuses a folder without a name, which would be the working folder: of a variable of the shell that is not set.

    Args:
        words: the command line.

    Raises:
        UserError: names the flag.
    """
    for flag in _FOLDERS:
        if f"{flag}=" in words or (flag, "") in itertools.pairwise(words):
            raise UserError(f"{flag} is empty (a variable that is not set?): name it; . is the working folder")


def understood(parse: Callable[[], Any], command: str) -> Any:
    """What parsing gives; its complaint as one line.

    Args:
        parse: exits with a code, after writing a box to standard error.
        command: whose help lists the options.

    Raises:
        UserError: it complained.
    """
    said, before = io.StringIO(), os.environ.get("COLUMNS")
    try:
        with contextlib.redirect_stderr(said):
            meant = parse()
        sys.stderr.write(said.getvalue())  # a warning, say
        return meant
    except SystemExit as end:
        if not end.code:  # it was asked for help
            raise
    said = io.StringIO()
    os.environ["COLUMNS"] = "100000"  # once more without wrapped lines, which would part words
    try:
        with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
            parse()
    finally:
        del os.environ["COLUMNS"]
        if before is not None:
            os.environ["COLUMNS"] = before
    raise UserError(one_line(said.getvalue(), command))


def one_line(box: str, command: str) -> str:
    """What the command line's parser says in a box of many lines: what is wrong, what comes near, where all is listed.

    Args:
        box: what it wrote.
        command: whose help lists the options.
    """
    line = " ".join(_RULE.sub(" ", box).split())
    line = re.sub(r"__tyro-dummy-inner__\.(hyper\.)?", "--", line)
    before, *near = _NEAR.split(line)
    wrong = _TITLE.sub("", _REST.split(before)[0].strip().rstrip("."))
    names = [name for name in dict.fromkeys(_OPTION.findall("".join(near[:1]))) if name != "--help"][:3]
    meant = f" (did you mean {' or '.join(names)}?)" if names else ""
    return f"{wrong}{meant}; `{command} --help` lists what there is"


_FOLDERS = ("--out", "--results", "--runs", "--pages")
_RULE = re.compile(r"[\u2500-\u257f]|(?<!\S)-{3,}(?!\S)")  # hyphens: where a terminal has no lines of boxes
_TITLE = re.compile(r"^(Unrecognized options|Value error|Invalid choice|Missing argument|Required options) (?=[A-Zi])")
_NEAR = re.compile("Perhaps you meant:|Arguments similar to")
_REST = re.compile("Arguments are applied|Argument helptext:|For full helptext")
_OPTION = re.compile(r"(?<![\w-])--[a-z][\w.-]*(?= [A-Z{\[])")  # as a hint lists it, before what it takes


def guarded(act: Callable[[], None]) -> int:
    """Runs a command; what a user can mend becomes one line on standard error. Returns the exit code.

    SIGTERM stops it as Ctrl-C does: workers are ended, the log is closed, and the same command goes on. Whoever
    handled that signal before handles it again afterwards.
    """
    if threading.current_thread() is not threading.main_thread():
        return _guarded(act)
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        return _guarded(act)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)  # None: not set from Python


def _guarded(act: Callable[[], None]) -> int:
    try:
        act()
        sys.stdout.flush()
    except UserError as error:
        return _mistake(f"{error}", 2)
    except KeyboardInterrupt:
        code = 128 + (_came.pop() if _came else signal.SIGINT)
        return _mistake("stopped; the same command into the same folder goes on where it was", code)
    except BrokenPipeError:
        return _mistake("the output was closed before its end; files are complete", 0)
    except OSError as error:
        return _mistake(f"{error}; nothing that was finished is lost: mend it and give the same command again", 2)
    return 0


_came: list[int] = []  # signals that stopped it: what is between may raise an interrupt of its own in their place


def _terminate(number: int, frame: object) -> None:
    _came.append(number)
    raise KeyboardInterrupt


def _mistake(line: str, code: int) -> int:
    with contextlib.suppress(OSError):  # standard error may be closed too
        sys.stderr.write(f"paceline: {line}\n")
        sys.stderr.flush()
    try:
        sys.stdout.flush()
    except OSError:  # nobody reads: point it at nothing, so that the interpreter's last flush does not fail
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
