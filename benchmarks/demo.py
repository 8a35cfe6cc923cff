"""``make demo``: bandit, hand schedule and uniform sampling teach two real networks on two suites; one report.

An experiment is data: the list of cells below. Interrupted, the same command goes on where it was.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from benchmarks.engines import Execution
from benchmarks.flags import settings_of
from benchmarks.grid import run_grid
from benchmarks.settings import STUDENTS, SUITES, TEACHERS, Cell, Schedule
from benchmarks.terminal import guarded, say
from teacher import Exp3S

OUT = Path("runs/demo")


def cells() -> list[Cell]:
    """Addition on an LSTM to mastery, three seeds; text on a Transformer, two.

    EXP3.S is fed prediction gain. Its step size, 0.1 for decisions of ten pulls, and the text goal (3.1 bits per byte,
    which uniform reaches in about 600 updates) were set on seeds 100 and 101.
    """
    exp3s = settings_of(Exp3S(eta=0.1))
    addition = SUITES["addition-small"]
    text = dataclasses.replace(SUITES["text"][0], domains=("email", "encodings"), contexts=(32, 64), goal_bits=3.1)  # type: ignore[type-var]
    grids = (
        ("addition-small", "lstm", ("uniform", "combined", "exp3s"), 3, addition[0], addition[1]),
        ("text", "transformer", ("uniform", "exp3s"), 2, text, Schedule(960, 32, 10, 240)),
    )
    return [
        Cell(
            suite,
            student,
            teacher,
            seed,
            schedule,
            signal="PG",
            options={
                "suite": settings_of(built),
                "student": settings_of(STUDENTS[student]),
                "teacher": exp3s if teacher == "exp3s" else settings_of(TEACHERS[teacher]),
            },
        )
        for suite, student, teachers, seeds, built, schedule in grids
        for seed in range(seeds)
        for teacher in teachers
    ]


def main() -> None:
    """Runs the demo."""
    run_grid(cells(), OUT, Execution(workers=2))
    say(f"open {OUT / 'report.html'} in a browser")


if __name__ == "__main__":
    raise SystemExit(guarded(main))
