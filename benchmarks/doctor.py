"""Proves that a user's own student fits: each law of ``check_student`` with pass or fail, and what to do."""

from __future__ import annotations

from rich.markup import escape

from benchmarks.settings import make_student, make_suite
from benchmarks.store import UserError, describe
from benchmarks.terminal import Console
from envs.checks import STUDENT_LAWS


def examine(student: str, suite: str) -> bool:
    """Prints every law; returns whether all hold.

    Args:
        student: ``package.module:make_student`` or a built-in student's name.
        suite: name of the suite to check on.

    Raises:
        UserError: the student or the suite cannot be made.
    """
    try:
        ground = make_suite(suite, {})
    except UserError:
        raise
    except Exception as error:  # whatever the user's own code raises
        raise UserError(f"suite {suite} could not be made: {describe(error)}") from error
    try:
        make_student(student, ground, 1, {}).reset([0])
    except UserError:
        raise
    except Exception as error:  # whatever the user's own code raises
        raise UserError(f"{student} could not be made: {type(error).__name__}: {error}") from error
    console = Console()
    broken = 0
    for law in STUDENT_LAWS:
        try:
            law(lambda num_learners: make_student(student, ground, num_learners, {}), ground)
            verdict, why = "[green]pass[/green]", _statement(law)
        except Exception as error:  # a student that fails in any way fails the law
            broken += 1
            kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            verdict, why = "[red]FAIL[/red]", f"{kind}{error}"
        console.print(f"{verdict}  {law.__name__}: {escape(why)}", highlight=False, soft_wrap=True)
    held = len(STUDENT_LAWS) - broken
    console.print(f"{held} of {len(STUDENT_LAWS)} laws hold" + ("" if broken else f": {student} is ready to be taught"))
    return broken == 0


def _statement(law: object) -> str:
    return " ".join((law.__doc__ or "").split())
