"""From parsed flags to lifetimes: the cells of a ``run`` or a ``bench``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from benchmarks.components.teachers import parts_of
from benchmarks.flags import chosen, refuse_unused, student_component, teacher_settings
from benchmarks.settings import Cell, Schedule, component, refuse_unknown_teacher, schedule_of
from benchmarks.store import UserError

_SEEDS = 2**63  # int64 in tables
_SIZES = 2**31  # of an update or a probe: no memory holds more


def planned(command: Any, teachers: Sequence[str], students: Sequence[str], seeds: Sequence[int]) -> list[Cell]:
    """The lifetimes that a command means, student by student and seed by seed, so that what is finished is paired.

    Args:
        command: its flags (``cli.Common``), with hyper-parameters.
        teachers: names.
        students: names.
        seeds: paired across teachers.

    Raises:
        UserError: an unknown component, a flag of one that takes no part, a seed or a number of sequences out of range.
    """
    refuse_unused(
        command, {command.suite, *(p for name in teachers for p in parts_of(name)), *map(student_component, students)}
    )
    if min(seeds) < 0:
        raise UserError(f"seeds must not be negative; got {min(seeds)}")
    if max(seeds) >= _SEEDS:
        raise UserError(f"seeds must be below 2^63; got {max(seeds)}")
    for name in ("batch_size", "probe_size", "tokens_per_update"):
        if (getattr(command, name) or 0) >= _SIZES:
            raise UserError(f"{name} must be below 2^31; got {getattr(command, name)}")
    component("suite", command.suite)
    for student in students:
        component("student", student)
    for teacher in teachers:
        refuse_unknown_teacher(teacher)
    schedule = _schedule(command)
    return [
        Cell(
            command.suite,
            student,
            teacher,
            seed,
            schedule,
            command.signal,
            command.redraw,
            command.probe_size,
            command.weighting,
            command.tokens_per_update,
            {
                "suite": chosen(command, command.suite),
                "student": chosen(command, student_component(student)),
                "teacher": teacher_settings(command, teacher),
            },
        )
        for student in dict.fromkeys(students)
        for seed in seeds
        for teacher in dict.fromkeys(teachers)
    ]


def _schedule(command: Any) -> Schedule:
    given = {f.name: getattr(command, f.name) for f in dataclasses.fields(Schedule)}
    return dataclasses.replace(schedule_of(command.suite), **{k: v for k, v in given.items() if v is not None})
