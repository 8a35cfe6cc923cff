"""``--preset NAME`` on a command line becomes the flags that it stands for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from benchmarks.records.presets import NAMES, RECORDS, Preset
from benchmarks.settings import SUITES
from benchmarks.store import UserError


def expanded(arguments: Sequence[str]) -> list[str]:
    """The command line with a preset's flags in the place of ``--preset``, before those that were given.

    Args:
        arguments: of ``paceline``: a command, a suite of record, flags.

    Raises:
        UserError: no such preset, or a suite that is none of record.
    """
    words = [part for word in arguments for part in _split(word)]
    if "--preset" not in words:
        _refuse_record(words)
        return list(arguments)
    place = words.index("--preset")
    name = words[place + 1] if place + 1 < len(words) else ""
    if name not in NAMES:
        raise UserError(f"--preset must be {_either(NAMES)}; got {name!r}")
    del words[place : place + 2]
    if "--preset" in words:
        raise UserError("--preset is given twice: one preset at a time")
    command, *rest = words or [""]
    if command not in ("run", "bench"):
        raise UserError(f"--preset goes with run and bench; got {command!r}")
    if not rest or rest[0] not in RECORDS:
        raise UserError(
            f"--preset wants a suite of record right after {command}: {', '.join(RECORDS)}; got {rest[:1] or 'none'}"
        )
    presets = {str(key): preset for key, preset in RECORDS[rest[0]].presets().items()}
    if name not in presets:
        raise UserError(f"{rest[0]} has no --preset {name}: give --preset {_either(list(presets))}")
    preset = presets[name]
    word = "--student" if command == "run" else "--students"
    students = (_value(rest, word) or preset.student).split(",")
    if preset.variant and (others := [student for student in students if student != preset.student]):
        its_own = [flag.strip() for flag in preset.flags.split("--") if flag.startswith(f"{preset.student}.")]
        theirs = "own" if ":" in others[0] else others[0]
        raise UserError(
            f"{rest[0]} --preset {name} is of the student {preset.student}: give --preset small with "
            f"{' '.join(f'--{theirs}{flag.removeprefix(preset.student)}' for flag in its_own)} for {others[0]}"
        )
    own = _own_flags(rest[0], name, preset, students, rest)
    return [command, preset.suite, word, preset.student, *_flags(preset, students), *own, *rest[1:]]


def _either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]])


def _own_flags(suite: str, name: str, preset: Preset, students: Sequence[str], given: Sequence[str]) -> list[str]:
    """The flags that come with a student of its own budget: for all of them alike, or nobody's unless they are given.

    Raises:
        UserError: the students ask for different ones.
    """
    asked = {student: preset.others.get(student, "").split() for student in students}
    words = sorted({word for flags in asked.values() for word in flags if word.startswith("--")})
    usual = preset.flags.split()
    values = {
        student: [f"{word} {_value(flags, word) or _value(usual, word)}" for word in words]
        for student, flags in asked.items()
    }
    first, *others = values.values()
    if all(other == first for other in others):
        return asked[students[0]]
    if all(_value(given, word) is not None for word in words):
        return []
    apart = ", ".join(f"{student} {' '.join(own)}" for student, own in values.items())
    raise UserError(
        f"{suite} --preset {name} is not the same for these students: {apart}. Give {' '.join(words)} for all, or one "
        "bench for each"
    )


def _flags(preset: Preset, students: Sequence[str]) -> list[str]:
    """A preset's flags; without its student's where others are given, which would not know them."""
    flags = preset.flags.split()
    if preset.student in students:
        return flags
    starts = [place for place, word in enumerate(flags) if word.startswith("--")] + [len(flags)]
    groups = [flags[a:b] for a, b in itertools.pairwise(starts)]
    return [word for group in groups if not group[0].startswith(f"--{preset.student}.") for word in group]


def _value(words: Sequence[str], flag: str) -> str | None:
    """What a flag is given, the last time; None if it is not."""
    values = [after for word, after in itertools.pairwise(words) if word == flag]
    values += [word.split("=", 1)[1] for word in words if word.startswith(f"{flag}=")]
    return values[-1] if values else None


def _split(word: str) -> list[str]:
    return word.split("=", 1) if word.startswith("--preset=") else [word]


def _refuse_record(words: Sequence[str]) -> None:
    if len(words) > 1 and words[0] in ("run", "bench") and words[1] in RECORDS and words[1] not in SUITES:
        named = [f"--preset {name}" for name in RECORDS[words[1]].presets()]
        raise UserError(f"{words[1]} is a suite of record: give {_either(named)} with it")
