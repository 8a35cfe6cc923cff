"""From the settings of a cell to its suite, environment and teacher, tried out before anything is written."""

from __future__ import annotations

import traceback
from collections.abc import Iterable

import numpy as np

import teacher
from benchmarks.settings import Cell
from benchmarks.store import UserError, describe
from envs import CurriculumVectorEnv, DivergedError, Split, Suite, stack
from envs.progress import SIGNALS, Decision
from teacher import PPOTeacher, Replayed, Teacher
from teacher.schedules.recorded import read_schedule
from teacher.wrappers.wrapper import Wrapper


def build(cell: Cell) -> tuple[Suite, CurriculumVectorEnv, Teacher]:
    """Suite, environment and teacher of a cell.

    A teacher that reads no gains, or is given probes instead (``full``), is not charged for a signal.

    Raises:
        UserError: a setting or a file is not what was expected.
    """
    try:
        suite = cell.make_suite()
        made = cell.make_teacher()
        _refuse_unscaled(made, cell)
        env = CurriculumVectorEnv(
            suite,
            cell.make_student(suite),
            budget=cell.schedule.budget,
            updates_per_decision=cell.schedule.updates_per_decision,
            batch_size=cell.schedule.batch_size,
            redraw=cell.redraw,
            signal=cell.signal if made.feedback != "full" and teacher.reads_gain(made) else "accuracy_gain",
            probe="all" if made.feedback == "full" else "none",
            probe_size=cell.probe_size,
            weighting=cell.weighting,
            tokens_per_update=cell.tokens_per_update,
        )
        made.reset(suite.arms, 1, cell.seed)  # a file that is not there, a schedule of other arms
        env.student.reset([cell.seed])  # a module that cannot be made, or cannot read the suite, is found now
        _rehearse(env, cell.seed)
    except UserError:
        raise
    except Exception as error:  # a component of the user's may raise anything
        said = describe(error)
        if not isinstance(
            error, ValueError | OSError | ImportError | MemoryError | DivergedError
        ):  # not meant for the eyes: say where it was raised
            frame = traceback.extract_tb(error.__traceback__)[-1]
            said = f"{said} (at {frame.filename}:{frame.lineno})"
        raise UserError(f"{cell.suite} / {cell.student} / {cell.teacher} (seed {cell.seed}): {said}") from error
    if cell.schedule.evaluate_every < 1:
        raise UserError(f"evaluate_every must be at least 1; got {cell.schedule.evaluate_every}")
    return suite, env, made


def files_read(made: Teacher, seeds: Iterable[int]) -> dict[str, str]:
    """Digests of what a teacher, or the one in its wrappers, reads from files for these seeds, by path.

    Schedules that it replays, or the network of a learned one.

    Raises:
        UserError: a file is not there, or not what it should be.
    """
    while isinstance(made, Wrapper):
        made = made.inner
    if isinstance(made, PPOTeacher):
        return {made.path or "the general teacher": made.policy.fingerprint}
    if not isinstance(made, Replayed):
        return {}
    try:
        return {path: read_schedule(path)["digest"] for path in {made.file_of(seed) for seed in seeds}}
    except ValueError as error:
        raise UserError(str(error)) from error


def path_read(made: Teacher) -> str | None:
    """The key in ``files_read`` of what a teacher reads, the same for every seed; None: nothing, or a file per seed."""
    while isinstance(made, Wrapper):
        made = made.inner
    if isinstance(made, PPOTeacher):
        return made.path or "the general teacher"
    return made.path if isinstance(made, Replayed) and "{seed}" not in made.path else None


def _refuse_unscaled(made: Teacher, cell: Cell) -> None:
    """Gains of every signal may be negative: a bandit that wants rewards in [0, 1] would stop at the first."""
    if getattr(made, "unit_rewards", False) and not getattr(made, "scale", True):
        raise UserError(
            f"{cell.teacher} without scaling takes gains in [0, 1] only, and those of {cell.signal} may be negative: "
            f"drop the flag, or scale them before it: {cell.teacher}+rescaled"
        )


_REHEARSED_ARMS = 256


def _rehearse(env: CurriculumVectorEnv, seed: int) -> None:
    """Samples every arm, evaluates the longest and takes one training step with its signal; then all starts anew.

    What a task, a student or a signal cannot do is so found out before anything is written.
    """
    suite, student = env.suite, env.student
    taught = np.unique(np.linspace(0, suite.num_arms - 1, min(_REHEARSED_ARMS, suite.num_arms)).astype(int)).tolist()
    arms = [*taught, *range(suite.num_arms, suite.num_arms + suite.num_beyond)]
    batches = [stack([suite.batch(arm, 0, 0, Split.TEST, 2)]) for arm in arms]
    student.evaluate(max(batches, key=lambda batch: batch.tokens.shape[-1]))
    nothing, last = np.zeros((1, suite.num_arms)), np.eye(suite.num_arms)[-1:] > 0
    decision = Decision(suite, student, [seed], 0, last, nothing, 2)
    signal = SIGNALS[env.settings.signal](decision)
    next(signal)
    batch = stack([suite.batch(suite.num_arms - 1, 0, seed, Split.TRAIN, 2)])
    decision.record(batch, student.train(batch))
    decision.close()
    next(signal, None)
    student.reset([seed])
